import CostModel
import Testing
import Workload

@testable import Simulation

/// What a prefill and a decode replica look like, and what joins them.
private struct Pools {
  var prefills = [[0, 1]]
  var decodes = [[2, 3]]
  var nodes = 2
  /// Of an adapter, in bytes/s.
  var nic = 1e6
  /// Of an engine's step; prompts are split by it.
  var tokensOfStep = 8192
  var batch = 256
  var change: (inout TransferPlan) -> Void = { _ in }
  var requests: [(Int64, Int32, Int32)] = [(0, 1000, 3)]

  /// Steps take 0.1 s; nodes have two accelerators with an adapter each; a token has 1,000 bytes on each accelerator.
  var plan: DeploymentPlan {
    var plan = deployment(
      replicas: decodes.count, batch: batch, tokens: max(tokensOfStep, batch), cost: linearCosts(step: 0.1),
      streams: [listedRequests(requests, maximumOutput: 1000)])
    var handOff = HandOff(secondsPerToken: 1000 / nic)
    var transfer = TransferPlan(
      fabric: FabricDescription(
        nodes: nodes, acceleratorsPerNode: 2, scaleUp: .none, acceleratorsPerDomain: 1, nicsPerNode: 2,
        nicBytesPerSecond: nic,
        scaleOut: .railOptimised(
          FabricDescription.Tiers(nodesPerPod: nodes, spinesPerPod: 2), crossing: .spine)),
      accelerators: prefills + decodes, prefillGroups: 1, decodeGroups: 1, bytesPerToken: 1000)
    transfer.prefillReplicas = prefills.count
    change(&transfer)
    handOff.network = transfer
    var engine = plan.engine
    engine.maximumBatchSize = min(256, tokensOfStep)
    engine.maximumBatchTokens = tokensOfStep
    plan.prefill = PrefillPool(
      replicas: prefills.count, acceleratorsPerReplica: prefills[0].count, engine: engine, cache: plan.cache,
      cost: plan.cost, handOff: handOff)
    return plan
  }

  /// Seconds until the first token of each request.
  func firstTokens() async -> [Double] {
    await run(plan).observations.records.map { $0.firstToken.seconds }
  }
}

private func run(_ plan: DeploymentPlan, macro: Bool = true, threads: Int = 1) async -> DeploymentOutcome {
  await Simulation.run(plan, RunPlan(macroSteps: macro, recordsRequests: true, threads: threads))
}

private func isNear(_ found: [Double], _ expected: [Double]) -> Bool {
  let isNear = found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 }
  if !isNear { Issue.record("found \(found), expected \(expected)") }
  return isNear
}

@Suite("KV hand-off: engines, streams and other traffic on the links")
struct TransferOptionsTests {
  @Test("an engine's rate holds a flow below its share of the link, and only then")
  func flowRate() async {
    // A prompt takes 0.1 s, then 1 MB an adapter at 0.5 MB/s. Two meet at one decode replica's adapters, 0.5 MB/s each.
    var pools = Pools(prefills: [[0, 1], [4, 5]], nodes: 3)
    pools.change = { $0.flowBytesPerSecond = 0.5e6 }
    #expect(isNear(await pools.firstTokens(), [2.1]))
    pools.requests = [(0, 1000, 3), (0, 1000, 3)]
    #expect(isNear(await pools.firstTokens(), [2.1, 2.1]))
    pools.change = { $0.flowBytesPerSecond = 0.25e6 }
    #expect(isNear(await pools.firstTokens(), [4.1, 4.1]))
  }

  @Test("an accelerator that uses all adapters of its node is faster alone, and not where all send")
  func stripes() async {
    // 1 MB over two adapters of 1 MB/s.
    var pools = Pools(prefills: [[0]], decodes: [[2]])
    #expect(isNear(await pools.firstTokens(), [1.1]))
    pools.change = { $0.adaptersPerFlow = 2 }
    #expect(isNear(await pools.firstTokens(), [0.6]))
    // 0.8 MB/s in all for a flow: 1.25 s.
    pools.change = {
      $0.adaptersPerFlow = 2
      $0.flowBytesPerSecond = 0.8e6
    }
    #expect(isNear(await pools.firstTokens(), [1.35]))
    pools = Pools()
    pools.change = { $0.adaptersPerFlow = 2 }
    #expect(isNear(await pools.firstTokens(), [1.1]))
  }

  /// Two steps of 0.1 s make 0.5 MB an accelerator each, of ten layers; 0.05 MB are the last layer's.
  @Test("layer by layer: what is left when the prompt is done")
  func streams() async {
    var pools = Pools(nic: 1e8, tokensOfStep: 500)
    #expect(isNear(await pools.firstTokens(), [0.2 + 0.01]))
    pools.change = { $0.streamedLayers = 10 }
    // The last layer alone: 0.05 MB at 100 MB/s.
    #expect(isNear(await pools.firstTokens(), [0.2 + 0.0005]))
    // A link that is always busy from the beginning: 1 MB at 1 MB/s.
    pools.nic = 1e6
    #expect(isNear(await pools.firstTokens(), [1]))
    // 4.75 MB/s: 0.45 MB of the first step keep pace. The second step's 0.45 MB and the 0.05 MB left do not: 0.475 MB
    // are over at its end, 0.075 MB are left.
    pools.nic = 4.75e6
    #expect(isNear(await pools.firstTokens(), [0.2 + 0.075 / 4.75]))
    // One layer: nothing leaves before its step is over. 0.5 MB of the first go on while the second is worked on.
    pools.change = { $0.streamedLayers = 1 }
    pools.nic = 1e7
    #expect(isNear(await pools.firstTokens(), [0.2 + 0.05]))
  }

  @Test("what came is counted: bytes of all accelerators, and the time that decode replicas waited for them")
  func outcome() async throws {
    var pools = Pools(nic: 1e8, tokensOfStep: 500)
    func came() async throws -> TransferOutcome {
      try #require(await run(pools.plan).pools.last?.transfers)
    }
    // 1 MB to each of two accelerators, 10 ms.
    let whole = try await came()
    #expect(whole.transfers == 1 && abs(whole.bytes - 2e6) < 1 && abs(whole.waitSeconds - 0.01) < 1e-6)
    // As much, of which the last layer is left.
    pools.change = { $0.streamedLayers = 10 }
    let streamed = try await came()
    #expect(streamed.transfers == 1 && abs(streamed.bytes - 2e6) < 1)
    #expect(abs(streamed.waitSeconds - 0.0005) < 1e-6)
  }

  @Test("dimension by dimension: two caches meet on one link of a torus, and not in a switched domain")
  func torus() async {
    var pools = Pools(
      prefills: [[0], [1]], decodes: [[2], [3]], nodes: 4, requests: [(0, 1000, 3), (0, 1000, 3)])
    func over(_ scaleUp: FabricDescription.ScaleUp) async -> [Double] {
      pools.change = {
        $0.fabric.scaleUp = scaleUp
        $0.fabric.acceleratorsPerDomain = 8
      }
      return await pools.firstTokens()
    }
    // Eight accelerators in four columns and two rows, links of 1 MB/s: 0 to 2 crosses the links of 0 and 1 ahead, 1 to 3
    // those of 1 and 2: half of that of 1 each.
    #expect(isNear(await over(.torus(sizes: [4, 2], linkBytesPerSecond: 1e6)), [2.1, 2.1]))
    #expect(isNear(await over(.switched(portBytesPerSecond: 1e6)), [1.1, 1.1]))
    // 0 to 4 in the next row, 1 to 2 in its own: nothing in common.
    pools.decodes = [[4], [2]]
    #expect(isNear(await over(.torus(sizes: [4, 2], linkBytesPerSecond: 1e6)), [1.1, 1.1]))
    // A ring of eight, the shorter way: 0 to 6 over 7, 1 to 7 over 0: both cross the link from 0 to 7.
    pools.decodes = [[6], [7]]
    #expect(isNear(await over(.torus(sizes: [8], linkBytesPerSecond: 1e6)), [2.1, 2.1]))
  }

  @Test("a cache that has come before there is room is taken at once")
  func streamBeforeRoom() async {
    // Prompts end at 0.1 and 0.2 s. The first cache has 0.05 MB left, beside which the second one's 0.45 MB leave at
    // 4.5 of 100 MB/s. The first answer's two steps end 0.2 s after it has come, and so long the second waits: its cache
    // has come at 0.2005 s.
    var pools = Pools(nic: 1e8, tokensOfStep: 500, batch: 1, requests: [(0, 500, 3), (0, 500, 3)])
    pools.change = { $0.streamedLayers = 10 }
    #expect(isNear(await pools.firstTokens(), [0.1 + 0.05 / 95.5, 0.3 + 0.05 / 95.5]))
    pools.change = { _ in }
    #expect(isNear(await pools.firstTokens(), [0.105, 0.305 + 0.005]))
  }

  @Test("traffic of others takes its share of the links that it crosses, while it lasts")
  func background() async {
    // From 0.1 to 0.6 s 0.5 MB, to 1.1 s 0.25 MB at half the rate, then 0.25 MB more.
    var pools = Pools()
    func with(_ traffic: BackgroundTraffic...) async -> [Double] {
      var pools = pools
      pools.change = { $0.backgrounds = traffic }
      return await pools.firstTokens()
    }
    var half = BackgroundTraffic(tier: .adapters, share: 0.5, startSeconds: 0.6, seconds: 0.5)
    #expect(isNear(await with(half), [1.35]))
    half.node = 1
    #expect(isNear(await with(half), [1.35]))
    half.nic = 1
    #expect(isNear(await with(half), [1.35]))
    half.node = 0
    #expect(isNear(await with(half), [1.35]))
    // Twice a half is all: the flow of adapter 1 stands still for 0.5 s.
    #expect(isNear(await with(half, half), [1.6]))
    // All of an adapter, for good: the cache never comes.
    var none = pools
    none.change = { $0.backgrounds = [BackgroundTraffic(tier: .adapters, node: 1, nic: 0, share: 1)] }
    let stalled = await run(none.plan)
    #expect(stalled.inFlight == 1 && stalled.observations.counts.completed == 0)
    // One rail: no spine on the way.
    #expect(isNear(await with(BackgroundTraffic(tier: .leaves, share: 0.9)), [1.1]))
    // For good, and across the spine: accelerators 0 and 3 are on rails of their own, each leaf has 2 MB/s above over two
    // spines.
    pools = Pools(prefills: [[0]], decodes: [[3]])
    #expect(isNear(await with(BackgroundTraffic(tier: .leaves, share: 0.75)), [0.1 + 1 / 0.25]))
    #expect(isNear(await with(BackgroundTraffic(tier: .adapters, node: 0, share: 0.75)), [4.1]))
  }

  @Test("what the steps of a decode replica exchange is not there for the caches that come to it")
  func exchange() async {
    // The first request decodes from 1.1 s on, one token each 0.1 s: a ring of two sums 50,000 bytes a token, each
    // accelerator sends as much: 0.5 MB/s, half of its adapter. The second prompt is done at 5.15 s and fetched when the
    // step at hand is over, at 5.2 s; its 0.96 MB then take 1.92 s instead of 0.96, and the step that begins at 7.2 (6.2)
    // s has it.
    var pools = Pools(decodes: [[2, 5]], nodes: 3, requests: [(0, 1000, 100), (5_050_000_000, 960, 3)])
    #expect(isNear(await pools.firstTokens(), [1.1, 6.2]))
    let sums = StepExchange(
      expertBytesPerToken: 0, summedBytesPerToken: 50_000, expertGroup: 1, tensorGroup: 2, joinedElsewhere: 2)
    pools.change = { $0.decodeExchange = sums }
    #expect(isNear(await pools.firstTokens(), [1.1, 7.2]))
    // Experts: 100,000 bytes a token, sent by two accelerators in turn: the same.
    pools.change = {
      $0.decodeExchange = StepExchange(
        expertBytesPerToken: 100_000, summedBytesPerToken: 0, expertGroup: 2, tensorGroup: 1,
        joinedElsewhere: 2)
    }
    #expect(isNear(await pools.firstTokens(), [1.1, 7.2]))
    // Of links of 2 MB/s, half of which transfers reach, it takes a quarter: 1.28 s, the step that begins at 6.5 s.
    pools.change = {
      $0.decodeExchange = sums
      $0.linkEfficiency = 0.5
    }
    #expect(isNear(await pools.firstTokens(), [1.1, 6.5]))
    // In one node they exchange over something else.
    pools.decodes = [[2, 3]]
    pools.change = { $0.decodeExchange = sums }
    #expect(isNear(await pools.firstTokens(), [1.1, 6.2]))
  }

  /// The first request decodes while the cache of a second one, of 1.5 MB on each accelerator, comes over the links
  /// that its steps exchange over.
  ///
  /// 0.04 of a step's 0.1 s are exchange: 20,000 bytes over 1 MB/s take a fifth of the adapters, on average. The flow
  /// takes the rest and leaves the exchange half, the part of two: steps take 0.14 s while it lasts.
  @Test(
    "what caches take of the links is not there for the steps of a decode replica", arguments: [true, false])
  func exchangesFeelTransfers(macro: Bool) async {
    var pools = Pools(decodes: [[2, 5]], nodes: 3, requests: [(0, 1000, 40), (1_950_000_000, 1500, 2)])
    pools.change = {
      $0.decodeExchange = StepExchange(
        expertBytesPerToken: 0, summedBytesPerToken: 20_000, expertGroup: 1, tensorGroup: 2,
        joinedElsewhere: 2)
    }
    var plan = pools.plan
    plan.cost.decodeBase[.collective] = 0.04
    plan.cost.mixedBase[.collective] = 0.04
    let first = await run(plan, macro: macro).observations.records.first
    // Tokens each 0.1 s from 1.2 s on, the second request's cache begins to come at 2.1 s: at 0.8 MB/s while steps take 0.1
    // s, at 1 - 0.2 / 1.4 of the adapter when they take 0.14 s.
    let even = await run(pools.plan, macro: macro).observations.records.first
    let longer = (first?.completed ?? .zero).seconds - (even?.completed ?? .zero).seconds
    // 1.5 MB at 6/7 MB/s: 1.75 s, of which the step under way at its beginning keeps its pace: 12 steps of 0.14 s, and the
    // one under way at its end.
    #expect(abs(longer - 0.04 * 13) < 0.041, "\(longer)")
  }

  @Test("with links without end streams change nothing")
  func streamsWithoutEnd() async {
    let requests = (0..<60).map { (index: Int32) -> (Int64, Int32, Int32) in
      (Int64(index) * 37_000_000, 200 + index * 7 % 900, 1 + index % 20)
    }
    var pools = Pools(
      prefills: [[0, 1], [4, 5]], nodes: 3, nic: 1e18, tokensOfStep: 300, requests: requests)
    pools.change = { $0.streamedLayers = 20 }
    let streamed = await run(pools.plan)
    pools.change = { _ in }
    var own = pools.plan
    own.prefill?.handOff.network = nil
    #expect(differences(streamed, await run(own)).isEmpty)
  }

  @Test(
    "a single transfer is never sooner over half the bandwidth, and never later as a stream",
    arguments: 0..<40)
  func single(seed: Int) async {
    var cases = CaseGenerator(seed + 41)
    var pools = Pools(nic: cases.double(1e5...1e7), tokensOfStep: cases.pick([300, 1000, 8192]))
    pools.requests = [(0, Int32(cases.int(1...3000)), 3)]
    let layers = cases.int(1...60)
    let flow = cases.double(1e5...1e7)
    let share = cases.double(0.1...0.9)
    let streamed = { (plan: inout TransferPlan) in
      plan.streamedLayers = layers
      plan.flowBytesPerSecond = flow
      plan.backgrounds = [BackgroundTraffic(tier: .adapters, share: share, startSeconds: 0.3, seconds: 1)]
    }
    pools.change = streamed
    let fast = await pools.firstTokens()
    var slow = pools
    slow.nic /= 2
    #expect(await slow.firstTokens()[0] >= fast[0])
    pools.change = {
      streamed(&$0)
      $0.streamedLayers = nil
    }
    #expect(await pools.firstTokens()[0] >= fast[0] - 1e-8)
  }

  @Test("INV-5, INV-4: all options at once, in stretches and in single steps", arguments: 0..<60)
  func macroSteps(seed: Int) async {
    let plan = Self.randomPools(seed)
    let macro = await run(plan)
    #expect(differences(macro, await run(plan, macro: false)).isEmpty)
    #expect(differences(macro, await run(plan, threads: 4)).isEmpty)
    let counts = macro.observations.counts
    #expect(
      counts.arrived == counts.completed + counts.rejected + counts.failed + counts.cancelled + macro.inFlight
    )
    var driver = CoupledDriver(plan, RunPlan(), progress: RunProgress())
    _ = driver.simulate()
    guard driver.shop.requests.inFlight == 0 else { return }
    #expect(driver.transfers?.transfers.isEmpty == true)
    #expect(driver.transfers?.parts.allSatisfy(\.isFree) == true)
    #expect(driver.loads.allSatisfy { $0.requests == 0 && $0.tokens == 0 })
  }

  /// Pools with whatever options, failures of adapters and replicas included.
  private static func randomPools(_ seed: Int) -> DeploymentPlan {
    var cases = CaseGenerator(seed + 77)
    var pools = Pools(
      prefills: [[0, 1], [2, 3]], decodes: cases.pick([[[4, 5]], [[4, 5], [6, 7]], [[4, 7], [5, 6]]]),
      nodes: 4)
    pools.nic = cases.double(2e6...2e7)
    pools.tokensOfStep = cases.pick([300, 1000, 8192])
    pools.batch = cases.pick([2, 16, 256])
    pools.requests = []
    var now: Int64 = 0
    for _ in 0..<50 {
      now += Int64(cases.int(0...200_000_000))
      pools.requests.append((now, Int32(cases.int(1...2000)), Int32(cases.int(1...60))))
    }
    let layers: Int? = cases.pick([nil, 1, 30, 30])
    let flow = cases.pick([Double.infinity, 1e6, 5e6])
    let stripes = cases.pick([1, 2])
    let exchange: StepExchange? = cases.pick([
      nil,
      StepExchange(
        expertBytesPerToken: 20_000, summedBytesPerToken: 9_000, expertGroup: 2, tensorGroup: 2,
        joinedElsewhere: cases.pick([1, 2])),
    ])
    let traffic = (0..<cases.int(0...3)).map { _ in
      BackgroundTraffic(
        tier: cases.pick([.adapters, .leaves]), share: cases.double(0.1...0.6),
        startSeconds: cases.double(0...5), seconds: cases.double(0.1...3))
    }
    let outage = TransferPlan.LinkOutage(node: cases.int(0...3), nic: 1, startSeconds: 1, seconds: 2)
    let fails = cases.int(0...1) == 0
    pools.change = {
      $0.streamedLayers = layers
      $0.flowBytesPerSecond = flow
      $0.adaptersPerFlow = stripes
      $0.prefillExchange = exchange
      $0.decodeExchange = exchange
      $0.backgrounds = traffic
      $0.outages = fails ? [outage] : []
      $0.fixedBytes = 500
    }
    var plan = pools.plan
    plan.cost.decodeBase[.collective] = 0.03
    plan.cost.mixedBase[.collective] = 0.03
    plan.router = cases.pick([.roundRobin, .leastOutstanding, .leastTokens])
    vary(&plan.engine, seed: seed)
    plan.cost.queries = (plan.engine.speculation?.draftTokens ?? 0) + 1
    if cases.int(0...2) == 0 {
      plan.streams[0].patience = Patience(
        firstTokenSeconds: cases.double(0.2...2), totalSeconds: cases.double(1...4), seed: 1, name: "some")
    }
    if cases.int(0...1) == 0 {
      let domain = FaultDomain(
        name: "some", replicas: [cases.int(0...(1 + pools.decodes.count))],
        outages: [FaultDomain.Outage(startSeconds: cases.double(0.3...4), seconds: cases.double(0.1...2))])
      plan.faults = FaultPlan(domains: [domain], onLoss: cases.pick(LossPolicy.allCases))
    }
    return plan
  }
}
