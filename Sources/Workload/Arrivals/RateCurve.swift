/// A request rate that varies over a period and repeats, linear between its knots.
///
/// The last knot runs on to the first knot of the next period. Two knots at one time are a step. A steady
/// time-varying Poisson process follows from it (``ArrivalProcess/diurnal(_:)``).
public struct RateCurve: Sendable, Equatable {
  /// One point of the curve.
  public struct Knot: Sendable, Equatable {
    /// When, in seconds from the start of the period; in 0 ..< period.
    public var seconds: Double
    /// The rate at that time, in requests per second; >= 0.
    public var requestsPerSecond: Double

    /// A point of a rate curve.
    public init(seconds: Double, requestsPerSecond: Double) {
      self.seconds = seconds
      self.requestsPerSecond = requestsPerSecond
    }
  }

  /// The length of one period, in seconds; rounded to whole nanoseconds where time is counted.
  public var periodSeconds: Double
  /// The points of the curve, in order of time.
  public var knots: [Knot]

  /// A curve through knots; ``problems()`` says whether it can be used.
  public init(periodSeconds: Double, knots: [Knot]) {
    self.periodSeconds = periodSeconds
    self.knots = knots
  }

  /// A curve that holds each rate for an equal share of the period, such as 24 hourly rates of a day.
  /// - Parameters:
  ///   - periodSeconds: the length of one period, in seconds.
  ///   - stepsRequestsPerSecond: the rates in order, in requests per second.
  public init(periodSeconds: Double, stepsRequestsPerSecond: [Double]) {
    let step = periodSeconds / Double(max(stepsRequestsPerSecond.count, 1))
    var knots: [Knot] = []
    for (index, rate) in stepsRequestsPerSecond.enumerated() {
      if index > 0 {
        knots.append(
          Knot(seconds: Double(index) * step, requestsPerSecond: stepsRequestsPerSecond[index - 1]))
      }
      knots.append(Knot(seconds: Double(index) * step, requestsPerSecond: rate))
    }
    if let last = stepsRequestsPerSecond.last, stepsRequestsPerSecond.count > 1 {
      // Held to the very end: without this knot the last step would slope towards the first.
      knots.append(Knot(seconds: periodSeconds.nextDown, requestsPerSecond: last))
    }
    self.init(periodSeconds: periodSeconds, knots: knots)
  }

  /// The mean rate over a period, in requests per second.
  public var meanRequestsPerSecond: Double {
    IntegratedRateCurve(self).requestsPerPeriod / periodSeconds
  }

  /// The curve with every rate multiplied by a factor, on the same times.
  public func scaled(by factor: Double) -> RateCurve {
    RateCurve(
      periodSeconds: periodSeconds,
      knots: knots.map { Knot(seconds: $0.seconds, requestsPerSecond: $0.requestsPerSecond * factor) })
  }

  /// What keeps the curve from being used; empty when it can be.
  public func problems() -> [String] {
    var problems: [String] = []
    if !(periodSeconds.isFinite && periodSeconds >= 1e-9 && periodSeconds <= 1e9) {
      problems.append("period_seconds is \(periodSeconds); allowed: 1e-9 to 1e9")
    }
    if knots.isEmpty {
      problems.append("the rate curve has no knots; allowed: at least one")
    }
    for (index, knot) in knots.enumerated() {
      if !(knot.seconds >= 0 && knot.seconds < periodSeconds) {
        problems.append(
          "knot \(index) is at \(knot.seconds) s; allowed: 0 up to, but not including, the period")
      }
      if index > 0, knot.seconds < knots[index - 1].seconds {
        problems.append(
          "knot \(index) at \(knot.seconds) s is before knot \(index - 1) at \(knots[index - 1].seconds) s; "
            + "allowed: knots in order of time")
      }
      if !(knot.requestsPerSecond.isFinite && knot.requestsPerSecond >= 0) {
        problems.append("knot \(index) has requests_per_second \(knot.requestsPerSecond); allowed: 0 or more")
      }
    }
    if problems.isEmpty, !(IntegratedRateCurve(self).requestsPerPeriod > 0) {
      problems.append("the rate is 0 over the whole period; allowed: some rate above 0")
    }
    return problems
  }
}

/// A rate curve cut into linear segments from the start of the period, with its integral at each cut.
struct IntegratedRateCurve: Sendable, Equatable {
  /// One linear piece.
  struct Segment: Sendable, Equatable {
    /// The start, in seconds from the start of the period.
    var start: Double
    /// The length in seconds.
    var length: Double
    /// The rate at the start, in requests per second.
    var rate: Double
    /// The change of the rate, in requests per second, per second.
    var slope: Double
    /// The expected requests in the piece.
    var requests: Double
  }

  /// The pieces in order of time; none of them is empty.
  private(set) var segments: [Segment] = []
  /// The expected requests of one period.
  private(set) var requestsPerPeriod = 0.0

  /// Cuts a curve; knots that ``RateCurve/problems()`` refuses give no useful integral.
  init(_ curve: RateCurve) {
    guard let first = curve.knots.first, let last = curve.knots.last else { return }
    let gap = first.seconds + curve.periodSeconds - last.seconds
    let shareBeforeEnd = gap > 0 ? (curve.periodSeconds - last.seconds) / gap : 1
    let rateAtEnds =
      last.requestsPerSecond + (first.requestsPerSecond - last.requestsPerSecond) * shareBeforeEnd
    var from = RateCurve.Knot(seconds: 0, requestsPerSecond: rateAtEnds)
    for knot in curve.knots + [RateCurve.Knot(seconds: curve.periodSeconds, requestsPerSecond: rateAtEnds)] {
      let length = knot.seconds - from.seconds
      if length > 0 {
        let requests = (from.requestsPerSecond + knot.requestsPerSecond) / 2 * length
        segments.append(
          Segment(
            start: from.seconds, length: length, rate: from.requestsPerSecond,
            slope: (knot.requestsPerSecond - from.requestsPerSecond) / length, requests: requests))
        requestsPerPeriod += requests
      }
      from = knot
    }
  }
}

extension IntegratedRateCurve.Segment {
  /// How far into the piece the integral of the rate reaches a number of requests, in seconds.
  ///
  /// The root of slope/2·x² + rate·x = requests, in the form that loses no digits when the slope is small.
  func seconds(untilRequests wanted: Double) -> Double {
    let discriminant = max(rate * rate + 2 * slope * wanted, 0)
    let denominator = rate + discriminant.squareRoot()
    return denominator > 0 ? min(2 * wanted / denominator, length) : 0
  }
}
