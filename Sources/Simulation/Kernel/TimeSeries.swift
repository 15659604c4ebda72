/// What a pool did over time: at most 1,024 buckets of equal width, whose width doubles when the run outgrows them.
///
/// All fields are integers, so that sums don't depend on the order or the grouping of what is added.
public struct TimeSeries: Sendable, Equatable {
  /// What happened in one bucket.
  public struct Bucket: Sendable, Equatable {
    /// Output tokens produced.
    public var outputTokens: Int64 = 0
    /// Prompt tokens processed (recomputed ones included).
    public var inputTokens: Int64 = 0
    /// Requests completed.
    public var completed: Int64 = 0
    /// Completed requests that met every latency target.
    public var good: Int64 = 0
    /// Energy of the accelerators above idle, in microjoules.
    public var microjoulesAboveIdle: Int64 = 0
    /// Requests that were sent.
    public var arrived: Int64 = 0
    /// Requests that a step worked on for the first time, or that left without: their wait was over.
    public var dequeued: Int64 = 0
    /// Requests that were completed, rejected or lost.
    public var ended: Int64 = 0
    /// Completed requests with more than one output token, which have a time per output token.
    public var withTimePerOutputToken: Int64 = 0
    /// Arrival to first token of completed requests, added up, each rounded to a microsecond.
    public var timeToFirstTokenMicroseconds: Int64 = 0
    /// Time per output token of completed requests, added up, each rounded to a microsecond.
    public var timePerOutputTokenMicroseconds: Int64 = 0
    /// Arrival to last token of completed requests, added up, each rounded to a microsecond.
    public var endToEndMicroseconds: Int64 = 0

    /// A bucket in which nothing happened.
    public init() {}

    /// How many fields there are.
    static let fieldCount = 12

    /// All fields in a fixed order.
    var fields: [Int64] {
      [
        outputTokens, inputTokens, completed, good, microjoulesAboveIdle, arrived, dequeued, ended,
        withTimePerOutputToken, timeToFirstTokenMicroseconds, timePerOutputTokenMicroseconds,
        endToEndMicroseconds,
      ]
    }

    /// A bucket of ``fields``.
    init(fields: [Int64]) {
      precondition(fields.count == Self.fieldCount, "a bucket of other fields")
      outputTokens = fields[0]
      inputTokens = fields[1]
      completed = fields[2]
      good = fields[3]
      microjoulesAboveIdle = fields[4]
      arrived = fields[5]
      dequeued = fields[6]
      ended = fields[7]
      withTimePerOutputToken = fields[8]
      timeToFirstTokenMicroseconds = fields[9]
      timePerOutputTokenMicroseconds = fields[10]
      endToEndMicroseconds = fields[11]
    }

    static func += (a: inout Bucket, b: Bucket) {
      a.outputTokens += b.outputTokens
      a.inputTokens += b.inputTokens
      a.completed += b.completed
      a.good += b.good
      a.microjoulesAboveIdle += b.microjoulesAboveIdle
      a.arrived += b.arrived
      a.dequeued += b.dequeued
      a.ended += b.ended
      a.withTimePerOutputToken += b.withTimePerOutputToken
      a.timeToFirstTokenMicroseconds += b.timeToFirstTokenMicroseconds
      a.timePerOutputTokenMicroseconds += b.timePerOutputTokenMicroseconds
      a.endToEndMicroseconds += b.endToEndMicroseconds
    }
  }

  /// The largest number of buckets; the run's length lies between half of it and all of it in bucket widths.
  public static let capacity = 1024
  /// Latency histograms are kept for each of this many epochs, equal runs of buckets.
  public static let epochs = 16
  static let bucketsPerEpoch = capacity / epochs
  static let initialShift = 20

  /// Base-2 logarithm of a bucket's width in nanoseconds.
  public private(set) var shift = initialShift
  /// The buckets, from the start of the run; later ones than the last stored are empty.
  public private(set) var buckets: [Bucket] = []

  /// An empty series.
  public init() {}

  /// The width of a bucket in nanoseconds.
  public var widthNanoseconds: Int64 { 1 << Int64(shift) }
  /// The width of a bucket in seconds.
  public var widthSeconds: Double { Double(widthNanoseconds) * 1e-9 }

  @inline(__always)
  func covers(_ time: Int64) -> Bool { time >> Int64(shift) < Self.capacity }

  /// The bucket that `time` (ns) falls into, which the series must cover.
  @inline(__always)
  func bucket(of time: Int64) -> Int { Int(time >> Int64(shift)) }

  /// Stores buckets up to `index`.
  @inline(__always)
  mutating func extend(to index: Int) {
    if index >= buckets.count {
      buckets.append(contentsOf: repeatElement(Bucket(), count: index + 1 - buckets.count))
    }
  }

  @inline(__always)
  mutating func withBucket(_ index: Int, _ body: (inout Bucket) -> Void) {
    extend(to: index)
    body(&buckets[index])
  }

  /// Doubles the width of the buckets.
  mutating func coarsen() {
    var merged: [Bucket] = []
    merged.reserveCapacity(Self.capacity)
    var index = 0
    while index < buckets.count {
      var bucket = buckets[index]
      if index + 1 < buckets.count { bucket += buckets[index + 1] }
      merged.append(bucket)
      index += 2
    }
    buckets = merged
    shift += 1
  }

  /// Changes every bucket, in order of time.
  mutating func mapBuckets(_ body: (Bucket) -> Bucket) {
    for index in buckets.indices { buckets[index] = body(buckets[index]) }
  }

  /// Energy above idle by bucket, in buckets of a width that is not finer.
  func microjoules(shift wanted: Int) -> [Double] {
    precondition(wanted >= shift, "finer buckets than were kept")
    let step = wanted - shift
    var sums = Array(repeating: 0.0, count: buckets.isEmpty ? 0 : (buckets.count - 1) >> step + 1)
    for (index, bucket) in buckets.enumerated() { sums[index >> step] += Double(bucket.microjoulesAboveIdle) }
    return sums
  }

  /// Adds another series of the same width.
  mutating func add(_ other: TimeSeries) {
    precondition(shift == other.shift, "series of different widths")
    extend(to: other.buckets.count - 1)
    for index in other.buckets.indices { buckets[index] += other.buckets[index] }
  }
}
