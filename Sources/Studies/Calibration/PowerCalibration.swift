import CostModel
import Foundation
import Hardware
import Scenario

/// Fits what kernels draw: to the board power of measured kernels and to the GPU power of end-to-end runs, on `fit` points
/// only.
///
/// Loops of one kernel say how power rises with what a kernel reaches; what is drawn between kernels, and how much less than
/// its own loop a kernel among others draws, only serving says. How much either counts, and how alike classes and
/// architectures are held to be, is chosen by predicting each model on each system from the others.
public struct PowerCalibration: Sendable {
  /// What a fit found.
  public struct Fit: Sendable {
    /// The section `power` of `priors.yaml`.
    public let text: String
    /// The coefficients by architecture, `other` among them.
    public let powers: [String: PowerCoefficients]
  }

  /// Standard deviation of the logarithm of power that a fit is expected to leave in a kernel.
  private static let kernelTolerance = 0.1
  /// Where residuals, in standard deviations, begin to count linearly.
  private static let corner = 1.5
  /// Steps from one set of simulations to the next.
  private static let iterations = 4
  /// How far a coordinate moves in one of them at most.
  private static let longestStep = 0.7

  let runs: PowerRuns
  let kernels: PowerKernels
  let catalogue: ScenarioCatalogue

  /// A fit to the powered kernels of a store and to measured runs; of these those of their fit half count that have a power and
  /// whose throughput is predicted to a third.
  ///
  /// - Parameters:
  ///   - path: the measurement store.
  ///   - points: measured runs.
  ///   - catalogue: systems, models and the cost model that predicts the time of kernels and runs.
  ///   - threads: threads to use, >= 1; results are the same.
  /// - Throws: what keeps the store from being read.
  public init(
    store path: String, points: [BenchmarkPoint], with catalogue: ScenarioCatalogue, threads: Int
  ) async throws {
    let rows = try KernelStore(path: path, powered: true).rows()
    await self.init(rows: rows, points: points, with: catalogue, threads: threads)
  }

  /// A fit to kernels whose power is known, and to runs.
  init(rows: [KernelRow], points: [BenchmarkPoint], with catalogue: ScenarioCatalogue, threads: Int) async {
    self.catalogue = catalogue
    kernels = PowerKernels(rows, systems: catalogue.systems)
    runs = await PowerRuns(points, with: catalogue, threads: threads)
  }

  /// Fits.
  ///
  /// - Parameter progress: called with a line for each step.
  /// - Returns: the coefficients and how well they predict.
  public func fit(progress: (String) -> Void = { _ in }) async -> Fit {
    await fit(among: PowerSpreads.candidates, progress: progress)
  }

  /// Fits with those spreads among some that predict best what is left out.
  func fit(among candidates: [PowerSpreads], progress: (String) -> Void = { _ in }) async -> Fit {
    progress("\(kernels.count()) kernels, \(runs.count) runs of \(runs.groups.count) models on systems")
    let middle = candidates[candidates.count / 2]
    var line = await search(from: PowerParameters.guess, middle, progress: progress)
    let tried = candidates.map { spreads in
      (
        spreads,
        Self.rootMeanSquare(
          leftOut(line, spreads).enumerated().map { $1 * PowerRuns.tolerance / runs.tolerance(of: $0) })
      )
    }
    for (spreads, error) in tried { progress("\(spreads.label): \(Self.percent(error)) left out") }
    let chosen = tried.min { $0.1 < $1.1 }?.0 ?? middle
    progress("chosen: \(chosen.label)")
    line = await search(from: line.point, chosen, progress: progress)
    return Fit(text: text(at: line, leftOut: leftOut(line, chosen), chosen), powers: powers(at: line.point))
  }
}

extension PowerCalibration {
  /// Runs around a point: logarithms of predicted over measured, and their derivatives, a column for each coordinate.
  struct Line: Sendable {
    var point: [Double]
    var ratios: [Double]
    var columns: [[Double]]

    /// The ratios at another point.
    func ratios(at other: [Double]) -> [Double] {
      var found = ratios
      for index in point.indices where other[index] != point[index] {
        let moved = other[index] - point[index]
        for run in found.indices { found[run] += columns[index][run] * moved }
      }
      return found
    }
  }

  /// Simulates, takes a step where the runs lie on a line and the kernels where they lie, and simulates again.
  private func search(from start: [Double], _ spreads: PowerSpreads, progress: (String) -> Void) async -> Line
  {
    var line = await runs.line(at: start)
    var cost = cost(line.ratios, line.point, spreads)
    for iteration in 1...Self.iterations {
      let target = minimum(of: line, spreads) { _ in true }
      var step = 1.0
      var moved: [Double]?
      while step > 0.1, moved == nil {
        let trial = zip(line.point, target).map { now, next in
          now + min(max((next - now) * step, -Self.longestStep), Self.longestStep)
        }
        let found = self.cost(await runs.ratios(at: trial), trial, spreads)
        if found < cost { (moved, cost) = (trial, found) } else { step /= 2 }
      }
      progress("iteration \(iteration): sum of squares \((cost * 10).rounded() / 10)")
      guard let moved else { break }
      line = await runs.line(at: moved)
    }
    return line
  }

  /// The point of least squares where runs that `counts` lie on a line.
  private func minimum(of line: Line, _ spreads: PowerSpreads, counts: (Int) -> Bool) -> [Double] {
    let shown = line.ratios.indices.filter(counts)
    let fit = NonlinearFit(
      residuals: { point in
        let ratios = line.ratios(at: point)
        return residuals(shown.map { ($0, ratios[$0]) }, point, spreads)
      }, iterations: 20)
    return fit.minimise(from: line.point)
  }

  private func residuals(_ ratios: [(run: Int, ratio: Double)], _ point: [Double], _ spreads: PowerSpreads)
    -> [Double]
  {
    ratios.map { SimulatedFit.robust($0.ratio / runs.tolerance(of: $0.run), scale: Self.corner) }
      + kernels.residuals(
        at: point, worth: spreads.kernels, tolerance: Self.kernelTolerance, corner: Self.corner)
      + PowerParameters.deviations(point, spreads)
  }

  private func cost(_ ratios: [Double], _ point: [Double], _ spreads: PowerSpreads) -> Double {
    SimulatedFit.sum(residuals(ratios.enumerated().map { ($0, $1) }, point, spreads))
  }

  /// Each model on each system predicted from the others: the logarithms of predicted over measured.
  private func leftOut(_ line: Line, _ spreads: PowerSpreads) -> [Double] {
    var found = line.ratios
    for group in runs.groups {
      let members = Set(group.runs)
      let ratios = line.ratios(at: minimum(of: line, spreads) { !members.contains($0) })
      for run in group.runs { found[run] = ratios[run] }
    }
    return found
  }

  private static func rootMeanSquare(_ ratios: [Double]) -> Double {
    ratios.isEmpty ? 0 : (SimulatedFit.sum(ratios) / Double(ratios.count)).squareRoot()
  }

  static func median(_ ratios: [Double]) -> Double {
    let errors = ratios.map { abs(exp($0) - 1) }.sorted()
    return errors.isEmpty ? 0 : errors[errors.count / 2]
  }

  static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }
}
