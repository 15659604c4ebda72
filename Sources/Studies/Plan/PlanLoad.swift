import CostModel
import Facility
import Hardware
import Quantities
import Results
import Scenario
import Simulation
import Workload

/// A resolved scenario whose arrivals are turned up and down, and what its steady state then is.
struct PlanLoad: Sendable {
  let scenario: ResolvedScenario
  let targets: [PlanTarget]
  /// Arrivals each second that the scenario states, deployment by deployment.
  let arrivals: [Double]
  /// Grams of CO2 for a kWh from the grid; nil where nobody says.
  let carbon: Double?
  /// Whether some arrivals have times of a higher rate, at which targets are judged.
  private let hasPeak: Bool

  /// The share of its capacity that a site is filled to at most: beyond it queues hardly settle.
  static let fullest = 0.98

  /// A scenario; `carbon` is in grams of CO2 for a kWh.
  init(_ scenario: ResolvedScenario, carbon: Double?) {
    self.scenario = scenario
    targets = PlanTarget.of(scenario)
    arrivals = scenario.deployments.map { deployment in
      deployment.plan.streams.reduce(0) { $0 + ($1.arrivals.meanRequestsPerSecond ?? 0) }
    }
    let facility = scenario.site.facility?.carbon
    self.carbon = carbon ?? facility.map { $0.mean(startSeconds: 0, seconds: $0.periodHours * 3600) }
    hasPeak = scenario.deployments.contains { deployment in
      deployment.plan.streams.contains { OfferedLoad.hasPeak($0.arrivals) }
    }
  }

  /// The scenario with the arrivals of each deployment at a multiple of those that it states.
  func scaled(by factors: [Double]) -> ResolvedScenario {
    var scaled = scenario
    for (index, factor) in factors.enumerated() {
      for stream in scaled.deployments[index].plan.streams.indices {
        let arrivals = scaled.deployments[index].plan.streams[stream].arrivals
        scaled.deployments[index].plan.streams[stream].arrivals = arrivals.scaled(by: factor)
      }
    }
    return scaled
  }

  /// The steady state at a multiple of the stated arrivals, at their mean or at their highest rate.
  func state(at factor: Double, isPeak: Bool = false) -> SteadyState {
    let scaled = scaled(by: Array(repeating: factor, count: scenario.deployments.count))
    let facility = scenario.site.facility
    let celsius = facility?.designCelsius ?? facility?.climate.celsius(atSeconds: facility?.startSeconds ?? 0)
    return SteadyState(scaled, level: isPeak ? .peak : .mean, outdoorCelsius: celsius)
  }

  /// What targets are judged at.
  func judged(at factor: Double) -> SteadyState { state(at: factor, isPeak: hasPeak) }

  /// Whether a state keeps all targets with a queue that settles.
  func isGood(_ state: SteadyState) -> Bool {
    guard state.deployments.allSatisfy({ $0.utilisation <= Self.fullest }) else { return false }
    return targets.allSatisfy { target in target.value(state).map { $0 <= target.seconds } ?? false }
  }

  /// The highest multiple of the stated arrivals that keeps all targets, to half a percent; nil where none does.
  func highest() -> Double? {
    let first = judged(at: 1)
    let busiest = first.deployments.map(\.utilisation).max() ?? 0
    guard busiest > 0, busiest.isFinite else { return nil }
    let most = Self.fullest / busiest * (1 - 1e-9)
    if isGood(judged(at: most)) { return most }
    var (low, high) = (most * 0.01, most)
    guard isGood(judged(at: low)) else { return nil }
    while high > 1.005 * low {
      let middle = (low * high).squareRoot()
      if isGood(judged(at: middle)) { low = middle } else { high = middle }
    }
    return low
  }

  /// The targets, and what a state reaches.
  func reached(_ state: SteadyState) -> [PlanReached] {
    targets.map { PlanReached(name: $0.name, limitSeconds: $0.seconds, seconds: $0.value(state)) }
  }

  /// The figures of the estimate at a multiple of the stated arrivals, with limits.
  func figures(at factor: Double) -> PlanFigures {
    let judged = judged(at: factor)
    let mean = hasPeak ? state(at: factor) : judged
    var figures = PlanFigures(
      factor: factor, arrivals: arrivals.reduce(0, +), power: mean.power,
      tokens: mean.outputTokensPerSecond ?? mean.requestsPerSecond, accelerators: mean.accelerators,
      carbon: carbon, targets: reached(judged))
    addLimits(to: &figures, judged, stepTime: mean.stepTime, cacheHeadroom: cacheHeadroom(judged))
    return figures
  }

  /// The share of KV blocks that is free, of the deployment that has least.
  func cacheHeadroom(_ state: SteadyState) -> Double {
    zip(scenario.deployments, state.deployments).map { deployment, estimate in
      let model = DeploymentModel(
        deployment.plan, producesImages: deployment.producesImages, level: .mean)
      guard !deployment.producesImages, model.capacity != nil else { return 1 }
      return 1 - estimate.meanBatch / CacheFootprint(model.model, cache: deployment.plan.cache).sequences
    }.min() ?? 1
  }

  /// Adds what is left of every limit, and which binds.
  ///
  /// - Parameters:
  ///   - figures: what they are of.
  ///   - state: the steady state, which knows the capacity.
  ///   - stepTime: where the time of the replicas goes.
  ///   - cacheHeadroom: the share of KV blocks that is free.
  func addLimits(
    to figures: inout PlanFigures, _ state: SteadyState, stepTime: StepTimeFigures, cacheHeadroom: Double
  ) {
    var limits = [PlanLimit(name: "hbm_capacity", headroom: cacheHeadroom)]
    let names = [
      "memory": "hbm_bandwidth", "compute": "flops", "network": "links", "launch": "launch",
    ]
    var busiest = PlanLimit(name: "launch", headroom: 1)
    for part in stepTime.byLimit {
      guard let name = names[part.name], stepTime.totalSeconds > 0 else { continue }
      let limit = PlanLimit(name: name, headroom: 1 - part.seconds / stepTime.totalSeconds)
      limits.append(limit)
      if limit.headroom < busiest.headroom { busiest = limit }
    }
    let system = scenario.site.parts[0].system
    let held =
      scenario.deployments.compactMap(\.design.clocks.powerLimitWatts).min()
      ?? system.accelerator.thermalDesignPower.si
    limits.append(PlanLimit(name: "accelerator_power", headroom: 1 - figures.acceleratorWatts / held))
    if let connection = scenario.site.powerLimit?.si {
      limits.append(PlanLimit(name: "site_power", headroom: 1 - figures.siteWatts / connection))
    }
    let fullest = state.fullest
    let capacity = PlanLimit(name: "capacity", headroom: 1 - fullest.utilisation)
    limits.append(capacity)
    limits += figures.targets.map { PlanLimit(name: $0.name, headroom: $0.headroom) }
    figures.limits = limits
    // What ends first as traffic grows: a target, or the capacity, which a part of the system bounds.
    let tightest = figures.targets.min { $0.headroom < $1.headroom }
    if let tightest, tightest.headroom < capacity.headroom {
      figures.bindingLimit = tightest.name
    } else {
      figures.bindingLimit = Self.name(of: fullest.limit, busiest: busiest.name)
    }
  }

  /// What bounds a capacity, in the names of limits.
  private static func name(of limit: CapacityLimit, busiest: String) -> String {
    switch limit {
    case .cacheMemory: "hbm_capacity"
    case .stepTime, .prefillPool, .decodePool: busiest
    case .transfer: "links"
    case .batchSlots, .tokenBudget: limit.rawValue
    }
  }
}
