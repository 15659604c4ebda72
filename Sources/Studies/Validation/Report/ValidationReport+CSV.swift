import Documents
import Results

extension ValidationReport {
  /// What was compared as a table: a row for each measured figure of each point.
  public var table: FigureTable {
    let names = [
      "id", "column", "measured", "predicted", "reason", "split", "suite", "system", "accelerators",
      "framework", "model", "weights", "mode", "concurrency",
    ]
    var table = FigureTable(names + ["interval_low", "interval_high"])
    guard case .array(let points)? = json["points"] else { return table }
    for point in points {
      var interval: [JSONValue?] = [nil, nil]
      if case .array(let limits)? = point["interval"], limits.count == 2 { interval = limits }
      table.add(names.map { point[$0] } + interval)
    }
    return table
  }
}
