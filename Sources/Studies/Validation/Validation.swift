import Documents
import Scenario

/// What is to be validated: suites and files of points, read and checked.
public struct Validation: Sendable {
  private let catalogue: ScenarioCatalogue
  private let points: [BenchmarkPoint]
  private let checksTheory: Bool

  /// Reads what suites and files hold; throws what is wrong with them, or how to get data that is not there.
  ///
  /// - Parameters:
  ///   - suites: the suites to run; all points of the files where empty.
  ///   - files: paths of files of points.
  /// - Returns: the validation, ready to run.
  public static func load(suites: [Suite], files: [String]) throws(Problems) -> Validation {
    let problems = ProblemCollector()
    var points: [BenchmarkPoint] = []
    for file in files {
      do { points += try PointFile.read(path: file) } catch { problems.record(error) }
    }
    try problems.throwIfAny()
    if !suites.isEmpty { points.removeAll { point in !suites.contains { $0.rawValue == point.suite } } }
    for suite in suites where suite != .queueing {
      guard !points.contains(where: { $0.suite == suite.rawValue }) else { continue }
      problems.record(
        Problem(
          file: "suite \(suite.rawValue)", message: "has no data here",
          hint: "run 'make measurements', or name a file of points with --points"))
    }
    try problems.throwIfAny()
    let checksTheory = suites.contains(.queueing) || (suites.isEmpty && files.isEmpty)
    return Validation(catalogue: try ScenarioCatalogue.load(), points: points, checksTheory: checksTheory)
  }

  /// Points to predict and queues to check.
  public var count: Int { points.count + (checksTheory ? QueueingSuite.count : 0) }

  /// Predicts everything.
  ///
  /// - Parameters:
  ///   - threads: threads to use, >= 1; the report is the same.
  ///   - done: called with the number of points that are done, in any order.
  /// - Returns: predictions beside measurements.
  public func run(threads: Int, done: @escaping @Sendable (Int) -> Void = { _ in }) async -> ValidationReport
  {
    let study = ValidationStudy(points, with: catalogue)
    var results = await study.run(threads: threads, done: done)
    if checksTheory { results += await QueueingSuite.run(threads: threads, done: done) }
    return ValidationReport(results)
  }
}
