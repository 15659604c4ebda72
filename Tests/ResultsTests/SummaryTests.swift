import CostModel
import Documents
import Testing

@testable import Results
@testable import Simulation

struct SummaryTests {
  private func report(references: [PublishedFigure] = []) -> RunReport {
    var cost = CostVector.zero
    cost[.time] = 12
    cost[.compute] = 4
    cost[.memory] = 8
    cost[.gemm] = 12
    let deployment = DeploymentContext(name: "test", replicas: 2, accelerators: 2)
    return RunReport(context(deployments: [deployment], references: references), [steadyOutcome(cost: cost)])
  }

  /// Every path of the summary of `run` that programs may rely on, in order.
  @Test func everyKeyOfTheContract() {
    let keys = paths(of: report().json)
    let block = [
      "requests.arrived", "requests.completed", "requests.rejected", "requests.cancelled", "requests.failed",
      "requests.in_flight", "requests.preemptions", "requests.input_tokens", "requests.cached_input_tokens",
      "requests.rejected_by_queue", "requests.rejected_by_limit", "requests.shed",
      "requests.recomputed_tokens",
      "requests.swapped_tokens", "requests.cancelled_output_tokens", "requests.adapter_loads",
      "requests.adapter_hit_rate",
    ]
    let span =
      [
        "throughput.output_tokens_per_second", "throughput.input_tokens_per_second",
        "throughput.requests_per_second", "throughput.output_tokens_per_second_per_gpu",
        "throughput.total_tokens_per_second_per_gpu", "throughput.goodput_requests_per_second",
        "throughput.images_per_second",
      ]
      + ["ttft", "tpot", "itl", "e2e", "queue", "ttfat"].flatMap { name in
        ["mean", "p50", "p90", "p95", "p99", "max"].map { "latency_seconds.\(name).\($0)" }
      } + [
        "power_watts.gpu_mean", "power_watts.gpu_peak", "power_watts.it_mean", "power_watts.it_peak",
        "power_watts.site_mean", "power_watts.site_peak", "power_watts.node_parts",
        "energy.gpu_joules_per_output_token",
        "energy.site_joules_per_output_token", "energy.site_megawatt_hours",
        "cost.dollars_per_million_output_tokens", "cost.output_tokens_per_second_per_megawatt",
      ]
    let operators = CostLane.operators.map(\.name)
    let limits = ["compute", "memory", "network", "launch", "idle"]
    let rest =
      [
        "kv_cache.peak_utilisation", "kv_cache.prefix_hit_rate", "faults.failures",
        "faults.interrupted_requests",
        "faults.lost_tokens", "faults.takeovers", "faults.slow_replica_seconds", "faults.availability",
        "fleet", "classes", "intervals",
      ]
      + [
        "verdict", "reason", "start_seconds", "end_seconds", "arrivals_per_second", "departures_per_second",
        "queue_growth_per_second", "queue_growth_error_per_second", "queue_at_end", "backlogged_share",
      ].map { "saturation.\($0)" }
      + [
        "throughput.output_tokens_per_second[0]", "throughput.output_tokens_per_second[1]",
        "latency_seconds.ttft.mean", "latency_seconds.tpot.mean", "latency_seconds.e2e.mean",
      ].map { "confidence_95.\($0)" }
    let costs = (0...1).map { "confidence_95.cost.output_tokens_per_second_per_megawatt[\($0)]" }
    let last =
      operators.map { "step_time.by_operator.\($0)" } + limits.map { "step_time.by_limit.\($0)" }
      + operators.map { "step_time.by_operator_share.\($0)" }
      + limits.map { "step_time.by_limit_share.\($0)" }
      + ["binding_limit", "calibration.measured", "calibration.transferred", "calibration.prior"]
    func part(_ more: [String], isSite: Bool = false) -> [String] {
      block + span + more + ["whole_run.seconds"] + (span + more).map { "whole_run." + $0 } + rest
        + (isSite ? costs : []) + last
    }
    let expected =
      [
        "tokenmill", "scenario", "seed", "simulated_seconds", "window_seconds", "window.start_seconds",
        "window.end_seconds", "window.rule", "events", "steps", "gpus", "racks", "sampled_share",
        "power_control", "power_points",
      ] + part(["facility", "economics"], isSite: true) + ["deployments[0].name", "deployments[0].gpus"]
      + part([]).map { "deployments[0]." + $0 } + [
        "deployments[0].pools", "references", "configuration.name",
      ]
    #expect(keys == expected)
  }

  /// What holds for every run, whatever its figures.
  @Test func figuresAgreeWithEachOther() throws {
    let json = report().json
    func number(_ path: String) throws -> Double { try #require(json.number(at: path), "\(path)") }
    let tokens = try number("throughput.output_tokens_per_second") * number("window_seconds")
    #expect(tokens == 10_000)
    let perGPU = try number("throughput.output_tokens_per_second_per_gpu")
    #expect(try perGPU * number("gpus") == number("throughput.output_tokens_per_second"))
    #expect(try number("power_watts.it_mean") > 4 * 100)
    #expect(try number("power_watts.site_mean") > number("power_watts.it_mean"))
    #expect(try number("power_watts.it_peak") >= number("power_watts.it_mean"))
    let shares = try ["compute", "memory", "network", "launch", "idle"].map {
      try number("step_time.by_limit_share.\($0)")
    }
    expectClose(shares.reduce(0, +), 1)
    let joules = try number("energy.site_joules_per_output_token") * tokens
    expectClose(try number("energy.site_megawatt_hours") * 3.6e9, joules)
    expectClose(try number("calibration.prior"), 1)
  }

  @Test func theWholeBlockOfAReference() throws {
    let reference = PublishedFigure(
      figure: "throughput.output_tokens_per_second", value: 800, source: "a table")
    let text = try #require(report(references: [reference]).json["references"]).text()
    #expect(
      text == """
        [
          {
            "figure": "throughput.output_tokens_per_second",
            "published": 800.0,
            "predicted": 1000.0,
            "deviation_percent": 25.0,
            "source": "a table"
          }
        ]
        """)
  }

  @Test func headOfTheDocument() {
    let text = report().json.text()
    #expect(
      text.hasPrefix(
        """
        {
          "tokenmill": 1,
          "scenario": "A test",
          "seed": 7,
          "simulated_seconds": 10.0,
          "window_seconds": 10.0,
          "window": {
            "start_seconds": 0.0,
            "end_seconds": 10.0,
            "rule": "whole run"
          },
          "events": 10,
          "steps": 1000,
          "gpus": 4,
          "racks": 1,
          "sampled_share": null,
          "power_control": null,
          "power_points": null,
          "requests": {
            "arrived": 10,
            "completed": 10,
        """))
    #expect(text.contains("\"tpot\": {\n      \"mean\": null,"))
  }

  /// Paths of all values, objects and lists with nothing in them included.
  private func paths(of value: JSONValue, at path: String = "") -> [String] {
    switch value {
    case .object(let members) where !members.isEmpty:
      members.flatMap { paths(of: $0.1, at: path.isEmpty ? $0.0 : path + "." + $0.0) }
    case .array(let elements) where !elements.isEmpty:
      elements.enumerated().flatMap { paths(of: $0.element, at: "\(path)[\($0.offset)]") }
    default: [path]
    }
  }
}
