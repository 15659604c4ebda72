import Results
import Scenario
import Simulation
import Workload

/// How a scenario is simulated for a person who waits: whole where that is quick, else cut short, else by sampling.
struct ExplorerRun: Sendable {
  /// What runs.
  private(set) var scenario: ResolvedScenario
  /// What was left out, for the person; nil: nothing, it is the run of `tokenmill run`.
  private(set) var note: String?

  /// Requests that are simulated at most, some seconds' worth.
  static let mostRequests = 500_000.0
  /// The same where prefix caches keep the blocks of each prompt.
  static let mostWithPrefixes = 50_000.0
  /// The same where all requests are there from the start: most of their steps are taken at once.
  static let mostOffline = 2_000_000.0
  /// A run that is cut short has so many times the requests that are in flight at once, and so many at least.
  private static let turnovers = 6.0
  private static let fewestRequests = 20_000.0
  /// Replicas of the scale model of a large deployment, and of each of its cells.
  private static let sample = (replicas: 8, cells: 2)

  /// Settles how a scenario is simulated; nil where it is too large even so.
  ///
  /// - Parameters:
  ///   - scenario: the scenario.
  ///   - estimate: what it does.
  init?(_ scenario: ResolvedScenario, _ estimate: SteadyStateEstimate) {
    self.scenario = scenario
    let state = estimate.mean
    let rate = max(state.deployments.reduce(0) { $0 + $1.offeredRequestsPerSecond }, 1e-9)
    let seconds = scenario.run.horizon.map { Double($0.nanoseconds) * 1e-9 }
    let timed = seconds.map { $0 * rate }
    let stated = RunStudy(scenario).requests.map(Double.init)
    let all = [timed, stated].compactMap { $0 }.min() ?? .infinity
    let hasPrefixes = scenario.deployments.contains { $0.plan.prefixCache != nil }
    let isOffline = state.deployments.allSatisfy { $0.load == .offline }
    let most = hasPrefixes ? Self.mostWithPrefixes : isOffline ? Self.mostOffline : Self.mostRequests
    if all <= most, scenario.run.sample == nil { return }

    // What waits from the start is not in flight, and what can't settle takes as long as what is full.
    let flight = state.deployments.reduce(0) {
      let full = 2 * $1.meanBatch * Double($1.replicas)
      return $0 + ($1.load == .offline ? full : $1.requestsInFlight ?? full)
    }
    let wanted = min(all, max(Self.turnovers * flight, Self.fewestRequests))
    var requests = wanted
    var sampled: String?
    if wanted > most {
      guard let sample = sampleReplicas() else { return nil }
      requests = zip(state.deployments, sample).reduce(0) {
        $0 + wanted * $1.0.offeredRequestsPerSecond / rate * Double($1.1.simulated) / Double($1.1.all)
      }
      let counts = sample.reduce((0, 0)) { ($0.0 + $1.simulated, $0.1 + $1.all) }
      sampled = "\(Numbers.text(Int64(counts.0))) of \(Numbers.text(Int64(counts.1))) replicas stand for all"
    }
    guard requests <= most else { return nil }
    var shorter: String?
    if wanted < all {
      cut(to: wanted / all, seconds: wanted / rate, of: seconds)
      shorter =
        "\(Numbers.seconds(wanted / rate)) of requests"
        + (seconds.map { " instead of \(Numbers.seconds($0))" } ?? "")
    }
    let parts = [shorter, sampled].compactMap { $0 }
    if !parts.isEmpty { note = parts.joined(separator: ", ") }
  }

  /// Lets a few replicas of each large deployment stand for all.
  ///
  /// - Returns: replicas that are simulated, and all, of each deployment; nil where a part can't stand for the whole.
  private mutating func sampleReplicas() -> [(simulated: Int, all: Int)]? {
    let plan = SamplePlan(share: 1e-9, cells: Self.sample.cells, leastReplicas: Self.sample.replicas)
    guard scenario.site.capping?.hasPlaces != true, scenario.site.metering?.hasPlaces != true else {
      return nil
    }
    var counts: [(simulated: Int, all: Int)] = []
    for deployment in scenario.deployments.map(\.plan) {
      guard let cells = plan.cells(of: deployment) else {
        counts.append((deployment.replicas, deployment.replicas))
        continue
      }
      guard deployment.problem(with: cells) == nil else { return nil }
      counts.append((cells.model.replicas + cells.count * cells.cell.replicas, cells.siteReplicas))
    }
    scenario.run.sample = plan
    return counts
  }

  /// Ends the run earlier: at a share of its requests, after so many seconds.
  private mutating func cut(to share: Double, seconds: Double, of stated: Double?) {
    if stated != nil {
      scenario.run.horizon = SimTime.zero + SimDuration(seconds: seconds)
      if case .seconds(let start) = scenario.warmUp, start > seconds / 2 { scenario.warmUp = .automatic }
      return
    }
    func part(_ count: Int) -> Int { max(1, Int((Double(count) * share).rounded())) }
    for index in scenario.deployments.indices {
      for stream in scenario.deployments[index].plan.streams.indices {
        var own = scenario.deployments[index].plan.streams[stream]
        own.requests = own.requests.map(part)
        own.warmUpRequests = Int(Double(own.warmUpRequests) * share)
        if case .offline(let requests) = own.arrivals { own.arrivals = .offline(requests: part(requests)) }
        scenario.deployments[index].plan.streams[stream] = own
      }
    }
  }
}
