import CostModel
import Workload

/// A deployment as the simulation runs it: replicas of one type behind one router.
public struct DeploymentPlan: Sendable {
  /// Its name, which keys its random streams.
  public var name: String
  /// Working copies of the model, >= 1.
  public var replicas: Int
  /// Accelerators that one replica occupies, >= 1.
  public var acceleratorsPerReplica: Int
  /// The engine's scheduler.
  public var engine: EngineOptions
  /// The KV cache of one replica.
  public var cache: KVCacheOptions
  /// What a step of one replica costs.
  public var cost: StepCostTable
  /// What accelerators can be held to, falling; the first level is that of ``cost``, empty where nothing holds them.
  public var powerLevels: [PowerLevel] = []
  /// How requests find their replica.
  public var router: RouterPolicy
  /// What the router makes of prefix caches.
  public var cacheView = CacheView()
  /// Seconds between the reports on their requests that replicas send to a router of the policies `least-outstanding` and
  /// `power-of-two`, all at once, beginning at 0; 0: it knows at once.
  ///
  /// What it sends itself it always knows. Replicas that do all can then be simulated from report to report, side by side.
  public var loadReportSeconds = 0.0
  /// Whether and where replicas keep the KV blocks of prompts; nil: they don't.
  ///
  /// With a prefill pool: those of that pool.
  public var prefixCache: PrefixCacheOptions?
  /// How the replicas in service change; nil: all are, always.
  public var fleet: FleetPlan?
  /// What fails, and what is done about it; nil: nothing fails.
  public var faults: FaultPlan?
  /// What a request passes before the scheduler sees it.
  public var frontEnd: FrontEnd
  /// Who sends the requests, as far as there are limits to it; ``StreamPlan/tenant`` names one by position.
  public var tenants: [Tenant] = []
  /// What the router refuses under load; a request is refused by any rule.
  public var shedding: [Shedding] = []
  /// The requests, in streams.
  public var streams: [StreamPlan]
  /// The replicas that work on prompts, where this deployment's own ones only decode; nil: they do both.
  public var prefill: PrefillPool?

  /// Creates a plan; see the properties for ranges.
  public init(
    name: String, replicas: Int, acceleratorsPerReplica: Int, engine: EngineOptions,
    cache: KVCacheOptions, cost: StepCostTable, router: RouterPolicy = .roundRobin,
    frontEnd: FrontEnd = FrontEnd(), streams: [StreamPlan], prefill: PrefillPool? = nil
  ) {
    precondition(replicas >= 1 && acceleratorsPerReplica >= 1, "a deployment without replicas")
    self.name = name
    self.replicas = replicas
    self.acceleratorsPerReplica = acceleratorsPerReplica
    self.engine = engine
    self.cache = cache
    self.cost = cost
    self.router = router
    self.frontEnd = frontEnd
    self.streams = streams
    self.prefill = prefill
  }
}

extension DeploymentPlan {
  /// Accelerators of all pools; a planner's pools share those that they have at the start.
  public var accelerators: Int { ownAccelerators + prefillAccelerators }

  /// Those of them that answer, or do all.
  public var ownAccelerators: Int {
    (fleet?.planner?.initial.decode ?? replicas) * acceleratorsPerReplica
  }

  /// Those of the prefill pool; 0 where there is none.
  public var prefillAccelerators: Int {
    let replicas = fleet?.planner?.initial.prefill ?? prefill?.replicas ?? 0
    return replicas * (prefill?.acceleratorsPerReplica ?? 0)
  }

  /// Replicas that have accelerators: all, but for a planner's pools, which share theirs.
  public var standingReplicas: Int {
    fleet?.planner.map { $0.initial.prefill + $0.initial.decode } ?? allReplicas
  }

  /// Replicas of all pools; those of the prefill pool come first in the numbering.
  public var allReplicas: Int { replicas + (prefill?.replicas ?? 0) }
}

/// How a run is carried out.
public struct RunPlan: Sendable {
  /// Seed of every random stream.
  public var seed: UInt64
  /// Replication: another run of the same seed, with other draws.
  public var replication: UInt64
  /// When the run ends; nil: when every request is done.
  public var horizon: SimTime?
  /// Whether runs of decode steps are taken at once; results are the same.
  public var macroSteps: Bool
  /// Whether completed requests are kept for export.
  public var recordsRequests: Bool
  /// Threads to use, >= 1; results are the same.
  public var threads: Int
  /// The part of the site that is simulated; nil: all of it.
  public var sample: SamplePlan?
  /// Which replicas keep a timeline; nil: none does.
  public var timeline: TimelinePlan?

  /// Creates a plan; see the properties.
  public init(
    seed: UInt64 = 1, replication: UInt64 = 0, horizon: SimTime? = nil, macroSteps: Bool = true,
    recordsRequests: Bool = false, threads: Int = 1
  ) {
    self.seed = seed
    self.replication = replication
    self.horizon = horizon
    self.macroSteps = macroSteps
    self.recordsRequests = recordsRequests
    self.threads = max(1, threads)
  }
}

extension RunPlan {
  /// The run of one part of a sample, on one thread, with draws of its own.
  func ofPart(_ number: Int) -> RunPlan {
    var run = self
    run.threads = 1
    run.sample = nil
    // Other replications have other numbers, whatever their cells.
    run.replication =
      RandomStream(
        seed: seed, run: replication, "parts of a sample", index: UInt64(number)
      ).firstWord
    return run
  }
}

/// What the deployments of a site did.
public struct SiteOutcome: Sendable {
  /// Each, in the order of the run.
  public var deployments: [DeploymentOutcome]
  /// What became of limits of power; nil where there were none.
  public var power: PowerControlOutcome?
  /// What was recorded of their draw; nil where nothing was.
  public var readings: PowerReadings?

  /// What they did.
  public init(
    deployments: [DeploymentOutcome], power: PowerControlOutcome? = nil, readings: PowerReadings? = nil
  ) {
    self.deployments = deployments
    self.power = power
    self.readings = readings
  }
}

/// What a deployment did.
public struct DeploymentOutcome: Sendable {
  /// The deployment's name.
  public var name: String
  /// What was recorded of its requests and its power.
  public var observations: Observations
  /// Cost of all steps of all replicas, lane by lane: replica-seconds, and joules above idle.
  public var cost: CostVector
  /// When the run ended: the horizon, or the end of the last step.
  public var end: SimTime
  /// Requests that were still in flight then.
  public var inFlight: Int64
  /// The most requests that a replica had at once, summed over replicas.
  public var peakInFlight: Int
  /// The largest share of KV blocks in use at once on any replica, in 0...1.
  public var peakCacheUtilisation: Double
  /// Engine steps of all replicas.
  public var steps: Int64
  /// Events handled.
  public var events: Int64
  /// What failures did.
  public var faults = FaultOutcome()
  /// What became of the replicas in service; nil where all always were.
  public var fleet: FleetOutcome?
  /// What each pool did: one, or the prefill pool and then the decode pool.
  public var pools: [PoolOutcome] = []
  /// The cells that this is an estimate from; nil where all of it was simulated.
  public var sample: SampleOutcome?
}
