/// Kimi delta attention with latent attention in between: Kimi Linear, Kimi K3.
enum KimiLinear {
  static func read(_ reader: inout ConfigReader) throws(ModelError) -> Transformer {
    let frame = try reader.frame()
    var latent = try DeepSeek.latentAttention(&reader)
    latent.outputGate = try reader.flag("mla_use_output_gate", default: false)
    let (delta, isFull) = try deltaAttention(&reader, layerCount: frame.layerCount)
    let mixture = try mixture(&reader)
    let denseSize = try reader.size("intermediate_size", limit: ConfigReader.Limit.intermediate)
    let dense = FeedForward.dense(intermediateSize: denseSize, gated: true, bias: false)
    let isDense = try DeepSeek.denseLayers(&reader, layerCount: frame.layerCount)
    let depthBlock = try reader.optionalSize("attn_res_block_size", limit: ConfigReader.Limit.layers)
    if let depthBlock {
      reader.unsupportedFeatures.append("attention residuals (attn_res_block_size=\(depthBlock))")
    }
    // Attention residuals add a norm and a scoring vector in front of each half of a layer, and at the end.
    let vectors = depthBlock == nil ? 0 : 2
    let stack = (0..<frame.layerCount).map { layer in
      LayerGroup(
        count: 1, attention: isFull[layer] ? .latent(latent) : .linear(delta),
        feedForward: isDense[layer] ? dense : .mixtureOfExperts(mixture),
        normParameters: (2 + 2 * vectors) * frame.hiddenSize)
    }
    let predictors = try reader.count("num_nextn_predict_layers", limit: ConfigReader.Limit.layers)
    if predictors > 0 {
      reader.unsupportedFeatures.append("multi-token prediction on Kimi Linear")
    }
    return reader.transformer(
      frame, stack: stack, finalNormParameters: (1 + vectors) * frame.hiddenSize)
  }

  private static func mixture(_ reader: inout ConfigReader) throws(ModelError) -> MixtureOfExperts {
    var mixture = try reader.deepSeekMixture()
    mixture.routerBias = true
    mixture.latentSize = try reader.optionalSize(
      "routed_expert_hidden_size", limit: ConfigReader.Limit.hidden)
    if try reader.flag("latent_moe_use_norm", default: false) {
      mixture.latentNormParameters = mixture.latentSize ?? 0
    }
    return mixture
  }

  /// The delta attention, and for each layer whether it is full (latent) attention instead.
  private static func deltaAttention(
    _ reader: inout ConfigReader, layerCount: Int
  ) throws(ModelError) -> (LinearAttention, [Bool]) {
    guard var linear = try reader.nested("linear_attn_config") else {
      throw reader.missing("linear_attn_config")
    }
    let heads = try linear.size("num_heads", limit: ConfigReader.Limit.heads)
    let width = try linear.size("head_dim", limit: ConfigReader.Limit.headDimension)
    let attention = LinearAttention(
      kind: .kimiDelta, keyHeads: heads, valueHeads: heads, keyHeadDimension: width,
      valueHeadDimension: width, convolutionKernel: try linear.size("short_conv_kernel_size", limit: 64),
      fullRankGate: try linear.flag("use_full_rank_gate", default: false))
    guard let full = try linear.numbers("full_attn_layers") else { throw linear.missing("full_attn_layers") }
    guard let delta = try linear.numbers("kda_layers") else { throw linear.missing("kda_layers") }
    // Both lists count layers from 1; together they must name each layer once.
    guard (full + delta).sorted() == Array(1...layerCount) else {
      throw .invalidValue(
        file: linear.file, key: linear.prefix + "full_attn_layers",
        found: "\(full.count) layers, and \(delta.count) in kda_layers",
        allowed: "each layer from 1 to \(layerCount) in one of both lists")
    }
    reader.absorb(linear)
    return (attention, (1...layerCount).map(full.contains))
  }
}
