import Hardware
import Models
import Quantities

/// What one accelerator of a replica holds, in bytes.
public struct MemoryBudget: Sendable, Equatable {
  /// Device memory.
  public var deviceBytes: Double
  /// Its part of the weights.
  public var weightBytes: Double
  /// Runtime context, communication buffers, captured graphs.
  public var runtimeBytes: Double
  /// KV cache for each token in flight, in layers that keep the whole context; index keys of sparse attention included.
  public var keyValueBytesPerToken: Double
  /// What a sequence holds whatever its length: recurrent state; windows of layers with a bounded context.
  public var fixedBytesPerSequence: Double
}

/// The KV cache that fits beside everything else.
public struct KeyValueCapacity: Sendable, Equatable {
  /// Blocks of one replica; 0 or less when there is no room.
  public var blocks: Int
  /// Blocks that each running sequence holds whatever its length.
  public var fixedBlocksPerRequest: Int
  /// Bytes for the KV cache on one accelerator; negative when weights and the rest don't fit.
  public var bytesPerAccelerator: Double
  /// Bytes of activations of one step on one accelerator.
  public var activationBytes: Double
}

extension ReplicaDesign {
  /// What one accelerator holds.
  public var memory: MemoryBudget {
    let stages = Double(parallel.pipeline)
    var keyValue = 0.0
    var fixed = 0.0
    for (count, operators) in layerOperators {
      fixed += count * operators.stateBytesPerSequence / stages
      if operators.isBounded, case .groupedQuery(let attention) = operators.group.attention {
        let window = Double(attention.span.limitTokens ?? 0)
        fixed += count * operators.keyValueBytesPerToken * window / stages
      } else {
        // A sparse attention keeps every token, and its index key beside it.
        keyValue += count * (operators.keyValueBytesPerToken + operators.indexKeyBytesPerToken) / stages
      }
    }
    return MemoryBudget(
      deviceBytes: system.accelerator.memory.si, weightBytes: weightBytesPerAccelerator,
      runtimeBytes: efficiencies.runtimeBytes, keyValueBytesPerToken: keyValue,
      fixedBytesPerSequence: fixed)
  }

  /// Experts held / experts that differ, >= 1: redundant ones are as many in each layer.
  private var expertCopies: Double {
    guard redundantExperts > 0, let experts = mixtures.first?.experts else { return 1 }
    return 1 + Double(redundantExperts) / Double(experts)
  }

  /// The mixtures of the model's layers, each once.
  public var mixtures: [MixtureOfExperts] {
    (model.transformer?.layers ?? []).reduce(into: []) { found, group in
      guard case .mixtureOfExperts(let mixture) = group.feedForward, !found.contains(mixture) else { return }
      found.append(mixture)
    }
  }

  private var weightBytesPerAccelerator: Double {
    guard let transformer = model.transformer else { return model.weightBytes(precision: precision) }
    let counts = transformer.parameters
    let tensor = Double(parallel.tensor)
    let stages = Double(parallel.pipeline)
    func bytes(_ part: Precision.Part, over accelerators: Double) -> Double {
      Double(counts[part]) * precision.weightType(of: part).bytesPerElement / accelerators
    }
    // Selectors of sparse attention are not shared out.
    let selectors = layerOperators.reduce(0) { $0 + $1.count * $1.operators.indexerParameters }
    let copies =
      selectors * precision.weightType(of: .attention).bytesPerElement * (1 - 1 / tensor) / stages
    return copies + bytes(.attention, over: tensor * stages) + bytes(.feedForward, over: tensor * stages)
      + bytes(.experts, over: Double(parallel.acceleratorsPerStage) * stages) * expertCopies
      + bytes(.router, over: stages) + bytes(.other, over: stages)
      + bytes(.embedding, over: tensor) + bytes(.languageModelHead, over: tensor)
  }

  /// The KV cache that fits.
  ///
  /// vLLM gives the cache what is left of `memoryFraction` of the device after weights, runtime and the activations
  /// of the largest step; TensorRT-LLM gives it `memoryFraction` of what those leave of the whole device; SGLang gives
  /// it what weights leave of `memoryFraction` of the device, and keeps the rest for all else. The places of adapters
  /// are set aside as weights are.
  /// - Parameters:
  ///   - memoryFraction: in (0, 1].
  ///   - blockTokens: tokens in a block, >= 1.
  ///   - maximumBatchTokens: tokens in the largest step of one attention group.
  /// - Returns: blocks of the replica, all attention groups together.
  public func keyValueCache(
    memoryFraction: Double, blockTokens: Int, maximumBatchTokens: Int
  ) -> KeyValueCapacity {
    let budget = memory
    let activations = activationBytes(tokens: maximumBatchTokens)
    let weights = budget.weightBytes + residentAdapterBytes
    let taken = weights + budget.runtimeBytes + activations
    let bytes: Double
    switch framework {
    case .vllm: bytes = budget.deviceBytes * memoryFraction - taken
    case .tensorRTLLM: bytes = (budget.deviceBytes - taken) * memoryFraction
    case .sglang: bytes = budget.deviceBytes * memoryFraction - weights
    }
    let blockBytes = budget.keyValueBytesPerToken * Double(blockTokens)
    // A model without a growing cache counts its sequences in blocks of their fixed size.
    let unit = blockBytes > 0 ? blockBytes : max(budget.fixedBytesPerSequence, 1)
    let fixed = blockBytes > 0 ? (budget.fixedBytesPerSequence / unit).rounded(.up) : 1
    let perGroup = min(bytes / unit, 1e12)
    return KeyValueCapacity(
      blocks: bytes > 0 ? Int(perGroup) * parallel.attentionData : 0,
      fixedBlocksPerRequest: Int(fixed), bytesPerAccelerator: bytes, activationBytes: activations)
  }

  /// The largest live activations of a step: the stream, its residual, and the widest inner layer, at 16 bits.
  private func activationBytes(tokens: Int) -> Double {
    guard let transformer = model.transformer else {
      return Double(model.diffusion?.imagePixels ?? 0) * 64
    }
    let tensor = Double(parallel.tensor)
    var widest = 0.0
    for group in transformer.layers {
      switch group.feedForward {
      case .dense(let intermediate, let gated, _):
        widest = max(widest, Double(intermediate * (gated ? 3 : 2)) / tensor)
      case .mixtureOfExperts(let mixture):
        let inner = Double(mixture.expertIntermediateSize * 3 * mixture.expertsPerToken)
        widest = max(
          widest,
          inner / Double(parallel.acceleratorsPerStage)
            + Double(mixture.expertsPerToken * transformer.hiddenSize))
      case .none: break
      }
    }
    return Double(tokens) * (4 * Double(transformer.hiddenSize) + widest) * 2
  }
}
