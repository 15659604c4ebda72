/// A cost as a function of one integer, sampled at log-linear knots and linear between them.
@frozen
public struct KnotTable: Sendable {
  @usableFromInline let index: LogLinearIndex
  @usableFromInline let values: [CostVector]
  /// The largest argument that the table covers.
  public let maximum: Int

  /// Samples `cost` at every knot from 0 to at least `maximum`, `2^bits` knots an octave.
  ///
  /// - Parameters:
  ///   - maximum: the largest argument that will be looked up, >= 0.
  ///   - bits: base-2 logarithm of the knots in an octave.
  ///   - cost: the cost at an argument; called once for each knot.
  public init(maximum: Int, bits: Int, cost: (Int) -> CostVector) {
    precondition(maximum >= 0, "a table up to \(maximum)")
    let index = LogLinearIndex(bits: bits)
    let last = index.cell(of: maximum) + 1
    self.index = index
    self.maximum = maximum
    self.values = (0...last).map { cost(index.lowerBound(of: $0)) }
  }

  /// The interpolated cost at `argument` in 0...maximum.
  ///
  /// O(1).
  @inlinable
  public func value(at argument: Int) -> CostVector {
    let cell = index.cell(of: argument)
    let low = index.lowerBound(of: cell)
    let high = index.lowerBound(of: cell + 1)
    let start = values[cell]
    if argument == low { return start }
    let fraction = Double(argument - low) / Double(high - low)
    return start + (values[cell + 1] - start) * fraction
  }

  /// The table with every sample changed: `change` gets the argument and the cost there.
  func mapped(_ change: (Int, CostVector) -> CostVector) -> KnotTable {
    KnotTable(
      index: index, maximum: maximum,
      values: values.indices.map { change(index.lowerBound(of: $0), values[$0]) })
  }

  private init(index: LogLinearIndex, maximum: Int, values: [CostVector]) {
    self.index = index
    self.maximum = maximum
    self.values = values
  }
}
