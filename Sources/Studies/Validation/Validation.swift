import CostModel
import Documents
import Foundation
import Scenario

/// What is to be validated: suites and files of points, read and checked.
public struct Validation: Sendable {
  /// Where points come from and which of them count.
  public struct Selection: Sendable {
    /// The suites to run; all that have data where empty and no files are given.
    public var suites: [Suite]
    /// Paths of files of points.
    public var files: [String]
    /// The half of the data to look at: `fit` or `test`; nil for both.
    public var split: String?
    /// Path of the measurement store; nil for the usual place.
    public var store: String?
    /// Partitions of the errors beside the standard ones.
    public var dimensions: [[Dimension]]

    /// A selection; see the properties.
    public init(
      suites: [Suite] = [], files: [String] = [], split: String? = nil, store: String? = nil,
      dimensions: [[Dimension]] = []
    ) {
      self.suites = suites
      self.files = files
      self.split = split
      self.store = store
      self.dimensions = dimensions
    }
  }

  /// The file of published figures that comes with the project.
  static let publishedPath = "calibration/points/published.csv"

  private var catalogue: ScenarioCatalogue
  /// The points of the selection.
  public let points: [BenchmarkPoint]
  private let checksTheory: Bool
  private let checksEstimates: Bool
  /// The measurement store, whether it is there or not.
  private let store: String
  /// How the intervals of predictions were derived, for people.
  public var provenanceOfIntervals: [String] { catalogue.efficiencies.intervals.provenance }
  /// Measured kernels; nil where they are not looked at.
  private let kernels: KernelValidation?
  private let dimensions: [[Dimension]]
  /// What a user should know of data that is not there.
  public let warnings: [String]

  /// Reads what a selection names; throws what is wrong with it, or how to get data that is not there.
  public static func load(_ selection: Selection) throws(Problems) -> Validation {
    var loader = Loader(selection)
    try loader.readFiles()
    try loader.readSuites()
    let catalogue = try ScenarioCatalogue.load()
    return Validation(
      catalogue: catalogue, points: loader.points,
      checksTheory: loader.wanted.contains(.queueing) && (selection.split ?? "theory") == "theory",
      checksEstimates: loader.wanted.contains(.estimate)
        && (selection.split ?? EstimateSuite.split) == EstimateSuite.split,
      store: selection.store ?? PointStore.defaultPath,
      kernels: try loader.kernelStore.map { path throws(Problems) in
        try KernelValidation(store: path, with: catalogue)
      }, dimensions: selection.dimensions, warnings: loader.warnings)
  }

  /// Points to predict, queues to check and estimates to hold against simulations.
  public var count: Int {
    points.count + (checksTheory ? QueueingSuite.count : 0) + (checksEstimates ? EstimateSuite.count : 0)
  }

  /// Derives the intervals of predictions from the `fit` half of the points; what follows predicts with them.
  ///
  /// - Parameters:
  ///   - refit: fits overheads anew for each part of the points; nil takes them as they are.
  ///   - threads: threads to use, >= 1; the intervals are the same.
  ///   - progress: called with a line for each part.
  /// - Returns: the intervals.
  /// - Throws: where none of the points can be predicted.
  public mutating func deriveIntervals(
    refit: OverheadRefit?, threads: Int, progress: (String) -> Void = { _ in }
  ) async throws(Problems) -> PredictionIntervals {
    let study = IntervalStudy(points, with: catalogue, refit: refit)
    let found = await study.run(threads: threads, progress: progress)
    guard !found.bands.isEmpty else {
      throw Problems(
        Problem(
          file: "intervals", message: "no point of the fit half can be predicted, so there are no residuals"))
    }
    catalogue.efficiencies.intervals = found
    return found
  }

  /// Suites that overheads are not fitted to: leaving out their points says nothing.
  private static let neverFitted = ["mlperf", "mlenergy"]

  /// Predicts the points of each accelerator, or of each model, with numbers that were fitted without it.
  ///
  /// Points of MLPerf and ML.ENERGY are passed over: frameworks' overheads are not fitted to them.
  ///
  /// - Parameters:
  ///   - subject: what is left out.
  ///   - refit: fits overheads anew.
  ///   - threads: threads to use, >= 1; the report is the same.
  ///   - progress: called with a line for each that is left out.
  /// - Returns: predictions beside measurements.
  /// - Throws: what keeps the measured kernels from being read.
  public func leavingOut(
    _ subject: LeaveOneOut.Subject, refit: OverheadRefit, threads: Int,
    progress: (String) -> Void = { _ in }
  ) async throws(Problems) -> ValidationReport {
    let fitted = points.filter { !Self.neverFitted.contains($0.suite) }
    let study = try LeaveOneOut(subject, points: fitted, with: catalogue, store: store, refit: refit)
    return ValidationReport(await study.run(threads: threads, progress: progress), by: dimensions)
  }

  /// Predicts everything.
  ///
  /// - Parameters:
  ///   - threads: threads to use, >= 1; the report is the same.
  ///   - done: called with the number of points that are done, in any order.
  /// - Returns: predictions beside measurements.
  /// - Throws: what keeps measured kernels from being read.
  public func run(
    threads: Int, done: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws(Problems) -> ValidationReport {
    let study = ValidationStudy(points, with: catalogue)
    var results = await study.run(threads: threads, done: done)
    if checksTheory { results += await QueueingSuite.run(threads: threads, done: done) }
    if checksEstimates {
      results += try await EstimateSuite.run(threads: threads, with: catalogue, done: done)
    }
    var report = ValidationReport(results, by: dimensions)
    report.serversLeftOut = ServerLeftOut.comparisons(results, catalogue.systems)
    if let kernels {
      report.kernels = try await kernels.run(threads: threads)
      report.kernelPowers = try kernels.powers()
    }
    return report
  }
}

/// Gathers the points of a selection.
private struct Loader {
  let selection: Validation.Selection
  /// The suites to run: those that are named, or all.
  let wanted: [Suite]
  let rule = SplitRule(listAt: SplitRule.defaultPath)
  var points: [BenchmarkPoint] = []
  var warnings: [String] = []
  /// The store whose kernels are predicted; nil for none.
  var kernelStore: String?

  init(_ selection: Validation.Selection) {
    self.selection = selection
    wanted =
      selection.suites.isEmpty && selection.files.isEmpty
      ? Suite.standard : Suite.allCases.filter { selection.suites.contains($0) }
  }

  mutating func readFiles() throws(Problems) {
    let problems = ProblemCollector()
    for file in selection.files {
      do { take(try PointFile.read(path: file)) } catch { problems.record(error) }
    }
    try problems.throwIfAny()
    if !selection.suites.isEmpty {
      points.removeAll { point in !wanted.contains { $0.rawValue == point.suite } }
    }
  }

  /// Reads named suites that no file has brought; a suite that can't be had is an error when it was named.
  mutating func readSuites() throws(Problems) {
    let problems = ProblemCollector()
    let missing = wanted.filter { suite in !points.contains { $0.suite == suite.rawValue } }
    let stored = missing.filter { [.inferencex, .mlperf, .mlenergy].contains($0) }
    let path = selection.store ?? PointStore.defaultPath
    if !stored.isEmpty, let found = try PointStore.points(of: stored, path: path) { take(found) }
    if missing.contains(.published), FileManager.default.fileExists(atPath: Validation.publishedPath) {
      take(try PointFile.read(path: Validation.publishedPath))
    }
    // Kernels belong to no half: the calibration is fitted to all of them.
    if missing.contains(.kernels), selection.split == nil, FileManager.default.fileExists(atPath: path) {
      kernelStore = path
    }
    let brought = Set(points.map(\.suite) + (kernelStore == nil ? [] : [Suite.kernels.rawValue]))
    for suite in missing where ![.queueing, .estimate].contains(suite) && !brought.contains(suite.rawValue) {
      if suite == .kernels, selection.split != nil, selection.suites.isEmpty { continue }
      let problem = Problem(
        file: "suite \(suite.rawValue)", message: "has no data here", hint: Self.remedy(suite, store: path))
      if selection.suites.isEmpty { warnings.append(problem.description) } else { problems.record(problem) }
    }
    try problems.throwIfAny()
  }

  private static func remedy(_ suite: Suite, store: String) -> String {
    switch suite {
    case .published: "run from the project's folder, or name a file with --points"
    case .kernels:
      "run 'make measurements', which builds \(store); kernels belong to no half, leave --split out"
    default: "run 'make measurements', which builds \(store), or name a file with --points"
    }
  }

  /// Adds points under their half of the data, leaving out those of the other half.
  private mutating func take(_ found: [BenchmarkPoint]) {
    var found = found
    for index in found.indices where found[index].split.isEmpty {
      found[index].split = rule.split(of: found[index])
    }
    points += found.filter { selection.split == nil || $0.split == selection.split }
  }
}
