@testable import Simulation

/// A request of the naive engine, with the time of every token.
final class NaiveRequest {
  let stream: Int
  let index: Int
  let sent: Int64
  let input: Int
  let output: Int
  let maximumOutput: Int
  var replica = -1
  var scheduled: Int64?
  /// When each output token was out.
  var tokens: [Int64] = []
  /// Tokens whose keys and values are cached.
  var cached = 0
  /// Tokens to cache before it decodes: the prompt, and what was generated before it was last evicted.
  var goal = 0
  var preemptions = 0
  var held = 0

  init(stream: Int, index: Int, sent: Int64, input: Int, output: Int, maximumOutput: Int) {
    self.stream = stream
    self.index = index
    self.sent = sent
    self.input = input
    self.output = output
    self.maximumOutput = maximumOutput
  }

  var isDone: Bool { tokens.count == output }
  var decodes: Bool { cached >= goal }
}

/// One replica, one step at a time, one request at a time, in the words of the schedulers' documentation.
///
/// No step is taken together with another, nothing is kept between steps but the two lists of requests.
final class NaiveReplica {
  let options: EngineOptions
  let cache: KVCacheOptions
  let costs: NanosecondCosts
  /// Requests that run, in order of admission.
  var running: [NaiveRequest] = []
  /// Requests that wait, first come first served; an evicted one comes first.
  var waiting: [NaiveRequest] = []
  var decodesOfStep: [NaiveRequest] = []
  var chunksOfStep: [(request: NaiveRequest, tokens: Int)] = []
  var stepStart: Int64 = 0
  var stepEnd: Int64?
  var busy: Int64 = 0
  var steps = 0
  var mostBlocks = 0

  init(_ plan: DeploymentPlan, _ costs: NanosecondCosts) {
    options = plan.engine
    cache = plan.cache
    self.costs = costs
  }

  var free: Int { cache.blocks - running.reduce(0) { $0 + $1.held } }

  func blocks(_ tokens: Int) -> Int {
    var blocks = cache.fixedBlocksPerRequest
    var covered = 0
    while covered < tokens {
      blocks += 1
      covered += cache.blockTokens
    }
    return blocks
  }

  private var evicts: Bool { options.capacityPolicy == .currentUse }

  /// Starts a step at `now`, if there is anything to do.
  func schedule(at now: Int64) {
    decodesOfStep = []
    chunksOfStep = []
    let evicted = scheduleRunning()
    if !evicted { admit(at: now) }
    if decodesOfStep.isEmpty && chunksOfStep.isEmpty { return }
    stepStart = now
    stepEnd =
      now
      + costs.nanoseconds(
        decodes: decodesOfStep.map { $0.cached + 1 },
        chunks: chunksOfStep.map { ($0.tokens, $0.request.cached) })
  }

  /// Every running request in turn gets a block where it needs one; when none is left the last one is evicted.
  private func scheduleRunning() -> Bool {
    var evicted = false
    var position = 0
    while position < running.count {
      let request = running[position]
      let tokens = request.decodes ? 1 : min(request.goal - request.cached, budget)
      if evicts {
        let needed = blocks(request.cached + tokens) - blocks(request.cached)
        while needed > free {
          evict(running.removeLast())
          evicted = true
          if position >= running.count { return true }
        }
        request.held += needed
      }
      if request.decodes {
        decodesOfStep.append(request)
      } else if tokens > 0 {
        chunksOfStep.append((request, tokens))
      }
      position += 1
    }
    return evicted
  }

  private var budget: Int {
    options.maximumBatchTokens - running.count { $0.decodes } - chunksOfStep.reduce(0) { $0 + $1.tokens }
  }

  private func evict(_ request: NaiveRequest) {
    request.held = 0
    request.cached = 0
    request.preemptions += 1
    waiting.insert(request, at: 0)
  }

  private func admit(at now: Int64) {
    while let head = waiting.first, running.count < options.maximumBatchSize, budget > 0 {
      let goal = head.input + head.tokens.count
      let fitsOneStep = goal <= options.maximumBatchTokens
      if !options.chunkedPrefill {
        // A prompt goes in one step, unless no step could hold what an eviction has made of it.
        if fitsOneStep && goal > budget { return }
        if !fitsOneStep && !chunksOfStep.isEmpty { return }
      }
      let tokens = min(goal, budget)
      let needed = evicts ? blocks(tokens) : blocks(head.input + head.maximumOutput)
      if free - needed < (running.isEmpty ? 0 : cache.watermarkBlocks) { return }
      waiting.removeFirst()
      // The budget counts decoding requests among the running: this one has a chunk instead.
      head.goal = goal
      head.cached = 0
      head.held = needed
      head.scheduled = head.scheduled ?? now
      running.append(head)
      chunksOfStep.append((head, tokens))
    }
  }

  /// Ends the step: every request that it worked on and that has all it needs gets a token.
  ///
  /// - Returns: the requests that are done, which leave.
  func complete() -> [NaiveRequest] {
    guard let now = stepEnd else { return [] }
    stepEnd = nil
    busy += now - stepStart
    steps += 1
    mostBlocks = max(mostBlocks, cache.blocks - free)
    for request in decodesOfStep {
      request.cached += 1
      request.tokens.append(now)
    }
    for (request, tokens) in chunksOfStep {
      request.cached += tokens
      if request.decodes { request.tokens.append(now) }
    }
    let done = running.filter(\.isDone)
    running.removeAll(where: \.isDone)
    return done
  }
}
