/// Gated DeltaNet with full attention in between: Qwen3-Next, Qwen3.5 (dense and mixture of experts).
enum QwenHybrid {
  static func read(_ reader: inout ConfigReader) throws(ModelError) -> Transformer {
    let frame = try reader.frame()
    var full = try reader.groupedQuery(hiddenSize: frame.hiddenSize)
    let bias = try reader.flag("attention_bias", default: false)
    full.queryKeyValueBias = bias
    full.outputBias = bias
    full.queryKeyNorm = true
    full.queryKeyNormParameters = 2 * full.headDimension
    full.outputGate = try reader.flag("attn_output_gate", default: true)
    let linear = try deltaNet(&reader)
    let (sparse, dense) = try feedForwards(&reader)
    let step = try reader.optionalSize("decoder_sparse_step", limit: ConfigReader.Limit.layers) ?? 1
    let denseOnly = try reader.numbers("mlp_only_layers") ?? []
    var stack: [LayerGroup] = []
    for (layer, isFull) in try fullLayers(&reader, layerCount: frame.layerCount).enumerated() {
      let feedForward: FeedForward
      if let sparse, !denseOnly.contains(layer), (layer + 1) % step == 0 {
        feedForward = sparse
      } else if let dense {
        feedForward = dense
      } else {
        throw reader.missing("intermediate_size")
      }
      stack.append(
        LayerGroup(
          count: 1, attention: isFull ? .groupedQuery(full) : .linear(linear), feedForward: feedForward,
          normParameters: 2 * frame.hiddenSize))
    }
    let layers = try reader.count(
      "mtp_num_hidden_layers", "num_nextn_predict_layers", limit: ConfigReader.Limit.layers)
    if try reader.flag("mtp_use_dedicated_embeddings", default: false) {
      reader.unsupportedFeatures.append("a multi-token prediction embedding of its own")
    }
    let predictor = LayerGroup(
      count: 1, attention: .groupedQuery(full), feedForward: sparse ?? dense ?? .none,
      normParameters: 2 * frame.hiddenSize)
    return reader.transformer(
      frame, stack: stack,
      multiTokenPrediction: reader.multiTokenPrediction(
        layers: layers, layer: predictor, hiddenSize: frame.hiddenSize))
  }

  private static func deltaNet(_ reader: inout ConfigReader) throws(ModelError) -> LinearAttention {
    reader.ignore("mamba_ssm_dtype")
    return LinearAttention(
      kind: .gatedDeltaNet,
      keyHeads: try reader.size("linear_num_key_heads", limit: ConfigReader.Limit.heads),
      valueHeads: try reader.size("linear_num_value_heads", limit: ConfigReader.Limit.heads),
      keyHeadDimension: try reader.size("linear_key_head_dim", limit: ConfigReader.Limit.headDimension),
      valueHeadDimension: try reader.size("linear_value_head_dim", limit: ConfigReader.Limit.headDimension),
      convolutionKernel: try reader.size("linear_conv_kernel_dim", limit: 64))
  }

  private static func feedForwards(
    _ reader: inout ConfigReader
  ) throws(ModelError) -> (sparse: FeedForward?, dense: FeedForward?) {
    let denseSize = try reader.optionalSize("intermediate_size", limit: ConfigReader.Limit.intermediate)
    let dense = denseSize.map { FeedForward.dense(intermediateSize: $0, gated: true, bias: false) }
    guard let experts = try reader.optionalSize("num_experts", limit: ConfigReader.Limit.experts) else {
      return (nil, dense)
    }
    let shared = try reader.count(
      "shared_expert_intermediate_size", limit: ConfigReader.Limit.intermediate)
    let mixture = MixtureOfExperts(
      experts: experts, expertsPerToken: try reader.expertsPerToken(of: experts),
      expertIntermediateSize: try reader.size(
        "moe_intermediate_size", limit: ConfigReader.Limit.intermediate),
      sharedExpertIntermediateSize: shared, sharedExpertGate: shared > 0)
    return (.mixtureOfExperts(mixture), dense)
  }

  private static func fullLayers(
    _ reader: inout ConfigReader, layerCount: Int
  ) throws(ModelError) -> [Bool] {
    let interval =
      try reader.optionalSize("full_attention_interval", limit: ConfigReader.Limit.layers) ?? 4
    guard let types = try reader.words("layer_types") else {
      return (0..<layerCount).map { ($0 + 1) % interval == 0 }
    }
    try reader.checkCount(types, of: "layer_types", is: layerCount)
    var result: [Bool] = []
    for type in types {
      guard type == "full_attention" || type == "linear_attention" else {
        throw reader.invalid(
          "layer_types", .string(type), allowed: "full_attention or linear_attention")
      }
      result.append(type == "full_attention")
    }
    return result
  }
}

/// Mamba-2, attention, feed-forward and experts, each a layer of its own: Nemotron-H and Nemotron 3.
enum NemotronH {
  static func read(_ reader: inout ConfigReader) throws(ModelError) -> Transformer {
    let pattern = try pattern(&reader)
    let hidden = try reader.size("hidden_size", limit: ConfigReader.Limit.hidden)
    let layerCount = try reader.optionalSize("num_hidden_layers", limit: ConfigReader.Limit.layers)
    if let layerCount { try reader.checkCount(pattern, of: "hybrid_override_pattern", is: layerCount) }
    let frame = ConfigReader.Frame(
      hiddenSize: hidden, vocabularySize: try reader.size("vocab_size", limit: ConfigReader.Limit.vocabulary),
      layerCount: pattern.count,
      maximumContextTokens: try reader.size("max_position_embeddings", limit: ConfigReader.Limit.tokens),
      tiedEmbeddings: try reader.flag("tie_word_embeddings", default: false))
    for key in ["attention_bias", "mlp_bias", "mamba_proj_bias", "use_bias"]
    where try reader.flag(key, default: false) {
      reader.unsupportedFeatures.append("biases (\(key))")
    }
    if try reader.optionalSize("sliding_window", limit: ConfigReader.Limit.tokens) != nil {
      reader.unsupportedFeatures.append("a sliding window in a Nemotron-H model")
    }
    var parts = Parts(reader: reader, hiddenSize: hidden)
    var stack: [LayerGroup] = []
    for kind in pattern { stack.append(try parts.layer(kind)) }
    let prediction = try prediction(&parts, hiddenSize: hidden)
    reader = parts.reader
    reader.ignore(
      "intermediate_size", "moe_intermediate_size", "n_shared_experts", "n_groups", "num_attention_heads")
    return reader.transformer(frame, stack: stack, multiTokenPrediction: prediction)
  }

  /// What one letter of the pattern stands for.
  private enum LayerKind { case mamba, attention, dense, experts }

  private static func pattern(_ reader: inout ConfigReader) throws(ModelError) -> [LayerKind] {
    if let words = try reader.words("layers_block_type") {
      reader.ignore("hybrid_override_pattern")
      return try kinds(words, key: "layers_block_type", reader)
    }
    guard let letters = try reader.text("hybrid_override_pattern") else {
      throw reader.missing("hybrid_override_pattern")
    }
    return try kinds(letters.map(String.init), key: "hybrid_override_pattern", reader)
  }

  private static func kinds(
    _ words: [String], key: String, _ reader: ConfigReader
  ) throws(ModelError) -> [LayerKind] {
    guard !words.isEmpty, words.count <= ConfigReader.Limit.layers else {
      throw reader.invalid(key, .string(""), allowed: "1 to \(ConfigReader.Limit.layers) layers")
    }
    var kinds: [LayerKind] = []
    for word in words {
      switch word {
      case "M", "mamba": kinds.append(.mamba)
      case "*", "attention": kinds.append(.attention)
      case "-", "mlp": kinds.append(.dense)
      case "E", "moe": kinds.append(.experts)
      default:
        throw reader.invalid(
          key, .string(word), allowed: "M or mamba, * or attention, - or mlp, E or moe")
      }
    }
    return kinds
  }

  private static func prediction(
    _ parts: inout Parts, hiddenSize: Int
  ) throws(ModelError) -> MultiTokenPrediction? {
    let layers = try parts.reader.count("num_nextn_predict_layers", limit: ConfigReader.Limit.layers)
    let words = try parts.reader.words("mtp_layers_block_type")
    let letters = try parts.reader.text("mtp_hybrid_override_pattern")
    guard layers > 0, let names = words ?? letters.map({ $0.map(String.init) }) else { return nil }
    let kinds = try kinds(names, key: "mtp_layers_block_type", parts.reader)
    guard kinds.count == 2, kinds[0] == .attention, kinds[1] == .experts else {
      parts.reader.unsupportedFeatures.append("multi-token prediction layers other than attention + experts")
      return nil
    }
    let attention = try parts.layer(.attention)
    let experts = try parts.layer(.experts)
    let layer = LayerGroup(
      count: 1, attention: attention.attention, feedForward: experts.feedForward,
      normParameters: attention.normParameters + experts.normParameters)
    return parts.reader.multiTokenPrediction(layers: layers, layer: layer, hiddenSize: hiddenSize)
  }

  /// Reads each kind of layer when the pattern first asks for it, so that unused keys aren't required.
  private struct Parts {
    var reader: ConfigReader
    let hiddenSize: Int

    mutating func layer(_ kind: LayerKind) throws(ModelError) -> LayerGroup {
      switch kind {
      case .mamba:
        LayerGroup(
          count: 1, attention: .linear(try mamba()), feedForward: .none, normParameters: hiddenSize)
      case .attention:
        LayerGroup(
          count: 1, attention: .groupedQuery(try reader.groupedQuery(hiddenSize: hiddenSize)),
          feedForward: .none, normParameters: hiddenSize)
      case .dense:
        LayerGroup(
          count: 1, attention: .none,
          feedForward: .dense(
            intermediateSize: try reader.size(
              "intermediate_size", limit: ConfigReader.Limit.intermediate),
            gated: false, bias: false), normParameters: hiddenSize)
      case .experts:
        LayerGroup(
          count: 1, attention: .none, feedForward: .mixtureOfExperts(try experts()),
          normParameters: hiddenSize)
      }
    }

    private mutating func mamba() throws(ModelError) -> LinearAttention {
      reader.ignore("mamba_ssm_cache_dtype")
      return LinearAttention(
        kind: .mamba2, keyHeads: try reader.size("n_groups", limit: ConfigReader.Limit.heads),
        valueHeads: try reader.size("mamba_num_heads", limit: ConfigReader.Limit.heads),
        keyHeadDimension: try reader.size("ssm_state_size", limit: ConfigReader.Limit.headDimension),
        valueHeadDimension: try reader.size("mamba_head_dim", limit: ConfigReader.Limit.headDimension),
        convolutionKernel: try reader.size("conv_kernel", limit: 64),
        convolutionBias: try reader.flag("use_conv_bias", default: true))
    }

    private mutating func experts() throws(ModelError) -> MixtureOfExperts {
      var mixture = try reader.deepSeekMixture()
      mixture.gated = false
      mixture.routerBias = true
      mixture.latentSize = try reader.optionalSize("moe_latent_size", limit: ConfigReader.Limit.hidden)
      let shared = try reader.optionalSize(
        "moe_shared_expert_intermediate_size", limit: ConfigReader.Limit.intermediate)
      if let shared { mixture.sharedExpertIntermediateSize = shared }
      return mixture
    }
  }
}
