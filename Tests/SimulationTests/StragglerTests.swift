import CostModel
import Testing

@testable import Simulation

@Suite("Stragglers, and spares that take over")
struct StragglerTests {
  private static let second = 1_000_000_000.0

  /// Steps of 0.1 s; one request an entry: when it is sent (s), prompt and answer tokens.
  private func run(
    _ requests: [(Double, Int32, Int32)], replicas: Int = 1, _ faults: FaultPlan, macro: Bool = true
  ) async -> DeploymentOutcome {
    var plan = deployment(
      replicas: replicas, cost: linearCosts(step: 0.1),
      streams: [
        listedRequests(requests.map { (Int64($0.0 * Self.second), $0.1, $0.2) }, maximumOutput: 100)
      ])
    plan.faults = faults
    return await Simulation.run(plan, RunPlan(macroSteps: macro, recordsRequests: true))
  }

  private func completed(_ outcome: DeploymentOutcome) -> [Double] {
    outcome.observations.records.map { (Double($0.completed.nanoseconds) / 1e6).rounded() / 1e3 }
  }

  /// From 0.25 s to 0.65 s steps take twice as long: those that begin then.
  ///
  /// Tokens of the one request are out at 0.1, 0.2, 0.3 (the step that the slowdown finds under way), 0.5, 0.7 (the
  /// step that its end finds), 0.8, … 1.2.
  @Test("token by token: the step under way keeps its pace", arguments: [true, false])
  func slowSteps(macro: Bool) async {
    let slow = FaultDomain(
      name: "slow", replicas: [0], outages: [.init(startSeconds: 0.25, seconds: 0.4)], slowdown: 2)
    let outcome = await run([(0, 20, 10)], FaultPlan(domains: [slow]), macro: macro)
    #expect(completed(outcome) == [1.2])
    #expect(abs(outcome.faults.slowSeconds - 0.4) < 1e-9)
    #expect(outcome.faults.failures == 0 && outcome.faults.interrupted == 0)
    // Slow steps do the same work: the same energy above idle.
    let even = await run([(0, 20, 10)], FaultPlan(domains: []))
    #expect(abs(outcome.cost[.energy] - even.cost[.energy]) < 1e-9)
    #expect(abs(outcome.cost[.time] - even.cost[.time] - 0.2) < 1e-9)
  }

  /// The slowest of those that are slow sets the pace: 3 while both are, 2 before and after.
  @Test func theSlowestSetsThePace() async {
    let domains = [(0.05, 2.0, 2.0), (0.35, 0.4, 3.0)].enumerated().map { index, domain in
      FaultDomain(
        name: "\(index)", replicas: [0],
        outages: [.init(startSeconds: domain.0, seconds: domain.1)], slowdown: domain.2)
    }
    let outcome = await run([(0, 20, 5)], FaultPlan(domains: domains))
    // 0.1; 0.3, 0.5 at 2; 0.8 at 3; then 2 again: 1.0.
    #expect(completed(outcome) == [1.0])
  }

  /// The only replica fails at 0.55 s for 10 s; a spare serves from 1.55 s on, and what befalls the old place at 3 s is
  /// not felt.
  ///
  /// It is repaired at 10.55 s: the next failure, at 11 s, finds a spare again.
  @Test func aSpareTakesOver() async {
    let domain = FaultDomain(
      name: "place", replicas: [0],
      outages: [.init(startSeconds: 0.55, seconds: 10), .init(startSeconds: 11.05, seconds: 1)])
    let felt = FaultDomain(name: "rack", replicas: [0], outages: [.init(startSeconds: 3, seconds: 1)])
    let faults = FaultPlan(
      domains: [domain, felt], spares: PoolSizes(prefill: 0, decode: 1), takeoverSeconds: 1)
    let outcome = await run([(0, 20, 10), (2.5, 20, 10), (11, 20, 10)], faults)
    // The second begins when the first is done, at 2.55 s, and runs through the rack's failure; the third begins anew at 12.05 s, when the place is repaired and the
    // spare is ready.
    #expect(completed(outcome) == [2.55, 3.55, 13.05])
    #expect(outcome.faults.failures == 2)
    #expect(abs(outcome.faults.downSeconds - 2) < 1e-9)
  }

  /// Two fail and one spare stands by: the first gets it; when its place is repaired the second does, unless its own is
  /// repaired before.
  @Test(arguments: [(20.0, 7.5), (3.0, 3.5)])
  func whoIsSecondWaits(repair: Double, back: Double) async {
    let domains = [
      FaultDomain(name: "a", replicas: [0], outages: [.init(startSeconds: 0.5, seconds: 6)]),
      FaultDomain(name: "b", replicas: [1], outages: [.init(startSeconds: 0.5, seconds: repair)]),
    ]
    let faults = FaultPlan(
      domains: domains, spares: PoolSizes(prefill: 0, decode: 1), takeoverSeconds: 1)
    let outcome = await run([(0, 20, 2), (30, 20, 2)], replicas: 2, faults)
    #expect(abs(outcome.faults.downSeconds - (1 + back - 0.5)) < 1e-9)
    #expect(outcome.faults.takeovers == (repair > 6 ? 2 : 1))
  }
}
