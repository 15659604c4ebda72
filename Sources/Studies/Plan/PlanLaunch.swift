import CostModel
import Documents
import Models
import Scenario
import Simulation

/// How an engine of a plan's best configuration is started.
public struct PlanLaunch: Sendable, Equatable {
  /// The deployment's name.
  public var deployment: String
  /// `aggregated`, `prefill` or `decode`.
  public var role: String
  /// The engine.
  public var framework: String
  /// The command with its flags.
  public var command: [String]
  /// A file that the command reads, by its name; nil for none.
  public var options: (name: String, text: String)?

  /// Whether two are alike.
  public static func == (a: PlanLaunch, b: PlanLaunch) -> Bool { a.title == b.title && a.lines == b.lines }

  /// What it is.
  var title: String { "\(deployment): \(framework)" + (role == "aggregated" ? "" : ", \(role) pool") }

  /// The command a flag a line, then the file.
  var lines: [String] {
    let flags = command.dropFirst().map { "  \($0)" }
    var lines = [command[0]] + flags
    for index in lines.indices.dropLast() { lines[index] += " \\" }
    if let options {
      lines += ["\(options.name):"] + options.text.split(separator: "\n").map { "  \($0)" }
    }
    return lines
  }

  var json: JSONValue {
    [
      "deployment": .string(deployment), "role": .string(role), "framework": .string(framework),
      "command": .string(command.joined(separator: " ")),
      "options_file": options.map { ["name": .string($0.name), "text": .string($0.text)] } ?? .null,
    ]
  }
}

extension PlanLaunch {
  /// The launches of a candidate: each deployment's, the prefill pool's first.
  static func of(_ candidate: PlanCandidate, _ models: ModelCatalogue, _ nodes: [Node]) -> [PlanLaunch] {
    zip(candidate.load.scenario.deployments, nodes).flatMap { deployment, node -> [PlanLaunch] in
      let stated = node["model"]?.scalar?.text ?? deployment.design.model.id
      let model = (try? models.entry(stated))?.huggingFaceIDs.first ?? stated
      let plan = deployment.plan
      guard let prefill = plan.prefill, let design = deployment.prefillDesign else {
        return [
          Engine(
            plan.name, "aggregated", model, deployment.design, plan.engine, plan.cache,
            plan.prefixCache != nil
          ).launch
        ]
      }
      return [
        Engine(plan.name, "prefill", model, design, prefill.engine, prefill.cache, plan.prefixCache != nil)
          .launch,
        Engine(plan.name, "decode", model, deployment.design, plan.engine, plan.cache, false).launch,
      ]
    }
  }

  /// An engine as it is to be started.
  private struct Engine {
    let name: String
    let role: String
    let model: String
    let design: ReplicaDesign
    let options: EngineOptions
    let cache: KVCacheOptions
    let hasPrefixCache: Bool

    init(
      _ name: String, _ role: String, _ model: String, _ design: ReplicaDesign, _ options: EngineOptions,
      _ cache: KVCacheOptions, _ hasPrefixCache: Bool
    ) {
      self.name = name
      self.role = role
      self.model = model
      self.design = design
      self.options = options
      self.cache = cache
      self.hasPrefixCache = hasPrefixCache
    }

    var launch: PlanLaunch {
      let launch = { (command: [String], file: String?) in
        PlanLaunch(
          deployment: name, role: role, framework: design.framework.rawValue, command: command,
          options: file.map { ("extra-llm-api-options.yaml", $0) })
      }
      return switch design.framework {
      case .vllm: launch(vllm, nil)
      case .sglang: launch(sglang, nil)
      case .tensorRTLLM: launch(tensorRTLLM, tensorRTLLMOptions)
      }
    }

    private var parallel: Parallelism { design.parallel }
    /// Requests and tokens as the engine counts them: SGLang those of all attention groups, the others those of each.
    private func counted(_ value: Int) -> Int {
      design.framework == .sglang ? value : max(value / parallel.requestGroups, 1)
    }
    private var batchSize: Int { counted(options.maximumBatchSize) }
    private var batchTokens: Int { counted(options.maximumBatchTokens) }
    private var kvIs8Bit: Bool { design.precision.keyValueCache.rawValue.hasPrefix("fp8") }

    private var vllm: [String] {
      var flags = ["vllm serve \(model)", "--tensor-parallel-size \(parallel.tensor)"]
      if parallel.pipeline > 1 { flags.append("--pipeline-parallel-size \(parallel.pipeline)") }
      if parallel.attentionData > 1 { flags.append("--data-parallel-size \(parallel.attentionData)") }
      if parallel.expert > 1 { flags.append("--enable-expert-parallel") }
      flags += [
        "--max-num-seqs \(batchSize)",
        "--max-num-batched-tokens \(batchTokens)",
        "--max-model-len \(options.maximumContextTokens)", "--block-size \(cache.blockTokens)",
        hasPrefixCache ? "--enable-prefix-caching" : "--no-enable-prefix-caching",
      ]
      if kvIs8Bit { flags.append("--kv-cache-dtype fp8") }
      if let speculation = options.speculation {
        flags.append(
          "--speculative-config '{\"method\": \"mtp\", \"num_speculative_tokens\": \(speculation.draftTokens)}'"
        )
      }
      if role != "aggregated" {
        flags.append(
          "--kv-transfer-config '{\"kv_connector\": \"NixlConnector\", \"kv_role\": \"\(role == "prefill" ? "kv_producer" : "kv_consumer")\"}'"
        )
      }
      return flags
    }

    private var sglang: [String] {
      // SGLang's tensor parallel size is that of all groups.
      var flags = [
        "python -m sglang.launch_server --model-path \(model)", "--tp-size \(parallel.acceleratorsPerStage)",
      ]
      if parallel.pipeline > 1 { flags.append("--pp-size \(parallel.pipeline)") }
      if parallel.attentionData > 1 {
        flags += ["--dp-size \(parallel.attentionData)", "--enable-dp-attention"]
      }
      if parallel.expert > 1 { flags.append("--ep-size \(parallel.expert)") }
      flags += [
        "--max-running-requests \(batchSize)",
        "--chunked-prefill-size \(batchTokens)",
        "--context-length \(options.maximumContextTokens)", "--page-size \(cache.blockTokens)",
      ]
      if !hasPrefixCache { flags.append("--disable-radix-cache") }
      if kvIs8Bit { flags.append("--kv-cache-dtype fp8_e4m3") }
      if let speculation = options.speculation {
        flags += [
          "--speculative-algorithm EAGLE", "--speculative-num-draft-tokens \(speculation.draftTokens + 1)",
        ]
      }
      if role != "aggregated" { flags.append("--disaggregation-mode \(role)") }
      return flags
    }

    private var tensorRTLLM: [String] {
      [
        "trtllm-serve \(model)", "--backend pytorch", "--tp_size \(parallel.acceleratorsPerStage)",
        "--pp_size \(parallel.pipeline)", "--ep_size \(parallel.expert)",
        "--max_batch_size \(batchSize)", "--max_num_tokens \(batchTokens)",
        "--max_seq_len \(options.maximumContextTokens)",
        "--extra_llm_api_options extra-llm-api-options.yaml",
      ]
    }

    private var tensorRTLLMOptions: String {
      var lines = [
        "enable_chunked_prefill: \(options.chunkedPrefill)",
        "enable_attention_dp: \(parallel.attentionData > 1)", "kv_cache_config:",
        "  enable_block_reuse: \(hasPrefixCache)", "  tokens_per_block: \(cache.blockTokens)",
      ]
      if kvIs8Bit { lines.append("  dtype: fp8") }
      lines += [
        "scheduler_config:",
        "  capacity_scheduler_policy: "
          + (options.capacityPolicy == .reserveToEnd ? "GUARANTEED_NO_EVICT" : "MAX_UTILIZATION"),
      ]
      if let speculation = options.speculation {
        lines += [
          "speculative_config:", "  decoding_type: MTP",
          "  num_nextn_predict_layers: \(speculation.draftTokens)",
        ]
      }
      if role != "aggregated" { lines += ["cache_transceiver_config:", "  backend: DEFAULT"] }
      return lines.joined(separator: "\n") + "\n"
    }
  }
}
