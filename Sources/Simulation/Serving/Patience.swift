import Workload

/// How long the clients of a stream wait before they go away.
///
/// Their requests are then cancelled: the engine drops them before its next step.
public struct Patience: Sendable {
  /// Longest time to first token in seconds, > 0; nil for any.
  public var firstTokenSeconds: Double?
  /// Longest time to last token in seconds, > 0; nil for any.
  public var totalSeconds: Double?
  /// Share of the clients that go away whatever they get, in 0...1.
  public var leavingShare: Double
  /// Mean of the exponentially distributed time after which those do, in seconds, > 0.
  public var leavingMeanSeconds: Double
  private let draws: RandomStreamFamily

  /// Patience; see the properties for ranges.
  ///
  /// Draws depend on `seed`, `name` and the number of the request alone.
  public init(
    firstTokenSeconds: Double? = nil, totalSeconds: Double? = nil, leavingShare: Double = 0,
    leavingMeanSeconds: Double = 1, seed: UInt64, name: String
  ) {
    precondition((0...1).contains(leavingShare) && leavingMeanSeconds > 0, "a share of clients beyond all")
    self.firstTokenSeconds = firstTokenSeconds
    self.totalSeconds = totalSeconds
    self.leavingShare = leavingShare
    self.leavingMeanSeconds = leavingMeanSeconds
    draws = RandomStreamFamily(seed: seed, "patience." + name)
  }

  /// When a client goes away that got no token; nil for never.
  func withoutToken(_ request: Request) -> SimTime? {
    firstTokenSeconds.map { request.arrival + SimDuration(seconds: $0) }
  }

  /// When a client goes away whatever it got; nil for never.
  func anyway(_ request: Request) -> SimTime? {
    var seconds = totalSeconds ?? .infinity
    if leavingShare > 0 {
      var stream = draws.stream(index: request.index)
      if stream.uniform() < leavingShare {
        seconds = min(seconds, stream.exponential(rate: 1 / leavingMeanSeconds))
      }
    }
    return seconds.isFinite ? request.arrival + SimDuration(seconds: min(seconds, 1e9)) : nil
  }
}
