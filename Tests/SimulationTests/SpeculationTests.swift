import CostModel
import Testing
import Workload

@testable import Simulation

/// How many steps answers take under speculative decoding.
@Suite("Speculative decoding")
struct SpeculationTests {
  private func law(_ drafts: Int, _ length: Double) -> SpeculationLaw {
    SpeculationLaw(
      Speculation(draftTokens: drafts, acceptanceLength: length), seed: 7, run: 0, name: "test", streams: 1)
  }

  @Test(
    "steps yield the acceptance length on average",
    arguments: [(1, 1.7), (3, 2.3), (3, 1.0), (3, 4.0), (7, 3.5)])
  func mean(drafts: Int, length: Double) {
    let law = law(drafts, length)
    #expect(abs(law.mean - length) < 1e-9)
    // On both sides of the length from which the normal law takes over.
    for tokens in [1, 2, 30, 60, 70, 1000] {
      let count = 4000
      let steps = (0..<count).map { law.steps(forTokens: tokens, stream: 0, request: UInt64($0)) }
      #expect(steps.allSatisfy { ((tokens + drafts) / (drafts + 1)...tokens).contains($0) })
      let sum = Double(steps.reduce(0, +))
      let mean = sum / Double(count)
      // Exact by renewal: a step more than tokens / length at most.
      #expect(mean >= Double(tokens) / length - 0.05 * Double(tokens).squareRoot())
      #expect(mean <= Double(tokens) / length + 1 + 0.05 * Double(tokens).squareRoot())
      if tokens == 1 { #expect(sum == Double(count)) }
    }
  }

  @Test("the normal law has the mean and the variance of steps drawn one by one")
  func normal() {
    let law = law(3, 2.3)
    func moments(_ tokens: Int) -> (mean: Double, variance: Double) {
      let steps = (0..<20_000).map { Double(law.steps(forTokens: tokens, stream: 0, request: UInt64($0))) }
      let mean = steps.reduce(0, +) / 20_000
      return (mean, steps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000)
    }
    let (short, long) = (moments(64), moments(65))
    #expect(abs(long.mean - short.mean - 1 / 2.3) < 0.1)
    #expect(abs(long.variance / short.variance - 65.0 / 64) < 0.08)
  }

  @Test(
    "with every draft refused nothing changes but costs; with every draft kept answers take a fraction of the steps"
  )
  func extremes() async {
    func run(_ speculation: Speculation?) async -> DeploymentOutcome {
      var plan = deployment(
        batch: 4, cost: linearCosts(step: 0.01),
        streams: [
          stream(.poisson(requestsPerSecond: 5), requests: 100, input: .fixed(50), output: .fixed(41))
        ])
      plan.engine.speculation = speculation
      plan.cost.queries = 1 + plan.engine.draftTokens
      return await Simulation.run(plan, RunPlan(recordsRequests: true))
    }
    let plain = await run(nil)
    let refused = await run(Speculation(draftTokens: 3, acceptanceLength: 1))
    #expect(refused.observations.records == plain.observations.records)
    #expect(refused.observations.series == plain.observations.series)
    let kept = await run(Speculation(draftTokens: 3, acceptanceLength: 4))
    for record in kept.observations.records {
      #expect(abs((record.completed - record.firstToken).seconds - 0.1) < 1e-6)
    }
    #expect(kept.observations.counts.outputTokens == 4100)
  }

  @Test("longer acceptance means more tokens a second, and each step longer than one token takes")
  func throughput() async {
    var last = 0.0
    for length in [1.0, 1.5, 2, 2.5, 3] {
      var plan = deployment(
        batch: 16, cost: linearCosts(step: 0.01, token: 1e-4),
        streams: [stream(.offline(requests: 200), input: .fixed(10), output: .fixed(300), maximumOutput: 300)]
      )
      plan.engine.speculation = Speculation(draftTokens: 3, acceptanceLength: length)
      plan.cost.queries = 4
      let outcome = await Simulation.run(plan, RunPlan())
      let rate = Double(outcome.observations.counts.outputTokens) / outcome.end.seconds
      #expect(rate > last * 1.1)
      last = rate
    }
  }
}
