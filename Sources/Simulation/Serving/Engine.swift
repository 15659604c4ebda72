import CostModel
import Workload

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
///
/// One object: as a structure it was copied, all of it, for many a step.
final class Engine: Sendable {
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
  /// Numbers of the replicas that keep a timeline.
  let timeline: Range<Int>
  /// What its replicas do for a request.
  let role: PoolRole
  /// Who sends the first token of a request that changes replicas.
  let firstToken: FirstTokenSource

  /// Whether and where blocks of prompts are kept; nil: they aren't.
  let prefixCache: PrefixCacheOptions?
  /// What the prompts of each stream have in common; nil for nothing.
  let prompts: [PromptContent?]
  /// Random numbers of expert loads, by replica and step; nil where steps are at their mean.
  ///
  /// Steps are then taken one by one.
  let loadDraws: RandomStreamFamily?
  /// Whether a router listens to what the prefix caches hold.
  let publishesPrefixes: Bool
  /// Room for adapters and which request needs which; nil: none does.
  let adapters: EngineAdapters?

  /// An engine; see the properties.
  init(
    options: EngineOptions, cache: KVCacheOptions, cost: StepCostTable, speculation: SpeculationLaw?,
    targets: [LatencyTargets], macroSteps: Bool, recordsRequests: Bool, role: PoolRole,
    firstToken: FirstTokenSource, prefixCache: PrefixCacheOptions?, prompts: [PromptContent?],
    loadDraws: RandomStreamFamily?, publishesPrefixes: Bool, adapters: EngineAdapters?,
    timeline: Range<Int> = 0..<0
  ) {
    self.options = options
    self.cache = cache
    self.cost = cost
    self.speculation = speculation
    self.targets = targets
    self.macroSteps = macroSteps
    self.recordsRequests = recordsRequests
    self.role = role
    self.firstToken = firstToken
    self.prefixCache = prefixCache
    self.prompts = prompts
    self.loadDraws = loadDraws
    self.publishesPrefixes = publishesPrefixes
    self.adapters = adapters
    self.timeline = timeline
    for content in prompts.compactMap({ $0 }) {
      precondition(
        content.blockTokens % cache.blockTokens == 0, "blocks of prompts that fill no whole KV blocks")
    }
  }

  /// Whether a request can ever run here.
  func accepts(input: Int, maximumOutput: Int) -> Bool {
    let tokens = input + (role == .prefill ? 1 : maximumOutput)
    return tokens <= options.maximumContextTokens
      && blocksToEnd(input: input, maximumOutput: maximumOutput) <= cache.blocks
      && (role == .decode || options.chunkedPrefill || input <= options.maximumBatchTokens)
      && (role != .decode || !poolsBlocks
        || cache.blocks(forTokens: input) + firstStepBlocks <= cache.blocks)
  }

  /// KV blocks that a request needs at most while it is here.
  @inline(__always)
  func blocksToEnd(input: Int, maximumOutput: Int) -> Int {
    cache.blocks(forTokens: input + (role == .prefill ? 0 : maximumOutput))
  }

  /// KV blocks that a request takes when it comes from another pool, its first step's included.
  @inline(__always)
  func arrivingBlocks(_ request: Request) -> Int {
    if options.capacityPolicy == .reserveToEnd {
      return blocksToEnd(input: Int(request.input), maximumOutput: Int(request.maximumOutput))
    }
    let first = Int(request.input) + (firstToken == .decode ? 0 : 1)
    return poolsBlocks
      ? cache.blocks(forTokens: first - 1) + firstStepBlocks : cache.blocks(forTokens: first)
  }

  /// Whether requests fill blocks together with what they gain: under speculation.
  var poolsBlocks: Bool { speculation != nil && options.capacityPolicy == .currentUse }

  /// Blocks of those that the first step of a request fills at most.
  var firstStepBlocks: Int { (cost.queries + cache.blockTokens - 1) / cache.blockTokens }

  /// ``blocksToEnd(input:maximumOutput:)`` for who is about to be admitted.
  @inline(__always)
  func reservedBlocks(_ view: RequestView) -> Int {
    blocksToEnd(input: view.prefillTokens, maximumOutput: view.outputTokensLimit) - view.sharedBlocks
  }
}

/// What a client, and the router, learn of a request that is done.
struct Completion {
  let stream: Int32
  let input: Int32
  let output: Int32
  let index: UInt64
  let toFirstToken: SimDuration
  /// Nil for a single token.
  let perToken: SimDuration?
}

/// What the replicas of one partition share while they run: requests in flight and what is recorded of them.
struct Shop {
  var requests = RequestPool()
  /// When the last of the steps that have ended did.
  var lastStep = SimTime.zero
  var observations = Observations()
  /// Requests that completed since the driver last looked, in order of completion.
  var completed: [Completion] = []
  /// Whether the driver wants `completed`.
  var reportsCompletions = false
  /// Requests whose prompt is done and that another pool is to answer, since the driver last looked.
  var handedOver: [Int32] = []
  /// Requests whose cache a decode replica has begun to fetch, since the driver last looked.
  var fetches: [Int32] = []
  /// Requests whose prompt is done and which other samples follow, since the driver last looked.
  var forking: [Int32] = []
  /// Requests whose clients have gone, since the driver last looked, as they were.
  var cancelled: [Request] = []
  /// Prompt and output tokens whose KV cache was lost with a replica.
  var lostTokens: Int64 = 0
  /// Replica steps: engine iterations that ended.
  var steps: Int64 = 0
  /// Events: arrivals, and stretches of steps taken at once.
  var events: Int64 = 0
}
