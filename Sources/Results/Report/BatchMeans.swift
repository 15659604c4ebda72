/// Sums over batches of a run: what is averaged, and over how much.
///
/// The mean of the whole is Σ totals / Σ weights. Its error comes from batches, since neighbouring requests of a queue
/// resemble each other and would pretend to more certainty than there is: B. W. Schmeiser, "Batch size effects in the
/// analysis of simulation output", Operations Research 30 (1982), who shows that 10 to 30 batches lose little against
/// more; A. M. Law, W. D. Kelton, "Simulation Modeling and Analysis", section 9.5.3. Batches that hold unequal numbers
/// of requests make the mean a ratio, whose error follows from the residuals total − mean × weight
/// (W. G. Cochran, "Sampling Techniques", section 6.4).
struct BatchMeans {
  /// Sums of one batch.
  struct Batch {
    var total = 0.0
    var weight = 0.0
  }

  let batches: [Batch]
  /// Σ totals / Σ weights; NaN where the weights add up to 0.
  let mean: Double

  init(_ batches: [Batch]) {
    self.batches = batches
    let weight = batches.reduce(0) { $0 + $1.weight }
    mean = batches.reduce(0) { $0 + $1.total } / weight
  }

  private var residuals: [Double] { batches.map { $0.total - mean * $0.weight } }

  /// The correlation of the residuals of neighbouring batches, in -1...1; 0 where nothing varies.
  var neighbourCorrelation: Double {
    let residuals = residuals
    let squares = residuals.reduce(0) { $0 + $1 * $1 }
    guard squares > 0 else { return 0 }
    return zip(residuals, residuals.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / squares
  }

  /// Half the width of the two-sided 95 % confidence interval of the mean.
  var halfWidth: Double {
    let count = Double(batches.count)
    let weight = batches.reduce(0) { $0 + $1.weight } / count
    let variance = residuals.reduce(0) { $0 + $1 * $1 } / (count - 1)
    return StudentT.quantile975(degreesOfFreedom: batches.count - 1) * (variance / count).squareRoot()
      / weight
  }

  /// Neighbouring batches put together, `size` at a time; what is left over at the start goes into the first.
  func grouped(by size: Int) -> BatchMeans {
    let count = batches.count / size
    let extra = batches.count - count * size
    return BatchMeans(
      (0..<count).map { group in
        let range = (group == 0 ? 0 : extra + group * size)..<(extra + (group + 1) * size)
        return batches[range].reduce(into: Batch()) {
          $0.total += $1.total
          $0.weight += $1.weight
        }
      })
  }

  static let mostBatches = 30
  static let fewestBatches = 10
  /// Small batches are told apart before they are put together in fours.
  private static let partsOfBatch = 4
  private static let largestCorrelation = 0.4

  /// The 95 % confidence interval of the mean.
  ///
  /// The number of batches is the largest of 30, 25, 20, 15, 10 at which quarters of batches, of which there are enough
  /// to tell, correlate by at most 0.4 with their neighbours, as in A. M. Law, J. S. Carson, "A sequential procedure
  /// for determining the length of a steady-state simulation", Operations Research 27 (1979); whole batches then
  /// correlate little.
  /// - Parameter leastWeight: what a batch holds at least, on average.
  /// - Returns: the interval; nil where ten batches are too many for that, or still correlate.
  func interval(leastWeight: Double) -> (low: Double, high: Double, batches: Int)? {
    let weight = batches.reduce(0) { $0 + $1.weight }
    for wanted in stride(from: Self.mostBatches, through: Self.fewestBatches, by: -5) {
      let size = batches.count / (wanted * Self.partsOfBatch)
      guard size >= 1, weight >= leastWeight * Double(wanted) else { continue }
      let parts = grouped(by: size)
      guard parts.neighbourCorrelation <= Self.largestCorrelation else { continue }
      let whole = parts.grouped(by: Self.partsOfBatch)
      let half = whole.halfWidth
      // Parts that don't divide evenly may make a batch more than wanted.
      return (whole.mean - half, whole.mean + half, whole.batches.count)
    }
    return nil
  }
}
