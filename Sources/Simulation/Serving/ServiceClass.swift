/// What was recorded of the requests of one service class, over the whole reported part of a run.
public struct ClassObservations: Sendable, Equatable {
  /// The class's name.
  public var name: String
  /// Requests that reached the router.
  public var arrived: Int64 = 0
  /// Requests with their last token out.
  public var completed: Int64 = 0
  /// Requests that were refused, for whatever reason.
  public var rejected: Int64 = 0
  /// Requests whose clients went away.
  public var cancelled: Int64 = 0
  /// Requests lost to failures.
  public var failed: Int64 = 0
  /// Completed requests that met every target of their stream.
  public var good: Int64 = 0
  /// Output tokens of completed requests, and of those that were good.
  public var outputTokens: Int64 = 0
  /// Those of good requests.
  public var goodOutputTokens: Int64 = 0
  /// Arrival to first token.
  public var timeToFirstToken = LatencyHistogram()
  /// Mean time per output token of each request with more than one.
  public var timePerOutputToken = LatencyHistogram()
  /// Arrival to last token.
  public var endToEnd = LatencyHistogram()

  /// Requests that came and have not left.
  public var inFlight: Int64 { arrived - completed - rejected - cancelled - failed }

  /// A class of which nothing is recorded yet, but for requests in flight.
  init(name: String, inFlight: Int64 = 0) {
    self.name = name
    arrived = inFlight
  }

  mutating func add(_ other: ClassObservations) {
    arrived += other.arrived
    completed += other.completed
    rejected += other.rejected
    cancelled += other.cancelled
    failed += other.failed
    good += other.good
    outputTokens += other.outputTokens
    goodOutputTokens += other.goodOutputTokens
    timeToFirstToken.add(other.timeToFirstToken)
    timePerOutputToken.add(other.timePerOutputToken)
    endToEnd.add(other.endToEnd)
  }
}

/// Why a request was refused.
enum Refusal {
  /// It can never fit.
  case misfit
  /// Too many waited for the scheduler.
  case queue
  /// Its tenant was beyond its limits.
  case limit
  /// The deployment was loaded.
  case load
}

extension Observations {
  /// Records what becomes of requests by class; `classes` are those of the streams, nil for none.
  mutating func recordClasses(_ classes: [String?]) {
    let names = classes.reduce(into: [String]()) { names, name in
      if let name, !names.contains(name) { names.append(name) }
    }
    self.classes = names.map { ClassObservations(name: $0) }
    classOfStream = names.isEmpty ? [] : classes.map { $0.flatMap { names.firstIndex(of: $0) } ?? -1 }
  }

  /// Changes the record of a stream's class, if it has one.
  @inline(__always)
  mutating func withClass(of stream: Int32, _ body: (inout ClassObservations) -> Void) {
    guard !classOfStream.isEmpty else { return }
    let index = classOfStream[Int(stream)]
    if index >= 0 { body(&classes[index]) }
  }

  /// Counts a request that was refused at `time`.
  mutating func refuse(_ stream: Int32, _ reason: Refusal, at time: SimTime) {
    counts.rejected += 1
    switch reason {
    case .misfit: break
    case .queue: counts.refusedByQueue += 1
    case .limit: counts.refusedByLimit += 1
    case .load: counts.shed += 1
    }
    withClass(of: stream) { $0.rejected += 1 }
    countEnd(waited: true, at: time)
  }
}
