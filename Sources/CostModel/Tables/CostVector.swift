/// What a stretch of engine time costs, lane by lane (see ``CostLane``): additive and linear, so that sums,
/// interpolations and closed forms over many steps treat every lane alike.
public typealias CostVector = SIMD16<Double>

/// The lanes of a ``CostVector``.
///
/// Seconds, except for the energy lane. `time` is the sum of the operator lanes and also of the limit lanes.
public enum CostLane: Int, CaseIterable, Sendable {
  /// Seconds that the replica is busy.
  case time
  /// Joules above idle of all accelerators of the replica.
  case energy
  /// Seconds bound by arithmetic.
  case compute
  /// Seconds bound by memory bandwidth.
  case memory
  /// Seconds bound by links.
  case network
  /// Seconds of kernel launches and framework work.
  case launch
  /// Seconds in dense matrix products (projections, feed-forward layers).
  case gemm
  /// Seconds in the grouped products of routed experts, router included.
  case experts
  /// Seconds in attention over prompt chunks.
  case prefillAttention
  /// Seconds in attention of decoding sequences over their context.
  case decodeAttention
  /// Seconds in state updates of linear-attention layers.
  case linearAttention
  /// Seconds in norms, activations, rotary embedding, quantisation, KV-cache writes.
  case elementwise
  /// Seconds in collectives and pipeline hand-offs.
  case collective
  /// Seconds in the output projection and sampling.
  case logits
  /// Seconds of the framework's own work in a step.
  case framework
  /// Seconds in denoising and image decoding of diffusion models.
  case diffusion

  /// Lanes that attribute time to what limits it.
  public static let limits: [CostLane] = [.compute, .memory, .network, .launch]
  /// Lanes that attribute time to operators.
  public static let operators: [CostLane] = [
    .gemm, .experts, .prefillAttention, .decodeAttention, .linearAttention, .elementwise, .collective,
    .logits, .framework, .diffusion,
  ]

  /// The name in results, in snake case.
  public var name: String {
    switch self {
    case .prefillAttention: "prefill_attention"
    case .decodeAttention: "decode_attention"
    case .linearAttention: "linear_attention"
    default: "\(self)"
    }
  }
}

extension CostVector {
  /// The value in `lane`.
  @inlinable
  public subscript(lane: CostLane) -> Double {
    get { self[lane.rawValue] }
    set { self[lane.rawValue] = newValue }
  }
}
