import Documents
import Pictures
import Results

/// Headline figures of an estimate, with those of a simulation beside them.
struct ExplorerFigures {
  private enum Unit {
    case number, seconds, watts, joules, dollars

    func text(_ value: Double?) -> String {
      switch self {
      case .number: Numbers.text(value)
      case .seconds: Numbers.seconds(value)
      case .watts: Numbers.watts(value)
      case .joules: value.map { Numbers.text($0) + " J" } ?? Numbers.missing
      case .dollars: Numbers.dollars(value)
      }
    }
  }

  private struct Row {
    var title: String
    /// In the summaries of estimates and runs alike.
    var path: String
    var unit: Unit
    /// The figure whose error and interval it has; nil for its own.
    var twin: String?
    /// What error and interval of the twin are divided by.
    var perGPU = false
  }

  private static let rows = [
    Row(title: "requests/s", path: "throughput.requests_per_second", unit: .number),
    Row(title: "output tokens/s", path: "throughput.output_tokens_per_second", unit: .number),
    Row(
      title: "output tokens/s/GPU", path: "throughput.output_tokens_per_second_per_gpu", unit: .number,
      twin: "throughput.output_tokens_per_second", perGPU: true),
    Row(title: "images/s", path: "throughput.images_per_second", unit: .number),
    Row(title: "time to first token, mean", path: "latency_seconds.ttft.mean", unit: .seconds),
    Row(title: "time to first token, p50", path: "latency_seconds.ttft.p50", unit: .seconds),
    Row(title: "time to first token, p99", path: "latency_seconds.ttft.p99", unit: .seconds),
    Row(title: "time per output token, mean", path: "latency_seconds.tpot.mean", unit: .seconds),
    Row(title: "time per output token, p50", path: "latency_seconds.tpot.p50", unit: .seconds),
    Row(title: "time per output token, p99", path: "latency_seconds.tpot.p99", unit: .seconds),
    Row(title: "end to end, mean", path: "latency_seconds.e2e.mean", unit: .seconds),
    Row(title: "power of a GPU in use, mean", path: "power_watts.gpu_mean", unit: .watts),
    Row(title: "power at the grid connection", path: "power_watts.site_mean", unit: .watts),
    Row(
      title: "GPU energy for an output token", path: "energy.gpu_joules_per_output_token", unit: .joules),
    Row(
      title: "output tokens/s for a site megawatt", path: "cost.output_tokens_per_second_per_megawatt",
      unit: .number),
    Row(
      title: "for a million output tokens", path: "cost.dollars_per_million_output_tokens", unit: .dollars),
  ]

  let estimate: SteadyStateEstimate
  let estimated: JSONValue
  let simulated: JSONValue?

  /// The table as a fragment of HTML.
  var html: String {
    var page = Page("")
    let titles = ["", "estimate", "9 of 10 estimates within"]
    page.table(
      titles + (simulated == nil ? [] : ["simulation", "95 % interval of its mean"]),
      [limits] + [capacity] + Self.rows.compactMap(row))
    return page.content
  }

  private func row(_ row: Row) -> [String]? {
    let value = estimated.number(at: row.path)
    let own = simulated?.number(at: row.path)
    guard value != nil || own != nil else { return nil }
    let figure = row.twin ?? row.path
    let error = estimated["stated_error"]?[figure]?.number(at: "p90_percent")
    let cells = [row.title, row.unit.text(value), error.map { "± \(Numbers.text($0)) %" } ?? ""]
    guard let simulated else { return cells }
    let gpus = row.perGPU ? simulated.number(at: "gpus") ?? 1 : 1
    return cells + [row.unit.text(own), Self.interval(simulated, figure, row.unit, over: gpus)]
  }

  private static func interval(_ run: JSONValue, _ figure: String, _ unit: Unit, over divisor: Double)
    -> String
  {
    guard case .array(let ends)? = run["confidence_95"]?[figure], ends.count == 2 else { return "" }
    return ends.map { end in
      guard case .double(let value) = end else { return Numbers.missing }
      return unit.text(value / divisor)
    }.joined(separator: " to ")
  }

  private var capacity: [String] {
    let path = "capacity_requests_per_second"
    let error = estimated["stated_error"]?[path]?.number(at: "p90_percent")
    let cells = [
      "capacity, requests/s", Numbers.text(estimated.number(at: path)),
      error.map { "± \(Numbers.text($0)) %" } ?? "",
    ]
    return cells + (simulated == nil ? [] : ["", ""])
  }

  private var limits: [String] {
    let state = estimate.mean
    let load =
      state.deployments.contains(where: \.isOverloaded)
      ? "overloaded" : "\(Numbers.percent(state.fullest.utilisation)) used"
    let cells = ["bound by", "\(state.fullest.limit.words), \(load)", ""]
    guard let simulated else { return cells }
    func word(_ value: JSONValue?) -> String? {
      if case .string(let text)? = value { text.replacing("_", with: " ") } else { nil }
    }
    let found = [word(simulated["binding_limit"]), word(simulated["saturation"]?["verdict"])]
    return cells + [found.compactMap { $0 }.joined(separator: ", "), ""]
  }
}
