import Documents
import Foundation

/// Formats that load generators write results in.
public enum ResultFormat: String, CaseIterable, Sendable {
  /// JSON of `vllm bench serve --save-result`.
  case vllm
  /// JSON lines of `sglang.bench_serving --output-file`.
  case sglang
  /// `profile_export_aiperf.json` of AIPerf, `profile_export_genai_perf.json` of GenAI-Perf.
  case aiperf
  /// `benchmarks.json` of GuideLLM.
  case guidellm

  /// The format of a parsed result; nil where it is none of them.
  static func guess(_ object: [String: Any]) -> ResultFormat? {
    if object["benchmarks"] is [Any] { return .guidellm }
    if object["time_to_first_token"] is [String: Any] || object["request_throughput"] is [String: Any] {
      return .aiperf
    }
    guard object["request_throughput"] is NSNumber else { return nil }
    return object["mean_e2e_latency_ms"] != nil || object["random_range_ratio"] != nil ? .sglang : .vllm
  }
}

/// A measured run as a load generator reports it: columns of a benchmark point, as text.
///
/// Load generators know the load and what they measured, not what was measured: system, accelerators, parallelism and the
/// engine's version come from whoever ran it.
public struct BenchmarkResult: Sendable, Equatable {
  /// Columns that have a value, in the order of benchmark points.
  public var columns: [(name: String, value: String)]

  /// Equal where all columns are.
  public static func == (a: BenchmarkResult, b: BenchmarkResult) -> Bool {
    a.columns.map(\.name) == b.columns.map(\.name) && a.columns.map(\.value) == b.columns.map(\.value)
  }

  /// Reads a file of results.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - format: its format; nil to find out.
  /// - Returns: its runs in order.
  /// - Throws: a problem of a file that can't be read, is no such file, or has no figures.
  public static func read(path: String, format: ResultFormat? = nil) throws(Problems) -> [BenchmarkResult] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Problems(Problem(file: path, message: "can't be read"))
    }
    return try parse(data, file: path, format: format)
  }

  /// The runs of a text; `file` is the name that problems print.
  static func parse(
    _ data: Data, file: String, format: ResultFormat? = nil
  ) throws(Problems) -> [BenchmarkResult] {
    var results: [BenchmarkResult] = []
    for (line, object) in try objects(data, file: file) {
      guard let format = format ?? ResultFormat.guess(object) else {
        throw Problems(
          Problem(
            file: file, line: line, message: "is no result of a load generator that is known",
            allowed: ResultFormat.allCases.map(\.rawValue).joined(separator: ", ")))
      }
      let found =
        switch format {
        case .vllm, .sglang: [serving(object, format)]
        case .aiperf: [aiperf(object)]
        case .guidellm: (object["benchmarks"] as? [[String: Any]] ?? []).map(guidellm)
        }
      for result in found {
        guard result.columns.contains(where: { MeasuredColumn(rawValue: $0.name) != nil }) else {
          throw Problems(
            Problem(file: file, line: line, message: "has none of the figures that \(format.rawValue) writes")
          )
        }
        results.append(result)
      }
    }
    guard !results.isEmpty else { throw Problems(Problem(file: file, message: "has no results")) }
    return results
  }

  /// The objects of a JSON file, or of a file with one a line, with the line of each.
  private static func objects(
    _ data: Data, file: String
  ) throws(Problems) -> [(line: Int, object: [String: Any])] {
    if let object = try? JSONSerialization.jsonObject(with: data) {
      if let one = object as? [String: Any] { return [(1, one)] }
      if let several = object as? [[String: Any]] { return several.map { (1, $0) } }
    }
    var objects: [(line: Int, object: [String: Any])] = []
    for (number, line) in data.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    where line.contains(where: { $0 != 0x20 && $0 != 0x0D }) {
      guard let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] else {
        throw Problems(
          Problem(file: file, line: number + 1, message: "is neither JSON nor a JSON object a line"))
      }
      objects.append((number + 1, object))
    }
    return objects
  }
}

/// Figures of each format.
extension BenchmarkResult {
  /// A column and what a number found under a path of keys is in its unit.
  private typealias Source = (column: String, path: [String], factor: Double)

  private init(_ columns: [(name: String, value: String?)]) {
    self.columns = columns.compactMap { column in column.value.map { (name: column.name, value: $0) } }
  }

  private static func number(_ object: [String: Any], _ path: [String]) -> Double? {
    var value: Any? = object
    for key in path { value = (value as? [String: Any])?[key] }
    guard let number = value as? NSNumber, number.doubleValue.isFinite else { return nil }
    return number.doubleValue
  }

  private static func text(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }

  private static func figures(_ object: [String: Any], _ sources: [Source]) -> [(
    name: String, value: String?
  )] {
    sources.map { source in
      (name: source.column, value: number(object, source.path).map { text($0 * source.factor) })
    }
  }

  /// How requests came: so many clients, at a rate, or all at once.
  private static func load(
    concurrency: Double?, rate: Double?, requests: Double?
  ) -> [(name: String, value: String?)] {
    let clients = concurrency.flatMap { $0 > 0 ? $0 : nil }
    let load = rate != nil ? "server" : clients != nil ? "closed_loop" : "offline"
    return [
      ("load", load), ("concurrency", clients.map(text)), ("request_rate", rate.map(text)),
      ("requests", requests.map(text)),
    ]
  }

  private static func lengths(input: Double?, output: Double?) -> [(name: String, value: String?)] {
    [
      ("isl", input.map { text($0.rounded()) }), ("osl", output.map { text($0.rounded()) }),
      ("lengths", "fixed"),
    ]
  }

  private static func serving(_ object: [String: Any], _ format: ResultFormat) -> BenchmarkResult {
    let completed = number(object, ["completed"])
    func mean(_ key: String) -> Double? {
      guard let total = number(object, [key]), let completed, completed > 0 else { return nil }
      return total / completed
    }
    let model = object["model_id"] as? String ?? object["model"] as? String
    let backend = (object["backend"] as? String ?? object["endpoint_type"] as? String)?.lowercased() ?? ""
    let framework =
      backend.hasPrefix("sglang")
      ? "sglang"
      : backend.hasPrefix("trt") || backend.contains("tensorrt")
        ? "tensorrt-llm" : backend.hasPrefix("vllm") ? "vllm" : nil
    let rate = number(object, ["request_rate"])
    return BenchmarkResult(
      [("date", object["date"] as? String), ("framework", framework), ("model", model)]
        + load(concurrency: number(object, ["max_concurrency"]), rate: rate, requests: completed)
        + lengths(input: mean("total_input_tokens"), output: mean("total_output_tokens"))
        + figures(
          object,
          [
            ("ttft_mean_s", ["mean_ttft_ms"], 1e-3), ("ttft_p50_s", ["median_ttft_ms"], 1e-3),
            ("ttft_p99_s", ["p99_ttft_ms"], 1e-3), ("tpot_mean_s", ["mean_tpot_ms"], 1e-3),
            ("tpot_p50_s", ["median_tpot_ms"], 1e-3), ("tpot_p99_s", ["p99_tpot_ms"], 1e-3),
            ("output_tokens_per_s", ["output_throughput"], 1), ("requests_per_s", ["request_throughput"], 1),
          ]))
  }

  private static func aiperf(_ object: [String: Any]) -> BenchmarkResult {
    let input = object["input_config"] as? [String: Any] ?? [:]
    let endpoint = input["endpoint"] as? [String: Any] ?? [:]
    let names = endpoint["model_names"] as? [String] ?? input["model"] as? [String] ?? []
    let loads = [
      ["loadgen"], ["perf_analyzer", "stimulus"], ["loadgen", "loadgen"], [],
    ]
    func setting(_ key: String) -> Double? { loads.compactMap { number(input, $0 + [key]) }.first }
    let scale = unit(object, "time_to_first_token")
    let gap = unit(object, "inter_token_latency")
    return BenchmarkResult(
      [("model", names.first)]
        + load(
          concurrency: setting("concurrency"), rate: setting("request_rate"),
          requests: number(object, ["request_count", "avg"]))
        + lengths(
          input: number(object, ["input_sequence_length", "avg"]),
          output: number(object, ["output_sequence_length", "avg"]))
        + figures(
          object,
          [
            ("ttft_mean_s", ["time_to_first_token", "avg"], scale),
            ("ttft_p50_s", ["time_to_first_token", "p50"], scale),
            ("ttft_p99_s", ["time_to_first_token", "p99"], scale),
            // The mean gap of a request, which others call TPOT.
            ("tpot_mean_s", ["inter_token_latency", "avg"], gap),
            ("tpot_p50_s", ["inter_token_latency", "p50"], gap),
            ("tpot_p99_s", ["inter_token_latency", "p99"], gap),
            ("output_tokens_per_s", ["output_token_throughput", "avg"], 1),
            ("requests_per_s", ["request_throughput", "avg"], 1),
          ]))
  }

  /// Seconds of the unit that a metric is in; milliseconds unless it says otherwise.
  private static func unit(_ object: [String: Any], _ metric: String) -> Double {
    switch (object[metric] as? [String: Any])?["unit"] as? String {
    case "s", "sec", "seconds": 1
    case "us", "microseconds": 1e-6
    case "ns", "nanoseconds": 1e-9
    default: 1e-3
    }
  }

  private static func guidellm(_ object: [String: Any]) -> BenchmarkResult {
    let holders = [["config", "strategy"], ["args", "strategy"], ["scheduler", "strategy"]]
    func setting(_ keys: [String]) -> Double? {
      for holder in holders {
        for key in keys {
          if let value = number(object, holder + [key]) { return value }
        }
      }
      return nil
    }
    func metric(_ name: String, _ statistic: [String]) -> [String] {
      ["metrics", name, "successful"] + statistic
    }
    let rate = setting(["rate"])
    return BenchmarkResult(
      load(
        concurrency: rate == nil ? setting(["streams", "max_concurrency"]) : nil, rate: rate,
        requests: number(object, ["metrics", "request_totals", "successful"]))
        + lengths(
          input: number(object, metric("prompt_token_count", ["mean"])),
          output: number(object, metric("output_token_count", ["mean"])))
        + figures(
          object,
          [
            ("ttft_mean_s", metric("time_to_first_token_ms", ["mean"]), 1e-3),
            ("ttft_p50_s", metric("time_to_first_token_ms", ["median"]), 1e-3),
            ("ttft_p99_s", metric("time_to_first_token_ms", ["percentiles", "p99"]), 1e-3),
            ("tpot_mean_s", metric("inter_token_latency_ms", ["mean"]), 1e-3),
            ("tpot_p50_s", metric("inter_token_latency_ms", ["median"]), 1e-3),
            ("tpot_p99_s", metric("inter_token_latency_ms", ["percentiles", "p99"]), 1e-3),
            ("output_tokens_per_s", metric("output_tokens_per_second", ["mean"]), 1),
            ("requests_per_s", metric("requests_per_second", ["mean"]), 1),
          ]))
  }
}
