/// When a request may start, given the KV blocks that it will need.
public enum CapacityPolicy: String, Sendable, CaseIterable {
  /// When its prompt (or the chunk of it that this step runs) fits; on exhaustion the latest admitted request loses
  /// its blocks and is recomputed (vLLM V1; TensorRT-LLM MAX_UTILIZATION).
  case currentUse = "max_utilization"
  /// When its prompt and `max_output_tokens` fit, which are then reserved: nothing is ever evicted
  /// (TensorRT-LLM GUARANTEED_NO_EVICT).
  case reserveToEnd = "guaranteed_no_evict"
}

/// The scheduler of an engine, resolved from a framework's options.
public struct EngineOptions: Sendable, Equatable {
  /// Requests that may run at once (vLLM `max_num_seqs`, TensorRT-LLM `max_batch_size`), >= 1.
  public var maximumBatchSize: Int
  /// Tokens in one step (vLLM `max_num_batched_tokens`, TensorRT-LLM `max_num_tokens`), >= `maximumBatchSize`.
  public var maximumBatchTokens: Int
  /// Whether a prompt may be split over steps.
  public var chunkedPrefill: Bool
  /// Admission by KV blocks.
  public var capacityPolicy: CapacityPolicy
  /// Longest prompt + output in tokens.
  public var maximumContextTokens: Int

  /// Creates options; see the properties for ranges.
  public init(
    maximumBatchSize: Int, maximumBatchTokens: Int, chunkedPrefill: Bool,
    capacityPolicy: CapacityPolicy, maximumContextTokens: Int
  ) {
    precondition(maximumBatchSize >= 1, "an engine that runs nothing")
    precondition(maximumBatchTokens >= maximumBatchSize, "a token budget below the batch size")
    self.maximumBatchSize = maximumBatchSize
    self.maximumBatchTokens = maximumBatchTokens
    self.chunkedPrefill = chunkedPrefill
    self.capacityPolicy = capacityPolicy
    self.maximumContextTokens = maximumContextTokens
  }
}

/// The paged KV cache of one replica.
public struct KVCacheOptions: Sendable, Equatable {
  /// Blocks that the replica holds, >= 1.
  public var blocks: Int
  /// Tokens in a block, >= 1.
  public var blockTokens: Int
  /// Blocks that a running request holds whatever its length: windowed layers, linear-attention state.
  public var fixedBlocksPerRequest: Int
  /// Blocks that admission leaves free while anything runs.
  public var watermarkBlocks: Int

  /// Creates options; see the properties for ranges.
  public init(blocks: Int, blockTokens: Int, fixedBlocksPerRequest: Int = 0, watermarkBlocks: Int = 0) {
    precondition(blocks >= 1 && blockTokens >= 1, "a KV cache without blocks")
    self.blocks = blocks
    self.blockTokens = blockTokens
    self.fixedBlocksPerRequest = fixedBlocksPerRequest
    self.watermarkBlocks = watermarkBlocks
  }

  /// Blocks that a request with `tokens` cached tokens holds.
  public func blocks(forTokens tokens: Int) -> Int {
    fixedBlocksPerRequest + (tokens + blockTokens - 1) / blockTokens
  }
}
