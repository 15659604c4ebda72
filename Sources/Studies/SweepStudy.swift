import Documents
import Logging
import Results
import Scenario
import Simulation

/// Runs every point of a scenario's sweep.
public struct SweepStudy: Sendable {
  /// What became of one point.
  public struct PointResult: Sendable {
    /// The point.
    public var point: SweepPoint
    /// Its figures, or why it can't run.
    public var outcome: Result<RunReport, Problems>
    /// Its figures; nil where it can't run.
    public var report: RunReport? { try? outcome.get() }
  }

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

  /// Runs all points.
  ///
  /// A point that can't run (its model doesn't fit, its layout doesn't divide) is a result like any other.
  /// - Parameters:
  ///   - jobs: points to run at once, >= 1; results are the same.
  ///   - done: called with each result in the order of the points, as soon as all before it are there.
  /// - Returns: the results in the order of the points.
  /// - Throws: what `done` throws, which ends the sweep.
  public func run(
    jobs: Int = 1, done: (PointResult, RunResult?) throws -> Void = { _, _ in }
  ) async throws -> [PointResult] {
    let points = file.sweepPoints
    var finished = [(PointResult, RunResult?)?](repeating: nil, count: points.count)
    var delivered = 0
    try await withThrowingTaskGroup(of: (Int, PointResult, RunResult?).self) { group in
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
        finished[index] = (result, run)
        while delivered < points.count, let (result, run) = finished[delivered] {
          try done(result, run)
          finished[delivered]?.1 = nil
          delivered += 1
        }
        launch()
      }
    }
    return finished.compactMap { $0?.0 }
  }

  private func one(_ point: SweepPoint) async -> (PointResult, RunResult?) {
    do {
      let scenario = try file.resolve(point: point, with: catalogue, options: options)
      let run = await RunStudy(scenario, logger: logger).run()
      return (PointResult(point: point, outcome: .success(run.report)), run)
    } catch {
      return (PointResult(point: point, outcome: .failure(error)), nil)
    }
  }
}
