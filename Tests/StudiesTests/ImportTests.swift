import Documents
import Foundation
import Testing

@testable import Studies

/// Results of load generators as benchmark points.
@Suite struct ImportTests {
  private func point(
    _ json: String, _ stated: [(column: String, value: String)] = [], format: ResultFormat? = nil
  ) throws -> BenchmarkPoint {
    let results = try BenchmarkResult.parse(Data(json.utf8), file: "bench.json", format: format)
    let csv = try ImportedPoints(
      results.enumerated().map { (name: "bench \($0)", result: $1) },
      stated: [
        (column: "system", value: "h200-sxm"), (column: "accelerators", value: "8"),
        (column: "tp", value: "8"),
      ] + stated
    ).csv
    return try #require(try PointFile.parse(text: csv, file: "points.csv").first)
  }

  private static let vllm = """
    {"date": "20261128-101112", "backend": "vllm", "model_id": "meta-llama/Llama-3.1-70B-Instruct", "num_prompts": 640,
     "request_rate": "inf", "burstiness": 1.0, "max_concurrency": 64, "duration": 300.0, "completed": 640,
     "total_input_tokens": 655360, "total_output_tokens": 327680, "request_throughput": 2.13, "output_throughput": 1092.3,
     "mean_ttft_ms": 210.5, "median_ttft_ms": 190.0, "p99_ttft_ms": 800.25, "mean_tpot_ms": 55.5,
     "median_tpot_ms": 55.0, "p99_tpot_ms": 61.0, "mean_itl_ms": 55.4}
    """

  @Test func vllmBenchServe() throws {
    let point = try point(Self.vllm)
    #expect(point.framework == "vllm" && point.model == "meta-llama/Llama-3.1-70B-Instruct")
    #expect(point.concurrency == 64 && point.inputTokens == 1024 && point.outputTokens == 512)
    #expect(point.measured[.ttftMean] == 0.2105 && point.measured[.ttftP99] == 0.80025)
    #expect(point.measured[.tpotMedian] == 0.055 && point.measured[.outputTokensPerSecond] == 1092.3)
    #expect(point.system == "h200-sxm" && point.accelerators == 8)
  }

  /// A line for each run, at a rate.
  @Test func sglangBenchServing() throws {
    let line = """
      {"backend": "sglang", "request_rate": 4.0, "max_concurrency": null, "completed": 100, "total_input_tokens": 102400, \
      "total_output_tokens": 25600, "output_throughput": 812.5, "mean_e2e_latency_ms": 5000, "mean_ttft_ms": 100, \
      "mean_tpot_ms": 19.5, "request_throughput": 3.9}
      """
    let results = try BenchmarkResult.parse(Data((line + "\n\n" + line + "\n").utf8), file: "online.jsonl")
    #expect(results.count == 2 && results[0] == results[1])
    let point = try point(line, [(column: "model", value: "llama-3.1-8b")])
    #expect(point.framework == "sglang" && point.requestRate == 4 && point.concurrency == nil)
    #expect(point.measured[.tpotMean] == 0.0195)
  }

  @Test func aiperf() throws {
    let json = """
      {"request_throughput": {"unit": "requests/sec", "avg": 5.5}, "output_token_throughput": {"unit": "tokens/sec", "avg": 1400},
       "time_to_first_token": {"unit": "ms", "avg": 80, "p50": 75, "p99": 240}, "request_count": {"unit": "requests", "avg": 200},
       "inter_token_latency": {"unit": "ms", "avg": 11, "p50": 10.5, "p99": 15}, "input_sequence_length": {"avg": 1023.7},
       "output_sequence_length": {"avg": 256}, "input_config": {"endpoint": {"model_names": ["openai/gpt-oss-120b"]},
       "loadgen": {"concurrency": 32}}}
      """
    let point = try point(json, [(column: "framework", value: "tensorrt-llm")])
    #expect(point.model == "openai/gpt-oss-120b" && point.concurrency == 32 && point.inputTokens == 1024)
    #expect(point.measured[.tpotMean] == 0.011 && point.measured[.ttftP99] == 0.24)
  }

  @Test func guidellm() throws {
    let json = """
      {"benchmarks": [{"config": {"strategy": {"type_": "concurrent", "streams": 16}}, "metrics": {
        "request_totals": {"successful": 160}, "prompt_token_count": {"successful": {"mean": 512}},
        "output_token_count": {"successful": {"mean": 128}}, "requests_per_second": {"successful": {"mean": 8}},
        "output_tokens_per_second": {"successful": {"mean": 1024}},
        "time_to_first_token_ms": {"successful": {"mean": 50, "median": 48, "percentiles": {"p99": 90}}},
        "inter_token_latency_ms": {"successful": {"mean": 14, "median": 14, "percentiles": {"p99": 20}}}}}]}
      """
    let point = try point(
      json, [(column: "framework", value: "vllm"), (column: "model", value: "llama-3.1-8b")])
    #expect(
      point.concurrency == 16 && point.measured[.ttftP99] == 0.09 && point.measured[.requestsPerSecond] == 8)
  }

  @Test(arguments: [
    ("", "has no results"), ("[1, 2]", "neither JSON"), ("{\"a\": 1}", "no result of a load generator"),
    ("{\"request_throughput\": 1}\nnonsense", "neither JSON"),
    ("{\"benchmarks\": [{}]}", "has none of the figures"),
  ])
  func nonsense(text: String, message: String) {
    let problems = #expect(throws: Problems.self) {
      try BenchmarkResult.parse(Data(text.utf8), file: "bench.json")
    }
    #expect(problems?.description.contains(message) == true, "\(problems?.description ?? "")")
  }

  @Test func whatIsMissingIsNamed() throws {
    let results = try BenchmarkResult.parse(Data(Self.vllm.utf8), file: "bench.json")
    let problems = #expect(throws: Problems.self) {
      try ImportedPoints([(name: "bench.json", result: results[0])], stated: [(column: "sistem", value: "x")])
    }
    let text = problems?.description ?? ""
    #expect(text.contains("did you mean 'system'?") && text.contains("--set accelerators=…"))
  }
}
