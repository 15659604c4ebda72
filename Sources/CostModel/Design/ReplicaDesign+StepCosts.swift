import Hardware
import Models

/// Tabulates what the steps of a replica cost.
extension ReplicaDesign {
  /// The roofline of one of the replica's accelerators.
  var roofline: Roofline {
    Roofline(
      accelerator: system.accelerator, efficiencies: efficiencies, accelerators: parallel.accelerators,
      clocks: clocks)
  }

  var collectives: Collectives {
    Collectives(roofline: roofline, scaleUp: system.scaleUp, scaleOut: system.scaleOut)
  }

  /// The operators of each group of layers.
  var layerOperators: [(count: Double, operators: LayerOperators)] {
    guard let transformer = model.transformer else { return [] }
    let collectives = collectives
    return transformer.layers.map { group in
      (
        Double(group.count),
        LayerOperators(
          group: group, hidden: Double(transformer.hiddenSize), precision: precision, parallel: parallel,
          roofline: collectives.roofline, collectives: collectives, loads: loads(of: group))
      )
    }
  }

  /// Loads of the busiest rank of a layer's experts; nil: as calibrated.
  private func loads(of group: LayerGroup) -> ExpertLoads? {
    guard case .mixtureOfExperts(let mixture) = group.feedForward else { return nil }
    return expertLoads.first { $0.experts == mixture.experts && $0.perToken == mixture.expertsPerToken }
  }

  /// Frames of delay that the framework's front end adds to a request, in seconds.
  public var frontEndSeconds: Double { overhead.frontEndSeconds }

  /// The same for each prompt token.
  public var frontEndSecondsPerInputToken: Double { overhead.frontEndSecondsPerInputToken }

  /// How layers bound the context of a token.
  public var contextBound: ContextBound {
    for group in model.transformer?.layers ?? [] {
      switch group.attention {
      case .groupedQuery(let attention):
        switch attention.span {
        case .full: continue
        case .slidingWindow(let tokens): return .window(tokens: tokens)
        case .chunked(let tokens): return .chunk(tokens: tokens)
        }
      case .latent(let attention):
        // Whichever tokens are selected: they are as many as a window of that size holds.
        if let tokens = attention.selectedTokens { return .window(tokens: tokens) }
      case .compressed, .linear, .none: continue
      }
    }
    return .none
  }

  /// The cost of every step that an engine with these limits can take.
  ///
  /// With p pipeline stages, p micro-batches are under way: in the time of one step every stage works on each of
  /// them, which takes as long as all layers on a p-th of the batch.
  /// - Parameters:
  ///   - maximumBatchSize: requests that may run at once, >= 1.
  ///   - maximumBatchTokens: tokens in one step, >= 1.
  ///   - maximumContextTokens: longest prompt + output in tokens, >= 1.
  ///   - draftTokens: tokens that speculative decoding drafts for each sequence in a step, >= 0.
  /// - Returns: the table; the design must have no ``problems()``.
  public func stepCosts(
    maximumBatchSize: Int, maximumBatchTokens: Int, maximumContextTokens: Int, draftTokens: Int = 0
  ) -> StepCostTable {
    let kernels = kernelCosts(
      maximumBatchSize: maximumBatchSize, maximumBatchTokens: maximumBatchTokens,
      maximumContextTokens: maximumContextTokens, draftTokens: draftTokens)
    return stepCosts(kernels, by: overhead)
  }

  /// Step costs from the costs of kernels and a framework's overheads, its scheduler being told to work beside the
  /// accelerators or between their steps.
  ///
  /// - Parameters:
  ///   - kernels: what ``kernelCosts(maximumBatchSize:maximumBatchTokens:maximumContextTokens:draftTokens:)`` gives.
  ///   - overhead: what the framework adds by default.
  /// - Returns: the table that an engine looks up.
  public func stepCosts(_ kernels: StepCostTable, by overhead: FrameworkOverhead) -> StepCostTable {
    guard let schedulesAhead, schedulesAhead != framework.schedulesAhead else {
      return adjusted(kernels, by: overhead)
    }
    return schedulesAhead ? withHostBeside(kernels, overhead) : withHostBetween(kernels, overhead)
  }

  /// Step costs of a framework whose scheduler is told to prepare the next step meanwhile: its fitted time of a step and
  /// of each sequence then only shows where the accelerators are done before.
  private func withHostBeside(_ kernels: StepCostTable, _ overhead: FrameworkOverhead) -> StepCostTable {
    var device = overhead
    device.stepSeconds = 0
    device.sequenceSeconds = 0
    var table = adjusted(kernels, by: device)
    let (step, sequence) = (overhead.stepSeconds, overhead.sequenceSeconds)
    table.host = kernels.sequences.mapped { sequences, _ in
      let floor = hostFloor.map { $0.seconds + $0.secondsPerSequence * Double(sequences) } ?? 0
      return roofline.hostWait(seconds: max(step + sequence * sequencesOfGroup(sequences), floor))
    }
    return table
  }

  /// Step costs of a framework whose scheduler is told to wait for each step: what that takes is not measured for it, so
  /// the prior of vLLM's scheduler, which waits by default, stands in.
  private func withHostBetween(_ kernels: StepCostTable, _ overhead: FrameworkOverhead) -> StepCostTable {
    var all = overhead
    let prior = efficiencies.overhead(of: .vllm)
    all.stepSeconds += prior.stepSeconds
    all.sequenceSeconds += prior.sequenceSeconds
    return adjusted(kernels, by: all)
  }

  /// The cost of steps made of kernels alone, as timed alone: what ``adjusted(_:by:)`` makes step costs of.
  public func kernelCosts(
    maximumBatchSize: Int, maximumBatchTokens: Int, maximumContextTokens: Int, draftTokens: Int = 0
  ) -> StepCostTable {
    precondition(
      model.unsupportedFeatures.isEmpty,
      "\(model.id) has features that are not modelled: ask problems() first")
    if let diffusion = model.diffusion {
      return diffusionCosts(diffusion, maximumBatchSize: maximumBatchSize, tokens: maximumBatchTokens)
    }
    let layers = layerOperators
    let micro = { (count: Int) in (count + parallel.pipeline - 1) / parallel.pipeline }
    func sum(_ cost: (LayerOperators) -> CostVector) -> CostVector {
      layers.reduce(CostVector.zero) { $0 + cost($1.operators) * $1.count }
    }
    let bound = contextBound
    let queries = 1 + draftTokens
    let rowLimit = maximumBatchSize * queries
    let tokenLimit = max(maximumBatchTokens, rowLimit)
    let pairLimit = maximumContextTokens * (maximumContextTokens + 1)

    func grid(_ bounded: Bool) -> ContextGrid {
      let attention = DecodeAttention(layers: layers, bounded: bounded, drafts: draftTokens)
      return ContextGrid(maximumSequences: maximumBatchSize, maximumContext: maximumContextTokens) {
        let (sequences, contexts) = attendedShare(of: $0)
        return attention.cost(sequences: sequences, context: Double($1) * contexts / sequences)
      }
    }
    var table = StepCostTable(
      decodeBase: .zero, mixedBase: sum { $0.chunkLaunch() + $0.indexingLaunch() },
      tokens: KnotTable(maximum: tokenLimit, bits: 4) { tokens in
        parallel.attentionData > 1
          ? sum { $0.perTokenOfAll(tokens: micro(tokens)) } + outside(tokens: micro(tokens))
          : sum { $0.perToken(tokens: micro(tokens)) } + outside(tokens: micro(tokens))
            + adapterProducts(tokens: micro(tokens))
      },
      groupTokens: parallel.attentionData == 1
        ? nil
        : KnotTable(maximum: tokenLimit, bits: 4) { tokens in
          sum { $0.perTokenOfGroup(tokens: micro(tokens)) } + contextExchange(tokens: micro(tokens))
        },
      sequences: KnotTable(maximum: maximumBatchSize, bits: 3) { sequences in
        sequences == 0
          ? .zero
          : sum { $0.state(sequences: attendedShare(of: sequences).sequences) }
            + draftPasses(draftTokens, sequences: sequences)
      },
      rows: KnotTable(maximum: rowLimit, bits: 4) { logits(rows: micro($0)) },
      context: grid(false),
      boundedContext: bound == .none ? nil : grid(true),
      chunk: KnotTable(maximum: pairLimit, bits: 3) { doubled in
        let pairs = Double(doubled) / 2
        return sum {
          ($0.isBounded ? .zero : $0.chunkAttention(pairs: pairs)) + $0.chunkIndexing(pairs: pairs)
        }
      },
      boundedChunk: bound == .none
        ? nil
        : KnotTable(maximum: pairLimit, bits: 3) { doubled in
          sum { $0.isBounded ? $0.chunkAttention(pairs: Double(doubled) / 2) : .zero }
        },
      bound: bound, attentionGroups: parallel.attentionData)
    table.queries = queries
    table.hold = roofline.hold
    table.splitsPrompts = parallel.context > 1
    addLoads(to: &table, tokens: tokenLimit)
    addAdapters(to: &table, sequences: maximumBatchSize)
    table.graphs = .captured(
      by: framework, batch: max(1, maximumBatchSize / (parallel.attentionData * parallel.pipeline)))
    return table
  }

  /// Step costs from the costs of kernels and a framework's overheads.
  ///
  /// - Parameters:
  ///   - kernels: what ``kernelCosts(maximumBatchSize:maximumBatchTokens:maximumContextTokens:draftTokens:)`` gives.
  ///   - overhead: what the framework adds and how kernels differ in its steps.
  /// - Returns: the table that an engine looks up.
  public func adjusted(_ kernels: StepCostTable, by overhead: FrameworkOverhead) -> StepCostTable {
    func framework(_ seconds: Double) -> CostVector {
      roofline.waiting(seconds: seconds, limit: .launch, lane: .framework)
    }
    let layers = overhead.layerSeconds * Double(model.transformer?.layerCount ?? 0)
    let decode = overhead.decode
    let prefill = overhead.prefill
    var table = kernels
    table.decodeBase = decode.scaled(kernels.decodeBase) + framework(overhead.stepSeconds + layers)
    table.mixedBase =
      prefill.scaled(kernels.mixedBase)
      + framework(overhead.stepSeconds + layers + overhead.mixedStepSeconds)
    table.tokens = kernels.tokens.mapped { decode.scaled($1) }
    table.mixedTokens = kernels.mixedTokens.mapped { prefill.scaled($1) }
    table.groupTokens = kernels.groupTokens?.mapped { decode.scaled($1) }
    table.mixedGroupTokens = kernels.mixedGroupTokens?.mapped { prefill.scaled($1) }
    table.loadDeviation = kernels.loadDeviation?.mapped { decode.scaled($1) }
    table.mixedLoadDeviation = kernels.mixedLoadDeviation?.mapped { prefill.scaled($1) }
    // Each attention group has a scheduler and a sampler of its own, which look after its own sequences.
    // Each pass of the draft layer waits for its launches.
    let drafts = overhead.layerSeconds * Double(kernels.queries - 1)
    table.sequences = kernels.sequences.mapped {
      decode.scaled($1)
        + framework(
          overhead.sequenceSeconds * sequencesOfGroup($0) + ($0 > 0 ? drafts : 0))
    }
    table.rows = kernels.rows.mapped { decode.scaled($1) }
    table.adapterWeights = kernels.adapterWeights?.mapped { decode.scaled($1) }
    table.context = kernels.context.mapped(decode.scaled)
    table.boundedContext = kernels.boundedContext?.mapped(decode.scaled)
    table.chunk = kernels.chunk.mapped { prefill.scaled($1) }
    table.boundedChunk = kernels.boundedChunk?.mapped { prefill.scaled($1) }
    if let hostFloor {
      table.host = kernels.sequences.mapped { sequences, _ in
        roofline.hostWait(seconds: hostFloor.seconds + hostFloor.secondsPerSequence * Double(sequences))
      }
    }
    return table
  }

  /// Keys and values that a group which works on `tokens` of a prompt sends to the others: all of them attend to all.
  ///
  /// An all-gather of each layer's new keys and values, not overlapped with attention.
  private func contextExchange(tokens: Int) -> CostVector {
    guard parallel.context > 1, tokens > 0 else { return .zero }
    let collectives = collectives
    return layerOperators.reduce(CostVector.zero) { sum, layer in
      let bytes = layer.operators.keyValueBytesPerToken * Double(tokens * (parallel.context - 1))
      guard bytes > 0 else { return sum }
      return sum + collectives.allToAll(bytes: bytes, size: parallel.acceleratorsPerStage) * layer.count
    }
  }

  /// The token table, and the hand-offs between pipeline stages.
  private func outside(tokens: Int) -> CostVector {
    guard let transformer = model.transformer, tokens > 0 else { return .zero }
    let bytes = Double(tokens * transformer.hiddenSize) * 2
    var cost = roofline.cost(
      KernelWork(activationBytes: 2 * bytes / Double(parallel.attentionData)), .elementwise,
      lane: .elementwise)
    if parallel.pipeline > 1 {
      let handOff = collectives.handOff(
        bytes: bytes / Double(parallel.acceleratorsPerStage), accelerators: parallel.accelerators)
      cost += handOff * Double(parallel.pipeline)
    }
    return cost
  }

  /// The output projection of `rows` sequences, and sampling.
  func logits(rows: Int) -> CostVector {
    guard let transformer = model.transformer, rows > 0 else { return .zero }
    let here = sequencesOfGroup(rows)
    let vocabulary = Double(transformer.vocabularySize) / Double(parallel.tensor)
    let hidden = Double(transformer.hiddenSize)
    let projection = KernelWork.gemm(
      m: here, n: vocabulary, k: hidden, weights: precision.languageModelHead, activations: .bf16)
    // Sampling reads the logits in 32 bits, twice.
    let sampling = KernelWork(
      activationBytes: here * Double(transformer.vocabularySize) * 8, launches: 4)
    return roofline.cost(projection, .gemm, lane: .logits)
      + roofline.cost(sampling, .elementwise, lane: .logits)
      + collectives.allToAll(bytes: here * vocabulary * 2, size: parallel.tensor)
      + sorting(rows: here, vocabulary: Double(transformer.vocabularySize))
  }

  /// Each accelerator of a layout sorts the logits of all rows that it has gathered.
  private func sorting(rows: Double, vocabulary: Double) -> CostVector {
    guard sampler == .sort else { return .zero }
    return roofline.sort(keys: rows * vocabulary, lane: .logits)
  }

  /// Steps of an image model: each of the batch's images takes one denoising step.
  private func diffusionCosts(_ diffusion: Diffusion, maximumBatchSize: Int, tokens: Int) -> StepCostTable {
    let shares = Double(parallel.accelerators)
    let passes = Double(diffusion.passesPerStep)
    let type = precision.computeType(of: .feedForward)
    func work(_ flops: Double, parameters: Double, bytes: Double) -> CostVector {
      var work = KernelWork()
      work.flops = flops / shares
      work.weightBytes = parameters * bytes / shares
      work.type = type
      return roofline.cost(work, .diffusion, lane: .diffusion)
    }
    let encoders = Double(diffusion.textEncoderParameters + diffusion.decoderParameters)
    let ends = diffusion.textEncoderFloatingPointOperations + diffusion.decoderFloatingPointOperations
    let none = KnotTable(maximum: max(maximumBatchSize, tokens), bits: 4) { _ in .zero }
    var table = StepCostTable(
      decodeBase: .zero, mixedBase: .zero,
      tokens: KnotTable(maximum: tokens, bits: 4) { images in
        images == 0
          ? .zero
          : work(
            Double(images) * passes * diffusion.denoiserFloatingPointOperationsPerPass,
            parameters: Double(diffusion.denoiserParameters), bytes: precision.weights.bytesPerElement)
      },
      sequences: none, rows: none,
      context: ContextGrid(maximumSequences: maximumBatchSize, maximumContext: 1024) { _, _ in .zero },
      // Encoding the prompt and decoding the image are charged when the image begins.
      chunk: KnotTable(maximum: 1 << 20, bits: 3) { pairs in
        pairs == 0 ? .zero : work(ends, parameters: encoders, bytes: 2)
      })
    table.hold = roofline.hold
    return table
  }
}
