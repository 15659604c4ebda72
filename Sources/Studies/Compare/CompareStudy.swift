import Documents
import Hardware
import Logging
import Results
import Scenario
import Simulation

/// Runs what is to be compared, with common random numbers, and puts it side by side.
public struct CompareStudy: Sendable {
  private let catalogue: ScenarioCatalogue
  private let seed: UInt64?
  private let jobs: Int
  private let logger: Logger

  /// A study.
  ///
  /// - Parameters:
  ///   - catalogue: systems, models, data sets and efficiencies.
  ///   - seed: of all scenarios; nil for that of the first thing.
  ///   - jobs: cores to use, >= 1; results are the same.
  ///   - logger: what a reader should know of the runs goes there.
  public init(
    with catalogue: ScenarioCatalogue, seed: UInt64? = nil, jobs: Int = 1,
    logger: Logger = Logger(label: "tokenmill")
  ) {
    self.catalogue = catalogue
    self.seed = seed
    self.jobs = jobs
    self.logger = logger
  }

  /// Runs the scenarios and compares everything with the first thing.
  ///
  /// A scenario that can't run, because its model doesn't fit, is a column that says why.
  /// - Parameters:
  ///   - inputs: the things, at least one.
  ///   - done: called whenever a scenario is done.
  /// - Returns: the comparison, a function of the inputs and the seed alone.
  /// - Throws: keys that the format does not know, and the problems of all where nothing can run.
  public func run(
    _ inputs: [CompareInput], done: @Sendable () -> Void = {}
  ) async throws(Problems) -> CompareReport {
    precondition(!inputs.isEmpty, "a comparison of nothing")
    try checkKeys(of: inputs)
    let seed = self.seed ?? Self.seed(of: inputs[0], with: catalogue)
    let files = inputs.compactMap { input -> (file: ScenarioFile, point: SweepPoint?)? in
      if case .scenario(let file, let point) = input.content { (file, point) } else { nil }
    }
    let runs = ScenarioRuns(catalogue: catalogue, seed: seed, jobs: jobs, logger: logger)
    var ran = await runs.run(files, done: done)[...]
    let events = ran.reduce(0) { $0 + $1.events }
    let compared = inputs.enumerated().map { index, input in
      let outcome: ScenarioRuns.Ran
      switch input.content {
      case .summary(let summary): outcome = ScenarioRuns.Ran(summary: summary)
      case .scenario: outcome = ran.removeFirst()
      }
      return ComparedRun(
        label: ComparedRun.label(index), input: input, outcome: outcome, catalogue: catalogue.systems)
    }
    if compared.allSatisfy({ $0.summary == nil }) { try throwProblems(of: files, seed: seed) }
    return CompareReport(compared, events: events)
  }

  /// A key that the format does not know is a slip of the pen, not a finding.
  private func checkKeys(of inputs: [CompareInput]) throws(Problems) {
    let problems = ProblemCollector()
    for input in inputs {
      guard case .scenario(let file, let point) = input.content else { continue }
      do {
        _ = try file.resolve(point: point, with: catalogue)
      } catch {
        for problem in error.all where problem.message == MappingReader.unknownKey {
          problems.record(problem)
        }
      }
    }
    try problems.throwIfAny()
  }

  private func throwProblems(
    of files: [(file: ScenarioFile, point: SweepPoint?)], seed: UInt64?
  ) throws(Problems) {
    let problems = ProblemCollector()
    for (file, point) in files {
      do {
        _ = try file.resolve(point: point, with: catalogue, options: ResolutionOptions(seed: seed))
      } catch {
        problems.record(error)
      }
    }
    try problems.throwIfAny()
  }

  /// The seed of the first thing, which all scenarios take: then they see the same requests.
  private static func seed(of input: CompareInput, with catalogue: ScenarioCatalogue) -> UInt64? {
    switch input.content {
    case .scenario(let file, let point): (try? file.resolve(point: point, with: catalogue))?.run.seed
    case .summary(let summary): UInt64(ComparedRun.seed(of: summary))
    }
  }
}

/// A thing that is compared, with its figures.
public struct ComparedRun: Sendable {
  /// What tables call it, a letter.
  public let label: String
  /// The file as the user named it, with its point.
  public let source: String
  /// Where the figures come from.
  public let kind: CompareInput.Kind
  /// What is changed in it alone, or its point of a sweep.
  public let settings: [String]
  /// The JSON summary; nil where it can't run.
  public let summary: JSONValue?
  /// Why it can't run; empty where it ran.
  public let problems: [String]
  let systems: [ComparedSystem]
  let time: AcceleratorTime?

  init(label: String, input: CompareInput, outcome: ScenarioRuns.Ran, catalogue: SystemCatalogue) {
    self.label = label
    source = input.source
    kind = input.kind
    settings = input.settings
    summary = outcome.summary
    problems = outcome.problems
    systems = outcome.summary.map { ComparedSystem.systems(of: $0, in: catalogue) } ?? []
    time = outcome.summary.flatMap { AcceleratorTime($0) }
  }

  /// The scenario's name; empty where it can't run.
  public var name: String { Self.text(summary?["scenario"]) ?? "" }
  /// The seed in decimal; empty where it can't run.
  var seed: String { summary.map { Self.seed(of: $0) } ?? "" }
  /// What binds it; nil where that is not known.
  var bindingLimit: String? { Self.text(summary?["binding_limit"]) }
  /// Whether it kept up with its arrivals; nil where that is not known.
  var verdict: String? { Self.text(summary?["saturation"]?["verdict"]) }

  static func label(_ index: Int) -> String {
    String(UnicodeScalar(UInt8(ascii: "A") + UInt8(min(index, 25))))
  }

  static func seed(of summary: JSONValue) -> String {
    switch summary["seed"] {
    case .int(let seed): String(seed)
    case .string(let seed): seed
    default: ""
    }
  }

  private static func text(_ value: JSONValue?) -> String? {
    if case .string(let text)? = value { text } else { nil }
  }
}
