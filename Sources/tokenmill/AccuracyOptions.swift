import ArgumentParser
import CostModel
import Documents
import Results
import Studies

/// What `tokenmill validate` can find out beside errors: intervals, worth without measurements, the page of accuracy.
struct AccuracyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Derive the intervals of predictions from the fit half of the points and write them.",
      valueName: "file.json"), completion: .file(extensions: ["json"]))
  var writeIntervals: String?

  @Option(
    help: ArgumentHelp(
      "Write the errors of estimates against simulations, which 'estimate' states; with --suite estimate.",
      valueName: "file.json"), completion: .file(extensions: ["json"]))
  var writeEstimateErrors: String?

  @Option(
    help: ArgumentHelp(
      "Also predict every point with numbers fitted without its own accelerator or model. May be repeated.",
      valueName: LeaveOneOut.Subject.allCases.map(\.rawValue).joined(separator: "|")))
  var leaveOut: [LeaveOneOut.Subject] = []

  @Option(
    help: ArgumentHelp(
      "Where overheads are fitted anew, fit them to one in so many configurations; 0 keeps them as they are.",
      valueName: "count"))
  var refitEvery = 1

  @Option(
    help: ArgumentHelp("Write the page of accuracy, both halves side by side.", valueName: "file.md"),
    completion: .file(extensions: ["md"]))
  var accuracy: String?

  @Option(
    help: ArgumentHelp(
      "Compare the page with this file's last version, and add the new one.", valueName: "file.json"),
    completion: .file(extensions: ["json"]))
  var history: String?

  @Option(help: ArgumentHelp("What the page calls this version.", valueName: "text"))
  var label: String = tokenmillVersion
}

extension LeaveOneOut.Subject: ExpressibleByArgument {}

/// The outputs of those options, each checked before anything runs.
struct AccuracyOutputs {
  private let options: AccuracyOptions
  private let bands: OutputFile?
  private let estimateErrors: OutputFile?
  private let page: OutputFile?
  private let historyFile: OutputFile?
  private let history: AccuracyHistory

  init(_ options: AccuracyOptions) throws {
    guard (0...1000).contains(options.refitEvery) else {
      throw ValidationError("--refit-every takes 0 to 1000.")
    }
    guard options.history == nil || options.accuracy != nil else {
      throw ValidationError("--history belongs to --accuracy.")
    }
    self.options = options
    bands = try options.writeIntervals.map { path in try OutputFile(checking: path) }
    estimateErrors = try options.writeEstimateErrors.map { path in try OutputFile(checking: path) }
    page = try options.accuracy.map { path in try OutputFile(checking: path) }
    historyFile = try options.history.map { path in try OutputFile(checking: path) }
    history = try options.history.map { path in try AccuracyHistory.read(path: path) } ?? AccuracyHistory()
  }

  private var refit: OverheadRefit? {
    options.refitEvery == 0 ? nil : .frameworks(every: options.refitEvery)
  }

  /// Derives intervals, where that was asked for; what follows predicts with them.
  func writeIntervals(
    of validation: inout Validation, threads: Int, progress: (String) -> Void
  ) async throws {
    guard let bands else { return }
    let found = try await validation.deriveIntervals(refit: refit, threads: threads, progress: progress)
    try bands.write(found.text)
  }

  /// Writes how far estimates were from simulations, where that was asked for.
  func writeEstimateErrors(_ report: ValidationReport) throws {
    guard let estimateErrors else { return }
    guard let errors = report.estimateErrors else {
      throw Failure(
        message: "--write-estimate-errors: nothing was estimated; add --suite estimate", status: .wrongInput)
    }
    try estimateErrors.write(errors.text)
  }

  /// The reports on points without their own accelerator or model.
  func leaveOut(
    of validation: Validation, threads: Int, progress: (String) -> Void
  ) async throws -> [(subject: LeaveOneOut.Subject, report: ValidationReport)] {
    var reports: [(subject: LeaveOneOut.Subject, report: ValidationReport)] = []
    for subject in LeaveOneOut.Subject.allCases where options.leaveOut.contains(subject) {
      let refit =
        options.refitEvery == 0
        ? OverheadRefit.none : .frameworks(every: options.refitEvery, levels: subject.levels)
      let report = try await validation.leavingOut(
        subject, refit: refit, threads: threads, progress: progress)
      reports.append((subject, report))
    }
    return reports
  }

  /// Writes the page and its history.
  func writePage(
    _ report: ValidationReport, _ leftOut: [(subject: LeaveOneOut.Subject, report: ValidationReport)],
    intervals: [String]
  ) throws {
    guard let page else { return }
    let fitted =
      switch options.refitEvery {
      case 0: "Overheads were not fitted anew: they were fitted to these runs as well."
      case 1: "Overheads were fitted anew to the other configurations."
      default: "Overheads were fitted anew to one in \(options.refitEvery) of the other configurations."
      }
    let accuracy = AccuracyPage(
      report, leftOut: leftOut, intervals: intervals, label: options.label, refit: fitted)
    try page.write(accuracy.markdown(since: history))
    try historyFile?.write(history.adding(accuracy.entry).text)
  }
}

extension JSONValue {
  /// An object with one more member.
  func adding(_ value: JSONValue, as key: String) -> JSONValue {
    guard case .object(let members) = self else { return self }
    return .object(members + [(key, value)])
  }
}
