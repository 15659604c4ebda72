import CostModel

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
  /// The replica that worked on its prompt, if another answers.
  var source: NaiveReplica?
  /// What that one still holds of it.
  var sourceHeld = 0
  /// Its prompt is done elsewhere and it waits for room here.
  var isHandedOver = false
  /// Its cache is here.
  var hasLanded = false

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
  /// Requests of which this replica holds the cache for another to fetch.
  var parked: [NaiveRequest] = []
  /// Requests whose cache is on its way here or has just come.
  var inbound: [NaiveRequest] = []
  /// Those whose fetch began in the latest schedule.
  var fetched: [NaiveRequest] = []
  let role: PoolRole
  let firstToken: FirstTokenSource
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
    role = plan.prefill == nil ? .aggregated : .decode
    firstToken = plan.prefill?.handOff.firstToken ?? .handOff
  }

  init(_ pool: PrefillPool, _ costs: NanosecondCosts) {
    options = pool.engine
    cache = pool.cache
    self.costs = costs
    role = .prefill
    firstToken = pool.handOff.firstToken
  }

  var free: Int {
    cache.blocks - (running + inbound).reduce(0) { $0 + $1.held } - parked.reduce(0) { $0 + $1.sourceHeld }
  }

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
    fetched = []
    var evicted = scheduleDecodes()
    join(at: now)
    evicted = schedulePartial() || evicted
    if !evicted || decodesOfStep.isEmpty && chunksOfStep.isEmpty { admit(at: now) }
    if decodesOfStep.isEmpty && chunksOfStep.isEmpty { return }
    stepStart = now
    stepEnd =
      now
      + costs.nanoseconds(
        decodes: decodesOfStep.map { $0.cached + 1 },
        chunks: chunksOfStep.map { ($0.tokens, $0.request.cached) })
  }

  /// Every decoding request in turn gets a block where it needs one; when none is left the last one is evicted.
  private func scheduleDecodes() -> Bool {
    var evicted = false
    var position = 0
    while position < running.count {
      let request = running[position]
      position += 1
      guard request.decodes else { continue }
      if evicts {
        let needed = blocks(request.cached + 1) - blocks(request.cached)
        while needed > free {
          evict(running.removeLast())
          evicted = true
          if position > running.count { return true }
        }
        request.held += needed
      }
      decodesOfStep.append(request)
    }
    return evicted
  }

  /// Requests whose cache has come decode from now on; their first step's blocks came with them.
  private func join(at now: Int64) {
    for request in inbound where request.hasLanded {
      request.cached = firstToken == .decode ? request.input - 1 : request.input
      request.goal = request.cached
      if firstToken == .handOff { request.tokens.append(now) }
      running.append(request)
      decodesOfStep.append(request)
    }
    inbound.removeAll(where: \.hasLanded)
  }

  /// The prompt that is split over steps goes on; where its blocks are gone it gives up its own.
  private func schedulePartial() -> Bool {
    guard let position = running.firstIndex(where: { !$0.decodes }) else { return false }
    let request = running[position]
    let tokens = min(request.goal - request.cached, budget)
    if evicts {
      let needed = blocks(request.cached + tokens) - blocks(request.cached)
      if needed > free {
        evict(running.remove(at: position))
        return true
      }
      request.held += needed
    }
    if tokens > 0 { chunksOfStep.append((request, tokens)) }
    return false
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
    while let head = waiting.first, running.count + inbound.count < options.maximumBatchSize, budget > 0 {
      if head.isHandedOver {
        let needed = blocks(head.input + (evicts ? firstToken == .decode ? 0 : 1 : head.maximumOutput))
        if free - needed < (running.isEmpty ? 0 : cache.watermarkBlocks) { return }
        head.isHandedOver = false
        head.held = needed
        inbound.append(waiting.removeFirst())
        fetched.append(head)
        continue
      }
      let goal = head.input + head.tokens.count
      let fitsOneStep = goal <= options.maximumBatchTokens
      if !options.chunkedPrefill {
        // A prompt goes in one step, unless no step could hold what an eviction has made of it.
        if fitsOneStep && goal > budget { return }
        if !fitsOneStep && !chunksOfStep.isEmpty { return }
      }
      let tokens = min(goal, budget)
      let needed = evicts ? blocks(tokens) : blocks(head.input + (role == .prefill ? 0 : head.maximumOutput))
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
      let leaves = role == .prefill && request.output > 1
      if request.decodes && !(leaves && firstToken != .prefill) { request.tokens.append(now) }
    }
    if role == .prefill {
      for request in running where request.decodes && !request.isDone {
        request.sourceHeld = request.held
        parked.append(request)
      }
      running.removeAll { $0.decodes && !$0.isDone }
    }
    let done = running.filter(\.isDone)
    running.removeAll(where: \.isDone)
    return done
  }
}
