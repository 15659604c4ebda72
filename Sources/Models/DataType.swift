/// How one number is stored, and which peak rate of a chip multiplies it.
///
/// The raw value is what a scenario file writes (`nvfp4`, `fp8_block`, …).
public enum DataType: String, Sendable, CaseIterable, Codable {
  /// IEEE 754 binary64.
  case fp64
  /// IEEE 754 binary32.
  case fp32
  /// NVIDIA TensorFloat-32: stored as 32 bits, multiplied with a 10-bit mantissa.
  case tf32
  /// bfloat16.
  case bf16
  /// IEEE 754 binary16.
  case fp16
  /// 8-bit floating point with one scale per tensor or per channel (the scale's share is negligible).
  case fp8
  /// 8-bit floating point with one FP32 scale per block of 128 × 128 (DeepSeek-V3, Qwen3-FP8).
  case fp8Block = "fp8_block"
  /// OCP Microscaling FP8: one 8-bit scale per 32 elements.
  case mxfp8
  /// 6-bit floating point, no scales.
  case fp6
  /// OCP Microscaling FP6: one 8-bit scale per 32 elements.
  case mxfp6
  /// 8-bit integers with one scale per channel.
  case int8
  /// NVIDIA FP4: one FP8 scale per 16 elements.
  case nvfp4
  /// OCP Microscaling FP4: one 8-bit scale per 32 elements.
  case mxfp4
  /// 4-bit integers with one 16-bit scale per 128 elements (GPTQ and AWQ default).
  case int4
  /// 4-bit integers with one 16-bit scale per 32 elements (Kimi K2 Thinking, K2.5).
  case int4Group32 = "int4_g32"

  /// Bits of storage per element, scales included.
  ///
  /// Block formats add the width of a scale divided by the elements it serves: NVFP4 4 + 8/16, MXFP4
  /// 4 + 8/32 (OCP Microscaling Formats v1.0), INT4 4 + 16/128, block FP8 8 + 32/(128·128).
  public var bitsPerElement: Double {
    switch self {
    case .fp64: 64
    case .fp32, .tf32: 32
    case .bf16, .fp16: 16
    case .fp8, .int8: 8
    case .fp8Block: 8 + 32.0 / (128 * 128)
    case .mxfp8: 8 + 8.0 / 32
    case .fp6: 6
    case .mxfp6: 6 + 8.0 / 32
    case .nvfp4: 4 + 8.0 / 16
    case .mxfp4: 4 + 8.0 / 32
    case .int4: 4 + 16.0 / 128
    case .int4Group32: 4 + 16.0 / 32
    }
  }

  /// Bytes of storage per element, scales included: `bitsPerElement / 8`.
  public var bytesPerElement: Double { bitsPerElement / 8 }

  /// The class of peak rate that a product of two such operands runs at.
  ///
  /// INT4 has no multiplier on current accelerators: its weights are widened to 16 bits first, so its
  /// class is `bf16`. For operands of two types, see ``Precision/computeType(of:)``.
  public var computeType: ComputeType {
    switch self {
    case .fp64: .fp64
    case .fp32: .fp32
    case .tf32: .tf32
    case .bf16, .fp16, .int4, .int4Group32: .bf16
    case .fp8, .fp8Block, .mxfp8: .fp8
    case .fp6, .mxfp6: .fp6
    case .int8: .int8
    case .nvfp4, .mxfp4: .fp4
    }
  }
}

/// A column of an accelerator's table of peak rates.
///
/// FP16 and BF16 share the class `bf16`: every accelerator of the catalogue runs them at the same rate.
public enum ComputeType: String, Sendable, CaseIterable, Codable {
  /// 64-bit floating point.
  case fp64
  /// 32-bit floating point outside the matrix units.
  case fp32
  /// TensorFloat-32 on the matrix units.
  case tf32
  /// 16-bit floating point (FP16 and BF16).
  case bf16
  /// 8-bit integers.
  case int8
  /// 8-bit floating point.
  case fp8
  /// 6-bit floating point.
  case fp6
  /// 4-bit floating point.
  case fp4

  /// From the widest operand (0) to the narrowest; two operands multiply in the class of the lower rank.
  public var narrowness: Int {
    switch self {
    case .fp64: 0
    case .fp32: 1
    case .tf32: 2
    case .bf16: 3
    case .int8: 4
    case .fp8: 5
    case .fp6: 6
    case .fp4: 7
    }
  }
}
