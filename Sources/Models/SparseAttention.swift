/// The selector of a dynamic sparse attention: it scores all earlier tokens and keeps the best.
///
/// DeepSeek-V3.2 ("lightning indexer", DSA), GLM-5, DeepSeek-V4 and MiniMax-M3, each with the shapes of its
/// released inference code.
public struct SparseIndexer: Sendable, Equatable {
  /// Index heads.
  public var heads: Int
  /// Elements per index head; one key of this width is cached per token (or per compressed entry).
  public var headDimension: Int
  /// Tokens (or compressed entries) that attention keeps.
  public var selectedTokens: Int
  /// Heads are weighted by a projection of the hidden vector (DeepSeek); else their best score counts (MiniMax).
  public var weighsHeads: Bool

  /// An indexer from its parts.
  public init(heads: Int, headDimension: Int, selectedTokens: Int, weighsHeads: Bool = true) {
    self.heads = heads
    self.headDimension = headDimension
    self.selectedTokens = selectedTokens
    self.weighsHeads = weighsHeads
  }

  /// Matrix parameters: query (query rank, or H)·heads·dim, key H·dim, head weights H·heads.
  public func projectionParameters(hiddenSize: Int, queryRank: Int?) -> Int {
    (queryRank ?? hiddenSize) * heads * headDimension + hiddenSize * headDimension
      + (weighsHeads ? hiddenSize * heads : 0)
  }

  /// Two vectors of the key's width: weight and bias of a layer norm, or norms of query and key.
  public var otherParameters: Int { 2 * headDimension }

  /// Bytes of the key that one token (or entry) leaves: FP8, with a 32-bit scale for each 128 elements.
  ///
  /// Engines keep it so whatever the cache's format (vLLM, SGLang and TensorRT-LLM alike).
  public var keyBytes: Double { Double(headDimension) * (1 + 4.0 / 128) }

  /// FLOPs of scoring one token against `entries` keys: 2·heads·dim·entries.
  public func scoreFloatingPointOperations(entries: Double) -> Double {
    2 * Double(heads * headDimension) * entries
  }
}

/// DeepSeek-V4's attention: one shared key-value head, a sliding window, and older tokens compressed.
///
/// All heads read one vector per token that is key and value at once. The last `windowTokens` tokens are kept
/// as they are; with a compression ratio, each group of that many tokens also leaves one entry for good.
/// Where an indexer is present (ratio 4) it selects entries, else all are read (ratio 128). Shapes as in the
/// released inference code; the query and output projections are of low rank, the output's in groups.
public struct CompressedAttention: Sendable, Equatable {
  /// Query heads N.
  public var heads: Int
  /// Elements per head D, and of the one cached vector.
  public var headDimension: Int
  /// Rank r of the query projection.
  public var queryRank: Int
  /// Groups g of heads that the output projection's first half handles apart.
  public var outputGroups: Int
  /// Rank R of each group's output.
  public var outputRank: Int
  /// Tokens of the sliding window.
  public var windowTokens: Int
  /// Tokens per compressed entry; nil = the window is all there is.
  public var compressionRatio: Int?
  /// Compression groups overlap by one group, which doubles the compressor (ratio 4).
  public var overlaps: Bool
  /// The selector of entries.
  public var indexer: SparseIndexer?

  /// A compressed attention from its parts.
  public init(
    heads: Int, headDimension: Int, queryRank: Int, outputGroups: Int, outputRank: Int,
    windowTokens: Int, compressionRatio: Int?, overlaps: Bool = false, indexer: SparseIndexer? = nil
  ) {
    self.heads = heads
    self.headDimension = headDimension
    self.queryRank = queryRank
    self.outputGroups = outputGroups
    self.outputRank = outputRank
    self.windowTokens = windowTokens
    self.compressionRatio = compressionRatio
    self.overlaps = overlaps
    self.indexer = indexer
  }

  private var copies: Int { overlaps ? 2 : 1 }

  /// Elements of cache per token of the whole context: D / ratio, 0 without compression.
  public var compressedElementsPerToken: Int { compressionRatio.map { headDimension / $0 } ?? 0 }

  /// Elements of index keys per token of the whole context: index dimension / ratio.
  public var indexElementsPerToken: Int {
    guard let indexer, let compressionRatio else { return 0 }
    return indexer.headDimension / compressionRatio
  }

  /// Matrix parameters, for hidden size H.
  ///
  /// Query H·r + r·N·D, key-value H·D, output N·D·R + g·R·H, compressor 2·H·D (4·H·D when groups overlap),
  /// indexer r·n·d + H·n and its own compressor 2·H·d (4·H·d).
  public func projectionParameters(hiddenSize: Int) -> Int {
    let query = hiddenSize * queryRank + queryRank * heads * headDimension
    let output = heads * headDimension * outputRank + outputGroups * outputRank * hiddenSize
    var sum = query + hiddenSize * headDimension + output
    if compressionRatio != nil { sum += 2 * hiddenSize * copies * headDimension }
    if let indexer {
      sum += queryRank * indexer.heads * indexer.headDimension + hiddenSize * indexer.heads
      sum += 2 * hiddenSize * copies * indexer.headDimension
    }
    return sum
  }

  /// Norms r + D, sinks N, and each compressor's position table ratio·width and norm.
  public var otherParameters: Int {
    var sum = queryRank + headDimension + heads
    if let ratio = compressionRatio {
      sum += ratio * copies * headDimension + headDimension
      if let indexer { sum += ratio * copies * indexer.headDimension + indexer.headDimension }
    }
    return sum
  }

  /// FLOPs of selection, scores and weighted values for one token.
  ///
  /// 4·N·D·(window + entries read), and 2·n·d·entries to select.
  public func scoreFloatingPointOperations(context: Int) -> Double {
    let entries = compressionRatio.map { Double(context) / Double($0) } ?? 0
    let read = min(entries, indexer.map { Double($0.selectedTokens) } ?? entries)
    let attended = Double(min(context, windowTokens)) + read
    return 4 * Double(heads * headDimension) * attended
      + (indexer?.scoreFloatingPointOperations(entries: entries) ?? 0)
  }
}
