import CostModel
import Foundation
import Hardware
import Scenario

/// Measured runs whose power is predicted again and again with other coefficients.
struct PowerRuns: Sendable {
  /// The runs of a model on a system.
  struct Group: Sendable {
    let system: String
    let model: String
    let runs: [Int]
  }

  private struct Run: Sendable {
    let point: BenchmarkPoint
    let watts: Double
    let architecture: Int
    /// Logarithm of predicted over measured throughput.
    let throughputError: Double
  }

  private let runs: [Run]
  /// Runs by model and system, in order of their names.
  let groups: [Group]
  private let catalogue: ScenarioCatalogue
  private let threads: Int

  /// How far the throughput of a run may be off, as a share of what was measured: the power of another load says nothing.
  private static let throughputTolerance = 1.0 / 3
  /// Standard deviation of the logarithm of power that a fit is expected to leave in a run of known throughput.
  static let tolerance = 0.06
  /// How much of the error of the throughput's logarithm that of power is expected to be.
  private static let throughputWeight = 0.7
  /// How far a coordinate moves for a derivative.
  private static let stride = 0.1

  /// The runs of a fit half that have a power and whose throughput is predicted well enough.
  init(_ points: [BenchmarkPoint], with catalogue: ScenarioCatalogue, threads: Int) async {
    self.catalogue = catalogue
    self.threads = threads
    let candidates = points.filter { $0.split == "fit" && ($0.measured[.gpuPower] ?? 0) > 0 }
    let results = await ValidationStudy(candidates, with: catalogue).run(threads: threads)
    runs = results.compactMap { result in
      let column = MeasuredColumn.outputTokensPerSecond
      guard let predicted = result.predicted?[column], let measured = result.point.measured[column],
        abs(predicted / measured - 1) <= Self.throughputTolerance,
        let watts = result.point.measured[.gpuPower],
        let system = catalogue.systems.system(result.point.system),
        let architecture = PowerParameters.architectures.firstIndex(of: system.architecture.description)
      else { return nil }
      return Run(
        point: result.point, watts: watts, architecture: architecture,
        throughputError: log(predicted / measured))
    }
    var members: [[String]: [Int]] = [:]
    for (index, run) in runs.enumerated() {
      members[[run.point.system, run.point.model], default: []].append(index)
    }
    groups = members.keys.sorted { $0.lexicographicallyPrecedes($1) }.map {
      Group(system: $0[0], model: $0[1], runs: members[$0] ?? [])
    }
  }

  /// How many there are.
  var count: Int { runs.count }

  /// The standard deviation of the logarithm of a run's power that a fit is expected to leave: some of what its throughput is
  /// off is power that was drawn at another time.
  func tolerance(of run: Int) -> Double {
    let throughput = Self.throughputWeight * runs[run].throughputError
    return (Self.tolerance * Self.tolerance + throughput * throughput).squareRoot()
  }

  /// Those on accelerators of an architecture.
  func indices(of architecture: Int) -> [Int] {
    runs.indices.filter { runs[$0].architecture == architecture }
  }

  /// Logarithms of predicted over measured power at a point, all or those of one architecture; 0 for the others.
  func ratios(at point: [Double], of architecture: Int? = nil) async -> [Double] {
    var table = catalogue
    for (index, name) in PowerParameters.architectures.enumerated() {
      table.efficiencies.powers[name] = PowerParameters.coefficients(point, index)
    }
    let shown = runs.indices.filter { architecture == nil || runs[$0].architecture == architecture }
    let results = await ValidationStudy(shown.map { runs[$0].point }, with: table).run(threads: threads)
    var ratios = [Double](repeating: 0, count: runs.count)
    for (index, result) in zip(shown, results) {
      if let watts = result.predicted?[.gpuPower], watts > 0 {
        ratios[index] = log(watts / runs[index].watts)
      }
    }
    return ratios
  }

  /// The ratios at a point and their derivatives.
  func line(at point: [Double]) async -> PowerCalibration.Line {
    let base = await ratios(at: point)
    var columns: [[Double]] = []
    for index in point.indices {
      var moved = point
      moved[index] += Self.stride
      let architecture = PowerParameters.architecture(of: index)
      let found = await ratios(at: moved, of: architecture)
      columns.append(
        runs.indices.map { run in
          architecture == nil || runs[run].architecture == architecture
            ? (found[run] - base[run]) / Self.stride : 0
        })
    }
    return PowerCalibration.Line(point: point, ratios: base, columns: columns)
  }
}
