/// The cost of attending to the cached context of `n` decoding sequences, over (n, mean context).
///
/// Between two context knots the cost is linear in the *sum* of contexts at a fixed `n`: that is what gives a run
/// of decode steps its closed form.
@frozen
public struct ContextGrid: Sendable {
  @usableFromInline let sequenceIndex: LogLinearIndex
  @usableFromInline let contextIndex: LogLinearIndex
  @usableFromInline let contextKnots: Int
  @usableFromInline private(set) var values: [CostVector]
  /// The largest number of sequences that the grid covers.
  public let maximumSequences: Int
  /// The largest mean context, in tokens, that the grid covers.
  public let maximumContext: Int

  /// A linear piece of the grid at a fixed number of sequences.
  @frozen
  public struct Piece: Sendable {
    /// The cost of one step at the given sum of contexts.
    public let value: CostVector
    /// The growth of that cost for each further token in the sum of contexts.
    public let slope: CostVector
    /// The sum of contexts that it begins at.
    public let start: Int
    /// The first sum of contexts that lies outside this piece.
    public let end: Int

    @inlinable
    init(value: CostVector, slope: CostVector, start: Int, end: Int) {
      self.value = value
      self.slope = slope
      self.start = start
      self.end = end
    }
  }

  /// Samples `cost(sequences, meanContext)` at every knot.
  ///
  /// - Parameters:
  ///   - maximumSequences: the largest batch that will be looked up, >= 1.
  ///   - maximumContext: the largest mean context in tokens that will be looked up, >= 1.
  ///   - cost: the cost of one step; called once for each pair of knots.
  public init(maximumSequences: Int, maximumContext: Int, cost: (Int, Int) -> CostVector) {
    precondition(maximumSequences >= 1 && maximumContext >= 1, "an empty grid")
    let sequences = LogLinearIndex(bits: 3)
    let contexts = LogLinearIndex(bits: 2)
    let rows = sequences.cell(of: maximumSequences) + 2
    let columns = contexts.cell(of: maximumContext) + 2
    var values: [CostVector] = []
    values.reserveCapacity(rows * columns)
    for row in 0..<rows {
      let n = sequences.lowerBound(of: row)
      for column in 0..<columns {
        values.append(n == 0 ? .zero : cost(n, contexts.lowerBound(of: column)))
      }
    }
    self.sequenceIndex = sequences
    self.contextIndex = contexts
    self.contextKnots = columns
    self.values = values
    self.maximumSequences = maximumSequences
    self.maximumContext = maximumContext
  }

  @inlinable
  func knot(sequences n: Int, row: Int, fraction: Double, column: Int) -> CostVector {
    let low = values[row * contextKnots + column]
    if fraction == 0 { return low }
    return low + (values[(row + 1) * contextKnots + column] - low) * fraction
  }

  /// The linear piece around `contextSum`, the sum of contexts of `n` >= 1 sequences, in tokens.
  ///
  /// O(1).
  @inlinable
  public func piece(sequences n: Int, contextSum: Double) -> Piece {
    let row = sequenceIndex.cell(of: n)
    let low = sequenceIndex.lowerBound(of: row)
    let high = sequenceIndex.lowerBound(of: row + 1)
    let fraction = Double(n - low) / Double(high - low)
    let column = contextIndex.cell(of: Int(contextSum) / n)
    let start = contextIndex.lowerBound(of: column) * n
    let end = contextIndex.lowerBound(of: column + 1) * n
    let first = knot(sequences: n, row: row, fraction: fraction, column: column)
    let last = knot(sequences: n, row: row, fraction: fraction, column: column + 1)
    let slope = (last - first) / Double(end - start)
    return Piece(value: first + slope * (contextSum - Double(start)), slope: slope, start: start, end: end)
  }

  /// The grid with every sample changed.
  func mapped(_ change: (CostVector) -> CostVector) -> ContextGrid {
    var grid = self
    grid.values = values.map(change)
    return grid
  }
}
