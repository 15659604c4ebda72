/// DeepSeek-V4: compressed attention, experts in every layer, hyper-connections in place of residuals.
enum DeepSeekV4 {
  static func read(_ reader: inout ConfigReader) throws(ModelError) -> Transformer {
    let frame = try reader.frame()
    let predictors = try reader.count("num_nextn_predict_layers", limit: ConfigReader.Limit.layers)
    let base = try windowAttention(&reader)
    let attentions = try attentions(
      &reader, base, layerCount: frame.layerCount, predictors: predictors)
    let predictorAttention = attentions.count > frame.layerCount ? attentions.last : nil
    var mixture = try reader.deepSeekMixture()
    let balanced = try reader.text("topk_method") == "noaux_tc"
    let hashed = try reader.count("num_hash_layers", limit: ConfigReader.Limit.layers)
    if hashed > 0 {
      reader.notes.append("the first \(hashed) layers choose experts by a table of token ids")
    }
    let streams = try reader.optionalSize("hc_mult", limit: 64) ?? 1
    reader.ignore("hc_sinkhorn_iters", "num_key_value_heads")
    if streams > 1 {
      reader.unsupportedFeatures.append("manifold-constrained hyper-connections (hc_mult=\(streams))")
    }
    // Two mixers per layer: (2 + m)·m rows over m·H, as many offsets, three scales.
    let rows = (2 + streams) * streams
    let mixers = streams > 1 ? 2 * (rows * streams * frame.hiddenSize + rows + 3) : 0
    var stack: [LayerGroup] = []
    for (layer, attention) in attentions.prefix(frame.layerCount).enumerated() {
      mixture.routerBias = balanced && layer >= hashed
      stack.append(
        LayerGroup(
          count: 1, attention: .compressed(attention), feedForward: .mixtureOfExperts(mixture),
          normParameters: 2 * frame.hiddenSize + mixers))
    }
    // The head mixes the streams back into one vector: m rows over m·H, as many offsets, a scale.
    let head = streams > 1 ? streams * streams * frame.hiddenSize + streams + 1 : 0
    mixture.routerBias = balanced
    let predictor = LayerGroup(
      count: 1, attention: .compressed(predictorAttention ?? base),
      feedForward: .mixtureOfExperts(mixture), normParameters: 2 * frame.hiddenSize + mixers)
    var prediction = reader.multiTokenPrediction(
      layers: predictors, layer: predictor, hiddenSize: frame.hiddenSize)
    prediction?.joiningParameters.other += head
    return reader.transformer(
      frame, stack: stack, finalNormParameters: frame.hiddenSize + head,
      multiTokenPrediction: prediction)
  }

  /// The attention of a layer without compression.
  private static func windowAttention(
    _ reader: inout ConfigReader
  ) throws(ModelError) -> CompressedAttention {
    if try reader.flag("attention_bias", default: false) {
      reader.unsupportedFeatures.append("biases on compressed attention's projections (attention_bias)")
    }
    // The rotary part lies inside the head's width.
    reader.ignore("qk_rope_head_dim")
    return CompressedAttention(
      heads: try reader.size("num_attention_heads", limit: ConfigReader.Limit.heads),
      headDimension: try reader.size("head_dim", limit: ConfigReader.Limit.headDimension),
      queryRank: try reader.size("q_lora_rank", limit: ConfigReader.Limit.hidden),
      outputGroups: try reader.size("o_groups", limit: ConfigReader.Limit.heads),
      outputRank: try reader.size("o_lora_rank", limit: ConfigReader.Limit.hidden),
      windowTokens: try reader.size("sliding_window", limit: ConfigReader.Limit.tokens),
      compressionRatio: nil)
  }

  /// The attention of each layer, and of each prediction layer behind the stack where the list covers those.
  private static func attentions(
    _ reader: inout ConfigReader, _ base: CompressedAttention, layerCount: Int, predictors: Int
  ) throws(ModelError) -> [CompressedAttention] {
    let indexer = SparseIndexer(
      heads: try reader.size("index_n_heads", limit: ConfigReader.Limit.heads),
      headDimension: try reader.size("index_head_dim", limit: ConfigReader.Limit.headDimension),
      selectedTokens: try reader.size("index_topk", limit: ConfigReader.Limit.tokens))
    guard let ratios = try reader.numbers("compress_ratios") else { throw reader.missing("compress_ratios") }
    guard ratios.count == layerCount || ratios.count == layerCount + predictors else {
      throw .invalidValue(
        file: reader.file, key: reader.prefix + "compress_ratios", found: "\(ratios.count) entries",
        allowed: "one per layer, \(layerCount), and one per prediction layer, \(predictors)")
    }
    reader.unsupportedFeatures.append(
      "compressed sparse attention (CSA/HCA: index_topk=\(indexer.selectedTokens))")
    var result: [CompressedAttention] = []
    for ratio in ratios { result.append(try with(ratio: ratio, base, indexer, reader)) }
    return result
  }

  private static func with(
    ratio: Int, _ base: CompressedAttention, _ indexer: SparseIndexer, _ reader: ConfigReader
  ) throws(ModelError) -> CompressedAttention {
    var attention = base
    switch ratio {
    case 0: break
    case 4, 128:
      guard base.headDimension % ratio == 0, indexer.headDimension % ratio == 0 else {
        throw reader.invalid(
          "compress_ratios", .integer(ratio), allowed: "divisors of head_dim and index_head_dim")
      }
      attention.compressionRatio = ratio
      attention.overlaps = ratio == 4
      attention.indexer = ratio == 4 ? indexer : nil
    default: throw reader.invalid("compress_ratios", .integer(ratio), allowed: "0, 4 or 128")
    }
    return attention
  }
}
