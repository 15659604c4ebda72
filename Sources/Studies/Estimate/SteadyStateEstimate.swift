import CostModel
import Documents
import Facility
import Hardware
import Results
import Scenario
import Simulation

/// What a scenario does in steady state, from tables of step costs and queueing theory: no request is simulated.
///
/// Every replica is the fixed point of its batch, its prompt tokens and its step time; see ``StepModel``,
/// ``BatchDistribution`` and ``FirstTokenModel``. What the estimate leaves out of account is in ``notes``.
public struct SteadyStateEstimate: Sendable {
  /// The scenario's name.
  public var scenario: String
  /// Seed of the requests that stand for all.
  public var seed: UInt64
  /// Racks of the site.
  public var racks: Int
  /// At the mean rate of all arrivals.
  public var mean: SteadyState
  /// At the highest rate; nil where no arrivals have one.
  public var peak: SteadyState?
  /// What the estimate leaves out of account, deployment by deployment, and how it settled what is open.
  public var notes: [String]
  /// How far estimates were from simulations.
  public var errors: EstimateErrors
  /// The outdoor temperature that the facility's draw is at, in °C; nil without a facility.
  public var outdoorCelsius: Double?
  /// The configuration, defaults included.
  public var configuration: JSONValue

  /// Estimates a scenario.
  ///
  /// - Parameters:
  ///   - scenario: what is estimated.
  ///   - errors: how far estimates were from simulations; those of the package by default.
  /// - Throws: what has no estimate, by its place in the scenario.
  public init(_ scenario: ResolvedScenario, errors: EstimateErrors = .ofPackage) throws(Problems) {
    let problems = ProblemCollector()
    for deployment in scenario.deployments where deployment.plan.hasStaticBatches {
      problems.record(
        Problem(
          file: deployment.plan.name, path: "engine.batching", found: "static",
          message: "has no steady-state estimate", allowed: Batching.inFlight.rawValue,
          hint: "tokenmill run simulates it"))
    }
    try problems.throwIfAny()
    self.scenario = scenario.name
    seed = scenario.run.seed
    racks = scenario.site.racks
    outdoorCelsius = scenario.site.facility.flatMap { facility in
      facility.designCelsius ?? facility.climate.celsius(atSeconds: facility.startSeconds)
    }
    mean = SteadyState(scenario, level: .mean, outdoorCelsius: outdoorCelsius)
    let streams = scenario.deployments.flatMap(\.plan.streams)
    if streams.contains(where: { OfferedLoad.hasPeak($0.arrivals) }) {
      peak = SteadyState(scenario, level: .peak, outdoorCelsius: outdoorCelsius)
    }
    self.errors = errors
    configuration = scenario.echo
    notes = []
    notes = EstimateNotes(scenario, self).lines
  }
}

extension DeploymentPlan {
  /// Whether a pool batches by whole requests.
  fileprivate var hasStaticBatches: Bool {
    engine.batching == .static || prefill?.engine.batching == .static
  }
}

/// A site in steady state, at one level of its load.
public struct SteadyState: Sendable {
  /// Each deployment, in the order of the scenario.
  public var deployments: [DeploymentEstimate]
  /// Power, energy and cost of the site.
  public var power: SteadyPower
  /// Power, energy and cost of each deployment.
  public var deploymentPower: [SteadyPower]
  /// Latencies of all requests; nil where a queue grows without bound.
  public var latencies: LatencyEstimates?
  /// Accelerators of the site, idle ones included.
  public var accelerators: Int

  /// Estimates all deployments of a scenario.
  init(_ scenario: ResolvedScenario, level: OfferedLoad.Level, outdoorCelsius: Double?) {
    let site = scenario.site
    accelerators = max(site.accelerators, scenario.deployments.reduce(0) { $0 + $1.plan.accelerators })
    deployments = scenario.deployments.map {
      DeploymentModel($0.plan, producesImages: $0.producesImages, level: level).estimate()
    }
    let parts = zip(scenario.deployments, deployments).map { deployment, estimate in
      SteadyPower.Part(
        acceleratorsBySystem: deployment.acceleratorsBySystem(of: site),
        wattsAboveIdle: estimate.wattsAboveIdle, outputTokensPerSecond: estimate.outputTokensPerSecond)
    }
    let found = SteadyPower.of(parts, on: SiteContext(site), outdoorCelsius: outdoorCelsius)
    power = found.site
    deploymentPower = found.parts
    latencies = Self.latencies(deployments)
  }

  /// Latencies of all requests, by how many each deployment has of them.
  private static func latencies(_ deployments: [DeploymentEstimate]) -> LatencyEstimates? {
    if deployments.count == 1 { return deployments[0].latencies }
    let text = deployments.filter { !$0.producesImages }
    let counted = text.isEmpty ? deployments : text
    guard counted.allSatisfy({ $0.latencies != nil }) else { return nil }
    let rate = counted.reduce(0) { $0 + $1.requestsPerSecond }
    guard rate > 0 else { return nil }
    let requests = counted.flatMap { deployment in
      deployment.requests.map { request in
        var request = request
        request.weight *= deployment.requestsPerSecond / rate
        return request
      }
    }
    func mean(_ value: (DeploymentEstimate) -> Double) -> Double {
      counted.reduce(0) { $0 + $1.requestsPerSecond * value($1) } / rate
    }
    return LatencyEstimates(
      requests, decodeSeconds: mean(\.decodeSeconds),
      perToken: mean { $0.latencies?.timePerOutputToken?.mean ?? 0 }, areImages: text.isEmpty)
  }

  /// Requests each second of all deployments.
  public var requestsPerSecond: Double { deployments.reduce(0) { $0 + $1.requestsPerSecond } }
  /// Output tokens each second of all deployments; nil where only images are produced.
  public var outputTokensPerSecond: Double? { Self.sum(deployments.map(\.outputTokensPerSecond)) }
  /// Prompt tokens each second of all deployments; nil where only images are produced.
  public var inputTokensPerSecond: Double? { Self.sum(deployments.map(\.inputTokensPerSecond)) }
  /// The most requests each second in the proportions of the load: what the fullest deployment lets through.
  public var capacityRequestsPerSecond: Double {
    let offered = deployments.reduce(0) { $0 + $1.offeredRequestsPerSecond }
    return fullest.utilisation > 0 ? offered / fullest.utilisation : fullest.capacityRequestsPerSecond
  }
  /// The deployment with the highest utilisation; the first of several.
  public var fullest: DeploymentEstimate {
    deployments.dropFirst().reduce(deployments[0]) { $1.utilisation > $0.utilisation ? $1 : $0 }
  }
  /// Where the time of all replicas goes, in replica-seconds each second.
  public var stepTime: StepTimeFigures {
    StepTimeFigures(
      deployments.reduce(.zero) { $0 + $1.costPerSecond },
      replicaSeconds: Double(deployments.reduce(0) { $0 + $1.replicas }))
  }

  private static func sum(_ values: [Double?]) -> Double? {
    let known = values.compactMap { $0 }
    return known.isEmpty ? nil : known.reduce(0, +)
  }
}

extension ResolvedDeployment {
  /// Accelerators of all pools, system by system of the site.
  func acceleratorsBySystem(of site: ResolvedSite) -> [Int] {
    func position(_ design: ReplicaDesign) -> Int {
      site.parts.firstIndex { $0.system.id == design.system.id } ?? 0
    }
    let own = position(design)
    let prefill = position(prefillDesign ?? design)
    return site.parts.indices.map {
      ($0 == own ? plan.ownAccelerators : 0) + ($0 == prefill ? plan.prefillAccelerators : 0)
    }
  }
}
