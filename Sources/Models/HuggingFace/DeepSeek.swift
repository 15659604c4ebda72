/// Multi-head latent attention with a mixture of experts: DeepSeek-V2, V3, V3.2, Kimi K2, GLM-5.
enum DeepSeek {
  static func read(_ reader: inout ConfigReader) throws(ModelError) -> Transformer {
    let frame = try reader.frame()
    let attention = try latentAttention(&reader)
    let denseSize = try reader.size("intermediate_size", limit: ConfigReader.Limit.intermediate)
    let dense = FeedForward.dense(intermediateSize: denseSize, gated: true, bias: false)
    var mixture = try reader.deepSeekMixture()
    // The bias that balances load without a loss came with V3's noaux_tc.
    mixture.routerBias = try reader.text("topk_method") == "noaux_tc"
    let isDense = try denseLayers(&reader, layerCount: frame.layerCount)
    let indexers = try indexers(&reader, layerCount: frame.layerCount)
    let selection = indexers.lazy.compactMap(\.self).first?.selectedTokens
    var stack: [LayerGroup] = []
    for layer in 0..<frame.layerCount {
      var attention = attention
      attention.indexer = indexers[layer]
      if indexers[layer] == nil { attention.sharedSelection = selection }
      stack.append(
        LayerGroup(
          count: 1, attention: .latent(attention),
          feedForward: isDense[layer] ? dense : .mixtureOfExperts(mixture),
          normParameters: 2 * frame.hiddenSize))
    }
    let predictionLayers = try reader.count("num_nextn_predict_layers", limit: ConfigReader.Limit.layers)
    var last = LayerGroup(
      count: 1, attention: .latent(attention), feedForward: .mixtureOfExperts(mixture),
      normParameters: 2 * frame.hiddenSize)
    if let indexer = indexers.compactMap(\.self).first {
      var sparse = attention
      sparse.indexer = indexer
      last.attention = .latent(sparse)
    }
    return reader.transformer(
      frame, stack: stack,
      multiTokenPrediction: reader.multiTokenPrediction(
        layers: predictionLayers, layer: last, hiddenSize: frame.hiddenSize))
  }

  /// Reads the ranks and head widths of latent attention.
  static func latentAttention(_ reader: inout ConfigReader) throws(ModelError) -> LatentAttention {
    let limit = ConfigReader.Limit.headDimension
    let attention = LatentAttention(
      heads: try reader.size("num_attention_heads", limit: ConfigReader.Limit.heads),
      queryRank: try reader.optionalSize("q_lora_rank", limit: ConfigReader.Limit.hidden),
      keyValueRank: try reader.size("kv_lora_rank", limit: ConfigReader.Limit.hidden),
      nonRotaryHeadDimension: try reader.size("qk_nope_head_dim", limit: limit),
      rotaryHeadDimension: try reader.size("qk_rope_head_dim", limit: limit),
      valueHeadDimension: try reader.size("v_head_dim", limit: limit))
    if try reader.flag("attention_bias", default: false) {
      reader.unsupportedFeatures.append("biases on latent attention's projections (attention_bias)")
    }
    // Latent attention has no key-value heads of its own; the head widths above say all.
    reader.ignore("num_key_value_heads", "head_dim", "qk_head_dim")
    return attention
  }

  /// For each layer whether its feed-forward is dense.
  static func denseLayers(_ reader: inout ConfigReader, layerCount: Int) throws(ModelError) -> [Bool] {
    let first = try reader.count("first_k_dense_replace", limit: ConfigReader.Limit.layers)
    let frequency = try reader.optionalSize("moe_layer_freq", limit: ConfigReader.Limit.layers) ?? 1
    let standard = (0..<layerCount).map { $0 < first || $0 % frequency != 0 }
    guard let types = try reader.words("mlp_layer_types") else { return standard }
    try reader.checkCount(types, of: "mlp_layer_types", is: layerCount)
    var result: [Bool] = []
    for type in types {
      guard type == "dense" || type == "sparse" else {
        throw reader.invalid("mlp_layer_types", .string(type), allowed: "dense or sparse")
      }
      result.append(type == "dense")
    }
    return result
  }

  /// The token selectors of dynamic sparse attention; nil in layers that have none or use another layer's choice.
  private static func indexers(
    _ reader: inout ConfigReader, layerCount: Int
  ) throws(ModelError) -> [SparseIndexer?] {
    let selected = try reader.optionalSize("index_topk", limit: ConfigReader.Limit.tokens)
    guard let selected else { return [SparseIndexer?](repeating: nil, count: layerCount) }
    let indexer = SparseIndexer(
      heads: try reader.size("index_n_heads", limit: ConfigReader.Limit.heads),
      headDimension: try reader.size("index_head_dim", limit: ConfigReader.Limit.headDimension),
      selectedTokens: selected)
    reader.ignore("index_topk_freq", "index_topk_pattern", "index_skip_topk_offset")
    for type in try reader.words("layer_types") ?? [] where type != "deepseek_sparse_attention" {
      throw reader.invalid("layer_types", .string(type), allowed: "deepseek_sparse_attention")
    }
    guard let types = try reader.words("indexer_types") else {
      return [SparseIndexer?](repeating: indexer, count: layerCount)
    }
    try reader.checkCount(types, of: "indexer_types", is: layerCount)
    var result: [SparseIndexer?] = []
    for type in types {
      guard type == "full" || type == "shared" else {
        throw reader.invalid("indexer_types", .string(type), allowed: "full or shared")
      }
      result.append(type == "full" ? indexer : nil)
    }
    return result
  }
}
