import CostModel
import Documents
import Foundation
import Hardware
import Models

/// Fits every surface that a store of measured kernels supports.
public struct KernelCalibration: Sendable {
  /// The fitted surfaces, in order of operator, format, framework and generation.
  public let calibration: Calibration

  /// Fits surfaces to the kernels of a store.
  ///
  /// - Parameters:
  ///   - path: the measurement store.
  ///   - systems: the catalogue of systems.
  ///   - priors: where closed forms start.
  ///   - models: models whose expert layers and attention get residuals of their own where they were measured.
  ///   - excluded: systems whose measurements are left out, to see how well others stand in for them.
  ///   - progress: called with a line for each fitted surface.
  /// - Throws: what keeps the store from being read.
  public init(
    store path: String, systems: SystemCatalogue, priors: EfficiencyTable, models: ModelCatalogue? = nil,
    excluding excluded: [String] = [],
    progress: (String) -> Void = { _ in }
  ) throws(Problems) {
    let rows = try KernelStore(path: path).rows().filter { !excluded.contains($0.system) }
    let known = systems.systems.filter { !excluded.contains($0.id) }
    self.init(rows: rows, systems: known, priors: priors, models: models, progress: progress)
  }

  /// Fits surfaces to kernels of some systems; kernels of others are not looked at.
  init(
    rows: [KernelRow], systems: [SystemSpecification], priors: EfficiencyTable,
    models: ModelCatalogue? = nil, progress: (String) -> Void = { _ in }
  ) {
    var byID: [String: SystemSpecification] = [:]
    for system in systems { byID[system.id] = system }
    var groups: [String: [KernelRow]] = [:]
    for row in rows {
      guard let system = byID[row.system] else { continue }
      groups[row.key + "|" + system.architecture.description, default: []].append(row)
    }
    let families = Set((models?.entries ?? []).flatMap { $0.model.kernelFamilies })
    var surfaces: [CalibratedSurface] = []
    for key in groups.keys.sorted() {
      guard let group = groups[key], let first = group.first, let system = byID[first.system] else {
        continue
      }
      let fit = SurfaceFit(
        rows: group, systems: byID, prior: Self.prior(first, priors), families: families)
      guard let found = fit.fit() else { continue }
      let surface = CalibratedSurface(
        operation: first.operation, format: first.work.format, framework: first.framework,
        architecture: system.architecture.description, before: first.era?.before,
        efficiency: found.efficiency.rounded,
        residual: found.residual,
        families: found.families.isEmpty ? nil : found.families, systems: Set(group.map(\.system)).sorted(),
        rows: found.count,
        medianError: Self.digits(found.median), p90Error: Self.digits(found.p90))
      surfaces.append(surface)
      progress(
        "\(key): \(found.count) rows, median error \(Self.digits(found.median)), p90 \(Self.digits(found.p90))"
      )
    }
    calibration = Calibration(
      provenance: [
        "Kernel latencies of the PyPI packages aiconfigurator-core 0.12.0 and aiconfigurator 0.10.0 (Apache-2.0), "
          + "imported by calibration/import; fitted by tokenmill calibrate"
      ], surfaces: surfaces)
  }

  /// Where the closed form of a kernel starts before anything is measured.
  static func prior(_ row: KernelRow, _ priors: EfficiencyTable) -> OperatorEfficiency {
    guard let operatorClass = OperatorClass(rawValue: row.operation) else {
      return OperatorEfficiency(
        compute: 1, memory: priors.scaleUp.bandwidth, activation: 1, sharpness: 1,
        launchSeconds: priors.scaleUp.latencySeconds)
    }
    return priors.efficiency(operatorClass, type: row.work.type)
  }

  private static func digits(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }

  /// The calibration as a file's text: the same for the same surfaces.
  public var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    guard let data = try? encoder.encode(calibration) else { preconditionFailure("a surface with no number") }
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}

extension OperatorEfficiency {
  /// Five digits are more than the fit knows.
  fileprivate var rounded: OperatorEfficiency {
    func digits(_ value: Double) -> Double { (value * 1e5).rounded() / 1e5 }
    return OperatorEfficiency(
      compute: digits(compute), memory: digits(memory), activation: digits(activation),
      sharpness: digits(sharpness), launchSeconds: (launchSeconds * 1e9).rounded() * 1e-9)
  }
}

extension Model {
  /// The model's expert layers and attention heads, as ``KernelWork/family`` names them.
  fileprivate var kernelFamilies: [String] {
    (transformer?.layers ?? []).flatMap { group in
      var families: [String] = []
      if case .mixtureOfExperts(let mixture) = group.feedForward, let hidden = transformer?.hiddenSize {
        families.append(
          KernelWork.experts(
            tokens: 1, experts: Double(mixture.experts), held: 1, perToken: Double(mixture.expertsPerToken),
            width: Double(mixture.latentSize ?? hidden), inner: Double(mixture.expertIntermediateSize),
            matrices: 3, weights: .bf16, activations: .bf16
          ).family)
      }
      if case .groupedQuery(let attention) = group.attention {
        for tensor in [1, 2, 4, 8, 16] where attention.queryHeads >= tensor {
          families.append(
            KernelFormat.heads(
              group: Double(attention.queryHeads / tensor) / Double(max(1, attention.keyValueHeads / tensor)),
              width: Double(attention.headDimension), isBounded: attention.span != .full))
        }
      }
      return families
    }
  }
}
