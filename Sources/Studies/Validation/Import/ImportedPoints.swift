import Documents

/// Rows of benchmark points from results of load generators and what a user says of them.
public struct ImportedPoints: Sendable {
  /// Columns that every row needs and no load generator knows.
  static let needed = ["system", "accelerators", "framework", "model"]

  private let rows: [[String: String]]

  /// Rows of results.
  ///
  /// - Parameters:
  ///   - results: runs with the name of each, which becomes its id.
  ///   - stated: columns that the user states, for all rows; they replace what results say.
  /// - Throws: a problem for a column that benchmark points don't have, or one that is needed and missing.
  public init(
    _ results: [(name: String, result: BenchmarkResult)], stated: [(column: String, value: String)]
  ) throws(Problems) {
    var problems: [Problem] = []
    for (column, value) in stated where !PointColumns.all.contains(column) {
      problems.append(
        Problem(
          file: "--set", found: "'\(column)=\(value)'", message: "benchmark points have no such column",
          hint: nearestName(to: column, among: PointColumns.all).map { "did you mean '\($0)'?" }))
    }
    rows = results.map { name, result in
      var row = ["id": name, "suite": "own", "source": name, "mode": "agg"]
      for (column, value) in result.columns { row[column] = value }
      for (column, value) in stated { row[column] = value }
      return row
    }
    for row in rows {
      let missing = Self.needed.filter { row[$0, default: ""].isEmpty }
      guard !missing.isEmpty else { continue }
      problems.append(
        Problem(
          file: row["id", default: ""], message: "doesn't say \(missing.joined(separator: ", "))",
          hint: missing.map { "--set \($0)=…" }.joined(separator: " ")))
    }
    if !problems.isEmpty { throw Problems(problems) }
  }

  /// The rows as a file of points: a header and a line for each.
  public var csv: String {
    let columns = PointColumns.all.filter { column in rows.contains { $0[column] != nil } }
    return CSVText.line(columns)
      + rows.map { row in CSVText.line(columns.map { row[$0, default: ""] }) }.joined()
  }
}
