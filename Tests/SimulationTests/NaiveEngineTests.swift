import CostModel
import Testing
import Workload

@testable import Simulation

/// INV-6: the engine does what an obvious simulator does, one request and one token at a time.
@Suite("INV-6: the engine agrees with a naive one, request by request")
struct NaiveEngineTests {
  @Test("random scenarios", arguments: 0..<600)
  func randomScenario(seed: Int) async {
    let (plan, costs) = randomPlan(seed)
    var run = RunPlan(seed: UInt64(seed), recordsRequests: true)
    var cases = CaseGenerator(seed + 11)
    if cases.int(0...2) == 0 { run.horizon = SimTime(nanoseconds: Int64(cases.int(1...4000)) * 1_000_000) }
    let naive = NaiveSimulator(plan, costs, run)
    naive.simulate()
    let outcome = await Simulation.run(plan, run)

    #expect(outcome.observations.records == naive.records())
    let counts = outcome.observations.counts
    #expect(Int(counts.completed) == naive.done.count)
    #expect(Int(counts.outputTokens) == naive.outputTokens)
    let refusedOrInFlight = Int(outcome.inFlight) + Int(counts.rejected)
    #expect(refusedOrInFlight == naive.inFlight + naive.rejected)
    #expect(Int(counts.arrived) == naive.arrived)
    #expect(outcome.observations.origin.nanoseconds == naive.origin)
    let end = run.horizon?.nanoseconds ?? naive.lastStep
    #expect(outcome.end.nanoseconds == end)
    let steps = naive.replicas.reduce(0) { $0 + $1.steps }
    #expect(Int(outcome.steps) == steps)
    let latencies = outcome.observations.latencies(epochs: 0..<TimeSeries.epochs)
    #expect(latencies == naive.latencies())

    let busy = naive.replicas.reduce(0) { $0 + Double($1.busy) } * 1e-9
    #expect(abs(outcome.cost[.time] - busy) < 1e-9 * max(busy, 1))
    let peak = naive.replicas.map { Double($0.mostBlocks) / Double($0.cache.blocks) }.max() ?? 0
    #expect(outcome.peakCacheUtilisation == peak)

    run.macroSteps = false
    #expect(differences(outcome, await Simulation.run(plan, run)).isEmpty)
  }
}

/// A random deployment whose costs are whole nanoseconds.
func randomPlan(_ seed: Int) -> (DeploymentPlan, NanosecondCosts) {
  var plan = randomDeployment(seed: seed)
  var cases = CaseGenerator(seed + 5)
  var costs = NanosecondCosts(step: cases.int(1...20_000_000), bound: plan.cost.bound)
  if cases.int(0...3) == 0 {
    // Nothing but tidy steps: much happens at the same instant.
    costs.step = cases.pick([1_000_000, 10_000_000, 20_000_000])
  } else {
    costs.token = cases.int(0...10_000)
    costs.context = cases.int(0...1_000)
    costs.pair = cases.int(0...10)
    costs.bounded = cases.int(0...1_000)
    costs.boundedPair = cases.int(0...10)
  }
  costs.groups = cases.pick([1, 1, 1, 2, 5])
  costs.pair *= costs.groups
  costs.boundedPair *= costs.groups
  costs.groupToken = costs.groups > 1 ? cases.int(0...10_000) : 0
  if let speculation = plan.engine.speculation {
    // Contexts are multiples of 1/1024 of a token.
    costs.context = 1024 * (costs.context % 4)
    costs.bounded = 1024 * (costs.bounded % 4)
    plan.cost = costs.table(joules: 300)
    plan.cost.queries = speculation.draftTokens + 1
  } else {
    plan.cost = costs.table(joules: 300)
  }
  // Streams of other kinds beside the first, with other limits, some of which nothing can serve.
  let others: [ArrivalProcess] = [
    .deterministic(requestsPerSecond: 100), .poisson(requestsPerSecond: 20), .offline(requests: 30),
    .closedLoop(concurrency: 3, thinkTimeSeconds: 0.01),
    .trace(arrivalsNanoseconds: [0, 0, 20_000_000, 20_000_000, 1_000_000_000]),
  ]
  for _ in 0..<cases.pick([0, 0, 1, 2]) {
    plan.streams.append(
      stream(
        cases.pick(others), requests: cases.int(1...40), input: .uniform(minimum: 1, maximum: 400),
        output: .uniform(minimum: 1, maximum: 40), maximumOutput: cases.pick([30, 300, 70_000]),
        seed: UInt64(seed + 1), warmUp: cases.pick([0, 7])))
  }
  return (plan, costs)
}
