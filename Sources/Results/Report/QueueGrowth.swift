/// By how much a number of requests grew from batch to batch, and how sure that is.
struct Growth {
  /// By how much it grew over all batches.
  let total: Double
  /// Half the width of the 95 % confidence interval of `total`, from the variance of the batches.
  let halfWidth: Double
  /// Requests that came meanwhile.
  let arrivals: Double
  private let lateTotal: Double
  private let lateArrivals: Double

  init(_ growth: [Double], arrivals: [Double]) {
    let count = growth.count
    let total = growth.reduce(0, +)
    let mean = total / Double(count)
    let variance = growth.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
    self.total = total
    halfWidth = StudentT.quantile975(degreesOfFreedom: count - 1) * (variance * Double(count)).squareRoot()
    self.arrivals = arrivals.reduce(0, +)
    lateTotal = growth[(count / 2)...].reduce(0, +)
    lateArrivals = arrivals[(count / 2)...].reduce(0, +)
  }

  /// Whether it grew beyond its error, by more than `share` of the arrivals, in the later half as well.
  func isSignificant(share: Double) -> Bool {
    total > halfWidth && total > share * arrivals && lateTotal > share * lateArrivals
  }
}

/// Stretches of a run in which a queue stood that chance does not explain.
///
/// Below full load a queue empties again and again. Under heavy traffic what lies between is an excursion of Brownian
/// motion: of L arrivals it is at most about σ √L high, where σ² is the variance of arrivals and departures for each
/// arrival. An excursion is higher than 2.5 σ √L with probability 2 (4 · 2.5² − 1) exp(−2 · 2.5²) = 1.8e-4
/// (K. L. Chung, "Excursions in Brownian motion", Arkiv för Matematik 14, 1976); what is higher had a cause: a burst, a
/// peak of the day, a failure.
struct Excursions {
  /// The share of the requests that came during such a stretch, in 0...1.
  let share: Double

  static let deviations = 2.5

  /// - Parameters:
  ///   - batches: the run in order.
  ///   - delay: seconds for which a request waits though there is room.
  ///   - width: seconds of a bucket.
  init(_ batches: [QueueLevels.Batch], delay: Double, width: Double) {
    let arrivals = batches.reduce(0) { $0 + $1.arrivals }
    let seconds = batches.reduce(0) { $0 + Double($1.buckets) } * width
    guard arrivals > 0 else {
      share = 0
      return
    }
    let floor = 1 + arrivals / seconds * delay
    let variance = max(1, Self.dispersion(batches.map(\.arrivals)) + Self.dispersion(batches.map(\.dequeued)))
    var found = 0.0
    var height = 0.0
    var length = 0.0
    // What made the queue came in the batch before it was there from start to end.
    var before = 0.0
    for batch in batches + [QueueLevels.Batch()] {
      let above = batch.leastQueue - floor
      if above > 0 {
        if length == 0 { length = before }
        height = max(height, above)
        length += batch.arrivals
      } else {
        if height > Self.deviations * (variance * max(1, length)).squareRoot() { found += length }
        (height, length, before) = (0, 0, batch.arrivals)
      }
    }
    share = found / arrivals
  }

  /// The variance of counts over their mean, from differences between neighbours, so that a trend does not count, and
  /// from their median, so that a burst does not.
  ///
  /// Half the squared difference of two normal counts is the variance times χ² of one degree of freedom, whose median is
  /// 0.455.
  static func dispersion(_ counts: [Double]) -> Double {
    let mean = counts.reduce(0, +) / Double(counts.count)
    let halves = zip(counts, counts.dropFirst()).map { ($0 - $1) * ($0 - $1) / 2 }.sorted()
    guard mean > 0, !halves.isEmpty else { return 0 }
    return halves[halves.count / 2] / 0.455 / mean
  }
}
