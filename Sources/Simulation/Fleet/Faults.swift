import Workload

/// What becomes of a request whose replica fails.
public enum LossPolicy: String, Sendable, CaseIterable {
  /// Another replica computes its prompt and what it had answered again, and goes on.
  case migrate
  /// It is sent again from the start; what it had answered is thrown away.
  case retry
  /// Its client gets an error.
  case fail
}

/// Replicas that fail, or slow down, together: on one accelerator, node, rack or scale-up domain.
public struct FaultDomain: Sendable, Equatable {
  /// A time out of service.
  public struct Outage: Sendable, Equatable {
    /// When it begins, in seconds from the start of the run, >= 0.
    public var startSeconds: Double
    /// How long it lasts in seconds, > 0; nil: for the rest of the run.
    public var seconds: Double?

    /// An outage; see the properties for ranges.
    public init(startSeconds: Double, seconds: Double?) {
      precondition(startSeconds >= 0 && seconds ?? 1 > 0, "an outage that ends before it begins")
      self.startSeconds = startSeconds
      self.seconds = seconds
    }
  }

  /// Its name, which keys its random streams.
  public var name: String
  /// Its replicas, by their numbers among all of the deployment.
  public var replicas: [Int]
  /// Outages that are known beforehand.
  public var outages: [Outage]
  /// Mean time in service until it fails, in seconds, > 0, exponentially distributed; nil: it doesn't of itself.
  public var meanSecondsToFailure: Double?
  /// Mean time until it is back in service, in seconds, > 0, exponentially distributed.
  public var meanSecondsToRepair: Double
  /// What steps of its replicas take meanwhile, as a multiple > 1: stragglers; nil: they are out of service.
  public var slowdown: Double?

  /// A domain; see the properties for ranges.
  public init(
    name: String, replicas: [Int], outages: [Outage] = [], meanSecondsToFailure: Double? = nil,
    meanSecondsToRepair: Double = 3600, slowdown: Double? = nil
  ) {
    precondition(meanSecondsToFailure ?? 1 > 0 && meanSecondsToRepair > 0, "a domain that always fails")
    precondition(slowdown ?? 2 > 1, "stragglers that are not slow")
    self.name = name
    self.replicas = replicas
    self.outages = outages
    self.meanSecondsToFailure = meanSecondsToFailure
    self.meanSecondsToRepair = meanSecondsToRepair
    self.slowdown = slowdown
  }
}

/// What fails in a deployment, and what is done about it.
public struct FaultPlan: Sendable, Equatable {
  /// What fails together.
  public var domains: [FaultDomain]
  /// What becomes of requests.
  public var onLoss: LossPolicy
  /// Accelerators for so many replicas of each pool that stand idle until one fails; they never fail themselves.
  public var spares: PoolSizes
  /// Seconds from a failure until a spare serves in the replica's place, >= 0: detection, loading the model.
  public var takeoverSeconds: Double
  /// The replication that failures are drawn for, where it is not the run's: cells of a sample see the same ones.
  var replication: UInt64?

  /// A plan.
  public init(
    domains: [FaultDomain], onLoss: LossPolicy = .retry, spares: PoolSizes = PoolSizes(prefill: 0, decode: 0),
    takeoverSeconds: Double = 0
  ) {
    self.domains = domains
    self.onLoss = onLoss
    self.spares = spares
    self.takeoverSeconds = takeoverSeconds
  }
}

/// What failures did to a deployment.
public struct FaultOutcome: Sendable, Equatable {
  /// Times that a replica failed.
  public var failures: Int64 = 0
  /// Replica-seconds out of service.
  public var downSeconds = 0.0
  /// Times that a request lost its replica.
  public var interrupted: Int64 = 0
  /// Prompt and output tokens whose KV cache was lost with a replica.
  public var lostTokens: Int64 = 0
  /// Times that a spare took over.
  public var takeovers: Int64 = 0
  /// Replica-seconds in service at less than full speed.
  public var slowSeconds = 0.0

  /// Nothing failed.
  public init() {}

  mutating func add(_ other: FaultOutcome) {
    failures += other.failures
    downSeconds += other.downSeconds
    interrupted += other.interrupted
    lostTokens += other.lostTokens
    takeovers += other.takeovers
    slowSeconds += other.slowSeconds
  }
}

/// Where the replicas of a deployment stand that may fail.
struct FaultState {
  let plan: FaultPlan
  /// Domains that are out of service and hold each replica.
  var causes: [Int32]
  /// Where each replica's work is done.
  var stands: [Stand]
  /// Spares of each pool that stand idle: of the pool that answers, of the prefill pool.
  var idleSpares: [Int]
  /// Replicas of each pool that wait for a spare, in the order of their failures.
  var needy: [[Int]] = [[], []]
  /// By how much each replica's active domains slow it down, and since when the slowest does.
  var slowdowns: [[Double]]
  var slowSince: [SimTime]
  /// When each replica failed last.
  var since: [SimTime]
  /// How often each replica has failed.
  var epochs: [UInt32]
  /// Events of failures and repairs in the queue: those alone keep no run going.
  var pendingEvents = 0
  /// Repairs among them.
  var pendingRepairs = 0
  /// The epoch of the replica that fetches the cache of a request, by slot.
  var fetchEpochs: [Int32: UInt32] = [:]
  var outcome = FaultOutcome()
  private var draws: [RandomStream]

  /// Where a replica's work is done: in its own place, there until a spare is ready, or on that.
  enum Stand { case own, awaitingSpare, spare }

  init(_ plan: FaultPlan, replicas: Int, deployment: String, seed: UInt64, run: UInt64) {
    self.plan = plan
    causes = Array(repeating: 0, count: replicas)
    stands = Array(repeating: .own, count: replicas)
    idleSpares = [plan.spares.decode, plan.spares.prefill]
    slowdowns = Array(repeating: [], count: replicas)
    slowSince = Array(repeating: .never, count: replicas)
    since = Array(repeating: .never, count: replicas)
    epochs = Array(repeating: 0, count: replicas)
    draws = plan.domains.map {
      RandomStream(seed: seed, run: plan.replication ?? run, "faults.\(deployment).\($0.name)")
    }
  }

  func isUp(_ replica: Int) -> Bool { causes[replica] == 0 || stands[replica] == .spare }

  /// Time until a domain fails of itself; nil when it never does.
  mutating func toFailure(_ domain: Int) -> SimDuration? {
    plan.domains[domain].meanSecondsToFailure.map {
      SimDuration(seconds: min(draws[domain].exponential(rate: 1 / $0), 1e9))
    }
  }

  /// Time until it is back.
  mutating func toRepair(_ domain: Int) -> SimDuration {
    let mean = plan.domains[domain].meanSecondsToRepair
    return SimDuration(seconds: min(draws[domain].exponential(rate: 1 / mean), 1e9))
  }
}
