import CostModel
import Hardware
import Results
import Scenario

/// A configuration of the whole site.
public struct PlanCandidate: Sendable {
  /// How one deployment runs.
  struct Part: Sendable {
    var name: String
    var option: PlanOption
    /// Units of it.
    var units: Int
    /// Replicas that stand idle until another one fails, in each pool.
    var spares: Int
  }

  /// Each deployment, in the order of the file.
  var parts: [Part]
  /// What has to be set for it to be the scenario, the traffic excepted.
  var settings: [PlanSetting]
  /// Accelerators of the site.
  public var accelerators: Int
  /// Racks of the site.
  public var racks: Int
  /// Whether it serves the traffic that was asked for, within its targets, on a site that may be so large.
  public var isFeasible: Bool
  /// By the steady-state estimate.
  public var estimated: PlanFigures
  /// By simulation; nil where it was not simulated.
  public var simulated: PlanSimulated?
  /// The scenario at its full size.
  var load: PlanLoad

  /// The system.
  var system: SystemSpecification { parts[0].option.system }
  /// What is known best: simulated, else estimated.
  public var figures: PlanFigures { simulated?.figures ?? estimated }
  /// Replicas of all pools that serve.
  public var replicas: Int { parts.reduce(0) { $0 + $1.units * $1.option.replicas } }
}

/// What simulation says of a candidate.
public struct PlanSimulated: Sendable {
  /// The figures of the whole site.
  public var figures: PlanFigures
  /// Replicas that were simulated, of all that serve.
  public var replicas: Int
  /// Where the output tokens/s of endless runs like this one lie, 95 %; nil where the run is too short to tell.
  public var confidence: (low: Double, high: Double)?
  /// Where eight of ten measurements of output tokens/s would lie; nil where nothing like it was measured.
  public var measured: (low: Double, high: Double)?
  /// Simulations that it took.
  public var runs: Int
  /// The run that the figures are of.
  public var result: RunResult
}

/// How many replicas stand by so that enough are in service.
enum PlanSpares {
  /// The fewest spares with which `replicas` work at once for the asked share of time.
  ///
  /// Replicas fail on their own, each with any of its accelerators, so that the number out of service is binomial.
  static func count(_ availability: PlanAvailability?, replicas: Int, accelerators: Int) -> Int {
    guard let availability, replicas > 0 else { return 0 }
    let hours = availability.acceleratorHours / Double(accelerators)
    let down = availability.repairHours / (hours + availability.repairHours)
    var spares = 0
    while inService(replicas, of: replicas + spares, down: down) < availability.target, spares < replicas + 64
    {
      spares += 1
    }
    return spares
  }

  /// The probability that at least `needed` of `all` are in service, each out of it with probability `down`.
  static func inService(_ needed: Int, of all: Int, down: Double) -> Double {
    guard down > 0 else { return 1 }
    // Terms by their logarithms: the first of many replicas is too small for a number.
    var term = Double(all) * logarithm(1 - down)
    var sum = exponential(term)
    for failed in 0..<(all - needed) {
      term += logarithm(Double(all - failed) / Double(failed + 1)) + logarithm(down / (1 - down))
      sum += exponential(term)
    }
    return min(sum, 1)
  }
}

extension PlanObjective {
  /// Whether a first candidate is better than a second one; more accelerators for the same are worse.
  func prefers(_ first: PlanCandidate, to second: PlanCandidate, serves traffic: PlanTraffic?) -> Bool {
    if first.isFeasible != second.isFeasible { return first.isFeasible }
    if traffic != nil, self == .tokensPerSecond, first.isFeasible {
      return first.accelerators < second.accelerators
    }
    switch (first.figures.value(self), second.figures.value(self)) {
    case (let a?, let b?) where a != b: return isMaximised ? a > b : a < b
    case (_?, nil): return true
    case (nil, _?): return false
    default: return first.accelerators < second.accelerators
    }
  }
}
