import CostModel
import Results

/// What is worst, what is missing, and what changed.
extension AccuracyPage {
  /// Points in the list of the worst.
  static let worst = 10

  var worstLines: [String] {
    let columns: [MeasuredColumn] = [.tpotMean, .ttftMean, .outputTokensPerSecond]
    let found = columns.map { (column: $0, rows: report.worst(Self.worst, of: $0)) }.filter {
      !$0.rows.isEmpty
    }
    guard !found.isEmpty else { return [] }
    var lines = [
      "## The worst points", "",
      "By the ratio of the larger to the smaller value, with what cleaning flagged, what the source notes, and what had "
        + "to be assumed because the source does not state it.", "",
    ]
    for (column, rows) in found {
      lines += ["### Worst `\(column.rawValue)`", ""]
      lines += rows.enumerated().map { "\($0.offset + 1). \(description(of: $0.element))" } + [""]
    }
    return lines
  }

  private func description(of row: Comparison) -> String {
    let point = row.point
    let error = Numbers.deviation(percent: row.error.map { $0 * 100 })
    var parts = [
      "`\(point.id)`\(point.split.isEmpty ? "" : " (\(point.split))"): measured \(Numbers.text(row.measured)), "
        + "predicted \(Numbers.text(row.predicted)), \(error)"
    ]
    let others = report.comparisons.filter { $0.point.id == point.id && $0.column != row.column }
    let context = others.compactMap { other -> String? in
      guard other.predicted != nil else { return nil }
      return "`\(other.column.rawValue)` \(Numbers.deviation(percent: other.error.map { $0 * 100 }))"
    }
    if !context.isEmpty { parts.append("other figures: " + context.joined(separator: ", ")) }
    if !point.flag.isEmpty { parts.append("flag: " + point.flag) }
    if !point.notes.isEmpty { parts.append("notes: " + point.notes) }
    let result = report.results.first { $0.point.id == point.id }
    if let grounds = result?.grounds {
      parts.append("load of a replica \(grounds.load.rawValue), kernels \(grounds.evidence.rawValue)")
    }
    if let assumed = result?.assumptions, !assumed.isEmpty {
      parts.append("assumed: " + assumed.map { "\($0.name) \($0.value)" }.joined(separator: ", "))
    }
    return parts.joined(separator: "; ")
  }

  /// How many points each benchmark has, and why some of them have no prediction.
  var coverageLines: [String] {
    var rows: [[String]] = []
    for section in Self.sections {
      let own = report.results.filter { section.holds($0.point) }
      guard !own.isEmpty else { continue }
      for half in ["fit", "test", "theory", ""] {
        let points = own.filter { $0.point.split == half }
        guard !points.isEmpty else { continue }
        let predicted = points.count { $0.predicted != nil }
        rows.append([
          section.title, half, "\(points.count)", "\(predicted)",
          Numbers.percent(Double(predicted) / Double(points.count)),
        ])
      }
    }
    var lines = ["## Coverage", ""]
    lines +=
      ValidationReport.table(["benchmark", "half", "points", "predicted", ""], leading: 2, rows) + [""]
    let reasons = report.unpredicted
    if !reasons.isEmpty {
      lines += ValidationReport.table(
        ["not predicted because", "points"], reasons.map { [$0.reason, "\($0.points)"] })
      lines.append("")
    }
    return lines
  }

  /// Figures that differ from those of an earlier version.
  func changes(since earlier: AccuracyHistory.Entry?) -> [String] {
    var lines = ["## What changed", ""]
    guard let earlier else { return lines + ["There is no earlier version to compare with.", ""] }
    var rows: [[String]] = []
    for figure in entry.figures {
      let before = earlier.figures.first { $0.name == figure.name }
      guard before != figure else { continue }
      func cell(_ value: (AccuracyHistory.Figure) -> String) -> String {
        "\(before.map(value) ?? Numbers.missing) → \(value(figure))"
      }
      rows.append([
        figure.name, cell { "\($0.predicted) of \($0.rows)" },
        cell { Numbers.percent($0.medianPercent.map { $0 / 100 }) },
        cell { Numbers.percent($0.p90Percent.map { $0 / 100 }) }, cell { Numbers.text($0.bias) },
        cell { Numbers.percent($0.intervalCoverage) },
      ])
    }
    for figure in earlier.figures where !entry.figures.contains(where: { $0.name == figure.name }) {
      rows.append([figure.name, "\(figure.predicted) of \(figure.rows) → not run", "", "", "", ""])
    }
    guard !rows.isEmpty else { return lines + ["Nothing since version \(earlier.label).", ""] }
    lines += ["Since version \(earlier.label):", ""]
    let titles = ["figure", "predicted", "median APE", "P90 APE", "bias", "in 10-90 %"]
    return lines + ValidationReport.table(titles, rows) + [""]
  }
}
