import CostModel
import Testing
import Workload

@testable import Simulation

/// INV-7: fleets that follow the load, are updated, or share accelerators between pools.
///
/// Times are in nanoseconds. A step takes 1000 and 10 for each token that it processes.
@Suite("INV-7: fleets that change while they run")
struct FleetTests {
  private let costs = NanosecondCosts(step: 1000, token: 10)

  private func plan(
    replicas: Int, batch: Int = 2, _ requests: [(arrival: Int64, input: Int32, output: Int32)]
  ) -> DeploymentPlan {
    deployment(
      replicas: replicas, batch: batch, blockTokens: 1, cost: costs.table(), router: .leastOutstanding,
      streams: [listedRequests(requests, maximumOutput: 1000)])
  }

  /// Runs in stretches and in single steps; both agree.
  private func run(_ plan: DeploymentPlan) async -> DeploymentOutcome {
    var run = RunPlan(recordsRequests: true)
    let outcome = await Simulation.run(plan, run)
    run.macroSteps = false
    let single = await Simulation.run(plan, run)
    #expect(differences(outcome, single).isEmpty)
    #expect(outcome.fleet == single.fleet)
    return outcome
  }

  @Test("a pool grows to what its load asks for, and serves when the model is loaded")
  func scaleUp() async {
    // One of three replicas serves, of two slots. At 10,000 it has six requests: six times the 50 % asked for, so that the
    // other two start, and serve from 15,000. What comes at 12,000 still goes to the first, at 16,000 to the second, at
    // 16,001 to the third.
    var plan = plan(
      replicas: 3,
      [
        (0, 10, 90), (0, 10, 90), (0, 10, 90), (0, 10, 90), (0, 10, 90), (0, 10, 90), (12_000, 10, 1),
        (16_000, 10, 1), (16_001, 10, 1),
      ])
    var fleet = FleetPlan()
    fleet.autoscaling = Autoscaling(
      initial: 1, minimum: 1, signal: .utilisation(0.5), intervalSeconds: 10e-6, startSeconds: 5e-6)
    plan.fleet = fleet
    let outcome = await run(plan)
    #expect(outcome.observations.records.map(\.replica) == [0, 0, 0, 0, 0, 0, 0, 1, 2])
    #expect(outcome.fleet?.starts == 2)
    #expect(outcome.fleet?.peak == 3)
    #expect(outcome.fleet?.drains == 0)
  }

  @Test("a pool shrinks when the largest size asked for of late is smaller, after what it has is done")
  func scaleDown() async throws {
    // Three of three serve one request each of 10 tokens: 1100 and 9 decodes of 1010, to 10,190. At 5000 each has half of its
    // slots taken, as asked for. At 10,000 too; at 15,000 none: two are drained, and gone at once. At 20,000 the first one
    // gets all.
    var plan = plan(replicas: 3, [(0, 10, 10), (0, 10, 10), (0, 10, 10), (20_000, 10, 1), (20_001, 10, 1)])
    var fleet = FleetPlan()
    fleet.autoscaling = Autoscaling(
      initial: 3, minimum: 1, signal: .utilisation(0.5), intervalSeconds: 5e-6, startSeconds: 5e-6,
      stabilisationSeconds: 0)
    plan.fleet = fleet
    let outcome = await run(plan)
    #expect(outcome.observations.records.map(\.replica) == [0, 1, 2, 0, 0])
    #expect(outcome.fleet?.drains == 2)
    // R3 runs from 20,000 to 21,100, R4 after it to 22,200. Three replicas until 15,000, then one.
    let seconds = try #require(outcome.fleet?.onSeconds)
    #expect(abs(seconds - (3 * 15_000 + 7200) * 1e-9) < 1e-12)
  }

  @Test("an update takes replicas out one by one, each when it has nothing left to do")
  func update() async {
    // Each of two serves a request to 3120. The update begins at 1500: the second gets nothing new until it is done...
    // The first one is drained first: what comes at 2000 and 4000 goes to the second. At 3120 the first is out, for
    // 5000, to 8120. Then the second is drained: it has nothing. What comes at 8500 and 8501 goes to the first.
    var plan = plan(
      replicas: 2, [(0, 10, 3), (0, 10, 3), (2000, 10, 1), (4000, 10, 1), (8500, 10, 1), (8501, 10, 1)])
    var fleet = FleetPlan()
    fleet.update = RollingUpdate(startSeconds: 1500e-9, atOnce: 1, restartSeconds: 5000e-9)
    plan.fleet = fleet
    let outcome = await run(plan)
    #expect(outcome.observations.records.map(\.replica) == [0, 1, 1, 1, 0, 0])
    #expect(outcome.fleet?.drains == 2)
    #expect(outcome.fleet?.starts == 2)
  }

  @Test("an update of the only replica: requests wait for it")
  func updateOfOne() async {
    // R0 to 3120; out until 8120; R1, sent at 4000, starts then.
    var plan = plan(replicas: 1, [(0, 10, 3), (4000, 10, 1)])
    var fleet = FleetPlan()
    fleet.update = RollingUpdate(startSeconds: 1500e-9, atOnce: 1, restartSeconds: 5000e-9)
    plan.fleet = fleet
    let outcome = await run(plan)
    #expect(outcome.observations.records.map(\.scheduled.nanoseconds) == [0, 8120])
    #expect(outcome.observations.counts.failed == 0)
  }

  private func pools(_ requests: [(arrival: Int64, input: Int32, output: Int32)], prefill: Int, decode: Int)
    -> DeploymentPlan
  {
    var plan = plan(replicas: decode, batch: 8, requests)
    plan.prefill = PrefillPool(
      replicas: prefill, acceleratorsPerReplica: 1, engine: plan.engine, cache: plan.cache, cost: plan.cost,
      router: .leastOutstanding)
    return plan
  }

  @Test("a planner gives a decode replica's accelerator to the prefill pool that misses its target")
  func planner() async {
    // One of two prefill replicas and two of two decode replicas serve. Prompts of 1000 tokens, 11,000 each, come every
    // 6000: times to first token grow beyond the 20,000 asked for, while decoding is far below its target.
    let requests = (0..<60).map { (arrival: Int64($0) * 6000, input: Int32(1000), output: Int32(2)) }
    var plan = pools(requests, prefill: 2, decode: 2)
    var fleet = FleetPlan()
    fleet.planner = PoolPlanner(
      timeToFirstTokenSeconds: 20e-6, timePerOutputTokenSeconds: 1e-3, intervalSeconds: 50e-6,
      startSeconds: 10e-6,
      initial: PoolSizes(prefill: 1, decode: 2))
    let fixed = await run(plan)
    plan.fleet = fleet
    let outcome = await run(plan)
    #expect(outcome.fleet?.drains == 1)
    #expect(outcome.fleet?.starts == 1)
    #expect(outcome.fleet?.peak == 3)
    #expect(plan.accelerators == 3)
    // Until the second one serves everything goes to the first, then to both, numbered 0 and 1; 2 and 3 decode.
    #expect(outcome.observations.counts.completed == 60)
    #expect(fixed.observations.counts.completed == 60)
    var still = plan
    still.fleet?.planner?.timeToFirstTokenSeconds = 1
    let unplanned = await run(still)
    #expect(unplanned.fleet?.starts == 0)
    let mean = { (outcome: DeploymentOutcome) in outcome.observations.meanSeconds(\.timeToFirstToken) ?? 0 }
    #expect(mean(outcome) < mean(unplanned))
    #expect(mean(fixed) < mean(outcome))
  }

  @Test("short prompts stay where they are answered")
  func localPrefill() async {
    // Replica 0 works on prompts, 1 answers. A prompt of 50 tokens is below 100: 1500 on replica 1, and a decode, to 2510.
    var plan = pools([(0, 50, 2), (0, 100, 2)], prefill: 1, decode: 1)
    plan.prefill?.handOff.localPrefillBelow = 100
    let outcome = await run(plan)
    let first = outcome.observations.records[0]
    #expect(first.firstToken.nanoseconds == 1500)
    #expect(outcome.pools[0].steps == 1)
    plan.prefill?.handOff.localPrefillBelow = 0
    #expect(await run(plan).observations.records[0].firstToken.nanoseconds > 1500)
  }

  @Test("nothing is lost, whatever the fleet does", arguments: 0..<150)
  func randomFleet(seed: Int) async {
    var plan = optionedDeployment(seed: seed)
    var cases = CaseGenerator(seed + 4242)
    plan.replicas = cases.int(2...5)
    func signal() -> ScalingSignal {
      cases.pick([
        .utilisation(0.4), .queue(2), .timeToFirstToken(seconds: 0.2), .timePerOutputToken(seconds: 0.02),
      ])
    }
    func rule(_ most: Int) -> Autoscaling {
      Autoscaling(
        initial: cases.int(1...most), minimum: 1, signal: signal(), intervalSeconds: cases.pick([0.1, 1]),
        startSeconds: cases.pick([0, 0.3]), stabilisationSeconds: cases.pick([0, 1]))
    }
    var fleet = FleetPlan()
    if cases.int(0...1) == 0 {
      fleet.update = RollingUpdate(startSeconds: 0.5, atOnce: cases.int(1...2), restartSeconds: 0.2)
    }
    if cases.int(0...1) == 0, plan.engine.batching == .inFlight {
      var engine = plan.engine
      engine.speculation = nil
      engine.preemption = .recompute
      var cost = plan.cost
      cost.queries = 1
      let most = cases.int(1...3)
      plan.prefill = PrefillPool(
        replicas: most, acceleratorsPerReplica: cases.int(1...2), engine: engine, cache: plan.cache,
        cost: cost,
        handOff: HandOff())
      plan.prefill?.handOff.localPrefillBelow = cases.pick([0, 0, 50])
      plan.engine.preemption = .recompute
      if cases.int(0...1) == 0 {
        fleet.planner = PoolPlanner(
          timeToFirstTokenSeconds: cases.pick([0.05, 0.5]),
          timePerOutputTokenSeconds: cases.pick([0.01, 0.1]),
          intervalSeconds: 0.3, startSeconds: 0.2,
          initial: PoolSizes(prefill: cases.int(1...most), decode: cases.int(1...plan.replicas)))
      } else {
        fleet.prefillAutoscaling = rule(most)
        fleet.autoscaling = rule(plan.replicas)
      }
    } else {
      fleet.autoscaling = rule(plan.replicas)
    }
    plan.fleet = fleet
    if cases.int(0...2) == 0 {
      plan.faults = FaultPlan(
        domains: [
          FaultDomain(
            name: "rack", replicas: [0, 1],
            outages: [FaultDomain.Outage(startSeconds: cases.double(0...2), seconds: 0.5)])
        ], onLoss: cases.pick(LossPolicy.allCases))
    }
    let outcome = await run(plan)
    let counts = outcome.observations.counts
    #expect(
      counts.arrived
        == counts.completed + counts.rejected + counts.cancelled + counts.failed + outcome.inFlight)
    #expect(outcome.inFlight == 0)
  }
}
