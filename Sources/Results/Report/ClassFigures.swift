import Simulation

/// What a service class got over the whole run: requests by how they ended, goodput and latencies.
public struct ClassFigures: Sendable, Equatable {
  /// The class's name.
  public var name: String
  /// Requests that reached the router.
  public var arrived: Int64
  /// Requests with their last token out.
  public var completed: Int64
  /// Requests that were refused.
  public var rejected: Int64
  /// Requests whose clients went away.
  public var cancelled: Int64
  /// Requests lost to failures.
  public var failed: Int64
  /// Requests in flight when the run ended.
  public var inFlight: Int64
  /// Completed requests that met every target.
  public var good: Int64
  /// Good requests a second.
  public var goodputRequestsPerSecond: Double?
  /// Output tokens of good requests, a second.
  public var goodputOutputTokensPerSecond: Double?
  /// Arrival to first token.
  public var timeToFirstToken: LatencyDistribution
  /// Mean time per output token.
  public var timePerOutputToken: LatencyDistribution
  /// Arrival to last token.
  public var endToEnd: LatencyDistribution

  /// The figures of a class in a run of so many seconds.
  init(_ record: ClassObservations, seconds: Double) {
    name = record.name
    arrived = record.arrived
    completed = record.completed
    rejected = record.rejected
    cancelled = record.cancelled
    failed = record.failed
    inFlight = record.inFlight
    good = record.good
    goodputRequestsPerSecond = seconds > 0 ? Double(record.good) / seconds : nil
    goodputOutputTokensPerSecond = seconds > 0 ? Double(record.goodOutputTokens) / seconds : nil
    timeToFirstToken = LatencyDistribution(record.timeToFirstToken)
    timePerOutputToken = LatencyDistribution(record.timePerOutputToken)
    endToEnd = LatencyDistribution(record.endToEnd)
  }
}
