import Hardware
import Models

/// Tabulates what the steps of a replica cost.
extension ReplicaDesign {
  /// The roofline of one of the replica's accelerators.
  var roofline: Roofline {
    Roofline(
      accelerator: system.accelerator, efficiencies: efficiencies, accelerators: parallel.accelerators)
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
          roofline: collectives.roofline, collectives: collectives)
      )
    }
  }

  /// Frames of delay that the framework's front end adds to a request, in seconds.
  public var frontEndSeconds: Double { efficiencies.overhead(of: framework).frontEndSeconds }

  /// The same for each prompt token.
  public var frontEndSecondsPerInputToken: Double {
    efficiencies.overhead(of: framework).frontEndSecondsPerInputToken
  }

  /// How layers bound the context of a token.
  public var contextBound: ContextBound {
    for group in model.transformer?.layers ?? [] {
      guard case .groupedQuery(let attention) = group.attention else { continue }
      switch attention.span {
      case .full: continue
      case .slidingWindow(let tokens): return .window(tokens: tokens)
      case .chunked(let tokens): return .chunk(tokens: tokens)
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
    precondition(
      model.unsupportedFeatures.isEmpty,
      "\(model.id) has features that are not modelled: ask problems() first")
    if let diffusion = model.diffusion {
      return diffusionCosts(diffusion, maximumBatchSize: maximumBatchSize, tokens: maximumBatchTokens)
    }
    let layers = layerOperators
    let stages = parallel.pipeline
    let micro = { (count: Int) in (count + stages - 1) / stages }
    // Attention of a step is spread over the micro-batches and the attention groups; the largest group sets the pace.
    let groups = parallel.attentionData
    let share = { (sequences: Int) in max(1, Double((sequences + groups - 1) / groups) / Double(stages)) }
    func sum(_ cost: (LayerOperators) -> CostVector) -> CostVector {
      layers.reduce(CostVector.zero) { $0 + cost($1.operators) * $1.count }
    }
    let bound = contextBound
    let overhead = efficiencies.overhead(of: framework)
    let layerCount = Double(model.transformer?.layerCount ?? 0)
    let glue = roofline.waiting(
      seconds: overhead.stepSeconds + overhead.layerSeconds * layerCount, limit: .launch, lane: .framework)
    let mixed = roofline.waiting(
      seconds: overhead.mixedStepSeconds, limit: .launch, lane: .framework)
    let queries = 1 + draftTokens
    let rowLimit = maximumBatchSize * queries
    let pairLimit = maximumContextTokens * (maximumContextTokens + 1)

    func grid(_ bounded: Bool) -> ContextGrid {
      let attention = DecodeAttention(layers: layers, bounded: bounded, drafts: draftTokens)
      return ContextGrid(maximumSequences: maximumBatchSize, maximumContext: maximumContextTokens) {
        attention.cost(sequences: share($0), context: Double($1))
      }
    }
    var table = StepCostTable(
      decodeBase: glue, mixedBase: glue + mixed + sum { $0.chunkLaunch() },
      tokens: KnotTable(maximum: max(maximumBatchTokens, rowLimit), bits: 4) { tokens in
        sum { groups > 1 ? $0.routedExperts(tokens: micro(tokens)) : $0.perToken(tokens: micro(tokens)) }
          + outside(tokens: micro(tokens))
      },
      sequences: KnotTable(maximum: maximumBatchSize, bits: 3) { sequences in
        let perSequence = roofline.waiting(
          seconds: overhead.sequenceSeconds * Double(sequences), limit: .launch, lane: .framework)
        return sequences == 0
          ? .zero
          : perSequence + sum { $0.state(sequences: share(sequences)) }
            + draftPasses(draftTokens, sequences: sequences)
      },
      rows: KnotTable(maximum: rowLimit, bits: 4) { logits(rows: micro($0)) },
      context: grid(false),
      boundedContext: bound == .none ? nil : grid(true),
      chunk: KnotTable(maximum: pairLimit, bits: 3) { doubled in
        sum { $0.isBounded ? .zero : $0.chunkAttention(pairs: Double(doubled) / 2) }
      },
      boundedChunk: bound == .none
        ? nil
        : KnotTable(maximum: pairLimit, bits: 3) { doubled in
          sum { $0.isBounded ? $0.chunkAttention(pairs: Double(doubled) / 2) : .zero }
        },
      bound: bound, attentionGroups: parallel.attentionData)
    table.queries = queries
    if groups > 1 {
      table.groupTokens = KnotTable(maximum: max(maximumBatchTokens, rowLimit), bits: 4) { tokens in
        sum { $0.perGroupToken(tokens: micro(tokens)) }
      }
    }
    return table
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
    let groups = parallel.attentionData
    let here = Double((rows + groups - 1) / groups)
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
    let overhead = efficiencies.overhead(of: framework)
    let step = roofline.waiting(seconds: overhead.stepSeconds, limit: .launch, lane: .framework)
    let none = KnotTable(maximum: max(maximumBatchSize, tokens), bits: 4) { _ in .zero }
    return StepCostTable(
      decodeBase: step, mixedBase: step,
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
  }
}
