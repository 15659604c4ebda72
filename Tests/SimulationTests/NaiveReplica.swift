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
  /// Requests admitted by the step that is being made up.
  var admitted: [NaiveRequest] = []
  /// SGLang: the share of the output that is expected, when it was set, decode steps since, and whether admission failed.
  var share: Double
  var decodeSteps = 0
  var isFull = false
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

  var free: Int {
    cache.blocks - running.reduce(0) { $0 + $1.held } - pool(running.reduce(0) { $0 + $1.taken })
  }

  /// Under speculation: blocks that requests fill together with what they have gained.
  func pool(_ units: Int) -> Int {
    guard law != nil, evicts else { return 0 }
    return (units + 1024 * cache.blockTokens - 1) / (1024 * cache.blockTokens)
  }

  /// Output tokens so far, in whole tokens of what all requests have gained.
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
    lookForRequests()
    if let estimate = options.outputEstimate {
      scheduleByEstimate(estimate)
    } else {
      let evicted = scheduleRunning()
      if !evicted {
        admit()
        holdPromptsBack()
      }
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

  /// Every running request in turn gets a block where it needs one; when none is left the last one is evicted.
  private func scheduleRunning() -> Bool {
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
      let tokens = request.decodes ? 1 : min(request.goal - request.cached, budget)
      if evicts && !(law != nil && request.decodes) {
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
    options.maximumBatchTokens - queries * running.count { $0.decodes }
      - chunksOfStep.reduce(0) { $0 + $1.tokens }
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
    while let head = waiting.first, running.count < options.maximumBatchSize, budget > 0 {
      let goal = head.input + head.count
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
      running.append(head)
      chunksOfStep.append((head, tokens))
      admitted.append(head)
    }
  }

  /// TensorRT-LLM drops the prompts of a step again while there are few of them, for some steps.
  private func holdPromptsBack() {
    guard let wait = options.batchWait, !decodesOfStep.isEmpty, !chunksOfStep.isEmpty else { return }
    let tokens = chunksOfStep.reduce(0) { $0 + $1.request.goal } + queries * decodesOfStep.count
    guard waited < wait.steps, Double(tokens) < wait.share * Double(options.maximumBatchTokens) else {
      waited = 0
      return
    }
    waited += 1
    chunksOfStep = []
    for request in running where !request.decodes && evicts { request.held = blocks(request.cached) }
    for request in admitted { request.held = 0 }
    running.removeLast(admitted.count)
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
      if request.decodes {
        begin(request, at: now)
        if tokens < request.goal { isFull = false }
      }
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
    request.base = request.count
    settled += 1
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

  private func scheduleByEstimate(_ estimate: OutputEstimate) {
    let isMixed = options.prefillPolicy == .mixed
    if isMixed && demand > free {
      retract()
      decode()
      return
    }
    if isMixed { decode() }
    processPrompts(estimate, beside: queries * decodesOfStep.count)
    if chunksOfStep.isEmpty && !isMixed {
      if demand > free { retract() }
      decode()
    }
  }

  private func decode() {
    decodesOfStep = decoding
    for request in decodesOfStep {
      if law == nil { request.held = blocks(request.cached + 1) }
      request.taken = request.gained + request.rate
    }
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

  private func processPrompts(_ estimate: OutputEstimate, beside decodes: Int) {
    let partial = running.last { !$0.decodes }
    guard partial != nil || !isFull else { return }
    let expectedShare = max(estimate.leastShare, share - estimate.decay * Double(decodeSteps))
    let left = running.filter(\.decodes).map {
      min(1024 * ($0.maximumOutput - $0.base) - $0.gained, 4096 * 1024)
    }
    let expected = Double(left.reduce(0, +) / 1024)
    var room = Double(free * cache.blockTokens) - expected * expectedShare
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
      let output = min(partial.maximumOutput - partial.count, 4096)
      take(partial, tokens, expecting: tokens == left ? output : 0)
      guard tokens == left else { return }
    }
    while let head = waiting.first {
      if running.count >= options.maximumBatchSize {
        isFull = true
        return
      }
      let goal = head.input + head.count
      let output = min(head.maximumOutput - head.count, 4096)
      if !running.isEmpty && Double(goal + output + fixed) >= room {
        isFull = true
        return
      }
      if !chunksOfStep.isEmpty && paged(goal) >= input { return }
      var tokens = goal
      if goal > chunk {
        tokens = options.chunkedPrefill ? chunk / cache.blockTokens * cache.blockTokens : 0
        let isLonely = options.chunkedPrefill || goal > options.maximumBatchTokens
        if tokens <= 0 && chunksOfStep.isEmpty && isLonely { tokens = chunk }
        if tokens <= 0 { return }
      }
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
