/// How a layer mixes the tokens of a sequence.
public enum Attention: Sendable, Equatable {
  /// Multi-head, grouped-query or multi-query attention with a key-value cache.
  case groupedQuery(GroupedQueryAttention)
  /// Multi-head latent attention (DeepSeek-V2): the cache holds one compressed vector per token.
  case latent(LatentAttention)
  /// Attention to a window and to compressed older tokens (DeepSeek-V4).
  case compressed(CompressedAttention)
  /// A recurrence with a state of fixed size per sequence.
  case linear(LinearAttention)
  /// The layer has no mixer.
  case none
}

/// Which earlier tokens a token attends to.
public enum AttentionSpan: Sendable, Hashable {
  /// All of them.
  case full
  /// The last `tokens`, itself included.
  case slidingWindow(tokens: Int)
  /// Those in its own block of `tokens` (Llama 4).
  case chunked(tokens: Int)

  /// Tokens that the last token of a context of `context` tokens attends to.
  ///
  /// A window caps at its size; a chunk starts anew after each multiple of its size.
  public func attendedTokens(context: Int) -> Int {
    switch self {
    case .full: context
    case .slidingWindow(let tokens): min(context, tokens)
    case .chunked(let tokens): context <= 0 ? 0 : (context - 1) % tokens + 1
    }
  }

  /// Tokens of cache that a sequence of `context` tokens needs to hold.
  public func residentTokens(context: Int) -> Int {
    switch self {
    case .full: context
    case .slidingWindow(let tokens), .chunked(let tokens): min(context, tokens)
    }
  }

  /// The cap in tokens; nil where there is none.
  public var limitTokens: Int? {
    switch self {
    case .full: nil
    case .slidingWindow(let tokens), .chunked(let tokens): tokens
    }
  }
}

/// Multi-head attention whose `queryHeads` share `keyValueHeads`.
public struct GroupedQueryAttention: Sendable, Equatable {
  /// Query heads Q.
  public var queryHeads: Int
  /// Key-value heads K; Q is a multiple of it.
  public var keyValueHeads: Int
  /// Elements per head D.
  public var headDimension: Int
  /// Which tokens are attended to.
  public var span: AttentionSpan
  /// Biases on the query, key and value projections: (Q + 2K)·D.
  public var queryKeyValueBias: Bool
  /// A bias on the output projection: one per hidden element.
  public var outputBias: Bool
  /// Queries and keys are normalised per head.
  public var queryKeyNorm: Bool
  /// Weights of that norm (0 for a norm without weights): 2·D per head-wise norm, (Q + K)·D per layer-wise norm.
  public var queryKeyNormParameters: Int
  /// The output is multiplied by a gate that the query projection also yields (Qwen3-Next): doubles that projection.
  public var outputGate: Bool
  /// One learned sink logit per query head (gpt-oss).
  public var sinks: Bool
  /// The selector of tokens of a sparse attention (MiniMax-M3), where the layer has one.
  public var indexer: SparseIndexer?

  /// An attention from its parts; the optional features default to absent.
  public init(
    queryHeads: Int, keyValueHeads: Int, headDimension: Int, span: AttentionSpan = .full,
    queryKeyValueBias: Bool = false, outputBias: Bool = false, queryKeyNorm: Bool = false,
    queryKeyNormParameters: Int = 0, outputGate: Bool = false, sinks: Bool = false,
    indexer: SparseIndexer? = nil
  ) {
    self.queryHeads = queryHeads
    self.keyValueHeads = keyValueHeads
    self.headDimension = headDimension
    self.span = span
    self.queryKeyValueBias = queryKeyValueBias
    self.outputBias = outputBias
    self.queryKeyNorm = queryKeyNorm
    self.queryKeyNormParameters = queryKeyNormParameters
    self.outputGate = outputGate
    self.sinks = sinks
    self.indexer = indexer
  }

  /// Elements of cache per token: keys and values, 2·K·D.
  public var keyValueElementsPerToken: Int { 2 * keyValueHeads * headDimension }

  /// Matrix parameters: H·(Q·D·(1 or 2 with a gate) + 2·K·D) + Q·D·H, for hidden size H, and the indexer's.
  public func projectionParameters(hiddenSize: Int) -> Int {
    let query = queryHeads * headDimension * (outputGate ? 2 : 1)
    return hiddenSize * (query + 2 * keyValueHeads * headDimension)
      + queryHeads * headDimension * hiddenSize
      + (indexer?.projectionParameters(hiddenSize: hiddenSize, queryRank: nil) ?? 0)
  }

  /// Parameters outside the matrices: biases, query-key norms, sinks, the indexer's norms.
  public func otherParameters(hiddenSize: Int) -> Int {
    var sum = queryKeyNormParameters + (indexer?.otherParameters ?? 0)
    if queryKeyValueBias { sum += (queryHeads + 2 * keyValueHeads) * headDimension }
    if outputBias { sum += hiddenSize }
    if sinks { sum += queryHeads }
    return sum
  }

  /// FLOPs of scores and weighted values for one token: 4·Q·D·(attended tokens), and of the indexer.
  public func scoreFloatingPointOperations(context: Int) -> Double {
    let spanned = span.attendedTokens(context: context)
    let attended = min(spanned, indexer?.selectedTokens ?? spanned)
    return 4 * Double(queryHeads * headDimension) * Double(attended)
      + (indexer?.scoreFloatingPointOperations(entries: Double(context)) ?? 0)
  }
}

/// DeepSeek's multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1).
///
/// The cache keeps `keyValueRank` + `rotaryHeadDimension` elements per token, whatever the number of heads.
public struct LatentAttention: Sendable, Equatable {
  /// Query heads N.
  public var heads: Int
  /// Rank of the query's low-rank projection; nil where the query is projected at once.
  public var queryRank: Int?
  /// Rank R of the compressed keys and values.
  public var keyValueRank: Int
  /// Elements per head without rotary embedding.
  public var nonRotaryHeadDimension: Int
  /// Elements per head with rotary embedding; the key's are shared by all heads.
  public var rotaryHeadDimension: Int
  /// Elements per head of the values.
  public var valueHeadDimension: Int
  /// The output is multiplied by a gate H → N·(value dimension) (Kimi K3).
  public var outputGate: Bool
  /// The selector of tokens of a sparse attention (DeepSeek-V3.2), where the model has one in this layer.
  public var indexer: SparseIndexer?
  /// Tokens that another layer's selector chooses for this one (GLM-5.2 and later).
  public var sharedSelection: Int?

  /// A latent attention from its parts.
  public init(
    heads: Int, queryRank: Int?, keyValueRank: Int, nonRotaryHeadDimension: Int, rotaryHeadDimension: Int,
    valueHeadDimension: Int, outputGate: Bool = false, indexer: SparseIndexer? = nil,
    sharedSelection: Int? = nil
  ) {
    self.heads = heads
    self.queryRank = queryRank
    self.keyValueRank = keyValueRank
    self.nonRotaryHeadDimension = nonRotaryHeadDimension
    self.rotaryHeadDimension = rotaryHeadDimension
    self.valueHeadDimension = valueHeadDimension
    self.outputGate = outputGate
    self.indexer = indexer
    self.sharedSelection = sharedSelection
  }

  /// Tokens that attention keeps at most, whoever selects them; nil = all.
  public var selectedTokens: Int? { indexer?.selectedTokens ?? sharedSelection }

  /// Elements of cache per token: R + rotary dimension.
  ///
  /// The indexer's keys are counted apart.
  public var keyValueElementsPerToken: Int { keyValueRank + rotaryHeadDimension }

  /// Matrix parameters, for hidden size H and query rank r.
  ///
  /// Query H·r + r·N·(nope + rope), or H·N·(nope + rope); key and value H·(R + rope) + R·N·(nope + v);
  /// output N·v·H; gate H·N·v; and the indexer's.
  public func projectionParameters(hiddenSize: Int) -> Int {
    let queryWidth = heads * (nonRotaryHeadDimension + rotaryHeadDimension)
    let query =
      queryRank.map { hiddenSize * $0 + $0 * queryWidth } ?? hiddenSize * queryWidth
    let keyValue =
      hiddenSize * (keyValueRank + rotaryHeadDimension)
      + keyValueRank * heads * (nonRotaryHeadDimension + valueHeadDimension)
    let output = heads * valueHeadDimension * hiddenSize * (outputGate ? 2 : 1)
    let selector = indexer?.projectionParameters(hiddenSize: hiddenSize, queryRank: queryRank) ?? 0
    return query + keyValue + output + selector
  }

  /// Parameters of the norms on the two compressed vectors, and of the indexer's key norm.
  public var otherParameters: Int {
    (queryRank ?? 0) + keyValueRank + (indexer?.otherParameters ?? 0)
  }

  /// FLOPs of scores and weighted values for one token with keys and values expanded (prefill).
  ///
  /// 2·N·(attended tokens)·(nope + rope + v), and of the indexer, which also caps the attended tokens.
  public func scoreFloatingPointOperations(context: Int) -> Double {
    let width = nonRotaryHeadDimension + rotaryHeadDimension + valueHeadDimension
    return scoreFloatingPointOperations(width: width, context: context)
  }

  /// The same with the expansion absorbed into query and output (decode): 2·N·(attended tokens)·(2·R + rope).
  ///
  /// Each head then works on the compressed cache itself: more FLOPs, far fewer bytes.
  public func absorbedScoreFloatingPointOperations(context: Int) -> Double {
    scoreFloatingPointOperations(width: 2 * keyValueRank + rotaryHeadDimension, context: context)
  }

  private func scoreFloatingPointOperations(width: Int, context: Int) -> Double {
    2 * Double(heads * width) * Double(min(context, selectedTokens ?? context))
      + (indexer?.scoreFloatingPointOperations(entries: Double(context)) ?? 0)
  }
}
