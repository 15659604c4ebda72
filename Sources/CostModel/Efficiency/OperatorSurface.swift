/// What one operator reaches of the hardware's peaks, over its shapes: a closed form times a residual.
public struct OperatorSurface: Sendable, Equatable {
  /// The closed form's numbers.
  public var efficiency: OperatorEfficiency
  /// What the closed form leaves unexplained.
  public var residual: ResidualGrid?
  /// What the residual leaves unexplained for layers that were measured themselves, by ``KernelWork/family``.
  public var families: [String: ResidualGrid]
  /// What it rests on.
  public var provenance: Provenance

  /// A surface from its parts.
  public init(
    efficiency: OperatorEfficiency, residual: ResidualGrid? = nil, families: [String: ResidualGrid] = [:],
    provenance: Provenance = .prior
  ) {
    self.efficiency = efficiency
    self.residual = residual
    self.families = families
    self.provenance = provenance
  }
}

extension OperatorSurface {
  /// The natural logarithm of measured over closed form for a kernel.
  func logResidual(of work: KernelWork) -> Double {
    var value = residual?.value(at: work.shape) ?? 0
    if !work.family.isEmpty, let own = families[work.family] { value += own.value(at: work.shape) }
    return value
  }
}

/// What a cost rests on.
public enum Provenance: String, Sendable, CaseIterable, Codable, Comparable {
  /// Kernels measured on this generation of accelerators.
  case measured
  /// Kernels measured on another generation or with another framework.
  case transferred
  /// A generic prior.
  case prior

  /// Whether `a` rests on firmer ground.
  public static func < (a: Provenance, b: Provenance) -> Bool { a.rank < b.rank }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
