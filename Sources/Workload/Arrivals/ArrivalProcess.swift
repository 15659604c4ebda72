/// How requests arrive.
///
/// Rates are requests per second of simulated time. ``problems()`` says what keeps a process from being used;
/// ``ArrivalGenerator`` demands that it says nothing.
public enum ArrivalProcess: Sendable, Equatable {
  /// All requests at time 0, as in MLPerf's Offline scenario.
  case offline(requests: Int)
  /// Exponential gaps.
  case poisson(requestsPerSecond: Double)
  /// Gaps from a gamma distribution: burstier than Poisson above a coefficient of variation of 1, more regular
  /// below. The first gap is drawn like the others.
  case gamma(requestsPerSecond: Double, coefficientOfVariation: Double)
  /// Request n, from 0, at round(n / rate): no drift, however long the run.
  case deterministic(requestsPerSecond: Double)
  /// Poisson at one of two rates, with exponential stays in each: a two-state Markov-modulated Poisson process.
  /// The first state is drawn from the stationary distribution.
  case onOff(
    onRequestsPerSecond: Double, offRequestsPerSecond: Double, meanOnSeconds: Double, meanOffSeconds: Double)
  /// Poisson at a rate that follows a curve over a day, or any other period.
  case diurnal(RateCurve)
  /// A fixed number of clients, each of which thinks, then asks again when its answer is complete.
  ///
  /// Completions drive it, which only the simulation knows: the generator gives the first `concurrency`
  /// arrivals, all at 0, and no more; the simulation adds the think time to each completion.
  case closedLoop(concurrency: Int, thinkTimeSeconds: Double)
  /// Recorded arrivals, in nanoseconds from the start of the run, in order.
  case trace(arrivalsNanoseconds: [Int64])
}

extension ArrivalProcess {
  /// The long-run rate in requests per second; nil where there is none to state.
  ///
  /// There is none for `offline` and `closedLoop`, nor for a trace of fewer than two instants.
  /// A trace of n arrivals has n − 1 gaps between the first and the last.
  public var meanRequestsPerSecond: Double? {
    switch self {
    case .offline, .closedLoop:
      return nil
    case .poisson(let rate), .gamma(let rate, _), .deterministic(let rate):
      return rate
    case .onOff(let onRate, let offRate, let meanOn, let meanOff):
      return (onRate * meanOn + offRate * meanOff) / (meanOn + meanOff)
    case .diurnal(let curve):
      return curve.meanRequestsPerSecond
    case .trace(let arrivals):
      guard let first = arrivals.first, let last = arrivals.last, last > first else { return nil }
      return Double(arrivals.count - 1) / (Double(last - first) * 1e-9)
    }
  }

  /// The same process at a multiple of its rate; burstiness and the times of phases stay.
  ///
  /// A trace is played faster: its times are divided by the factor. `offline` and `closedLoop` have no rate and
  /// come back as they are.
  /// - Parameter factor: > 0; 2 gives twice the requests per second.
  /// - Returns: the faster or slower process.
  public func scaled(by factor: Double) -> ArrivalProcess {
    precondition(factor > 0 && factor.isFinite, "a rate can't be scaled by \(factor)")
    switch self {
    case .offline, .closedLoop:
      return self
    case .poisson(let rate):
      return .poisson(requestsPerSecond: rate * factor)
    case .gamma(let rate, let variation):
      return .gamma(requestsPerSecond: rate * factor, coefficientOfVariation: variation)
    case .deterministic(let rate):
      return .deterministic(requestsPerSecond: rate * factor)
    case .onOff(let onRate, let offRate, let meanOn, let meanOff):
      return .onOff(
        onRequestsPerSecond: onRate * factor, offRequestsPerSecond: offRate * factor,
        meanOnSeconds: meanOn, meanOffSeconds: meanOff)
    case .diurnal(let curve):
      return .diurnal(curve.scaled(by: factor))
    case .trace(let arrivals):
      return .trace(
        arrivalsNanoseconds: arrivals.map { ArrivalTrace.scaledNanoseconds($0, rateScale: factor) })
    }
  }

  /// What keeps the process from being used, in the words of a scenario file; empty when it can be.
  public func problems() -> [String] {
    switch self {
    case .offline(let requests):
      return Check.count("requests", requests)
    case .poisson(let rate), .deterministic(let rate):
      return Check.rate("requests_per_second", rate)
    case .gamma(let rate, let variation):
      return Check.rate("requests_per_second", rate)
        + Check.positive("coefficient_of_variation", variation, upTo: 100)
    case .onOff(let onRate, let offRate, let meanOn, let meanOff):
      var problems =
        Check.rate("on_requests_per_second", onRate, zeroAllowed: true)
        + Check.rate("off_requests_per_second", offRate, zeroAllowed: true)
        + Check.positive("mean_on_seconds", meanOn, upTo: 1e9)
        + Check.positive("mean_off_seconds", meanOff, upTo: 1e9)
      if onRate == 0, offRate == 0 {
        problems.append(
          "on_requests_per_second and off_requests_per_second are both 0; allowed: at least one above 0")
      }
      return problems
    case .diurnal(let curve):
      return curve.problems()
    case .closedLoop(let concurrency, let thinkTime):
      var problems = Check.count("concurrency", concurrency)
      if !(thinkTime >= 0 && thinkTime <= 1e9) {
        problems.append("think_time_seconds is \(thinkTime); allowed: 0 to 1e9")
      }
      return problems
    case .trace(let arrivals):
      return Check.arrivals(arrivals)
    }
  }
}

/// The checks that processes share.
private enum Check {
  static func count(_ name: String, _ value: Int) -> [String] {
    value >= 1 ? [] : ["\(name) is \(value); allowed: 1 or more"]
  }

  static func rate(_ name: String, _ value: Double, zeroAllowed: Bool = false) -> [String] {
    // Below 1e-9 per second the first gap outlives the clock; above 1e9 arrivals share nanoseconds.
    if value >= 1e-9 && value <= 1e9 || zeroAllowed && value == 0 { return [] }
    return ["\(name) is \(value); allowed: \(zeroAllowed ? "0, or " : "")1e-9 to 1e9"]
  }

  static func positive(_ name: String, _ value: Double, upTo limit: Double) -> [String] {
    value > 0 && value <= limit ? [] : ["\(name) is \(value); allowed: above 0, up to \(limit)"]
  }

  static func arrivals(_ arrivals: [Int64]) -> [String] {
    guard let first = arrivals.first else {
      return ["the trace has no arrivals; allowed: at least one"]
    }
    if first < 0 {
      return ["the trace starts at \(first) ns; allowed: 0 or later"]
    }
    for index in arrivals.indices.dropFirst() where arrivals[index] < arrivals[index - 1] {
      return [
        "arrival \(index) of the trace at \(arrivals[index]) ns is before arrival \(index - 1) at "
          + "\(arrivals[index - 1]) ns; allowed: arrivals in order of time"
      ]
    }
    return []
  }
}
