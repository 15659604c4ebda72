/// Layers that are the same in every shape.
///
/// Groups don't keep the layers' order inside the stack; ``Transformer/layerOrder`` does.
public struct LayerGroup: Sendable, Equatable {
  /// How many layers.
  public var count: Int
  /// The mixer of one layer.
  public var attention: Attention
  /// The feed-forward part of one layer.
  public var feedForward: FeedForward
  /// Weights of the norms of one layer (and other vectors of hidden size), those inside the attention excluded.
  public var normParameters: Int

  /// A group from its parts.
  public init(count: Int, attention: Attention, feedForward: FeedForward, normParameters: Int) {
    self.count = count
    self.attention = attention
    self.feedForward = feedForward
    self.normParameters = normParameters
  }

  /// Whether two groups' layers are the same, their counts aside.
  func isSameLayer(as other: LayerGroup) -> Bool {
    attention == other.attention && feedForward == other.feedForward
      && normParameters == other.normParameters
  }

  /// Parameters of the attention of one layer, matrices and the rest.
  public func attentionParameters(hiddenSize: Int) -> Int {
    attention.parameters(hiddenSize: hiddenSize).total
  }

  /// Parameters of the feed-forward part of one layer, all experts included.
  public func feedForwardParameters(hiddenSize: Int) -> Int {
    feedForward.parameters(hiddenSize: hiddenSize).total
  }

  /// Parameters of one layer by part: attention + feed-forward + norms.
  public func parametersPerLayer(hiddenSize: Int) -> ParameterCounts {
    attention.parameters(hiddenSize: hiddenSize) + feedForward.parameters(hiddenSize: hiddenSize)
      + ParameterCounts(other: normParameters)
  }

  /// Parameters of one layer that one token uses.
  public func activeParametersPerLayer(hiddenSize: Int) -> ParameterCounts {
    attention.parameters(hiddenSize: hiddenSize) + feedForward.activeParameters(hiddenSize: hiddenSize)
      + ParameterCounts(other: normParameters)
  }
}

extension Attention {
  /// Parameters of one layer's attention by part.
  public func parameters(hiddenSize: Int) -> ParameterCounts {
    switch self {
    case .groupedQuery(let attention):
      ParameterCounts(
        attention: attention.projectionParameters(hiddenSize: hiddenSize),
        other: attention.otherParameters(hiddenSize: hiddenSize))
    case .latent(let attention):
      ParameterCounts(
        attention: attention.projectionParameters(hiddenSize: hiddenSize),
        other: attention.otherParameters)
    case .compressed(let attention):
      ParameterCounts(
        attention: attention.projectionParameters(hiddenSize: hiddenSize),
        other: attention.otherParameters)
    case .linear(let attention):
      ParameterCounts(
        attention: attention.projectionParameters(hiddenSize: hiddenSize),
        other: attention.otherParameters)
    case .none: ParameterCounts()
    }
  }

  /// FLOPs of the mixing itself (projections excluded) for the last token of a context of `context` tokens.
  ///
  /// - Parameters:
  ///   - context: tokens of the sequence, the token itself included.
  ///   - absorbed: for latent attention, work on the compressed cache as decode kernels do.
  /// - Returns: FLOPs, a multiply-add counting 2.
  public func mixingFloatingPointOperations(context: Int, absorbed: Bool = false) -> Double {
    switch self {
    case .groupedQuery(let attention): attention.scoreFloatingPointOperations(context: context)
    case .latent(let attention):
      absorbed
        ? attention.absorbedScoreFloatingPointOperations(context: context)
        : attention.scoreFloatingPointOperations(context: context)
    case .compressed(let attention): attention.scoreFloatingPointOperations(context: context)
    case .linear(let attention): attention.stateFloatingPointOperations
    case .none: 0
    }
  }
}
