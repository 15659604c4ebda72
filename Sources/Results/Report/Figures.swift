import CostModel
import Simulation

/// Rates over a span; nil where they mean nothing.
public struct ThroughputFigures: Sendable, Equatable {
  /// Output tokens each second; nil where only images are produced.
  public var outputTokensPerSecond: Double?
  /// Prompt tokens each second, recomputed ones not counted; nil where only images are produced.
  public var inputTokensPerSecond: Double?
  /// Completed requests each second.
  public var requestsPerSecond: Double?
  /// Output tokens each second over the GPUs of the site or deployment.
  public var outputTokensPerSecondPerGPU: Double?
  /// Prompt and output tokens each second over the GPUs of the site or deployment.
  public var totalTokensPerSecondPerGPU: Double?
  /// Completed requests each second that met every latency target.
  public var goodputRequestsPerSecond: Double?
  /// Images each second; nil where none are produced.
  public var imagesPerSecond: Double?
}

/// A latency's distribution in seconds; nil where there is no sample.
public struct LatencyDistribution: Sendable, Equatable {
  /// Samples.
  public var count: Int64
  /// The mean.
  public var mean: Double?
  /// The median.
  public var p50: Double?
  /// The 90th percentile.
  public var p90: Double?
  /// The 95th percentile.
  public var p95: Double?
  /// The 99th percentile.
  public var p99: Double?
  /// The largest.
  public var max: Double?

  init(_ histogram: LatencyHistogram) {
    count = histogram.count
    mean = histogram.meanSeconds
    p50 = histogram.quantileSeconds(0.5)
    p90 = histogram.quantileSeconds(0.9)
    p95 = histogram.quantileSeconds(0.95)
    p99 = histogram.quantileSeconds(0.99)
    max = histogram.maximumSeconds
  }
}

/// The latencies of the requests of a span.
public struct LatencyFigures: Sendable, Equatable {
  /// Arrival to first token.
  public var timeToFirstToken: LatencyDistribution
  /// Arrival to the first token of the answer, where hidden tokens come before it.
  public var timeToFirstAnswerToken: LatencyDistribution
  /// Mean time per output token of each request with more than one.
  public var timePerOutputToken: LatencyDistribution
  /// Gaps between tokens.
  public var interTokenLatency: LatencyDistribution
  /// Arrival to last token.
  public var endToEnd: LatencyDistribution
  /// Arrival to the first step that works on the request.
  public var queue: LatencyDistribution

  init(_ histograms: LatencyHistograms) {
    timeToFirstToken = LatencyDistribution(histograms.timeToFirstToken)
    timeToFirstAnswerToken = LatencyDistribution(histograms.timeToFirstAnswerToken)
    timePerOutputToken = LatencyDistribution(histograms.timePerOutputToken)
    interTokenLatency = LatencyDistribution(histograms.interTokenLatency)
    endToEnd = LatencyDistribution(histograms.endToEnd)
    queue = LatencyDistribution(histograms.queue)
  }

  /// Each distribution with its name in results.
  public var named: [(name: String, value: LatencyDistribution)] {
    [
      ("ttft", timeToFirstToken), ("tpot", timePerOutputToken), ("itl", interTokenLatency),
      ("e2e", endToEnd), ("queue", queue), ("ttfat", timeToFirstAnswerToken),
    ]
  }
}

/// Power over a span in watts; peaks are of the finest stretch of time that means anything, see ``PowerAccount``.
public struct PowerFigures: Sendable, Equatable {
  /// Mean of one GPU in use.
  public var gpuMean: Double?
  /// Peak of the mean over the GPUs in use.
  public var gpuPeak: Double?
  /// Mean of all GPUs and nodes.
  public var itMean: Double?
  /// Peak of all GPUs and nodes.
  public var itPeak: Double?
  /// Mean at the grid connection.
  public var siteMean: Double?
  /// Peak at the grid connection.
  public var sitePeak: Double?
  /// Where the mean power of the nodes beside their accelerators goes; none where their parts aren't known.
  public var nodeParts: [NodePart] = []

  /// A part of all nodes.
  public struct NodePart: Sendable, Equatable {
    /// Its name: `cpus`.
    public var name: String
    /// What all nodes' parts of that name draw, in watts.
    public var watts: Double
  }
}

/// Energy of a span; nil for each token where there is none.
public struct EnergyFigures: Sendable, Equatable {
  /// Joules of the GPUs in use for each output token.
  public var gpuJoulesPerOutputToken: Double?
  /// Joules at the grid connection for each output token.
  public var siteJoulesPerOutputToken: Double?
  /// Megawatt-hours at the grid connection.
  public var siteMegawattHours: Double?
}

/// What a span costs and what a megawatt yields.
public struct CostFigures: Sendable, Equatable {
  /// Dollars for a million output tokens, all GPUs of the site or deployment paid; nil where the price isn't known.
  public var dollarsPerMillionOutputTokens: Double?
  /// Output tokens each second for each megawatt at the grid connection.
  public var outputTokensPerSecondPerMegawatt: Double?
}

/// All figures of one span of a site or a deployment.
public struct SpanFigures: Sendable, Equatable {
  /// The span.
  public var span: RunSpan
  /// Rates.
  public var throughput: ThroughputFigures
  /// Latencies.
  public var latency: LatencyFigures
  /// Power.
  public var power: PowerFigures
  /// Energy.
  public var energy: EnergyFigures
  /// Cost.
  public var cost: CostFigures
  /// What the facility did; nil of a deployment, and where the site has none.
  public var facility: FacilityFigures?
  /// What a year like the span costs; nil of a deployment, and without constants for it.
  public var economics: EconomicsFigures?
}

/// How many requests of a run ended how.
public struct RequestFigures: Sendable, Equatable {
  /// Requests that reached the router.
  public var arrived: Int64 = 0
  /// Requests with their last token out.
  public var completed: Int64 = 0
  /// Requests that were refused: that can never fit, or for one of the next three reasons.
  public var rejected: Int64 = 0
  /// Because too many waited for the scheduler.
  public var refusedByQueue: Int64 = 0
  /// Because their tenant was beyond its limits.
  public var refusedByLimit: Int64 = 0
  /// Because of the load on the deployment.
  public var shed: Int64 = 0
  /// Requests whose client gave up.
  public var cancelled: Int64 = 0
  /// Requests lost to failures.
  public var failed: Int64 = 0
  /// Requests in flight when the run ended.
  public var inFlight: Int64 = 0
  /// Times that a request lost its KV cache.
  public var preemptions: Int64 = 0
  /// Prompt and output tokens that were computed again after it.
  public var recomputedTokens: Int64 = 0
  /// Prompt and output tokens that were copied to the host instead.
  public var swappedTokens: Int64 = 0
  /// Output tokens of requests whose client gave up.
  public var cancelledTokens: Int64 = 0
  /// Prompt tokens of the requests that started.
  public var inputTokens: Int64 = 0
  /// Those of them that a prefix cache held.
  public var cachedTokens: Int64 = 0
  /// Times that a request with an adapter was taken into a batch.
  public var adapterStarts: Int64 = 0
  /// Times that its adapter had to be loaded for that.
  public var adapterLoads: Int64 = 0

  init() {}

  /// The share of starts that found their adapter on the accelerators, in 0...1; nil where none needed one.
  public var adapterHitShare: Double? {
    adapterStarts == 0 ? nil : 1 - Double(adapterLoads) / Double(adapterStarts)
  }

  /// The share of prompt tokens that a prefix cache held, in 0...1.
  public var cachedShare: Double { inputTokens == 0 ? 0 : Double(cachedTokens) / Double(inputTokens) }

  init(_ outcome: DeploymentOutcome) {
    let counts = outcome.observations.counts
    arrived = counts.arrived
    completed = counts.completed
    rejected = counts.rejected
    refusedByQueue = counts.refusedByQueue
    refusedByLimit = counts.refusedByLimit
    shed = counts.shed
    cancelled = counts.cancelled
    inFlight = outcome.inFlight
    preemptions = counts.preemptions
    recomputedTokens = counts.recomputedTokens
    swappedTokens = counts.swappedTokens
    cancelledTokens = counts.cancelledTokens
    inputTokens = counts.inputTokens
    cachedTokens = counts.cachedTokens
    failed = counts.failed
    adapterStarts = counts.adapterStarts
    adapterLoads = counts.adapterLoads
  }

  mutating func add(_ other: RequestFigures) {
    arrived += other.arrived
    completed += other.completed
    rejected += other.rejected
    refusedByQueue += other.refusedByQueue
    refusedByLimit += other.refusedByLimit
    shed += other.shed
    recomputedTokens += other.recomputedTokens
    swappedTokens += other.swappedTokens
    cancelledTokens += other.cancelledTokens
    cancelled += other.cancelled
    failed += other.failed
    inFlight += other.inFlight
    preemptions += other.preemptions
    inputTokens += other.inputTokens
    cachedTokens += other.cachedTokens
    adapterStarts += other.adapterStarts
    adapterLoads += other.adapterLoads
  }
}

/// What failures did over the whole run.
public struct FaultFigures: Sendable, Equatable {
  /// Times that a replica failed.
  public var failures: Int64 = 0
  /// Times that a request lost its replica.
  public var interrupted: Int64 = 0
  /// Prompt and output tokens whose KV cache was lost with a replica.
  public var lostTokens: Int64 = 0
  /// Times that a spare took over from a replica.
  public var takeovers: Int64 = 0
  /// Replica-seconds in service at less than full speed.
  public var slowSeconds = 0.0
  /// Replica-seconds out of service, and of all replicas.
  private var downSeconds = 0.0
  private var replicaSeconds = 0.0

  init(_ outcome: DeploymentOutcome) {
    failures = outcome.faults.failures
    interrupted = outcome.faults.interrupted
    lostTokens = outcome.faults.lostTokens
    takeovers = outcome.faults.takeovers
    slowSeconds = outcome.faults.slowSeconds
    downSeconds = outcome.faults.downSeconds
    replicaSeconds = Double(outcome.pools.reduce(0) { $0 + $1.replicas }) * outcome.end.seconds
  }

  mutating func add(_ other: FaultFigures) {
    failures += other.failures
    interrupted += other.interrupted
    lostTokens += other.lostTokens
    takeovers += other.takeovers
    slowSeconds += other.slowSeconds
    downSeconds += other.downSeconds
    replicaSeconds += other.replicaSeconds
  }

  /// The share of replica-seconds in service, in 0...1.
  public var availability: Double {
    replicaSeconds > 0 ? max(0, 1 - downSeconds / replicaSeconds) : 1
  }
}

/// Where the replicas' time went over the whole run, in replica-seconds.
public struct StepTimeFigures: Sendable, Equatable {
  /// A name of results with its replica-seconds.
  public struct Part: Sendable, Equatable {
    /// The name: `decode_attention`.
    public var name: String
    /// Replica-seconds.
    public var seconds: Double
  }

  /// Busy time by operator.
  public var byOperator: [Part]
  /// All time by what limited it; `idle` is the last.
  public var byLimit: [Part]

  /// Splits a cost.
  ///
  /// - Parameters:
  ///   - cost: replica-seconds lane by lane.
  ///   - replicaSeconds: replicas × the length of the run.
  public init(_ cost: CostVector, replicaSeconds: Double) {
    byOperator = CostLane.operators.map { Part(name: $0.name, seconds: cost[$0]) }
    byLimit = CostLane.limits.map { Part(name: $0.name, seconds: cost[$0]) }
    byLimit.append(Part(name: "idle", seconds: max(0, replicaSeconds - cost[.time])))
  }

  /// What takes the most time, idling included; nil where no time passed.
  ///
  /// Ties go to the first.
  public var bindingLimit: String? {
    var best: Part?
    for part in byLimit where part.seconds > best?.seconds ?? 0 { best = part }
    return best?.name
  }

  /// Busy replica-seconds.
  public var busySeconds: Double { byOperator.reduce(0) { $0 + $1.seconds } }
  /// Replica-seconds of the run, idle ones included.
  public var totalSeconds: Double { byLimit.reduce(0) { $0 + $1.seconds } }
}
