import CostModel
import Documents
import Hardware
import Results
import Scenario
import Simulation

/// A few units of one deployment by themselves: what the coarse search knows of an option.
struct PlanCell: Sendable {
  var option: PlanOption
  /// Multiples of the deployment's stated arrivals that a unit sustains within the targets.
  var factorPerUnit: Double
  /// Accelerators of the site for each multiple of the stated arrivals.
  var acceleratorsPerFactor: Double { option.accelerators / factorPerUnit }
  /// Joules at the grid connection for each output token, with the system's usual cooling.
  var joulesPerToken: Double
  /// Multiples of the stated arrivals that a replica of each pool sustains beside plenty of the other; nil without pools.
  var poolFactors: (prefill: Double, decode: Double)?
  /// Targets at next to no load, where even that misses one.
  var missed: [PlanReached] = []
  /// The figures at the rate that the units sustain.
  var figures: PlanFigures

  /// What a deployment costs its site under an objective, for each multiple of its arrivals: the less the better.
  ///
  /// Within a system money is accelerators; energy and carbon are joules.
  func cost(_ objective: PlanObjective) -> Double {
    switch objective {
    case .tokensPerSecond, .dollarsPerMillionTokens: acceleratorsPerFactor
    case .tokensPerMegawattHour, .carbonPerMillionTokens: joulesPerToken
    }
  }
}

/// What became of an option in the coarse search.
enum PlanTrial: Sendable {
  case fits(PlanCell)
  /// It can't run; each problem, and whether it is of the file rather than of the choice.
  case refused([Problem])
  /// It runs, but misses targets with next to no load.
  case misses(PlanCell)
}

extension PlanDocument {
  /// Replicas of an option's cell, about.
  private static let replicas = 16

  /// Tries an option by itself.
  func trial(_ option: PlanOption, of index: Int, carbon: Double?) -> PlanTrial {
    var option = option
    var factors: (prefill: Double, decode: Double)?
    do {
      if let prefill = option.prefillLayout {
        // What each pool sustains follows from a cell in which the other one has plenty.
        let narrow = try cell(option, units: 1, of: index)
        func rate(_ prefillReplicas: Int, _ decodeReplicas: Int) -> Double? {
          var scenario = narrow
          scenario.deployments[0].plan.replicas = decodeReplicas
          scenario.deployments[0].plan.prefill?.replicas = prefillReplicas
          return PlanLoad(scenario, carbon: carbon).highest()
        }
        if let ofDecode = rate(32, 4), let ofPrefill = rate(4, 32) {
          factors = (ofPrefill / 4, ofDecode / 4)
          option.ratio = Self.ratio(
            decode: (ofDecode / 4, option.system.accelerators(for: option.layout)),
            prefill: (ofPrefill / 4, option.system.accelerators(for: prefill)))
        }
      }
      let units = max(Self.replicas / option.replicas, 1)
      let load = PlanLoad(try cell(option, units: units, of: index), carbon: carbon)
      guard let factor = load.highest() else { return .misses(missing(option, load)) }
      var cell = made(option, load, factor: factor, units: units)
      cell.poolFactors = factors
      return .fits(cell)
    } catch {
      return .refused(error.all)
    }
  }

  /// The replicas of each pool that serve most on so few accelerators that units would leave a good part of them unused.
  static func pools(_ cell: PlanCell, on accelerators: Int) -> (prefill: Int, decode: Int)? {
    let option = cell.option
    guard let prefill = option.prefillLayout, let factors = cell.poolFactors else { return nil }
    var best: (prefill: Int, decode: Int)?
    var most = 0.0
    let system = option.system
    for first in 1...max(1, min(accelerators, 64)) {
      let taken = system.taken(first, of: prefill)
      guard taken < accelerators else { break }
      let second = system.room(for: option.layout, on: accelerators - taken)
      let rate = min(Double(first) * factors.prefill, Double(second) * factors.decode)
      if rate > most * 1.0001 { (most, best) = (rate, (first, second)) }
    }
    return best
  }

  private func made(_ option: PlanOption, _ load: PlanLoad, factor: Double, units: Int) -> PlanCell {
    let figures = load.figures(at: factor)
    return PlanCell(
      option: option, factorPerUnit: factor / Double(units),
      joulesPerToken: figures.siteWatts / max(figures.outputTokensPerSecond, 1e-9), figures: figures)
  }

  /// A cell that misses targets even where it has next to nothing to do.
  private func missing(_ option: PlanOption, _ load: PlanLoad) -> PlanCell {
    let busiest = load.judged(at: 1).deployments.map(\.utilisation).max() ?? 1
    let figures = load.figures(at: 0.01 / max(busiest, 1e-12))
    return PlanCell(
      option: option, factorPerUnit: 0, joulesPerToken: .infinity,
      missed: figures.targets.filter { !$0.isMet }, figures: figures)
  }

  /// The ratio of pools, of up to eight replicas each, that serves most on each accelerator; the smallest of equals.
  ///
  /// - Parameters:
  ///   - decode: multiples of the arrivals that a replica of the pool sustains, and the accelerators that it takes.
  ///   - prefill: the same of the other pool.
  /// - Returns: replicas of each pool.
  static func ratio(
    decode: (rate: Double, accelerators: Double), prefill: (rate: Double, accelerators: Double)
  ) -> (prefill: Int, decode: Int) {
    var best = (prefill: 1, decode: 1)
    var most = 0.0
    for total in 2...12 {
      for first in max(1, total - 8)...min(8, total - 1) {
        let (p, d) = (Double(first), Double(total - first))
        let rate = min(p * prefill.rate, d * decode.rate)
        let value = rate / (p * prefill.accelerators + d * decode.accelerators)
        // A larger unit has to gain something.
        if value > most * 1.01 {
          most = value
          best = (first, total - first)
        }
      }
    }
    return best
  }
}
