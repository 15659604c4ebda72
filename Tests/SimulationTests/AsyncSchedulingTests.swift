import CostModel
import Testing
import Workload

@testable import Simulation

@Suite("Schedulers that prepare the next step while the accelerators work")
struct AsyncSchedulingTests {
  /// What the host needs: `step` seconds and `sequence` seconds for each decoding sequence.
  private func host(step: Double, sequence: Double) -> KnotTable {
    KnotTable(maximum: 4096, bits: 3) { sequences in
      var cost = CostVector.zero
      cost[.time] = step + sequence * Double(sequences)
      cost[.framework] = cost[.time]
      cost[.launch] = cost[.time]
      cost[.energy] = cost[.time] * 10
      return cost
    }
  }

  /// Steps of 10 ms + 1 ms a token of context, prompts of 4 tokens: the prompt's step takes 10 ms, decode steps 15, 16,
  /// … 20 ms for contexts of 5 to 10.
  ///
  /// A host that needs 17.5 ms stretches the first three decode steps and the prompt's.
  @Test("token by token: a step lasts as long as the slower of both", arguments: [true, false])
  func handWorked(macro: Bool) async {
    var plan = deployment(
      replicas: 1, cost: linearCosts(step: 0.01, context: 0.001),
      streams: [listedRequests([(0, 4, 7)], maximumOutput: 100)])
    plan.cost.host = host(step: 0.0175, sequence: 0)
    let outcome = await Simulation.run(plan, RunPlan(macroSteps: macro, recordsRequests: true))
    let record = outcome.observations.records.first
    #expect(abs((record?.firstToken.seconds ?? 0) - 0.0175) < 1e-9)
    // 5, 6 and 7 tokens of context take 15, 16 and 17 ms alone.
    #expect(abs((record?.completed.seconds ?? 0) - (4 * 0.0175 + 0.018 + 0.019 + 0.020)) < 1e-8)
    // What is waited for is the framework's, and draws what an accelerator without work to do draws.
    let waited = 0.0075 + 0.0025 + 0.0015 + 0.0005
    #expect(abs(outcome.cost[.framework] - (7 * 0.01 + waited)) < 1e-8)
    #expect(abs(outcome.cost[.energy] - waited * 10) < 1e-7)
  }

  @Test("INV-5: stretches and single steps agree", arguments: 0..<60)
  func macroSteps(seed: Int) async {
    var cases = CaseGenerator(seed + 19)
    var plan = randomDeployment(seed: seed)
    plan.cost.host = host(step: cases.double(0...0.03), sequence: cases.pick([0, 1e-4, 1e-3]))
    let macro = await Simulation.run(plan, RunPlan(seed: UInt64(seed), recordsRequests: true))
    let single = await Simulation.run(
      plan, RunPlan(seed: UInt64(seed), macroSteps: false, recordsRequests: true))
    #expect(differences(macro, single).isEmpty)
  }

  @Test(
    "a host beside the accelerators is never slower than one between steps, and costs nothing when it is quick"
  )
  func laws() async {
    let stream = stream(
      .poisson(requestsPerSecond: 8), requests: 300, input: .fixed(100), output: .fixed(30), maximumOutput: 30
    )
    func end(between: Double, beside: Double) async -> Double {
      var plan = deployment(
        replicas: 1, cost: linearCosts(step: 0.01 + between, context: 1e-6), streams: [stream])
      if beside > 0 { plan.cost.host = host(step: beside, sequence: 0) }
      return await Simulation.run(plan, RunPlan(recordsRequests: true)).observations.records.reduce(0) {
        $0 + $1.completed.seconds
      }
    }
    let alone = await end(between: 0, beside: 0)
    #expect(await end(between: 0, beside: 0.009) == alone)
    #expect(await end(between: 0.004, beside: 0) > end(between: 0, beside: 0.014) - 1e-6)
    #expect(await end(between: 0, beside: 0.014) > alone)
  }
}
