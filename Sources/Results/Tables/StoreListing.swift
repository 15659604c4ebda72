import Documents

/// The runs of a store, side by side.
public struct StoreListing: Sendable {
  /// A run with its summary.
  struct Entry: Sendable {
    var run: StoredRun
    var summary: JSONValue
  }

  let entries: [Entry]

  /// Reads the summaries of a store.
  ///
  /// - Parameter store: where the runs are.
  /// - Throws: a problem that names the file where it can't be read.
  public init(_ store: ResultStore) throws(Problems) {
    var entries: [Entry] = []
    for run in try store.runs() {
      let text = try store.summary(of: run.id) ?? ""
      guard let summary = try? JSONValue(parsing: text) else {
        throw Problems(Problem(file: store.path, message: "the summary of run \(run.id) is damaged"))
      }
      entries.append(Entry(run: run, summary: summary))
    }
    self.entries = entries
  }

  /// The runs as JSON: number, point of a sweep, summary.
  public var json: JSONValue {
    [
      "tokenmill": 1,
      "runs": .array(
        entries.map { entry in
          [
            "run": .int(Int(entry.run.id)), "index": entry.run.index.map { .int($0) } ?? .null,
            "point": entry.run.point.map { .string($0) } ?? .null, "result": entry.summary,
          ]
        }),
    ]
  }

  /// The runs as a table for programs, a row each.
  public var table: FigureTable {
    var table = FigureTable(["run", "index", "point", "scenario", "seed", "gpus"] + FigureTable.figures)
    for entry in entries {
      var row: [JSONValue?] = [.int(Int(entry.run.id)), entry.run.index.map { .int($0) }]
      row += [entry.run.point.map { .string($0) }, entry.summary["scenario"], entry.summary["seed"]]
      row += [entry.summary["gpus"]] + FigureTable.values(in: entry.summary)
      table.add(row)
    }
    return table
  }

  /// The runs as a table for a person.
  ///
  /// - Parameter style: how text is marked.
  /// - Returns: a line a run under a header.
  public func text(style: TextStyle = TextStyle()) -> String {
    guard !entries.isEmpty else { return "no runs\n" }
    var table = TextTable([
      .init("run"), .init("#"), .init("scenario, point", .leading), .init("tok/s"),
      .init("TTFT p50"), .init("TPOT p50"), .init("limit", .leading),
    ])
    for entry in entries {
      let summary = entry.summary
      let name = entry.run.point ?? CSVText.field(summary["scenario"])
      table.add([
        "\(entry.run.id)", entry.run.index.map { "\($0)" } ?? Numbers.missing, name,
        Numbers.text(summary.number(at: "throughput.output_tokens_per_second")),
        Numbers.seconds(summary.number(at: "latency_seconds.ttft.p50")),
        Numbers.seconds(summary.number(at: "latency_seconds.tpot.p50")),
        CSVText.field(summary["binding_limit"]),
      ])
    }
    return table.lines(style: style).joined(separator: "\n") + "\n"
  }
}
