import Documents
import Results

extension SteadyStateEstimate {
  /// The estimate as a table: a row for the site, one for each deployment, and both again at the highest rate.
  ///
  /// `p90_percent.` columns, of the site at the mean rate, are the errors that nine of ten estimates kept to.
  public var table: FigureTable {
    let summary = json
    var table = FigureTable(
      ["scenario", "seed", "rate", "kind", "name", "gpus"] + Self.tableFigures
        + Self.figures.map { "p90_percent." + $0 })
    func add(_ rate: String, _ kind: String, _ part: JSONValue, hasErrors: Bool = false) {
      var row: [JSONValue?] = [summary["scenario"], summary["seed"], .string(rate), .string(kind)]
      row += [part["name"], part["gpus"] ?? (kind == "site" ? summary["gpus"] : nil)]
      row += Self.tableFigures.map { part.value(at: $0) }
      row += Self.figures.map { hasErrors ? summary["stated_error"]?[$0]?["p90_percent"] : nil }
      table.add(row)
    }
    for (rate, level) in [("mean", summary), ("peak", summary["at_peak"] ?? .null)] {
      guard case .object = level else { continue }
      add(rate, "site", level, hasErrors: rate == "mean")
      guard case .array(let deployments)? = level["deployments"] else { continue }
      for deployment in deployments { add(rate, "deployment", deployment) }
    }
    return table
  }

  private static let tableFigures: [String] =
    [
      "capacity_requests_per_second", "offered_requests_per_second", "binding_limit", "utilisation",
      "overloaded", "mean_batch", "requests_in_flight", "prefix_hit_rate",
    ]
    + [
      "output_tokens_per_second", "input_tokens_per_second", "requests_per_second",
      "output_tokens_per_second_per_gpu", "total_tokens_per_second_per_gpu", "images_per_second",
    ].map { "throughput." + $0 }
    + ["ttft", "tpot", "e2e", "queue"].flatMap { name in
      ["mean", "p50", "p99"].map { "latency_seconds.\(name).\($0)" }
    }
    + [
      "power_watts.gpu_mean", "power_watts.it_mean", "power_watts.site_mean",
      "energy.gpu_joules_per_output_token", "energy.site_joules_per_output_token",
      "cost.dollars_per_million_output_tokens", "cost.output_tokens_per_second_per_megawatt",
    ]
}
