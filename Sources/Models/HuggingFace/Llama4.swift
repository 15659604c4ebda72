/// Llama 4: chunked attention in layers with rotary positions, full attention in the rest, interleaved experts.
enum Llama4 {
  static func read(_ reader: inout ConfigReader) throws(ModelError) -> Transformer {
    let frame = try reader.frame()
    var attention = try reader.groupedQuery(hiddenSize: frame.hiddenSize)
    let bias = try reader.flag("attention_bias", default: false)
    attention.queryKeyValueBias = bias
    attention.outputBias = bias
    // An L2 norm without weights.
    attention.queryKeyNorm = try reader.flag("use_qk_norm", default: true)
    let chunk = try reader.optionalSize("attention_chunk_size", limit: ConfigReader.Limit.tokens)
    let experts = try reader.size("num_local_experts", limit: ConfigReader.Limit.experts)
    let expertSize = try reader.size("intermediate_size", limit: ConfigReader.Limit.intermediate)
    // One shared expert, of a routed expert's size, in each layer with experts.
    let mixture = MixtureOfExperts(
      experts: experts, expertsPerToken: try reader.expertsPerToken(of: experts),
      expertIntermediateSize: expertSize, sharedExpertIntermediateSize: expertSize)
    let denseSize = try reader.size("intermediate_size_mlp", limit: ConfigReader.Limit.intermediate)
    let dense = FeedForward.dense(intermediateSize: denseSize, gated: true, bias: false)
    let step = try reader.optionalSize("interleave_moe_layer_step", limit: ConfigReader.Limit.layers) ?? 1
    let listed = try reader.numbers("moe_layers")
    let rotary = try rotaryLayers(&reader, layerCount: frame.layerCount)
    var stack: [LayerGroup] = []
    for layer in 0..<frame.layerCount {
      attention.span = chunk.map { rotary[layer] ? .chunked(tokens: $0) : .full } ?? .full
      let isSparse = listed?.contains(layer) ?? ((layer + 1) % step == 0)
      stack.append(
        LayerGroup(
          count: 1, attention: .groupedQuery(attention),
          feedForward: isSparse ? .mixtureOfExperts(mixture) : dense,
          normParameters: 2 * frame.hiddenSize))
    }
    return reader.transformer(frame, stack: stack)
  }

  /// Rotary layers, which are those that attend in chunks: all but each fourth unless `no_rope_layers` says otherwise.
  private static func rotaryLayers(
    _ reader: inout ConfigReader, layerCount: Int
  ) throws(ModelError) -> [Bool] {
    let interval =
      try reader.optionalSize("no_rope_layer_interval", limit: ConfigReader.Limit.layers) ?? 4
    reader.ignore("layer_types")
    guard let flags = try reader.numbers("no_rope_layers"), !flags.isEmpty else {
      return (0..<layerCount).map { ($0 + 1) % interval != 0 }
    }
    // Despite its name the list holds 1 for layers that do use rotary positions.
    try reader.checkCount(flags, of: "no_rope_layers", is: layerCount)
    return flags.map { $0 != 0 }
  }
}
