/// What a closed form leaves unexplained: a log ratio over three coordinates, linear between the knots of each axis.
///
/// Outside its axes the grid keeps the value at its edge, so that a prediction beyond what was measured rests on the
/// closed form.
public struct ResidualGrid: Sendable, Equatable, Codable {
  /// Knots of the three axes, ascending; coordinates are base-2 logarithms of shapes.
  public var axes: [[Double]]
  /// Natural logarithm of measured over closed form, the last axis fastest.
  public var values: [Double]

  /// Creates a grid; three axes of at least one ascending knot each, and a value for each combination of knots.
  public init(axes: [[Double]], values: [Double]) {
    precondition(axes.count == 3 && axes.allSatisfy { !$0.isEmpty }, "a residual grid has three axes")
    precondition(values.count == axes.reduce(1) { $0 * $1.count }, "a value for each combination of knots")
    self.axes = axes
    self.values = values
  }

  /// The eight (or fewer) knots around a point, as indices into `values`, with weights that sum to 1.
  public func neighbours(of point: SIMD3<Double>) -> [(index: Int, weight: Double)] {
    var found: [(index: Int, weight: Double)] = [(0, 1)]
    for axis in 0..<3 {
      let knots = axes[axis]
      let (low, fraction) = Self.locate(point[axis], in: knots)
      var next: [(index: Int, weight: Double)] = []
      for (index, weight) in found {
        next.append((index * knots.count + low, weight * (1 - fraction)))
        if fraction > 0 { next.append((index * knots.count + low + 1, weight * fraction)) }
      }
      found = next
    }
    return found
  }

  private static func locate(_ value: Double, in knots: [Double]) -> (low: Int, fraction: Double) {
    guard knots.count > 1, value > knots[0] else { return (0, 0) }
    var low = 0
    while low < knots.count - 2 && value >= knots[low + 1] { low += 1 }
    let fraction = (value - knots[low]) / (knots[low + 1] - knots[low])
    return (low, min(max(fraction, 0), 1))
  }

  /// The log ratio at a point.
  public func value(at point: SIMD3<Double>) -> Double {
    neighbours(of: point).reduce(0) { $0 + values[$1.index] * $1.weight }
  }
}
