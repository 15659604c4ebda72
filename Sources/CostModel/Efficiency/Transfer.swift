/// Where an architecture whose kernels were not measured takes efficiencies from, and how its vendor's stack differs.
///
/// The closed form of the other architecture holds without its residual, which follows that architecture's tiles.
/// Factors multiply efficiencies: 0.8 = four fifths of what the other architecture reaches of its own peak.
public struct Transfer: Sendable, Equatable {
  /// The measured architecture.
  public var source: String
  /// Factor of shares of the peak FLOP/s.
  public var compute: Double
  /// Factor of shares of the memory bandwidth, on weights, context and activations.
  public var memory: Double
  /// Factor of the seconds of launches.
  public var launch: Double

  /// A transfer from its parts; factors of 1 take efficiencies as they are.
  public init(from source: String, compute: Double = 1, memory: Double = 1, launch: Double = 1) {
    self.source = source
    self.compute = compute
    self.memory = memory
    self.launch = launch
  }

  /// An efficiency as it holds on the other architecture.
  func applied(to efficiency: OperatorEfficiency) -> OperatorEfficiency {
    OperatorEfficiency(
      compute: efficiency.compute * compute, memory: efficiency.memory * memory,
      activation: efficiency.activation * memory, sharpness: efficiency.sharpness,
      launchSeconds: efficiency.launchSeconds * launch)
  }
}

extension EfficiencyTable {
  /// The transfer that an architecture needs; nil where its own kernels were measured.
  ///
  /// Architectures that no list names take those of the name `other`.
  func transfer(to architecture: String) -> Transfer? {
    if calibration.surfaces.contains(where: { $0.architecture == architecture }) { return nil }
    return transfers[architecture] ?? transfers["other"]
  }

  /// The table with every efficiency as a transfer changes it; frameworks, links and power stay.
  func applying(_ transfer: Transfer) -> EfficiencyTable {
    var table = self
    table.gemm = gemm.mapValues { transfer.applied(to: $0) }
    table.others = others.mapValues { transfer.applied(to: $0) }
    table.selected = selected.mapValues { surface in
      var moved = surface
      moved.efficiency = transfer.applied(to: surface.efficiency)
      return moved
    }
    return table
  }
}
