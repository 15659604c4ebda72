import Models

/// The operators of one layer of a transformer on one accelerator of a replica, as functions of tokens.
struct LayerOperators: Sendable {
  let group: LayerGroup
  let hidden: Double
  let precision: Precision
  let parallel: Parallelism
  let roofline: Roofline
  let collectives: Collectives
  /// Loads of the busiest rank of this layer's experts; nil: as calibrated.
  var loads: ExpertLoads?

  static let activationBytes = 2.0

  /// A dense product of `tokens` rows with an `inputs` × `outputs` matrix on this accelerator.
  func product(tokens: Double, inputs: Double, outputs: Double, part: Precision.Part) -> CostVector {
    let work = KernelWork.gemm(
      m: tokens, n: outputs, k: inputs, weights: precision.weightType(of: part),
      activations: activations(of: part))
    return roofline.cost(work, .gemm, lane: .gemm)
      + quantisation(tokens: tokens, width: inputs, to: activations(of: part))
  }

  /// Rows of `width` elements in 16 bits, brought to the format that they are multiplied in.
  ///
  /// Its launch is fused with what made the rows; its bytes are not.
  private func quantisation(tokens: Double, width: Double, to format: DataType) -> CostVector {
    guard format.bitsPerElement < 16 else { return .zero }
    return elementwise(bytes: tokens * width * (Self.activationBytes + format.bytesPerElement), launches: 0)
  }

  /// The format that a part's inputs are multiplied in: never narrower than where its weights stay at 16 bits.
  private func activations(of part: Precision.Part) -> DataType {
    let weights = precision.weightType(of: part)
    return weights.computeType == .bf16 && weights.bitsPerElement == 16 ? .bf16 : precision.activations
  }

  func elementwise(bytes: Double, launches: Double) -> CostVector {
    roofline.cost(
      KernelWork(activationBytes: bytes, launches: launches), .elementwise, lane: .elementwise)
  }

  /// Everything that works on each token of a step: `tokens` in one pipeline pass of the whole replica.
  func perToken(tokens all: Int) -> CostVector {
    // Each attention group works on its share; the largest one sets the pace.
    let groups = parallel.attentionData
    return perTokenOfGroup(tokens: (all + groups - 1) / groups) + perTokenOfAll(tokens: all)
  }

  /// The part of ``perToken(tokens:)`` that attention groups share: routed experts and the way of tokens to them.
  ///
  /// `shift` is how many standard deviations the busiest rank's load lies above its mean.
  func perTokenOfAll(tokens all: Int, shift: Double = 0) -> CostVector {
    guard all > 0, case .mixtureOfExperts(let mixture) = group.feedForward else { return .zero }
    return routedExperts(
      mixture, width: Double(mixture.latentSize ?? Int(hidden)), tokens: Double(all), shift: shift)
  }

  /// What a standard deviation of the busiest rank's load changes in the cost of the layer.
  func loadDeviation(tokens: Int) -> CostVector {
    guard loads != nil else { return .zero }
    return (perTokenOfAll(tokens: tokens, shift: 1) - perTokenOfAll(tokens: tokens, shift: -1)) * 0.5
  }

  /// The part of ``perToken(tokens:)`` that an attention group does for its own `tokens`.
  func perTokenOfGroup(tokens here: Int) -> CostVector {
    guard here > 0 else { return .zero }
    let tokens = Double(here)
    var cost = attentionProjections(tokens: tokens) + indexerProjections(tokens: tokens)
    cost += feedForward(tokens: tokens)
    // Two norms with residual: read and write the stream and the residual.
    let norms = (group.attention == .none ? 0.0 : 1.0) + (group.feedForward == .none ? 0.0 : 1.0)
    cost += elementwise(bytes: norms * tokens * hidden * 4 * Self.activationBytes, launches: norms)
    let streamBytes = tokens * hidden * Self.activationBytes
    if group.attention != .none { cost += collectives.allReduce(bytes: streamBytes, size: parallel.tensor) }
    if group.feedForward != .none, !exchangesTokens {
      cost += collectives.allReduce(bytes: streamBytes, size: parallel.tensor)
    }
    return cost
  }

  private func attentionProjections(tokens: Double) -> CostVector {
    let tensor = Double(parallel.tensor)
    switch group.attention {
    case .compressed, .none: return .zero
    case .groupedQuery(let attention):
      let query = Double(attention.queryHeads * attention.headDimension) / tensor
      let keyValue = Double(2 * keyValueHeadsHere(attention) * attention.headDimension)
      let inputs = query * (attention.outputGate ? 2 : 1) + keyValue
      var cost = product(tokens: tokens, inputs: hidden, outputs: inputs, part: .attention)
      cost += product(tokens: tokens, inputs: query, outputs: hidden, part: .attention)
      // Rotary embedding and cache write: read and write queries, keys, values.
      return cost + elementwise(bytes: tokens * (query + keyValue) * 2 * Self.activationBytes, launches: 1)
    case .latent(let attention):
      let heads = Double(attention.heads) / tensor
      let queryWidth = heads * Double(attention.nonRotaryHeadDimension + attention.rotaryHeadDimension)
      let compressed = Double(attention.keyValueRank + attention.rotaryHeadDimension)
      let queryRank = Double(attention.queryRank ?? 0)
      var cost = product(tokens: tokens, inputs: hidden, outputs: queryRank + compressed, part: .attention)
      cost += product(
        tokens: tokens, inputs: queryRank > 0 ? queryRank : hidden, outputs: queryWidth, part: .attention)
      // Decode absorbs this matrix into queries and outputs, prefill expands keys and values: the same FLOPs.
      cost += product(
        tokens: tokens, inputs: Double(attention.keyValueRank),
        outputs: heads * Double(attention.nonRotaryHeadDimension + attention.valueHeadDimension),
        part: .attention)
      cost += product(
        tokens: tokens, inputs: heads * Double(attention.valueHeadDimension), outputs: hidden,
        part: .attention)
      return cost
        + elementwise(bytes: tokens * (queryWidth + compressed) * 2 * Self.activationBytes, launches: 2)
    case .linear(let attention):
      let parameters = Double(attention.projectionParameters(hiddenSize: Int(hidden))) / tensor
      let output = Double(attention.valueWidth) / tensor
      let inputs = max(parameters / hidden - output, 1)
      var cost = product(tokens: tokens, inputs: hidden, outputs: inputs, part: .attention)
      cost += product(tokens: tokens, inputs: output, outputs: hidden, part: .attention)
      // The recurrence over the tokens of prompts; decoding sequences add their state's bytes.
      var work = KernelWork(
        activationBytes: tokens * Double(attention.convolutionChannels) / tensor * 3 * Self.activationBytes)
      work.flops = tokens * attention.stateFloatingPointOperations / tensor
      return cost + roofline.cost(work, .linearAttention, lane: .linearAttention)
    }
  }

  /// Key and value heads on one accelerator: at least one, replicated where there are fewer than accelerators.
  func keyValueHeadsHere(_ attention: GroupedQueryAttention) -> Int {
    max(1, attention.keyValueHeads / parallel.tensor)
  }

  /// Whether tokens travel to the accelerators of their experts: attention groups hold different tokens.
  var exchangesTokens: Bool {
    if case .mixtureOfExperts = group.feedForward { return parallel.attentionData > 1 }
    return false
  }

  private func feedForward(tokens: Double) -> CostVector {
    switch group.feedForward {
    case .none: return .zero
    case .dense(let intermediate, let gated, _):
      return denseFeedForward(tokens: tokens, intermediate: Double(intermediate), gated: gated)
    case .mixtureOfExperts(let mixture):
      let experts = Double(mixture.experts)
      var cost = product(tokens: tokens, inputs: hidden, outputs: experts, part: .router)
      // The choice of experts: scores in 32 bits, read and written.
      cost += elementwise(bytes: tokens * experts * 8, launches: 1)
      let width = Double(mixture.latentSize ?? Int(hidden))
      if mixture.latentSize != nil {
        cost += product(tokens: tokens, inputs: hidden, outputs: width, part: .feedForward)
        cost += product(tokens: tokens, inputs: width, outputs: hidden, part: .feedForward)
      }
      if mixture.sharedExpertIntermediateSize > 0 {
        cost += denseFeedForward(
          tokens: tokens, intermediate: Double(mixture.sharedExpertIntermediateSize), gated: mixture.gated)
      }
      return cost
    }
  }

  private func denseFeedForward(tokens: Double, intermediate: Double, gated: Bool) -> CostVector {
    let width = intermediate / Double(parallel.tensor)
    var cost = product(tokens: tokens, inputs: hidden, outputs: width * (gated ? 2 : 1), part: .feedForward)
    cost += product(tokens: tokens, inputs: width, outputs: hidden, part: .feedForward)
    let bytes = tokens * width * (gated ? 3 : 2) * Self.activationBytes
    return cost + elementwise(bytes: bytes, launches: 1)
  }

  /// The grouped products over the experts that this accelerator holds, and the way of tokens to them.
  private func routedExperts(
    _ mixture: MixtureOfExperts, width: Double, tokens: Double, shift: Double
  ) -> CostVector {
    let stage = Double(parallel.acceleratorsPerStage)
    let experts = Double(mixture.experts)
    let perToken = Double(mixture.expertsPerToken)
    let held = experts / Double(parallel.expert)
    let slice = Double(parallel.expert) / stage
    var work = KernelWork.experts(
      tokens: tokens, experts: experts, held: held, perToken: perToken, width: width,
      inner: Double(mixture.expertIntermediateSize) * slice, matrices: Double(mixture.matricesPerExpert),
      weights: precision.weightType(of: .experts), activations: precision.activations, slices: 1 / slice)
    // Surfaces hold the busiest rank of the routing that kernels were measured under: only what differs from it counts.
    if let loads {
      let ratio = loads.tokens.value(at: tokens, shift: shift)
      work.flops *= ratio
      work.activationBytes *= ratio
      work.weightBytes *= loads.touched.value(at: tokens, shift: shift)
    }
    var cost = roofline.cost(work, .experts, lane: .experts)
    if exchangesTokens {
      // Dispatch in the activations' format, combine in 16 bits.
      cost += collectives.expertExchange(
        tokens: tokens / stage, perToken: perToken, size: parallel.expert,
        dispatchBytes: hidden * precision.activations.bytesPerElement,
        combineBytes: hidden * Self.activationBytes,
        busiest: loads?.received.value(at: tokens, shift: shift) ?? 1)
    }
    return cost
  }
}
