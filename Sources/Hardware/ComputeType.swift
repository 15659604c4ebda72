import Quantities

/// A number format in which an accelerator computes.
public enum ComputeType: String, CaseIterable, Hashable, Sendable {
  case fp64, fp32, tf32, fp16, bf16, fp8, fp6, fp4, int8

  /// Bits of one operand.
  public var bits: Int {
    switch self {
    case .fp64: 64
    case .fp32: 32
    // The multiplier takes 19 bits; operands are stored in 32.
    case .tf32: 32
    case .fp16, .bf16: 16
    case .fp8, .int8: 8
    case .fp6: 6
    case .fp4: 4
    }
  }
}

/// The dense peak compute rate of one accelerator in each number format that it computes in.
public struct PeakRates: Hashable, Sendable {
  /// By ordinal of `ComputeType`; nil where the accelerator has no such arithmetic or it is not known.
  private var rates: [FlopsPerSecond?]

  /// Starts with the one rate that every accelerator must state.
  public init(bf16: FlopsPerSecond) {
    rates = Array(repeating: nil, count: ComputeType.allCases.count)
    self[.bf16] = bf16
  }

  /// The dense rate of bfloat16, the reference for everything that a system does not state.
  public var bf16: FlopsPerSecond { self[.bf16] ?? .zero }

  /// The dense rate in a format; nil where the accelerator has no such arithmetic or it is not known.
  public subscript(type: ComputeType) -> FlopsPerSecond? {
    get { rates[Self.ordinal(type)] }
    set { rates[Self.ordinal(type)] = newValue }
  }

  private static func ordinal(_ type: ComputeType) -> Int {
    switch type {
    case .fp64: 0
    case .fp32: 1
    case .tf32: 2
    case .fp16: 3
    case .bf16: 4
    case .fp8: 5
    case .fp6: 6
    case .fp4: 7
    case .int8: 8
    }
  }
}
