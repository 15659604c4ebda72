import ArgumentParser
import Documents
import Results
import Scenario
import Studies
import Synchronization

/// `tokenmill validate`.
struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Compare predictions with measured benchmarks and with theory.",
    usage: "tokenmill validate [<options>]",
    discussion: """
      Every point is simulated as its benchmark ran it; what the source leaves open is settled by the benchmark's \
      recipes or the framework's defaults, which --explain shows.

      EXAMPLES:
        tokenmill validate --points points.csv
        tokenmill validate --suite queueing
        tokenmill validate --points points.csv --by framework,system --gate calibration/gates/points.yaml
        tokenmill validate --points points.csv --explain inferencex:… --json report.json
      """)

  @Option(help: "A suite to run: \(Suite.allCases.map(\.rawValue).joined(separator: ", ")). May be repeated.")
  var suite: [Suite] = []

  @Option(
    help: ArgumentHelp("Measured runs, as CSV. May be repeated.", valueName: "file.csv"),
    completion: .file(extensions: ["csv"]))
  var points: [String] = []

  @Option(help: "The half of the data to look at: fit or test; both by default.")
  var split: Split?

  @Option(
    help: ArgumentHelp(
      "The store that 'make measurements' builds; calibration/measurements.sqlite by default.",
      valueName: "file.sqlite"), completion: .file())
  var measurements: String?

  @Option(
    help: ArgumentHelp("Bounds on errors; exit 1 when one is broken.", valueName: "file.yaml"),
    completion: .file(extensions: ["yaml", "yml"]))
  var gate: String?

  @Option(
    help: ArgumentHelp(
      "Write the report as JSON to a file, or to standard output with -.", valueName: "file|-"),
    completion: .file())
  var json: String?

  @Option(
    help: ArgumentHelp(
      "Write every measured figure beside its prediction as CSV to a file, or to standard output with -.",
      valueName: "file|-"),
    completion: .file(extensions: ["csv"]))
  var csv: String?

  @Option(
    help: ArgumentHelp("Write the tables of errors as Markdown.", valueName: "file.md"), completion: .file())
  var markdown: String?

  @Option(
    help: ArgumentHelp("Write a page with pictures of predicted over measured.", valueName: "file.html"),
    completion: .file(extensions: ["html"]))
  var html: String?

  @OptionGroup var baseline: BaselineOptions

  @OptionGroup var accuracy: AccuracyOptions

  @Option(help: ArgumentHelp("Show how a point was settled and predicted.", valueName: "id"))
  var explain: String?

  @Option(
    help: ArgumentHelp(
      "Partition the tables by \(Dimension.allCases.map(\.rawValue).joined(separator: ", ")) or several of them. "
        + "May be repeated.", valueName: "dimension,…"))
  var by: [Dimensions] = []

  @Option(help: "Rows in the lists of the worst predictions.")
  var worst = 5

  @Option(help: "Threads to use; as many as the machine has cores by default.")
  var threads: Int?

  @Flag(name: [.short, .long], help: "No tables, progress and timing; only what was asked for, and errors.")
  var quiet = false

  func run() async throws {
    let use = ResourceUse()
    let threads = try tokenmill.threads(threads)
    let results = try Outputs(json: json, csv: csv, isQuiet: quiet)
    let page = try markdown.map { path in try OutputFile(checking: path) }
    let pictures = try html.map { path in try OutputFile(checking: path) }
    let earlier = try baseline.open()
    let gates = try gate.map { path in try Gate.read(path: path) } ?? []
    let outputs = try AccuracyOutputs(accuracy)
    var validation = try Validation.load(
      Validation.Selection(
        suites: suite, files: points, split: split?.rawValue, store: measurements,
        dimensions: by.map(\.dimensions)))
    for warning in validation.warnings { Terminal.standardError.write("warning: \(warning)\n") }
    try await outputs.writeIntervals(of: &validation, threads: threads, progress: say)
    let done = DoneCount()
    let count = validation.count
    let line = ProgressLine(isQuiet: quiet) { _ in "\(done.value) of \(count) points" }
    defer { line.stop() }
    let report = try await validation.run(threads: threads, done: { done.add($0) })
    line.stop()
    let leftOut = try await outputs.leaveOut(of: validation, threads: threads, progress: say)

    let figures = leftOut.reduce(report.json) { found, left in
      found.adding(left.report.json, as: "without_own_" + left.subject.rawValue)
    }
    try outputs.writeEstimateErrors(report)
    try outputs.writePage(report, leftOut, intervals: validation.provenanceOfIntervals)
    try page?.write(report.markdown(layout))
    let verdicts = gates.isEmpty ? "" : GateTable.text(judged(gates, report), style: TextStyle())
    try pictures?.write(ValidationPage(report, layout: layout, gates: verdicts).html)
    try results.write(json: { figures }, csv: { report.table })
    let tables = results.tables
    if let explain {
      try tables.writeOrThrow(try report.explanation(of: explain, style: tables.style))
    } else if !quiet {
      try tables.writeOrThrow(report.text(layout, style: tables.style))
      for (subject, report) in leftOut {
        let title = tables.style.strong("every point without its own \(subject.rawValue)")
        try tables.writeOrThrow("\n\(title)\n\n" + report.text(layout, style: tables.style))
      }
    }
    if !quiet { reportTime(use, points: count) }
    let worse = try earlier.map { try baseline.compare(report, with: $0, isQuiet: quiet, tables) } ?? []
    try judge(gates, report, tables)
    guard worse.isEmpty else {
      throw Failure(message: worse.joined(separator: "\nerror: "), status: .answerIsNo)
    }
  }

  private func judged(_ gates: [Gate], _ report: ValidationReport) -> [(gate: Gate, verdict: Gate.Verdict)] {
    gates.map { (gate: $0, verdict: $0.verdict(on: report)) }
  }

  /// A line of progress on standard error.
  private func say(_ line: String) {
    if !quiet { Terminal.standardError.write(line + "\n") }
  }

  private var layout: ValidationReport.Layout {
    ValidationReport.Layout(dimensions: by.map(\.dimensions), worst: max(0, worst))
  }

  /// Says what became of the gates; ends with 1 when one is broken.
  private func judge(_ gates: [Gate], _ report: ValidationReport, _ tables: Terminal) throws {
    guard !gates.isEmpty else { return }
    let judged = judged(gates, report)
    if !quiet { try tables.writeOrThrow(GateTable.text(judged, style: tables.style)) }
    guard judged.contains(where: { $0.verdict != .skipped }) else {
      throw Failure(message: "none of the gates is about what was validated", status: .wrongInput)
    }
    let broken = judged.compactMap { GateTable.failure($0.gate, $0.verdict) }
    if !broken.isEmpty {
      throw Failure(message: broken.joined(separator: "\nerror: "), status: .answerIsNo)
    }
  }

  private func reportTime(_ use: ResourceUse, points: Int) {
    let style = Terminal.standardError.style
    let text =
      "\(Numbers.seconds(use.wallSeconds)) of wall time, \(Numbers.text(Int64(points))) points, "
      + "\(Numbers.text((ResourceUse.peakMemoryBytes / 1e6).rounded())) MB of memory at most"
    Terminal.standardError.write(style.aside(text) + "\n")
  }
}

extension Suite: ExpressibleByArgument {}

/// The halves of the data.
enum Split: String, ExpressibleByArgument, CaseIterable {
  case fit, test
}

/// Dimensions of one partition, as an argument: `framework,system`.
struct Dimensions: ExpressibleByArgument {
  let dimensions: [Dimension]

  init?(argument: String) {
    let names = argument.split(separator: ",").map(String.init)
    dimensions = names.compactMap { Dimension(rawValue: $0) }
    guard !names.isEmpty, dimensions.count == names.count else { return nil }
  }
}

/// Counts the points that are done.
private final class DoneCount: Sendable {
  private let count = Atomic<Int>(0)

  var value: Int { count.load(ordering: .relaxed) }

  func add(_ points: Int) { count.add(points, ordering: .relaxed) }
}
