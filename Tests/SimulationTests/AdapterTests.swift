import CostModel
import Testing
import Workload

@testable import Simulation

/// INV-7: adapters, worked out by hand.
///
/// Times are in nanoseconds. A step takes 1000, 10 for each token that it processes, and 500 for each adapter that it loads.
/// Each stream has one adapter: A that of the first, B that of the second, …
@Suite("INV-7: adapters, worked out by hand")
struct AdapterScheduleTests {
  private func plan(
    slots: Int, batch: Int = 8, blocks: Int = 1_000_000, maximumOutput: Int = 1000,
    _ streams: [(arrival: Int64, input: Int32, output: Int32)]...
  ) -> DeploymentPlan {
    var plan = deployment(
      batch: batch, blocks: blocks, blockTokens: 1, cost: NanosecondCosts(step: 1000, token: 10).table(),
      streams: streams.map { listedRequests($0, maximumOutput: maximumOutput) })
    plan.engine.adapters = AdapterOptions(slots: slots, secondsPerLoad: 500e-9)
    for index in plan.streams.indices {
      plan.streams[index].adapters = AdapterDraws(count: 1, name: "\(index)")
    }
    return plan
  }

  private func expectCounts(_ outcome: DeploymentOutcome, starts: Int64, loads: Int64) {
    #expect(outcome.observations.counts.adapterStarts == starts)
    #expect(outcome.observations.counts.adapterLoads == loads)
  }

  @Test("the step that first needs an adapter waits for it; who needs it then finds it")
  func load() async {
    // Both prompts for A: 20 tokens and a load, to 1700; a decode of two, to 2720.
    expectCounts(
      await expect(
        plan(slots: 1, [(0, 10, 2), (0, 10, 2)]), [.init(0, 0, 1700, 2720), .init(1, 0, 1700, 2720)]),
      starts: 2, loads: 1)
    // One for A, one for B: two loads, to 2200; to 3220.
    expectCounts(
      await expect(
        plan(slots: 2, [(0, 10, 2)], [(0, 10, 2)]),
        [.init(stream: 0, 0, 0, 2200, 3220), .init(stream: 1, 0, 0, 2200, 3220)]),
      starts: 2, loads: 2)
  }

  @Test("who waits for an adapter is passed over, and keeps its place")
  func blockedHead() async {
    // One place. 0: A0, to 1600. 1600: B0 waits, A1 behind it starts beside A0's decode, 11 tokens, to 2710 (done).
    // A0 decodes alone, to 3720 (done). B takes A's place: to 5320.
    let skipping = plan(slots: 1, [(0, 10, 3), (200, 10, 1)], [(100, 10, 1)])
    let times: [RequestTimes] = [
      .init(stream: 0, 0, 0, 1600, 3720), .init(stream: 0, 1, 1600, 2710, 2710),
      .init(stream: 1, 0, 3720, 5320, 5320),
    ]
    expectCounts(await expect(skipping, times), starts: 3, loads: 2)
    // The same with the third one for the model itself, but that nothing has to be loaded for it.
    var plain = plan(slots: 1, [(0, 10, 3)], [(100, 10, 1)], [(200, 10, 1)])
    plain.streams[2].adapters = nil
    expectCounts(
      await expect(
        plain,
        [
          .init(stream: 0, 0, 0, 1600, 3720), .init(stream: 1, 0, 3720, 5320, 5320),
          .init(stream: 2, 0, 1600, 2710, 2710),
        ]),
      starts: 2, loads: 2)
  }

  @Test("who comes behind one that waits for an adapter is seen at the next boundary")
  func arrivalBehindBlockedHead() async {
    // 0: A0, to 1600; B0 waits from 100 on. A0 decodes, 1010 each: 2610, 3620, 4630, 5640. A1 came at 5000 and starts,
    // 11 tokens, to 6750 (done). A0's last four tokens: to 10790 (done). B0: to 12390.
    await expect(
      plan(slots: 1, [(0, 10, 10), (5000, 10, 1)], [(100, 10, 1)]),
      [
        .init(stream: 0, 0, 0, 1600, 10790), .init(stream: 0, 1, 5640, 6750, 6750),
        .init(stream: 1, 0, 10790, 12390, 12390),
      ])
  }

  @Test("the adapter that is longest unused gives way")
  func leastRecentlyUsed() async {
    // Two places, one request at a time: A 1600, B 3200, A (there) 4300, C in B's place 5900, A (there) 7000, B in C's 8600.
    expectCounts(
      await expect(
        plan(
          slots: 2, batch: 1, [(0, 10, 1), (2, 10, 1), (4, 10, 1)], [(1, 10, 1), (5, 10, 1)], [(3, 10, 1)]),
        [
          .init(stream: 0, 0, 0, 1600, 1600), .init(stream: 0, 1, 3200, 4300, 4300),
          .init(stream: 0, 2, 5900, 7000, 7000), .init(stream: 1, 0, 1600, 3200, 3200),
          .init(stream: 1, 1, 7000, 8600, 8600), .init(stream: 2, 0, 4300, 5900, 5900),
        ]),
      starts: 6, loads: 4)
  }

  @Test("an adapter is used until its last request leaves")
  func lastUse() async {
    // A0 and B0 start together, to 2200, when B0 is done; A0 decodes to 5230. 6000: C in B's place, though A came first: to
    // 7600. 8000: A is there: to 9100. 10000: B in C's place: to 11600.
    expectCounts(
      await expect(
        plan(slots: 2, [(0, 10, 4), (8000, 10, 1)], [(0, 10, 1), (10000, 10, 1)], [(6000, 10, 1)]),
        [
          .init(stream: 0, 0, 0, 2200, 5230), .init(stream: 0, 1, 8000, 9100, 9100),
          .init(stream: 1, 0, 0, 2200, 2200), .init(stream: 1, 1, 10000, 11600, 11600),
          .init(stream: 2, 0, 6000, 7600, 7600),
        ]),
      starts: 5, loads: 4)
  }

  @Test("SGLang looks at nobody behind a request whose adapter has no room")
  func sglang() async {
    // 0: A0, to 1600. B0 waits, and A1 behind it. A0 decodes, to 3620 (done). B0: to 5220. A1: to 6820.
    var plan = plan(slots: 1, [(0, 10, 3), (200, 10, 1)], [(100, 10, 1)])
    plan.engine.outputEstimate = OutputEstimate()
    plan.engine.prefillPolicy = .prefillFirst
    await expect(
      plan,
      [
        .init(stream: 0, 0, 0, 1600, 3620), .init(stream: 0, 1, 5220, 6820, 6820),
        .init(stream: 1, 0, 3620, 5220, 5220),
      ])
  }

  @Test("a request that was preempted needs its adapter again")
  func preempted() async {
    // 24 blocks of a token, one place, both for A: two prompts of 10, to 1700; two steps of two, 1020 each, to 3740.
    // R1 gives up 12 blocks. R0 decodes alone, to 4750 and 5760 (done). R1 computes 13 again: A is there, to 6890; to 7900.
    expectCounts(
      await expect(
        plan(slots: 1, blocks: 24, maximumOutput: 5, [(0, 10, 5), (0, 10, 5)]),
        [.init(0, 0, 1700, 5760), .init(1, 0, 1700, 7900)]),
      starts: 3, loads: 1)
  }

  @Test("a replica that has failed has no adapter")
  func failure() async {
    // A0, to 1600. Out of service from 2000 to 3000. A1, at 4000, loads A again: to 5600.
    var plan = plan(slots: 1, [(0, 10, 1), (4000, 10, 1)])
    plan.faults = FaultPlan(domains: [
      FaultDomain(name: "a", replicas: [0], outages: [.init(startSeconds: 2e-6, seconds: 1e-6)])
    ])
    expectCounts(
      await expect(plan, [.init(0, 0, 1600, 1600), .init(1, 4000, 5600, 5600)]), starts: 2, loads: 2)
  }
}

/// A deployment with adapters beside schedulers, clients and admission of any kind.
private func adaptedDeployment(seed: Int) -> DeploymentPlan {
  var plan = optionedDeployment(seed: seed)
  var cases = CaseGenerator(seed + 31_337)
  plan.engine.speculation = nil
  plan.cost.queries = 1
  plan.engine.batchWait = nil
  plan.engine.attentionBalance = nil
  plan.engine.adapters = AdapterOptions(
    slots: cases.int(1...6), secondsPerLoad: cases.pick([0, 1e-3, 0.05]))
  if cases.int(0...2) == 0 {
    let system = SystemPrompts(tokens: 128, count: 3, seed: 1, name: "s")
    plan.streams[0].systemPrompts = system
    plan.streams[0].prompts = PromptContent(
      systemPrompts: system, kin: .none, blockTokens: 64, seed: 1, name: "s")
    plan.prefixCache = PrefixCacheOptions()
  }
  for index in plan.streams.indices where index == 0 || cases.int(0...2) > 0 {
    plan.streams[index].adapters = AdapterDraws(
      count: cases.pick([1, 3, 8, 40]), skew: cases.pick([0, 1, 2]), seed: UInt64(seed), name: "\(index)")
  }
  return plan
}

@Suite("INV-2, INV-5, INV-16: adapters in any mixture of options")
struct AdapterLawTests {
  @Test("nothing is lost, and stretches change nothing", arguments: 0..<400)
  func random(seed: Int) async {
    var plan = adaptedDeployment(seed: seed)
    var cases = CaseGenerator(seed + 4)
    if cases.int(0...3) == 0 {
      plan.faults = FaultPlan(
        domains: [
          FaultDomain(
            name: "a", replicas: [0],
            outages: [.init(startSeconds: cases.double(0...3), seconds: cases.double(0.1...1))])
        ], onLoss: cases.pick(LossPolicy.allCases))
    }
    var run = RunPlan(seed: UInt64(seed), recordsRequests: true)
    if seed % 4 == 0 { run.horizon = SimTime(nanoseconds: Int64(1 + seed % 7) * 1_000_000_000) }
    let macro = await Simulation.run(plan, run)
    run.macroSteps = false
    #expect(differences(macro, await Simulation.run(plan, run)).isEmpty)
    let counts = macro.observations.counts
    #expect(
      counts.arrived
        == counts.completed + counts.rejected + counts.cancelled + counts.failed + macro.inFlight)
    #expect(counts.adapterLoads <= counts.adapterStarts)
    if run.horizon == nil { #expect(macro.inFlight == 0) }
  }

  @Test("adapters that all have room and come in no time change nothing", arguments: 0..<100)
  func roomForAll(seed: Int) async {
    var plan = adaptedDeployment(seed: seed)
    if plan.router == .adapterAffinity { plan.router = .leastOutstanding }
    // What is cached under one adapter is not for others.
    plan.prefixCache = nil
    for index in plan.streams.indices { plan.streams[index].prompts = nil }
    plan.engine.adapters = AdapterOptions(slots: 1000, secondsPerLoad: 0)
    let run = RunPlan(seed: UInt64(seed), recordsRequests: true)
    var with = await Simulation.run(plan, run)
    plan.engine.adapters = nil
    for index in plan.streams.indices { plan.streams[index].adapters = nil }
    let without = await Simulation.run(plan, run)
    with.observations.counts.adapterStarts = 0
    with.observations.counts.adapterLoads = 0
    #expect(differences(with, without).isEmpty)
  }

  @Test("loads that take twice as long lengthen an offline run by just that", arguments: 0..<40)
  func slowerLoads(seed: Int) async {
    var cases = CaseGenerator(seed)
    let requests = (0..<80).map { _ in (Int64(0), Int32(cases.int(1...60)), Int32(cases.int(1...30))) }
    var plan = deployment(
      batch: cases.int(1...12), blocks: 400, blockTokens: 1,
      cost: NanosecondCosts(step: 1000, token: 10, context: 1).table(),
      streams: [listedRequests(requests, maximumOutput: 30)])
    plan.streams[0].adapters = AdapterDraws(count: 20, seed: UInt64(seed), name: "a")
    let slots = cases.int(1...8)
    func outcome(_ nanoseconds: Double) async -> DeploymentOutcome {
      plan.engine.adapters = AdapterOptions(slots: slots, secondsPerLoad: nanoseconds * 1e-9)
      return await Simulation.run(plan, RunPlan())
    }
    let none = await outcome(0)
    let some = await outcome(700)
    let twice = await outcome(1400)
    let loads = some.observations.counts.adapterLoads
    #expect(loads >= 8 && none.observations.counts.adapterLoads == loads)
    #expect(some.end.nanoseconds - none.end.nanoseconds == 700 * loads)
    #expect(twice.end.nanoseconds - some.end.nanoseconds == 700 * loads)
  }
}

@Suite("Adapters of requests, prompts under them, and routers that know them")
struct AdapterAffinityTests {
  @Test("popularity follows Zipf's law; turns of a conversation have one adapter")
  func draws() {
    let draws = AdapterDraws(count: 4, skew: 1, name: "a")
    var counts = [0, 0, 0, 0]
    for index in 0..<100_000 { counts[draws.adapter(ofRequest: UInt64(index))] += 1 }
    // Weights 1, 1/2, 1/3, 1/4 of 25/12; four standard errors are 0.006.
    for (rank, count) in counts.enumerated() {
      #expect(abs(Double(count) / 1e5 - 12 / 25 / Double(rank + 1)) < 0.006)
    }
    let even = AdapterDraws(count: 1000, skew: 0, name: "a")
    #expect((0..<1000).map { even.adapter(ofRequest: $0) }.max() ?? 0 > 980)
    let groups = AdapterDraws(count: 1000, skew: 0, isOfGroups: true, name: "a")
    for number in UInt64(0)..<20 {
      let adapters = (0..<8).map {
        groups.adapter(ofRequest: Conversations.request(number, turn: $0))
      }
      #expect(adapters.allSatisfy { $0 == adapters[0] })
    }
  }

  @Test("prompts under different adapters share nothing")
  func prefixes() async {
    func plan(adapters: Int) -> DeploymentPlan {
      var stream = stream(
        .deterministic(requestsPerSecond: 1), requests: 200, input: .fixed(10), output: .fixed(2))
      let system = SystemPrompts(tokens: 160)
      stream.adapters = AdapterDraws(count: adapters, skew: 0, name: "a")
      stream.systemPrompts = system
      stream.prompts = PromptContent(systemPrompts: system, kin: .none, blockTokens: 16, seed: 1, name: "a")
      var plan = deployment(cost: linearCosts(step: 0.001), streams: [stream])
      plan.engine.adapters = AdapterOptions(slots: 8, secondsPerLoad: 0)
      plan.prefixCache = PrefixCacheOptions()
      return plan
    }
    // The system prompt's ten blocks are computed once for each adapter.
    for adapters in [1, 5] {
      let counts = await Simulation.run(plan(adapters: adapters), RunPlan()).observations.counts
      #expect(counts.cachedTokens == Int64(200 - adapters) * 160)
    }
  }

  private func plan(_ router: RouterPolicy, adapters: Int, rate: Double) -> DeploymentPlan {
    var stream = stream(
      .poisson(requestsPerSecond: rate), requests: 2000, input: .fixed(100), output: .fixed(30))
    stream.adapters = AdapterDraws(count: adapters, name: "a")
    var plan = deployment(
      replicas: 4, batch: 16, cost: linearCosts(step: 0.005, token: 1e-5), router: router, streams: [stream])
    plan.engine.adapters = AdapterOptions(slots: 8, secondsPerLoad: 0.002)
    return plan
  }

  @Test("a router that goes by adapters loads fewer of them")
  func fewerLoads() async {
    let run = RunPlan()
    let blind = await Simulation.run(plan(.leastOutstanding, adapters: 40, rate: 100), run)
    let knowing = await Simulation.run(plan(.adapterAffinity, adapters: 40, rate: 100), run)
    #expect(knowing.observations.counts.adapterLoads * 2 < blind.observations.counts.adapterLoads)
    #expect(knowing.observations.counts.completed == 2000)
  }

  @Test("requests of an adapter that is too popular for one replica go to others too")
  func spill() async {
    let run = RunPlan(recordsRequests: true)
    // One replica serves some 80 requests a second.
    let busy = await Simulation.run(plan(.adapterAffinity, adapters: 1, rate: 200), run)
    #expect(Set(busy.observations.records.map(\.replica)).count == 4)
    let quiet = await Simulation.run(plan(.adapterAffinity, adapters: 1, rate: 5), run)
    #expect(Set(quiet.observations.records.map(\.replica)).count == 1)
  }

  @Test("when a replica is overloaded")
  func rule() {
    #expect(!AffinityRule.isOverloaded(8, all: 8, replicas: 4))
    #expect(AffinityRule.isOverloaded(9, all: 9, replicas: 4))
    #expect(!AffinityRule.isOverloaded(30, all: 80, replicas: 4))
    #expect(AffinityRule.isOverloaded(31, all: 80, replicas: 4))
  }
}
