import Documents
import Results

extension PlanReport {
  /// The candidates as a table, best first, a row each.
  ///
  /// `limits.` columns say what is left of each limit; `settings` make the scenario that candidate.
  public var table: FigureTable {
    guard case .array(let candidates)? = json["candidates"] else { return FigureTable([]) }
    var limits: [String] = []
    for candidate in candidates {
      guard case .object(let members)? = candidate["limits"] else { continue }
      for (name, _) in members where !limits.contains(name) { limits.append(name) }
    }
    let paths =
      Self.configuration + Self.figures.map { "estimated." + $0 }
      + (Self.figures + ["replicas", "runs"]).map { "simulated." + $0 } + limits.map { "limits." + $0 }
    var table = FigureTable(["rank"] + paths + ["settings"])
    for (index, candidate) in candidates.enumerated() {
      var settings: [JSONValue] = []
      if case .object(let members)? = candidate["settings"] {
        settings = members.map { .string("\($0)=\(CSVText.field($1))") }
      }
      table.add([.int(index + 1)] + paths.map { candidate.value(at: $0) } + [.array(settings)])
    }
    return table
  }

  private static let configuration = [
    "system", "engine", "parallel", "mode", "pools.prefill.parallel", "pools.prefill.replicas",
    "pools.decode.parallel", "pools.decode.replicas", "max_batch_size", "power_limit_watts", "replicas",
    "spares", "gpus", "racks", "feasible", "binding_limit",
  ]
  private static let figures = [
    "arrivals_per_second", "output_tokens_per_second", "output_tokens_per_second_per_gpu",
    "dollars_per_million_tokens", "tokens_per_megawatt_hour", "carbon_kilograms_per_million_tokens",
    "gpu_watts", "site_watts",
  ]
}
