import Models

/// The selector of a dynamic sparse attention (DeepSeek-V3.2, GLM-5) of one layer on one accelerator.
///
/// It scores the whole context with small FP8 heads and keeps the best tokens; attention itself then sees no more than
/// those. Every accelerator of a tensor group does all of it, since all need the same choice: engines replicate its
/// projections and its keys.
extension LayerOperators {
  /// The selector; nil in layers without one or with another layer's choice.
  private var indexer: SparseIndexer? {
    if case .latent(let attention) = group.attention { return attention.indexer }
    return nil
  }

  /// Bytes of cached index keys a token, on one accelerator.
  var indexKeyBytesPerToken: Double { indexer?.keyBytes ?? 0 }

  /// Parameters of the selector's projections, all of which each accelerator holds.
  var indexerParameters: Double {
    guard case .latent(let attention) = group.attention, let indexer else { return 0 }
    return Double(indexer.projectionParameters(hiddenSize: Int(hidden), queryRank: attention.queryRank))
  }

  /// Projections of `tokens` tokens: queries, key and head weights, then rotation, quantisation and the key's write.
  func indexerProjections(tokens: Double) -> CostVector {
    guard case .latent(let attention) = group.attention, let indexer else { return .zero }
    let queries = Double(indexer.heads * indexer.headDimension)
    let key = Double(indexer.headDimension)
    var cost = product(
      tokens: tokens, inputs: Double(attention.queryRank ?? Int(hidden)), outputs: queries, part: .attention)
    cost += product(tokens: tokens, inputs: hidden, outputs: key, part: .attention)
    if indexer.weighsHeads {
      cost += product(tokens: tokens, inputs: hidden, outputs: Double(indexer.heads), part: .router)
    }
    return cost + elementwise(bytes: tokens * (queries + key) * 2 * Self.activationBytes, launches: 3)
  }

  /// Scores of one decode step of `sequences` over their whole `context` each, and the choice of the best; all `queries`
  /// new tokens of a sequence share one pass over its keys.
  func decodeIndexing(sequences: Double, context: Double, queries: Double = 1) -> CostVector {
    guard let indexer else { return .zero }
    let tokens = sequences * queries
    return roofline.cost(
      .indexing(indexer, queries: tokens, pairs: tokens * context, keys: sequences * context),
      .sparseIndexer, lane: .decodeAttention)
  }

  /// The same for prompt chunks with `pairs` (query, key) pairs, without the launch.
  func chunkIndexing(pairs: Double) -> CostVector {
    guard let indexer else { return .zero }
    // Keys are read once for a chunk of queries: √(2·pairs) of them, if the chunk is a whole prompt.
    let length = (2 * pairs).squareRoot()
    return roofline.cost(
      .indexing(indexer, queries: length, pairs: pairs, keys: length), .sparseIndexer,
      lane: .prefillAttention, withLaunch: false)
  }

  /// The launches of the selector over prompt chunks.
  func indexingLaunch() -> CostVector {
    guard let indexer else { return .zero }
    return roofline.launch(
      .indexing(indexer, queries: 1, pairs: 1, keys: 1), .sparseIndexer, lane: .prefillAttention)
  }
}

extension KernelWork {
  /// Scores of a dynamic sparse attention's selector, and its choice.
  ///
  /// - Parameters:
  ///   - indexer: the selector.
  ///   - queries: tokens that choose.
  ///   - pairs: (query, key) pairs that are scored.
  ///   - keys: keys that are read from the cache.
  /// - Returns: 2·heads·width FLOPs a pair at FP8; the keys; queries in FP8, scores of 32 bits written once and read
  ///   once; two launches, scores and choice.
  public static func indexing(_ indexer: SparseIndexer, queries: Double, pairs: Double, keys: Double)
    -> KernelWork
  {
    var work = KernelWork()
    work.flops = pairs * indexer.scoreFloatingPointOperations(entries: 1)
    work.weightBytes = keys * indexer.keyBytes
    work.activationBytes = pairs * 8 + queries * Double(indexer.heads * indexer.headDimension)
    work.type = .fp8
    work.launches = 2
    return work
  }
}
