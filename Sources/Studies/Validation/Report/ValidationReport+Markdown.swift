import Results

extension ValidationReport {
  /// The errors as Markdown tables: one for each column, and one of what was not predicted.
  public func markdown(_ layout: Layout = Layout()) -> String {
    var lines = ["# Accuracy", ""]
    for column in MeasuredColumn.allCases {
      let rows = rows(of: column, layout)
      guard !rows.isEmpty else { continue }
      let cells = rows.map { [$0.partition.title] + $0.statistics.cells }
      lines += ["## `\(column.rawValue)`", ""] + Self.table(["partition"] + Self.errorTitles, cells) + [""]
    }
    if !kernels.isEmpty {
      let cells = KernelErrors.merged(kernels, by: KernelErrors.labels).map { $0.labels + $0.1.cells }
      let titles = KernelErrors.labels + KernelStatistics.titles
      lines += ["## Kernels", ""] + Self.table(titles, leading: KernelErrors.labels.count, cells) + [""]
    }
    if !kernelPowers.isEmpty {
      let labels = KernelErrors.powerLabels
      let cells = KernelErrors.merged(kernelPowers, by: labels).map { $0.labels + $0.1.cells }
      lines += ["## Power of kernels", ""]
      lines += Self.table(labels + KernelStatistics.titles, leading: labels.count, cells) + [""]
    }
    let reasons = unpredicted
    if !reasons.isEmpty {
      let cells = reasons.map { [$0.reason, "\($0.points)"] }
      lines += ["## Not predicted", ""] + Self.table(["reason", "points"], cells) + [""]
    }
    return lines.joined(separator: "\n")
  }

  /// A table whose first columns are words and the others numbers.
  static func table(_ titles: [String], leading: Int = 1, _ rows: [[String]]) -> [String] {
    func line(_ cells: [String]) -> String {
      "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    let rule = "|" + titles.indices.map { $0 < leading ? " --- |" : " ---: |" }.joined()
    return [line(titles), rule] + rows.map(line)
  }
}
