extension Transformer {
  /// Parameters by part; a head that is tied to the embedding counts once, as embedding.
  ///
  /// embedding (V + learned positions)·H, head V·H unless tied, Σ groups count × layer, final norm.
  public var parameters: ParameterCounts {
    layers.reduce(outerParameters) { sum, group in
      sum + group.count * group.parametersPerLayer(hiddenSize: hiddenSize)
    }
  }

  /// Parameters by part that one token uses: as `parameters`, of routed experts those per token only.
  ///
  /// The whole embedding table is included, as most publishers count; see ``embeddingParameters``.
  public var activeParameters: ParameterCounts {
    layers.reduce(outerParameters) { sum, group in
      sum + group.count * group.activeParametersPerLayer(hiddenSize: hiddenSize)
    }
  }

  private var outerParameters: ParameterCounts {
    ParameterCounts(
      embedding: embeddingParameters, languageModelHead: tiedEmbeddings ? 0 : vocabularySize * hiddenSize,
      other: finalNormParameters + (languageModelHeadBias ? vocabularySize : 0))
  }

  /// All parameters of the main model, multi-token prediction excluded.
  public var parameterCount: Int { parameters.total }

  /// Parameters that one token uses, embedding and head included.
  public var activeParameterCount: Int { activeParameters.total }

  /// Parameters of the token and position tables: (V + learned positions)·H.
  public var embeddingParameters: Int { (vocabularySize + learnedPositions) * hiddenSize }

  /// Parameters that enter a matrix product for one token: attention, feed-forward, experts per token, router, head.
  ///
  /// The table look-up, norms and biases are no matrix products; a tied head is one.
  public var matrixParametersPerToken: Int {
    let active = activeParameters
    return active.attention + active.feedForward + active.experts + active.router
      + vocabularySize * hiddenSize
  }

  /// FLOPs of one token at the end of a context: 2 × ``matrixParametersPerToken`` + Σ layers of mixing.
  ///
  /// - Parameters:
  ///   - context: tokens of the sequence, the token itself included; at least 0.
  ///   - absorbed: count latent attention as decode kernels run it, on the compressed cache.
  /// - Returns: FLOPs, a multiply-add counting 2.
  public func floatingPointOperationsPerToken(context: Int, absorbed: Bool = false) -> Double {
    2 * Double(matrixParametersPerToken)
      + mixingFloatingPointOperationsPerToken(context: context, absorbed: absorbed)
  }

  /// FLOPs of scores, weighted values and recurrences of one token at the end of a context, over all layers.
  public func mixingFloatingPointOperationsPerToken(context: Int, absorbed: Bool = false) -> Double {
    layers.reduce(0) { sum, group in
      sum + Double(group.count)
        * group.attention.mixingFloatingPointOperations(context: context, absorbed: absorbed)
    }
  }

  /// Bytes of all weights of the main model: Σ parts of parameters × bytes per element.
  public func weightBytes(precision: Precision) -> Double { parameters.bytes(precision: precision) }
}

/// What one token leaves in the key-value cache, over all layers.
public struct KeyValueElements: Sendable, Equatable {
  /// Elements in layers that keep every token.
  public var fullAttention: Int
  /// Elements in layers that keep a window or chunk, each with its own size.
  public var windowed: [WindowedElements]
  /// Elements of index keys of sparse attention per token; engines keep these in FP8 whatever the cache's format.
  public var indexKeys: Int

  /// The layers that share one window.
  public struct WindowedElements: Sendable, Equatable {
    /// Tokens that the window or chunk keeps.
    public var windowTokens: Int
    /// Elements per token, over the layers with this window.
    public var elementsPerToken: Int
  }

  fileprivate mutating func add(_ elements: Int, windowTokens: Int?) {
    guard let windowTokens else {
      fullAttention += elements
      return
    }
    if let index = windowed.firstIndex(where: { $0.windowTokens == windowTokens }) {
      windowed[index].elementsPerToken += elements
    } else {
      windowed.append(WindowedElements(windowTokens: windowTokens, elementsPerToken: elements))
    }
  }

  /// Elements per token while every window still holds all tokens.
  public var total: Int { windowed.reduce(fullAttention) { $0 + $1.elementsPerToken } }

  /// Elements of a sequence of `context` tokens, windows capped, index keys excluded.
  public func elements(context: Int) -> Int {
    windowed.reduce(fullAttention * context) {
      $0 + $1.elementsPerToken * min(context, $1.windowTokens)
    }
  }

  /// Bytes of a sequence of `context` tokens; index keys count 1 byte + 4/128 for their FP32 block scale.
  public func bytes(context: Int, type: DataType) -> Double {
    Double(elements(context: context)) * type.bytesPerElement
      + Double(indexKeys * context) * (1 + 4.0 / 128)
  }
}

extension Transformer {
  /// Elements of cache that one token adds, split by how long layers keep it.
  ///
  /// Grouped query: 2·K·D per layer; latent: R + rotary dimension per layer; compressed: D in the window and
  /// D / ratio for good; linear attention: none.
  public var keyValueElementsPerToken: KeyValueElements {
    var result = KeyValueElements(fullAttention: 0, windowed: [], indexKeys: 0)
    for group in layers {
      switch group.attention {
      case .groupedQuery(let attention):
        result.add(group.count * attention.keyValueElementsPerToken, windowTokens: attention.span.limitTokens)
        result.indexKeys += group.count * (attention.indexer?.headDimension ?? 0)
      case .latent(let attention):
        result.add(group.count * attention.keyValueElementsPerToken, windowTokens: nil)
        result.indexKeys += group.count * (attention.indexer?.headDimension ?? 0)
      case .compressed(let attention):
        result.add(group.count * attention.headDimension, windowTokens: attention.windowTokens)
        result.add(group.count * attention.compressedElementsPerToken, windowTokens: nil)
        result.indexKeys += group.count * attention.indexElementsPerToken
      case .linear, .none: continue
      }
    }
    result.windowed.sort { $0.windowTokens < $1.windowTokens }
    return result
  }

  /// Elements of recurrent state that one sequence holds, whatever its length, over all layers.
  public var stateElementsPerSequence: Int {
    linearLayers.reduce(0) { $0 + $1.count * $1.attention.stateElements }
  }

  /// Elements of convolution state that one sequence holds, over all layers.
  public var convStateElementsPerSequence: Int {
    linearLayers.reduce(0) { $0 + $1.count * $1.attention.convStateElements }
  }

  private var linearLayers: [(count: Int, attention: LinearAttention)] {
    layers.compactMap { group in
      if case .linear(let attention) = group.attention { (group.count, attention) } else { nil }
    }
  }
}
