import CostModel
import Documents
import Hardware
import Models
import Quantities
import Simulation

/// What `engine:` states: options under the names of this program or of the framework itself.
struct EngineDraft {
  /// One option: its value and the field that holds it.
  struct Option<Value> {
    var value: Value?
    var field: Field?
  }

  var framework: Framework
  var version: String?
  var maximumBatchSize: Option<Int>
  var maximumBatchTokens: Option<Int>
  var chunkedPrefill: Option<Bool>
  var capacityPolicy: Option<CapacityPolicy>
  var maximumContextTokens: Option<Int>
  var memoryFraction: Option<Double>
  var blockTokens: Option<Int>
  var watermark: Option<Double>
  var blocks: Option<Int>
  var speculation = Option<Speculation>()
  var prefixCaching = Option<Bool>()
  var cacheTiers: [CacheTierDraft] = []
  var cacheTiersField: Field?
  /// Room for adapters; nil: none.
  var lora: LoRADraft?
  /// Who runs.
  var scheduler = SchedulerDraft()
  /// SGLang's own.
  var maximumPrefillTokens = Option<Int>()
  var receiveInterval = Option<Int>()
  var mixedChunk = Option<Bool>()
  var conservativeness = Option<Double>()
  /// TensorRT-LLM's own.
  var batchWaitSteps = Option<Int>()
  var batchWaitShare = Option<Double>()
}

/// Reads `engine:`.
struct EngineReader {
  let problems: ProblemCollector

  private static let notModelled = ["dynamo", "lmdeploy", "tgi", "llama.cpp", "mlc", "static"]
  private static let mostTokens = Int(Int32.max)

  /// The options; nil where the framework is missing or unknown.
  func read(_ field: Field) -> EngineDraft? {
    guard var reader = field.mapping() else { return nil }
    let framework = self.framework(reader.required("framework"))
    let version = version(reader.optional("version"))
    func option<Value>(
      _ name: String, _ vllm: String?, _ tensorRTLLM: String?, _ sglang: String?, _ read: (Field) -> Value?
    ) -> EngineDraft.Option<Value> {
      let alias: String? =
        switch framework {
        case .vllm: vllm
        case .tensorRTLLM: tensorRTLLM
        case .sglang: sglang
        case nil: nil
        }
      return self.option(&reader, name, alias, read)
    }
    var draft = EngineDraft(
      framework: framework ?? .vllm, version: version,
      maximumBatchSize: option("max_batch_size", "max_num_seqs", nil, "max_running_requests") {
        $0.int(in: 1...1_000_000)
      },
      maximumBatchTokens: option(
        "max_batch_tokens", "max_num_batched_tokens", "max_num_tokens", "chunked_prefill_size"
      ) { $0.int(in: 1...10_000_000) },
      chunkedPrefill: option("chunked_prefill", "enable_chunked_prefill", "enable_chunked_prefill", nil) {
        $0.bool()
      },
      capacityPolicy: option("capacity_policy", nil, "capacity_scheduler_policy", nil) {
        $0.choice(CapacityPolicy.self)
      },
      maximumContextTokens: option("max_context_tokens", "max_model_len", "max_seq_len", "context_length") {
        $0.int(in: 2...Self.mostTokens)
      },
      memoryFraction: option(
        "memory_fraction", "gpu_memory_utilization", "free_gpu_memory_fraction", "mem_fraction_static"
      ) { $0.share() },
      blockTokens: option("block_tokens", "block_size", "tokens_per_block", "page_size") {
        $0.int(in: 1...65_536)
      },
      watermark: option("watermark", nil, nil, nil) {
        $0.quantity(Ratio.self, in: Ratio(si: 0)...Ratio(si: 0.5))?.si
      },
      blocks: option("kv_blocks", "num_gpu_blocks_override", nil, nil) { $0.int(in: 1...1_000_000_000_000) })
    draft.speculation = speculation(reader.optional("speculation"))
    draft.prefixCaching = option("prefix_caching", "enable_prefix_caching", "enable_block_reuse", nil) {
      $0.bool()
    }
    let tiers = reader.optional("cache_tiers")
    draft.cacheTiers = CacheTierReader().read(tiers)
    draft.cacheTiersField = tiers.isPresent ? tiers : nil
    draft.lora = lora(reader.optional("lora"), framework)
    draft.scheduler = scheduler(&reader, framework)
    readOwnOptions(of: framework, &draft, &reader)
    // Aliases depend on the framework: without it, half of the keys would be called unknown.
    if framework != nil { reader.finish() }
    if framework == .vllm || framework == .sglang, draft.capacityPolicy.value == .reserveToEnd {
      draft.capacityPolicy.field?.reject(
        "\(framework == .vllm ? "vLLM" : "SGLang") admits requests on current use and recomputes what it preempts",
        allowed: CapacityPolicy.currentUse.rawValue)
    }
    return framework == nil ? nil : draft
  }

  /// Options that one framework has and the others have no word for.
  private func readOwnOptions(
    of framework: Framework?, _ draft: inout EngineDraft, _ reader: inout MappingReader
  ) {
    switch framework {
    case .sglang:
      readRadixCache(&draft, &reader)
      draft.maximumPrefillTokens = option(&reader, "max_prefill_tokens", nil) { $0.int(in: 1...10_000_000) }
      draft.receiveInterval = option(&reader, "scheduler_recv_interval", nil) { $0.int(in: 1...100_000) }
      draft.mixedChunk = option(&reader, "enable_mixed_chunk", nil) { $0.bool() }
      draft.conservativeness = option(&reader, "schedule_conservativeness", nil) { $0.double(in: 0.01...100) }
    case .tensorRTLLM:
      draft.batchWaitSteps = option(&reader, "batch_wait_timeout_iters", nil) { $0.int(in: 0...1_000_000) }
      draft.batchWaitShare = option(&reader, "batch_wait_max_tokens_ratio", nil) { $0.double(in: 0...1) }
    case .vllm, nil: break
    }
  }

  /// SGLang's own word for a prefix cache says when there is none.
  private func readRadixCache(_ draft: inout EngineDraft, _ reader: inout MappingReader) {
    let field = reader.optional("disable_radix_cache")
    guard field.isPresent else { return }
    if draft.prefixCaching.field != nil {
      field.reject("stated twice, as prefix_caching and as disable_radix_cache")
    }
    draft.prefixCaching = EngineDraft.Option(value: field.bool().map { !$0 }, field: field)
  }

  /// Speculative decoding, of any framework.
  private func speculation(_ field: Field) -> EngineDraft.Option<Speculation> {
    guard field.isPresent, var reader = field.mapping() else { return EngineDraft.Option() }
    let drafts = reader.required("draft_tokens").int(in: 1...16)
    let lengthField = reader.required("acceptance_length")
    let length = lengthField.double(in: 1...17)
    reader.finish()
    guard let drafts, let length else { return EngineDraft.Option(value: nil, field: field) }
    guard length <= Double(drafts + 1) else {
      lengthField.reject(
        "a step yields at most its \(drafts) drafts and one token more", allowed: "1 to \(drafts + 1)")
      return EngineDraft.Option(value: nil, field: field)
    }
    return EngineDraft.Option(
      value: Speculation(draftTokens: drafts, acceptanceLength: length), field: field)
  }

  /// A version whose numbers can be compared, without the `v` of a tag: which kernels run depends on them.
  private func version(_ field: Field) -> String? {
    guard let stated = field.string() else { return nil }
    let text = stated.hasPrefix("v") ? String(stated.dropFirst()) : stated
    guard FrameworkVersion(text) != nil else {
      field.reject(
        "no number in front, so that nobody knows which kernels it has",
        allowed: "a version such as 0.11.1 or v0.11.1",
        hint: "leave it out for the newest that was measured")
      return nil
    }
    return text
  }

  private func framework(_ field: Field) -> Framework? {
    if let text = field.node?.scalar?.text, Self.notModelled.contains(text) {
      let modelled = Framework.allCases.map(\.rawValue).filter { !Self.notModelled.contains($0) }
      field.reject(
        "not modelled yet", allowed: modelled.joined(separator: ", "),
        hint: text == "static" ? "any framework with batching: static" : nil)
      return nil
    }
    return field.choice(Framework.self)
  }

  /// An option under its own name or the framework's; both at once are refused.
  func option<Value>(
    _ reader: inout MappingReader, _ name: String, _ alias: String?, _ read: (Field) -> Value?
  ) -> EngineDraft.Option<Value> {
    let field = reader.optional(name)
    guard let alias else {
      return EngineDraft.Option(value: read(field), field: field.isPresent ? field : nil)
    }
    let aliased = reader.optional(alias)
    if field.isPresent, aliased.isPresent { aliased.reject("stated twice, as \(name) and as \(alias)") }
    let chosen = field.isPresent ? field : aliased
    return EngineDraft.Option(value: read(chosen), field: chosen.isPresent ? chosen : nil)
  }
}

/// An engine with every default filled in.
struct EngineChoice {
  let framework: Framework
  let version: String
  let options: EngineOptions
  let memoryFraction: Double
  let blockTokens: Int
  let watermark: Double
  /// Whether blocks of prompts are kept for others that begin alike.
  let prefixCaching: Bool
  let cacheTiers: [CacheTierDraft]
  let cacheTiersField: Field?
  /// Where preempted requests are copied to; nil: they are computed again.
  let swap: SwapDraft?
  /// Whether the next step is prepared while the accelerators work; nil: as the framework does by default.
  let schedulesAhead: Bool?
  /// How tokens are drawn from logits.
  let sampler: Sampler
  /// Room for adapters; nil: none.
  let lora: LoRADraft?
  let defaults: EngineDefaults
}

extension EngineDraft {
  /// The engine for a model on a system; nil where the options contradict each other or the model.
  func resolved(model: Model, system: SystemSpecification, node: Node, problems: ProblemCollector)
    -> EngineChoice?
  {
    let defaults = EngineDefaults(framework, on: system)
    let before = problems.problems.count
    let longest = model.transformer?.maximumContextTokens ?? 1 + (model.diffusion?.denoisingSteps ?? 1)
    if let value = maximumContextTokens.value, value > longest {
      maximumContextTokens.field?.reject(
        "longer than the context of \(model.id)", allowed: "at most \(longest) tokens")
    }
    let isImages = model.diffusion != nil
    var tokens = maximumBatchTokens.value ?? defaults.maximumBatchTokens
    // Frameworks lower a default batch size to the token budget; a stated one must fit.
    let size = maximumBatchSize.value ?? (isImages ? min(8, tokens) : min(defaults.maximumBatchSize, tokens))
    if isImages, maximumBatchTokens.value == nil { tokens = max(size, 1) }
    if tokens < size {
      let stated = maximumBatchTokens.field ?? maximumBatchSize.field
      let what = maximumBatchTokens.field == nil ? "default token budget" : "token budget"
      stated?.reject(
        "the \(what) of \(tokens) a step is below the batch size of \(size), so that not every request could decode",
        allowed: maximumBatchTokens.field == nil
          ? "at most \(tokens), or a larger max_batch_tokens" : "at least \(size)")
    }
    if isImages {
      speculation.field?.reject("\(model.id) makes images, which nothing is drafted for")
    }
    if prefixCaching.value == false {
      cacheTiersField?.reject("tiers of a prefix cache, and prefix_caching is false")
    }
    checkScheduler()
    checkAdapters(model)
    guard problems.problems.count == before else { return nil }
    var options = EngineOptions(
      maximumBatchSize: size, maximumBatchTokens: tokens,
      chunkedPrefill: chunkedPrefill.value ?? defaults.chunkedPrefill,
      capacityPolicy: capacityPolicy.value ?? defaults.capacityPolicy,
      maximumContextTokens: maximumContextTokens.value ?? longest)
    addOwnOptions(to: &options)
    return EngineChoice(
      framework: framework, version: version ?? defaults.version,
      options: options,
      memoryFraction: memoryFraction.value ?? defaults.memoryFraction,
      blockTokens: blockTokens.value ?? defaults.blockTokens, watermark: watermark.value ?? 0,
      prefixCaching: prefixCaching.value ?? true, cacheTiers: cacheTiers, cacheTiersField: cacheTiersField,
      swap: scheduler.swap, schedulesAhead: scheduler.schedulesAhead.value,
      sampler: scheduler.sampler.value ?? .greedy, lora: lora,
      defaults: defaults)
  }

  /// Options of one framework, with its defaults.
  private func addOwnOptions(to options: inout EngineOptions) {
    if framework == .sglang {
      options.prefillPolicy = mixedChunk.value == true ? .mixed : .prefillFirst
      options.maximumPrefillTokens = maximumPrefillTokens.value ?? 16_384
      options.receiveInterval = receiveInterval.value ?? 1
      options.outputEstimate = OutputEstimate(conservativeness: conservativeness.value ?? 1)
    }
    addSchedulerOptions(to: &options)
    options.speculation = speculation.value
    if batchWaitSteps.value != nil || batchWaitShare.value != nil {
      options.batchWait = BatchWait(steps: batchWaitSteps.value ?? 0, share: batchWaitShare.value ?? 0)
    }
  }
}
