/// Parts that many architectures spell alike.
extension ConfigReader {
  /// Sizes that every architecture has.
  struct Frame {
    var hiddenSize: Int
    var vocabularySize: Int
    var layerCount: Int
    var maximumContextTokens: Int
    var tiedEmbeddings: Bool
  }

  /// Reads the sizes that every architecture has; `tied` is what the architecture assumes when silent.
  mutating func frame(tied: Bool = false) throws(ModelError) -> Frame {
    Frame(
      hiddenSize: try size("hidden_size", limit: Limit.hidden),
      vocabularySize: try size("vocab_size", limit: Limit.vocabulary),
      layerCount: try size("num_hidden_layers", limit: Limit.layers),
      maximumContextTokens: try size("max_position_embeddings", limit: Limit.tokens),
      tiedEmbeddings: try flag("tie_word_embeddings", default: tied))
  }

  /// Reads the head counts of grouped-query attention, without biases and norms.
  mutating func groupedQuery(hiddenSize: Int) throws(ModelError) -> GroupedQueryAttention {
    let heads = try size("num_attention_heads", limit: Limit.heads)
    let keyValueHeads = try optionalSize("num_key_value_heads", limit: Limit.heads) ?? heads
    guard heads % keyValueHeads == 0 else {
      throw invalid(
        "num_key_value_heads", .integer(keyValueHeads),
        allowed: "a divisor of num_attention_heads = \(heads)")
    }
    if let dimension = try optionalSize("head_dim", "attention_head_dim", limit: Limit.headDimension) {
      return GroupedQueryAttention(
        queryHeads: heads, keyValueHeads: keyValueHeads, headDimension: dimension)
    }
    guard hiddenSize % heads == 0 else {
      throw invalid(
        "num_attention_heads", .integer(heads),
        allowed: "a divisor of hidden_size = \(hiddenSize), or a key head_dim beside it")
    }
    return GroupedQueryAttention(
      queryHeads: heads, keyValueHeads: keyValueHeads, headDimension: hiddenSize / heads)
  }

  /// The span of each layer by `layer_types`, or by `standard` where that key is absent.
  ///
  /// `window` is needed once a layer slides.
  mutating func spans(
    layerCount: Int, window: Int?, standard: (Int) -> Bool
  ) throws(ModelError) -> [AttentionSpan] {
    let types = try words("layer_types")
    try checkCount(types, of: "layer_types", is: layerCount)
    var spans: [AttentionSpan] = []
    for layer in 0..<layerCount {
      let type = types?[layer] ?? (standard(layer) ? "sliding_attention" : "full_attention")
      switch type {
      case "full_attention": spans.append(.full)
      case "sliding_attention":
        guard let window else { throw missing("sliding_window") }
        spans.append(.slidingWindow(tokens: window))
      default:
        throw invalid("layer_types", .string(type), allowed: "full_attention or sliding_attention")
      }
    }
    return spans
  }

  /// Refuses a per-layer list whose length isn't the number of layers.
  func checkCount<Element>(
    _ list: [Element]?, of key: String, is layerCount: Int
  ) throws(ModelError) {
    guard let list, list.count != layerCount else { return }
    throw .invalidValue(
      file: file, key: prefix + key, found: "\(list.count) entries",
      allowed: "one per layer, num_hidden_layers = \(layerCount)")
  }

  /// A mixture in DeepSeek's spelling, which GLM, Kimi and Nemotron share.
  mutating func deepSeekMixture() throws(ModelError) -> MixtureOfExperts {
    let experts = try size("n_routed_experts", "num_experts", limit: Limit.experts)
    let perToken = try expertsPerToken(of: experts)
    let size = try size("moe_intermediate_size", limit: Limit.intermediate)
    let shared = try count("n_shared_experts", "num_shared_experts", limit: Limit.experts)
    return MixtureOfExperts(
      experts: experts, expertsPerToken: perToken, expertIntermediateSize: size,
      sharedExpertIntermediateSize: shared * size)
  }

  /// Experts that a token goes to, at most all of them.
  mutating func expertsPerToken(of experts: Int) throws(ModelError) -> Int {
    let perToken = try size(
      "num_experts_per_tok", "experts_per_token", "num_experts_per_token", limit: Limit.experts)
    guard perToken <= experts else {
      throw invalid(
        "num_experts_per_tok", .integer(perToken), allowed: "at most the number of experts, \(experts)")
    }
    return perToken
  }

  /// A prediction layer of DeepSeek's kind on top of a layer: projection 2·H → H, norms of both inputs and the end.
  func multiTokenPrediction(layers: Int, layer: LayerGroup, hiddenSize: Int) -> MultiTokenPrediction? {
    guard layers > 0 else { return nil }
    var single = layer
    single.count = 1
    return MultiTokenPrediction(
      layers: layers, layer: single,
      joiningParameters: ParameterCounts(
        feedForward: 2 * hiddenSize * hiddenSize, other: 3 * hiddenSize))
  }

  /// Builds the transformer from a stack of single layers, and reports more than one window size.
  mutating func transformer(
    _ frame: Frame, stack: [LayerGroup], finalNormParameters: Int? = nil,
    languageModelHeadBias: Bool = false, multiTokenPrediction: MultiTokenPrediction? = nil
  ) -> Transformer {
    let (layers, order) = Transformer.grouped(stack)
    let transformer = Transformer(
      hiddenSize: frame.hiddenSize, vocabularySize: frame.vocabularySize, layers: layers,
      layerOrder: order, tiedEmbeddings: frame.tiedEmbeddings,
      maximumContextTokens: frame.maximumContextTokens,
      finalNormParameters: finalNormParameters ?? frame.hiddenSize,
      languageModelHeadBias: languageModelHeadBias, multiTokenPrediction: multiTokenPrediction)
    let windows = transformer.keyValueElementsPerToken.windowed.map(\.windowTokens)
    if windows.count > 1 {
      unsupportedFeatures.append(
        "several attention windows (\(windows.map(String.init).joined(separator: ", ")) tokens)")
    }
    return transformer
  }
}
