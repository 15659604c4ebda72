/// Which number format each part of a model is held and multiplied in.
///
/// `weights` is what quantisers change: the linear layers (attention projections and feed-forward).
/// Embeddings, the language-model head, norms and routers stay at 16 bits unless stated.
public struct Precision: Sendable, Equatable {
  /// Format of the weights of the linear layers.
  public var weights: DataType
  /// Format of the activations that meet those weights in a matrix product.
  public var activations: DataType
  /// Format of the key-value cache.
  public var keyValueCache: DataType
  /// Format of the language-model head.
  public var languageModelHead: DataType
  /// Format of the embedding table.
  public var embedding: DataType
  /// Format of the attention projections where it differs from `weights`.
  public var attention: DataType?
  /// Format of the routed experts where it differs from `weights` (gpt-oss: only these are MXFP4).
  public var experts: DataType?
  /// Format of the recurrent state of linear attention.
  public var recurrentState: DataType

  /// A precision; what is left out is 16-bit, and follows `weights` for attention and experts.
  public init(
    weights: DataType, activations: DataType = .bf16, keyValueCache: DataType = .bf16,
    languageModelHead: DataType = .bf16, embedding: DataType = .bf16, attention: DataType? = nil,
    experts: DataType? = nil, recurrentState: DataType = .fp32
  ) {
    self.weights = weights
    self.activations = activations
    self.keyValueCache = keyValueCache
    self.languageModelHead = languageModelHead
    self.embedding = embedding
    self.attention = attention
    self.experts = experts
    self.recurrentState = recurrentState
  }

  /// Everything in bfloat16.
  public static let bf16 = Precision(weights: .bf16)

  /// The parts of a model that a precision tells apart.
  public enum Part: Sendable, CaseIterable {
    /// Projections of attention and of linear attention.
    case attention
    /// Dense feed-forward layers and shared experts.
    case feedForward
    /// Routed experts.
    case experts
    /// Expert routers.
    case router
    /// The language-model head.
    case languageModelHead
    /// The embedding table.
    case embedding
    /// Norms, biases, convolutions, sinks.
    case other
  }

  /// The format that the weights of a part are stored in.
  public func weightType(of part: Part) -> DataType {
    switch part {
    case .attention: attention ?? weights
    case .feedForward: weights
    case .experts: experts ?? weights
    case .languageModelHead: languageModelHead
    case .embedding: embedding
    case .router, .other: .bf16
    }
  }

  /// The class of peak rate that a matrix product of a part runs at: the wider of weights and activations.
  ///
  /// Weight-only quantisation (narrow weights, 16-bit activations) saves bytes and no FLOPs: the weights are
  /// widened before the product. A part kept at 16 bits also multiplies at 16 bits.
  public func computeType(of part: Part) -> ComputeType {
    let weight = weightType(of: part).computeType
    let activation = activations.computeType
    return weight.narrowness <= activation.narrowness ? weight : activation
  }
}
