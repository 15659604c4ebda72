/// A generation of accelerators that share kernels; measured efficiencies transfer inside one and to its neighbours.
public enum Architecture: Hashable, Sendable, CustomStringConvertible {
  case ampere, ada, hopper, blackwell, rubin
  case cdna2, cdna3, cdna4, cdna5
  case gaudi2, gaudi3
  case tpuV5, tpuV6, tpuV7
  case trainium2, trainium3
  /// A name that is not listed here: hypothetical hardware, or hardware newer than this list.
  case other(String)

  private static let named: [(String, Architecture)] = [
    ("ampere", .ampere), ("ada", .ada), ("hopper", .hopper), ("blackwell", .blackwell), ("rubin", .rubin),
    ("cdna2", .cdna2), ("cdna3", .cdna3), ("cdna4", .cdna4), ("cdna5", .cdna5), ("gaudi2", .gaudi2),
    ("gaudi3", .gaudi3), ("tpu-v5", .tpuV5), ("tpu-v6", .tpuV6), ("tpu-v7", .tpuV7),
    ("trainium2", .trainium2),
    ("trainium3", .trainium3),
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
