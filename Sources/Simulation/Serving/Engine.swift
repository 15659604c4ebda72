import CostModel

/// Latency that a request must not exceed to count as good.
public struct LatencyTargets: Sendable, Equatable {
  /// Largest time to first token.
  public var timeToFirstToken: SimDuration?
  /// Largest mean time per output token.
  public var timePerOutputToken: SimDuration?
  /// Largest time from arrival to last token.
  public var endToEnd: SimDuration?

  /// Targets; nil means any value will do.
  public init(
    timeToFirstToken: SimDuration? = nil, timePerOutputToken: SimDuration? = nil, endToEnd: SimDuration? = nil
  ) {
    self.timeToFirstToken = timeToFirstToken
    self.timePerOutputToken = timePerOutputToken
    self.endToEnd = endToEnd
  }
}

/// What the replicas of a pool have in common; nothing in it changes during a run.
struct Engine {
  let options: EngineOptions
  let cache: KVCacheOptions
  let cost: StepCostTable
  /// How many steps answers take; nil where each token is a step.
  let speculation: SpeculationLaw?
  /// Targets by stream.
  let targets: [LatencyTargets]
  /// Whether a run of decode steps may be taken at once.
  let macroSteps: Bool
  /// Whether every completed request is kept.
  let recordsRequests: Bool

  /// Whether a request can ever run here.
  func accepts(input: Int, maximumOutput: Int) -> Bool {
    let tokens = input + maximumOutput
    return tokens <= options.maximumContextTokens
      && cache.blocks(forTokens: tokens) <= cache.blocks
      && (options.chunkedPrefill || input <= options.maximumBatchTokens)
  }
}

/// What the replicas of one partition share while they run: requests in flight and what is recorded of them.
struct Shop {
  var requests = RequestPool()
  var observations = Observations()
  /// Streams of the requests that completed since the driver last looked, in order of completion.
  var completedStreams: [Int32] = []
  /// Whether the driver wants `completedStreams`.
  var reportsCompletions = false
  /// Replica steps: engine iterations that ended.
  var steps: Int64 = 0
  /// Events: arrivals, and stretches of steps taken at once.
  var events: Int64 = 0
}
