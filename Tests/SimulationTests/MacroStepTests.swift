import CostModel
import Testing
import Workload

@testable import Simulation

/// INV-5: taking runs of decode steps at once changes nothing that a user can see.
@Suite("INV-5: macro-stepped and single-stepped runs agree exactly")
struct MacroStepTests {
  @Test("random scenarios", arguments: 0..<400)
  func randomScenario(seed: Int) async {
    let plan = randomDeployment(seed: seed)
    var run = RunPlan(seed: UInt64(seed), recordsRequests: true)
    var cases = CaseGenerator(seed + 7)
    if cases.int(0...3) == 0 { run.horizon = SimTime(nanoseconds: Int64(cases.int(1...20)) * 1_000_000_000) }
    let macro = await Simulation.run(plan, run)
    run.macroSteps = false
    let single = await Simulation.run(plan, run)

    #expect(differences(macro, single).isEmpty)
    #expect(macro.events <= single.events)
  }

  @Test("a drained run takes far fewer events than steps")
  func fewerEvents() async {
    let plan = deployment(
      cost: linearCosts(step: 0.01, context: 1e-8),
      streams: [
        stream(.poisson(requestsPerSecond: 0.5), requests: 200, input: .fixed(100), output: .fixed(500))
      ])
    let outcome = await Simulation.run(plan, RunPlan())
    #expect(outcome.observations.counts.completed == 200)
    #expect(outcome.events * 10 < outcome.steps)
  }
}

/// A deployment drawn from what engines and workloads can be, small enough for thousands of steps.
func randomDeployment(seed: Int) -> DeploymentPlan {
  var cases = CaseGenerator(seed)
  let bound: ContextBound = cases.pick([.none, .none, .window(tokens: 100), .chunk(tokens: 64)])
  let cost = linearCosts(
    step: cases.double(0.001...0.02), token: cases.double(0...1e-5), context: cases.double(0...1e-6),
    pair: cases.double(0...1e-8), bounded: cases.double(0...1e-6), bound: bound, joules: cases.double(0...500)
  )
  let policy = cases.pick([CapacityPolicy.currentUse, .reserveToEnd])
  let blockTokens = cases.pick([1, 4, 16, 64])
  let batch = cases.int(1...32)
  let tight = cases.int(0...1) == 0
  let longest = 600
  let blocks = (longest / blockTokens + 8) * (tight ? cases.int(1...4) : 100)
  let rate = cases.double(0.5...30)
  let requests = cases.int(1...120)
  let arrivals: ArrivalProcess = cases.pick([
    .poisson(requestsPerSecond: rate), .offline(requests: requests),
    .gamma(requestsPerSecond: rate, coefficientOfVariation: 3), .deterministic(requestsPerSecond: rate),
    .closedLoop(concurrency: cases.int(1...20), thinkTimeSeconds: cases.pick([0, 0.3])),
  ])
  var closed = false
  if case .closedLoop = arrivals { closed = true }
  let lengths: [LengthDistribution] = [
    .fixed(cases.int(1...200)), .uniform(minimum: 1, maximum: 250),
    .lognormal(mean: 80, coefficientOfVariation: 1.5, minimum: 1, maximum: 250),
  ]
  let streams = (0..<(closed ? 1 : cases.int(1...2))).map { _ in
    stream(
      arrivals, requests: requests, input: cases.pick(lengths), output: cases.pick(lengths),
      maximumOutput: cases.int(100...300), seed: UInt64(seed),
      targets: LatencyTargets(timeToFirstToken: SimDuration(seconds: 0.5)),
      warmUp: closed ? cases.pick([0, 5]) : 0)
  }
  var plan = deployment(
    replicas: cases.int(1...5), batch: batch, tokens: max(batch, cases.pick([64, 300, 2048])),
    chunked: cases.int(0...2) > 0, policy: policy, blocks: blocks, blockTokens: blockTokens,
    fixed: cases.pick([0, 0, 3]), watermark: cases.pick([0, 0, 2]), cost: cost,
    router: cases.pick(RouterPolicy.allCases),
    frontEnd: cases.pick([FrontEnd(), FrontEnd(seconds: 0.02, secondsPerInputToken: 1e-5)]), streams: streams)
  vary(&plan.engine, seed: seed)
  plan.cost.queries = (plan.engine.speculation?.draftTokens ?? 0) + 1
  return plan
}

/// Schedulers of other frameworks for half of the seeds.
func vary(_ engine: inout EngineOptions, seed: Int) {
  var cases = CaseGenerator(seed + 1_000_003)
  switch seed % 4 {
  case 1:
    engine.batchWait = BatchWait(steps: cases.int(0...9), share: cases.pick([0, 0.1, 0.5, 1]))
    if cases.int(0...1) == 0 {
      engine.batchWait = nil
      engine.attentionBalance = AttentionBalance(
        groups: cases.int(2...5), timeoutSteps: cases.int(0...12), batchingSteps: cases.int(0...6))
    }
  case 3:
    engine.capacityPolicy = .currentUse
    engine.outputEstimate = OutputEstimate(conservativeness: cases.pick([0.2, 1, 1, 2]))
    engine.prefillPolicy = cases.pick([.prefillFirst, .prefillFirst, .mixed])
    engine.maximumPrefillTokens = cases.pick([.max, 100, 500])
    engine.receiveInterval = cases.pick([1, 1, 4, 15])
  default: break
  }
  if cases.int(0...4) == 0 {
    let drafts = cases.int(1...4)
    engine.speculation = Speculation(
      draftTokens: drafts, acceptanceLength: 1 + Double(drafts) * cases.pick([0, 0.3, 0.8, 1]))
  }
}
