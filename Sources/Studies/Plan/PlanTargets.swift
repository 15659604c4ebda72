import Facility
import Quantities
import Results
import Scenario
import Simulation

/// A latency target that all requests of a deployment are held to together.
struct PlanTarget: Sendable {
  /// The deployment's number.
  var deployment: Int
  /// The name in results: `ttft_p99`, with the deployment's where there are several.
  var name: String
  var metric: LatencyMetric
  /// The share of requests that must meet it; a plain bound must be met by 99 of 100.
  var share: Double
  /// The bound in seconds.
  var seconds: Double

  /// The targets of a scenario; where streams of a deployment differ, the strictest of each kind.
  static func of(_ scenario: ResolvedScenario) -> [PlanTarget] {
    var targets: [PlanTarget] = []
    for (index, deployment) in scenario.deployments.enumerated() {
      for target in deployment.percentileTargets.flatMap({ $0 }) {
        let share = min(target.share, 0.99)
        let prefix = scenario.deployments.count > 1 ? deployment.plan.name + "." : ""
        let percent = Int((share * 100).rounded())
        let name = prefix + target.metric.rawValue + (target.share < 1 ? "_p\(percent)" : "")
        if let known = targets.firstIndex(where: { $0.name == name }) {
          targets[known].seconds = min(targets[known].seconds, target.limit.si)
        } else {
          targets.append(
            PlanTarget(
              deployment: index, name: name, metric: target.metric, share: share, seconds: target.limit.si))
        }
      }
    }
    return targets
  }

  /// What an estimate reaches, in seconds; nil where its queue grows.
  func value(_ state: SteadyState) -> Double? {
    let requests = state.deployments[deployment].requests
    var values: [(value: Double, weight: Double)] = []
    values.reserveCapacity(requests.count)
    for request in requests {
      switch metric {
      case .timeToFirstToken: values.append((request.firstToken, request.weight))
      case .endToEnd: values.append((request.firstToken + request.decode, request.weight))
      case .timePerOutputToken:
        if let seconds = request.perToken { values.append((seconds, request.weight)) }
      }
    }
    guard !values.isEmpty else { return nil }
    values.sort { $0.value < $1.value }
    let total = values.reduce(0) { $0 + $1.weight }
    var sum = 0.0
    for value in values {
      sum += value.weight
      if sum >= share * total { return value.value }
    }
    return values[values.count - 1].value
  }

  /// What a run reached in its steady window, in seconds; nil where nothing was done.
  func value(_ report: RunReport) -> Double? {
    let latency = report.deployments[deployment].window.latency
    let distribution =
      switch metric {
      case .timeToFirstToken: latency.timeToFirstToken
      case .timePerOutputToken: latency.timePerOutputToken
      case .endToEnd: latency.endToEnd
      }
    return switch share {
    case ...0.5: distribution.p50
    case ...0.9: distribution.p90
    case ...0.95: distribution.p95
    default: distribution.p99
    }
  }
}

/// A target and what was reached of it.
public struct PlanReached: Sendable, Equatable {
  /// The target's name: `ttft_p99`.
  public var name: String
  /// The bound in seconds.
  public var limitSeconds: Double
  /// What was reached, in seconds; nil where the queue grows without bound.
  public var seconds: Double?

  /// Whether it is met.
  public var isMet: Bool { seconds.map { $0 <= limitSeconds } ?? false }
  /// The share of the bound that is left; negative where it is missed.
  public var headroom: Double { seconds.map { 1 - $0 / limitSeconds } ?? -1 }
}

/// A limit of a configuration and how much of it is left.
public struct PlanLimit: Sendable, Equatable {
  /// Its name: `hbm_bandwidth`.
  public var name: String
  /// The share that is left, at most 1; negative where it is exceeded.
  public var headroom: Double
}

/// What a configuration does at a rate.
public struct PlanFigures: Sendable, Equatable {
  /// Arrivals each second over those that the workload states.
  public var factor: Double
  /// Arrivals each second.
  public var arrivalsPerSecond: Double
  /// Output tokens each second.
  public var outputTokensPerSecond: Double
  /// Accelerators of the site, idle ones included.
  public var accelerators: Int
  /// Mean watts of an accelerator in use.
  public var acceleratorWatts: Double
  /// Mean watts at the grid connection.
  public var siteWatts: Double
  /// Dollars for a million output tokens; nil where accelerators have no price.
  public var dollarsPerMillionTokens: Double?
  /// Kilograms of CO2 for a million output tokens; nil where nobody says.
  public var carbonPerMillionTokens: Double?
  /// The targets, and what was reached.
  public var targets: [PlanReached]
  /// All limits with what is left of them, targets included.
  public var limits: [PlanLimit] = []
  /// What keeps it from more.
  public var bindingLimit = ""

  /// Output tokens for a megawatt-hour at the grid connection.
  public var tokensPerMegawattHour: Double { outputTokensPerSecond * 3600 / (siteWatts * 1e-6) }

  /// The figure that an objective goes by; nil where it has none.
  public func value(_ objective: PlanObjective) -> Double? {
    switch objective {
    case .tokensPerSecond: outputTokensPerSecond
    case .dollarsPerMillionTokens: dollarsPerMillionTokens
    case .tokensPerMegawattHour: tokensPerMegawattHour
    case .carbonPerMillionTokens: carbonPerMillionTokens
    }
  }
}

extension PlanFigures {
  /// The figures of a site at a rate.
  ///
  /// - Parameters:
  ///   - factor: arrivals over those that the workload states.
  ///   - arrivals: those of the workload, each second.
  ///   - power: power and cost by the rules of a run.
  ///   - tokens: output tokens each second.
  ///   - accelerators: all of the site.
  ///   - carbon: grams of CO2 for a kWh; nil where nobody says.
  ///   - targets: what was reached.
  init(
    factor: Double, arrivals: Double, power: SteadyPower, tokens: Double, accelerators: Int,
    carbon: Double?, targets: [PlanReached]
  ) {
    self.init(
      factor: factor, arrivalsPerSecond: arrivals * factor, outputTokensPerSecond: tokens,
      accelerators: accelerators, acceleratorWatts: power.power.gpuMean ?? 0,
      siteWatts: power.power.siteMean ?? 0,
      dollarsPerMillionTokens: power.cost.dollarsPerMillionOutputTokens, targets: targets)
    carbonPerMillionTokens = carbon.flatMap { grams in
      power.energy.siteJoulesPerOutputToken.map { $0 * 1e6 / 3.6e6 * grams / 1000 }
    }
  }
}
