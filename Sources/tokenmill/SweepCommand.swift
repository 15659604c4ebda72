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
      because its model does not fit, is a row that says why. With --results, every point is kept as soon as it \
      is done; --resume runs what is missing and prints what an uninterrupted sweep would have printed.

      EXAMPLES:
        tokenmill sweep scenarios/b200-deepseek-r1-closed-loop.yaml
        tokenmill sweep chat-sweep.yaml --jobs 2 --json points.json --csv points.csv
        tokenmill sweep chat-sweep.yaml --results points.sqlite --resume
        tokenmill sweep chat-sweep.yaml --shard 2/4 --results part-2.sqlite
        tokenmill sweep chat-sweep.yaml --slurm jobs --shards 20 --submit
      """)

  @OptionGroup var scenario: ScenarioOptions
  @OptionGroup var output: OutputOptions

  @Option(help: "Points to run at once; as many as the machine has cores by default.")
  var jobs: Int?

  @Flag(help: "Go on with the sweep that the file of --results holds; begin it where there is none.")
  var resume = false

  @Option(help: ArgumentHelp("Run one part of the points: 2/4 is the second of four.", valueName: "i/n"))
  var shard: String?

  @Option(help: "Throughput of the front, for each GPU (gpu) or megawatt of the site (mw).")
  var pareto: SweepReport.Objective = .gpu

  @OptionGroup(title: "SLURM OPTIONS") var slurm: SlurmOptions

  func run() async throws {
    let use = ResourceUse()
    let shard = try self.shard.map { text in
      guard let shard = SweepShard(text) else {
        throw ValidationError("--shard takes 1/n to n/n, which part of how many; not '\(text)'.")
      }
      return shard
    }
    if resume, output.results == nil {
      throw ValidationError("--resume needs --results, the file to go on with.")
    }
    let jobs = try tokenmill.threads(self.jobs)
    try slurm.check(against: self)
    let file = try ScenarioFile.read(path: scenario.scenario, overrides: scenario.overrides)
    let catalogue = try ScenarioCatalogue.load()
    var options = ResolutionOptions(
      seed: scenario.seed, threads: 1, recordsRequests: false, macroSteps: !scenario.singleStep)
    let sweep = try checked(file, with: catalogue, options)
    if let folder = slurm.slurm {
      try SlurmJob(self, folder: folder, points: sweep.points.count).write()
      return
    }
    let outputs = try Outputs(output)
    let log = try outputs.store.map { store throws(Problems) in
      try SweepLog(
        store, file, sweep,
        identity: SweepIdentity(file, options: options, program: ProgramBuild.program()), resumes: resume)
    }
    let wanted = shard?.points(of: sweep.points) ?? sweep.points
    // With fewer points than jobs each takes several threads.
    options.threads = max(1, jobs / max(1, wanted.count))
    let study = SweepStudy(file, with: catalogue, options: options)
    let (points, events) = try await run(wanted, of: study, log: log, jobs: jobs)
    if shard == nil, points.allSatisfy({ $0.figures == nil }) {
      // A sweep of which nothing can run is a wrong input; of a part, the other parts may run.
      _ = try file.resolve(point: sweep.points.first, with: catalogue, options: options)
    }
    let name =
      points.lazy.compactMap(\.figures?.scenario).first ?? file.document.root["name"]?.scalar?.text
      ?? scenario.scenario
    let report = SweepReport(name: name, sweep: sweep, points: points, objective: pareto, shard: shard)
    try outputs.write(parts: report.jsonParts, csv: { report.table }, text: { report.text(style: $0) })
    if !output.quiet { tokenmill.report(use, events: events) }
  }

  /// The sweep of a file of which everything is right that points have in common.
  private func checked(
    _ file: ScenarioFile, with catalogue: ScenarioCatalogue, _ options: ResolutionOptions
  ) throws -> Sweep {
    guard let sweep = file.sweep else {
      // What is wrong with the file comes before what it lacks.
      _ = try file.resolve(with: catalogue, options: options)
      throw Problems(
        Problem(
          file: scenario.scenario, message: "has no 'sweep:' section",
          hint:
            "for example 'sweep: { axes: [{ path: \"workload[0].arrivals.concurrency\", values: [1, 4, 16] }] }'"
        )
      )
    }
    try file.checkAxes(with: catalogue, options: options)
    return sweep
  }

  /// Runs the points that the log does not know, and keeps them in it; counts the events of those alone.
  private func run(
    _ wanted: [SweepPoint], of study: SweepStudy, log: SweepLog?, jobs: Int
  ) async throws -> (points: [SweptPoint], events: Int64) {
    var results: [Int: SweptPoint] = [:]
    for point in log?.known ?? [] { results[point.point.index] = point }
    let missing = wanted.filter { results[$0.index] == nil }
    let progress = SweepProgress(total: wanted.count, known: wanted.count - missing.count)
    let line = ProgressLine(isQuiet: output.quiet) { progress.text(after: $0) }
    let interruption = Interruption {
      line.stop()
      guard !output.quiet else { return }
      let kept = output.results.map {
        "\(progress.done) of \(wanted.count) points are in '\($0)': go on with --resume"
      }
      Terminal.standardError.write("stopped; \(kept ?? "nothing is kept without --results")\n")
    }
    defer {
      interruption.end()
      line.stop()
    }
    let ran = try await study.run(missing, jobs: jobs) { swept, run in
      try log?.add(swept, run)
      progress.add()
    }
    for point in ran { results[point.point.index] = point }
    let events = ran.reduce(0) { $0 + ($1.figures?.events ?? 0) }
    return (wanted.compactMap { results[$0.index] }, events)
  }
}

extension SweepReport.Objective: ExpressibleByArgument {}

/// Counts the points of a sweep that are done.
private final class SweepProgress: Sendable {
  private let total: Int
  private let known: Int
  private let count = Atomic<Int>(0)

  init(total: Int, known: Int) {
    self.total = total
    self.known = known
  }

  /// Points that are done, those of earlier processes included.
  var done: Int { known + count.load(ordering: .relaxed) }

  func add() { count.add(1, ordering: .relaxed) }

  /// How far the sweep is after so many seconds, and how long the rest takes at this pace.
  func text(after seconds: Double) -> String {
    let ran = count.load(ordering: .relaxed)
    var text = "\(known + ran) of \(total) points"
    if ran > 0 { text += ", \(Self.duration(seconds / Double(ran) * Double(total - known - ran))) left" }
    return text
  }

  /// A time that nobody wants to the millisecond.
  private static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<100: "\(Int(seconds.rounded(.up))) s"
    case ..<6000: "\(Int((seconds / 60).rounded(.up))) min"
    default: "\(Numbers.text((seconds / 360).rounded(.up) / 10)) h"
    }
  }
}
