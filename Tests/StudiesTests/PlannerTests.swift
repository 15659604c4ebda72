import CostModel
import Models
import Scenario
import Simulation
import Testing
import Workload

@testable import Studies

/// A point of a row of settings, everything else unknown.
func benchmarkPoint(_ settings: [(String, String)]) throws -> BenchmarkPoint {
  let row =
    [("id", "p"), ("tpot_mean_s", "0.01")].filter { pair in !settings.contains { $0.0 == pair.0 } } + settings
  let text = row.map(\.0).joined(separator: ",") + "\n" + row.map(\.1).joined(separator: ",") + "\n"
  return try #require(try PointFile.parse(text: text, file: "points.csv").first)
}

/// Settings of a closed loop as InferenceX runs it.
func inferenceX(
  _ system: String, _ count: Int, _ framework: String, _ model: String, _ weights: String,
  concurrency: Int = 16,
  isl: Int = 1024, osl: Int = 1024, tp: Int? = nil
) -> [(String, String)] {
  [
    ("suite", "inferencex"), ("system", system), ("accelerators", "\(count)"), ("framework", framework),
    ("model", model), ("weights", weights), ("tp", "\(tp ?? count)"), ("load", "closed_loop"),
    ("concurrency", "\(concurrency)"), ("isl", "\(isl)"), ("osl", "\(osl)"), ("lengths", "inferencex-random"),
  ]
}

@Suite struct PlannerTests {
  private let planner: PointPlanner

  init() throws { planner = PointPlanner(try ScenarioCatalogue.load()) }

  private func plan(_ settings: [(String, String)]) throws -> PlannedPoint {
    try planner.plan(try benchmarkPoint(settings))
  }

  private func reason(_ settings: [(String, String)]) throws -> String? {
    let point = try benchmarkPoint(settings)
    do throws(Unpredictable) {
      _ = try planner.plan(point)
      return nil
    } catch { return error.reason }
  }

  @Test func gptOssOnHopperAndBlackwell() throws {
    let hopper = try plan(inferenceX("h200-sxm", 2, "vllm", "openai/gpt-oss-120b", "mxfp4"))
    #expect(hopper.design.model.id == "gpt-oss-120b")
    #expect(hopper.design.precision.weights == .bf16 && hopper.design.precision.experts == .mxfp4)
    #expect(hopper.design.precision.activations == .bf16 && hopper.design.precision.keyValueCache == .bf16)
    #expect(hopper.engine.maximumBatchTokens == 8192 && hopper.engine.chunkedPrefill)
    #expect(hopper.stream.warmUpRequests == 32 && hopper.stream.requests == 160)
    let blackwell = try plan(inferenceX("b200-sxm", 2, "tensorrt-llm", "openai/gpt-oss-120b", "mxfp4"))
    #expect(blackwell.design.precision.activations == .mxfp8)
    #expect(blackwell.design.precision.keyValueCache == .fp8)
    #expect(blackwell.engine.maximumBatchTokens == 20_000 && !blackwell.engine.chunkedPrefill)
    #expect(blackwell.engine.capacityPolicy == .reserveToEnd)
  }

  @Test func checkpointsByModel() throws {
    let minimax = try plan(
      inferenceX("b200-sxm", 4, "vllm", "MiniMaxAI/MiniMax-M2.5", "fp8", isl: 8192))
    #expect(minimax.design.precision.weights == .fp8Block && minimax.design.precision.attention == nil)
    #expect(minimax.engine.maximumBatchTokens == 16_384)
    let deepseek = try plan(
      inferenceX(
        "b200-sxm", 8, "tensorrt-llm", "deepseek-ai/DeepSeek-R1", "nvfp4", concurrency: 64, isl: 8192))
    #expect(deepseek.design.precision.attention == .bf16 && deepseek.design.precision.activations == .nvfp4)
    #expect(deepseek.engine.maximumBatchTokens == 64 + 8192 + 64)
    let llama = try plan(inferenceX("b200-sxm", 2, "tensorrt-llm", "meta-llama/Llama-3.1-70B", "nvfp4"))
    #expect(llama.design.precision.attention == nil && llama.engine.maximumBatchTokens == 16_384)
    let kimi = try plan(inferenceX("b200-sxm", 8, "vllm", "moonshotai/Kimi-K2.5", "int4"))
    #expect(kimi.design.precision.experts == .int4Group32 && kimi.design.precision.activations == .bf16)
    #expect(kimi.design.precision.keyValueCache == .bf16)
  }

  /// Lengths of the InferenceX client are uniform in [0.8 L, L]: the mean is 0.9 L.
  @Test func inferenceXLengths() throws {
    let point = try plan(inferenceX("h100-sxm", 8, "vllm", "llama-3.1-70b", "fp8", isl: 1000, osl: 2000))
    #expect(point.stream.lengths.meanInput == 900 && point.stream.lengths.meanOutput == 1800)
    #expect(point.stream.maximumOutputTokens == 2000 && point.engine.maximumContextTokens == 3000)
  }

  @Test func attentionDataParallelism() throws {
    let settings =
      inferenceX("b200-sxm", 8, "vllm", "deepseek-r1", "fp8", tp: 1) + [("attention_dp", "8"), ("ep", "8")]
    let point = try plan(settings)
    #expect(point.design.parallel == Parallelism(tensor: 1, expert: 8, attentionData: 8))
    #expect(point.replicas == 1)
    // The simulation counts batch and tokens for the replica, the engine for each group.
    #expect(point.engine.maximumBatchTokens == 8 * 8192)
  }

  @Test func mlperfOfflineWithoutLayout() throws {
    let point = try plan([
      ("suite", "mlperf"), ("system", "h200-sxm"), ("accelerators", "8"), ("model", "llama-2-70b"),
      ("weights", "fp8"), ("load", "offline"), ("isl", "222.3"), ("osl", "300"),
      ("lengths", "openorca-mlperf"),
      ("requests", "1000000"), ("max_batch_size", "1024"), ("max_batch_tokens", "4096"),
    ])
    // Nothing is said of framework and layout: TensorRT-LLM on NVIDIA, a replica on each accelerator.
    #expect(point.design.framework == .tensorRTLLM)
    #expect(point.design.parallel == Parallelism() && point.replicas == 8)
    #expect(point.design.precision.keyValueCache == .fp8)
    #expect(point.engine.maximumBatchSize == 1024 && point.engine.maximumBatchTokens == 4096)
    #expect(abs(point.stream.lengths.meanOutput - 300) < 0.5)
    // One replica runs its eighth of the million.
    #expect(point.simulatedReplicas == 1 && point.stream.requests == 125_000)
    let names = point.assumptions.map(\.name)
    for name in ["framework", "layout", "kv_cache", "capacity policy", "simulated"] {
      #expect(names.contains(name))
    }
    #expect(!names.contains("max_batch_tokens"))
  }

  @Test("what an MLPerf result leaves open follows the settings that NVIDIA publishes for the device")
  func publishedSubmissions() throws {
    func offline(_ system: String, _ model: String, _ weights: String, date: String = "v5.0") throws
      -> PlannedPoint
    {
      try plan([
        ("suite", "mlperf"), ("system", system), ("accelerators", "8"), ("model", model),
        ("weights", weights),
        ("load", "offline"), ("isl", "222"), ("osl", "284"), ("requests", "10000"), ("date", date),
      ])
    }
    let hopper = try offline("h100-sxm", "llama-2-70b", "fp8")
    #expect(hopper.design.parallel == Parallelism(pipeline: 2))
    // The published budget of 1,536 tokens is less than the batch: every running request decodes one a step.
    #expect(hopper.engine.maximumBatchSize == 2048 && hopper.engine.maximumBatchTokens == 2048)
    #expect(hopper.engine.capacityPolicy == .currentUse && hopper.engine.chunkedPrefill)
    let blackwell = try offline("b200-sxm", "llama-2-70b", "nvfp4")
    #expect(blackwell.design.parallel == Parallelism() && blackwell.engine.maximumBatchTokens == 3584)
    let large = try offline("h200-sxm", "llama-3.1-405b", "fp8")
    #expect(large.design.parallel == Parallelism(tensor: 4, pipeline: 2))
    // The harness of v4.1 did not cut prompts.
    #expect(try !offline("h200-sxm", "llama-2-70b", "fp8", date: "v4.1").engine.chunkedPrefill)
    // Nobody publishes settings for this device: the framework's defaults.
    let other = try offline("a100-sxm", "llama-2-70b", "bf16")
    #expect(other.engine.maximumBatchTokens == 8192 && other.engine.capacityPolicy == .reserveToEnd)
  }

  @Test func replicasOfASystem() throws {
    let point = try plan([
      ("system", "h100-sxm"), ("accelerators", "8"), ("framework", "tensorrt-llm"), ("model", "llama-2-70b"),
      ("weights", "fp8"), ("tp", "2"), ("load", "server"), ("request_rate", "40"), ("isl", "200"),
      ("osl", "100"),
    ])
    #expect(point.replicas == 4 && point.simulatedReplicas == 4)
    #expect(point.stream.arrivals == .poisson(requestsPerSecond: 40))
    #expect(point.stream.requests == 24_000)
  }

  @Test func sglangOfInferenceX() throws {
    let blackwell = try plan(
      inferenceX("b200-sxm", 8, "sglang", "deepseek-ai/DeepSeek-R1", "fp8", concurrency: 64))
    #expect(blackwell.design.framework == .sglang && blackwell.engine.prefillPolicy == .prefillFirst)
    #expect(blackwell.engine.maximumBatchTokens == 32_768 && blackwell.engine.receiveInterval == 30)
    #expect(blackwell.design.precision.keyValueCache == .fp8)
    #expect(blackwell.cache.blockTokens == 64 && blackwell.engine.outputEstimate == OutputEstimate())
    let few = try plan(inferenceX("b200-sxm", 8, "sglang", "deepseek-r1", "fp8", concurrency: 4))
    #expect(few.engine.receiveInterval == 10)
    let hopper = try plan(inferenceX("h200-sxm", 8, "sglang", "deepseek-r1", "fp8", concurrency: 64))
    #expect(hopper.engine.maximumBatchTokens == 32_768 && hopper.engine.receiveInterval == 1)
    // The script for Hopper names no format of the cache.
    #expect(hopper.design.precision.keyValueCache == .bf16)
  }

  /// A published recipe sets the batch of decode workers, whatever number of clients would fill them.
  @Test func poolsOfPublishedRecipes() throws {
    func pools(_ clients: Int) -> [(String, String)] {
      inferenceX(
        "gb300-nvl72", 22, "tensorrt-llm", "deepseek-v3", "nvfp4", concurrency: clients, isl: 8192, osl: 1024
      )
      .filter { $0.0 != "tp" }
        + [
          ("mode", "disagg"), ("prefill_workers", "1"), ("prefill_tp", "1"), ("prefill_ep", "2"),
          ("prefill_attention_dp", "2"), ("decode_workers", "5"), ("decode_tp", "4"), ("decode_ep", "4"),
          ("decode_attention_dp", "1"),
        ]
    }
    let published = try plan(pools(15))
    #expect(published.engine.maximumBatchSize == 4 && published.engine.speculation == nil)
    // No recipe has 17 clients: the largest size that they fill.
    #expect(try plan(pools(17)).engine.maximumBatchSize == 2)
  }

  @Test func promptsThatComeAgain() throws {
    func run(_ system: String) -> [(String, String)] {
      inferenceX(system, 1, "vllm", "nvidia/Llama-3.1-8B-Instruct-FP8", "fp8")
        .filter { $0.0 != "lengths" }
        + [
          ("lengths", "fixed"),
          ("source", "gap/\(system == "h200-sxm" ? "h200_sxm" : "h100_sxm")/vllm/0.12.0/x.csv"),
        ]
    }
    let point = try plan(run("h200-sxm"))
    #expect(point.stream.repeatedPrompts == RepeatedPrompts(distinct: 200, blockTokens: 16))
    #expect(point.assumptions.contains { $0.name == "prompts" })
    #expect(try plan(run("h100-sxm")).stream.repeatedPrompts == nil)
  }

  /// InferenceX recipes hold prompts back: Llama 3.1 70B with short requests on fewer than 8 accelerators, DeepSeek with
  /// attention groups.
  @Test func batchWait() throws {
    let llama = try plan(inferenceX("b200-sxm", 2, "tensorrt-llm", "meta-llama/Llama-3.1-70B", "nvfp4"))
    #expect(llama.engine.batchWait == BatchWait(steps: 20, share: 0.9))
    let wide = try plan(inferenceX("b200-sxm", 8, "tensorrt-llm", "meta-llama/Llama-3.1-70B", "nvfp4"))
    #expect(wide.engine.batchWait == nil)
    let groups = [("attention_dp", "8")]
    let deepseek = try plan(inferenceX("b200-sxm", 8, "tensorrt-llm", "deepseek-r1", "nvfp4", tp: 1) + groups)
    #expect(deepseek.engine.batchWait == BatchWait(steps: 60, share: 0.8))
    #expect(
      try plan(inferenceX("b200-sxm", 8, "tensorrt-llm", "deepseek-r1", "nvfp4")).engine.batchWait == nil)
  }

  @Test func suspectedSpeculation() throws {
    let settings = inferenceX("b200-sxm", 8, "tensorrt-llm", "deepseek-r1", "fp8") + [("mtp_suspected", "1")]
    let point = try plan(settings)
    #expect(point.engine.speculation == Speculation(draftTokens: 3, acceptanceLength: 2.49))
    #expect(point.assumptions.contains { $0.name == "speculation" })
    #expect(
      try plan(inferenceX("b200-sxm", 8, "tensorrt-llm", "deepseek-r1", "fp8")).engine.speculation == nil)
  }

  @Test func whatCanNotBePredicted() throws {
    let good = inferenceX("h100-sxm", 8, "vllm", "llama-3.1-70b", "fp8")
    func changed(_ name: String, _ value: String) throws -> String? {
      try reason(good.filter { $0.0 != name } + [(name, value)])
    }
    #expect(try reason(good) == nil)
    #expect(try changed("mode", "disagg") == "worker counts are not stated")
    #expect(try changed("framework", "lmdeploy") == "framework 'lmdeploy' is not modelled yet")
    #expect(try changed("system", "h100-xsm") == "system 'h100-xsm' is not in the catalogue")
    #expect(try changed("model", "llama-5") == "model 'llama-5' is not in the catalogue")
    #expect(try changed("weights", "fp5") == "weights 'fp5' are no known format")
    #expect(try changed("kv_cache", "fp5") == "KV cache 'fp5' is no known format")
    #expect(try changed("lengths", "wikipedia") == "request lengths of 'wikipedia' are not published")
    #expect(try changed("isl", "") == "request lengths are not known")
    #expect(try changed("load", "") == "how requests were offered is not known")
    #expect(try changed("concurrency", "") == "the concurrency is not known")
    #expect(
      try changed("accelerators", "12")
        == "the accelerators are no whole number of replicas of the stated layout")
    #expect(try changed("tp", "3") == "does not divide the 64 query heads of llama-3.1-70b")
    #expect(try changed("isl", "200000") == "requests are longer than the model's context")
    #expect(
      try changed("load", "server")
        == "request rate not published: the throughput of a server run is its submitter's choice")
    #expect(
      try changed("mtp_suspected", "1")
        == "suspected of speculative decoding, whose acceptance length is not known")
  }
}
