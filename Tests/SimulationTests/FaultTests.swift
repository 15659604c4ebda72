import CostModel
import Testing
import Workload

@testable import Simulation

@Suite("Replicas that fail")
struct FaultTests {
  /// Steps of 0.1 s; requests as listed.
  private func plan(
    _ requests: [(Int64, Int32, Int32)], replicas: Int = 2, domains: [FaultDomain], onLoss: LossPolicy
  ) -> DeploymentPlan {
    var plan = deployment(
      replicas: replicas, cost: linearCosts(step: 0.1),
      streams: [listedRequests(requests, maximumOutput: 100)])
    plan.faults = FaultPlan(domains: domains, onLoss: onLoss)
    return plan
  }

  private func run(_ plan: DeploymentPlan, macro: Bool = true, horizon: SimTime? = nil) async
    -> DeploymentOutcome
  {
    await Simulation.run(plan, RunPlan(horizon: horizon, macroSteps: macro, recordsRequests: true))
  }

  private static func outage(_ replica: Int, at start: Double, for seconds: Double?) -> FaultDomain {
    FaultDomain(
      name: "replica \(replica)", replicas: [replica],
      outages: [FaultDomain.Outage(startSeconds: start, seconds: seconds)])
  }

  @Test("token by token: the request of a replica that fails goes on elsewhere, starts again, or is lost")
  func handWorked() async {
    // One request of 10 tokens: prompt until 0.1 s, then a token each 0.1 s. Its replica fails at 0.55 s: five tokens
    // are out, the sixth was under way.
    let requests: [(Int64, Int32, Int32)] = [(0, 20, 10)]
    let migrated = await run(
      plan(requests, domains: [Self.outage(0, at: 0.55, for: 10)], onLoss: .migrate))
    let record = migrated.observations.records.first
    #expect(record?.replica == 1)
    #expect(record?.firstToken == SimTime(nanoseconds: 100_000_000))
    // At 0.55 s the other replica computes 20 + 5 tokens and with them the sixth, at 0.65 s; four more follow.
    #expect(record?.completed == SimTime(nanoseconds: 1_050_000_000))
    #expect(migrated.faults.interrupted == 1 && migrated.faults.failures == 1)
    #expect(migrated.faults.lostTokens == 24)
    #expect(migrated.observations.counts.outputTokens == 10)

    let again = await run(plan(requests, domains: [Self.outage(0, at: 0.55, for: 10)], onLoss: .retry))
    #expect(again.observations.records.first?.firstToken == SimTime(nanoseconds: 650_000_000))
    #expect(again.observations.records.first?.completed == SimTime(nanoseconds: 1_550_000_000))
    #expect(again.observations.counts.outputTokens == 15)

    let lost = await run(plan(requests, domains: [Self.outage(0, at: 0.55, for: 10)], onLoss: .fail))
    #expect(lost.observations.counts.failed == 1 && lost.observations.counts.completed == 0)
  }

  @Test("where no replica works requests wait for a repair; where none will come they are lost")
  func allDown() async {
    let requests: [(Int64, Int32, Int32)] = [(0, 20, 5), (1_000_000_000, 20, 5)]
    let rack = FaultDomain(
      name: "rack", replicas: [0, 1], outages: [.init(startSeconds: 0.25, seconds: 3)])
    let outcome = await run(plan(requests, domains: [rack], onLoss: .retry))
    #expect(outcome.observations.records.map(\.scheduled.nanoseconds) == [0, 3_250_000_000])
    #expect(
      outcome.observations.records.map(\.firstToken.nanoseconds) == [3_350_000_000, 3_350_000_000])
    #expect(abs(outcome.faults.downSeconds - 6) < 1e-9)
    let forGood = FaultDomain(
      name: "rack", replicas: [0, 1], outages: [.init(startSeconds: 0.25, seconds: nil)])
    let none = await run(plan(requests, domains: [forGood], onLoss: .retry))
    #expect(none.observations.counts.failed == 2 && none.inFlight == 0)
  }

  @Test("nothing is dropped, and macro-stepped and single-stepped runs agree", arguments: 0..<400)
  func random(seed: Int) async {
    var cases = CaseGenerator(seed + 5)
    var plan = randomDeployment(seed: seed)
    if cases.int(0...1) == 0, plan.engine.speculation == nil {
      plan.prefill = PrefillPool(
        replicas: cases.int(1...3), acceleratorsPerReplica: 1, engine: plan.engine, cache: plan.cache,
        cost: plan.cost, router: cases.pick(RouterPolicy.allCases),
        handOff: HandOff(
          delaySeconds: 0.05, secondsPerToken: 1e-4, firstToken: cases.pick(FirstTokenSource.allCases)))
    }
    let all = plan.allReplicas
    var domains = (0..<all).map {
      FaultDomain(
        name: "replica \($0)", replicas: [$0], meanSecondsToFailure: cases.double(1...20),
        meanSecondsToRepair: cases.double(0.1...3))
    }
    if cases.int(0...1) == 0 {
      domains.append(
        FaultDomain(
          name: "all", replicas: Array(0..<all),
          outages: [.init(startSeconds: 2, seconds: cases.double(0.5...2))]))
    }
    if cases.int(0...2) == 0 {
      domains += (0..<all).map {
        FaultDomain(
          name: "slow \($0)", replicas: [$0], meanSecondsToFailure: cases.double(1...5),
          meanSecondsToRepair: cases.double(0.5...3), slowdown: cases.double(1.01...4))
      }
    }
    plan.faults = FaultPlan(
      domains: domains, onLoss: cases.pick(LossPolicy.allCases),
      spares: PoolSizes(prefill: cases.int(0...1), decode: cases.int(0...2)),
      takeoverSeconds: cases.pick([0, 0.25, 2]))
    let horizon = SimTime(nanoseconds: 30_000_000_000)
    let macro = await run(plan, horizon: horizon)
    let single = await run(plan, macro: false, horizon: horizon)
    #expect(differences(macro, single).isEmpty)
    #expect(macro.faults == single.faults)
    let counts = macro.observations.counts
    #expect(
      counts.arrived == counts.completed + counts.rejected + counts.failed + macro.inFlight, "seed \(seed)")
  }

  @Test("a drained run with failures for ever ends when its requests are done")
  func ends() async {
    let domain = FaultDomain(
      name: "a", replicas: [0], meanSecondsToFailure: 2, meanSecondsToRepair: 0.5)
    let requests = (0..<50).map { (Int64($0) * 400_000_000, Int32(30), Int32(8)) }
    let outcome = await run(plan(requests, domains: [domain], onLoss: .migrate))
    #expect(outcome.observations.counts.completed == 50 && outcome.faults.failures > 3)
    #expect(outcome.end.seconds < 40)
  }

  @Test(
    "replicas are out of service for the share of time that mean times to failure and to repair say")
  func laws() async {
    func outcome(mtbf: Double) async -> DeploymentOutcome {
      let domains = (0..<20).map {
        FaultDomain(
          name: "replica \($0)", replicas: [$0], meanSecondsToFailure: mtbf, meanSecondsToRepair: 10)
      }
      let stream = stream(
        .poisson(requestsPerSecond: 20), input: .fixed(50), output: .fixed(20), maximumOutput: 20)
      var plan = deployment(replicas: 20, cost: linearCosts(step: 0.01), streams: [stream])
      plan.faults = FaultPlan(domains: domains)
      return await run(plan, horizon: SimTime(nanoseconds: 2_000_000_000_000))
    }
    let often = await outcome(mtbf: 500)
    let seldom = await outcome(mtbf: 1000)
    // Out of service mttr / (mtbf + mttr) of 40,000 replica-seconds, with 80 and 40 failures: 20 % is 2 standard errors.
    #expect(abs(often.faults.downSeconds / (40_000 * 10.0 / 510) - 1) < 0.35)
    #expect(abs(seldom.faults.downSeconds / (40_000 * 10.0 / 1010) - 1) < 0.45)
    #expect(often.faults.failures > seldom.faults.failures)
  }

  @Test("what is out of service gets nothing, and the rest shares it", arguments: RouterPolicy.allCases)
  func shares(router: RouterPolicy) async {
    let stream = stream(
      .poisson(requestsPerSecond: 10), requests: 600, input: .fixed(50), output: .fixed(20), maximumOutput: 20
    )
    var plan = deployment(replicas: 6, cost: linearCosts(step: 0.02), router: router, streams: [stream])
    plan.faults = FaultPlan(domains: [Self.outage(1, at: 0, for: nil), Self.outage(2, at: 0, for: nil)])
    let outcome = await run(plan)
    var served = Array(repeating: 0, count: 6)
    for record in outcome.observations.records { served[Int(record.replica)] += 1 }
    #expect(served.reduce(0, +) == 600 && served[1] == 0 && served[2] == 0)
    // A quarter each; loads that tie go to the lowest number.
    #expect(served[3...].allSatisfy { $0 > 40 }, "\(served)")
  }
}
