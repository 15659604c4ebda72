import CostModel
import Documents
import Foundation
import Models
import Scenario
import Simulation
import Testing

/// What a scenario leaves out is filled in as the framework does, and the echo says it.
@Suite("Defaults")
struct DefaultsTests {
  private func resolved(_ edits: [Int: String]) throws -> ResolvedScenario {
    let bare = [7: "", 9: "", 10: "", 15: "", 16: ""].merging(edits) { $1 }
    return try ScenarioFile(document: try BadInput.document(bare)).resolve(with: try Catalogue.shared.get())
  }

  /// vLLM's `EngineArgs.get_batch_defaults` for the API server; TensorRT-LLM's `TorchLlmArgs`.
  @Test(arguments: [
    ("vllm", "h100-sxm", 1024, 8192, true, CapacityPolicy.currentUse, 16),
    ("vllm", "a100-sxm", 256, 2048, true, .currentUse, 16),
    ("vllm", "l40s", 256, 2048, true, .currentUse, 16),
    ("vllm", "mi355x", 1024, 8192, true, .currentUse, 16),
    ("tensorrt-llm", "h100-sxm", 2048, 8192, false, .reserveToEnd, 32),
  ])
  func engine(
    framework: String, system: String, size: Int, tokens: Int, chunked: Bool, policy: CapacityPolicy,
    block: Int
  ) throws {
    let scenario = try resolved([
      3: "site: { system: \(system), nodes: 1 }", 8: "    engine: { framework: \(framework) }",
    ])
    let plan = try #require(scenario.deployments.first?.plan)
    #expect(
      plan.engine
        == EngineOptions(
          maximumBatchSize: size, maximumBatchTokens: tokens, chunkedPrefill: chunked, capacityPolicy: policy,
          maximumContextTokens: 131_072))
    #expect(plan.cache.blockTokens == block && plan.cache.watermarkBlocks == 0)
    let echo = try #require(scenario.echo["deployments"]?.first?["engine"])
    #expect(echo["version"] == .string(framework == "vllm" ? "0.11.0" : "1.0"))
    #expect(echo["memory_fraction"] == .double(0.9) && echo["max_batch_size"] == .int(size))
    #expect(echo["kv_blocks"] == .int(plan.cache.blocks))
  }

  /// A stated token budget below the default batch size lowers that, as vLLM does.
  @Test func smallBudget() throws {
    let scenario = try resolved([8: "    engine: { framework: vllm, max_num_batched_tokens: 512 }"])
    #expect(scenario.deployments[0].plan.engine.maximumBatchSize == 512)
  }

  @Test func everythingElse() throws {
    let scenario = try resolved([8: "    engine: { framework: vllm }", 17: ""])
    let plan = scenario.deployments[0].plan
    #expect(plan.replicas == 8 && plan.acceleratorsPerReplica == 1 && plan.router == .roundRobin)
    #expect(plan.frontEnd.seconds == scenario.deployments[0].design.frontEndSeconds)
    #expect(plan.streams[0].maximumOutputTokens == 128 && plan.streams[0].targets == LatencyTargets())
    #expect(scenario.run.seed == 1 && scenario.run.horizon == nil)
    let echo = scenario.echo
    #expect(
      echo["run"]?["seed"] == .int(1) && echo["run"]?["until"] == "drained"
        && echo["run"]?["warm_up"] == "auto")
    let deployment = try #require(echo["deployments"]?.first)
    #expect(deployment["replicas_source"] == "fill: 8 accelerators in scale-up domains of 8, 1 a replica")
    #expect(
      deployment["parallel"]?.text(indent: 0)
        == #"{"tensor":1,"pipeline":1,"expert":1,"attention_data":1,"context":1}"#)
    #expect(deployment["precision"]?["weights"] == "bf16" && deployment["precision"]?["kv_cache"] == "bf16")
    let stream = try #require(echo["workload"]?.first)
    #expect(stream["max_output_tokens_source"] == "default: the longest answer that can be drawn")
    #expect(echo["site"]?["overhead"] == .double(0.48))
  }

  /// Activations go with the weights where the accelerator multiplies that format, else they stay at 16 bits.
  @Test(arguments: [
    ("h100-sxm", "llama-3.1-8b", "fp8", DataType.fp8, DataType.fp8),
    ("h100-sxm", "llama-3.1-8b", "nvfp4", .nvfp4, .bf16),
    ("b200-sxm", "llama-3.1-8b", "nvfp4", .nvfp4, .nvfp4), ("b200-sxm", "llama-3.1-8b", "int4", .int4, .bf16),
    ("a100-sxm", "llama-3.1-8b", "fp8", .fp8, .bf16), ("a100-sxm", "llama-3.1-8b", "int8", .int8, .int8),
    ("b200-sxm", "llama-2-70b", "fp16", .fp16, .fp16),
  ])
  func activations(system: String, model: String, weights: String, stored: DataType, multiplied: DataType)
    throws
  {
    let scenario = try resolved([
      3: "site: { system: \(system), nodes: 1 }", 6: "    model: \(model)",
      7: "    precision: { weights: \(weights) }",
      8: "    engine: { framework: vllm, max_model_len: 4096 }", 9: "    parallel: { tensor: 8 }",
    ])
    #expect(scenario.deployments[0].design.precision.weights == stored)
    #expect(scenario.deployments[0].design.precision.activations == multiplied)
  }

  /// Without `precision:` a model runs as it is published: gpt-oss with experts in MXFP4 and the rest at 16 bits.
  @Test func nativePrecision() throws {
    let scenario = try resolved([
      6: "    model: openai/gpt-oss-120b", 8: "    engine: { framework: vllm }",
      9: "    parallel: { tensor: 8 }",
    ])
    let precision = scenario.deployments[0].design.precision
    #expect(precision.weights == .bf16 && precision.experts == .mxfp4)
    #expect(scenario.deployments[0].plan.name == "chat")
    #expect(scenario.deployments[0].design.model.id == "gpt-oss-120b")
  }

  /// The options of the framework are read under its own names.
  @Test(arguments: [
    "framework: vllm, max_num_seqs: 100, max_num_batched_tokens: 3000, max_model_len: 5000, gpu_memory_utilization: 0.8, block_size: 64, num_gpu_blocks_override: 700",
    "framework: tensorrt-llm, max_batch_size: 100, max_num_tokens: 3000, max_seq_len: 5000, free_gpu_memory_fraction: 80 %, tokens_per_block: 64, kv_blocks: 700, capacity_scheduler_policy: max_utilization, enable_chunked_prefill: true",
    "framework: vllm, max_batch_size: 100, max_batch_tokens: 3000, max_context_tokens: 5000, memory_fraction: 0.8, block_tokens: 64, kv_blocks: 700, watermark: 1 %",
  ])
  func namesOfTheFramework(options: String) throws {
    let scenario = try resolved([8: "    engine: { \(options) }"])
    let plan = scenario.deployments[0].plan
    #expect(
      plan.engine
        == EngineOptions(
          maximumBatchSize: 100, maximumBatchTokens: 3000, chunkedPrefill: true, capacityPolicy: .currentUse,
          maximumContextTokens: 5000))
    #expect(plan.cache.blocks == 700 && plan.cache.blockTokens == 64)
    #expect(plan.cache.watermarkBlocks == (options.contains("watermark") ? 7 : 0))
    #expect(scenario.echo["deployments"]?.first?["engine"]?["memory_fraction"] == .double(0.8))
  }

  /// SGLang's `ServerArgs`: chunks by memory of the device, prompts before decodes.
  @Test func sglang() throws {
    let bare = try resolved([8: "    engine: { framework: sglang }"]).deployments[0].plan
    var expected = EngineOptions(
      maximumBatchSize: 2048, maximumBatchTokens: 8192, chunkedPrefill: true, capacityPolicy: .currentUse,
      maximumContextTokens: 131_072)
    expected.prefillPolicy = .prefillFirst
    expected.maximumPrefillTokens = 16_384
    expected.outputEstimate = OutputEstimate()
    #expect(bare.engine == expected && bare.cache.blockTokens == 1)
    let options =
      "framework: sglang, max_running_requests: 100, chunked_prefill_size: 3000, max_prefill_tokens: 4000, "
      + "mem_fraction_static: 0.8, page_size: 64, scheduler_recv_interval: 10, enable_mixed_chunk: true, "
      + "schedule_conservativeness: 0.5, context_length: 5000"
    let scenario = try resolved([8: "    engine: { \(options) }"])
    let plan = scenario.deployments[0].plan
    expected = EngineOptions(
      maximumBatchSize: 100, maximumBatchTokens: 3000, chunkedPrefill: true, capacityPolicy: .currentUse,
      maximumContextTokens: 5000)
    expected.maximumPrefillTokens = 4000
    expected.receiveInterval = 10
    expected.outputEstimate = OutputEstimate(conservativeness: 0.5)
    #expect(plan.engine == expected && plan.cache.blockTokens == 64)
    let echo = try #require(scenario.echo["deployments"]?.first?["engine"])
    #expect(echo["enable_mixed_chunk"] == .bool(true) && echo["scheduler_recv_interval"] == .int(10))
    guard case .string(let text) = echo["kv_blocks_source"] else { return #expect(Bool(false), "no text") }
    #expect(text.hasPrefix("0.8 x 85.5 GB - 16.1 GB weights = "))
  }

  @Test func batchWait() throws {
    let options = "framework: tensorrt-llm, batch_wait_timeout_iters: 20, batch_wait_max_tokens_ratio: 0.9"
    let scenario = try resolved([8: "    engine: { \(options) }"])
    #expect(scenario.deployments[0].plan.engine.batchWait == BatchWait(steps: 20, share: 0.9))
  }

  @Test func attentionBalance() throws {
    let options = "framework: tensorrt-llm, attention_dp_config: { enable_balance: true, timeout_iters: 30 }"
    let scenario = try resolved([
      8: "    engine: { \(options) }", 9: "    parallel: { attention_data: 4 }",
    ])
    let balance = AttentionBalance(groups: 4, timeoutSteps: 30, batchingSteps: 10)
    #expect(scenario.deployments[0].plan.engine.attentionBalance == balance)
    let echo = scenario.echo["deployments"]?.first?["engine"]?["attention_dp_config"]
    #expect(echo?["batching_wait_iters"] == .int(10) && echo?["groups"] == .int(4))
  }

  @Test func speculation() throws {
    let scenario = try resolved([
      8: "    engine: { framework: vllm, speculation: { draft_tokens: 3, acceptance_length: 2.3 } }"
    ])
    let plan = scenario.deployments[0].plan
    #expect(plan.engine.speculation == Speculation(draftTokens: 3, acceptanceLength: 2.3))
    #expect(plan.cost.queries == 4)
    let echo = try #require(scenario.echo["deployments"]?.first?["engine"]?["speculation"])
    #expect(echo["draft_tokens"] == .int(3) && echo["acceptance_length"] == .double(2.3))
  }

  /// Bytes of a token of Llama 3.1 8B at 16 bits: 32 layers x 2 x 8 heads x 128 x 2 bytes = 131,072.
  @Test func blocksAndTheirArithmetic() throws {
    let scenario = try resolved([8: "    engine: { framework: vllm }"])
    let cache = scenario.deployments[0].plan.cache
    let bytes = cache.blocks * 16 * 131_072
    // 0.9 of 85.5 GB less 16.06 GB of published weights, some of it for runtime and activations.
    #expect(bytes > 50_000_000_000 && bytes < 60_900_000_000)
    let echo = try #require(scenario.echo["deployments"]?.first?["engine"]?["kv_blocks_source"])
    guard case .string(let text) = echo else { return #expect(Bool(false), "no text") }
    #expect(
      text.hasPrefix("0.9 x 85.5 GB - 16.1 GB weights - ") && text.contains("blocks of 16 tokens x 131072 B"))
  }

  /// Fewer bytes a token, more of them: the fraction of vLLM is of the device, that of TensorRT-LLM of what is left.
  @Test func fractionOfWhat() throws {
    func bytes(_ engine: String, block: Int) throws -> Double {
      let scenario = try resolved([
        8: "    engine: { \(engine), max_batch_tokens: 2048, max_batch_size: 8 }",
        14: "    lengths: { input: 1, output: 1 }",
      ])
      return Double(scenario.deployments[0].plan.cache.blocks * block * 131_072)
    }
    let vllm = try bytes("framework: vllm", block: 16)
    let tensorRT = try bytes("framework: tensorrt-llm", block: 32)
    // 0.9 (d - w) - (0.9 d - w) = 0.1 w, with w the weights and the rest, about 20 GB.
    #expect(tensorRT - vllm > 1.6e9 && tensorRT - vllm < 2.5e9)
  }

  /// A model of a configuration file, found from the scenario's folder.
  @Test(arguments: ["./tiny/config.json", "./tiny"])
  func modelOfAFile(path: String) throws {
    let folder = try Fixtures.path("tiny")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let config = """
      {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
       "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "torch_dtype": "bfloat16",
       "max_position_embeddings": 16384, "tie_word_embeddings": false}
      """
    try config.write(toFile: folder + "/config.json", atomically: true, encoding: .utf8)
    let scenario = try resolved([6: "    model: \(path)", 8: "    engine: { framework: vllm }"])
    let design = scenario.deployments[0].design
    #expect(design.model.id == "tiny" && design.model.parameterCount == 8_030_261_248)
    #expect(scenario.deployments[0].plan.engine.maximumContextTokens == 16_384)
  }
}

extension JSONValue {
  /// The first element of a list.
  fileprivate var first: JSONValue? {
    if case .array(let elements) = self { elements.first } else { nil }
  }
}
