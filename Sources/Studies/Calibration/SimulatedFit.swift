import Foundation

/// A least-squares fit whose every evaluation is a simulation: few parameters, few evaluations.
///
/// Levenberg–Marquardt with a Jacobian by forward differences; steps are bounded, since models bend.
struct SimulatedFit: Sendable {
  /// Residuals at a point; points with another number of them are refused.
  let residuals: @Sendable ([Double]) async -> [Double]
  /// Where each parameter may lie.
  let range: ClosedRange<Double>
  /// Iterations at most.
  var iterations = 8

  private static let difference = 0.1
  private static let longestStep = 0.7

  /// The point of least squares found from `start`.
  ///
  /// - Parameters:
  ///   - start: where to begin.
  ///   - progress: called with the iteration and the sum of squares.
  /// - Returns: the point.
  func minimise(from start: [Double], progress: (Int, Double) -> Void) async -> [Double] {
    var point = start
    var best = await residuals(point)
    var damping = 0.1
    for iteration in 1...iterations {
      var columns: [[Double]] = []
      for index in point.indices {
        var moved = point
        moved[index] += Self.difference
        columns.append(zip(await residuals(moved), best).map { ($0 - $1) / Self.difference })
      }
      var improved = false
      for _ in 0..<4 where !improved {
        guard let step = Self.step(columns, best, damping: damping) else { break }
        let trial = zip(point, step).map { value, change in
          let next = value + min(max(change, -Self.longestStep), Self.longestStep)
          return min(max(next, range.lowerBound), range.upperBound)
        }
        let found = await residuals(trial)
        if found.count == best.count, Self.sum(found) < Self.sum(best) {
          (point, best, improved, damping) = (trial, found, true, damping * 0.3)
        } else {
          damping *= 5
        }
      }
      progress(iteration, Self.sum(best))
      if !improved { break }
    }
    return point
  }

  /// A residual that counts linearly beyond `scale`.
  static func robust(_ residual: Double, scale: Double = 0.1) -> Double {
    let size = scale * (2 * ((1 + residual * residual / (scale * scale)).squareRoot() - 1)).squareRoot()
    return residual < 0 ? -size : size
  }

  /// The sum of squares.
  static func sum(_ residuals: [Double]) -> Double { residuals.reduce(0) { $0 + $1 * $1 } }

  /// The damped Gauss–Newton step from residuals and their derivatives, a column for each parameter; nil where the
  /// system is singular.
  static func step(_ columns: [[Double]], _ residuals: [Double], damping: Double) -> [Double]? {
    let count = columns.count
    var matrix = [Double](repeating: 0, count: count * count)
    var right = [Double](repeating: 0, count: count)
    for a in 0..<count {
      for b in 0...a {
        let product = zip(columns[a], columns[b]).reduce(0) { $0 + $1.0 * $1.1 }
        matrix[a * count + b] = product
        matrix[b * count + a] = product
      }
      right[a] = -zip(columns[a], residuals).reduce(0) { $0 + $1.0 * $1.1 }
    }
    for a in 0..<count { matrix[a * count + a] *= 1 + damping }
    return solveSymmetric(matrix, right)
  }
}
