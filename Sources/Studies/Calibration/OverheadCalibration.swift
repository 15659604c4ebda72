import CostModel
import Foundation
import Scenario

/// Fits what frameworks do around the kernels to end-to-end runs: one set of numbers a framework, on `fit` points only.
///
/// Every evaluation simulates every point. Residuals are log ratios of TPOT and of TTFT; large ones count linearly,
/// since some runs hold what no simulation of the stated settings can know (unlabelled speculation, a cold start).
/// Priors draw what the runs leave open.
public struct OverheadCalibration: Sendable {
  /// What a fit found.
  public struct Fit: Sendable {
    /// The framework.
    public let framework: Framework
    /// Its numbers.
    public let overhead: FrameworkOverhead
    /// Points with a prediction.
    public let points: Int
    /// Median of |predicted / measured − 1| of TPOT and TTFT, before and after.
    public let before: (tpot: Double, ttft: Double)
    /// The same after.
    public let after: (tpot: Double, ttft: Double)

    /// The numbers in the form of `priors.yaml`, with the errors before and after.
    public var text: String {
      func time(_ seconds: Double) -> String { "\((seconds * 1e9).rounded() / 1000) us" }
      func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
      return "\(framework.rawValue): { step: \(time(overhead.stepSeconds)), "
        + "mixed_step: \(time(overhead.mixedStepSeconds)), layer: \(time(overhead.layerSeconds)), "
        + "sequence: \(time(overhead.sequenceSeconds)), front_end: \(time(overhead.frontEndSeconds)), "
        + "front_end_per_token: \(time(overhead.frontEndSecondsPerInputToken)), source: \"fitted to "
        + "\(points) end-to-end points: median error of TPOT \(percent(before.tpot)) -> "
        + "\(percent(after.tpot)), of TTFT \(percent(before.ttft)) -> \(percent(after.ttft))\" }\n"
    }
  }

  private let points: [BenchmarkPoint]
  private let catalogue: ScenarioCatalogue
  private let threads: Int

  /// A fit of one framework's overheads; of the points those of its `fit` half count.
  public init(
    _ points: [BenchmarkPoint], framework: Framework, with catalogue: ScenarioCatalogue, threads: Int
  ) {
    self.points = points.filter {
      $0.split == "fit" && $0.framework == framework.rawValue && $0.mode == .aggregated
    }
    self.catalogue = catalogue
    self.threads = threads
    self.framework = framework
  }

  private let framework: Framework

  /// Levenberg–Marquardt on logarithms of the numbers, Jacobian by forward differences.
  ///
  /// - Parameter progress: called with a line for each iteration.
  /// - Returns: the fit; nil where no point can be predicted.
  public func fit(progress: @Sendable (String) -> Void = { _ in }) async -> Fit? {
    let prior = Self.point(catalogue.efficiencies.overhead(of: framework))
    var point = prior
    var best = await residuals(at: point, prior: prior)
    guard best.count > prior.count else { return nil }
    let before = await medians(at: point)
    var damping = 0.1
    for iteration in 1...8 {
      var columns: [[Double]] = []
      for index in point.indices {
        var moved = point
        moved[index] += 0.1
        columns.append(zip(await residuals(at: moved, prior: prior), best).map { ($0 - $1) / 0.1 })
      }
      var improved = false
      for _ in 0..<4 where !improved {
        guard let step = Self.step(columns, best, damping: damping) else { break }
        let trial = zip(point, step).map { $0 + min(max($1, -1.5), 1.5) }
        let found = await residuals(at: trial, prior: prior)
        if Self.sum(found) < Self.sum(best) {
          (point, best, improved, damping) = (trial, found, true, damping * 0.3)
        } else {
          damping *= 5
        }
      }
      progress("\(framework.rawValue): iteration \(iteration), sum of squares \(Self.sum(best))")
      if !improved { break }
    }
    return Fit(
      framework: framework, overhead: Self.overhead(point), points: (best.count - prior.count) / 2,
      before: before, after: await medians(at: point))
  }

  private func results(at point: [Double]) async -> [PointResult] {
    var table = catalogue
    table.efficiencies.frameworks[framework] = Self.overhead(point)
    return await ValidationStudy(points, with: table).run(threads: threads)
  }

  private func residuals(at point: [Double], prior: [Double]) async -> [Double] {
    var residuals: [Double] = []
    for result in await results(at: point) {
      guard let predicted = result.predicted else { continue }
      for (column, weight) in [(MeasuredColumn.tpotMean, 1.0), (.ttftMean, 0.5)] {
        guard let a = predicted[column], let b = result.point.measured[column], a > 0, b > 0 else {
          residuals.append(0)
          continue
        }
        residuals.append(weight * Self.robust(log(a / b)))
      }
    }
    for (value, expected) in zip(point, prior) { residuals.append(0.5 * (value - expected)) }
    return residuals
  }

  private func medians(at point: [Double]) async -> (tpot: Double, ttft: Double) {
    let results = await results(at: point)
    func median(_ column: MeasuredColumn) -> Double {
      let errors = results.compactMap { result -> Double? in
        guard let a = result.predicted?[column], let b = result.point.measured[column], b > 0 else {
          return nil
        }
        return abs(a / b - 1)
      }.sorted()
      return errors.isEmpty ? .nan : errors[errors.count / 2]
    }
    return (median(.tpotMean), median(.ttftMean))
  }
}

/// The algebra of the fit.
extension OverheadCalibration {
  fileprivate static func sum(_ residuals: [Double]) -> Double { residuals.reduce(0) { $0 + $1 * $1 } }

  fileprivate static func robust(_ residual: Double) -> Double {
    let scale = 0.1
    let size = scale * (2 * ((1 + residual * residual / (scale * scale)).squareRoot() - 1)).squareRoot()
    return residual < 0 ? -size : size
  }

  fileprivate static func step(_ columns: [[Double]], _ residuals: [Double], damping: Double) -> [Double]? {
    let n = columns.count
    var matrix = [Double](repeating: 0, count: n * n)
    var right = [Double](repeating: 0, count: n)
    for a in 0..<n {
      for b in 0..<n { matrix[a * n + b] = zip(columns[a], columns[b]).reduce(0) { $0 + $1.0 * $1.1 } }
      right[a] = -zip(columns[a], residuals).reduce(0) { $0 + $1.0 * $1.1 }
    }
    for a in 0..<n { matrix[a * n + a] *= 1 + damping }
    return solveSymmetric(matrix, right)
  }

  /// Logarithms of the numbers, in microseconds; what is 0 counts as a hundredth.
  fileprivate static func point(_ overhead: FrameworkOverhead) -> [Double] {
    [
      overhead.stepSeconds, overhead.mixedStepSeconds, overhead.layerSeconds, overhead.sequenceSeconds,
      overhead.frontEndSeconds, overhead.frontEndSecondsPerInputToken,
    ].map { log(max($0 * 1e6, 0.01)) }
  }

  fileprivate static func overhead(_ point: [Double]) -> FrameworkOverhead {
    // Three digits are more than the fit knows.
    let seconds = point.map { value -> Double in
      let microseconds = exp(min(max(value, -6), 12))
      let scale = pow(10, 2 - floor(log10(microseconds)))
      return (microseconds * scale).rounded() / scale * 1e-6
    }
    return FrameworkOverhead(
      stepSeconds: seconds[0], mixedStepSeconds: seconds[1], layerSeconds: seconds[2],
      sequenceSeconds: seconds[3], frontEndSeconds: seconds[4], frontEndSecondsPerInputToken: seconds[5])
  }
}
