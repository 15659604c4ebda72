import CostModel
import Foundation

/// The coefficients of power as a point of logarithms: they stay positive, and what is shared has one coordinate.
enum PowerParameters {
  /// The architectures with measured kernels and runs.
  static let architectures = ["hopper", "blackwell"]
  /// The systems whose kernels are fitted, by architecture.
  static let references = ["h200-sxm", "b200-sxm"]
  /// The classes of operators with coefficients of their own; the first is what the others are compared with.
  static let classes: [OperatorClass] = [.gemm, .experts, .prefillAttention, .decodeAttention]
  /// Numbers of a class: busy, compute, memory.
  static let numbers = 3

  /// Coordinates: numbers of the classes, launches and sorts of each architecture; then host and exchange, which all share.
  static let count = architectures.count * perArchitecture + 2
  private static let perArchitecture = classes.count * numbers + 2
  private static let host = count - 2
  private static let exchange = count - 1

  /// What controllers hold every kernel to, a share of the range; not fitted.
  static let limit = 0.98

  static func index(_ architecture: Int, _ operatorClass: Int, _ number: Int) -> Int {
    architecture * perArchitecture + operatorClass * numbers + number
  }

  static func launch(_ architecture: Int) -> Int { (architecture + 1) * perArchitecture - 2 }

  static func sort(_ architecture: Int) -> Int { (architecture + 1) * perArchitecture - 1 }

  /// Which architecture a coordinate belongs to; nil: all.
  static func architecture(of index: Int) -> Int? { index < host ? index / perArchitecture : nil }

  /// Where a fit starts and what it is drawn to.
  ///
  /// Busy: an accelerator that computes nothing at full clocks draws about a third of its range. Compute: dense products
  /// reach the limit at two thirds of the peak. Memory: 5 pJ a bit of HBM and as much on the way to the cores.
  static let guess: [Double] = {
    var point = [Double](repeating: 0, count: count)
    for architecture in architectures.indices {
      for operatorClass in classes.indices {
        for (number, value) in [0.35, 1.5, 0.4].enumerated() {
          point[index(architecture, operatorClass, number)] = log(value)
        }
      }
      point[launch(architecture)] = log(0.4)
      point[sort(architecture)] = log(0.6)
    }
    point[host] = log(0.05)
    point[exchange] = log(0.1)
    return point
  }()

  /// The coefficients of an architecture.
  static func coefficients(_ point: [Double], _ architecture: Int) -> PowerCoefficients {
    func value(_ index: Int) -> Double { exp(point[index]) }
    func kernel(_ operatorClass: Int) -> KernelPower {
      KernelPower(
        busy: value(index(architecture, operatorClass, 0)),
        compute: value(index(architecture, operatorClass, 1)),
        memory: value(index(architecture, operatorClass, 2)))
    }
    var own: [OperatorClass: KernelPower] = [:]
    for (position, operatorClass) in classes.enumerated().dropFirst() {
      own[operatorClass] = kernel(position)
    }
    return PowerCoefficients(
      gemm: kernel(0), classes: own, launch: min(1, value(launch(architecture))),
      host: min(1, value(host)), exchange: min(1, value(exchange)),
      sort: min(1, value(sort(architecture))), limit: limit)
  }

  /// How far a point lies from what is held to be likely, in standard deviations: sums of squares are what a prior says.
  ///
  /// Dense products are drawn to the guess, other classes to what dense products draw, and the differences between classes
  /// are drawn to be the same in every architecture: what makes tiles of experts draw more than dense ones is the same
  /// padding everywhere.
  static func deviations(_ point: [Double], _ spreads: PowerSpreads) -> [Double] {
    var residuals: [Double] = []
    func difference(_ architecture: Int, _ operatorClass: Int, _ number: Int) -> Double {
      point[index(architecture, operatorClass, number)] - point[index(architecture, 0, number)]
    }
    for architecture in architectures.indices {
      for number in 0..<numbers {
        let own = index(architecture, 0, number)
        residuals.append((point[own] - guess[own]) / PowerSpreads.guess)
      }
      for own in [launch(architecture), sort(architecture)] {
        residuals.append((point[own] - guess[own]) / PowerSpreads.guess)
      }
    }
    for operatorClass in classes.indices.dropFirst() {
      for number in 0..<numbers {
        let all = architectures.indices.map { difference($0, operatorClass, number) }
        let mean = all.reduce(0, +) / Double(all.count)
        residuals.append(mean / spreads.classes)
        residuals += all.map { ($0 - mean) / spreads.architectures }
      }
    }
    residuals.append((point[host] - guess[host]) / PowerSpreads.guess)
    residuals.append((point[exchange] - guess[exchange]) / PowerSpreads.guess)
    return residuals
  }
}

/// How much is known of the coefficients of power before anything is measured, as standard deviations of logarithms, and how
/// much the kernels of a class count.
struct PowerSpreads: Sendable, Equatable {
  /// Of a class about dense products.
  var classes: Double
  /// Of the difference between a class and dense products from one architecture to another.
  var architectures: Double
  /// How many end-to-end runs the measured kernels of a class count as: loops of one kernel are alike, and not what serves.
  var kernels: Double

  /// For a reader of a fit's progress.
  var label: String { "classes \(classes), architectures \(architectures), kernels as \(kernels) runs" }

  /// Of dense products, launches, hosts and exchanges about the first guess.
  static let guess = 0.7

  /// Those among which runs that were left out choose.
  static let candidates: [PowerSpreads] = [0.4, 1].flatMap { classes in
    [0.1, 0.4].flatMap { architectures in
      [2.0, 10, 50].map { PowerSpreads(classes: classes, architectures: architectures, kernels: $0) }
    }
  }
}
