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
    for (layer, span) in try spans(&reader, layerCount: frame.layerCount).enumerated() {
      attention.span = span
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
    let sizeKey = self == .qwen3 || self == .miniMaxM3 ? "moe_intermediate_size" : "intermediate_size"
    let size = try reader.size(sizeKey, limit: ConfigReader.Limit.intermediate)
    var mixture = MixtureOfExperts(
      experts: experts, expertsPerToken: perToken, expertIntermediateSize: size)
    mixture.routerBias = self == .gptOss
    mixture.expertBias = self == .gptOss
    if self == .miniMaxM2 || self == .miniMaxM3 {
      mixture.routerBias = try reader.flag("use_routing_bias", default: false)
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
      return try reader.spans(layerCount: layerCount, window: window) { _ in false }
    }
  }

  private func prediction(
    _ reader: inout ConfigReader, stack: [LayerGroup], hiddenSize: Int
  ) throws(ModelError) -> MultiTokenPrediction? {
    let layers = try reader.count("num_nextn_predict_layers", limit: ConfigReader.Limit.layers)
    if self == .miniMaxM2 || self == .miniMaxM3 {
      let modules = try reader.count("num_mtp_modules", limit: ConfigReader.Limit.layers)
      reader.ignore("use_mtp", "mtp_transformer_layers")
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
