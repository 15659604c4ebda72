/// One fitted surface as a calibration file holds it, with what it was fitted on.
public struct CalibratedSurface: Sendable, Equatable, Codable {
  /// The operator: a raw value of ``OperatorClass``, or `all_reduce`.
  public var operation: String
  /// The operands' format, as ``KernelFormat`` names it; empty where there is but one.
  public var format: String
  /// The framework whose kernels were measured; nil where all were pooled.
  public var framework: String?
  /// The generation of accelerators that was measured.
  public var architecture: String
  /// The first version of the framework whose kernels are others; nil: they are the newest that were measured.
  public var before: String?
  /// Share of the dense peak.
  public var compute: Double
  /// Share of the bandwidth on weights and context (of the link, for exchanges).
  public var memory: Double
  /// Share of the bandwidth on activations.
  public var activation: Double
  /// Sharpness of the roofline's corner.
  public var sharpness: Double
  /// Seconds of a launch (of a phase, for exchanges).
  public var launchSeconds: Double
  /// What the closed form leaves unexplained.
  public var residual: ResidualGrid?
  /// What the residual leaves unexplained for the expert layers of models in the catalogue, by ``KernelWork/family``.
  public var families: [String: ResidualGrid]?
  /// Systems that were measured.
  public var systems: [String]
  /// Rows that it was fitted on.
  public var rows: Int
  /// Median of |predicted / measured − 1| over those rows.
  public var medianError: Double
  /// 90th percentile of the same.
  public var p90Error: Double

  /// A surface from its parts.
  public init(
    operation: String, format: String, framework: String?, architecture: String, before: String? = nil,
    efficiency: OperatorEfficiency,
    residual: ResidualGrid?, families: [String: ResidualGrid]? = nil, systems: [String], rows: Int,
    medianError: Double, p90Error: Double
  ) {
    self.operation = operation
    self.format = format
    self.framework = framework
    self.architecture = architecture
    self.before = before
    compute = efficiency.compute
    memory = efficiency.memory
    activation = efficiency.activation
    sharpness = efficiency.sharpness
    launchSeconds = efficiency.launchSeconds
    self.residual = residual
    self.families = families
    self.systems = systems
    self.rows = rows
    self.medianError = medianError
    self.p90Error = p90Error
  }

  /// The closed form's numbers.
  public var efficiency: OperatorEfficiency {
    OperatorEfficiency(
      compute: compute, memory: memory, activation: activation, sharpness: sharpness,
      launchSeconds: launchSeconds)
  }

  var key: String { operation + "|" + format }

  /// How well it suits a framework and a generation: 0 is best, nil not at all.
  ///
  /// Another generation's surface is better than another framework's: kernels differ more between frameworks than
  /// efficiencies do between generations; without either, any measured surface beats a prior only within the format.
  func distance(framework wanted: String, architecture here: String, transferredFrom: String? = nil) -> Int {
    let sameFramework = framework == nil || framework == wanted
    let generation = architecture == here ? 0 : architecture == transferredFrom ? 2 : 4
    return generation + (sameFramework ? 0 : 1)
  }
}

/// The fitted surfaces of a calibration file.
public struct Calibration: Sendable, Equatable, Codable {
  /// Version of the file's form.
  public var version: Int
  /// What the measurements were, for people.
  public var provenance: [String]
  /// The surfaces, in a fixed order.
  public var surfaces: [CalibratedSurface]

  /// A calibration of version 1.
  public init(provenance: [String], surfaces: [CalibratedSurface]) {
    version = 1
    self.provenance = provenance
    self.surfaces = surfaces
  }

  /// The best surface for one operator and format on a generation with a framework; nil where no kernel of the format
  /// was measured anywhere.
  public func surface(
    operation: String, format: String, framework: String, version: FrameworkVersion? = nil,
    architecture: String
  ) -> OperatorSurface? {
    surfaces(framework: framework, version: version, architecture: architecture)[operation + "|" + format]
  }

  /// The best surface for each operator and format on one generation with one framework.
  ///
  /// What the generation lacks comes from `transferredFrom` rather than from any other one. Of surfaces as near as each
  /// other that of the earliest version counts that came after `version`; without a version the newest kernels count.
  func surfaces(
    framework: String, version: FrameworkVersion? = nil, architecture: String, transferredFrom: String? = nil
  ) -> [String: OperatorSurface] {
    var best: [String: (distance: Int, before: FrameworkVersion?, surface: CalibratedSurface)] = [:]
    for surface in surfaces {
      let before = surface.before.flatMap { FrameworkVersion($0) }
      if let before {
        guard let version, version < before, surface.framework == framework else { continue }
      }
      let distance = surface.distance(
        framework: framework, architecture: architecture, transferredFrom: transferredFrom)
      if let known = best[surface.key] {
        if known.distance < distance { continue }
        if known.distance == distance, !FrameworkVersion.isEarlier(before, known.before) { continue }
      }
      best[surface.key] = (distance, before, surface)
    }
    return best.mapValues { found in
      // On a generation that was not measured the residual, which follows that generation's tiles, is left out.
      let measuredHere = found.surface.architecture == architecture
      return OperatorSurface(
        efficiency: found.surface.efficiency, residual: measuredHere ? found.surface.residual : nil,
        families: measuredHere ? found.surface.families ?? [:] : [:],
        provenance: found.distance == 0 ? .measured : .transferred)
    }
  }
}

extension CalibratedSurface {
  /// Whose kernels they are.
  ///
  /// - Parameters:
  ///   - framework: the framework; nil where all are pooled.
  ///   - before: the first of its versions whose kernels are others; nil for the newest.
  /// - Returns: `vllm`, `vllm before 0.15`; nil for those of every framework.
  public static func owner(_ framework: String?, before: String?) -> String? {
    framework.map { $0 + (before.map { " before " + $0 } ?? "") }
  }
}
