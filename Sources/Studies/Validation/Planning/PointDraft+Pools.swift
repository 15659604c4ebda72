import CostModel
import Hardware
import Models
import Quantities
import Simulation

/// A pool of replicas as it will be simulated, everything settled but what its steps cost.
struct PlannedPool: Sendable {
  var design: ReplicaDesign
  /// The scheduler of a replica, all attention groups together.
  var engine: EngineOptions
  /// The KV cache of a replica.
  var cache: KVCacheOptions
  var replicas: Int

  /// Equal for pools whose steps cost the same.
  var costKey: String {
    [
      design.model.id, design.system.id, design.framework.rawValue,
      design.hasFastestKernels ? "" : design.frameworkVersion ?? "", "\(design.precision)",
      "\(design.parallel)", "\(engine.maximumBatchSize)", "\(engine.maximumBatchTokens)",
      "\(engine.maximumContextTokens)", "\(engine.draftTokens)", "\(design.clocks)",
      "\(String(describing: design.hostFloor))", "\(String(describing: design.schedulesAhead))",
      design.sampler.rawValue,
    ].joined(separator: "|")
  }

  /// Tabulates what the kernels of steps cost.
  func kernelCosts() -> StepCostTable {
    design.kernelCosts(
      maximumBatchSize: engine.maximumBatchSize, maximumBatchTokens: engine.maximumBatchTokens,
      maximumContextTokens: engine.maximumContextTokens, draftTokens: engine.draftTokens)
  }
}

/// Deployments with prompts and answers in pools of their own.
extension PointDraft {
  /// Both pools, from the row's worker counts and layouts.
  mutating func settlePools() throws(Unpredictable) {
    guard point.prefill.workers != nil, point.decode.workers != nil else {
      throw Unpredictable("worker counts are not stated")
    }
    let recipe = poolRecipe
    guard !point.isSpeculationSuspected || recipe != nil else {
      throw Unpredictable("suspected of speculative decoding in pools, whose draft length no label states")
    }
    guard model.transformer != nil else { throw Unpredictable("an image model has no pools") }
    let longest = lengths.longest
    if let context = model.transformer?.maximumContextTokens, longest > context {
      throw Unpredictable("requests are longer than the model's context")
    }
    let (prefill, decode) = try reconciledLayouts()
    if framework == .sglang, point.weights == "nvfp4", decode.attentionData > 1 {
      precision.attention = .fp8
      assume(
        "attention weights", "fp8",
        because:
          "SGLang's recipes for workers with attention groups multiply NVFP4 checkpoints' attention in FP8")
    }
    self.prefill = try pool(.prefill, prefill, workers: point.prefill.workers ?? 1)
    let answering = try pool(.decode, decode, workers: point.decode.workers ?? 1)
    if let drafts = recipe?.drafts, drafts > 0 { try settleSpeculation(drafts: drafts) }
    parallel = decode
    cache = answering.cache
    replicas = answering.replicas
  }

  /// The layouts whose workers add up to the accelerators.
  ///
  /// Sources mean two things by the tensor parallelism of a worker with attention groups: of one group, so that the
  /// worker has tp x dp accelerators; or of the whole worker, so that it has tp.
  private mutating func reconciledLayouts() throws(Unpredictable) -> (Parallelism, Parallelism) {
    let workers = (point.prefill.workers ?? 1, point.decode.workers ?? 1)
    for prefill in layouts(of: point.prefill) {
      for decode in layouts(of: point.decode)
      where workers.0 * prefill.accelerators + workers.1 * decode.accelerators == point.accelerators {
        return (spread(prefill, of: point.prefill, "prefill"), spread(decode, of: point.decode, "decode"))
      }
    }
    throw Unpredictable("workers of the stated layouts do not add up to the accelerators")
  }

  /// What a pool's layout may mean, the more usual reading first.
  ///
  /// SGLang's workers of one or two trays with experts sliced (ep 1) share attention, too: the recipes of these runs say
  /// so, where some rows call that width attention groups (with groups the weights of FP8 rows would not even fit).
  private func layouts(of pool: BenchmarkPoint.Pool) -> [Parallelism] {
    if framework == .sglang, pool.expert ?? 1 == 1, let width = pool.attentionData, width > 1, width <= 8,
      point.decode.attentionData ?? 1 <= 8
    {
      return [Parallelism(tensor: max(pool.tensor ?? 1, width))]
    }
    let tensor = pool.tensor ?? 1
    let groups = pool.attentionData ?? 1
    var found = [Parallelism(tensor: tensor, expert: pool.expert ?? 1, attentionData: groups)]
    if groups > 1, tensor % groups == 0 {
      found.append(Parallelism(tensor: tensor / groups, expert: pool.expert ?? 1, attentionData: groups))
    }
    return found
  }

  /// Experts of a worker with attention groups are spread over all of its accelerators, whatever a source leaves out.
  private mutating func spread(_ layout: Parallelism, of pool: BenchmarkPoint.Pool, _ name: String)
    -> Parallelism
  {
    guard layout.attentionData > 1, layout.expert == 1, model.transformer?.isMixtureOfExperts == true else {
      return layout
    }
    var layout = layout
    layout.expert = layout.acceleratorsPerStage
    assume(
      "\(name) ep", "\(layout.expert)", because: "attention groups exchange tokens with the experts of all")
    return layout
  }

  private mutating func pool(_ role: PoolRole, _ layout: Parallelism, workers: Int) throws(Unpredictable)
    -> PlannedPool
  {
    let name = role.rawValue
    settlePoolEngine(role)
    // SGLang's recipes without attention groups give weights and cache 0.95 of the device.
    if framework == .sglang, layout.attentionData == 1 { engine.memoryFraction = 0.95 }
    engine.options.maximumContextTokens =
      lengths.longestInput + (role == .prefill ? 1 : lengths.longestOutput)
    let design = self.design(layout)
    if let problem = design.problems().first { throw Unpredictable(problem.message) }
    let room = design.keyValueCache(
      memoryFraction: engine.memoryFraction, blockTokens: engine.blockTokens,
      maximumBatchTokens: engine.options.maximumBatchTokens)
    guard room.blocks >= 1 else { throw Unpredictable("no room for a KV cache beside the weights") }
    let cache = KVCacheOptions(
      blocks: min(room.blocks, mostBlocks(role, layout)), blockTokens: engine.blockTokens,
      fixedBlocksPerRequest: room.fixedBlocksPerRequest)
    guard
      cache.blocks(forTokens: engine.options.maximumContextTokens) <= cache.blocks / layout.attentionData
    else {
      throw Unpredictable("the KV cache does not hold the longest request")
    }
    var options = engine.options
    options.maximumBatchSize *= layout.attentionData
    options.maximumBatchTokens *= layout.attentionData
    assume(
      "\(name) engine", "batch of \(options.maximumBatchSize), \(options.maximumBatchTokens) tokens a step",
      because: "not stated; the framework's disaggregated recipes, for each attention group")
    return PlannedPool(design: design, engine: options, cache: cache, replicas: workers)
  }

  /// Limits of one attention group of a worker, as the published recipes of these runs set them.
  private mutating func settlePoolEngine(_ role: PoolRole) {
    let isPrefill = role == .prefill
    let whole = framework == .tensorRTLLM
    let (batch, tokens) = isPrefill ? prefillLimits : (decodeBatch, decodeBatch)
    engine = PointEngine(
      options: EngineOptions(
        maximumBatchSize: batch, maximumBatchTokens: max(tokens, batch), chunkedPrefill: !whole,
        // A prompt is reserved whole where nothing but prompts is held.
        capacityPolicy: isPrefill || whole ? .reserveToEnd : .currentUse, maximumContextTokens: 2),
      memoryFraction: framework == .vllm ? 0.9 : 0.83,
      blockTokens: framework == .sglang ? 64 : framework == .vllm ? 16 : 32)
  }

  /// SGLang's recipes for long prompts cap the cache of each attention group of a wide decode worker at 524,288 tokens.
  private func mostBlocks(_ role: PoolRole, _ layout: Parallelism) -> Int {
    guard framework == .sglang, role == .decode, layout.attentionData >= 32, lengths.longestInput > 4096
    else {
      return .max
    }
    return 524_288 / engine.blockTokens * layout.attentionData
  }

  /// Prompts and tokens of a prefill step.
  ///
  /// TensorRT-LLM: whole prompts, two of 8k in 16,384 tokens or eight of 1k in 8,192. SGLang: chunks of 65,536 tokens
  /// over four groups, 8,192 in workers of one. vLLM: its default.
  private var prefillLimits: (batch: Int, tokens: Int) {
    switch framework {
    case .tensorRTLLM:
      let long = lengths.longestInput > 4096
      return (long ? 2 : 8, max(long ? 16_384 : 8192, lengths.longestInput + 64))
    case .sglang: return (512, 16_384)
    case .vllm: return (256, 8192)
    }
  }

  /// The sizes that TensorRT-LLM recipes give decode batches.
  private static let recipeBatches = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 768, 1024]

  /// Requests that one attention group decodes at most.
  ///
  /// Published recipes state it. Others of TensorRT-LLM are swept with 5 to 50 % more clients than their decode batches hold: `batch8` with 36 clients
  /// on four workers. The others wait in the queue of a decode worker, which is most of their time to first token.
  private var decodeBatch: Int {
    let inFlight = max(1, Int((point.concurrency ?? 2048).rounded()))
    guard framework == .tensorRTLLM else { return min(2048, inFlight) }
    if let recipe = poolRecipe { return recipe.decodeBatch }
    let groups = (point.decode.workers ?? 1) * max(1, point.decode.attentionData ?? 1)
    let each = max(1, inFlight / groups)
    return Self.recipeBatches.last { $0 <= each } ?? 1
  }
}
