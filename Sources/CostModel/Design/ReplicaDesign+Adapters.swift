import Models

/// Low-rank adapters (LoRA) of a model: what they are and how many are on its accelerators.
public struct AdapterDesign: Sendable, Equatable {
  /// The rank of each, in 1...512.
  public var rank: Int
  /// Adapters on the accelerators at once, >= 1: as many as a batch may need.
  public var slots: Int

  /// Adapters; see the properties for ranges.
  public init(rank: Int, slots: Int) {
    precondition(rank >= 1 && slots >= 1, "adapters of nothing, or no room for one")
    self.rank = rank
    self.slots = slots
  }
}

/// A matrix that an adapter lies beside: rank × (inputs + outputs) elements.
struct AdaptedMatrix: Equatable {
  let inputs: Double
  let outputs: Double
}

extension LayerGroup {
  /// The matrices of one layer that adapters lie beside, each of which they have two factors for.
  ///
  /// All projections of attention (query, key, value and output; of latent attention those into and out of both compressed
  /// vectors; of a linear attention one in and one out) and the matrices of dense feed-forward layers and shared experts.
  /// Routers and routed experts have none.
  func adaptedMatrices(hidden: Int) -> [AdaptedMatrix] {
    let hidden = Double(hidden)
    return attention.adaptedMatrices(hidden: hidden) + feedForward.adaptedMatrices(hidden: hidden)
  }
}

extension Attention {
  fileprivate func adaptedMatrices(hidden: Double) -> [AdaptedMatrix] {
    switch self {
    case .compressed, .none: return []
    case .groupedQuery(let attention):
      let query = Double(attention.queryHeads * attention.headDimension)
      let keyValue = Double(attention.keyValueHeads * attention.headDimension)
      return [
        AdaptedMatrix(inputs: hidden, outputs: query * (attention.outputGate ? 2 : 1)),
        AdaptedMatrix(inputs: hidden, outputs: keyValue), AdaptedMatrix(inputs: hidden, outputs: keyValue),
        AdaptedMatrix(inputs: query, outputs: hidden),
      ]
    case .latent(let attention):
      let heads = Double(attention.heads)
      let query = heads * Double(attention.nonRotaryHeadDimension + attention.rotaryHeadDimension)
      let rank = Double(attention.keyValueRank)
      let value = heads * Double(attention.valueHeadDimension)
      let queries =
        attention.queryRank.map {
          [
            AdaptedMatrix(inputs: hidden, outputs: Double($0)),
            AdaptedMatrix(inputs: Double($0), outputs: query),
          ]
        } ?? [AdaptedMatrix(inputs: hidden, outputs: query)]
      return queries + [
        AdaptedMatrix(inputs: hidden, outputs: rank + Double(attention.rotaryHeadDimension)),
        AdaptedMatrix(inputs: rank, outputs: heads * Double(attention.nonRotaryHeadDimension) + value),
        AdaptedMatrix(inputs: value, outputs: hidden),
      ]
    case .linear(let attention):
      let value = Double(attention.valueWidth)
      let inputs = Double(attention.projectionParameters(hiddenSize: Int(hidden))) / hidden - value
      return [
        AdaptedMatrix(inputs: hidden, outputs: max(inputs, 1)), AdaptedMatrix(inputs: value, outputs: hidden),
      ]
    }
  }
}

extension FeedForward {
  fileprivate func adaptedMatrices(hidden: Double) -> [AdaptedMatrix] {
    let width: Double
    let isGated: Bool
    switch self {
    case .none: return []
    case .dense(let intermediate, let gated, _): (width, isGated) = (Double(intermediate), gated)
    case .mixtureOfExperts(let mixture):
      guard mixture.sharedExpertIntermediateSize > 0 else { return [] }
      (width, isGated) = (Double(mixture.sharedExpertIntermediateSize), mixture.gated)
    }
    let up = AdaptedMatrix(inputs: hidden, outputs: width)
    return (isGated ? [up, up] : [up]) + [AdaptedMatrix(inputs: width, outputs: hidden)]
  }
}

extension ReplicaDesign {
  /// Bytes of an element of an adapter: 16 bits, whatever the weights are in.
  private static let adapterElementBytes = 2.0

  /// Bytes of one adapter: 2 × rank × Σ (inputs + outputs) of the matrices that it lies beside; 0 without adapters.
  public var adapterBytes: Double {
    guard let adapters, let transformer = model.transformer else { return 0 }
    return transformer.layers.reduce(0) { sum, group in
      let widths = group.adaptedMatrices(hidden: transformer.hiddenSize).reduce(0) {
        $0 + $1.inputs + $1.outputs
      }
      return sum + Double(group.count) * Double(adapters.rank) * widths * Self.adapterElementBytes
    }
  }

  /// One accelerator's part of an adapter in bytes: both factors are shared out as what they lie beside is (vLLM
  /// `fully_sharded_loras`).
  public var adapterBytesPerAccelerator: Double {
    adapterBytes / Double(parallel.tensor * parallel.pipeline)
  }

  /// Bytes of one accelerator that are set aside for adapters.
  public var residentAdapterBytes: Double {
    Double(adapters?.slots ?? 0) * adapterBytesPerAccelerator
  }

  /// Launches for each matrix: into the rank and out of it, for the tokens of all adapters at once (Punica's and S-LoRA's
  /// grouped products).
  private static let launchesPerMatrix = 2.0

  /// The products with adapters' factors for `tokens` of a step, weights apart: 2 × rank × (inputs + outputs) FLOPs
  /// a token, rows in and out.
  ///
  /// A prior, not calibrated: kernels at the generic share of peak and bandwidth of short ones, with a launch for each
  /// factor of each matrix; frameworks that pack query, key and value into one have fewer.
  func adapterProducts(tokens: Int) -> CostVector {
    guard let adapters, let transformer = model.transformer, tokens > 0 else { return .zero }
    let rows = Double(tokens)
    let tensor = Double(parallel.tensor)
    let rank = Double(adapters.rank)
    return transformer.layers.reduce(CostVector.zero) { sum, group in
      var work = KernelWork(activationBytes: 0, launches: 0)
      for matrix in group.adaptedMatrices(hidden: transformer.hiddenSize) {
        work.flops += 2 * rows * rank * (matrix.inputs + matrix.outputs) / tensor
        // Inputs are read, outputs read and written; between the factors ranks are written and read.
        work.activationBytes +=
          rows * ((matrix.inputs + 2 * matrix.outputs) / tensor + 2 * rank) * LayerOperators.activationBytes
        work.launches += Self.launchesPerMatrix
      }
      guard work.launches > 0 else { return sum }
      return sum + roofline.cost(work, .elementwise, lane: .gemm) * Double(group.count)
    }
  }

  /// Adds what reading the adapters of a step costs: of as many as its sequences can be for.
  func addAdapters(to table: inout StepCostTable, sequences maximum: Int) {
    guard let adapters else { return }
    let stages = parallel.pipeline
    // Prompts of a step take places of the batch too.
    table.adapterWeights = KnotTable(maximum: maximum, bits: 4) { sequences in
      let distinct = min((sequences + stages - 1) / stages, adapters.slots)
      guard distinct > 0 else { return .zero }
      var work = KernelWork(activationBytes: 0, launches: 0)
      work.weightBytes = Double(distinct) * adapterBytes / Double(parallel.tensor)
      return roofline.cost(work, .elementwise, lane: .gemm)
    }
  }
}
