/// What a framework does around the kernels, and how its kernels differ from the same kernels timed alone.
///
/// Kernel tables hold each kernel launched back to back. In a step kernels overlap, fuse, wait for each other or run
/// on tokens that are spread less evenly: that is what the scales stand for. They are fitted to end-to-end runs and drawn
/// to 1 (``OverheadTable``).
public struct FrameworkOverhead: Sendable, Equatable, Codable {
  /// Seconds of a step that only decodes.
  public var stepSeconds: Double
  /// Seconds of a step that also processes prompt chunks.
  public var mixedStepSeconds: Double
  /// Seconds a layer and step: launches that are not fused.
  public var layerSeconds: Double
  /// Seconds a step for each decoding sequence.
  public var sequenceSeconds: Double
  /// Seconds from the client to the scheduler.
  public var frontEndSeconds: Double
  /// The same for each prompt token.
  public var frontEndSecondsPerInputToken: Double
  /// Kernels of steps that only decode.
  public var decode: KernelScales
  /// Kernels of steps with prompt chunks.
  public var prefill: KernelScales

  /// Overheads from their numbers, in seconds; kernels as timed alone.
  public init(
    stepSeconds: Double, mixedStepSeconds: Double, layerSeconds: Double, sequenceSeconds: Double,
    frontEndSeconds: Double, frontEndSecondsPerInputToken: Double, decode: KernelScales = KernelScales(),
    prefill: KernelScales = KernelScales()
  ) {
    self.stepSeconds = stepSeconds
    self.mixedStepSeconds = mixedStepSeconds
    self.layerSeconds = layerSeconds
    self.sequenceSeconds = sequenceSeconds
    self.frontEndSeconds = frontEndSeconds
    self.frontEndSecondsPerInputToken = frontEndSecondsPerInputToken
    self.decode = decode
    self.prefill = prefill
  }

  /// Nothing but kernels.
  public static let none = FrameworkOverhead(
    stepSeconds: 0, mixedStepSeconds: 0, layerSeconds: 0, sequenceSeconds: 0, frontEndSeconds: 0,
    frontEndSecondsPerInputToken: 0)

  enum CodingKeys: String, CodingKey {
    case stepSeconds = "step_seconds"
    case mixedStepSeconds = "mixed_step_seconds"
    case layerSeconds = "layer_seconds"
    case sequenceSeconds = "sequence_seconds"
    case frontEndSeconds = "front_end_seconds"
    case frontEndSecondsPerInputToken = "front_end_seconds_per_input_token"
    case decode, prefill
  }
}

/// Time of kernels in a step / time of the same kernels alone, by operator; 1 where nothing is known.
public struct KernelScales: Sendable, Equatable, Codable {
  /// Dense products, the output projection included.
  public var gemm: Double
  /// Grouped products of routed experts.
  public var experts: Double
  /// Norms, rotary embedding, activations, quantisation, cache writes.
  public var elementwise: Double
  /// Attention, linear attention included.
  public var attention: Double
  /// Exchanges between accelerators.
  public var collective: Double

  /// Scales, each > 0.
  public init(
    gemm: Double = 1, experts: Double = 1, elementwise: Double = 1, attention: Double = 1,
    collective: Double = 1
  ) {
    self.gemm = gemm
    self.experts = experts
    self.elementwise = elementwise
    self.attention = attention
    self.collective = collective
  }

  /// The cost with the time of each operator scaled.
  ///
  /// What limits an operator and what it draws are taken to stretch with the whole.
  func scaled(_ cost: CostVector) -> CostVector {
    guard cost[.time] > 0 else { return cost }
    var result = cost
    for lane in CostLane.operators { result[lane] *= self[lane] }
    let seconds = CostLane.operators.reduce(0) { $0 + result[$1] }
    let ratio = seconds / cost[.time]
    result[.time] = seconds
    result[.energy] *= ratio
    for lane in CostLane.limits { result[lane] *= ratio }
    return result
  }

  private subscript(lane: CostLane) -> Double {
    switch lane {
    case .gemm, .logits: gemm
    case .experts: experts
    case .elementwise: elementwise
    case .prefillAttention, .decodeAttention, .linearAttention: attention
    case .collective: collective
    default: 1
    }
  }
}
