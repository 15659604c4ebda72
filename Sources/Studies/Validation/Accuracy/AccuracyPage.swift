import Results

/// The page `docs/accuracy.md`: errors of both halves side by side, what is worst, and what changed.
public struct AccuracyPage: Sendable {
  /// Benchmarks that are judged apart.
  struct Section {
    var suite: Suite
    var mode: BenchmarkPoint.Mode
    var title: String

    func holds(_ point: BenchmarkPoint) -> Bool { point.suite == suite.rawValue && point.mode == mode }
  }

  static let sections = [
    Section(suite: .inferencex, mode: .aggregated, title: "InferenceX, aggregated"),
    Section(suite: .inferencex, mode: .disaggregated, title: "InferenceX, disaggregated"),
    Section(suite: .mlperf, mode: .aggregated, title: "MLPerf Inference, datacenter"),
    Section(suite: .mlenergy, mode: .aggregated, title: "ML.ENERGY"),
    Section(suite: .published, mode: .aggregated, title: "Published figures"),
    Section(suite: .queueing, mode: .aggregated, title: "Queueing theory"),
  ]

  let report: ValidationReport
  /// Reports on points that were predicted without their own accelerator or model.
  let leftOut: [(subject: LeaveOneOut.Subject, report: ValidationReport)]
  /// The intervals that the report's predictions carry.
  let provenanceOfIntervals: [String]
  let label: String
  /// How overheads were fitted where points were left out, for people.
  let refit: String

  /// A page on a report.
  ///
  /// - Parameters:
  ///   - report: every suite's predictions.
  ///   - leftOut: reports on points that were predicted without their own accelerator or model.
  ///   - intervals: how the intervals of predictions were derived.
  ///   - label: what this version is called.
  ///   - refit: how overheads were fitted where points were left out.
  public init(
    _ report: ValidationReport,
    leftOut: [(subject: LeaveOneOut.Subject, report: ValidationReport)] = [], intervals: [String] = [],
    label: String, refit: String = ""
  ) {
    self.report = report
    self.leftOut = leftOut
    provenanceOfIntervals = intervals
    self.label = label
    self.refit = refit
  }

  /// The headline figures: every section, half and column.
  public var entry: AccuracyHistory.Entry {
    var figures: [AccuracyHistory.Figure] = []
    for section in Self.sections {
      for column in MeasuredColumn.allCases {
        let own = report.comparisons.filter { $0.column == column && section.holds($0.point) }
        for half in Self.halves(own) {
          let statistics = ErrorStatistics(of: own.filter { $0.point.split == half })
          let name = "\(section.suite.rawValue) \(section.mode.rawValue) \(half) \(column.rawValue)"
          figures.append(.init(name: name, statistics))
        }
      }
    }
    for (labels, found) in KernelErrors.merged(report.kernels, by: ["operator"]) {
      figures.append(.init(name: "kernels \(labels.joined())", found.statistics))
    }
    for (labels, found) in KernelErrors.merged(report.kernelPowers, by: ["evidence"]) {
      figures.append(.init(name: "power of kernels \(labels.joined())", found.statistics))
    }
    for (subject, report) in leftOut {
      for column in MeasuredColumn.headlines {
        let own = report.comparisons.filter { $0.column == column }
        guard !own.isEmpty else { continue }
        let name = "without own \(subject.rawValue) \(column.rawValue)"
        figures.append(.init(name: name, ErrorStatistics(of: own)))
      }
    }
    return .init(label: label, figures: figures)
  }

  /// The halves of some comparisons: fit and test, or what there is.
  static func halves(_ comparisons: [Comparison]) -> [String] {
    let found = Set(comparisons.map(\.point.split))
    return ["fit", "test", "theory", ""].filter { found.contains($0) }
  }

  /// The page as Markdown, with what changed since the last version of a history.
  public func markdown(since history: AccuracyHistory) -> String {
    var lines = introduction
    lines += changes(since: history.previous(to: label))
    for section in Self.sections { lines += self.lines(of: section) }
    lines += kernelLines
    lines += kernelPowerLines
    lines += serverLines
    lines += leftOutLines
    lines += worstLines
    lines += coverageLines
    while lines.last == "" { lines.removeLast() }
    return lines.joined(separator: "\n") + "\n"
  }

  private var introduction: [String] {
    [
      "# Accuracy", "",
      "Made by `make accuracy` (version \(label)): every measured run is simulated as its benchmark ran it. "
        + "Calibration may be fitted to the half `fit` of the configurations and never to `test`; "
        + "[validation.md](validation.md) says what the figures are and how the halves were chosen.", "",
      "Error is predicted / measured − 1; APE its magnitude; bias the median of predicted / measured. "
        + "*In 10-90 %* is the share of measured values inside the interval that a prediction carries: it should be "
        + "80 %, give or take 5. \(provenanceOfIntervals.joined(separator: ". "))", "",
    ]
  }
}

/// Errors by half.
extension AccuracyPage {
  private static let statisticTitles = ["rows", "predicted", "median APE", "P90 APE", "bias", "in 10-90 %"]

  private static func cells(_ statistics: ErrorStatistics) -> [String] {
    guard statistics.rows > 0 else { return statisticTitles.map { _ in "" } }
    return [
      "\(statistics.rows)", "\(statistics.predicted)", Numbers.percent(statistics.medianAPE),
      Numbers.percent(statistics.p90APE), Numbers.text(statistics.bias),
      Numbers.percent(statistics.intervalCoverage),
    ]
  }

  private func lines(of section: Section) -> [String] {
    let all = report.comparisons.filter { section.holds($0.point) }
    guard !all.isEmpty else { return [] }
    var lines = ["## \(section.title)", ""]
    for column in MeasuredColumn.allCases {
      let own = all.filter { $0.column == column }
      guard !own.isEmpty else { continue }
      let halves = Self.halves(own)
      var rows = [Self.row("all", own, halves)]
      for dimension in [Dimension.framework, .system, .model, .load, .concurrency] {
        let labels = Set(own.map { dimension.label(of: $0.point) }).sorted()
        guard labels.count > 1 else { continue }
        rows += labels.map { label in
          Self.row(
            "\(dimension.rawValue) \(label)", own.filter { dimension.label(of: $0.point) == label }, halves)
        }
      }
      let titles = halves.flatMap { half in Self.statisticTitles.map { half.isEmpty ? $0 : "\(half): \($0)" }
      }
      lines += ["### `\(column.rawValue)`, \(section.title)", ""]
      lines += ValidationReport.table(["partition"] + titles, rows) + [""]
    }
    return lines
  }

  private static func row(_ title: String, _ comparisons: [Comparison], _ halves: [String]) -> [String] {
    [title]
      + halves.flatMap { half in
        cells(ErrorStatistics(of: comparisons.filter { $0.point.split == half }))
      }
  }

  private var kernelLines: [String] {
    guard !report.kernels.isEmpty else { return [] }
    var lines = [
      "## Kernels", "",
      "Every measured kernel (the least latency of each shape over versions) predicted by the calibrated cost "
        + "model, which is fitted to them. `tokenmill validate --suite kernels` prints every operator, format, framework "
        + "and system.", "",
    ]
    for names in [["operator", "format", "framework"], ["operator", "system"]] {
      let rows = KernelErrors.merged(report.kernels, by: names).map { $0.labels + $0.1.cells }
      lines += ValidationReport.table(names + KernelStatistics.titles, leading: names.count, rows) + [""]
    }
    return lines
  }

  private var kernelPowerLines: [String] {
    guard !report.kernelPowers.isEmpty else { return [] }
    var lines = [
      "## Power of kernels", "",
      "Board power of every measured kernel of at least a millisecond. Coefficients are fitted to those of the systems called `measured`; "
        + "the others' are carried from them and never fitted.", "",
    ]
    for names in [["evidence", "system"], KernelErrors.powerLabels] {
      let rows = KernelErrors.merged(report.kernelPowers, by: names).map { $0.labels + $0.1.cells }
      lines += ValidationReport.table(names + KernelStatistics.titles, leading: names.count, rows) + [""]
    }
    return lines
  }

  private var serverLines: [String] {
    let all = report.serversLeftOut
    guard !all.isEmpty else { return [] }
    let halves = Self.halves(all)
    let systems = Set(all.map(\.point.system)).sorted()
    let rows =
      [Self.row("all", all, halves)]
      + systems.map { system in Self.row(system, all.filter { $0.point.system == system }, halves) }
    let titles = halves.flatMap { half in Self.statisticTitles.map { "\(half): \($0)" } }
    return [
      "## Wall power without a server's own log", "",
      "`node_power_w` of each server, what it draws beside its accelerators taken from the other servers' wall-power logs: what "
        + "predictions of an unmeasured server are worth.", "",
    ] + ValidationReport.table(["system"] + titles, rows) + [""]
  }

  private var leftOutLines: [String] {
    var lines: [String] = []
    for (subject, report) in leftOut {
      let what =
        subject == .accelerator
        ? "Each system's runs, predicted with kernels fitted without that system: what predictions of unmeasured hardware "
          + "are worth."
        : "Each model's runs, predicted without them: what predictions of an unmeasured model are worth."
      lines += ["## Without its own \(subject.rawValue)", "", [what, refit].joined(separator: " "), ""]
      for column in MeasuredColumn.headlines {
        let own = report.comparisons.filter { $0.column == column }
        guard !own.isEmpty else { continue }
        let halves = Self.halves(own)
        let labels = Set(own.map { subject.dimension.label(of: $0.point) }).sorted()
        var rows = [Self.row("all", own, halves)]
        rows += labels.map { label in
          Self.row(label, own.filter { subject.dimension.label(of: $0.point) == label }, halves)
        }
        let titles = halves.flatMap { half in Self.statisticTitles.map { "\(half): \($0)" } }
        lines += ["### `\(column.rawValue)` without its own \(subject.rawValue)", ""]
        lines += ValidationReport.table([subject.rawValue] + titles, rows) + [""]
      }
    }
    return lines
  }
}

extension MeasuredColumn {
  /// The columns that every comparison of versions shows.
  static let headlines: [MeasuredColumn] = [
    .ttftMean, .tpotMean, .derivedThroughput, .outputTokensPerSecond, .gpuPower,
  ]
}
