/// Dense decoders with a gated feed-forward: Llama and those that differ from it in a detail.
enum DenseFamily {
  case llama, mistral, qwen2, qwen3, gemma2, gemma3, phi3, cohere

  func read(_ reader: inout ConfigReader) throws(ModelError) -> Transformer {
    let frame = try reader.frame(tied: tiesByDefault)
    let intermediate = try reader.size("intermediate_size", limit: ConfigReader.Limit.intermediate)
    var attention = try reader.groupedQuery(hiddenSize: frame.hiddenSize)
    try readDetails(&reader, &attention)
    let feedForward = FeedForward.dense(
      intermediateSize: intermediate, gated: true, bias: try reader.flag("mlp_bias", default: false))
    let spans = try spans(&reader, layerCount: frame.layerCount)
    let stack = spans.map { span in
      attention.span = span
      return LayerGroup(
        count: 1, attention: .groupedQuery(attention), feedForward: feedForward,
        normParameters: normsPerLayer * frame.hiddenSize)
    }
    return reader.transformer(frame, stack: stack)
  }

  /// What Transformers assumes for `tie_word_embeddings` when the file is silent.
  private var tiesByDefault: Bool {
    switch self {
    case .gemma2, .gemma3, .cohere: true
    default: false
    }
  }

  /// Vectors of hidden size per layer.
  private var normsPerLayer: Int {
    switch self {
    case .gemma2, .gemma3: 4
    case .cohere: 1
    default: 2
    }
  }

  private func readDetails(
    _ reader: inout ConfigReader, _ attention: inout GroupedQueryAttention
  ) throws(ModelError) {
    let bias = try reader.flag("attention_bias", default: self == .qwen2)
    attention.queryKeyValueBias = bias
    attention.outputBias = bias && self != .qwen2
    switch self {
    case .qwen3, .gemma3:
      attention.queryKeyNorm = true
      attention.queryKeyNormParameters = 2 * attention.headDimension
    case .cohere where try reader.flag("use_qk_norm", default: false):
      attention.queryKeyNorm = true
      attention.queryKeyNormParameters =
        (attention.queryHeads + attention.keyValueHeads) * attention.headDimension
    default: break
    }
  }

  private func spans(
    _ reader: inout ConfigReader, layerCount: Int
  ) throws(ModelError) -> [AttentionSpan] {
    let window = try reader.optionalSize("sliding_window", limit: ConfigReader.Limit.tokens)
    switch self {
    case .gemma2:
      return try reader.spans(layerCount: layerCount, window: window) { $0 % 2 == 0 }
    case .gemma3:
      let pattern = try reader.optionalSize("sliding_window_pattern", limit: ConfigReader.Limit.layers) ?? 6
      return try reader.spans(layerCount: layerCount, window: window) { ($0 + 1) % pattern != 0 }
    case .qwen2, .qwen3:
      let slides = try reader.flag("use_sliding_window", default: false)
      let first = try reader.count("max_window_layers", limit: ConfigReader.Limit.layers)
      return try reader.spans(layerCount: layerCount, window: window) { slides && $0 >= first }
    default:
      return try reader.spans(layerCount: layerCount, window: window) { _ in window != nil }
    }
  }
}

/// GPT-J (EleutherAI): attention and feed-forward side by side behind one layer norm.
enum GPTJ {
  static func read(_ reader: inout ConfigReader) throws(ModelError) -> Transformer {
    let hidden = try reader.size("n_embd", limit: ConfigReader.Limit.hidden)
    let heads = try reader.size("n_head", limit: ConfigReader.Limit.heads)
    let layers = try reader.size("n_layer", limit: ConfigReader.Limit.layers)
    let inner = try reader.optionalSize("n_inner", limit: ConfigReader.Limit.intermediate) ?? 4 * hidden
    guard hidden % heads == 0 else {
      throw reader.invalid("n_head", .integer(heads), allowed: "a divisor of n_embd = \(hidden)")
    }
    let frame = ConfigReader.Frame(
      hiddenSize: hidden, vocabularySize: try reader.size("vocab_size", limit: ConfigReader.Limit.vocabulary),
      layerCount: layers,
      maximumContextTokens: try reader.size("n_positions", limit: ConfigReader.Limit.tokens),
      tiedEmbeddings: try reader.flag("tie_word_embeddings", default: false))
    reader.ignore("scale_attn_weights", "n_ctx")
    let layer = LayerGroup(
      count: 1,
      attention: .groupedQuery(
        GroupedQueryAttention(queryHeads: heads, keyValueHeads: heads, headDimension: hidden / heads)),
      feedForward: .dense(intermediateSize: inner, gated: false, bias: true), normParameters: 2 * hidden)
    return reader.transformer(
      frame, stack: [LayerGroup](repeating: layer, count: layers), finalNormParameters: 2 * hidden,
      languageModelHeadBias: true)
  }
}

/// Phi-1, 1.5 and 2 (Microsoft): attention and feed-forward side by side, biases everywhere.
enum Phi {
  static func read(_ reader: inout ConfigReader) throws(ModelError) -> Transformer {
    let frame = try reader.frame()
    var attention = try reader.groupedQuery(hiddenSize: frame.hiddenSize)
    attention.queryKeyValueBias = true
    attention.outputBias = true
    if try reader.flag("qk_layernorm", default: false) {
      attention.queryKeyNorm = true
      attention.queryKeyNormParameters = 4 * attention.headDimension
    }
    let intermediate = try reader.size("intermediate_size", limit: ConfigReader.Limit.intermediate)
    let layer = LayerGroup(
      count: 1, attention: .groupedQuery(attention),
      feedForward: .dense(intermediateSize: intermediate, gated: false, bias: true),
      normParameters: 2 * frame.hiddenSize)
    return reader.transformer(
      frame, stack: [LayerGroup](repeating: layer, count: frame.layerCount),
      finalNormParameters: 2 * frame.hiddenSize, languageModelHeadBias: true)
  }
}
