import Quantities
import CostModel
import Hardware
import Models
import Simulation

/// Engine settings of one attention group, as the framework counts them.
struct PointEngine {
  var options = EngineOptions(
    maximumBatchSize: 1, maximumBatchTokens: 1, chunkedPrefill: true, capacityPolicy: .currentUse,
    maximumContextTokens: 2)
  var memoryFraction = 0.9
  var blockTokens = 16
}

extension PointDraft {
  mutating func settleEngineAndLayout() throws(Unpredictable) {
    if let diffusion = model.diffusion { return try settleImages(steps: diffusion.denoisingSteps) }
    let longest = lengths.longestInput + lengths.longestOutput
    if let context = model.transformer?.maximumContextTokens, longest > context {
      throw Unpredictable("requests are longer than the model's context")
    }
    switch framework {
    case .vllm: settleVLLM()
    case .tensorRTLLM: settleTensorRTLLM()
    case .sglang: settleSGLang()
    }
    engine.options.maximumContextTokens = longest
    if point.isSpeculationSuspected { try settleSpeculation() }
    if let stated = point.maximumBatchSize { engine.options.maximumBatchSize = stated }
    if let stated = point.maximumBatchTokens { engine.options.maximumBatchTokens = stated }
    let needed = engine.options.maximumBatchSize
    if engine.options.maximumBatchTokens < needed {
      engine.options.maximumBatchTokens = needed
      assume("max_batch_tokens", "\(needed)", because: "every running request decodes one token a step")
    }
    if !engine.options.chunkedPrefill, lengths.longestInput > engine.options.maximumBatchTokens {
      engine.options.chunkedPrefill = true
      assume("chunked prefill", "on", because: "the longest prompt does not fit into a step")
    }
    try settleLayout()
  }

  /// vLLM: defaults of its API server, and the recipes that InferenceX publishes with its results.
  private mutating func settleVLLM() {
    let isLarge = system.accelerator.memory.si >= 70 * 1_073_741_824 && system.architecture != .ampere
    var tokens = isLarge ? 8192 : 2048
    var reason = "vLLM's default on this device"
    if model.id == "minimax-m2.5", let input = point.inputTokens {
      if system.architecture == .blackwell {
        tokens = 2 * Int(input)
        reason = "InferenceX recipe for MiniMax on Blackwell: twice the input length"
      } else if system.id == "h200-sxm" {
        tokens = 32_768
        reason = "InferenceX recipe for MiniMax on H200"
      }
    }
    engine = PointEngine(
      options: EngineOptions(
        maximumBatchSize: min(isLarge ? 1024 : 256, tokens), maximumBatchTokens: tokens, chunkedPrefill: true,
        capacityPolicy: .currentUse, maximumContextTokens: 2),
      memoryFraction: 0.9, blockTokens: 16)
    if point.maximumBatchTokens == nil { assume("max_batch_tokens", "\(tokens)", because: reason) }
    if point.maximumBatchSize == nil {
      assume("max_batch_size", "\(engine.options.maximumBatchSize)", because: "vLLM's default on this device")
    }
  }

  /// TensorRT-LLM: defaults of its PyTorch back end, and the recipes that InferenceX publishes with its results.
  private mutating func settleTensorRTLLM() {
    var tokens = 8192
    var reason = "TensorRT-LLM's default"
    if point.lengths == Self.inferenceXLengths, let concurrency = point.concurrency {
      reason = "InferenceX recipe"
      switch model.id {
      case "llama-3.1-70b": tokens = 16_384
      case "gpt-oss-120b": tokens = 20_000
      case "deepseek-r1", "deepseek-v3": tokens = max(8192, Int(concurrency) + lengths.longestInput + 64)
      default: reason = "TensorRT-LLM's default"
      }
    }
    let evicts = point.notes.contains("batch_scheduler_policy=max_util")
    engine = PointEngine(
      options: EngineOptions(
        maximumBatchSize: min(2048, tokens), maximumBatchTokens: tokens, chunkedPrefill: false,
        capacityPolicy: evicts ? .currentUse : .reserveToEnd, maximumContextTokens: 2),
      memoryFraction: 0.9, blockTokens: 32)
    engine.options.batchWait = batchWait
    if point.maximumBatchTokens == nil { assume("max_batch_tokens", "\(tokens)", because: reason) }
    if point.maximumBatchSize == nil {
      assume(
        "max_batch_size", "\(engine.options.maximumBatchSize)",
        because: "TensorRT-LLM's default; at most the budget")
    }
    if !evicts { assume("capacity policy", "guaranteed_no_evict", because: "TensorRT-LLM's default") }
  }

  /// The wait for fuller batches of InferenceX recipes for TensorRT-LLM.
  private var batchWait: BatchWait? {
    guard point.lengths == Self.inferenceXLengths else { return nil }
    switch model.id {
    case "llama-3.1-70b":
      let isShort = lengths.longestInput <= 1024 && lengths.longestOutput <= 1024
      return isShort && (point.tensor ?? 1) < 8 ? BatchWait(steps: 20, share: 0.9) : nil
    case "deepseek-r1", "deepseek-v3":
      // Attention data parallelism with `enable_balance`: prompts wait until every rank has one, 60 steps at most.
      return (point.attentionData ?? 1) > 1 ? BatchWait(steps: 60, share: 0.8) : nil
    default: return nil
    }
  }

  /// SGLang: defaults of its server, and the recipes that InferenceX publishes with its results.
  private mutating func settleSGLang() {
    let gibibytes = system.accelerator.memory.si / 1_073_741_824
    let isBlackwell = system.architecture == .blackwell
    var tokens = gibibytes < 35 ? 2048 : gibibytes < 60 ? 4096 : gibibytes < 160 ? 8192 : 16_384
    var prefill = 16_384
    var size = 2048
    var fraction = 0.88
    var interval = 1
    var block = 1
    var reason = "SGLang's default on this device"
    let isRecipe = point.lengths == Self.inferenceXLengths
    if isRecipe, model.id.hasPrefix("deepseek") || model.id.hasPrefix("qwen3.5") {
      let concurrency = Int(point.concurrency ?? 1)
      reason = "InferenceX recipe"
      tokens = isBlackwell ? 16_384 : 32_768
      prefill = tokens
      size = max(256, concurrency)
      fraction = isBlackwell ? 0.82 : 0.8
      if isBlackwell { interval = concurrency < 16 ? 10 : 30 }
      if isBlackwell { block = 64 }
    }
    engine = PointEngine(
      options: EngineOptions(
        maximumBatchSize: min(size, tokens), maximumBatchTokens: tokens, chunkedPrefill: true,
        capacityPolicy: .currentUse, maximumContextTokens: 2),
      memoryFraction: fraction, blockTokens: block)
    engine.options.prefillPolicy = .prefillFirst
    engine.options.maximumPrefillTokens = prefill
    engine.options.receiveInterval = interval
    engine.options.outputEstimate = OutputEstimate()
    if point.maximumBatchTokens == nil { assume("chunked_prefill_size", "\(tokens)", because: reason) }
    if point.maximumBatchSize == nil { assume("max_running_requests", "\(size)", because: reason) }
    assume("mem_fraction_static", "\(fraction)", because: reason)
    if interval > 1 { assume("scheduler_recv_interval", "\(interval)", because: reason) }
  }

  /// Image models: a replica on each accelerator, images in small batches.
  private mutating func settleImages(steps: Int) throws(Unpredictable) {
    let batch = point.maximumBatchSize ?? 8
    engine = PointEngine(
      options: EngineOptions(
        maximumBatchSize: batch, maximumBatchTokens: batch, chunkedPrefill: false,
        capacityPolicy: .reserveToEnd, maximumContextTokens: 1 + steps))
    if point.maximumBatchSize == nil {
      assume("max_batch_size", "\(batch)", because: "not stated; images gain little from larger batches")
    }
    parallel = Parallelism()
    if let problem = design(parallel).problems().first { throw Unpredictable(problem.message) }
    cache = KVCacheOptions(blocks: batch * (steps / engine.blockTokens + 2), blockTokens: engine.blockTokens)
  }
}
