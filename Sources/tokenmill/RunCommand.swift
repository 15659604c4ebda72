import ArgumentParser
import Results
import Scenario
import Simulation
import Studies

/// `tokenmill run`.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run one scenario: tables for a person, JSON for programs.",
    usage: "tokenmill run [<options>] <scenario>",
    discussion: """
      The same scenario and seed give the same results, to the byte, for any number of threads.

      EXAMPLES:
        tokenmill run scenarios/h100-llama-3.1-8b-poisson.yaml
        tokenmill run chat.yaml --set site.racks=4 --seed 7
        tokenmill run chat.yaml --json - --quiet | jq .throughput
        tokenmill run chat.yaml --results runs.sqlite --requests requests.csv
        tokenmill run chat.yaml --timeline trace.json --timeline-replicas 0-1
      """)

  @OptionGroup var scenario: ScenarioOptions
  @OptionGroup var output: OutputOptions

  @Option(
    help: ArgumentHelp("Write every completed request to a CSV file.", valueName: "file.csv"),
    completion: .file())
  var requests: String?

  @Option(
    help: ArgumentHelp(
      "Write a trace of engine steps, prompts, KV transfers, requests and power, for ui.perfetto.dev.",
      valueName: "file.json"), completion: .file(extensions: ["json"]))
  var timeline: String?

  @Option(
    help: ArgumentHelp("Replicas of each deployment that the trace shows: 0-3, or one.", valueName: "range"))
  var timelineReplicas = "0-3"

  @Option(help: "Threads to use; as many as the machine has cores by default.")
  var threads: Int?

  func run() async throws {
    let use = ResourceUse()
    let outputs = try Outputs(output)
    let table = try requests.map { path in try OutputFile(checking: path) }
    let trace = try timeline.map { path in try OutputFile(checking: path) }
    var options = ResolutionOptions(
      seed: scenario.seed, threads: try tokenmill.threads(threads),
      recordsRequests: table != nil || trace != nil, macroSteps: !scenario.singleStep)
    options.timeline = try trace.map { _ in TimelinePlan(replicas: try replicas) }
    let file = try ScenarioFile.read(path: scenario.scenario, overrides: scenario.overrides)
    let study = RunStudy(try file.resolve(with: try ScenarioCatalogue.load(), options: options))
    if trace != nil, study.scenario.run.sample != nil {
      throw Failure(message: "--timeline: a sampled run has no replicas to show", status: .wrongInput)
    }

    let progress = RunProgress()
    let line = ProgressLine(progress, total: study.requests, isQuiet: output.quiet)
    let result = await study.run(progress: progress)
    line.stop()

    try outputs.store?.add(result.report, outcomes: result.outcomes)
    if let table { try RequestTable.write(result.outcomes, to: table) }
    if let trace, let plan = options.timeline {
      let events = study.timeline(of: result, replicas: plan.replicas)
      try events.write(to: trace)
      if events.isCut {
        Terminal.standardError.write(
          "warning: the timeline is cut after \(TimelinePlan.mostSpans) spans of a deployment\n")
      }
    }
    try outputs.write(
      json: { result.report.json }, csv: { result.report.table }, text: { result.report.text(style: $0) })
    if !output.quiet { report(use, events: result.report.events) }
  }
}

extension RunCommand {
  /// The replicas that `--timeline-replicas` names.
  fileprivate var replicas: Range<Int> {
    get throws {
      let ends = timelineReplicas.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first >= 0,
        first <= last,
        last < 10_000_000
      else { throw ValidationError("--timeline-replicas takes a number or a range, as 0-3.") }
      return first..<(last + 1)
    }
  }
}

/// Says on standard error what a command took.
func report(_ use: ResourceUse, events: Int64) {
  let seconds = use.wallSeconds
  let style = Terminal.standardError.style
  let text =
    "\(Numbers.seconds(seconds)) of wall time, \(Numbers.text(events)) events "
    + "(\(Numbers.text((Double(events) / seconds).rounded())) a second), "
    + "\(Numbers.text((ResourceUse.peakMemoryBytes / 1e6).rounded())) MB of memory at most"
  Terminal.standardError.write(style.aside(text) + "\n")
}
