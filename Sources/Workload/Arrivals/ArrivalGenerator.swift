/// The arrivals of one process, one after another.
///
/// Two generators of the same process, seed, run, name and index give the same arrivals, and copies continue
/// independently. A draw allocates nothing.
public struct ArrivalGenerator: Sendable {
  private let sampler: Sampler
  private var stream: RandomStream
  private var clock = GapClock()
  /// How many arrivals are still allowed.
  private var remaining: Int
  /// How many arrivals were given.
  private var given: Int64 = 0
  /// Whether an on–off process is on.
  private var isOn = false
  /// The seconds left in the phase of an on–off process.
  private var phaseSecondsLeft = 0.0
  /// The piece of the rate curve, how many expected requests of it are behind, and when its period began.
  private var segment = 0
  private var segmentRequestsDone = 0.0
  private var periodStartNanoseconds: Int64 = 0
  private var lastNanoseconds: Int64 = 0

  /// After 2^61 ns, 73 years, a generator ends rather than overflow the clock.
  static let horizonNanoseconds: Int64 = 1 << 61

  /// A generator at the start of a run.
  /// - Parameters:
  ///   - process: what to draw from; its ``ArrivalProcess/problems()`` must be empty.
  ///   - requests: the most arrivals to give, >= 0; nil for no limit but the process's own.
  ///   - seed: the seed of the scenario.
  ///   - run: the replication.
  ///   - name: the name of the random stream.
  ///   - index: the index of the random stream, such as the number of the client.
  public init(
    process: ArrivalProcess, requests: Int? = nil, seed: UInt64, run: UInt64 = 0,
    name: String = "arrivals", index: UInt64 = 0
  ) {
    let problems = process.problems()
    precondition(problems.isEmpty, "not an arrival process: \(problems.joined(separator: "; "))")
    precondition(requests ?? 0 >= 0, "a limit of \(requests ?? 0) requests")
    stream = RandomStream(seed: seed, run: run, name, index: index)
    remaining = min(requests ?? .max, process.ownLimit ?? .max)
    sampler = Sampler(process)
    if case .onOff(_, _, let meanOn, let meanOff) = sampler {
      isOn = stream.uniform() * (meanOn + meanOff) < meanOn
      phaseSecondsLeft = stream.exponential(rate: 1 / (isOn ? meanOn : meanOff))
    }
  }

  /// The next arrival, in nanoseconds from the start of the run, never before the last; nil when there is none.
  public mutating func next() -> Int64? {
    guard remaining > 0 else { return nil }
    let arrival: Int64
    switch sampler {
    case .atStart:
      arrival = 0
    case .poisson(let meanGap):
      arrival = clock.advance(byNanoseconds: stream.exponential(rate: 1) * meanGap)
    case .gamma(let shape, let scale):
      arrival = clock.advance(byNanoseconds: stream.gamma(shape: shape, scale: scale))
    case .deterministic(let requestsPerSecond):
      arrival = Sampler.deterministicArrival(given, requestsPerSecond: requestsPerSecond)
    case .onOff(let onRate, let offRate, let meanOn, let meanOff):
      arrival = nextOnOff(onRate: onRate, offRate: offRate, meanOn: meanOn, meanOff: meanOff)
    case .diurnal(let curve, let periodNanoseconds):
      arrival = nextDiurnal(curve, periodNanoseconds: periodNanoseconds)
    case .trace(let arrivals):
      arrival = arrivals[Int(given)]
    }
    guard arrival < Self.horizonNanoseconds else {
      remaining = 0
      return nil
    }
    remaining -= 1
    given += 1
    lastNanoseconds = max(lastNanoseconds, arrival)
    return lastNanoseconds
  }
}

extension ArrivalGenerator {
  /// Spends one exponential unit of expected requests over the phases of an on–off process.
  ///
  /// Exact: the gap is memoryless, so what a phase leaves unspent is spent at the next phase's rate.
  private mutating func nextOnOff(onRate: Double, offRate: Double, meanOn: Double, meanOff: Double) -> Int64 {
    var requests = stream.exponential(rate: 1)
    while true {
      let rate = isOn ? onRate : offRate
      if requests < rate * phaseSecondsLeft {
        let seconds = requests / rate
        phaseSecondsLeft -= seconds
        return clock.advance(byNanoseconds: seconds * 1e9)
      }
      requests -= rate * phaseSecondsLeft
      let now = clock.advance(byNanoseconds: phaseSecondsLeft * 1e9)
      if now >= Self.horizonNanoseconds { return now }
      isOn.toggle()
      phaseSecondsLeft = stream.exponential(rate: 1 / (isOn ? meanOn : meanOff))
    }
  }

  /// Moves the integral of the rate on by one exponential unit, and finds when it gets there.
  private mutating func nextDiurnal(_ curve: IntegratedRateCurve, periodNanoseconds: Int64) -> Int64 {
    var target = segmentRequestsDone + stream.exponential(rate: 1)
    while target > curve.segments[segment].requests {
      target -= curve.segments[segment].requests
      segment += 1
      if segment == curve.segments.count {
        segment = 0
        periodStartNanoseconds += periodNanoseconds
        // Whole periods are skipped at once, so that a rate of one request a year costs no more.
        let periods = (target / curve.requestsPerPeriod).rounded(.down)
        let skipped = periods * Double(periodNanoseconds)
        guard Double(periodStartNanoseconds) + skipped < Double(Self.horizonNanoseconds) else {
          return Self.horizonNanoseconds
        }
        target = max(target - periods * curve.requestsPerPeriod, 0)
        periodStartNanoseconds += Int64(skipped)
      }
    }
    segmentRequestsDone = target
    let piece = curve.segments[segment]
    let seconds = piece.start + piece.seconds(untilRequests: target)
    return periodStartNanoseconds + Int64((seconds * 1e9).rounded())
  }
}

/// A clock in whole nanoseconds and a fraction, so that gaps add up without losing digits in a long run.
private struct GapClock: Sendable {
  private var nanoseconds: Int64 = 0
  private var fraction = 0.0

  /// Moves on by a gap >= 0, and gives the time rounded to the nearest nanosecond.
  mutating func advance(byNanoseconds gap: Double) -> Int64 {
    let total = fraction + gap
    guard total < Double(ArrivalGenerator.horizonNanoseconds) else {
      nanoseconds = ArrivalGenerator.horizonNanoseconds
      return nanoseconds
    }
    let whole = Int64(total)
    nanoseconds = min(nanoseconds + whole, ArrivalGenerator.horizonNanoseconds)
    fraction = total - Double(whole)
    return fraction < 0.5 ? nanoseconds : nanoseconds + 1
  }
}

/// A process with the numbers of its draws worked out.
private enum Sampler: Sendable {
  case atStart
  case poisson(meanGapNanoseconds: Double)
  case gamma(shape: Double, scaleNanoseconds: Double)
  case deterministic(requestsPerSecond: Double)
  case onOff(onRate: Double, offRate: Double, meanOnSeconds: Double, meanOffSeconds: Double)
  case diurnal(IntegratedRateCurve, periodNanoseconds: Int64)
  case trace([Int64])

  init(_ process: ArrivalProcess) {
    switch process {
    case .offline, .closedLoop:
      self = .atStart
    case .poisson(let rate):
      self = .poisson(meanGapNanoseconds: 1e9 / rate)
    case .gamma(let rate, let variation):
      let shape = 1 / (variation * variation)
      self = .gamma(shape: shape, scaleNanoseconds: 1e9 / (rate * shape))
    case .deterministic(let rate):
      self = .deterministic(requestsPerSecond: rate)
    case .onOff(let onRate, let offRate, let meanOn, let meanOff):
      self = .onOff(onRate: onRate, offRate: offRate, meanOnSeconds: meanOn, meanOffSeconds: meanOff)
    case .diurnal(let curve):
      self = .diurnal(
        IntegratedRateCurve(curve), periodNanoseconds: Int64((curve.periodSeconds * 1e9).rounded()))
    case .trace(let arrivals):
      self = .trace(arrivals)
    }
  }

  /// round(n / rate) in nanoseconds: whole seconds and the rest apart, so that no digit is lost to size.
  static func deterministicArrival(_ n: Int64, requestsPerSecond rate: Double) -> Int64 {
    let seconds = (Double(n) / rate).rounded(.down)
    guard seconds < Double(ArrivalGenerator.horizonNanoseconds) * 1e-9 else {
      return ArrivalGenerator.horizonNanoseconds
    }
    // n − seconds·rate in one rounding: a fused multiply-add keeps what a product would drop.
    let rest = Double(n).addingProduct(-seconds, rate)
    return Int64(seconds) * 1_000_000_000 + Int64((rest / rate * 1e9).rounded())
  }
}

extension ArrivalProcess {
  /// How many arrivals the process has of itself; nil for no end.
  fileprivate var ownLimit: Int? {
    switch self {
    case .offline(let requests): requests
    case .closedLoop(let concurrency, _): concurrency
    case .trace(let arrivals): arrivals.count
    case .poisson, .gamma, .deterministic, .onOff, .diurnal: nil
    }
  }
}
