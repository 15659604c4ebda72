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
}

/// What an engine does where a scenario doesn't say: the defaults of the framework.
struct EngineDefaults {
  let version: String
  let maximumBatchSize: Int
  let maximumBatchTokens: Int
  let chunkedPrefill: Bool
  let capacityPolicy: CapacityPolicy
  let memoryFraction: Double
  let blockTokens: Int

  /// - vLLM 0.11, API server (`EngineArgs.get_batch_defaults`, `CacheConfig`): 1,024 sequences and 8,192 tokens on
  ///   devices of at least 70 GiB other than A100, 256 and 2,048 on the rest.
  /// - TensorRT-LLM 1.0, PyTorch back end (`TorchLlmArgs`, `KvCacheConfig`): 2,048 requests and 8,192 tokens.
  /// - SGLang 0.5: chunks of 8,192 tokens; pages of 64 tokens, as MLA kernels want them.
  init(_ framework: Framework, on system: SystemSpecification) {
    switch framework {
    case .vllm:
      let isLarge =
        system.accelerator.memory.si >= 70 * 1_073_741_824 && system.architecture != .ampere
      version = "0.11.0"
      maximumBatchSize = isLarge ? 1024 : 256
      maximumBatchTokens = isLarge ? 8192 : 2048
      chunkedPrefill = true
      capacityPolicy = .currentUse
      blockTokens = 16
    case .tensorRTLLM:
      version = "1.0"
      maximumBatchSize = 2048
      maximumBatchTokens = 8192
      chunkedPrefill = false
      capacityPolicy = .reserveToEnd
      blockTokens = 32
    case .sglang:
      version = "0.5"
      maximumBatchSize = 1024
      maximumBatchTokens = 8192
      chunkedPrefill = true
      capacityPolicy = .currentUse
      blockTokens = 64
    }
    memoryFraction = 0.9
  }
}

/// Reads `engine:`.
struct EngineReader {
  let problems: ProblemCollector

  private static let notModelled = ["sglang", "dynamo", "lmdeploy", "tgi", "llama.cpp", "mlc", "static"]
  private static let mostTokens = Int(Int32.max)

  /// The options; nil where the framework is missing or unknown.
  func read(_ field: Field) -> EngineDraft? {
    guard var reader = field.mapping() else { return nil }
    let framework = self.framework(reader.required("framework"))
    let version = reader.optional("version").string()
    let isVLLM = framework == .vllm
    func option<Value>(
      _ name: String, _ vllm: String?, _ tensorRTLLM: String?, _ read: (Field) -> Value?
    ) -> EngineDraft.Option<Value> {
      let alias = framework == nil ? nil : isVLLM ? vllm : tensorRTLLM
      return self.option(&reader, name, alias, read)
    }
    let draft = EngineDraft(
      framework: framework ?? .vllm, version: version,
      maximumBatchSize: option("max_batch_size", "max_num_seqs", nil) { $0.int(in: 1...1_000_000) },
      maximumBatchTokens: option("max_batch_tokens", "max_num_batched_tokens", "max_num_tokens") {
        $0.int(in: 1...10_000_000)
      },
      chunkedPrefill: option("chunked_prefill", "enable_chunked_prefill", "enable_chunked_prefill") {
        $0.bool()
      },
      capacityPolicy: option("capacity_policy", nil, "capacity_scheduler_policy") {
        $0.choice(CapacityPolicy.self)
      },
      maximumContextTokens: option("max_context_tokens", "max_model_len", "max_seq_len") {
        $0.int(in: 2...Self.mostTokens)
      },
      memoryFraction: option("memory_fraction", "gpu_memory_utilization", "free_gpu_memory_fraction") {
        $0.share()
      },
      blockTokens: option("block_tokens", "block_size", "tokens_per_block") { $0.int(in: 1...65_536) },
      watermark: option("watermark", nil, nil) {
        $0.quantity(Ratio.self, in: Ratio(si: 0)...Ratio(si: 0.5))?.si
      },
      blocks: option("kv_blocks", "num_gpu_blocks_override", nil) { $0.int(in: 1...1_000_000_000_000) })
    // Aliases depend on the framework: without it, half of the keys would be called unknown.
    if framework != nil { reader.finish() }
    if isVLLM, draft.capacityPolicy.value == .reserveToEnd {
      draft.capacityPolicy.field?.reject(
        "vLLM admits requests on current use and recomputes what it preempts",
        allowed: CapacityPolicy.currentUse.rawValue)
    }
    return framework == nil ? nil : draft
  }

  private func framework(_ field: Field) -> Framework? {
    if let text = field.node?.scalar?.text, Self.notModelled.contains(text) {
      let modelled = Framework.allCases.map(\.rawValue).filter { !Self.notModelled.contains($0) }
      field.reject("not modelled yet", allowed: modelled.joined(separator: ", "))
      return nil
    }
    return field.choice(Framework.self)
  }

  /// An option under its own name or the framework's; both at once are refused.
  private func option<Value>(
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
    guard problems.problems.count == before else { return nil }
    return EngineChoice(
      framework: framework, version: version ?? defaults.version,
      options: EngineOptions(
        maximumBatchSize: size, maximumBatchTokens: tokens,
        chunkedPrefill: chunkedPrefill.value ?? defaults.chunkedPrefill,
        capacityPolicy: capacityPolicy.value ?? defaults.capacityPolicy,
        maximumContextTokens: maximumContextTokens.value ?? longest),
      memoryFraction: memoryFraction.value ?? defaults.memoryFraction,
      blockTokens: blockTokens.value ?? defaults.blockTokens, watermark: watermark.value ?? 0,
      defaults: defaults)
  }
}
