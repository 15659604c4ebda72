import Results

extension ValidationReport {
  /// What the tables show.
  public struct Layout: Sendable {
    /// Partitions beside the split; the standard ones where empty.
    public var dimensions: [[Dimension]]
    /// Rows of the list of the worst.
    public var worst: Int

    /// A layout.
    public init(dimensions: [[Dimension]] = [], worst: Int = 10) {
      self.dimensions = dimensions
      self.worst = worst
    }
  }

  /// The report as tables.
  public func text(_ layout: Layout = Layout(), style: TextStyle = TextStyle()) -> String {
    var lines: [String] = []
    for column in MeasuredColumn.allCases {
      let table = table(of: column, layout)
      guard !table.rows.isEmpty else { continue }
      lines += [style.strong(column.rawValue)] + table.lines(style: style) + [""]
    }
    lines += kernelLines(style: style)
    lines += worstLines(layout.worst, style: style)
    lines += unpredictedLines(style: style)
    while lines.last == "" { lines.removeLast() }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The columns of the table of errors.
  static let errorTitles = [
    "rows", "predicted", "MAPE", "median APE", "P90 APE", "mean error", "bias", "in 10-90 %",
  ]

  /// The errors of a column in the partitions of a layout.
  func table(of column: MeasuredColumn, _ layout: Layout) -> TextTable {
    var table = TextTable(
      [.init("partition", .leading, maximumWidth: 72)] + Self.errorTitles.map { .init($0) })
    for row in rows(of: column, layout) { table.add([row.partition.title] + row.statistics.cells) }
    return table
  }

  /// The errors of a column, in the partitions that a layout asks for.
  func rows(of column: MeasuredColumn, _ layout: Layout) -> [ErrorRow] {
    let wanted = layout.dimensions.isEmpty ? Partition.standard : layout.dimensions.map { [.split] + $0 }
    let ofColumn = errors.filter { $0.column == column }
    let splits = ofColumn.count { $0.partition.labels.count == 1 }
    return wanted.flatMap { dimensions in
      let rows = ofColumn.filter { $0.partition.labels.map(\.dimension) == dimensions }
      // A dimension in which all points of a split are alike says nothing more than the split.
      let isTelling = rows.count > splits || dimensions == [.split] || !layout.dimensions.isEmpty
      return isTelling ? rows : []
    }
  }

  private func kernelLines(style: TextStyle) -> [String] {
    func lines(_ title: String, _ errors: [KernelErrors], by labels: [String]) -> [String] {
      guard !errors.isEmpty else { return [] }
      var table = TextTable(
        [.init(title, .leading)] + labels.dropFirst().map { .init($0, .leading) }
          + KernelStatistics.titles.map { .init($0) })
      for (labels, statistics) in KernelErrors.merged(errors, by: labels) {
        table.add(labels + statistics.cells)
      }
      return table.lines(style: style) + [""]
    }
    return lines("kernels", kernels, by: KernelErrors.labels)
      + lines("power of kernels", kernelPowers, by: KernelErrors.powerLabels)
  }

  private func worstLines(_ count: Int, style: TextStyle) -> [String] {
    guard count > 0 else { return [] }
    var lines: [String] = []
    for column in MeasuredColumn.allCases {
      let rows = worst(count, of: column)
      guard !rows.isEmpty else { continue }
      var table = TextTable([
        .init("worst rows of \(column.rawValue)", .leading), .init("measured"), .init("predicted"),
        .init("error"),
      ])
      for row in rows {
        table.add([
          row.point.id, Numbers.text(row.measured), Numbers.text(row.predicted),
          Numbers.deviation(percent: row.error.map { $0 * 100 }),
        ])
      }
      lines += table.lines(style: style) + [""]
    }
    return lines
  }

  private func unpredictedLines(style: TextStyle) -> [String] {
    let reasons = unpredicted
    guard !reasons.isEmpty else { return [] }
    var table = TextTable([.init("points"), .init("not predicted because", .leading)])
    for (reason, points) in reasons { table.add(["\(points)", reason]) }
    return table.lines(style: style)
  }
}

extension Partition {
  /// The labels for a reader.
  var title: String { labels.map(\.value).joined(separator: " · ") }
}

extension ErrorStatistics {
  /// The statistics as cells of a table.
  var cells: [String] {
    [
      "\(rows)", "\(predicted)", Numbers.percent(meanAPE), Numbers.percent(medianAPE),
      Numbers.percent(p90APE),
      Numbers.deviation(percent: meanSignedError.map { $0 * 100 }), Numbers.text(bias),
      Numbers.percent(intervalCoverage),
    ]
  }
}
