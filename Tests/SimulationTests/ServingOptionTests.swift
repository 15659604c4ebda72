import CostModel
import Testing
import Workload

@testable import Simulation

/// A deployment with options of schedulers, clients and admission drawn beside everything else.
func optionedDeployment(seed: Int) -> DeploymentPlan {
  var plan = randomDeployment(seed: seed)
  var cases = CaseGenerator(seed + 77_777)
  let budgeted = plan.engine.outputEstimate == nil
  plan.engine.queueOrder = cases.pick(QueueOrder.allCases)
  plan.engine.maximumQueuedRequests = cases.pick([.max, .max, 1, 5, 20])
  if budgeted, plan.engine.chunkedPrefill, plan.engine.batchWait == nil {
    plan.engine.longPrefillThreshold = cases.pick([.max, 10, 40])
  }
  if budgeted, plan.engine.speculation == nil {
    if cases.int(0...1) == 0 {
      plan.engine.preemption = .swap(
        SwapSpace(blocks: cases.pick([5, 50, 5000]), secondsPerBlock: cases.pick([1e-6, 1e-4])))
    }
    if cases.int(0...3) == 0, plan.engine.batchWait == nil {
      plan.engine.batching = .static
      plan.engine.capacityPolicy = .reserveToEnd
    }
  }
  plan.tenants = [
    Tenant(
      name: "a", requestsPerSecond: cases.pick([nil, 5]), inputTokensPerSecond: cases.pick([nil, 400]),
      burstSeconds: cases.pick([1, 10]), excess: cases.pick(Tenant.Excess.allCases))
  ]
  if cases.int(0...2) == 0 {
    plan.shedding = [Shedding(priority: 1, above: cases.double(0.05...1))]
  }
  for index in plan.streams.indices {
    plan.streams[index].priority = cases.int(-2...4)
    if cases.int(0...1) == 0 {
      plan.streams[index].thinking = RequestLengths(
        input: .fixed(1), output: .uniform(minimum: 1, maximum: 60), seed: UInt64(seed))
    }
    if cases.int(0...1) == 0 {
      plan.streams[index].patience = Patience(
        firstTokenSeconds: cases.pick([nil, 0.05, 1]), totalSeconds: cases.pick([nil, 0.3, 4]),
        leavingShare: cases.pick([0, 0.3]), leavingMeanSeconds: 0.2, seed: UInt64(seed), name: "t\(index)")
    }
    if cases.int(0...2) == 0 { plan.streams[index].tenant = 0 }
    if cases.int(0...3) == 0 {
      plan.streams[index].deferral = Deferral(
        below: cases.double(0.1...1), withinSeconds: cases.pick([nil, 2]))
    }
  }
  return plan
}

/// INV-1, INV-5: options of schedulers, clients and admission, in any mixture.
@Suite("INV-1, INV-5: mixtures of serving options lose nothing, and stretches change nothing")
struct ServingOptionTests {
  @Test("random scenarios", arguments: 0..<400)
  func randomScenario(seed: Int) async {
    let plan = optionedDeployment(seed: seed)
    var run = RunPlan(seed: UInt64(seed), recordsRequests: true)
    if seed % 4 == 0 { run.horizon = SimTime(nanoseconds: Int64(1 + seed % 7) * 1_000_000_000) }
    let macro = await Simulation.run(plan, run)
    run.macroSteps = false
    let single = await Simulation.run(plan, run)
    #expect(differences(macro, single).isEmpty)
    let counts = macro.observations.counts
    #expect(
      counts.arrived
        == counts.completed + counts.rejected + counts.cancelled + counts.failed + macro.inFlight)
    #expect(counts.refusedByQueue + counts.refusedByLimit + counts.shed <= counts.rejected)
    if run.horizon == nil { #expect(macro.inFlight == 0) }
  }

  @Test("with prefill pools and failures", arguments: 0..<120)
  func pools(seed: Int) async {
    var plan = optionedDeployment(seed: seed)
    var cases = CaseGenerator(seed + 99)
    plan.engine.batching = .inFlight
    var engine = plan.engine
    engine.speculation = nil
    engine.preemption = .recompute
    var cost = plan.cost
    cost.queries = 1
    plan.prefill = PrefillPool(
      replicas: cases.int(1...3), acceleratorsPerReplica: 1, engine: engine, cache: plan.cache, cost: cost,
      handOff: HandOff())
    plan.prefill?.handOff.firstToken = cases.pick([.prefill, .handOff, .decode])
    if cases.int(0...1) == 0 {
      plan.faults = FaultPlan(
        domains: [
          FaultDomain(
            name: "rack", replicas: [0],
            outages: [FaultDomain.Outage(startSeconds: cases.double(0...3), seconds: 0.5)])
        ], onLoss: cases.pick(LossPolicy.allCases))
    }
    var run = RunPlan(seed: UInt64(seed), recordsRequests: true)
    let macro = await Simulation.run(plan, run)
    run.macroSteps = false
    let single = await Simulation.run(plan, run)
    #expect(differences(macro, single).isEmpty)
    let counts = macro.observations.counts
    #expect(
      counts.arrived
        == counts.completed + counts.rejected + counts.cancelled + counts.failed + macro.inFlight)
    #expect(macro.inFlight == 0)
  }
}
