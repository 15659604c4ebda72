/// A decoder-only transformer, dense, mixture of experts or hybrid: its shapes, and what follows from them.
public struct Transformer: Sendable, Equatable {
  /// Elements of the residual stream H.
  public var hiddenSize: Int
  /// Rows of the token table V.
  public var vocabularySize: Int
  /// The layers, alike ones together, in order of first appearance.
  public var layers: [LayerGroup]
  /// For each layer of the stack the index of its group in `layers`.
  public var layerOrder: [Int]
  /// The language-model head is the token table.
  public var tiedEmbeddings: Bool
  /// Rows of a learned position table; 0 with rotary or no positions.
  public var learnedPositions: Int
  /// The longest context that the configuration declares, in tokens.
  public var maximumContextTokens: Int
  /// Weights of the final norm (and other vectors outside the layers).
  public var finalNormParameters: Int
  /// The language-model head has a bias per token of the vocabulary.
  public var languageModelHeadBias: Bool
  /// Layers that guess further tokens; run only with speculative decoding, and not in the main counts.
  public var multiTokenPrediction: MultiTokenPrediction?

  /// A transformer from its groups, stacked one after the other unless `layerOrder` says otherwise.
  public init(
    hiddenSize: Int, vocabularySize: Int, layers: [LayerGroup], layerOrder: [Int]? = nil,
    tiedEmbeddings: Bool, learnedPositions: Int = 0, maximumContextTokens: Int,
    finalNormParameters: Int, languageModelHeadBias: Bool = false,
    multiTokenPrediction: MultiTokenPrediction? = nil
  ) {
    self.hiddenSize = hiddenSize
    self.vocabularySize = vocabularySize
    self.layers = layers
    self.layerOrder =
      layerOrder
      ?? layers.enumerated().flatMap { index, group in [Int](repeating: index, count: group.count) }
    self.tiedEmbeddings = tiedEmbeddings
    self.learnedPositions = learnedPositions
    self.maximumContextTokens = maximumContextTokens
    self.finalNormParameters = finalNormParameters
    self.languageModelHeadBias = languageModelHeadBias
    self.multiTokenPrediction = multiTokenPrediction
  }

  /// Groups a stack of single layers (`count` 1 each) into alike ones and their order.
  static func grouped(_ stack: [LayerGroup]) -> (layers: [LayerGroup], order: [Int]) {
    var groups: [LayerGroup] = []
    var order: [Int] = []
    for layer in stack {
      if let index = groups.firstIndex(where: { $0.isSameLayer(as: layer) }) {
        groups[index].count += layer.count
        order.append(index)
      } else {
        order.append(groups.count)
        groups.append(layer)
      }
    }
    return (groups, order)
  }

  /// Layers in the stack.
  public var layerCount: Int { layers.reduce(0) { $0 + $1.count } }

  /// Whether any layer routes tokens to experts.
  public var isMixtureOfExperts: Bool {
    layers.contains { if case .mixtureOfExperts = $0.feedForward { true } else { false } }
  }
}

/// Layers that predict tokens beyond the next one (DeepSeek-V3, arXiv 2412.19437, section 2.2).
///
/// Embedding and head are shared with the main model and not counted here.
public struct MultiTokenPrediction: Sendable, Equatable {
  /// Layers that the model ships.
  public var layers: Int
  /// What one of them is made of.
  public var layer: LayerGroup
  /// Weights that one of them has besides: the projection 2·H → H (matrix) and its norms (other).
  public var joiningParameters: ParameterCounts

  /// Prediction layers from their parts.
  public init(layers: Int, layer: LayerGroup, joiningParameters: ParameterCounts) {
    self.layers = layers
    self.layer = layer
    self.joiningParameters = joiningParameters
  }

  /// All parameters of all prediction layers.
  public func parameters(hiddenSize: Int) -> ParameterCounts {
    layers * (layer.count * layer.parametersPerLayer(hiddenSize: hiddenSize) + joiningParameters)
  }

  /// Parameters of one prediction layer that one token uses.
  public func activeParametersPerLayer(hiddenSize: Int) -> ParameterCounts {
    layer.count * layer.activeParametersPerLayer(hiddenSize: hiddenSize) + joiningParameters
  }
}
