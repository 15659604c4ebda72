import Models

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The work of one kernel on one accelerator: what a roofline needs, and what a calibration is looked up by.
///
/// The same functions describe a kernel of a model's layer and a row of a measured table, so that what was fitted on
/// the one holds for the other.
public struct KernelWork: Sendable, Equatable {
  /// Multiplications and additions.
  public var flops = 0.0
  /// Bytes of weights or cached context that it reads.
  public var weightBytes = 0.0
  /// Bytes of activations that it reads and writes.
  public var activationBytes = 0.0
  /// The type that it multiplies.
  public var type = ComputeType.bf16
  /// Launches.
  public var launches = 1.0
  /// The format of its operands as calibrations name it; empty where there is but one.
  public var format = ""
  /// The layer that it belongs to where its kernels were measured for that layer: experts such as `7168x2048 8/256`,
  /// attention heads such as `8x128`; else empty.
  public var family = ""
  /// Base-2 logarithms of its shape, the coordinates of a residual grid.
  public var shape = SIMD3<Double>.zero

  init() {}

  /// An exchange between accelerators: no kernel of its own.
  public static let exchange = KernelWork()

  /// Whether every dimension is at least a positive number: rows of tables may hold nonsense.
  public var hasShape: Bool { (0..<3).allSatisfy { shape[$0].isFinite } }

  /// A kernel that moves activations only.
  init(activationBytes: Double, launches: Double = 1) {
    self.activationBytes = activationBytes
    self.launches = launches
  }

  /// A dense product of m rows of k elements with a k × n matrix.
  ///
  /// - Parameters:
  ///   - m: rows, > 0.
  ///   - n: outputs, > 0.
  ///   - k: inputs, > 0.
  ///   - weights: the format that the matrix is stored in.
  ///   - activations: the format that rows are multiplied in.
  /// - Returns: 2mnk FLOPs, the matrix, and rows in and out (out in 16 bits).
  public static func gemm(m: Double, n: Double, k: Double, weights: DataType, activations: DataType)
    -> KernelWork
  {
    var work = KernelWork()
    work.flops = 2 * m * n * k
    work.weightBytes = n * k * weights.bytesPerElement
    work.activationBytes = m * (k * min(2, activations.bytesPerElement) + n * 2)
    work.type = KernelFormat.computeType(weights: weights, activations: activations)
    work.format = KernelFormat.name(weights: weights, activations: activations)
    work.shape = SIMD3(log2(m), log2(n), log2(k))
    return work
  }

  /// The grouped products of routed experts on one accelerator.
  ///
  /// Of E experts, T tokens with c choices each reach E·(1 − (1 − c/E)^T) when choices are balanced.
  /// - Parameters:
  ///   - tokens: tokens of the whole expert group, > 0.
  ///   - experts: routed experts of the layer.
  ///   - held: experts on this accelerator.
  ///   - perToken: experts that a token chooses.
  ///   - width: elements of a token.
  ///   - inner: inner width of an expert on this accelerator.
  ///   - matrices: 3 for gated experts, else 2.
  ///   - weights: the format of the experts.
  ///   - activations: the format that tokens are multiplied in.
  ///   - slices: accelerators that share one expert, >= 1: its whole inner width is `inner` × `slices`.
  /// - Returns: the work, permutation in and out included.
  public static func experts(
    tokens: Double, experts: Double, held: Double, perToken: Double, width: Double, inner: Double,
    matrices: Double, weights: DataType, activations: DataType, slices: Double = 1
  ) -> KernelWork {
    let matrix = matrices * width * inner
    let untouched = perToken >= experts ? 0 : pow(1 - perToken / experts, tokens)
    let rows = tokens * perToken * held / experts
    var work = KernelWork()
    work.flops = 2 * rows * matrix
    work.weightBytes = held * (1 - untouched) * matrix * weights.bytesPerElement
    work.activationBytes = rows * (4 * width + 4 * inner) * 2
    work.type = KernelFormat.computeType(weights: weights, activations: activations)
    work.format = KernelFormat.name(weights: weights, activations: activations)
    work.shape = SIMD3(log2(rows / held), log2(held), log2(width * inner))
    work.family =
      "\(Int(width))x\(Int((inner * slices).rounded())) \(Int(perToken))/\(Int(experts))"
    return work
  }

  /// Attention of one new token each of some sequences over their context.
  ///
  /// - Parameters:
  ///   - sequences: sequences, > 0.
  ///   - context: tokens attended to by each, on average, > 0.
  ///   - flopsPerPair: FLOPs of one query for one attended token, all heads of this accelerator.
  ///   - bytesPerToken: bytes of cached keys and values of one token on this accelerator.
  ///   - queryBytes: bytes of one sequence's query and output.
  ///   - heads: (key-value) heads that spread the work, >= 1.
  ///   - format: the calibration's name for kernel family and cache format.
  ///   - family: see ``KernelWork/family``.
  /// - Returns: the work.
  public static func decodeAttention(
    sequences: Double, context: Double, flopsPerPair: Double, bytesPerToken: Double, queryBytes: Double,
    heads: Double, format: String, family: String = ""
  ) -> KernelWork {
    var work = KernelWork()
    work.flops = sequences * context * flopsPerPair
    work.weightBytes = sequences * context * bytesPerToken
    work.activationBytes = sequences * queryBytes
    work.format = format
    work.family = family
    work.shape = SIMD3(log2(sequences * heads), log2(context), log2(flopsPerPair / max(bytesPerToken, 1)))
    return work
  }

  /// Causal attention of prompts to themselves.
  ///
  /// - Parameters:
  ///   - pairs: (query, key) pairs of one prompt or chunk.
  ///   - prompts: how many of them.
  ///   - flopsPerPair: FLOPs of one pair, all heads of this accelerator.
  ///   - heads: query heads of this accelerator.
  ///   - format: the calibration's name for kernel family and cache format.
  ///   - family: see ``KernelWork/family``.
  /// - Returns: the work; looked up by the length of the prompt with as many pairs, √(2·pairs).
  public static func prefillAttention(
    pairs: Double, prompts: Double = 1, flopsPerPair: Double, heads: Double, format: String,
    family: String = ""
  ) -> KernelWork {
    var work = KernelWork()
    work.family = family
    work.flops = pairs * prompts * flopsPerPair
    work.format = format
    work.shape = SIMD3(
      0.5 * log2(max(2 * pairs, 1)), log2(prompts * heads), log2(max(flopsPerPair / max(heads, 1), 1)))
    return work
  }
}

/// Names of operand formats, shared by calibration files and measured tables.
public enum KernelFormat {
  /// Formats that no table measures, and measured ones whose kernels move the same bytes and multiply alike.
  static let nearest = ["mxfp4": "nvfp4"]

  /// The name of a pair of formats, such as `bf16`, `fp8_block`, `nvfp4` or `w4a16_mxfp4`.
  public static func name(weights: DataType, activations: DataType) -> String {
    switch weights {
    case .bf16, .fp16: return "bf16"
    case .fp8: return activations.bitsPerElement > 9 ? "w8a16" : "fp8"
    case .fp8Block, .mxfp8: return activations.bitsPerElement > 9 ? "w8a16" : "fp8_block"
    case .nvfp4: return activations.bitsPerElement > 9 ? "w4a16_nvfp4" : "nvfp4"
    case .mxfp4:
      if activations.bitsPerElement > 9 { return "w4a16_mxfp4" }
      return activations.bitsPerElement > 5 ? "w4a8_mxfp4" : "mxfp4"
    case .int4, .int4Group32: return "int4"
    default: return weights.rawValue
    }
  }

  /// The peak that a product of these formats runs at: the wider of both.
  public static func computeType(weights: DataType, activations: DataType) -> ComputeType {
    let weight = weights.computeType
    let activation = activations.computeType
    return weight.narrowness <= activation.narrowness ? weight : activation
  }

  /// The family of attention with query heads in groups of `group` of `width` elements: `8x128`, `8x64 bounded`.
  public static func heads(group: Double, width: Double, isBounded: Bool) -> String {
    "\(Int(group.rounded()))x\(Int(width))" + (isBounded ? " bounded" : "")
  }

  /// The name of an attention kernel family: grouped-query or latent, by cache format.
  public static func attention(latent: Bool, cache: DataType) -> String {
    (latent ? "latent_" : "") + (cache.bitsPerElement <= 9 ? "fp8" : "bf16")
  }
}
