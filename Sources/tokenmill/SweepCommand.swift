import ArgumentParser
import Documents
import Results
import Scenario
import Studies
import Synchronization

/// `tokenmill sweep`.
struct SweepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Run every point of a scenario's sweep and mark the Pareto front.",
    discussion: """
      The front is of output tokens/s on each GPU and output tokens/s for each user. A point that cannot run, \
      because its model does not fit, is a row that says why.

      EXAMPLES:
        tokenmill sweep scenarios/b200-deepseek-r1-closed-loop.yaml
        tokenmill sweep chat-sweep.yaml --jobs 2 --json points.json
      """)

  @OptionGroup var scenario: ScenarioOptions
  @OptionGroup var output: OutputOptions

  @Option(help: "Points to run at once; as many as the machine has cores by default.")
  var jobs: Int?

  func run() async throws {
    let use = ResourceUse()
    let outputs = try Outputs(output)
    let jobs = try tokenmill.threads(jobs)
    let file = try ScenarioFile.read(path: scenario.scenario, overrides: scenario.overrides)
    let catalogue = try ScenarioCatalogue.load()
    let options = ResolutionOptions(
      seed: scenario.seed, threads: 1, recordsRequests: false, macroSteps: !scenario.singleStep)
    guard !file.sweepPoints.isEmpty else {
      // What is wrong with the file comes before what it lacks.
      _ = try file.resolve(with: catalogue, options: options)
      throw Problems(
        Problem(
          file: scenario.scenario, message: "has no 'sweep:' section",
          hint:
            "for example 'sweep: { axes: [{ path: workload[0].arrivals.concurrency, values: [1, 4, 16] }] }'")
      )
    }
    let done = PointCount()
    let count = file.sweepPoints.count
    let line = ProgressLine(isQuiet: output.quiet) { _ in "\(done.value) of \(count) points" }
    defer { line.stop() }
    let points = try await SweepStudy(file, with: catalogue, options: options).run(jobs: jobs) { point, run in
      done.add()
      if let run { try outputs.store?.add(run.report, outcomes: run.outcomes, point: point.point.label) }
    }
    line.stop()
    // A sweep of which nothing can run is a wrong input.
    if points.allSatisfy({ $0.report == nil }), case .failure(let problems)? = points.first?.outcome {
      throw problems
    }
    let reports = points.compactMap(\.report)
    let sweep = SweepReport(name: reports.first?.context.scenario ?? scenario.scenario, points: points)
    try outputs.write(json: { sweep.json }, text: { sweep.text(style: $0) })
    if !output.quiet { report(use, events: reports.reduce(0) { $0 + $1.events }) }
  }
}

/// Counts the points of a sweep that are done.
private final class PointCount: Sendable {
  private let count = Atomic<Int>(0)

  var value: Int { count.load(ordering: .relaxed) }

  func add() { count.add(1, ordering: .relaxed) }
}
