import Documents

/// Rows of figures for spreadsheets and data frames; columns are called as the JSON calls the figures.
public struct FigureTable: Sendable {
  /// The names of the columns.
  public let columns: [String]
  private var lines: [String] = []

  /// A table without rows.
  ///
  /// - Parameter columns: the names; one that stands there already gets `.2`, `.3`, … behind it.
  public init(_ columns: [String]) {
    self.columns = columns.reduce(into: []) { names, name in
      var unique = name
      var count = 1
      while names.contains(unique) {
        count += 1
        unique = "\(name).\(count)"
      }
      names.append(unique)
    }
  }

  /// Adds a row.
  ///
  /// - Parameter values: a value for each column; nil and null are empty.
  public mutating func add(_ values: [JSONValue?]) {
    precondition(values.count == columns.count, "a row with other columns than the table")
    lines.append(CSVText.line(values.map { CSVText.field($0) }))
  }

  /// The header and a line a row, comma-separated as RFC 4180 has it, with `.` in decimals.
  public var csv: String { CSVText.line(columns) + lines.joined() }

  /// The figures of a run, of its site or of a deployment, that rows have: paths in its summary.
  ///
  /// They are the same for every run, so that tables of several stand under one header.
  public static let figures: [String] =
    [
      "arrived", "completed", "rejected", "cancelled", "failed", "in_flight", "preemptions", "input_tokens",
      "cached_input_tokens",
    ].map { "requests." + $0 }
    + [
      "output_tokens_per_second", "input_tokens_per_second", "requests_per_second",
      "output_tokens_per_second_per_gpu", "total_tokens_per_second_per_gpu",
      "goodput_requests_per_second", "images_per_second",
    ].map { "throughput." + $0 }
    + ["ttft", "tpot", "itl", "e2e", "queue", "ttfat"].flatMap { name in
      ["mean", "p50", "p90", "p95", "p99", "max"].map { "latency_seconds.\(name).\($0)" }
    }
    + ["gpu_mean", "gpu_peak", "it_mean", "it_peak", "site_mean", "site_peak"].map { "power_watts." + $0 }
    + [
      "energy.gpu_joules_per_output_token", "energy.site_joules_per_output_token",
      "energy.site_megawatt_hours", "facility.pue", "cost.dollars_per_million_output_tokens",
      "cost.output_tokens_per_second_per_megawatt",
      "economics.dollars_per_million_output_tokens.total", "kv_cache.peak_utilisation",
      "kv_cache.prefix_hit_rate", "faults.availability", "saturation.verdict", "binding_limit",
    ]

  /// The values of ``figures`` in a summary, or in a deployment of one; empty ones without a summary.
  ///
  /// - Parameter summary: the JSON of a run, of a deployment, or nil.
  /// - Returns: a value for each figure.
  public static func values(in summary: JSONValue?) -> [JSONValue?] {
    figures.map { summary?.value(at: $0) }
  }
}

extension RunReport {
  /// The steady window as a table: a row for the site, then one for each deployment.
  public var table: FigureTable {
    var table = FigureTable(["scenario", "seed", "kind", "name", "gpus"] + FigureTable.figures)
    let summary = json
    func add(_ kind: String, _ part: JSONValue) {
      table.add(
        [summary["scenario"], summary["seed"], .string(kind), part["name"], part["gpus"]]
          + FigureTable.values(in: part))
    }
    add("site", summary)
    if case .array(let deployments)? = summary["deployments"] {
      for deployment in deployments { add("deployment", deployment) }
    }
    return table
  }
}
