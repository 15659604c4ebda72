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
  /// When output was out: each token, or under speculation what each step yields.
  var tokens: [Int64] = []
  /// Output tokens.
  var count = 0
  /// Under speculation: decode steps to come, what each of them adds, in 1/1024 of a token, what it has gained since it
  /// began to decode, and that with the step in progress.
  var stepsLeft = 0
  var rate = 0
  var gained = 0
  var taken = 0
  /// Output tokens before it began to decode.
  var base = 0
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

  var isDone: Bool { count == output }
  var decodes: Bool { cached >= goal }
}

/// One replica, one step at a time, one request at a time, in the words of the schedulers' documentation.
///
/// No step is taken together with another, nothing is kept between steps but the two lists of requests.
final class NaiveReplica {
  let options: EngineOptions
  let cache: KVCacheOptions
  let costs: NanosecondCosts
  let law: SpeculationLaw?
  /// Tokens that a decoding request brings to a step.
  let queries: Int
  /// Tokens of requests that no longer decode, first tokens of prompts among them.
  var settled = 0
  /// When hand-offs yielded a token.
  var handOffs: [Int64] = []
  /// Requests that run, in order of admission.
  var running: [NaiveRequest] = []
  /// Requests that wait, first come first served; an evicted one comes first.
  var waiting: [NaiveRequest] = []
  /// Requests that the scheduler has not looked for yet.
  var inbox: [NaiveRequest] = []
  /// Decode steps since it last looked.
  var stepsSinceReceipt = 0
  /// Steps that prompts have been held back for.
  var waited = 0
  var batched = 0
  /// Requests admitted by the step that is being made up, those that are fetched included.
  var admitted: [NaiveRequest] = []
  /// SGLang: the share of the output that is expected, when it was set, decode steps since, and whether admission failed.
  var share: Double
  var decodeSteps = 0
  var isFull = false
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

  init(_ plan: DeploymentPlan, _ costs: NanosecondCosts, _ law: SpeculationLaw?) {
    self.law = law
    queries = (plan.engine.speculation?.draftTokens ?? 0) + 1
    options = plan.engine
    cache = plan.cache
    self.costs = costs
    role = plan.prefill == nil ? .aggregated : .decode
    firstToken = plan.prefill?.handOff.firstToken ?? .handOff
    share = (plan.engine.outputEstimate ?? OutputEstimate()).initialShare
  }

  func deliver(_ request: NaiveRequest) {
    if options.receiveInterval > 1 { inbox.append(request) } else { waiting.append(request) }
  }

  private func lookForRequests() {
    let isIdle = running.isEmpty && waiting.isEmpty
    guard isIdle || stepsSinceReceipt % options.receiveInterval == 0 else { return }
    stepsSinceReceipt = 0
    waiting += inbox
    inbox = []
  }

  init(_ pool: PrefillPool, _ costs: NanosecondCosts) {
    law = nil
    queries = 1
    options = pool.engine
    cache = pool.cache
    self.costs = costs
    role = .prefill
    firstToken = pool.handOff.firstToken
    share = (pool.engine.outputEstimate ?? OutputEstimate()).initialShare
  }

  var free: Int {
    cache.blocks - (running + inbound).reduce(0) { $0 + $1.held } - parked.reduce(0) { $0 + $1.sourceHeld }
      - pool(running.reduce(0) { $0 + $1.taken })
  }

  /// Under speculation: blocks that requests fill together with what they have gained.
  func pool(_ units: Int) -> Int {
    guard law != nil, evicts else { return 0 }
    return (units + 1024 * cache.blockTokens - 1) / (1024 * cache.blockTokens)
  }

  /// Output tokens so far, in whole tokens of what all requests have gained; without those of hand-offs.
  var counted: Int { settled + running.reduce(0) { $0 + $1.gained } / 1024 }

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
    admitted = []
    fetched = []
    lookForRequests()
    if let estimate = options.outputEstimate {
      scheduleByEstimate(estimate, at: now)
    } else {
      var evicted = scheduleDecodes()
      join(at: now)
      evicted = schedulePartial() || evicted
      if !evicted || decodesOfStep.isEmpty && chunksOfStep.isEmpty { admit() }
      if !evicted { holdPromptsBack() }
    }
    if decodesOfStep.isEmpty && chunksOfStep.isEmpty {
      share = (options.outputEstimate ?? OutputEstimate()).initialShare
      decodeSteps = 0
      return
    }
    for (request, _) in chunksOfStep { request.scheduled = request.scheduled ?? now }
    stepStart = now
    stepEnd =
      now
      + costs.nanoseconds(
        units: decodesOfStep.map { ($0.goal + 1) * 1024 + $0.gained }, queries: queries,
        chunks: chunksOfStep.map { ($0.tokens, $0.request.cached) })
  }

  /// Every decoding request in turn gets a block where it needs one; when none is left the last one is evicted.
  private func scheduleDecodes() -> Bool {
    var evicted = false
    if law != nil && evicts {
      while demand > free {
        evict(running.removeLast())
        evicted = true
      }
      for request in running where request.decodes { request.taken = request.gained + request.rate }
    }
    var position = 0
    while position < running.count {
      let request = running[position]
      position += 1
      guard request.decodes else { continue }
      if evicts && law == nil {
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
      if firstToken == .handOff {
        request.tokens.append(now)
        request.count += 1
        handOffs.append(now)
      }
      settle(request)
      if law != nil && evicts {
        request.held = blocks(request.cached)
        request.taken = request.rate
      }
      running.append(request)
      decodesOfStep.append(request)
    }
    inbound.removeAll(where: \.hasLanded)
  }

  /// The prompt that is split over steps goes on; where its blocks are gone the latest of all gives up its own.
  private func schedulePartial() -> Bool {
    guard let position = running.firstIndex(where: { !$0.decodes }) else { return false }
    let request = running[position]
    var evicted = false
    let tokens = min(request.goal - request.cached, budget)
    if evicts {
      let needed = blocks(request.cached + tokens) - blocks(request.cached)
      while needed > free {
        let latest = running.removeLast()
        decodesOfStep.removeAll { $0 === latest }
        evict(latest)
        evicted = true
        if latest === request { return true }
      }
      request.held += needed
    }
    if tokens > 0 { chunksOfStep.append((request, tokens)) }
    return evicted
  }

  private var budget: Int {
    options.maximumBatchTokens - queries * running.count { $0.decodes }
      - chunksOfStep.reduce(0) { $0 + $1.tokens }
  }

  /// Another replica has fetched the cache of a request.
  func release(_ request: NaiveRequest) {
    parked.removeAll { $0 === request }
    isFull = false
  }

  private func evict(_ request: NaiveRequest) {
    settled += request.gained / 1024
    request.gained = 0
    request.taken = 0
    request.held = 0
    request.cached = 0
    request.preemptions += 1
    waiting.insert(request, at: options.outputEstimate == nil ? 0 : waiting.count)
  }

  private func admit() {
    while let head = waiting.first, running.count + inbound.count < options.maximumBatchSize, budget > 0 {
      if head.isHandedOver {
        if free - arriving(head) < (running.isEmpty ? 0 : cache.watermarkBlocks) { return }
        fetch()
        continue
      }
      let goal = head.input + head.count
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
      running.append(head)
      chunksOfStep.append((head, tokens))
      admitted.append(head)
    }
  }

  /// Blocks of a request whose prompt is done elsewhere, its first step's included.
  private func arriving(_ request: NaiveRequest) -> Int {
    guard evicts else { return blocks(request.input + request.maximumOutput) }
    let first = request.input + (firstToken == .decode ? 0 : 1)
    guard law != nil else { return blocks(first) }
    // What a step may yield fills blocks of its own until it is known.
    return blocks(first - 1) + (queries + cache.blockTokens - 1) / cache.blockTokens
  }

  /// The first of those who wait is taken: its cache leaves the replica that worked on its prompt.
  private func fetch() {
    let request = waiting.removeFirst()
    request.isHandedOver = false
    request.held = arriving(request)
    inbound.append(request)
    fetched.append(request)
    admitted.append(request)
  }

  /// TensorRT-LLM drops the prompts of a step again while there are few of them, for some steps.
  private func holdPromptsBack() {
    if let balance = options.attentionBalance { return holdBackForGroups(balance) }
    guard let wait = options.batchWait, !decodesOfStep.isEmpty, !chunksOfStep.isEmpty else { return }
    let tokens = chunksOfStep.reduce(0) { $0 + $1.request.goal } + queries * decodesOfStep.count
    guard waited < wait.steps, Double(tokens) < wait.share * Double(options.maximumBatchTokens) else {
      waited = 0
      return
    }
    waited += 1
    dropPrompts()
  }

  /// The same while not every attention group has one.
  private func holdBackForGroups(_ balance: AttentionBalance) {
    let allDecode = decodesOfStep.count >= balance.groups
    let allHaveRoom = options.maximumBatchSize - decodesOfStep.count >= balance.groups
    if allHaveRoom, chunksOfStep.count >= balance.groups {
      waited = 0
      guard allDecode else { return }
      if batched < balance.batchingSteps {
        batched += 1
        dropPrompts()
      } else {
        batched = 0
      }
    } else {
      waited += 1
      if waited >= balance.timeoutSteps || !allDecode { waited = 0 } else { dropPrompts() }
    }
  }

  private func dropPrompts() {
    guard !chunksOfStep.isEmpty else { return }
    chunksOfStep = []
    for request in running where !request.decodes && evicts { request.held = blocks(request.cached) }
    for request in admitted { request.held = 0 }
    running.removeLast(admitted.count - fetched.count)
    inbound.removeLast(fetched.count)
    for request in fetched { request.isHandedOver = true }
    fetched = []
    waiting = admitted + waiting
  }

  /// Ends the step: every request that it worked on and that has all it needs gets a token.
  ///
  /// - Returns: the requests that are done, which leave.
  func complete() -> [NaiveRequest] {
    guard let now = stepEnd else { return [] }
    stepEnd = nil
    busy += now - stepStart
    steps += 1
    stepsSinceReceipt = chunksOfStep.isEmpty ? stepsSinceReceipt + 1 : 0
    if chunksOfStep.isEmpty { decodeSteps += 1 }
    mostBlocks = max(mostBlocks, cache.blocks - free)
    for request in decodesOfStep {
      request.stepsLeft -= 1
      request.gained += request.rate
      request.taken = request.gained
      let isLast = request.stepsLeft == 0
      request.count = isLast ? request.output : request.base + request.gained / 1024
      // What it cached before it decoded, and all that it has generated since but the latest token.
      request.cached = request.goal + request.count - request.base
      request.tokens.append(now)
      if isLast {
        settled += request.output - request.base
        request.gained = 0
        request.taken = 0
      }
    }
    for (request, tokens) in chunksOfStep {
      request.cached += tokens
      guard request.decodes else { continue }
      let leaves = role == .prefill && request.output > 1
      if !leaves || firstToken == .prefill { begin(request, at: now) }
      if tokens < request.goal { isFull = false }
    }
    if role == .prefill {
      for request in running where request.decodes && !request.isDone {
        request.sourceHeld = request.held
        parked.append(request)
        isFull = false
      }
      running.removeAll { $0.decodes && !$0.isDone }
    }
    let done = running.filter(\.isDone)
    running.removeAll(where: \.isDone)
    if !done.isEmpty { isFull = false }
    return done
  }
}

extension NaiveReplica {
  /// The end of a prompt yields a token; the others come in a step each, or in as many steps as were drawn.
  private func begin(_ request: NaiveRequest, at now: Int64) {
    request.tokens.append(now)
    request.count += 1
    settled += 1
    settle(request)
  }

  /// What the steps of the rest of an answer add.
  private func settle(_ request: NaiveRequest) {
    request.base = request.count
    let left = request.output - request.count
    guard left > 0 else { return }
    request.stepsLeft =
      law?.steps(forTokens: left, stream: request.stream, request: UInt64(request.index)) ?? left
    request.rate = left * 1024 / request.stepsLeft
  }
}

/// SGLang: prompts whenever one can be admitted, else decodes.
extension NaiveReplica {
  private var decoding: [NaiveRequest] { running.filter(\.decodes) }

  /// Blocks that the decoding requests need for their next tokens.
  private var demand: Int {
    guard law == nil else {
      let gained = decoding.reduce(0) { $0 + $1.gained }
      return pool(gained + decoding.reduce(0) { $0 + $1.rate }) - pool(gained)
    }
    return decoding.reduce(0) { $0 + blocks($1.cached + 1) - blocks($1.cached) }
  }

  private func scheduleByEstimate(_ estimate: OutputEstimate, at now: Int64) {
    let isMixed = options.prefillPolicy == .mixed
    if isMixed && demand > free {
      retract()
      decode(at: now)
      return
    }
    if isMixed { decode(at: now) }
    processPrompts(estimate, beside: queries * decodesOfStep.count)
    if chunksOfStep.isEmpty && !isMixed {
      if demand > free { retract() }
      decode(at: now)
    }
  }

  private func decode(at now: Int64) {
    decodesOfStep = decoding
    for request in decodesOfStep {
      if law == nil { request.held = blocks(request.cached + 1) }
      request.taken = request.gained + request.rate
    }
    join(at: now)
  }

  /// Requests are put back, latest first, until the others can decode; the expected share is set anew.
  private func retract() {
    while demand > free {
      var victim = running.count - 1
      if !running[victim].decodes && decoding.count > 1 { victim -= 1 }
      evict(running.remove(at: victim))
    }
    let generated = decoding.reduce(0) { $0 + 1024 * $1.base + $1.gained } / 1024
    let limit = decoding.reduce(0) { $0 + $1.maximumOutput }
    share = min(1, Double(generated + 20 * decoding.count) / Double(max(limit, 1)))
    decodeSteps = -1
    isFull = false
  }

  /// Tokens of the cache that are free, less what those that decode are expected to fill.
  private func roomBesideExpectedOutput(_ estimate: OutputEstimate) -> Double {
    let expectedShare = max(estimate.leastShare, share - estimate.decay * Double(decodeSteps))
    let left = running.filter(\.decodes).map {
      min(1024 * ($0.maximumOutput - $0.base) - $0.gained, 4096 * 1024)
    }
    let expected = Double(
      left.reduce(0, +) / 1024 + inbound.reduce(0) { $0 + min($1.maximumOutput, 4096) })
    return Double(free * cache.blockTokens) - expected * expectedShare
  }

  /// The tokens of a prompt of `goal` that a step with room for `chunk` takes; 0 or less for none.
  private func part(of goal: Int, within chunk: Int) -> Int {
    guard goal > chunk else { return goal }
    let tokens = options.chunkedPrefill ? chunk / cache.blockTokens * cache.blockTokens : 0
    let isLonely = options.chunkedPrefill || goal > options.maximumBatchTokens
    return tokens <= 0 && chunksOfStep.isEmpty && isLonely ? chunk : tokens
  }

  private func processPrompts(_ estimate: OutputEstimate, beside decodes: Int) {
    let partial = running.last { !$0.decodes }
    guard partial != nil || !isFull else { return }
    var room = roomBesideExpectedOutput(estimate)
    var input = max(options.maximumPrefillTokens - decodes, 0)
    var chunk = options.maximumBatchTokens - decodes
    func paged(_ tokens: Int) -> Int {
      (tokens + cache.blockTokens - 1) / cache.blockTokens * cache.blockTokens
    }
    let fixed = cache.fixedBlocksPerRequest * cache.blockTokens
    func take(_ request: NaiveRequest, _ tokens: Int, expecting output: Int, and fixed: Int = 0) {
      request.held = blocks(request.cached + tokens)
      chunksOfStep.append((request, tokens))
      input -= paged(tokens)
      chunk -= paged(tokens)
      room -= Double(paged(tokens) + output + fixed)
    }
    if let partial {
      let left = partial.goal - partial.cached
      let tokens = min(left, room >= 1 ? Int(min(room, Double(chunk))) : chunk)
      guard tokens > 0, blocks(partial.cached + tokens) - blocks(partial.cached) <= free else { return }
      let output = role == .prefill ? 1 : min(partial.maximumOutput - partial.count, 4096)
      take(partial, tokens, expecting: tokens == left ? output : 0)
      guard tokens == left else { return }
    }
    while let head = waiting.first {
      if running.count + inbound.count >= options.maximumBatchSize {
        isFull = true
        return
      }
      // The first token of a request from another pool is part of what is expected.
      let goal = head.isHandedOver ? head.input : head.input + head.count
      let output =
        role == .prefill
        ? 1 : min(head.maximumOutput - (head.isHandedOver ? 0 : head.count), 4096)
      if free < cache.blocks && Double(goal + output + fixed) >= room {
        isFull = true
        return
      }
      if head.isHandedOver {
        if arriving(head) > free {
          isFull = true
          return
        }
        room -= Double(arriving(head) * cache.blockTokens + output)
        fetch()
        continue
      }
      if !chunksOfStep.isEmpty && paged(goal) >= input { return }
      let tokens = part(of: goal, within: chunk)
      if tokens <= 0 { return }
      waiting.removeFirst()
      head.goal = goal
      head.cached = 0
      running.append(head)
      take(head, tokens, expecting: tokens == goal ? output : 0, and: fixed)
      if tokens < goal { return }
      if room <= 0 {
        isFull = true
        return
      }
      if input <= 0 || chunk <= 0 { return }
    }
  }
}
