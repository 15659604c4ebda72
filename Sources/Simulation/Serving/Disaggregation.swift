import CostModel

/// What the replicas of a pool do for a request.
public enum PoolRole: String, Sendable, CaseIterable {
  /// Prompt and answer.
  case aggregated
  /// The prompt; another pool answers.
  case prefill
  /// The answer, from a cache that another pool has filled.
  case decode
}

/// The way of a request from the prefill pool to the decode pool.
///
/// The router takes `delaySeconds` to bring the request to a decode worker. That worker takes it when its batch and its
/// KV cache have room, then fetches the cache; the prefill worker's blocks are free when it has come. Transfers from
/// one prefill replica take its links in turn, and each link one after the other.
public struct HandOff: Sendable, Equatable {
  /// Router and workers, from the end of the prompt until a decode worker's scheduler sees the request, in seconds.
  public var delaySeconds: Double
  /// A transfer's constant part in seconds: latency, registration, state that does not grow with the prompt.
  public var latencySeconds: Double
  /// A transfer's seconds for each prompt token.
  public var secondsPerToken: Double
  /// Links of one prefill replica, >= 1.
  public var links: Int
  /// Who sends the first token.
  public var firstToken: FirstTokenSource
  /// The links that transfers share; nil: each replica's own, one transfer after the other.
  public var network: TransferPlan?
  /// Prompts of fewer tokens are worked on where they are answered (NVIDIA Dynamo `max-local-prefill-length`); 0: none.
  public var localPrefillBelow = 0

  /// A hand-off; times >= 0.
  public init(
    delaySeconds: Double = 0, latencySeconds: Double = 0, secondsPerToken: Double = 0, links: Int = 1,
    firstToken: FirstTokenSource = .handOff
  ) {
    precondition(delaySeconds >= 0 && latencySeconds >= 0 && secondsPerToken >= 0, "a hand-off in the past")
    precondition(links >= 1, "a replica without a link")
    self.delaySeconds = delaySeconds
    self.latencySeconds = latencySeconds
    self.secondsPerToken = secondsPerToken
    self.links = links
    self.firstToken = firstToken
  }

  /// How long the cache of a prompt is on its way: never no time, so that cause and effect are two instants.
  func transfer(inputTokens: Int) -> SimDuration {
    let time = SimDuration(seconds: latencySeconds + secondsPerToken * Double(inputTokens))
    return SimDuration(nanoseconds: max(time.nanoseconds, 1))
  }
}

/// What the replicas of one pool did.
public struct PoolOutcome: Sendable {
  /// What they are for.
  public var role: PoolRole
  /// How many there are.
  public var replicas: Int
  /// Accelerators of one.
  public var acceleratorsPerReplica: Int
  /// Cost of all their steps, lane by lane: replica-seconds, and joules above idle.
  public var cost: CostVector
  /// Engine steps.
  public var steps: Int64
  /// The most requests that a replica had at once, summed over replicas.
  public var peakInFlight: Int
  /// The largest share of KV blocks in use at once on any replica, in 0...1.
  public var peakCacheUtilisation: Double
  /// Caches that came to it over links that transfers share; nil where they don't.
  public var transfers: TransferOutcome?
}
