/// A generation of accelerators that share kernels; measured efficiencies transfer inside one and to its neighbours.
public enum Architecture: Hashable, Sendable, CustomStringConvertible {
  case ampere, ada, hopper, blackwell, rubin
  case cdna2, cdna3, cdna4, cdna5
  case tpuV5e, tpuV5p, tpuV6e, tpuV7
  case neuronV2, neuronV3, neuronV4
  case gaudi, xeHPC, maia
  /// A name that is not listed here: hypothetical hardware, or hardware newer than this list.
  case other(String)

  private static let named: [(String, Architecture)] = [
    ("ampere", .ampere), ("ada", .ada), ("hopper", .hopper), ("blackwell", .blackwell), ("rubin", .rubin),
    ("cdna2", .cdna2), ("cdna3", .cdna3), ("cdna4", .cdna4), ("cdna5", .cdna5), ("tpu-v5e", .tpuV5e),
    ("tpu-v5p", .tpuV5p), ("tpu-v6e", .tpuV6e), ("tpu-v7", .tpuV7), ("neuron-v2", .neuronV2),
    ("neuron-v3", .neuronV3), ("neuron-v4", .neuronV4), ("gaudi", .gaudi), ("xe-hpc", .xeHPC),
    ("maia", .maia),
  ]

  /// The architecture of a name; a name that is not listed becomes `other`.
  public init(_ name: String) {
    self = Self.named.first { $0.0 == name }?.1 ?? .other(name)
  }

  /// The name as files write it.
  public var description: String {
    if case .other(let name) = self { return name }
    return Self.named.first { $0.1 == self }?.0 ?? ""
  }
}
