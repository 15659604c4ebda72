/// What a pool's size follows.
public enum ScalingSignal: Sendable, Equatable {
  /// Requests in flight as share of the batch slots in service.
  case utilisation(Double)
  /// Requests that wait for a scheduler, for each replica in service.
  case queue(Double)
  /// 90th percentile of the time to first token of requests that were done since the last look, in seconds.
  case timeToFirstToken(seconds: Double)
  /// 90th percentile of the time per output token of those, in seconds.
  case timePerOutputToken(seconds: Double)
}

/// How many replicas of a pool are in service, by what its load is.
///
/// The size asked for is the present one times signal / target, rounded up, as Kubernetes' horizontal pod autoscaler has
/// it; within 10 % of the target nothing changes.
public struct Autoscaling: Sendable, Equatable {
  /// Replicas in service at the start, in `minimum`...the pool's.
  public var initial: Int
  /// Replicas in service at least, >= 1.
  public var minimum: Int
  /// What the size follows, and its target, > 0.
  public var signal: ScalingSignal
  /// Seconds from one look to the next, > 0.
  public var intervalSeconds: Double
  /// Seconds from the decision until a replica serves: provisioning, and loading the model; >= 0.
  public var startSeconds: Double
  /// Seconds over which the largest size asked for counts before replicas are taken out, >= 0.
  public var stabilisationSeconds: Double

  /// A rule; see the properties for ranges.
  public init(
    initial: Int, minimum: Int, signal: ScalingSignal, intervalSeconds: Double, startSeconds: Double,
    stabilisationSeconds: Double = 300
  ) {
    precondition(minimum >= 1 && initial >= minimum && intervalSeconds > 0, "a pool of nothing")
    self.initial = initial
    self.minimum = minimum
    self.signal = signal
    self.intervalSeconds = intervalSeconds
    self.startSeconds = startSeconds
    self.stabilisationSeconds = stabilisationSeconds
  }

  /// Signal over target at which nothing changes: 1, give or take so much.
  static let tolerance = 0.1
}

/// All replicas of a deployment are drained and started again, some at a time, as for a new version.
public struct RollingUpdate: Sendable, Equatable {
  /// When it begins, in seconds.
  public var startSeconds: Double
  /// Replicas out of service at once, >= 1.
  public var atOnce: Int
  /// Seconds from the moment that a replica is drained until it serves again, >= 0.
  public var restartSeconds: Double

  /// An update; see the properties for ranges.
  public init(startSeconds: Double, atOnce: Int, restartSeconds: Double) {
    precondition(startSeconds >= 0 && atOnce >= 1 && restartSeconds >= 0, "an update of nothing")
    self.startSeconds = startSeconds
    self.atOnce = atOnce
    self.restartSeconds = restartSeconds
  }
}

/// Accelerators that go from prefill to decode and back while a deployment runs.
///
/// At each look the pool that misses its target by more gets a replica's worth of accelerators from the other one, as long as
/// that one meets its own with `slack`: one of its replicas is drained, and when there are enough of them for a replica
/// of the needy pool, that one starts.
public struct PoolPlanner: Sendable, Equatable {
  /// Target of the 90th percentile of time to first token, in seconds, > 0: the prefill pool's.
  public var timeToFirstTokenSeconds: Double
  /// Target of the 90th percentile of time per output token, in seconds, > 0: the decode pool's.
  public var timePerOutputTokenSeconds: Double
  /// Share of its target that a pool may reach which gives away a replica, in 0...1.
  public var slack: Double
  /// Seconds from one look to the next, > 0.
  public var intervalSeconds: Double
  /// Seconds until a replica serves in its new role, >= 0.
  public var startSeconds: Double
  /// Replicas in service at the start: of the prefill pool, of the decode pool; the plan's are the most.
  public var initial: PoolSizes

  /// A planner; see the properties for ranges.
  public init(
    timeToFirstTokenSeconds: Double, timePerOutputTokenSeconds: Double, slack: Double = 0.8,
    intervalSeconds: Double, startSeconds: Double, initial: PoolSizes
  ) {
    precondition(intervalSeconds > 0 && initial.prefill >= 1 && initial.decode >= 1, "a pool of nothing")
    self.timeToFirstTokenSeconds = timeToFirstTokenSeconds
    self.timePerOutputTokenSeconds = timePerOutputTokenSeconds
    self.slack = slack
    self.intervalSeconds = intervalSeconds
    self.startSeconds = startSeconds
    self.initial = initial
  }

}

/// Replicas of both pools of a deployment.
public struct PoolSizes: Sendable, Equatable {
  /// Those that work on prompts.
  public var prefill: Int
  /// Those that answer.
  public var decode: Int

  /// Sizes.
  public init(prefill: Int, decode: Int) {
    self.prefill = prefill
    self.decode = decode
  }
}

/// How the replicas in service change while a deployment runs.
public struct FleetPlan: Sendable, Equatable {
  /// Of the pool that answers; nil: its size stays.
  public var autoscaling: Autoscaling?
  /// Of the prefill pool; nil: its size stays.
  public var prefillAutoscaling: Autoscaling?
  /// Between both pools; not with autoscaling.
  public var planner: PoolPlanner?
  /// An update of all replicas; nil for none.
  public var update: RollingUpdate?
  /// Whether somebody else looks at the load, who sees more than this part of the pool.
  var isSteered = false

  /// Nothing changes.
  public init() {}
}

/// What became of the replicas in service.
public struct FleetOutcome: Sendable, Equatable {
  /// Replica-seconds in service, starting and draining included.
  public var onSeconds = 0.0
  /// Accelerator-seconds of those.
  public var acceleratorSeconds = 0.0
  /// The most replicas that were on at once.
  public var peak = 0
  /// Times that a replica started, and that one was taken out or restarted.
  public var starts: Int64 = 0
  /// Times that a replica was drained.
  public var drains: Int64 = 0

  /// Nothing was on.
  public init() {}
}

/// Where the replicas of a fleet stand.
struct FleetState {
  enum Status { case off, starting, serving, draining }

  let plan: FleetPlan
  /// By replica, those of the prefill pool first.
  private(set) var status: [Status]
  private(set) var since: [SimTime]
  private let accelerators: [Int]
  /// Who decides on the size of the pool that answers, and of the prefill pool.
  var autoscalers: [Autoscaler?]
  /// Latencies of requests done since the last look, in nanoseconds: to first token, for an output token.
  var toFirstToken: [Int64] = []
  var perToken: [Int64] = []
  /// Replicas that the update has yet to drain, and those that it has taken out.
  var toUpdate: [Int] = []
  var updating: Set<Int> = []
  /// Accelerators that no pool uses, and who waits for them: replicas that start when there are enough.
  var spare = 0
  var heirs: [Int] = []
  /// Events of the fleet in the queue: those alone keep no run going.
  var pendingEvents = 0
  /// Those of them after which a replica serves.
  var pendingStarts = 0
  var outcome = FleetOutcome()

  init(_ plan: FleetPlan, prefill: Int, count: Int, accelerators: [Int]) {
    self.plan = plan
    self.accelerators = accelerators
    autoscalers = [plan.autoscaling, plan.prefillAutoscaling].map { $0.map { Autoscaler($0) } }
    let decode = count - prefill
    let first =
      plan.planner.map { ($0.initial.prefill, $0.initial.decode) }
      ?? (plan.prefillAutoscaling?.initial ?? prefill, plan.autoscaling?.initial ?? decode)
    status = (0..<count).map { index in
      index < prefill ? (index < first.0 ? .serving : .off) : (index - prefill < first.1 ? .serving : .off)
    }
    since = Array(repeating: .zero, count: count)
    outcome.peak = status.count { $0 == .serving }
  }

  /// Whether requests may be sent to a replica.
  @inline(__always)
  func takesRequests(_ replica: Int) -> Bool { status[replica] == .serving }

  /// Whether a replica works on requests that it has.
  @inline(__always)
  func isOn(_ replica: Int) -> Bool { status[replica] == .serving || status[replica] == .draining }

  mutating func set(_ replica: Int, _ new: Status, at time: SimTime) {
    account(replica, until: time)
    status[replica] = new
    outcome.peak = max(outcome.peak, status.count { $0 != .off })
  }

  private mutating func account(_ replica: Int, until time: SimTime) {
    if status[replica] != .off, time > since[replica] {
      let seconds = (time - since[replica]).seconds
      outcome.onSeconds += seconds
      outcome.acceleratorSeconds += seconds * Double(accelerators[replica])
    }
    since[replica] = time
  }

  /// What became of the replicas by `end`.
  func closed(at end: SimTime) -> FleetOutcome {
    var state = self
    for replica in status.indices { state.account(replica, until: end) }
    return state.outcome
  }
}

extension Array where Element == Int64 {
  /// The smallest element that a share of all does not exceed, in seconds; nil of none.
  func quantileSeconds(_ share: Double) -> Double? {
    guard !isEmpty else { return nil }
    let sorted = sorted()
    return Double(sorted[Swift.min(Int(share * Double(count)), count - 1)]) * 1e-9
  }
}
