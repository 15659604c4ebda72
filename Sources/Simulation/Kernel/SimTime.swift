/// A point on the simulated clock, in whole nanoseconds since the run began.
@frozen
public struct SimTime: Comparable, Hashable, Sendable {
  /// Nanoseconds since the run began.
  public let nanoseconds: Int64

  /// A point `nanoseconds` after the run began.
  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The beginning of the run.
  public static var zero: SimTime { SimTime(nanoseconds: 0) }
  /// Later than every event: what has no end planned.
  public static var never: SimTime { SimTime(nanoseconds: .max) }

  /// Seconds since the run began.
  public var seconds: Double { Double(nanoseconds) * 1e-9 }

  /// Whether `a` is earlier.
  @inlinable
  public static func < (a: SimTime, b: SimTime) -> Bool { a.nanoseconds < b.nanoseconds }
  /// The instant `duration` after `time`; traps on overflow.
  @inlinable
  public static func + (time: SimTime, duration: SimDuration) -> SimTime {
    SimTime(nanoseconds: time.nanoseconds + duration.nanoseconds)
  }
  /// The time from `start` to `end`, where `start` is not the later one.
  @inlinable
  public static func - (end: SimTime, start: SimTime) -> SimDuration {
    SimDuration(nanoseconds: end.nanoseconds - start.nanoseconds)
  }
}

/// A length of simulated time, in whole nanoseconds, never negative.
@frozen
public struct SimDuration: Comparable, Hashable, Sendable {
  /// Its length in nanoseconds, >= 0.
  public let nanoseconds: Int64

  /// A length of `nanoseconds` >= 0.
  @inlinable
  public init(nanoseconds: Int64) {
    precondition(nanoseconds >= 0, "a negative duration")
    self.nanoseconds = nanoseconds
  }

  /// The one place where modelled seconds become clock ticks: rounds to nearest, refuses NaN, infinity, negatives.
  ///
  /// Round from an anchor, never step by step: see `Regime`.
  @inlinable
  public init(seconds: Double) {
    precondition(seconds >= 0 && seconds < 9.2e9, "not a duration")
    self.nanoseconds = Int64(seconds * 1e9 + 0.5)
  }

  /// No time at all.
  public static var zero: SimDuration { SimDuration(nanoseconds: 0) }
  /// Its length in seconds.
  public var seconds: Double { Double(nanoseconds) * 1e-9 }
  /// Its length in whole microseconds, rounded to nearest.
  @inline(__always)
  var roundedMicroseconds: Int64 { (nanoseconds + 500) / 1000 }

  /// Whether `a` is shorter.
  @inlinable
  public static func < (a: SimDuration, b: SimDuration) -> Bool { a.nanoseconds < b.nanoseconds }
}
