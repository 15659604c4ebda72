#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Values at equal steps of time that repeat: a day, a week or a year of prices, carbon or temperatures.
public struct HourlySeries: Sendable, Equatable {
  /// How it is read between its values.
  public enum Reading: Sendable, Equatable {
    /// Linear from each value to the next, and from the last to the first.
    case linear
    /// Each value holds until the next.
    case step
  }

  /// The values; the first is at hour 0.
  public let values: [Double]
  /// Hours between values, above 0.
  public let stepHours: Double
  /// How it is read between its values.
  public let reading: Reading

  /// A series.
  ///
  /// - Parameters:
  ///   - values: At least one finite value; the first is at hour 0.
  ///   - stepHours: Hours between values, above 0.
  ///   - reading: How it is read between its values.
  /// - Throws: `FacilityError` where there is no value, a value is not finite or the step is not above 0.
  public init(values: [Double], stepHours: Double = 1, reading: Reading = .linear) throws(FacilityError) {
    guard !values.isEmpty else { throw FacilityError("a series has no values; at least 1 is allowed") }
    for value in values where !value.isFinite {
      throw FacilityError("a series has the value \(value); finite numbers are allowed")
    }
    try FacilityError.checkPositive(stepHours, "step of a series")
    self.values = values
    self.stepHours = stepHours
    self.reading = reading
  }

  /// After how many hours it repeats.
  public var periodHours: Double { Double(values.count) * stepHours }

  /// The value at an hour.
  ///
  /// - Parameter hour: Hours from the series' start, of any sign and size: the series repeats.
  /// - Returns: The value, read as `reading` says.
  public func value(atHour hour: Double) -> Double {
    let steps = hour / stepHours
    let whole = floor(steps)
    return value(segment: Self.index(whole, values.count), fraction: steps - whole)
  }

  /// The mean over an interval, exact for both ways of reading.
  ///
  /// - Parameters:
  ///   - startSeconds: Start of the interval in seconds from the series' start.
  ///   - seconds: Its length, >= 0.
  /// - Returns: The mean, or the value at the start where the interval is empty.
  public func mean(startSeconds: Double, seconds: Double) -> Double {
    let stepSeconds = stepHours * 3600
    let start = startSeconds / stepSeconds
    let end = start + seconds / stepSeconds
    var segment = floor(start)
    if end <= segment + 1 {
      // Within a segment the value is linear, so its mean is the value in the middle.
      return value(segment: Self.index(segment, values.count), fraction: (start + end) / 2 - segment)
    }
    var sum = 0.0
    // Whole repetitions have the mean of all values.
    let repetitions = floor((end - start) / Double(values.count))
    if repetitions > 0 {
      sum = repetitions * values.reduce(0, +)
    }
    let rest = end - repetitions * Double(values.count)
    var from = start
    while from < rest {
      let to = min(rest, segment + 1)
      sum +=
        (to - from) * value(segment: Self.index(segment, values.count), fraction: (from + to) / 2 - segment)
      from = to
      segment += 1
    }
    return sum / (end - start)
  }

  private func value(segment: Int, fraction: Double) -> Double {
    switch reading {
    case .step: return values[segment]
    case .linear:
      let next = values[segment + 1 == values.count ? 0 : segment + 1]
      return values[segment] + (next - values[segment]) * fraction
    }
  }

  private static func index(_ step: Double, _ count: Int) -> Int {
    let period = Double(count)
    let index = Int(step - floor(step / period) * period)
    return min(max(index, 0), count - 1)
  }
}
