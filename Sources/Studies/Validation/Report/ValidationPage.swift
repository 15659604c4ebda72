import Pictures
import Results

/// A validation as one page: predicted over measured, errors by partition, gates.
public struct ValidationPage: Sendable {
  private let report: ValidationReport
  private let layout: ValidationReport.Layout
  private let gates: String

  /// A page on a report.
  ///
  /// - Parameters:
  ///   - report: the validation.
  ///   - layout: how its tables are partitioned.
  ///   - gates: what became of the gates, as text; empty where there are none.
  public init(_ report: ValidationReport, layout: ValidationReport.Layout, gates: String = "") {
    self.report = report
    self.layout = layout
    self.gates = gates
  }

  /// The page: HTML that holds all it needs.
  public var html: String {
    var page = Page("Predicted and measured")
    page.heading("Predicted and measured", level: 1)
    page.paragraph(
      "\(report.results.count) points. On the line a prediction is right; dashes are a factor of 1.25 either way."
    )
    if !gates.isEmpty {
      page.heading("Gates")
      page.listing(gates)
    }
    for column in MeasuredColumn.allCases {
      let own = report.comparisons.filter { $0.column == column && $0.predicted != nil }
      guard !own.isEmpty else { continue }
      page.heading(column.rawValue)
      page.pictures([scatter(own, column.rawValue), spread(own)].compactMap { $0 })
      let rows = report.errors.filter { $0.column == column }
      page.table(
        ["partition", "rows", "predicted", "median APE", "P90 APE", "bias", "in 10-90 %"],
        rows.map { row in
          let statistics = row.statistics
          return [
            row.partition.title, "\(statistics.rows)", "\(statistics.predicted)",
            Numbers.percent(statistics.medianAPE), Numbers.percent(statistics.p90APE),
            Numbers.text(statistics.bias), Numbers.percent(statistics.intervalCoverage),
          ]
        })
    }
    for (reason, points) in report.unpredicted {
      page.paragraph("Not predicted, \(points) points: \(reason)")
    }
    return page.html
  }

  private func scatter(_ comparisons: [Comparison], _ title: String) -> String {
    let measured = comparisons.map(\.measured).filter { $0 > 0 }
    let (low, high) = (measured.min() ?? 1, measured.max() ?? 1)
    func line(_ factor: Double) -> [Chart.Point] { [.init(low, low * factor), .init(high, high * factor)] }
    let halves = AccuracyPage.halves(comparisons)
    let series = halves.map { half in
      Chart.Series(
        half.isEmpty ? "points" : half,
        comparisons.filter { $0.point.split == half }.map { comparison in
          Chart.Point(comparison.measured, comparison.predicted ?? .nan, note: comparison.point.id)
        }, style: .points)
    }
    return Chart(
      title, x: .init("measured", isLogarithmic: true), y: .init("predicted", isLogarithmic: true),
      series: series + [
        .init("right", line(1)), .init("", line(1.25), style: .dashes), .init("", line(0.8), style: .dashes),
      ]
    ).svg
  }

  /// Shares of points by how far off they are.
  private func spread(_ comparisons: [Comparison]) -> String? {
    guard comparisons.count > 1 else { return nil }
    let series = AccuracyPage.halves(comparisons).map { half in
      let errors = comparisons.filter { $0.point.split == half }.compactMap { $0.error.map(abs) }.sorted()
      return Chart.Series(
        half.isEmpty ? "points" : half,
        errors.enumerated().map { .init(100 * $1, 100 * Double($0 + 1) / Double(errors.count)) },
        style: .steps)
    }
    return Chart(
      "share of points that are less far off", x: .init("% off", isLogarithmic: true), y: .init("%"),
      series: series
    ).svg
  }
}
