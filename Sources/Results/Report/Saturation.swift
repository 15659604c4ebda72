import Simulation

/// Whether a deployment kept up with its arrivals, and what says so.
///
/// `docs/results-schema.md` has the definitions with their reasons. Judged is the time in which requests came: what
/// drains after the last arrival proves nothing.
public struct Saturation: Sendable, Equatable {
  /// What can be said.
  public enum Verdict: String, Sendable, CaseIterable {
    /// Everyone waits for answers: always as full as the clients make it.
    case closedLoop = "closed_loop"
    /// All requests were there from the start: always full.
    case offline
    /// No backlog but what chance makes.
    case stable
    /// The run is too short, or holds too few requests, to tell.
    case undetermined
    /// Requests queued for a good part of the run, longer than chance lets them, without growing to the end.
    case backlogged
    /// The backlog grows as long as requests come: there is no steady state.
    case overloaded

    /// The verdict for a reader.
    public var words: String { self == .closedLoop ? "closed loop" : rawValue }
  }

  /// What can be said.
  public var verdict: Verdict
  /// Why, in words; empty where the verdict is by design.
  public var reason = ""
  /// The part of the run that was judged.
  public var span: RunSpan?
  /// Requests that came each second of the span.
  public var arrivalsPerSecond: Double?
  /// Requests that ended each second of the span, however they did.
  public var departuresPerSecond: Double?
  /// Requests by which the queue grew each second of the span; the queue is those that nothing has worked on yet.
  public var queueGrowthPerSecond: Double?
  /// Half the width of its 95 % confidence interval.
  public var queueGrowthError: Double?
  /// Requests in the queue when the span ended.
  public var queueAtEnd: Int64?
  /// The share of the span's requests that came while a backlog stood that chance does not explain, in 0...1.
  public var backloggedShare: Double?

  init(_ verdict: Verdict, reason: String = "") {
    self.verdict = verdict
    self.reason = reason
  }
}

extension Saturation {
  /// The worst of some verdicts, overload first; the first of equals.
  static func worst(_ verdicts: [Saturation]) -> Saturation {
    let order = Verdict.allCases
    return verdicts.reduce(verdicts[0]) { worst, next in
      (order.firstIndex(of: next.verdict) ?? 0) > (order.firstIndex(of: worst.verdict) ?? 0) ? next : worst
    }
  }

  /// What a run's own rhythm is, against which its backlog is judged.
  struct Pace {
    /// Mean seconds from the first step that works on a request to its last token; nil where none completed.
    var serviceSeconds: Double?
    /// Seconds for which a request waits though there is room: of the front end and of the step in progress.
    var delaySeconds = 0.0
  }

  /// Judges a deployment.
  ///
  /// - Parameters:
  ///   - load: who sends its requests.
  ///   - observations: what it did.
  ///   - window: the steady window, which figures are of.
  ///   - pace: its rhythm.
  init(load: LoadKind, _ observations: Observations, window: RunSpan, pace: Pace) {
    switch load {
    case .closedLoop: self.init(.closedLoop)
    case .offline: self.init(.offline)
    case .open:
      guard let levels = QueueLevels(observations) else {
        self.init(.undetermined, reason: "too few requests to tell")
        return
      }
      self.init(levels, window: window, pace: pace)
    }
  }

  private init(_ levels: QueueLevels, window: RunSpan, pace: Pace) {
    guard levels.buckets >= QueueLevels.fewestBuckets else {
      // Requests came so much faster than they were served that the series can't resolve it.
      let waiting = levels.queueAtLastArrival
      let floods = 2 * waiting > levels.allArrivals
      self.init(
        floods ? .overloaded : .undetermined,
        reason: floods
          ? "\(waiting) of \(levels.allArrivals) requests still waited when the last came"
          : "requests came for too short a part of the run to tell")
      queueAtEnd = waiting
      return
    }
    let late = levels.batches(from: levels.start(window: window), of: QueueLevels.mostBatches)
    let queue = Growth(late.map(\.queueGrowth), arrivals: late.map(\.arrivals))
    let inFlight = Growth(late.map(\.inFlightGrowth), arrivals: late.map(\.arrivals))
    let figures = levels.batches(
      from: min(levels.start(window: window), levels.bucket(of: window)), of: QueueLevels.mostExcursionBatches
    )
    let share = Excursions(figures, delay: pace.delaySeconds, width: levels.width).share

    let service = pace.serviceSeconds ?? .infinity
    let settles = 8 * service <= Double(levels.buckets) * levels.width
    let risesBeyondRate =
      inFlight.total - (pace.serviceSeconds.map { levels.rise(over: late, serviceSeconds: $0) } ?? 0)
    let rises = inFlight.isSignificant(share: 0.05) && risesBeyondRate > 0.05 * inFlight.arrivals
    if queue.isSignificant(share: 0.01) {
      self.init(.overloaded, reason: "the queue grows as long as requests come")
    } else if rises, settles {
      self.init(.overloaded, reason: "requests in flight rise as long as requests come")
    } else if share >= 0.05 {
      self.init(.backlogged, reason: "a backlog stood that chance does not explain")
    } else if rises {
      self.init(
        .undetermined, reason: "requests in flight rise, but came for less than eight times their service")
    } else if queue.arrivals < QueueLevels.fewestArrivals || queue.halfWidth > 0.1 * queue.arrivals {
      self.init(.undetermined, reason: "too few requests to tell")
    } else {
      self.init(.stable)
    }
    let seconds = late.reduce(0) { $0 + Double($1.buckets) } * levels.width
    span = levels.span(of: late)
    arrivalsPerSecond = queue.arrivals / seconds
    departuresPerSecond = (queue.arrivals - inFlight.total) / seconds
    queueGrowthPerSecond = queue.total / seconds
    queueGrowthError = queue.halfWidth / seconds
    queueAtEnd = levels.queue.last
    backloggedShare = share
  }
}
