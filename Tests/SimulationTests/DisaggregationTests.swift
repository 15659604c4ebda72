import CostModel
import Testing
import Workload

@testable import Simulation

/// Prompts and answers in pools of their own.
@Suite("Disaggregated serving")
struct DisaggregationTests {
  private func run(_ seed: Int) -> RunPlan {
    var cases = CaseGenerator(seed + 23)
    let ends = cases.int(0...2) == 0
    return RunPlan(
      seed: UInt64(seed), horizon: ends ? SimTime(nanoseconds: Int64(cases.int(1...4000)) * 1_000_000) : nil,
      recordsRequests: true)
  }

  @Test("INV-5, INV-6: it does what a naive one does, in stretches and in single steps", arguments: 0..<500)
  func naive(seed: Int) async {
    let (plan, costs, prefill) = randomPools(seed)
    var run = run(seed)
    let naive = NaiveSimulator(plan, costs, prefill: prefill, run)
    naive.simulate()
    let outcome = await Simulation.run(plan, run)
    #expect(outcome.observations.records == naive.records())
    let counts = outcome.observations.counts
    #expect(Int(counts.completed) == naive.done.count)
    #expect(Int(counts.outputTokens) == naive.outputTokens)
    #expect(Int(counts.arrived) == naive.arrived)
    let refusedOrInFlight = Int(outcome.inFlight) + Int(counts.rejected)
    #expect(refusedOrInFlight == naive.inFlight + naive.rejected)
    #expect(outcome.end.nanoseconds == run.horizon?.nanoseconds ?? naive.lastStep)
    #expect(outcome.observations.latencies(epochs: 0..<TimeSeries.epochs) == naive.latencies())
    let pools = [naive.replicas[..<naive.prefillReplicas], naive.replicas[naive.prefillReplicas...]]
    for (found, pool) in zip(outcome.pools, pools) {
      #expect(found.replicas == pool.count)
      let steps = pool.reduce(0) { $0 + $1.steps }
      #expect(Int(found.steps) == steps)
      let busy = pool.reduce(0) { $0 + Double($1.busy) } * 1e-9
      #expect(abs(found.cost[.time] - busy) < 1e-9 * max(busy, 1))
      let peak = pool.map { Double($0.mostBlocks) / Double($0.cache.blocks) }.max() ?? 0
      #expect(found.peakCacheUtilisation == peak)
    }
    run.macroSteps = false
    #expect(differences(outcome, await Simulation.run(plan, run)).isEmpty)
  }

  @Test("INV-2, INV-3, INV-10: requests and tokens are conserved, causes precede effects", arguments: 0..<150)
  func laws(seed: Int) async {
    let (plan, _, _) = randomPools(seed)
    let run = run(seed)
    let outcome = await Simulation.run(plan, run)
    let counts = outcome.observations.counts
    let records = outcome.observations.records
    #expect(counts.arrived == counts.completed + counts.rejected + outcome.inFlight)
    if run.horizon == nil { #expect(outcome.inFlight == 0) }
    let series = outcome.observations.series.buckets
    #expect(series.reduce(0) { $0 + $1.outputTokens } == counts.outputTokens)
    for record in records {
      #expect(record.arrival <= record.scheduled)
      #expect(record.scheduled < record.firstToken)
      #expect(record.firstToken <= record.completed)
      #expect(record.completed <= outcome.end)
      // Only an answer of one token ends where the prompt was worked on.
      let prefill = plan.prefill?.replicas ?? 0
      #expect((Int(record.replica) < prefill) == (record.outputTokens == 1))
    }
    guard run.horizon == nil, outcome.observations.origin == .zero else { return }
    #expect(records.reduce(0) { $0 + Int64($1.outputTokens) } == counts.outputTokens)
    #expect(records.reduce(0) { $0 + Int64($1.inputTokens) } == counts.inputTokens)
    let latencies = outcome.observations.latencies(epochs: 0..<TimeSeries.epochs)
    if plan.engine.speculation == nil {
      #expect(latencies.interTokenLatency.count + counts.completed == counts.outputTokens)
    } else {
      #expect(latencies.interTokenLatency.count + counts.completed <= counts.outputTokens)
    }
    let spans = records.reduce(0) { $0 + ($1.completed - $1.firstToken).seconds }
    let gaps = (latencies.interTokenLatency.meanSeconds ?? 0) * Double(latencies.interTokenLatency.count)
    #expect(abs(spans - gaps) <= 1e-9 * max(spans, 1))
    let processed = series.reduce(0) { $0 + $1.inputTokens }
    let again = processed - counts.inputTokens - counts.recomputedTokens
    #expect((0...counts.preemptions).contains(again))
  }

  @Test("INV-4: both pools give everything back", arguments: 0..<150)
  func blocks(seed: Int) {
    let (plan, _, _) = randomPools(seed)
    var driver = CoupledDriver(plan, RunPlan(seed: UInt64(seed)), progress: RunProgress())
    let part = driver.simulate()
    #expect(part.inSlots == 0)
    for (index, replica) in driver.replicas.enumerated() {
      let isPrefill = index < plan.prefill?.replicas ?? 0
      #expect(replica.cache.free == (isPrefill ? plan.prefill?.cache.blocks : plan.cache.blocks))
      #expect(replica.decoding.count == 0)
      #expect(replica.decoding.contextSum == 0)
      #expect(replica.decoding.boundedSum == 0)
      #expect(replica.running.count == 0)
      #expect(replica.waiting.isEmpty)
      #expect(replica.inbound == 0)
      #expect(replica.landed.isEmpty)
      #expect(replica.joined.isEmpty)
      #expect(replica.partial == -1)
      #expect(replica.outstanding == 0)
      #expect(!replica.isBusy)
    }
  }

  /// One request: a prompt of 100 tokens in a step of 10 ms, a hand-off of 5 ms, a transfer of 2 ms, steps of 10 ms.
  @Test(
    "by hand: one request",
    arguments: zip(
      [FirstTokenSource.prefill, .handOff, .decode], [(10, 37), (17, 37), (27, 47)]))
  func oneRequest(source: FirstTokenSource, expected: (first: Int, last: Int)) async {
    var plan = deployment(
      cost: linearCosts(step: 0.01),
      streams: [stream(.offline(requests: 1), requests: 1, input: .fixed(100), output: .fixed(3))])
    plan.prefill = PrefillPool(
      replicas: 1, acceleratorsPerReplica: 1, engine: plan.engine, cache: plan.cache, cost: plan.cost,
      handOff: HandOff(
        delaySeconds: 0.005, latencySeconds: 0.001, secondsPerToken: 1e-5, firstToken: source))
    let record = await Simulation.run(plan, RunPlan(recordsRequests: true)).observations.records[0]
    #expect(record.firstToken.nanoseconds == Int64(expected.first) * 1_000_000)
    #expect(record.completed.nanoseconds == Int64(expected.last) * 1_000_000)
  }

  @Test("by hand: a full decode batch holds prompts back, and transfers share a link")
  func backPressure() async {
    // Two prompts in one step end at 10 ms; transfers of 2 ms follow each other: 12 and 14 ms. One slot: the second
    // request is fetched when the first is done, at 12 + 2 steps = 32 ms, and begins at 34 ms.
    var plan = deployment(
      batch: 1, tokens: 300, cost: linearCosts(step: 0.01),
      streams: [stream(.offline(requests: 2), requests: 2, input: .fixed(100), output: .fixed(3))])
    var engine = plan.engine
    engine.maximumBatchSize = 2
    plan.prefill = PrefillPool(
      replicas: 1, acceleratorsPerReplica: 1, engine: engine, cache: plan.cache, cost: plan.cost,
      handOff: HandOff(secondsPerToken: 2e-5))
    var records = await Simulation.run(plan, RunPlan(recordsRequests: true)).observations.records
    #expect(records.map(\.firstToken.nanoseconds) == [12_000_000, 34_000_000])
    plan.engine.maximumBatchSize = 2
    records = await Simulation.run(plan, RunPlan(recordsRequests: true)).observations.records
    // The second cache comes inside the first's step, which ends at 22 ms.
    #expect(records.map(\.firstToken.nanoseconds) == [12_000_000, 22_000_000])
  }
}

/// A random deployment with a prefill pool; its costs are whole nanoseconds.
func randomPools(_ seed: Int) -> (DeploymentPlan, NanosecondCosts, NanosecondCosts) {
  var (plan, costs) = randomPlan(seed)
  let (other, prefillCosts) = randomPlan(seed + 10_007)
  var cases = CaseGenerator(seed + 29)
  plan.prefill = PrefillPool(
    replicas: other.replicas, acceleratorsPerReplica: 1, engine: other.engine, cache: other.cache,
    cost: other.cost, router: other.router,
    handOff: HandOff(
      delaySeconds: cases.pick([0, 0, 0.01, 0.2]), latencySeconds: cases.pick([0, 0.001, 0.02]),
      secondsPerToken: cases.pick([0, 1e-5, 1e-4]), links: cases.pick([1, 1, 3]),
      firstToken: cases.pick(FirstTokenSource.allCases)))
  if cases.int(0...3) == 0 {
    // Tidy times: much happens at the same instant.
    costs.step = 10_000_000
    costs.token = 0
    costs.context = 0
    costs.pair = 0
    costs.bounded = 0
    costs.boundedPair = 0
    let queries = plan.cost.queries
    plan.cost = costs.table(joules: 300)
    plan.cost.queries = queries
  }
  return (plan, costs, prefillCosts)
}
