/// Grouped-query attention with a mixture of experts.
enum MixtureFamily {
  case mixtral, qwen3, gptOss, miniMaxM2, miniMaxM3, glm4

  func read(_ reader: inout ConfigReader) throws(ModelError) -> Transformer {
    let frame = try reader.frame()
    var attention = try reader.groupedQuery(hiddenSize: frame.hiddenSize)
    try readDetails(&reader, &attention)
    let sparse = FeedForward.mixtureOfExperts(try mixture(&reader))
    let isDense = try denseLayers(&reader, layerCount: frame.layerCount)
    var dense = FeedForward.none
    if isDense.contains(true) {
      let key = self == .miniMaxM3 ? "dense_intermediate_size" : "intermediate_size"
      let size = try reader.size(key, limit: ConfigReader.Limit.intermediate)
      dense = .dense(intermediateSize: size, gated: true, bias: false)
    }
    // Read or not, these belong to the dense layers, and cost nothing where there are none.
    reader.ignore("intermediate_size", "mlp_only_layers", "decoder_sparse_step")
    var stack: [LayerGroup] = []
    let indexers = try indexers(&reader, layerCount: frame.layerCount)
    for (layer, span) in try spans(&reader, layerCount: frame.layerCount).enumerated() {
      attention.span = span
      attention.indexer = indexers[layer]
      stack.append(
        LayerGroup(
          count: 1, attention: .groupedQuery(attention), feedForward: isDense[layer] ? dense : sparse,
          normParameters: 2 * frame.hiddenSize))
    }
    let prediction = try prediction(&reader, stack: stack, hiddenSize: frame.hiddenSize)
    return reader.transformer(frame, stack: stack, multiTokenPrediction: prediction)
  }

  private func readDetails(
    _ reader: inout ConfigReader, _ attention: inout GroupedQueryAttention
  ) throws(ModelError) {
    let bias = try reader.flag("attention_bias", default: self == .gptOss)
    attention.queryKeyValueBias = bias
    attention.outputBias = bias && self != .glm4
    attention.sinks = self == .gptOss
    let normalises: Bool
    switch self {
    case .qwen3: normalises = true
    case .glm4, .miniMaxM2, .miniMaxM3: normalises = try reader.flag("use_qk_norm", default: self != .glm4)
    case .mixtral, .gptOss: normalises = false
    }
    guard normalises else { return }
    attention.queryKeyNorm = true
    let kind = try reader.text("qk_norm_type") ?? (self == .miniMaxM2 ? "per_layer" : "per_head")
    switch kind {
    case "per_head": attention.queryKeyNormParameters = 2 * attention.headDimension
    case "per_layer":
      attention.queryKeyNormParameters =
        (attention.queryHeads + attention.keyValueHeads) * attention.headDimension
    default:
      throw reader.invalid("qk_norm_type", .string(kind), allowed: "per_head or per_layer")
    }
  }

  private func mixture(_ reader: inout ConfigReader) throws(ModelError) -> MixtureOfExperts {
    if self == .glm4 {
      var mixture = try reader.deepSeekMixture()
      mixture.routerBias = true
      return mixture
    }
    let experts = try reader.size("num_local_experts", "num_experts", limit: ConfigReader.Limit.experts)
    let perToken = try reader.expertsPerToken(of: experts)
    let limit = ConfigReader.Limit.intermediate
    let size: Int
    switch self {
    case .qwen3: size = try reader.size("moe_intermediate_size", limit: limit)
    case .miniMaxM3: size = try reader.size("moe_intermediate_size", "intermediate_size", limit: limit)
    default: size = try reader.size("intermediate_size", limit: limit)
    }
    var mixture = MixtureOfExperts(
      experts: experts, expertsPerToken: perToken, expertIntermediateSize: size)
    mixture.routerBias = self == .gptOss
    mixture.expertBias = self == .gptOss
    if self == .miniMaxM2 || self == .miniMaxM3 {
      mixture.routerBias = try reader.flag("use_routing_bias", default: false)
      if try reader.flag("attention_output_gate", default: false) {
        reader.unsupportedFeatures.append("an output gate on MiniMax attention (attention_output_gate)")
      }
      let shared = try reader.count("shared_intermediate_size", limit: ConfigReader.Limit.intermediate)
      mixture.sharedExpertIntermediateSize = shared
    }
    return mixture
  }

  /// For each layer whether its feed-forward is dense.
  private func denseLayers(_ reader: inout ConfigReader, layerCount: Int) throws(ModelError) -> [Bool] {
    switch self {
    case .mixtral, .gptOss, .miniMaxM2: return [Bool](repeating: false, count: layerCount)
    case .glm4:
      let first = try reader.count("first_k_dense_replace", limit: ConfigReader.Limit.layers)
      return (0..<layerCount).map { $0 < first }
    case .miniMaxM3:
      let frequency = try reader.numbers("moe_layer_freq")
      guard let frequency else { throw reader.missing("moe_layer_freq") }
      try reader.checkCount(frequency, of: "moe_layer_freq", is: layerCount)
      reader.ignore("first_k_dense_replace")
      return frequency.map { $0 == 0 }
    case .qwen3:
      let step = try reader.optionalSize("decoder_sparse_step", limit: ConfigReader.Limit.layers) ?? 1
      let dense = try reader.numbers("mlp_only_layers") ?? []
      return (0..<layerCount).map { dense.contains($0) || ($0 + 1) % step != 0 }
    }
  }

  private func spans(
    _ reader: inout ConfigReader, layerCount: Int
  ) throws(ModelError) -> [AttentionSpan] {
    let window = try reader.optionalSize("sliding_window", limit: ConfigReader.Limit.tokens)
    switch self {
    case .mixtral: return try reader.spans(layerCount: layerCount, window: window) { _ in window != nil }
    case .gptOss: return try reader.spans(layerCount: layerCount, window: window) { $0 % 2 == 0 }
    case .qwen3:
      let slides = try reader.flag("use_sliding_window", default: false)
      let first = try reader.count("max_window_layers", limit: ConfigReader.Limit.layers)
      return try reader.spans(layerCount: layerCount, window: window) { slides && $0 >= first }
    case .miniMaxM2, .miniMaxM3, .glm4:
      if let types = try reader.numbers("attn_type_list"), types.contains(where: { $0 != 1 }) {
        reader.unsupportedFeatures.append("MiniMax attention layers other than softmax (attn_type_list)")
      }
      return try reader.spans(layerCount: layerCount, window: window) { _ in false }
    }
  }

  /// The block selectors of MiniMax-M3's sparse attention; nil in layers without.
  private func indexers(
    _ reader: inout ConfigReader, layerCount: Int
  ) throws(ModelError) -> [SparseIndexer?] {
    let none = [SparseIndexer?](repeating: nil, count: layerCount)
    guard self == .miniMaxM3, var sparse = try reader.nested("sparse_attention_config") else { return none }
    guard try sparse.flag("use_sparse_attention", default: true) else { return none }
    let blockTokens = try sparse.size("sparse_block_size", limit: ConfigReader.Limit.tokens)
    let blocks = try sparse.size("sparse_topk_blocks", limit: ConfigReader.Limit.tokens)
    let indexer = SparseIndexer(
      heads: try sparse.size("sparse_num_index_heads", limit: ConfigReader.Limit.heads),
      headDimension: try sparse.size("sparse_index_dim", limit: ConfigReader.Limit.headDimension),
      selectedTokens: min(blockTokens * blocks, ConfigReader.Limit.tokens), weighsHeads: false)
    guard let frequency = try sparse.numbers("sparse_attention_freq") else {
      throw sparse.missing("sparse_attention_freq")
    }
    try sparse.checkCount(frequency, of: "sparse_attention_freq", is: layerCount)
    let keysOnly = try sparse.numbers("sparse_disable_index_value") ?? []
    try sparse.checkCount(keysOnly, of: "sparse_disable_index_value", is: layerCount)
    if zip(frequency, keysOnly).contains(where: { $0 != 0 && $1 == 0 }) {
      sparse.unsupportedFeatures.append("sparse attention whose index branch has values")
    }
    sparse.ignore("sparse_init_block", "sparse_local_block", "sparse_score_type")
    sparse.unsupportedFeatures.append(
      "block-sparse attention (sparse_topk_blocks=\(blocks) of \(blockTokens) tokens)")
    reader.absorb(sparse)
    return frequency.map { $0 != 0 ? indexer : nil }
  }

  private func prediction(
    _ reader: inout ConfigReader, stack: [LayerGroup], hiddenSize: Int
  ) throws(ModelError) -> MultiTokenPrediction? {
    let layers = try reader.count("num_nextn_predict_layers", limit: ConfigReader.Limit.layers)
    if self == .miniMaxM2 || self == .miniMaxM3 {
      let modules = try reader.count("num_mtp_modules", limit: ConfigReader.Limit.layers)
      reader.ignore("use_mtp", "mtp_transformer_layers", "n_shared_experts")
      if modules > 0 {
        reader.notes.append(
          "\(modules) multi-token prediction modules are announced; their shapes are not, so none is modelled"
        )
      }
      return nil
    }
    guard let last = stack.last else { return nil }
    return reader.multiTokenPrediction(layers: layers, layer: last, hiddenSize: hiddenSize)
  }
}
