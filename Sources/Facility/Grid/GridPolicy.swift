/// A time in which the grid operator allows less.
public struct DemandResponseEvent: Sendable, Equatable {
  /// When it begins, in seconds.
  public var startSeconds: Double
  /// How long it lasts, in seconds, above 0.
  public var seconds: Double
  /// The largest draw from the grid during it, in watts, >= 0.
  public var limitWatts: Double

  /// An event.
  ///
  /// - Parameters:
  ///   - startSeconds: When it begins, in seconds.
  ///   - seconds: How long it lasts, in seconds, above 0.
  ///   - limitWatts: The largest draw from the grid during it, in watts, >= 0.
  public init(startSeconds: Double, seconds: Double, limitWatts: Double) {
    self.startSeconds = startSeconds
    self.seconds = seconds
    self.limitWatts = limitWatts
  }

  /// When it ends, in seconds.
  public var endSeconds: Double { startSeconds + seconds }
}

/// What the battery is for: a limit of the draw, limits of its change, events.
///
/// Ramps are taken between the means of one interval and the next, over the length of the later one. Where a
/// limit of the draw and a limit of its fall contradict each other the limit of the draw counts; so before an
/// event the draw falls early enough, as far as the battery can replace it.
public struct GridPolicy: Sendable, Equatable {
  /// The largest draw from the grid, in watts; nil for none.
  public var limitWatts: Double?
  /// How fast the draw may rise, in watts per second; nil for any rate.
  public var rampUpWattsPerSecond: Double?
  /// How fast the draw may fall, in watts per second; nil for any rate.
  public var rampDownWattsPerSecond: Double?
  /// Times in which less is allowed, in any order.
  public var events: [DemandResponseEvent] = []
  /// The share of its capacity that the battery returns to when nothing is asked of it, 0 to 1.
  ///
  /// Full serves limits of the draw; a half serves limits of its change, which need room both ways.
  public var restingStateOfCharge = 1.0
  /// How fast the battery returns to rest, in watts at its terminals, >= 0; nil for as fast as it can.
  public var recoveryWatts: Double?

  /// A policy that asks nothing of the battery but to be full.
  public init() {}

  func check() throws(FacilityError) {
    if let limitWatts { try FacilityError.check(limitWatts, "limit of the draw") }
    if let rampUpWattsPerSecond { try FacilityError.check(rampUpWattsPerSecond, "rise of the draw") }
    if let rampDownWattsPerSecond { try FacilityError.check(rampDownWattsPerSecond, "fall of the draw") }
    if let recoveryWatts { try FacilityError.check(recoveryWatts, "recovery of the battery") }
    try FacilityError.check(restingStateOfCharge, "state of charge at rest", in: 0...1)
    for event in events {
      try FacilityError.check(event.limitWatts, "limit of an event")
      try FacilityError.checkPositive(event.seconds, "length of an event")
      guard event.startSeconds.isFinite else {
        throw FacilityError("an event starts at \(event.startSeconds); a finite number is allowed")
      }
    }
  }

  /// The largest draw that the limit and the events allow in an interval; infinite for any.
  func allowedWatts(startSeconds: Double, seconds: Double) -> Double {
    var allowed = limitWatts ?? .infinity
    for event in events where startSeconds < event.endSeconds && event.startSeconds < startSeconds + seconds {
      allowed = min(allowed, event.limitWatts)
    }
    return allowed
  }

  /// The largest draw from which the events to come can be met by falling at the allowed rate; infinite for
  /// any.
  func approachWatts(endSeconds: Double) -> Double {
    guard let fall = rampDownWattsPerSecond else { return .infinity }
    var allowed = Double.infinity
    for event in events where event.startSeconds >= endSeconds {
      allowed = min(allowed, event.limitWatts + fall * (event.startSeconds - endSeconds))
    }
    return allowed
  }
}
