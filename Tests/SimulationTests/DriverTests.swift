import CostModel
import Testing
import Workload

@testable import Simulation

/// INV-14: who drives the replicas, and on how many threads, changes nothing.
@Suite("INV-14: drivers and threads agree")
struct DriverTests {
  /// A plan whose replicas are independent.
  private func independentPlan(_ seed: Int) -> DeploymentPlan {
    var (plan, _) = randomPlan(seed)
    var cases = CaseGenerator(seed + 17)
    plan.router = cases.pick([.roundRobin, .random])
    plan.replicas = cases.int(1...6)
    let processes: [ArrivalProcess] = [
      .poisson(requestsPerSecond: 20), .offline(requests: 50), .deterministic(requestsPerSecond: 50),
    ]
    for index in plan.streams.indices {
      if case .closedLoop = plan.streams[index].arrivals {
        plan.streams[index].arrivals = cases.pick(processes)
      }
      plan.streams[index].warmUpRequests = 0
    }
    return plan
  }

  private func run(_ seed: Int) -> RunPlan {
    var cases = CaseGenerator(seed + 19)
    let ends = cases.int(0...1) == 0
    return RunPlan(
      seed: UInt64(seed), horizon: ends ? SimTime(nanoseconds: Int64(cases.int(1...4000)) * 1_000_000) : nil,
      recordsRequests: true)
  }

  @Test("independent replicas on one event queue", arguments: 0..<300)
  func coupled(seed: Int) async {
    let plan = independentPlan(seed)
    var run = run(seed)
    // A backlog refuses requests when it comes to them, the router when they come: the same once all are through.
    if case .offline = plan.streams[0].arrivals, plan.streams.count == 1 { run.horizon = nil }
    #expect(plan.runsIndependently)
    let independent = await Simulation.run(plan, run)
    var driver = CoupledDriver(plan, run, progress: RunProgress())
    let coupled = Simulation.merge([driver.simulate()], plan, run)
    var names = differences(independent, coupled)
    // Requests of a backlog have not come to their replica yet.
    if case .offline = plan.streams[0].arrivals, plan.streams.count == 1 { names.removeAll { $0 == "peak" } }
    #expect(names.isEmpty)
  }

  @Test("1, 2, 3 threads", arguments: 0..<150)
  func threads(seed: Int) async {
    let plan = independentPlan(seed)
    var run = run(seed)
    let one = await Simulation.run(plan, run)
    for threads in [2, 3] {
      run.threads = threads
      #expect(differences(one, await Simulation.run(plan, run), events: true).isEmpty)
    }
  }

  @Test("a backlog and requests in memory", arguments: 0..<60)
  func backlog(seed: Int) async {
    // An offline stream beside which a second one sends nothing waits in memory.
    var plan = independentPlan(seed)
    plan.router = .roundRobin
    plan.streams = [plan.streams[0]]
    plan.streams[0].arrivals = .offline(requests: 60)
    plan.streams[0].requests = nil
    let run = RunPlan(seed: UInt64(seed), recordsRequests: true)
    let outside = await Simulation.run(plan, run)
    plan.streams.append(stream(.offline(requests: 1), requests: 0, input: .fixed(1), output: .fixed(1)))
    let inside = await Simulation.run(plan, run)
    // Requests in memory are a replica's at once, others when it comes to them.
    #expect(differences(outside, inside).filter { $0 != "peak" }.isEmpty)
  }

  @Test("INV-15: the same seed gives the same run, another seed another", arguments: 0..<40)
  func seeds(seed: Int) async {
    let (plan, _) = randomPlan(seed)
    let run = RunPlan(seed: 5, recordsRequests: true)
    let first = await Simulation.run(plan, run)
    #expect(differences(first, await Simulation.run(plan, run), events: true).isEmpty)
  }

  @Test("INV-15: another seed or replication draws other arrivals")
  func otherSeeds() async {
    let plan = deployment(
      cost: linearCosts(step: 0.01),
      streams: [
        stream(.poisson(requestsPerSecond: 5), requests: 50, input: .fixed(9), output: .fixed(20)),
        stream(.poisson(requestsPerSecond: 5), requests: 50, input: .fixed(9), output: .fixed(20)),
      ])
    func arrivals(_ run: RunPlan, _ plan: DeploymentPlan) async -> [[Int64]] {
      var run = run
      run.recordsRequests = true
      let records = await Simulation.run(plan, run).observations.records
      return [0, 1].map { stream in records.filter { $0.stream == stream }.map(\.arrival.nanoseconds) }
    }
    let base = await arrivals(RunPlan(seed: 1), plan)
    #expect(base[0] != base[1])
    #expect(await arrivals(RunPlan(seed: 2), plan)[0] != base[0])
    #expect(await arrivals(RunPlan(seed: 1, replication: 1), plan)[0] != base[0])
    var renamed = plan
    renamed.name = "another"
    #expect(await arrivals(RunPlan(seed: 1), renamed)[0] != base[0])
    // A stream more, or fewer, and another router leave the arrivals of the others alone.
    var alone = plan
    alone.streams.removeLast()
    #expect(await arrivals(RunPlan(seed: 1), alone)[0] == base[0])
    var more = plan
    more.streams.append(
      stream(.poisson(requestsPerSecond: 90), requests: 500, input: .fixed(2), output: .fixed(2)))
    #expect(await arrivals(RunPlan(seed: 1), more) == base)
  }

  @Test("INV-15: two routers see the same requests", arguments: 0..<20)
  func commonRandomNumbers(seed: Int) async {
    var plan = independentPlan(seed)
    plan.replicas = 4
    var seen: [[String]] = []
    for router in RouterPolicy.allCases {
      plan.router = router
      let outcome = await Simulation.run(plan, RunPlan(seed: 9, recordsRequests: true))
      seen.append(
        outcome.observations.records.map {
          "\($0.stream) \($0.index) \($0.arrival.nanoseconds) \($0.inputTokens) \($0.outputTokens)"
        })
    }
    #expect(seen[0] == seen[1])
    #expect(seen[0] == seen[2])
  }
}
