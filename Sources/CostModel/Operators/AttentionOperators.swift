import Models

/// Attention itself, over cached context and over prompt chunks, of one layer on one accelerator.
extension LayerOperators {
  /// Whether the layer's attention sees a bounded context: the last tokens only, or those that an indexer selects.
  var isBounded: Bool {
    switch group.attention {
    case .groupedQuery(let attention): attention.span != .full
    case .latent(let attention): attention.selectedTokens != nil
    case .linear, .compressed, .none: false
    }
  }

  /// Whether prompts run on the compressed cache as decoding does: kernels that gather selected tokens know no
  /// other way.
  private var absorbsPrompts: Bool {
    if case .latent(let attention) = group.attention { return attention.selectedTokens != nil }
    return false
  }

  /// Bytes of cached keys and values a token, on one accelerator.
  var keyValueBytesPerToken: Double {
    let bytes = precision.keyValueCache.bytesPerElement
    switch group.attention {
    case .groupedQuery(let attention):
      return Double(2 * keyValueHeadsHere(attention) * attention.headDimension) * bytes
    case .latent(let attention):
      // Every accelerator of a tensor group holds the whole compressed vector.
      return Double(attention.keyValueElementsPerToken) * bytes
    case .linear, .compressed, .none: return 0
    }
  }

  /// Bytes of recurrent state a sequence, on one accelerator.
  var stateBytesPerSequence: Double {
    guard case .linear(let attention) = group.attention else { return 0 }
    let state = Double(attention.stateElements) * precision.recurrentState.bytesPerElement
    let convolution = Double(attention.convStateElements) * 2
    return (state + convolution) / Double(parallel.tensor)
  }

  /// Heads that kernels over selected tokens work on at least: fewer are padded.
  ///
  /// Measured modules of DeepSeek-V3.2 (`sparse_attention` of the measurement store) take as long with 1 head on an
  /// accelerator as with 64, on Hopper and Blackwell, under vLLM, SGLang and TensorRT-LLM.
  private static let leastSparseHeads = 64.0

  /// FLOPs of one query token for each token that it attends to.
  private func flopsPerPair(absorbed: Bool) -> Double {
    switch group.attention {
    case .groupedQuery(let attention):
      return 4 * Double(attention.queryHeads * attention.headDimension) / Double(parallel.tensor)
    case .latent(let attention):
      let width =
        absorbed
        ? 2 * attention.keyValueRank + attention.rotaryHeadDimension
        : attention.nonRotaryHeadDimension + attention.rotaryHeadDimension + attention.valueHeadDimension
      let heads = Double(attention.heads) / Double(parallel.tensor)
      return 2 * Double(width) * (attention.selectedTokens == nil ? heads : max(heads, Self.leastSparseHeads))
    case .linear, .compressed, .none: return 0
    }
  }

  private var attentionFormat: String {
    if case .latent = group.attention {
      return KernelFormat.attention(latent: true, cache: precision.keyValueCache)
    }
    return KernelFormat.attention(latent: false, cache: precision.keyValueCache)
  }

  /// Whether each token attends to tokens of its own choice.
  private var selectsTokens: Bool {
    if case .latent(let attention) = group.attention { return attention.selectedTokens != nil }
    return false
  }

  /// Query heads on one accelerator.
  private var queryHeads: Double {
    switch group.attention {
    case .groupedQuery(let attention): Double(attention.queryHeads) / Double(parallel.tensor)
    case .latent(let attention): Double(attention.heads) / Double(parallel.tensor)
    case .linear, .compressed, .none: 1
    }
  }

  /// Elements of one sequence's query on one accelerator, as decode attention reads it.
  private var queryWidth: Double {
    switch group.attention {
    case .groupedQuery(let attention): queryHeads * Double(attention.headDimension)
    case .latent(let attention): queryHeads * Double(attention.keyValueRank + attention.rotaryHeadDimension)
    case .linear, .compressed, .none: 0
    }
  }

  private var headFamily: String {
    guard case .groupedQuery(let attention) = group.attention else { return "" }
    return KernelFormat.heads(
      group: queryHeads / Double(keyValueHeadsHere(attention)),
      width: Double(attention.headDimension), isBounded: isBounded)
  }

  private var keyValueHeads: Double {
    if case .groupedQuery(let attention) = group.attention { return Double(keyValueHeadsHere(attention)) }
    return 1
  }

  /// One decode step of `sequences` with `context` attended tokens each, on average; all `queries` new tokens of a
  /// sequence share one pass over its cache, unless each selects what it attends to.
  func decodeAttention(sequences: Double, context: Double, queries: Double = 1) -> CostVector {
    switch group.attention {
    case .linear, .compressed, .none: return .zero
    case .groupedQuery, .latent: break
    }
    let (passes, shared) = selectsTokens ? (queries, 1) : (1, queries)
    let work = KernelWork.decodeAttention(
      sequences: sequences * passes, context: context,
      flopsPerPair: shared * flopsPerPair(absorbed: true),
      bytesPerToken: keyValueBytesPerToken, queryBytes: shared * 4 * queryWidth,
      heads: keyValueHeads, format: attentionFormat, family: headFamily)
    return roofline.cost(work, .decodeAttention, lane: .decodeAttention)
  }

  /// Attention of prompt chunks with `pairs` (query, key) pairs, without the launch.
  func chunkAttention(pairs: Double) -> CostVector {
    switch group.attention {
    case .linear, .compressed, .none: return .zero
    case .groupedQuery, .latent: break
    }
    let work = KernelWork.prefillAttention(
      pairs: pairs, flopsPerPair: flopsPerPair(absorbed: absorbsPrompts), heads: queryHeads,
      format: attentionFormat, family: headFamily)
    return roofline.cost(work, .prefillAttention, lane: .prefillAttention, withLaunch: false)
  }

  /// The launch of attention over prompt chunks.
  func chunkLaunch() -> CostVector {
    switch group.attention {
    case .linear, .compressed, .none: return .zero
    case .groupedQuery, .latent:
      var work = KernelWork()
      work.format = attentionFormat
      return roofline.launch(work, .prefillAttention, lane: .prefillAttention)
    }
  }

  /// The recurrent state of `sequences` decoding sequences, read and written.
  func state(sequences: Double) -> CostVector {
    guard case .linear = group.attention else { return .zero }
    var work = KernelWork()
    work.weightBytes = 2 * sequences * stateBytesPerSequence
    return roofline.cost(work, .linearAttention, lane: .linearAttention)
  }
}
