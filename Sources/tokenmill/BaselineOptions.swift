import ArgumentParser
import Documents
import Results
import Studies

/// What `tokenmill validate` holds itself against.
struct BaselineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Compare errors with the last version of this file and add the new one; exit 1 where a median grew.",
      valueName: "file.sqlite"), completion: .file(extensions: ["sqlite"]))
  var baseline: String?

  @Option(
    help: ArgumentHelp(
      "Growth of a median error that --baseline takes, in percentage points.", valueName: "points"))
  var tolerance = 0.5

  @Option(help: ArgumentHelp("What --baseline calls this version.", valueName: "text"))
  var version: String = tokenmillVersion

  /// The file; nil where none is asked for.
  func open() throws -> Baseline? {
    guard (0...100).contains(tolerance) else { throw ValidationError("--tolerance takes 0 to 100.") }
    return try baseline.map { path in try Baseline(path: path) }
  }

  /// Says what changed since the last version and adds the new one, unless it is worse.
  ///
  /// - Returns: a line for each partition whose median error grew by more than the tolerance.
  func compare(
    _ report: ValidationReport, with earlier: Baseline, isQuiet: Bool, _ tables: Terminal
  ) throws -> [String] {
    let changes = try earlier.changes(to: report, tolerance: tolerance / 100)
    if !isQuiet, let last = try earlier.lastLabel() {
      var table = TextTable([
        .init("since \(last)", .leading), .init("partition", .leading), .init("rows"), .init("median APE"),
        .init("now"),
      ])
      for change in changes {
        table.add([
          change.column, change.partition, "\(change.rows)", Numbers.percent(change.before),
          Numbers.percent(change.now),
        ])
      }
      if changes.isEmpty { table.add(["nothing changed"]) }
      try tables.writeOrThrow("\n" + table.lines(style: tables.style).joined(separator: "\n") + "\n")
    }
    let worse = changes.filter { $0.now > $0.before ?? $0.now }
    guard worse.isEmpty else {
      return worse.map {
        "\($0.column), \($0.partition): the median error grew from \(Numbers.percent($0.before)) to "
          + Numbers.percent($0.now)
      }
    }
    try earlier.add(report, label: version)
    return []
  }
}
