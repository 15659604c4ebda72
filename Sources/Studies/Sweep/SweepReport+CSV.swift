import Documents
import Results
import Scenario

extension SweepReport {
  /// The points as a table, a row each: the axes, then the figures of its steady window.
  ///
  /// A point that can't run has no figures, and why in its last column.
  public var table: FigureTable {
    let own = ["index", "pareto", "gpus", "racks", "problems"] + FigureTable.figures
    var table = FigureTable(
      ["index"] + sweep.axes.map { own.contains($0.name) ? "at." + $0.name : $0.name }
        + ["pareto", "gpus", "racks"] + FigureTable.figures + ["problems"])
    for (swept, isOnFront) in zip(points, isOnFront) {
      var summary: JSONValue?
      if case .summary(let text) = swept.outcome { summary = try? JSONValue(parsing: text) }
      var row: [JSONValue?] = [.int(swept.point.index)]
      row += sweep.axes.indices.map { sweep.value(of: $0, at: swept.point).json }
      row += [.bool(isOnFront), summary?["gpus"], summary?["racks"]]
      row += FigureTable.values(in: summary)
      row.append(.array(swept.problems.map { .string($0) }))
      table.add(row)
    }
    return table
  }
}
