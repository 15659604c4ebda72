import Simulation

/// How many requests waited and how many were in flight at the end of each bucket of the time in which requests came.
struct QueueLevels {
  /// A run of buckets.
  struct Batch {
    /// Its first bucket.
    var first = 0
    var buckets = 0
    /// Requests that came.
    var arrivals = 0.0
    /// Requests whose wait ended.
    var dequeued = 0.0
    /// By how much the queue grew.
    var queueGrowth = 0.0
    /// By how much the requests in flight grew.
    var inFlightGrowth = 0.0
    /// The fewest requests in the queue at the end of a bucket.
    var leastQueue = 0.0
  }

  static let fewestBuckets = 32
  static let fewestArrivals = 100.0
  static let mostBatches = 32
  static let mostExcursionBatches = 64

  /// The first bucket in which a request came.
  let first: Int
  /// Seconds of a bucket.
  let width: Double
  let widthNanoseconds: Int64
  /// Of each bucket from the first to the one before that of the last arrival.
  private(set) var arrivals: [Int64] = []
  private(set) var dequeued: [Int64] = []
  private(set) var queue: [Int64] = []
  private(set) var inFlight: [Int64] = []
  /// All requests that came, or were there when the report began.
  private(set) var allArrivals: Int64
  /// Requests in the queue at the end of the bucket of the last arrival.
  let queueAtLastArrival: Int64
  private let queueBefore: Int64
  private let inFlightBefore: Int64

  /// Levels of a run; nil where no requests came.
  init?(_ observations: Observations) {
    let series = observations.series
    guard let first = series.buckets.firstIndex(where: { $0.arrived > 0 }),
      let last = series.buckets.lastIndex(where: { $0.arrived > 0 })
    else { return nil }
    self.first = first
    width = series.widthSeconds
    widthNanoseconds = series.widthNanoseconds
    var waiting = observations.waitingAtOrigin
    var flying = observations.inFlightAtOrigin
    for bucket in series.buckets[..<first] {
      waiting -= bucket.dequeued
      flying -= bucket.ended
    }
    queueBefore = waiting
    inFlightBefore = flying
    allArrivals = flying
    // The bucket of the last arrival is left out: the rest of it drains.
    for bucket in series.buckets[first..<last] {
      waiting += bucket.arrived - bucket.dequeued
      flying += bucket.arrived - bucket.ended
      allArrivals += bucket.arrived
      arrivals.append(bucket.arrived)
      dequeued.append(bucket.dequeued)
      queue.append(waiting)
      inFlight.append(flying)
    }
    queueAtLastArrival = waiting + series.buckets[last].arrived - series.buckets[last].dequeued
    allArrivals += series.buckets[last].arrived
  }

  /// How many there are.
  var buckets: Int { arrivals.count }

  /// The first bucket that growth is judged from: a quarter of the time in which requests came is warm-up, or what
  /// lies before the steady window, if that leaves half.
  func start(window: RunSpan) -> Int {
    let window = bucket(of: window)
    return max(buckets / 4, window <= buckets / 2 ? window : 0)
  }

  /// The bucket in which a window begins, from the first arrival.
  func bucket(of window: RunSpan) -> Int {
    min(max(Int(window.startNanoseconds / widthNanoseconds) - first, 0), buckets / 2)
  }

  /// Batches of equal width from bucket `start` to the end; what is left over at the start goes into the first.
  func batches(from start: Int, of most: Int) -> [Batch] {
    let size = max(1, (buckets - start) / most)
    let count = (buckets - start) / size
    let extra = buckets - start - count * size
    return (0..<count).map { index in
      let from = index == 0 ? start : start + extra + index * size
      let to = start + extra + (index + 1) * size
      return Batch(
        first: from, buckets: to - from, arrivals: Double(arrivals[from..<to].reduce(0, +)),
        dequeued: Double(dequeued[from..<to].reduce(0, +)),
        queueGrowth: Double(queue[to - 1] - (from > 0 ? queue[from - 1] : queueBefore)),
        inFlightGrowth: Double(inFlight[to - 1] - (from > 0 ? inFlight[from - 1] : inFlightBefore)),
        leastQueue: Double(queue[from..<to].min() ?? 0))
    }
  }

  /// By how much requests in flight rise over batches with the rate of arrivals alone, by Little's law.
  ///
  /// - Parameters:
  ///   - batches: at least four.
  ///   - seconds: the mean time in service.
  /// - Returns: requests, negative where the rate falls.
  func rise(over batches: [Batch], serviceSeconds seconds: Double) -> Double {
    let quarter = batches.count / 4
    func rate(_ part: ArraySlice<Batch>) -> Double {
      part.reduce(0) { $0 + $1.arrivals } / (Double(part.reduce(0) { $0 + $1.buckets }) * width)
    }
    // From the middle of the first quarter to that of the last are three quarters of the way.
    return (rate(batches.suffix(quarter)) - rate(batches.prefix(quarter))) * 4 / 3 * seconds
  }

  /// The time of some batches.
  func span(of batches: [Batch]) -> RunSpan {
    let start = Int64(first + (batches.first?.first ?? 0)) * widthNanoseconds
    return RunSpan(startNanoseconds: start, endNanoseconds: Int64(first + buckets) * widthNanoseconds)
  }
}
