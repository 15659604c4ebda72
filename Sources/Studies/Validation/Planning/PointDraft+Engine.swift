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
    let longest = lengths.longest
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
      if system.architecture == .blackwell, !Self.minimaxWithoutCacheFormat.contains(point.frameworkVersion) {
        tokens = 2 * Int(input)
        reason = "InferenceX recipe for MiniMax on Blackwell: twice the input length"
      } else if system.id == "h200-sxm" {
        tokens = 32_768
        reason = "InferenceX recipe for MiniMax on H200"
      }
    }
    var batch = isLarge ? 1024 : 256
    var batchReason = "vLLM's default on this device"
    if let recipe = submission {
      (batch, tokens) = (recipe.batch, recipe.tokens)
      reason = "published settings of MLPerf submissions: \(recipe.source)"
      batchReason = reason
    }
    engine = PointEngine(
      options: EngineOptions(
        maximumBatchSize: min(batch, tokens), maximumBatchTokens: tokens, chunkedPrefill: true,
        capacityPolicy: .currentUse, maximumContextTokens: 2),
      memoryFraction: vllmMemoryFraction, blockTokens: 16)
    if point.maximumBatchTokens == nil { assume("max_batch_tokens", "\(tokens)", because: reason) }
    if point.maximumBatchSize == nil {
      assume("max_batch_size", "\(engine.options.maximumBatchSize)", because: batchReason)
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
    engine = PointEngine(
      options: EngineOptions(
        maximumBatchSize: min(2048, tokens), maximumBatchTokens: tokens, chunkedPrefill: false,
        capacityPolicy: .reserveToEnd, maximumContextTokens: 2),
      memoryFraction: 0.9, blockTokens: 32)
    engine.options.batchWait = batchWait
    var batchReason = "TensorRT-LLM's default; at most the budget"
    if let recipe = submission {
      engine.options.maximumBatchSize = recipe.batch
      engine.options.maximumBatchTokens = recipe.tokens
      reason = "published settings of MLPerf submissions: \(recipe.source)"
      batchReason = reason
    }
    settleSubmission()
    if point.maximumBatchTokens == nil {
      assume("max_batch_tokens", "\(engine.options.maximumBatchTokens)", because: reason)
    }
    if point.maximumBatchSize == nil {
      assume("max_batch_size", "\(engine.options.maximumBatchSize)", because: batchReason)
    }
    if engine.options.capacityPolicy == .reserveToEnd {
      assume("capacity policy", "guaranteed_no_evict", because: "TensorRT-LLM's default")
    }
  }

  /// Published settings of MLPerf submissions; nil for other points.
  ///
  /// Whoever runs a data set of MLPerf runs its harness with it, submitted or not.
  var submission: SubmissionRecipe? {
    guard point.suite == "mlperf" || point.lengths.hasSuffix("-mlperf") else { return nil }
    return SubmissionRecipe.published(model.id, on: system, with: framework)
  }

  /// What MLPerf submissions with TensorRT-LLM share, whether or not their batch is stated.
  private mutating func settleSubmission() {
    if point.notes.contains("batch_scheduler_policy=max_util") { engine.options.capacityPolicy = .currentUse }
    guard let recipe = submission else { return }
    if engine.options.capacityPolicy != .currentUse, !point.notes.contains("batch_scheduler_policy") {
      engine.options.capacityPolicy = .currentUse
      assume(
        "capacity policy", "max_utilization",
        because: "published settings of MLPerf submissions; their batches fit into the cache with no other")
    }
    // Chunked context came with the harness of v5.0.
    engine.options.chunkedPrefill = recipe.chunks && point.date != "v4.1"
    assume(
      "chunked prefill", engine.options.chunkedPrefill ? "on" : "off",
      because: "published settings of MLPerf submissions")
    engine.memoryFraction = point.date == "v4.1" ? 0.9 : recipe.memoryFraction
    assume(
      "KV cache", "\(engine.memoryFraction) of what is left",
      because: "published settings of MLPerf submissions")
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
    let recipe = point.lengths == Self.inferenceXLengths ? sglangRecipe : nil
    let reason = recipe == nil ? "SGLang's default on this device" : "InferenceX recipe"
    let gibibytes = system.accelerator.memory.si / 1_073_741_824
    let usual = gibibytes < 35 ? 2048 : gibibytes < 60 ? 4096 : gibibytes < 160 ? 8192 : 16_384
    let tokens = recipe?.chunk ?? usual
    let size = recipe?.running ?? 2048
    let fraction = recipe?.memoryFraction ?? 0.88
    let interval = recipe?.receiveInterval ?? 1
    engine = PointEngine(
      options: EngineOptions(
        maximumBatchSize: min(size, tokens), maximumBatchTokens: tokens, chunkedPrefill: true,
        capacityPolicy: .currentUse, maximumContextTokens: 2),
      memoryFraction: fraction, blockTokens: recipe != nil && system.architecture == .blackwell ? 64 : 1)
    engine.options.prefillPolicy = .prefillFirst
    engine.options.maximumPrefillTokens = recipe?.chunk ?? 16_384
    engine.options.receiveInterval = interval
    engine.options.outputEstimate = OutputEstimate()
    if point.maximumBatchTokens == nil { assume("chunked_prefill_size", "\(tokens)", because: reason) }
    if point.maximumBatchSize == nil { assume("max_running_requests", "\(size)", because: reason) }
    assume("mem_fraction_static", "\(fraction)", because: reason)
    if interval > 1 { assume("scheduler_recv_interval", "\(interval)", because: reason) }
  }

  /// Settings of a server's command line.
  private struct SGLangRecipe {
    /// `chunked-prefill-size` and `max-prefill-tokens`.
    var chunk: Int
    /// `max-running-requests`.
    var running: Int
    /// `mem-fraction-static`.
    var memoryFraction: Double
    /// `scheduler-recv-interval`.
    var receiveInterval = 1
  }

  /// What InferenceX's `benchmarks/single_node` scripts of early 2026 pass to SGLang for the point's model, weights and
  /// system; nil where they pass nothing that is modelled.
  private var sglangRecipe: SGLangRecipe? {
    let clients = Int(point.concurrency ?? 1)
    let isBlackwell = system.architecture == .blackwell
    let polling = clients < 16 ? 10 : 30
    switch model.id {
    case "deepseek-r1", "deepseek-v3":
      guard isBlackwell else {
        return SGLangRecipe(chunk: 32_768, running: max(256, clients), memoryFraction: 0.82)
      }
      if point.weights == "nvfp4" {
        return SGLangRecipe(
          chunk: 16_384, running: max(256, clients), memoryFraction: 0.85, receiveInterval: polling)
      }
      if point.tensor == 4 {
        return SGLangRecipe(
          chunk: 8192, running: max(32, clients), memoryFraction: 0.95, receiveInterval: 10)
      }
      return SGLangRecipe(
        chunk: 32_768, running: max(256, clients), memoryFraction: 0.82, receiveInterval: polling)
    case let id where id.hasPrefix("qwen3.5"):
      guard isBlackwell else {
        return SGLangRecipe(chunk: 16_384, running: max(128, clients), memoryFraction: 0.8)
      }
      return point.weights == "nvfp4"
        ? SGLangRecipe(chunk: 32_768, running: max(128, clients), memoryFraction: 0.85, receiveInterval: 30)
        : SGLangRecipe(
          chunk: 32_768, running: max(128, clients), memoryFraction: 0.82, receiveInterval: polling)
    case let id where id.hasPrefix("glm-5"):
      guard isBlackwell else { return SGLangRecipe(chunk: 8192, running: 2048, memoryFraction: 0.85) }
      return point.weights == "nvfp4"
        ? SGLangRecipe(chunk: 32_768, running: 2048, memoryFraction: 0.9, receiveInterval: 10)
        : SGLangRecipe(chunk: 32_768, running: clients, memoryFraction: 0.85)
    default: return nil
    }
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
