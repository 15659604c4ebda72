import CostModel
import Testing
import Workload

@testable import Simulation

/// Loads of experts drawn for each step: other steps, the same means.
@Suite("Loads drawn for each step")
struct LoadDrawTests {
  private static let stepSeconds = 0.010
  private static let deviationSeconds = 0.002

  /// 24 requests at once on each of two replicas: one step with prompts, then 3,000 that decode.
  private func plan(draws: Bool) -> DeploymentPlan {
    var cost = linearCosts(step: Self.stepSeconds, joules: 100)
    if draws {
      var deviation = CostVector.zero
      for lane in [CostLane.time, .experts, .compute] { deviation[lane] = Self.deviationSeconds }
      cost.loadDeviation = KnotTable(maximum: 4096, bits: 4) { _ in deviation }
      cost.mixedLoadDeviation = cost.loadDeviation
    }
    return deployment(
      replicas: 2, batch: 64, tokens: 8192, cost: cost,
      streams: [stream(.offline(requests: 48), requests: 48, input: .fixed(10), output: .fixed(3001))])
  }

  @Test("mean step time and TPOT are those of steps at their mean, within their standard error")
  func means() async throws {
    let mean = await Simulation.run(plan(draws: false), RunPlan())
    let drawn = await Simulation.run(plan(draws: true), RunPlan())
    #expect(mean.steps == drawn.steps && drawn.steps == 2 * 3001)
    // 6,002 steps of deviation 2 ms: their mean has a standard error of 0.026 ms.
    let error = Self.deviationSeconds / Double(drawn.steps).squareRoot()
    let length = drawn.cost[.time] / Double(drawn.steps)
    #expect(abs(length - mean.cost[.time] / Double(mean.steps)) < 4 * error)
    #expect(abs(length - Self.stepSeconds) > 0.01 * error, "the means are drawn")
    let before = try #require(mean.observations.whole.timePerOutputToken.meanSeconds)
    let after = try #require(drawn.observations.whole.timePerOutputToken.meanSeconds)
    #expect(abs(before - Self.stepSeconds) < 1e-6)
    // All requests of a replica see the same 3,000 steps.
    #expect(abs(after - before) < 4 * error)
    // Gaps between tokens are the steps: the fraction below the mean + σ of a normal distribution is 84.1 %.
    let high = try #require(drawn.observations.whole.interTokenLatency.quantileSeconds(0.841))
    #expect(abs(high - Self.stepSeconds - Self.deviationSeconds) < 0.0002)
  }

  @Test("stretches and threads change nothing, another seed does")
  func reproducible() async {
    var run = RunPlan(seed: 5, recordsRequests: true)
    let first = await Simulation.run(plan(draws: true), run)
    run.macroSteps = false
    let single = await Simulation.run(plan(draws: true), run)
    run.threads = 2
    let threads = await Simulation.run(plan(draws: true), run)
    #expect(differences(first, single).isEmpty && differences(first, threads).isEmpty)
    run.seed = 6
    let other = await Simulation.run(plan(draws: true), run)
    #expect(other.end != first.end)
  }

  @Test("no step takes less than a tenth of its mean")
  func floor() async throws {
    var plan = plan(draws: false)
    var deviation = CostVector.zero
    for lane in [CostLane.time, .experts, .compute] { deviation[lane] = 1 }
    plan.cost.loadDeviation = KnotTable(maximum: 4096, bits: 4) { _ in deviation }
    let outcome = await Simulation.run(plan, RunPlan())
    #expect(outcome.observations.counts.completed == 48)
    let shortest = try #require(outcome.observations.whole.interTokenLatency.quantileSeconds(0.01))
    #expect(shortest >= 0.00099 && shortest < 0.00101)
  }
}

extension Observations {
  /// Latencies of the whole run.
  fileprivate var whole: LatencyHistograms { latencies(epochs: 0..<TimeSeries.epochs) }
}
