import Testing
import Workload

@testable import Simulation

/// INV-4: replicas that run from report to report do what they do on one event queue, on any number of threads.
@Suite("INV-4: from report to report")
struct WindowedDriverTests {
  private func plan(_ seed: Int) -> DeploymentPlan {
    var plan = randomDeployment(seed: seed)
    var cases = CaseGenerator(seed + 77)
    plan.router = cases.pick([.leastOutstanding, .powerOfTwo])
    plan.replicas = cases.int(1...9)
    plan.loadReportSeconds = cases.pick([0.001, 0.02, 0.1, 1, 30])
    if cases.int(0...3) == 0 { plan.engine.maximumQueuedRequests = cases.int(1...6) }
    for index in plan.streams.indices {
      if case .closedLoop = plan.streams[index].arrivals {
        plan.streams[index].arrivals = .poisson(requestsPerSecond: 9)
        plan.streams[index].warmUpRequests = 0
      }
    }
    return plan
  }

  @Test(arguments: 0..<200) func agreesWithOneQueue(seed: Int) async {
    let plan = plan(seed)
    var cases = CaseGenerator(seed + 5)
    #expect(plan.runsFromReportToReport)
    var run = RunPlan(seed: UInt64(seed), recordsRequests: true)
    if cases.int(0...2) == 0 { run.horizon = SimTime(nanoseconds: Int64(cases.int(1...20)) * 400_000_000) }
    let windowed = await Simulation.run(plan, run)
    run.threads = 3
    let threaded = await Simulation.run(plan, run)
    #expect(differences(windowed, threaded).isEmpty)
    var driver = CoupledDriver(plan, run, progress: RunProgress())
    let coupled = Simulation.merge([driver.simulate()], plan, run)
    #expect(differences(windowed, coupled).isEmpty)
    #expect(windowed.inFlight == coupled.inFlight && windowed.end == coupled.end)
  }

  /// Two replicas, reports every 100 ms.
  ///
  /// Four requests in the first window go to both in turn; the first replica has
  /// finished its two short ones at once, but the router learns of it with the next report.
  @Test func theRouterLearnsWithTheNextReport() async {
    var plan = deployment(
      replicas: 2, batch: 8, tokens: 256, cost: linearCosts(step: 0.001),
      streams: [
        listedRequests(
          [(0, 1, 1), (1000, 1, 900), (50_000_000, 1, 1), (60_000_000, 1, 1), (100_000_000, 1, 1)],
          maximumOutput: 1000)
      ])
    plan.router = .leastOutstanding
    plan.loadReportSeconds = 0.1
    let outcome = await Simulation.run(plan, RunPlan(recordsRequests: true))
    #expect(outcome.observations.records.map(\.replica) == [0, 1, 0, 1, 0])
    plan.loadReportSeconds = 0
    let knowing = await Simulation.run(plan, RunPlan(recordsRequests: true))
    #expect(knowing.observations.records.map(\.replica) == [0, 1, 0, 0, 0])
  }

  @Test(arguments: [1, 2, 3, 7, 64, 100]) func theLeastLoadIsAtHand(replicas: Int) {
    var cases = CaseGenerator(replicas)
    var tree = LoadTree(replicas: replicas)
    var loads = [Int](repeating: 0, count: replicas)
    for _ in 0..<500 {
      let replica = cases.int(0...replicas - 1)
      let change = loads[replica] > 0 ? cases.pick([-1, 1, 1]) : 1
      loads[replica] += change
      tree.add(Int32(change), to: replica)
      #expect(tree.least == loads.firstIndex(of: loads.min() ?? 0))
    }
  }
}
