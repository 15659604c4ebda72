import CostModel
import Foundation
import Hardware
import Models
import Quantities

/// Fits one surface: the closed form's numbers by least squares on log ratios, then a residual grid.
struct SurfaceFit {
  let rows: [KernelRow]
  /// The systems of the rows.
  let systems: [String: SystemSpecification]
  /// Where the closed form starts, and what it is drawn to where rows say little.
  let prior: OperatorEfficiency
  /// Layers that get a residual of their own, by ``KernelWork/family``.
  var families: Set<String> = []

  /// Rows that the closed form is fitted on, at most; the residual grid sees all.
  static let sampleLimit = 3000
  /// Rows that a layer needs for a residual of its own.
  static let familyRows = 40
  /// Knots of the residual grid's axes, at most.
  static let knots = [14, 7, 6]

  private struct Measured {
    let work: KernelWork
    let accelerator: AcceleratorSpecification
    let fabric: ScaleUpFabric
    let peak: Double
    let logSeconds: Double
    let row: KernelRow
  }

  private let measured: [Measured]

  init(
    rows: [KernelRow], systems: [String: SystemSpecification], prior: OperatorEfficiency,
    families: Set<String> = []
  ) {
    self.rows = rows
    self.systems = systems
    self.prior = prior
    self.families = families
    measured = rows.compactMap { row in
      guard let system = systems[row.system],
        let type = Hardware.ComputeType(rawValue: row.work.type.rawValue),
        let peak = system.accelerator.peakRates[type]?.si
      else { return nil }
      return Measured(
        work: row.work, accelerator: system.accelerator, fabric: system.scaleUp, peak: peak,
        logSeconds: log(row.seconds), row: row)
    }
  }

  /// The fitted closed form and residual, with the error over all rows; nil for too few rows.
  func fit() -> (
    efficiency: OperatorEfficiency, residual: ResidualGrid, families: [String: ResidualGrid], median: Double,
    p90: Double, count: Int
  )? {
    guard measured.count >= 24 else { return nil }
    let stride = max(1, measured.count / Self.sampleLimit)
    let sample = Swift.stride(from: 0, to: measured.count, by: stride).map { measured[$0] }
    let start = Self.point(prior)
    let problem = NonlinearFit { point in
      let efficiency = Self.efficiency(point)
      var residuals = sample.map { Self.robust(logSeconds($0, efficiency) - $0.logSeconds) }
      // The priors weigh as much as a few rows: they decide what the rows leave open.
      for (value, expected) in zip(point, start) { residuals.append(2 * (value - expected)) }
      return residuals
    }
    let efficiency = Self.efficiency(problem.minimise(from: start))
    let targets = measured.map { $0.logSeconds - logSeconds($0, efficiency) }
    let grid = residual(measured, targets, stiffness: 1)
    let own = familyResiduals(zip(measured, targets).map { $0.1 - grid.value(at: shape($0.0)) })
    var errors = zip(measured, targets).map { row, target in
      let found = grid.value(at: shape(row)) + (own[row.work.family]?.value(at: shape(row)) ?? 0)
      return abs(exp(found - target) - 1)
    }
    errors.sort()
    return (efficiency, grid, own, errors[errors.count / 2], errors[errors.count * 9 / 10], errors.count)
  }

  /// Large deviations count linearly, not by their square.
  private static func robust(_ residual: Double) -> Double {
    let scale = 0.3
    let size = scale * (2 * ((1 + residual * residual / (scale * scale)).squareRoot() - 1)).squareRoot()
    return residual < 0 ? -size : size
  }

  private func shape(_ row: Measured) -> SIMD3<Double> {
    row.row.accelerators > 0
      ? Exchange.shape(bytes: row.row.bytes, size: row.row.accelerators) : row.work.shape
  }

  private func logSeconds(_ row: Measured, _ efficiency: OperatorEfficiency) -> Double {
    if row.row.accelerators > 0 {
      return log(
        Exchange.allReduceSeconds(
          bytes: row.row.bytes, size: row.row.accelerators, latency: efficiency.launchSeconds,
          bandwidth: row.fabric.bandwidth.si * efficiency.memory, topology: row.fabric.topology))
    }
    let parts = RooflineParts(
      row.work, surface: OperatorSurface(efficiency: efficiency), accelerator: row.accelerator, peak: row.peak
    )
    return log(max(parts.seconds, 1e-12))
  }

  /// Logarithms of the closed form's numbers: they stay positive.
  private static func point(_ efficiency: OperatorEfficiency) -> [Double] {
    [
      log(efficiency.compute), log(efficiency.memory), log(efficiency.activation), log(efficiency.sharpness),
      log(efficiency.launchSeconds),
    ]
  }

  private static func efficiency(_ point: [Double]) -> OperatorEfficiency {
    func bounded(_ value: Double, _ range: ClosedRange<Double>) -> Double {
      min(max(exp(value), range.lowerBound), range.upperBound)
    }
    return OperatorEfficiency(
      compute: bounded(point[0], 0.01...1.2), memory: bounded(point[1], 0.01...1.3),
      activation: bounded(point[2], 0.01...4), sharpness: bounded(point[3], 1...8),
      launchSeconds: bounded(point[4], 2e-7...3e-4))
  }
}

/// The residual grid: hat functions on the log ratio, drawn to 0 and to their neighbours.
extension SurfaceFit {
  /// Residuals of the layers that were measured themselves, `targets` being what the common residual leaves.
  private func familyResiduals(_ targets: [Double]) -> [String: ResidualGrid] {
    var indices: [String: [Int]] = [:]
    for (index, row) in measured.enumerated() where families.contains(row.work.family) {
      indices[row.work.family, default: []].append(index)
    }
    return indices.filter { $0.value.count >= Self.familyRows }.mapValues { found in
      residual(found.map { measured[$0] }, found.map { targets[$0] }, stiffness: 0.3)
    }
  }

  /// A grid over the shapes of `rows` that follows `targets`; the stiffer, the more it keeps to its neighbours and 0.
  private func residual(_ measured: [Measured], _ targets: [Double], stiffness: Double) -> ResidualGrid {
    let axes = (0..<3).map { axis in knots(measured.map { shape($0)[axis] }, at: Self.knots[axis]) }
    let sizes = axes.map(\.count)
    let count = sizes.reduce(1, *)
    var grid = ResidualGrid(axes: axes, values: Array(repeating: 0, count: count))
    var matrix = [Double](repeating: 0, count: count * count)
    var right = [Double](repeating: 0, count: count)
    for (row, target) in zip(measured, targets) {
      // One broken row must not bend the grid.
      let weight = 1 / (1 + target * target)
      let near = grid.neighbours(of: shape(row))
      for (first, a) in near {
        right[first] += weight * a * target
        for (second, b) in near { matrix[first * count + second] += weight * a * b }
      }
    }
    let smoothing = stiffness * (0.002 * Double(measured.count) / Double(count) + 0.05)
    for index in 0..<count { matrix[index * count + index] += 0.1 * smoothing }
    for (first, second) in neighbourPairs(sizes) {
      matrix[first * count + first] += smoothing
      matrix[second * count + second] += smoothing
      matrix[first * count + second] -= smoothing
      matrix[second * count + first] -= smoothing
    }
    if let values = solveSymmetric(matrix, right) {
      grid.values = values.map { (min(max($0, -2), 2) * 1000).rounded() / 1000 }
    }
    return grid
  }

  /// At most `count` knots from the smallest to the largest coordinate, evenly.
  private func knots(_ values: [Double], at count: Int) -> [Double] {
    guard let low = values.min(), let high = values.max(), high - low > 0.01 else {
      return [values.first ?? 0]
    }
    let pieces = max(1, min(count - 1, Int((high - low).rounded(.up))))
    return (0...pieces).map { ((low + (high - low) * Double($0) / Double(pieces)) * 100).rounded() / 100 }
  }

  private func neighbourPairs(_ sizes: [Int]) -> [(Int, Int)] {
    var pairs: [(Int, Int)] = []
    for a in 0..<sizes[0] {
      for b in 0..<sizes[1] {
        for c in 0..<sizes[2] {
          let index = (a * sizes[1] + b) * sizes[2] + c
          if a + 1 < sizes[0] { pairs.append((index, index + sizes[1] * sizes[2])) }
          if b + 1 < sizes[1] { pairs.append((index, index + sizes[2])) }
          if c + 1 < sizes[2] { pairs.append((index, index + 1)) }
        }
      }
    }
    return pairs
  }
}
