import Documents
import Logging
import Results
import Scenario
import Simulation

/// Runs points of a scenario's sweep.
///
/// All points have the seed and the random streams of the scenario (common random numbers), unless an axis changes the
/// seed: points that differ in how requests are served see the same requests.
public struct SweepStudy: Sendable {
  private let file: ScenarioFile
  private let catalogue: ScenarioCatalogue
  private let options: ResolutionOptions
  private let logger: Logger

  /// A study of the sweep of a scenario file.
  public init(
    _ file: ScenarioFile, with catalogue: ScenarioCatalogue, options: ResolutionOptions = ResolutionOptions(),
    logger: Logger = Logger(label: "tokenmill")
  ) {
    self.file = file
    self.catalogue = catalogue
    self.options = options
    self.logger = logger
  }

  /// Runs points.
  ///
  /// A point that can't run (its model doesn't fit, its layout doesn't divide) is a result like any other.
  /// - Parameters:
  ///   - points: what to run.
  ///   - jobs: points to run at once, >= 1; results are the same.
  ///   - done: called with each result as soon as it is there, in whatever order they end.
  /// - Returns: the results in the order of `points`.
  /// - Throws: what `done` throws, which ends the sweep.
  public func run(
    _ points: [SweepPoint], jobs: Int = 1, done: (SweptPoint, RunResult?) throws -> Void = { _, _ in }
  ) async throws -> [SweptPoint] {
    var finished = [SweptPoint?](repeating: nil, count: points.count)
    try await withThrowingTaskGroup(of: (Int, SweptPoint, RunResult?).self) { group in
      var next = 0
      func launch() {
        guard next < points.count else { return }
        let index = next
        next += 1
        group.addTask {
          let (result, run) = await one(points[index])
          return (index, result, run)
        }
      }
      for _ in 0..<max(1, jobs) { launch() }
      while let (index, result, run) = try await group.next() {
        launch()
        try done(result, run)
        finished[index] = result
      }
    }
    return finished.compactMap { $0 }
  }

  private func one(_ point: SweepPoint) async -> (SweptPoint, RunResult?) {
    do {
      let scenario = try file.resolve(point: point, with: catalogue, options: options)
      let run = await RunStudy(scenario, logger: logger).run()
      return (SweptPoint(point, summary: run.report.json), run)
    } catch {
      return (SweptPoint(point, problems: error.all.map(described)), nil)
    }
  }

  /// A problem without the scenario's file and line, which change while the sweep stays the same.
  private func described(_ problem: Problem) -> String {
    guard problem.file == file.document.file else { return problem.description }
    var problem = problem
    (problem.file, problem.line) = ("", nil)
    return String(problem.description.dropFirst(": ".count))
  }
}
