import CostModel
import Simulation

/// What a deployment does in steady state, without a simulation.
public struct DeploymentEstimate: Sendable {
  /// The deployment's name.
  public var name: String
  /// Accelerators of all pools.
  public var accelerators: Int
  /// Replicas of all pools.
  public var replicas: Int
  /// Whether a finished request stands for an image.
  public var producesImages: Bool
  /// Who sends its requests.
  public var load: EstimatedLoad
  /// The most requests each second that it sustains.
  public var capacityRequestsPerSecond: Double
  /// What keeps it from more.
  public var limit: CapacityLimit
  /// Requests each second that come, of a closed loop and offline those that are done.
  public var offeredRequestsPerSecond: Double
  /// Requests each second that are done: what comes, at most the capacity.
  public var requestsPerSecond: Double
  /// Mean tokens of a prompt.
  public var meanInputTokens: Double
  /// Mean output tokens of a request.
  public var meanOutputTokens: Double
  /// Share of prompt tokens that prefix caches are taken to hold, in 0...1.
  public var cachedShare: Double
  /// Sequences that a replica decodes, on average over time.
  public var meanBatch: Double
  /// Latencies; nil where the queue grows without bound.
  public var latencies: LatencyEstimates?
  /// Mean seconds from the first token to the last.
  public var decodeSeconds: Double
  /// Each pool, the prefill pool first; one where requests stay on their replica.
  public var pools: [PoolEstimate]
  /// What requests of the mix go through; none where the queue grows without bound.
  var requests: [RequestTimes] = []

  /// Offered load over capacity; of a closed loop what is done over capacity.
  public var utilisation: Double { offeredRequestsPerSecond / capacityRequestsPerSecond }
  /// Whether more requests come than the deployment sustains.
  public var isOverloaded: Bool { load == .open && utilisation >= 1 }
  /// Output tokens each second; nil of images.
  public var outputTokensPerSecond: Double? {
    producesImages ? nil : requestsPerSecond * meanOutputTokens
  }
  /// Prompt tokens each second; nil of images.
  public var inputTokensPerSecond: Double? { producesImages ? nil : requestsPerSecond * meanInputTokens }
  /// Requests in flight, waiting ones included; nil where the queue grows without bound.
  public var requestsInFlight: Double? { latencies.map { requestsPerSecond * $0.endToEnd.mean } }
  /// Watts above idle of all its accelerators.
  public var wattsAboveIdle: Double { pools.reduce(0) { $0 + $1.costPerSecond[.energy] } }
  /// Lanes that pass each second on all replicas: replica-seconds, and joules above idle.
  public var costPerSecond: CostVector { pools.reduce(.zero) { $0 + $1.costPerSecond } }
}

/// Who sends the requests of an estimate.
public enum EstimatedLoad: String, Sendable, CaseIterable {
  /// Requests that come whether others are answered or not.
  case open
  /// Clients that wait for their answers.
  case closedLoop = "closed_loop"
  /// All requests from the start.
  case offline
}

/// What the replicas of a pool do in steady state.
public struct PoolEstimate: Sendable {
  /// What they are for.
  public var role: PoolRole
  /// How many there are.
  public var replicas: Int
  /// Accelerators of all of them.
  public var accelerators: Int
  /// The most requests each second that the pool sustains.
  public var capacityRequestsPerSecond: Double
  /// What keeps it from more.
  public var limit: CapacityLimit
  /// Lanes that pass each second on all replicas: replica-seconds, and joules above idle.
  public var costPerSecond: CostVector

  /// Share of the replicas' time in which they run steps, in 0...1.
  public var busyShare: Double { min(costPerSecond[.time] / Double(replicas), 1) }
}
