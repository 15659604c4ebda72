import ArgumentParser
import Documents
import Results
import Scenario
import Studies

/// `tokenmill plan`.
struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Find the best configurations for a site, its traffic and its latency targets.",
    usage: "tokenmill plan [<options>] <scenario>",
    discussion: """
      The scenario's plan: section says what may be chosen. Without traffic in it, the answer is how many requests/s \
      the site sustains within the targets; with traffic, the smallest or cheapest site that serves it. Estimates \
      narrow the choice, simulations confirm the finalists. Where nothing does, the answer is the nearest that does, \
      and the exit code 1.

      EXAMPLES:
        tokenmill plan scenarios/plan-1gw-chat.yaml
        tokenmill plan chat.yaml --json plan.json --csv candidates.csv
        tokenmill plan chat.yaml --set plan.objective=tokens_per_megawatt_hour
        tokenmill plan chat.yaml --set 'plan.traffic={ rate: 500 req/s }' --results finalists.sqlite
      """)

  @Argument(help: "The scenario file.", completion: .file(extensions: ["yaml", "yml", "json"]))
  var scenario: String

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Change any value of the file: plan.finalists=5. May be repeated.", valueName: "path=value"))
  var overrides: [String] = []

  @Option(help: "Seed of every random stream, in place of the file's run.seed.")
  var seed: UInt64?

  @Option(help: "Configurations to try at once; as many as the machine has cores by default.")
  var jobs: Int?

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let use = ResourceUse()
    let jobs = try threads(self.jobs)
    let outputs = try Outputs(output)
    let file = try ScenarioFile.read(path: scenario, overrides: overrides)
    let progress = PlanProgress()
    let study = try PlanStudy(
      file, with: try ScenarioCatalogue.load(), seed: seed, jobs: jobs, progress: progress)
    let line = ProgressLine(isQuiet: output.quiet) { _ in progress.text }
    let interruption = Interruption { [quiet = output.quiet] in
      line.stop()
      if !quiet { Terminal.standardError.write("stopped; a plan keeps nothing until it is done\n") }
    }
    let found: Result<PlanReport, any Error>
    do { found = .success(try await study.run()) } catch { found = .failure(error) }
    interruption.end()
    line.stop()
    let report = try found.get()
    for result in report.results { try outputs.store?.add(result.report, outcomes: result.outcomes) }
    try outputs.write(json: { report.json }, csv: { report.table }, text: { report.text(style: $0) })
    if !output.quiet { tokenmill.report(use, events: report.events) }
    if !report.isFeasible { throw Failure(message: "", status: .answerIsNo) }
  }
}
