import ArgumentParser
import Documents
import Results
import Scenario
import Studies
import Synchronization

/// `tokenmill compare`.
struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Put runs side by side: what differs, and which limit moved.",
    usage: "tokenmill compare [<options>] <things> ...",
    discussion: """
      Each thing is a scenario file, which runs, the JSON of a run, or a results store (FILE.sqlite#3 is point 3 of \
      its sweep). All scenarios run with one seed and see the same requests; ratios are to the first thing. With \
      --sensitivity one scenario runs with each of its hardware figures a little lower and higher.

      EXAMPLES:
        tokenmill compare chat-on-b200.yaml chat-on-mi355x.yaml
        tokenmill compare chat.yaml --with site.system=h200-sxm
        tokenmill compare before.json after.json --json - --quiet | jq .limit_moves
        tokenmill compare points.sqlite#3 points.sqlite#7
        tokenmill compare chat.yaml --sensitivity 10%
      """)

  @Argument(help: "Scenario files, JSON of runs, results stores.", completion: .file())
  var things: [String]

  @Option(
    name: .customLong("with"), parsing: .singleValue,
    help: ArgumentHelp(
      "Compare the first scenario with itself as changed: 'path=value; path=value'. May be repeated.",
      valueName: "changes"))
  var variants: [String] = []

  @Option(
    help: ArgumentHelp(
      "Change each hardware figure of one scenario by this share, down and up: 10%.", valueName: "share"))
  var sensitivity: String?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Change any value of all scenarios: deployments[0].parallel.tensor=8. May be repeated.",
      valueName: "path=value"))
  var overrides: [String] = []

  @Option(help: "Seed of all scenarios, in place of that of the first thing.")
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      "Write the comparison as JSON to a file, or to standard output with -.", valueName: "file|-"),
    completion: .file())
  var json: String?

  @Option(
    help: ArgumentHelp(
      "Write a table of the comparison as CSV to a file, or to standard output with -.", valueName: "file|-"),
    completion: .file(extensions: ["csv"]))
  var csv: String?

  @Option(help: "Cores to use; all that the machine has by default.")
  var jobs: Int?

  @Flag(name: [.short, .long], help: "No tables, progress and timing; only what was asked for, and errors.")
  var quiet = false

  func run() async throws {
    let use = ResourceUse()
    let outputs = try Outputs(json: json, csv: csv, isQuiet: quiet)
    let jobs = try tokenmill.threads(self.jobs)
    if sensitivity != nil, things.count != 1 || !variants.isEmpty {
      throw ValidationError("--sensitivity is of one scenario by itself.")
    }
    let inputs = try CompareInput.read(things, overrides: overrides, variants: variants)
    let catalogue = try ScenarioCatalogue.load()
    if let sensitivity {
      let study = try SensitivityStudy(inputs[0], share: sensitivity, with: catalogue, seed: seed, jobs: jobs)
      let report = try await counted(study.runs) { done in try await study.run(done: done) }
      try outputs.write(json: { report.json }, csv: { report.table }, text: { report.text(style: $0) })
      if !quiet { tokenmill.report(use, events: report.events) }
      return
    }
    guard inputs.count > 1 else {
      throw ValidationError(
        "compare takes two things or more; --with compares a scenario with itself as changed, --sensitivity with "
          + "each hardware figure changed.")
    }
    let study = CompareStudy(with: catalogue, seed: seed, jobs: jobs)
    let scenarios = inputs.filter { $0.kind == .scenario }.count
    let report = try await counted(scenarios) { done in try await study.run(inputs, done: done) }
    try outputs.write(json: { report.json }, csv: { report.table }, text: { report.text(style: $0) })
    if !quiet, scenarios > 0 { tokenmill.report(use, events: report.events) }
  }

  /// Does what takes so many runs under a line that counts them.
  private func counted<T>(_ total: Int, _ body: (@escaping @Sendable () -> Void) async throws -> T)
    async throws -> T
  {
    let count = RunCount()
    let line = ProgressLine(isQuiet: quiet) { _ in "\(count.done) of \(total) runs" }
    defer { line.stop() }
    return try await body { count.add() }
  }
}

/// Counts runs that are done.
private final class RunCount: Sendable {
  private let count = Atomic<Int>(0)

  var done: Int { count.load(ordering: .relaxed) }

  func add() { count.add(1, ordering: .relaxed) }
}
