import CostModel
import Testing
import Workload

@testable import Simulation

@Suite("KV hand-off over shared links")
struct SharedTransferTests {
  /// Two prefill replicas and `decodes` decode replicas of two accelerators each, one replica a node, with adapters of
  /// 1 MB/s; a token has 1,000 bytes on each accelerator.
  private func plan(
    decodes: Int = 1, nic: Double = 1e6, outages: [TransferPlan.LinkOutage] = [], seed: Int? = nil,
    requests: [(Int64, Int32, Int32)] = [(0, 1000, 3), (0, 1000, 3)]
  ) -> DeploymentPlan {
    var plan = deployment(
      replicas: decodes, tokens: 8192, cost: linearCosts(step: 0.1),
      streams: [listedRequests(requests, maximumOutput: 100)])
    var handOff = HandOff(secondsPerToken: 1000 / nic)
    handOff.network = TransferPlan(
      fabric: FabricDescription(
        nodes: 2 + decodes, acceleratorsPerNode: 2, scaleUp: .none, acceleratorsPerDomain: 1, nicsPerNode: 2,
        nicBytesPerSecond: nic,
        scaleOut: .railOptimised(
          FabricDescription.Tiers(nodesPerPod: 2 + decodes, spinesPerPod: 2), crossing: .spine)),
      accelerators: (0..<(2 + decodes)).map { [2 * $0, 2 * $0 + 1] }, prefillGroups: 1, decodeGroups: 1,
      bytesPerToken: 1000,
      outages: outages)
    plan.prefill = PrefillPool(
      replicas: 2, acceleratorsPerReplica: 2, engine: plan.engine, cache: plan.cache, cost: plan.cost,
      handOff: handOff)
    return plan
  }

  private func run(_ plan: DeploymentPlan, macro: Bool = true) async -> DeploymentOutcome {
    await Simulation.run(plan, RunPlan(macroSteps: macro, recordsRequests: true))
  }

  private func firstTokens(_ outcome: DeploymentOutcome) -> [Double] {
    outcome.observations.records.map { $0.firstToken.seconds }
  }

  @Test("two caches for one decode replica share its adapters; for two they don't")
  func incast() async {
    // Prompts take 0.1 s, then 1 MB an adapter: 1 s alone, 2 s where two meet.
    #expect(firstTokens(await run(plan())).allSatisfy { abs($0 - 2.1) < 1e-6 })
    #expect(firstTokens(await run(plan(decodes: 2))).allSatisfy { abs($0 - 1.1) < 1e-6 })
  }

  @Test("an adapter that fails stops what goes through it until it is back")
  func linkFailure() async {
    // Node 2 is the decode replica's. Of 1 MB each, 0.2 MB of either have come when an adapter fails at 0.5 s.
    let outage = TransferPlan.LinkOutage(node: 2, nic: 0, startSeconds: 0.5, seconds: 3)
    let outcome = await run(plan(outages: [outage]))
    #expect(firstTokens(outcome).allSatisfy { abs($0 - (0.5 + 3 + 1.6)) < 1e-6 })
    let forGood = await run(
      plan(outages: [TransferPlan.LinkOutage(node: 2, nic: 0, startSeconds: 0.5, seconds: nil)]))
    #expect(forGood.inFlight == 2 && forGood.observations.counts.completed == 0)
  }

  @Test("with links without end the pools do what they do with links of their own")
  func infinite() async {
    let requests = (0..<60).map { (index: Int32) -> (Int64, Int32, Int32) in
      (Int64(index) * 37_000_000, 200 + index, 1 + index % 20)
    }
    let shared = plan(decodes: 2, nic: 1e15, requests: requests)
    var own = shared
    own.prefill?.handOff.network = nil
    #expect(differences(await run(shared), await run(own)).isEmpty)
  }

  @Test("macro-stepped and single-stepped runs agree; half the bandwidth is never sooner", arguments: 0..<30)
  func laws(seed: Int) async {
    var cases = CaseGenerator(seed)
    var requests: [(Int64, Int32, Int32)] = []
    var now: Int64 = 0
    for _ in 0..<50 {
      now += Int64(cases.int(0...80_000_000))
      requests.append((now, Int32(cases.int(1...2000)), Int32(cases.int(2...60))))
    }
    let outage = TransferPlan.LinkOutage(node: 1, nic: 1, startSeconds: 1, seconds: 2)
    let fast = plan(decodes: cases.int(1...3), nic: 5e6, outages: [outage], requests: requests)
    let macro = await run(fast)
    #expect(differences(macro, await run(fast, macro: false)).isEmpty)
    var slow = fast
    slow.prefill?.handOff.network?.fabric.nicBytesPerSecond = 2.5e6
    let slower = await run(slow)
    let mean = macro.observations.meanSeconds(\.timeToFirstToken) ?? 0
    #expect((slower.observations.meanSeconds(\.timeToFirstToken) ?? 0) >= mean)
  }
}
