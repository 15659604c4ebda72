/// When a request may start, given the KV blocks that it will need.
public enum CapacityPolicy: String, Sendable, CaseIterable {
  /// When its prompt (or the chunk of it that this step runs) fits; on exhaustion the latest admitted request loses
  /// its blocks and is recomputed (vLLM V1; TensorRT-LLM MAX_UTILIZATION).
  case currentUse = "max_utilization"
  /// When its prompt and `max_output_tokens` fit, which are then reserved: nothing is ever evicted
  /// (TensorRT-LLM GUARANTEED_NO_EVICT).
  case reserveToEnd = "guaranteed_no_evict"
}

/// What decoding requests do while prompts are processed.
public enum PrefillPolicy: String, Sendable, CaseIterable {
  /// They go on in the same step (vLLM, TensorRT-LLM, SGLang with mixed chunks).
  case mixed
  /// They pause: a step processes prompts or decodes (SGLang).
  case prefillFirst = "prefill_first"
}

/// When requests may join those that run.
public enum Batching: String, Sendable, CaseIterable {
  /// At each step (in-flight, or continuous, batching).
  case inFlight = "in-flight"
  /// When a batch is over, all at once (request-level scheduling; the baseline of Orca, OSDI 2022).
  case `static`
}

/// SGLang's admission: a prompt starts when it fits beside what running requests are expected to generate.
///
/// Of each running request a share of the tokens that it may still generate is expected, at most
/// ``clippedTokens``. The share starts at 0.7 times the conservativeness, falls by equal parts to 14 % of that over
/// 600 decode steps, and is set anew when memory ran out (SGLang `new_token_ratio`, `PrefillAdder`).
public struct OutputEstimate: Sendable, Equatable {
  /// SGLang `schedule_conservativeness`, > 0.
  public var conservativeness: Double
  /// Tokens that a request is expected to generate at most (SGLang `CLIP_MAX_NEW_TOKENS`).
  public static let clippedTokens = 4096
  /// Decode steps that are allowed for when the share is set anew (SGLang `retract_decode_steps`).
  static let stepsAhead = 20

  /// An estimate with SGLang's default conservativeness of 1.
  public init(conservativeness: Double = 1) { self.conservativeness = conservativeness }

  /// The share at the start and after idling.
  var initialShare: Double { min(0.7 * conservativeness, 1) }
  /// The share that it never falls below.
  var leastShare: Double { min(initialShare * 0.14, 1) }
  /// What the share loses in a decode step.
  var decay: Double { (initialShare - leastShare) / 600 }
}

/// The scheduler of an engine, resolved from a framework's options.
public struct EngineOptions: Sendable, Equatable {
  /// Requests that may run at once (vLLM `max_num_seqs`, TensorRT-LLM `max_batch_size`, SGLang
  /// `max_running_requests`), >= 1.
  public var maximumBatchSize: Int
  /// Tokens in one step (vLLM `max_num_batched_tokens`, TensorRT-LLM `max_num_tokens`, SGLang
  /// `chunked_prefill_size`), >= `maximumBatchSize`.
  public var maximumBatchTokens: Int
  /// Whether a prompt may be split over steps.
  public var chunkedPrefill: Bool
  /// Admission by KV blocks.
  public var capacityPolicy: CapacityPolicy
  /// Longest prompt + output in tokens.
  public var maximumContextTokens: Int
  /// What decoding requests do while prompts are processed.
  public var prefillPolicy = PrefillPolicy.mixed
  /// Prompt tokens that a step may reach before it takes no further request (SGLang `max_prefill_tokens`), >= 1.
  public var maximumPrefillTokens = Int.max
  /// Decode steps from one look for new requests to the next (SGLang `scheduler_recv_interval`), >= 1.
  ///
  /// After a step with prompts, and when nothing runs, the scheduler looks at once.
  public var receiveInterval = 1
  /// SGLang's admission, with ``CapacityPolicy/currentUse``; nil for the other frameworks'.
  public var outputEstimate: OutputEstimate?
  /// TensorRT-LLM's wait for fuller batches; nil for none.
  public var batchWait: BatchWait?
  /// TensorRT-LLM's balance of attention groups; nil for none.
  public var attentionBalance: AttentionBalance?
  /// Which waiting request starts first.
  public var queueOrder = QueueOrder.firstCome
  /// Requests that may wait for the scheduler of a replica; one that finds so many is refused (SGLang
  /// `max_queued_requests`), >= 1.
  public var maximumQueuedRequests = Int.max
  /// Prompt tokens of one request that a step processes at most (vLLM `long_prefill_token_threshold`), >= 1.
  public var longPrefillThreshold = Int.max
  /// What happens to the cache of a decoding request that has to make room.
  public var preemption = Preemption.recompute
  /// When requests may join those that run.
  public var batching = Batching.inFlight
  /// Speculative decoding; nil for none.
  ///
  /// The costs of steps must be those of ``StepCostTable/queries`` tokens a sequence.
  public var speculation: Speculation?
  /// Room for adapters; nil: the engine serves the model alone.
  public var adapters: AdapterOptions?
  /// Tokens drafted in a step, 0 without speculation.
  public var draftTokens: Int { speculation?.draftTokens ?? 0 }

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

  /// The options of a replica of `groups` attention groups, from those that its framework is given.
  ///
  /// vLLM and TensorRT-LLM count batch and tokens for each group. SGLang counts them for all and divides; it expects
  /// less output, 0.3 times as much, where there are several groups (`ServerArgs`, attention data parallelism).
  public func ofReplica(groups: Int) -> EngineOptions {
    guard groups > 1 else { return self }
    var options = self
    options.attentionBalance?.groups = groups
    if let estimate = outputEstimate {
      options.outputEstimate = OutputEstimate(conservativeness: 0.3 * estimate.conservativeness)
    } else {
      options.maximumBatchSize *= groups
      options.maximumBatchTokens *= groups
    }
    return options
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
