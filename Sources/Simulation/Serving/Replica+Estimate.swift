import CostModel
import DequeModule

/// Where SGLang's scheduler stands between steps.
struct EstimateState {
  private let estimate: OutputEstimate
  /// The share of the remaining output tokens that was expected when it was last set.
  private var share: Double
  /// Decode steps since then.
  var decodeSteps = 0
  /// Whether admission failed and nothing has changed since that could help: nobody tries.
  var isFull = false
  /// Tokens that requests whose cache is on its way may generate, each clipped.
  var inboundOutput = 0

  init(_ estimate: OutputEstimate?) {
    self.estimate = estimate ?? OutputEstimate()
    share = self.estimate.initialShare
  }

  /// The share that is expected now: a closed form, so that steps may be taken at once.
  var expectedShare: Double {
    max(estimate.leastShare, share - estimate.decay * Double(decodeSteps))
  }

  /// The replica has nothing to do: the share starts anew.
  mutating func restart() {
    share = estimate.initialShare
    decodeSteps = 0
  }

  /// Memory ran out: the share becomes what the requests that stayed have generated of what they may.
  mutating func retracted(generated: Int, requests: Int, limit: Int) {
    share = min(1, Double(generated + OutputEstimate.stepsAhead * requests) / Double(max(limit, 1)))
    // The step that retracts takes nothing off.
    decodeSteps = -1
    isFull = false
  }
}

/// Requests whose decoding pauses, in groups by when their last token was out, oldest first.
struct PausedDecodes {
  struct Group {
    let lastToken: SimTime
    var count: Int
  }

  private(set) var groups: [Group] = []
  /// Requests of all groups.
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  /// `decodes` requests don't decode in a step that begins at `time`; those in no group had their last token then.
  mutating func pause(_ decodes: Int, since time: SimTime) {
    guard decodes > count else { return }
    groups.append(Group(lastToken: time, count: decodes - count))
    count = decodes
  }

  /// Of `decodes` requests one is preempted that has decoded, or the one that joined last; when its last token was out,
  /// nil for just now.
  mutating func leave(of decodes: Int, hasDecoded: Bool) -> SimTime? {
    guard hasDecoded || decodes == count, let last = groups.indices.last else { return nil }
    // Who has decoded did so until the pause began.
    let group = hasDecoded ? 0 : last
    count -= 1
    groups[group].count -= 1
    let time = groups[group].lastToken
    if groups[group].count == 0 { groups.remove(at: group) }
    return time
  }

  /// They decode again.
  mutating func end() {
    groups.removeAll(keepingCapacity: true)
    count = 0
  }
}

/// Scheduling as SGLang does it: prompts whenever one can be admitted, else decodes.
extension Replica {
  /// What one step may still take.
  private struct Budget {
    /// Tokens of the KV cache that nothing holds and nobody is expected to fill.
    var total: Double
    /// Prompt tokens until no further request is looked at.
    var input: Int
    /// Prompt tokens of the step.
    var chunk: Int
    let blockTokens: Int
    let fixed: Int

    init(_ engine: Engine, free: Int, expected: Double, decodes: Int) {
      blockTokens = engine.cache.blockTokens
      fixed = engine.cache.fixedBlocksPerRequest * blockTokens
      total = Double(free * blockTokens) - expected
      input = max(engine.options.maximumPrefillTokens - decodes, 0)
      chunk = engine.options.maximumBatchTokens - decodes
    }

    /// Tokens that whole blocks for `tokens` hold.
    func paged(_ tokens: Int) -> Int { (tokens + blockTokens - 1) / blockTokens * blockTokens }

    mutating func take(_ tokens: Int, expecting output: Int, isNew: Bool) {
      let held = paged(tokens)
      total -= Double(held + output + (isNew ? fixed : 0))
      input -= held
      chunk -= held
    }
  }

  /// Fills the step with prompts, or makes room for its decodes.
  ///
  /// True when only a single step may be taken.
  mutating func scheduleByEstimate(at now: SimTime, engine: Engine, shop: inout Shop) -> Bool {
    let isMixed = engine.options.prefillPolicy == .mixed
    if isMixed {
      // Decodes that share the step take their blocks first; when there are too few, no prompt starts.
      let demand = decoding.blockDemand(steps: 1)
      if demand > cache.free {
        let retracted = makeRoomByRetraction(at: now, engine: engine, shop: &shop)
        joinLanded(at: now, engine: engine, shop: &shop)
        return retracted
      }
      cache.take(demand)
      joinLanded(at: now, engine: engine, shop: &shop)
    }
    admitByEstimate(
      at: now, decodes: isMixed ? decoding.count * engine.cost.queries : 0, engine: engine, shop: &shop)
    guard chunks.isEmpty else { return true }
    var retracted = false
    if !isMixed {
      retracted = makeRoomByRetraction(at: now, engine: engine, shop: &shop)
      // Who has come waits for a step that decodes.
      joinLanded(at: now, engine: engine, shop: &shop)
    }
    return retracted || partial >= 0 || !waiting.isEmpty && !estimate.isFull
  }

  /// Output tokens that are expected of a request that is about to start.
  private func expectedOutput(_ view: RequestView, engine: Engine) -> Int {
    engine.role == .prefill ? 1 : min(view.outputTokensLimit, OutputEstimate.clippedTokens)
  }

  private mutating func admitByEstimate(
    at now: SimTime, decodes: Int, engine: Engine, shop: inout Shop
  ) {
    guard partial >= 0 || !estimate.isFull && nextWaiting(0, engine: engine, shop: &shop) else { return }
    let remaining = decoding.remainingOutput(&shop.requests) + estimate.inboundOutput
    let expected = Double(remaining) * estimate.expectedShare
    var budget = Budget(engine, free: cache.free, expected: expected, decodes: decodes)
    if partial >= 0 {
      continueByEstimate(&budget, engine: engine, shop: shop)
      guard !chunks.isEmpty, chunksEndPartial(shop) else { return }
    }
    while nextWaiting(0, engine: engine, shop: &shop) {
      guard slotsTaken < engine.options.maximumBatchSize else {
        estimate.isFull = true
        return
      }
      let slot = waiting[0]
      // SGLang 0.5 looks at nobody behind a request whose adapter has no room.
      if engine.adapters != nil, !hasRoomForAdapter(of: slot, engine: engine, shop: shop) {
        estimate.isFull = true
        return
      }
      lookUp(slot, engine: engine, shop: &shop)
      let view = RequestView(shop.requests[slot])
      let output = expectedOutput(view, engine: engine)
      // A request on its own fits: it would have been refused else.
      let isAlone = cache.used == 0
      let needed = view.prefillTokens - view.sharedBlocks * budget.blockTokens
      if !isAlone, Double(needed + output + budget.fixed) >= budget.total {
        estimate.isFull = true
        return
      }
      if shop.requests[slot].state == .handedOver {
        let blocks = engine.arrivingBlocks(shop.requests[slot])
        guard blocks <= cache.free else {
          estimate.isFull = true
          return
        }
        fetch(engine: engine, shop: &shop)
        budget.total -= Double(blocks * budget.blockTokens + output)
        continue
      }
      if !chunks.isEmpty, budget.paged(view.prefillLeft) >= budget.input { return }
      guard let size = chunk(of: view.prefillLeft, budget, engine: engine) else { return }
      waiting.removeFirst()
      let blocks = engine.cache.blocks(forTokens: view.prefillDone + size) - view.sharedBlocks
      budget.total -= Double(view.prefillDone - view.sharedBlocks * budget.blockTokens)
      start(slot, size: size, blocks: blocks, at: now, engine: engine, shop: &shop)
      let isWhole = size == view.prefillLeft
      budget.take(size, expecting: isWhole ? output : 0, isNew: true)
      if !isWhole {
        partials.append(slot)
        return
      }
      if budget.total <= 0 {
        estimate.isFull = true
        return
      }
      if budget.input <= 0 || budget.chunk <= 0 { return }
    }
  }

  /// The part of a prompt that the budget lets start, in whole blocks where it is split; nil for none.
  private func chunk(of tokens: Int, _ budget: Budget, engine: Engine) -> Int? {
    if tokens <= budget.chunk { return tokens }
    guard engine.options.chunkedPrefill else {
      // No step could hold what a retraction has made of it: it goes alone, in parts.
      guard tokens > engine.options.maximumBatchTokens, chunks.isEmpty else { return nil }
      return budget.chunk > 0 ? budget.chunk : nil
    }
    let size = budget.chunk / budget.blockTokens * budget.blockTokens
    if size > 0 { return size }
    return chunks.isEmpty && budget.chunk > 0 ? budget.chunk : nil
  }

  /// The next chunk of the prompt that is split over steps; none when the cache has no block for it.
  private mutating func continueByEstimate(_ budget: inout Budget, engine: Engine, shop: Shop) {
    let view = RequestView(shop.requests[partial])
    let left = view.prefillLeft
    // Where the expected output leaves nothing, the prompt goes on nevertheless.
    let fitting = budget.total >= 1 ? Int(min(budget.total, Double(budget.chunk))) : budget.chunk
    let size = min(left, fitting)
    guard size > 0 else { return }
    let needed =
      engine.cache.blocks(forTokens: view.prefillDone + size)
      - engine.cache.blocks(forTokens: view.prefillDone)
    guard needed <= cache.free else { return }
    cache.take(needed)
    chunks.append(PromptChunk(slot: partial, tokens: size))
    let output = expectedOutput(view, engine: engine)
    budget.take(size, expecting: size == left ? output : 0, isNew: false)
  }

  /// Takes the KV blocks that this step's decodes fill; while there are too few, the request that was admitted last
  /// is put back to the end of the queue.
  ///
  /// True when one was. SGLang puts back the request with the fewest output tokens first, which is this one unless it
  /// was put back before.
  private mutating func makeRoomByRetraction(at now: SimTime, engine: Engine, shop: inout Shop) -> Bool {
    var demand = decoding.blockDemand(steps: 1)
    var retracted = false
    while demand > cache.free {
      var victim = running.tail
      // A prompt in parts does not decode; it goes when nothing else is left.
      if victim == partial, decoding.count > 1 { victim = shop.requests[victim].previous }
      preempt(victim, at: now, engine: engine, shop: &shop)
      retracted = true
      demand = decoding.blockDemand(steps: 1)
    }
    cache.take(demand)
    if retracted {
      estimate.retracted(
        generated: decoding.outputSum, requests: decoding.count, limit: decoding.maximumOutputSum)
    }
    return retracted
  }
}
