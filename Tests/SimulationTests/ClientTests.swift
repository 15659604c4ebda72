import CostModel
import Testing
import Workload

@testable import Simulation

/// INV-7: clients that go away, limits of tenants, requests that can wait and those that are shed, worked out by hand.
///
/// Times are in nanoseconds. A step takes 1000 and 10 for each token that it processes.
@Suite("INV-7: clients and admission, worked out by hand")
struct ClientTests {
  private let costs = NanosecondCosts(step: 1000, token: 10)

  private func plan(
    batch: Int = 8, replicas: Int = 1, _ streams: [(arrival: Int64, input: Int32, output: Int32)]...
  ) -> DeploymentPlan {
    deployment(
      replicas: replicas, batch: batch, blockTokens: 1, cost: costs.table(),
      streams: streams.map { listedRequests($0, maximumOutput: 1000) })
  }

  @Test("a client that gets no token in time goes away, one that got some stays")
  func firstTokenTimeout() async {
    // One at a time. R0's first token is out at 1100, its last at 5140. R1, sent at 100, waits until 1600 and goes.
    // R2, sent at 4000, starts at 5140 and has its token at 6240, after 2240: its client left at 5500, during that step,
    // at the end of which it is done.
    var plan = plan(batch: 1, [(0, 10, 5), (100, 10, 5), (4000, 10, 1)])
    plan.streams[0].patience = Patience(firstTokenSeconds: 1500e-9, seed: 1, name: "t")
    let outcome = await expect(plan, [.init(0, 0, 1100, 5140), .init(2, 5140, 6240, 6240)])
    #expect(outcome.observations.counts.cancelled == 1)
    #expect(outcome.observations.counts.cancelledTokens == 0)
  }

  @Test("a client that goes away in the middle of an answer makes room at the next step")
  func totalTimeout() async {
    // R0 has tokens at 1100, 2110, 3120 when its client goes at 3000: the step to 3120 is under way. R1 starts then.
    var plan = plan(batch: 1, [(0, 10, 50)], [(100, 10, 1)])
    plan.streams[0].patience = Patience(totalSeconds: 3000e-9, seed: 1, name: "t")
    let outcome = await expect(plan, [.init(stream: 1, 0, 3120, 4220, 4220)])
    #expect(outcome.observations.counts.cancelled == 1)
    #expect(outcome.observations.counts.cancelledTokens == 3)
    #expect(outcome.observations.counts.outputTokens == 4)
  }

  @Test("clients leave as the share says, after times of the stated mean")
  func leaving() async {
    var plan = plan([(0, 10, 1)])
    plan.streams = [
      stream(
        .poisson(requestsPerSecond: 1e5), requests: 4000, input: .fixed(10), output: .fixed(40))
    ]
    plan.streams[0].patience = Patience(leavingShare: 0.25, leavingMeanSeconds: 1e-9, seed: 3, name: "t")
    let outcome = await Simulation.run(plan, RunPlan())
    // 1000 are expected, with a standard deviation of 27.
    #expect((900...1100).contains(outcome.observations.counts.cancelled))
    #expect(outcome.observations.counts.completed + outcome.observations.counts.cancelled == 4000)
  }

  @Test("a tenant beyond its limits is refused, or waits")
  func tenants() async {
    // A request a microsecond, two at once: those at 0 and 0 pass, of those at 100 none does; one has come back at 1000.
    var plan = plan([(0, 10, 1), (0, 10, 1), (100, 10, 1), (1001, 10, 1)])
    plan.tenants = [Tenant(name: "a", requestsPerSecond: 1e6, burstSeconds: 2e-6)]
    plan.streams[0].tenant = 0
    let refusing = await expect(
      plan, [.init(0, 0, 1200, 1200), .init(1, 0, 1200, 1200), .init(3, 1200, 2300, 2300)])
    #expect(refusing.observations.counts.refusedByLimit == 1)
    // The one of 100 waits until 1000, that of 1001 until 2000: they are let in a nanosecond later.
    plan.tenants[0].excess = .wait
    let waiting = await expect(
      plan,
      [
        .init(0, 0, 1200, 1200), .init(1, 0, 1200, 1200), .init(2, 1200, 2300, 2300),
        .init(3, 2300, 3400, 3400),
      ])
    #expect(waiting.observations.counts.rejected == 0)
  }

  @Test("a tenant's prompt tokens are limited, and a prompt larger than all of them goes when there are all")
  func tokenLimits() async {
    // 10 tokens a microsecond, 20 at once. R0 takes 10, R1 needs 20 and waits for 10: until 1000. R2's 30 need a full
    // bucket, 20, which is there 2000 later: at 3000.
    var plan = plan([(0, 10, 1), (0, 20, 1), (0, 30, 1)])
    plan.tenants = [Tenant(name: "a", inputTokensPerSecond: 1e7, burstSeconds: 2e-6, excess: .wait)]
    plan.streams[0].tenant = 0
    // R0 to 1100; R1, let in at 1000, to 2300; R2 at 3001, to 4301 - times to a nanosecond: let in 1 ns after.
    let outcome = await Simulation.run(plan, RunPlan(recordsRequests: true))
    let scheduled = outcome.observations.records.map(\.scheduled.nanoseconds)
    #expect(scheduled[0] == 0)
    #expect(scheduled[1] == 1100)
    #expect((3000...3003).contains(scheduled[2]))
  }

  @Test("requests that can wait are sent on when less than the stated share runs")
  func deferral() async {
    // Two slots. Stream 1 waits until less than half of them, none, is taken: until R0 is done at 3120. Then one of its
    // requests goes, to 4220, then the other.
    var plan = plan(batch: 2, [(0, 10, 3)], [(10, 10, 1), (10, 10, 1)])
    plan.streams[1].deferral = Deferral(below: 0.5)
    await expect(
      plan,
      [
        .init(stream: 0, 0, 0, 1100, 3120), .init(stream: 1, 0, 3120, 4220, 4220),
        .init(stream: 1, 1, 4220, 5320, 5320),
      ])
    // After 1500 they are sent on anyway: both at 1510, of which one has the free slot, at 2110.
    plan.streams[1].deferral = Deferral(below: 0.5, withinSeconds: 1500e-9)
    await expect(
      plan,
      [
        .init(stream: 0, 0, 0, 1100, 3220), .init(stream: 1, 0, 2110, 3220, 3220),
        .init(stream: 1, 1, 3220, 4320, 4320),
      ])
  }

  @Test("under load the router refuses what matters least")
  func shedding() async {
    // Two slots, values from 5 are refused when both are taken: that at 20, not that at 30; at 4000 none is.
    var plan = plan(batch: 2, [(0, 10, 1), (10, 10, 1), (30, 10, 1)], [(20, 10, 1), (4000, 10, 1)])
    plan.streams[1].priority = 5
    plan.shedding = [Shedding(priority: 5, above: 1)]
    let outcome = await Simulation.run(plan, RunPlan(recordsRequests: true))
    #expect(outcome.observations.records.map(\.stream) == [0, 0, 0, 1])
    #expect(outcome.observations.counts.shed == 1)
    #expect(outcome.observations.counts.rejected == 1)
  }
}

/// INV-7: several answers to one prompt.
@Suite("INV-7: samples, worked out by hand")
struct SampleTests {
  private let costs = NanosecondCosts(step: 1000, token: 10)

  private func plan(samples: Int, cached: Bool) -> DeploymentPlan {
    var plan = deployment(
      blockTokens: 4, cost: costs.table(), streams: [listedRequests([(0, 10, 2)], maximumOutput: 100)])
    plan.streams[0].samples = samples
    guard cached else { return plan }
    plan.streams[0].prompts = PromptContent(
      systemPrompts: SystemPrompts(tokens: 0), kin: .samples, blockTokens: 4, seed: 1, name: "s")
    plan.prefixCache = PrefixCacheOptions(tiers: [])
    return plan
  }

  @Test("the others find the prompt that the first one has computed, but for its last block")
  func cached() async {
    // 0: the prompt of 10, to 1100: the first sample's token. Two whole blocks of 4 are cached: the other two compute 2
    // tokens each, beside the first one's decode: 1000 + 10 x 5, to 2150: the first is done. Both decode, to 3170.
    let outcome = await expect(
      plan(samples: 3, cached: true),
      [.init(0, 0, 1100, 2150), .init(1, 1100, 2150, 3170), .init(2, 1100, 2150, 3170)])
    #expect(outcome.observations.counts.cachedTokens == 16)
    #expect(outcome.observations.counts.arrived == 3)
  }

  @Test("without a cache each computes the prompt")
  func uncached() async {
    // 1100: two prompts of 10 and a decode: 1000 + 10 x 21, to 2310.
    await expect(
      plan(samples: 3, cached: false),
      [.init(0, 0, 1100, 2310), .init(1, 1100, 2310, 3330), .init(2, 1100, 2310, 3330)])
  }

  @Test("a closed-loop client waits for all samples; nothing is lost where some go away", arguments: 0..<40)
  func closedLoop(seed: Int) async {
    var plan = optionedDeployment(seed: seed)
    let samples = 2 + seed % 3
    for index in plan.streams.indices {
      plan.streams[index].samples = samples
      plan.streams[index].deferral = nil
    }
    var run = RunPlan(seed: UInt64(seed), recordsRequests: true)
    let outcome = await Simulation.run(plan, run)
    run.macroSteps = false
    let single = await Simulation.run(plan, run)
    #expect(differences(outcome, single).isEmpty)
    let counts = outcome.observations.counts
    #expect(
      counts.arrived == counts.completed + counts.rejected + counts.cancelled + counts.failed
        + outcome.inFlight)
    #expect(outcome.inFlight == 0)
    // Of a prompt that was answered once, all samples came.
    if counts.rejected + counts.cancelled == 0 { #expect(counts.arrived % Int64(samples) == 0) }
  }
}
