import CostModel

/// How the memory of an accelerator divides, in words; ``weights`` are those with the places of adapters.
struct CacheArithmetic {
  let design: ReplicaDesign
  let engine: EngineChoice
  let capacity: KeyValueCapacity

  /// One line: what the cache gets, and the blocks that it makes.
  var text: String {
    let memory = design.memory
    let fraction = plain(engine.memoryFraction)
    let device = gigabytes(memory.deviceBytes)
    let taken =
      "\(weights) - \(gigabytes(memory.runtimeBytes)) runtime - "
      + "\(gigabytes(capacity.activationBytes)) activations"
    let left = gigabytes(capacity.bytesPerAccelerator)
    let budget =
      switch engine.framework {
      case .vllm: "\(fraction) x \(device) - \(taken) = \(left) an accelerator"
      case .tensorRTLLM: "\(fraction) x (\(device) - \(taken)) = \(left) an accelerator"
      case .sglang:
        "\(fraction) x \(device) - \(weights) = \(left) an accelerator"
      }
    guard capacity.blocks > 0 else { return budget }
    let groups =
      design.parallel.attentionData > 1 ? " x \(design.parallel.attentionData) attention groups" : ""
    let perBlock =
      memory.keyValueBytesPerToken > 0
      ? "\(engine.blockTokens) tokens x \(plain(memory.keyValueBytesPerToken)) B" : "the state of a sequence"
    return "\(budget); blocks of \(perBlock)\(groups): \(capacity.blocks)"
  }
}
