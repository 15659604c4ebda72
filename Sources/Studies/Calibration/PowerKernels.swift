import CostModel
import Foundation
import Hardware
import Models
import Quantities

/// Measured kernels of known board power: what each reached of the peaks, and what it drew.
struct PowerKernels: Sendable {
  private struct Kernel: Sendable {
    let compute: Double
    let memory: Double
    let idleWatts: Double
    let rangeWatts: Double
    let watts: Double
  }

  /// The kernels of one class on one system.
  private struct Class: Sendable {
    let system: String
    let architecture: Int
    let operatorClass: Int
    var kernels: [Kernel]
  }

  private var classes: [Class] = []

  /// How many kernels of a class a fit looks at, evenly spread over their shapes: neighbours are alike.
  private static let most = 1500

  /// The kernels of systems whose architecture is fitted, by system and class.
  init(_ rows: [KernelRow], systems: SystemCatalogue) {
    var found: [String: [[Kernel]]] = [:]
    for row in rows {
      guard let system = systems.system(row.system), let watts = row.watts,
        PowerParameters.architectures.contains(system.architecture.description),
        let operatorClass = PowerParameters.classes.firstIndex(where: { $0.rawValue == row.operation }),
        let type = Hardware.ComputeType(rawValue: row.work.type.rawValue),
        let peak = system.accelerator.peakRates[type]?.si
      else { continue }
      let accelerator = system.accelerator
      let bytes = row.work.weightBytes + row.work.activationBytes
      found[system.id, default: Array(repeating: [], count: PowerParameters.classes.count)][operatorClass]
        .append(
          Kernel(
            compute: min(1, row.work.flops / (row.seconds * peak)),
            memory: min(1, bytes / (row.seconds * accelerator.memoryBandwidth.si)),
            idleWatts: accelerator.idlePower.si,
            rangeWatts: accelerator.thermalDesignPower.si - accelerator.idlePower.si, watts: watts))
    }
    for name in found.keys.sorted() {
      guard let system = systems.system(name), let byClass = found[name],
        let architecture = PowerParameters.architectures.firstIndex(of: system.architecture.description)
      else { continue }
      for (index, kernels) in byClass.enumerated() where !kernels.isEmpty {
        classes.append(
          Class(system: name, architecture: architecture, operatorClass: index, kernels: kernels))
      }
    }
  }

  /// How many kernels of a system there are; nil: of all.
  func count(of system: String? = nil) -> Int {
    classes.filter { system == nil || $0.system == system }.reduce(0) { $0 + $1.kernels.count }
  }

  /// Residuals of the kernels of the architectures' reference systems.
  ///
  /// - Parameters:
  ///   - point: the coordinates.
  ///   - worth: how many residuals of full weight a class counts as.
  ///   - tolerance: the standard deviation of a logarithm.
  ///   - corner: where residuals in standard deviations begin to count linearly.
  /// - Returns: weighted residuals, always as many.
  func residuals(at point: [Double], worth: Double, tolerance: Double, corner: Double) -> [Double] {
    var residuals: [Double] = []
    for one in classes where PowerParameters.references[one.architecture] == one.system {
      let power = PowerParameters.coefficients(point, one.architecture)
      let stride = (one.kernels.count + Self.most - 1) / Self.most
      let shown = Swift.stride(from: 0, to: one.kernels.count, by: stride)
      let weight = (worth * Double(stride) / Double(one.kernels.count)).squareRoot()
      for index in shown {
        let ratio = Self.ratio(one.kernels[index], power, PowerParameters.classes[one.operatorClass])
        residuals.append(weight * SimulatedFit.robust(log(ratio) / tolerance, scale: corner))
      }
    }
    return residuals
  }

  /// The median of |predicted / measured − 1| of a system's kernels of a class, of all classes without one; nil where there
  /// are none.
  func error(of system: String, _ operatorClass: OperatorClass? = nil, with power: PowerCoefficients)
    -> Double?
  {
    let wanted = classes.filter { one in
      one.system == system
        && (operatorClass == nil || PowerParameters.classes[one.operatorClass] == operatorClass)
    }
    let errors = wanted.flatMap { one in
      one.kernels.map { abs(Self.ratio($0, power, PowerParameters.classes[one.operatorClass]) - 1) }
    }.sorted()
    return errors.isEmpty ? nil : errors[errors.count / 2]
  }

  /// Predicted over measured power of every kernel under the coefficients of a table, by class and system.
  ///
  /// Coefficients are fitted to the kernels of ``PowerParameters/references``; those of other systems are carried.
  func errors(with table: EfficiencyTable) -> [KernelErrors] {
    classes.compactMap { one in
      let architecture = PowerParameters.architectures[one.architecture]
      guard let power = table.powers[one.system] ?? table.powers[architecture] else { return nil }
      let operatorClass = PowerParameters.classes[one.operatorClass]
      let ratios = one.kernels.map { Float(Self.ratio($0, power, operatorClass)) }
      let isFitted = PowerParameters.references.contains(one.system)
      return KernelErrors(
        operation: operatorClass.rawValue, format: "", framework: "all", system: one.system,
        evidence: isFitted ? .measured : .transferred, ratios: ratios.sorted())
    }
  }

  private static func ratio(
    _ kernel: Kernel, _ power: PowerCoefficients, _ operatorClass: OperatorClass
  ) -> Double {
    let share = power.held(power.share(operatorClass, compute: kernel.compute, memory: kernel.memory))
    return (kernel.idleWatts + kernel.rangeWatts * share) / kernel.watts
  }
}
