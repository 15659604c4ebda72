import Documents
import Results

extension CompareReport {
  /// The runs as a table, a row each: what it is, then the figures of its steady window.
  ///
  /// A run that can't run has no figures, and why in its last column.
  public var table: FigureTable {
    var table = FigureTable(
      ["label", "source", "kind", "settings", "scenario", "seed", "systems", "gpus"] + FigureTable.figures
        + ["problems"])
    for run in runs {
      var row: [JSONValue?] = [
        .string(run.label), .string(run.source), .string(run.kind.rawValue),
        .array(run.settings.map { .string($0) }),
      ]
      row += [run.summary?["scenario"], run.summary?["seed"]]
      row += [.array(run.systems.map { .string($0.id) }), run.summary?["gpus"]]
      row += FigureTable.values(in: run.summary)
      row.append(.array(run.problems.map { .string($0) }))
      table.add(row)
    }
    return table
  }
}

extension SensitivityReport {
  /// The study as a table: a row for each figure of the hardware with less of it, and one with more.
  ///
  /// Changes are shares of the scenario's own figures.
  public var table: FigureTable {
    var table = FigureTable(
      ["system", "path", "value", "direction", "share", "settings"] + figures.map { "changes." + $0.path }
        + ["problems"])
    for effect in effects {
      let variation = effect.variation
      add(effect.lower, "lower", variation, variation.lower, to: &table)
      if let higher = effect.higher { add(higher, "higher", variation, variation.higher ?? [], to: &table) }
    }
    return table
  }

  private func add(
    _ outcome: Outcome, _ direction: String, _ variation: SensitivityStudy.Variation, _ settings: [String],
    to table: inout FigureTable
  ) {
    var row: [JSONValue?] = [
      .string(variation.system), .string(variation.path), .string(variation.value), .string(direction),
      .double(direction == "lower" ? -share : share), .array(settings.map { .string($0) }),
    ]
    switch outcome {
    case .changes(let changes): row += changes.map { .optional($0) } + [nil]
    case .problems(let problems):
      row += figures.map { _ in nil }
      row.append(.array(problems.map { .string($0) }))
    }
    table.add(row)
  }
}
