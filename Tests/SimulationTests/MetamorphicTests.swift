import CostModel
import Testing
import Workload

@testable import Simulation

/// INV-16: a change of the question that changes the answer in a known way.
@Suite("INV-16: known changes have known effects")
struct MetamorphicTests {
  private func records(_ plan: DeploymentPlan, seed: Int = 1) async -> [RequestRecord] {
    await Simulation.run(plan, RunPlan(seed: UInt64(seed), recordsRequests: true)).observations.records
  }

  private func times(_ record: RequestRecord) -> [Int64] {
    [record.arrival, record.scheduled, record.firstToken, record.completed].map(\.nanoseconds)
  }

  @Test("hardware twice as fast halves every time of a closed loop", arguments: 0..<60)
  func twiceAsFast(seed: Int) async {
    var (plan, costs) = randomPlan(seed)
    plan.frontEnd = FrontEnd(seconds: 2e-3)
    plan.streams = [
      stream(
        .closedLoop(concurrency: 6, thinkTimeSeconds: 0.4), requests: 60,
        input: .uniform(minimum: 1, maximum: 300),
        output: .uniform(minimum: 1, maximum: 80), maximumOutput: 100, seed: UInt64(seed))
    ]
    let fast = await records(plan)
    costs.step *= 2
    costs.token *= 2
    costs.context *= 2
    costs.pair *= 2
    costs.bounded *= 2
    costs.boundedPair *= 2
    costs.groupToken *= 2
    let queries = plan.cost.queries
    plan.cost = costs.table()
    plan.cost.queries = queries
    plan.frontEnd = FrontEnd(seconds: 4e-3)
    plan.streams[0].arrivals = .closedLoop(concurrency: 6, thinkTimeSeconds: 0.8)
    let slow = await records(plan)
    // The others can never fit.
    #expect(fast.count >= 5)
    #expect(slow.map(times) == fast.map { times($0).map { $0 * 2 } })
  }

  @Test("later arrivals, or a slower front end, shift every time", arguments: 0..<40)
  func shifted(seed: Int) async {
    var (plan, _) = randomPlan(seed)
    var cases = CaseGenerator(seed + 23)
    plan.router = cases.pick(RouterPolicy.allCases)
    plan.frontEnd = FrontEnd()
    var now: Int64 = 0
    let requests = (0..<50).map { _ in
      now += Int64(cases.int(0...60_000_000))
      return (now, Int32(cases.int(1...300)), Int32(cases.int(1...80)))
    }
    plan.streams = [listedRequests(requests, maximumOutput: 100)]
    let early = await records(plan)
    plan.streams = [listedRequests(requests.map { ($0.0 + 777_777, $0.1, $0.2) }, maximumOutput: 100)]
    #expect(await records(plan).map(times) == early.map { times($0).map { $0 + 777_777 } })
    plan.streams = [listedRequests(requests, maximumOutput: 100)]
    // Routing sees requests before the front end: with it, completions look later to the router.
    if plan.router.isIndependent {
      plan.frontEnd = FrontEnd(seconds: 777_777e-9)
      let later = await records(plan)
      #expect(
        later.map { Array(times($0).dropFirst()) } == early.map { times($0).dropFirst().map { $0 + 777_777 } }
      )
      #expect(later.map(\.arrival) == early.map(\.arrival))
    }
  }

  @Test("twice the requests on twice the replicas: each replica does the same", arguments: 0..<40)
  func doubled(seed: Int) async {
    var (plan, _) = randomPlan(seed)
    var cases = CaseGenerator(seed + 29)
    plan.router = .roundRobin
    plan.replicas = 1
    // What is drawn for a request is keyed by its number.
    plan.engine.speculation = nil
    plan.cost.queries = 1
    var now: Int64 = 0
    let requests = (0..<40).map { _ in
      now += Int64(cases.int(0...60_000_000))
      return (now, Int32(cases.int(1...300)), Int32(cases.int(1...80)))
    }
    plan.streams = [listedRequests(requests, maximumOutput: 100)]
    let once = await records(plan)
    plan.replicas = 2
    plan.streams = [listedRequests(requests.flatMap { [$0, $0] }, maximumOutput: 100)]
    let twice = await records(plan)
    #expect(twice.map(times) == once.flatMap { [times($0), times($0)] })
    #expect(twice.map(\.replica) == once.flatMap { _ in [0, 1] })
  }

  @Test("targets count, they don't schedule")
  func targets() async {
    var (plan, _) = randomPlan(12)
    let before = await Simulation.run(plan, RunPlan(recordsRequests: true))
    for index in plan.streams.indices {
      plan.streams[index].targets = LatencyTargets(endToEnd: SimDuration(nanoseconds: 1))
    }
    let after = await Simulation.run(plan, RunPlan(recordsRequests: true))
    #expect(before.observations.records == after.observations.records)
    #expect(after.observations.counts.good == 0)
    for index in plan.streams.indices { plan.streams[index].targets = LatencyTargets() }
    let free = await Simulation.run(plan, RunPlan())
    #expect(free.observations.counts.good == free.observations.counts.completed)
  }

  // In general more memory can lengthen a schedule: another order of admissions may leave a long request for the end
  // (R. L. Graham, "Bounds on multiprocessing timing anomalies", 1969). With equal requests it can't.
  @Test(
    "more KV blocks never make an offline run of equal requests longer", arguments: CapacityPolicy.allCases)
  func moreBlocks(policy: CapacityPolicy) async {
    var last = SimTime.never
    for blocks in [8, 9, 12, 16, 24, 40, 100, 1000] {
      let plan = deployment(
        batch: 32, tokens: 512, policy: policy, blocks: blocks, blockTokens: 16,
        cost: linearCosts(step: 0.01, token: 1e-5),
        streams: [stream(.offline(requests: 200), input: .fixed(64), output: .fixed(60), maximumOutput: 64)])
      let outcome = await Simulation.run(plan, RunPlan())
      #expect(outcome.observations.counts.completed == 200)
      #expect(outcome.end <= last)
      last = outcome.end
    }
    // 32 at once: 200 requests in at least 200 x 60 / 32 steps of 10 ms.
    #expect(last.seconds > 3.75 && last.seconds < 5)
  }

  @Test("with room for all, capacity policies and watermarks make no difference", arguments: 0..<30)
  func roomForAll(seed: Int) async {
    var (plan, _) = randomPlan(seed)
    plan.cache = KVCacheOptions(blocks: 10_000_000, blockTokens: 16)
    plan.engine.capacityPolicy = .currentUse
    // SGLang knows one policy.
    plan.engine.outputEstimate = nil
    plan.engine.prefillPolicy = .mixed
    let use = await records(plan)
    plan.engine.capacityPolicy = .reserveToEnd
    #expect(await records(plan) == use)
    plan.cache.watermarkBlocks = 50
    #expect(await records(plan) == use)
    plan.cache.blockTokens = 1
    #expect(await records(plan) == use)
  }
}
