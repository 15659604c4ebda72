/// The latencies of the requests that a pool completed in one epoch of the run, and the token gaps in it.
public struct LatencyHistograms: Sendable, Equatable {
  /// Arrival to first token.
  public var timeToFirstToken = LatencyHistogram()
  /// Arrival to the first token of the answer, where hidden tokens of a reasoning model come before it.
  public var timeToFirstAnswerToken = LatencyHistogram()
  /// (End-to-end − time to first token) / (output tokens − 1) of each request with more than one output token.
  public var timePerOutputToken = LatencyHistogram()
  /// Each gap between two tokens of one request.
  public var interTokenLatency = LatencyHistogram()
  /// Arrival to last token.
  public var endToEnd = LatencyHistogram()
  /// Arrival to the first step that works on the request.
  public var queue = LatencyHistogram()

  /// Empty histograms.
  public init() {}

  /// Adds the samples of others.
  public mutating func add(_ other: LatencyHistograms) {
    timeToFirstToken.add(other.timeToFirstToken)
    timeToFirstAnswerToken.add(other.timeToFirstAnswerToken)
    timePerOutputToken.add(other.timePerOutputToken)
    interTokenLatency.add(other.interTokenLatency)
    endToEnd.add(other.endToEnd)
    queue.add(other.queue)
  }
}

/// How often what happened.
public struct RequestCounts: Sendable, Equatable {
  /// Requests that reached the router.
  public var arrived: Int64 = 0
  /// Requests with their last token out.
  public var completed: Int64 = 0
  /// Requests refused: those that can never fit, too long for the context limit, the KV cache or the token budget, and
  /// those that came when too many waited.
  public var rejected: Int64 = 0
  /// Those of them that were refused because too many waited (``EngineOptions/maximumQueuedRequests``).
  public var refusedByQueue: Int64 = 0
  /// Those that were refused because their tenant was beyond its limits (``Tenant``).
  public var refusedByLimit: Int64 = 0
  /// Those that were refused because of the load (``Shedding``).
  public var shed: Int64 = 0
  /// Requests whose clients went away before their last token was out.
  public var cancelled: Int64 = 0
  /// Requests lost to failures.
  public var failed: Int64 = 0
  /// Times that a running request lost its KV cache and was put back to wait.
  public var preemptions: Int64 = 0
  /// Completed requests that met every latency target.
  public var good: Int64 = 0
  /// Prompt tokens of admitted requests, each counted once.
  public var inputTokens: Int64 = 0
  /// Those of them that a prefix cache held.
  public var cachedTokens: Int64 = 0
  /// Prompt and output tokens processed again after a preemption.
  public var recomputedTokens: Int64 = 0
  /// Prompt and output tokens whose KV cache was copied to the host in a preemption.
  public var swappedTokens: Int64 = 0
  /// Output tokens of requests that were cancelled.
  public var cancelledTokens: Int64 = 0
  /// Output tokens produced.
  public var outputTokens: Int64 = 0
  /// Times that a request with an adapter was taken into a batch, after preemptions too.
  public var adapterStarts: Int64 = 0
  /// Times that its adapter had to be loaded for that.
  public var adapterLoads: Int64 = 0

  /// No requests.
  public init() {}

  mutating func add(_ other: RequestCounts) {
    arrived += other.arrived
    completed += other.completed
    rejected += other.rejected
    refusedByQueue += other.refusedByQueue
    refusedByLimit += other.refusedByLimit
    shed += other.shed
    cancelled += other.cancelled
    failed += other.failed
    swappedTokens += other.swappedTokens
    cancelledTokens += other.cancelledTokens
    preemptions += other.preemptions
    good += other.good
    inputTokens += other.inputTokens
    cachedTokens += other.cachedTokens
    recomputedTokens += other.recomputedTokens
    outputTokens += other.outputTokens
    adapterStarts += other.adapterStarts
    adapterLoads += other.adapterLoads
  }
}

/// One completed request, for export.
public struct RequestRecord: Sendable, Equatable {
  /// The workload stream that it belongs to.
  public var stream: Int32
  /// Its number in the stream, from 0.
  public var index: UInt64
  /// The replica that served it.
  public var replica: Int32
  /// Prompt tokens.
  public var inputTokens: Int32
  /// Output tokens.
  public var outputTokens: Int32
  /// When the client sent it.
  public var arrival: SimTime
  /// When the first step that worked on it began.
  public var scheduled: SimTime
  /// When its first token was out.
  public var firstToken: SimTime
  /// When its last token was out.
  public var completed: SimTime
  /// How often it lost its KV cache.
  public var preemptions: Int32
  /// Tokens of its prompt that a prefix cache held.
  public var cachedTokens: Int32 = 0
}

/// Everything that a pool (or a partition of one) records while it runs; all of it adds up exactly, in any order.
public struct Observations: Sendable {
  /// Tokens, completions and energy over time.
  public private(set) var series = TimeSeries()
  /// Latencies of each epoch: 1/16 of the time that the series covers.
  public private(set) var epochs: [LatencyHistograms] = [LatencyHistograms()]
  /// Counters of the whole run.
  public var counts = RequestCounts()
  /// Completed requests in order of completion, when asked for.
  public var records: [RequestRecord] = []
  /// Timelines of the replicas that keep one, in no order.
  public internal(set) var spans: [TimelineSpan] = []
  /// What became of the requests of each service class, in the order in which streams name them; none where none does.
  public internal(set) var classes: [ClassObservations] = []
  /// The class of each stream, -1 for none; empty where no stream has one.
  var classOfStream: [Int] = []
  /// When the first request was sent; `.never` when none was.
  public var firstArrival = SimTime.never
  /// When the last token was out.
  public var lastToken = SimTime.zero
  /// What is subtracted from every instant: the run's reported part begins here.
  public private(set) var origin = SimTime.zero
  /// Requests in flight when the reported part began.
  public private(set) var inFlightAtOrigin: Int64 = 0
  /// Those of them that nothing had worked on yet.
  public private(set) var waitingAtOrigin: Int64 = 0

  init() {}

  /// Forgets everything and lets the reported part of the run begin at `origin`.
  mutating func restart(at origin: SimTime) {
    let old = self
    self = Observations()
    self.origin = origin
    classOfStream = old.classOfStream
    classes = old.classes.map { ClassObservations(name: $0.name, inFlight: $0.inFlight) }
  }

  /// Counts requests that reached the router and were sent at `time`.
  mutating func countArrivals(_ count: Int64 = 1, sent time: SimTime, of stream: Int32) {
    guard count > 0 else { return }
    withClass(of: stream) { $0.arrived += count }
    counts.arrived += count
    withBucket(at: time) { $0.arrived += count }
    if time < firstArrival { firstArrival = time }
  }

  /// Counts a request that was refused, or lost while nothing had worked on it (`waited`), or after that.
  mutating func countEnd(waited: Bool, at time: SimTime) {
    withBucket(at: time) {
      $0.ended += 1
      if waited { $0.dequeued += 1 }
    }
  }

  /// Begins a report with requests that came before it.
  mutating func carryOver(inFlight: Int64, waiting: Int64) {
    counts.arrived = inFlight
    inFlightAtOrigin = inFlight
    waitingAtOrigin = waiting
  }

  /// Makes room for `time`; returns it relative to the origin, in nanoseconds.
  @inline(__always)
  mutating func cover(_ time: SimTime) -> Int64 {
    let relative = time.nanoseconds - origin.nanoseconds
    while !series.covers(relative) { coarsen() }
    return relative
  }

  /// The bucket of `time`, made room for first: that may change the width.
  @inline(__always)
  mutating func bucket(of time: SimTime) -> Int {
    let relative = cover(time)
    return series.bucket(of: relative)
  }

  private mutating func coarsen() {
    series.coarsen()
    let half = (epochs.count + 1) / 2
    for index in 0..<half {
      if 2 * index + 1 < epochs.count { epochs[2 * index].add(epochs[2 * index + 1]) }
      if index > 0 { epochs.swapAt(index, 2 * index) }
    }
    epochs.removeLast(epochs.count - half)
  }

  @inline(__always)
  mutating func withEpoch(at time: SimTime, _ body: (inout LatencyHistograms) -> Void) {
    withEpoch(index: bucket(of: time) / TimeSeries.bucketsPerEpoch, body)
  }

  @inline(__always)
  mutating func withEpoch(index: Int, _ body: (inout LatencyHistograms) -> Void) {
    while index >= epochs.count { epochs.append(LatencyHistograms()) }
    body(&epochs[index])
  }

  @inline(__always)
  mutating func withBucket(at time: SimTime, _ body: (inout TimeSeries.Bucket) -> Void) {
    series.withBucket(bucket(of: time), body)
  }

  @inline(__always)
  mutating func withBucket(index: Int, _ body: (inout TimeSeries.Bucket) -> Void) {
    series.withBucket(index, body)
  }

  /// The first instant after the bucket of `time`.
  @inline(__always)
  mutating func bucketEnd(after time: SimTime) -> SimTime {
    let index = bucket(of: time)
    return SimTime(nanoseconds: origin.nanoseconds + (Int64(index) + 1) << Int64(series.shift))
  }

  /// Changes the series.
  mutating func scaleSeries(_ body: (inout TimeSeries) -> Void) { body(&series) }

  /// Changes the latencies of every epoch.
  mutating func scaleEpochs(_ body: (inout LatencyHistograms) -> Void) {
    for index in epochs.indices { body(&epochs[index]) }
  }

  /// Changes how many were in flight when the reported part began.
  mutating func scaleOrigin(_ body: (Int64) -> Int64) {
    inFlightAtOrigin = body(inFlightAtOrigin)
    waitingAtOrigin = body(waitingAtOrigin)
  }

  /// Adds what another partition of the pool recorded.
  public mutating func add(_ other: Observations) {
    var other = other
    while series.shift < other.series.shift { coarsen() }
    while other.series.shift < series.shift { other.coarsen() }
    series.add(other.series)
    for index in other.epochs.indices {
      withEpoch(index: index) { $0.add(other.epochs[index]) }
    }
    counts.add(other.counts)
    inFlightAtOrigin += other.inFlightAtOrigin
    waitingAtOrigin += other.waitingAtOrigin
    records.append(contentsOf: other.records)
    spans.append(contentsOf: other.spans.prefix(max(0, TimelinePlan.mostSpans - spans.count)))
    for record in other.classes {
      if let index = classes.firstIndex(where: { $0.name == record.name }) {
        classes[index].add(record)
      } else {
        classes.append(record)
      }
    }
    firstArrival = min(firstArrival, other.firstArrival)
    lastToken = max(lastToken, other.lastToken)
  }

  /// The mean of a latency over all epochs in seconds; nil when nothing was recorded.
  public func meanSeconds(_ latency: KeyPath<LatencyHistograms, LatencyHistogram>) -> Double? {
    var count: Int64 = 0
    var sum: Int128 = 0
    for epoch in epochs {
      count += epoch[keyPath: latency].count
      sum += epoch[keyPath: latency].sum
    }
    return count == 0 ? nil : Double(sum) / Double(count) * 1e-9
  }

  /// Latencies of a range of epochs, clamped to those that exist.
  public func latencies(epochs range: Range<Int>) -> LatencyHistograms {
    var sum = LatencyHistograms()
    for index in range.clamped(to: 0..<epochs.count) { sum.add(epochs[index]) }
    return sum
  }
}
