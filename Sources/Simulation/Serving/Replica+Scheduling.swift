import CostModel
import DequeModule

/// What one step does: the engine's scheduler, run at each iteration boundary that can change the batch.
extension Replica {
  /// Plans the next stretch, beginning at `now`; leaves the replica idle when there is nothing to run.
  mutating func startStep(at now: SimTime, engine: Engine, shop: inout Shop) {
    precondition(plannedSteps == 0, "a step while another is in progress")
    chunks.removeAll(keepingCapacity: true)
    receive(engine: engine)
    let single =
      engine.options.outputEstimate == nil
      ? scheduleWithinBudget(at: now, engine: engine, shop: &shop)
      : scheduleByEstimate(at: now, engine: engine, shop: &shop)
    if !chunks.isEmpty {
      decodesOfStep = engine.options.prefillPolicy == .mixed ? decoding.count : 0
      if decodesOfStep == 0 { pauses.pause(decoding.count, since: now) }
      planMixedStep(at: now, engine: engine, shop: &shop)
    } else if decoding.count > 0 {
      decodesOfStep = decoding.count
      planDecodeStretch(at: now, single: single || !joined.isEmpty, engine: engine)
    } else {
      plannedEnd = .never
      estimate.restart()
      closeRegime()
    }
  }

  /// The scheduler looks for new requests: at once when nothing runs and after prompts, else every so many steps.
  private mutating func receive(engine: Engine) {
    let interval = engine.options.receiveInterval
    guard interval > 1 else { return }
    let isIdle = running.count == 0 && waiting.isEmpty
    guard isIdle || stepsSinceReceipt % interval == 0 else { return }
    stepsSinceReceipt = 0
    waiting.append(contentsOf: inbox)
    inbox.removeAll(keepingCapacity: true)
  }

  /// Schedules as vLLM and TensorRT-LLM do: decodes first, then prompts within one budget of tokens.
  ///
  /// True when only a single step may be taken: the step that preempts admits nobody, but the next one may.
  private mutating func scheduleWithinBudget(at now: SimTime, engine: Engine, shop: inout Shop) -> Bool {
    var preempted = false
    if engine.options.capacityPolicy == .currentUse {
      preempted = makeRoomForDecodes(at: now, engine: engine, shop: &shop)
    }
    joinLanded(at: now, engine: engine, shop: &shop)
    var tokens = engine.options.maximumBatchTokens - decoding.count * engine.cost.queries
    holdsPrompts = !preempted && holdsBack(budget: tokens, engine: engine, shop: &shop)
    if holdsPrompts { return engine.options.capacityPolicy == .currentUse }
    if partial >= 0 {
      preempted = continuePartial(budget: &tokens, at: now, engine: engine, shop: &shop) || preempted
    }
    // A step that would run nothing takes no time: the next one admits at once.
    if !preempted || chunks.isEmpty && decoding.count == 0 {
      admit(budget: &tokens, at: now, engine: engine, shop: &shop)
    }
    return preempted
  }

  /// Takes the KV blocks that this step's decodes fill; while there are too few, the latest admitted request
  /// loses its own.
  ///
  /// True when one did.
  private mutating func makeRoomForDecodes(at now: SimTime, engine: Engine, shop: inout Shop) -> Bool {
    var preempted = false
    var demand = decoding.blockDemand(steps: 1)
    while demand > cache.free {
      preempt(running.tail, at: now, engine: engine, shop: &shop)
      preempted = true
      demand = decoding.blockDemand(steps: 1)
    }
    cache.take(demand)
    return preempted
  }

  /// Schedules the next chunk of the prompt that is split over steps.
  ///
  /// True when a request was preempted for it.
  private mutating func continuePartial(
    budget: inout Int, at now: SimTime, engine: Engine, shop: inout Shop
  ) -> Bool {
    let view = RequestView(shop.requests[partial])
    let size = min(view.prefillLeft, budget)
    guard size > 0 else { return false }
    let held = engine.cache.blocks(forTokens: view.prefillDone)
    let needed =
      engine.options.capacityPolicy == .reserveToEnd
      ? 0 : engine.cache.blocks(forTokens: view.prefillDone + size) - held
    if needed > cache.free {
      // It is itself the latest admitted request.
      preempt(partial, at: now, engine: engine, shop: &shop)
      return true
    }
    cache.take(needed)
    chunks.append(PromptChunk(slot: partial, tokens: size))
    budget -= size
    return false
  }

  /// Admits waiting requests, first come first served, while batch, token budget and KV cache have room.
  private mutating func admit(budget: inout Int, at now: SimTime, engine: Engine, shop: inout Shop) {
    while budget > 0, slotsTaken < engine.options.maximumBatchSize, partial < 0 || chunksEndPartial(shop) {
      guard nextWaiting(0, engine: engine, shop: &shop) else { return }
      let slot = waiting[0]
      let room = StepRoom(
        tokens: budget, blocks: cache.free, isFirst: chunks.isEmpty, isAlone: running.count == 0)
      if shop.requests[slot].state == .handedOver {
        guard room.blocks(of: shop.requests[slot], engine: engine) != nil else { return }
        fetch(engine: engine, shop: &shop)
        continue
      }
      lookUp(slot, engine: engine, shop: &shop)
      let view = RequestView(shop.requests[slot])
      guard let share = room.share(of: view, engine: engine) else { return }
      waiting.removeFirst()
      start(slot, size: share.tokens, blocks: share.blocks, at: now, engine: engine, shop: &shop)
      budget -= share.tokens
      if share.tokens < view.prefillLeft { partial = slot }
    }
  }

  /// Whether the chunk of the split prompt that this step runs is its last.
  func chunksEndPartial(_ shop: Shop) -> Bool {
    guard let first = chunks.first, first.slot == partial else { return false }
    let request = shop.requests[partial]
    return Int(request.progress) + first.tokens == request.prefillTokens
  }

  /// Whether more than `position` requests wait in memory, made from the backlog where needed.
  mutating func nextWaiting(_ position: Int, engine: Engine, shop: inout Shop) -> Bool {
    while waiting.count <= position {
      guard let request = backlog?.pop() else {
        backlog = nil
        return false
      }
      shop.observations.countArrival(sent: request.arrival)
      guard engine.accepts(input: Int(request.input), maximumOutput: Int(request.maximumOutput)) else {
        shop.observations.counts.rejected += 1
        continue
      }
      waiting.append(shop.requests.insert(request))
      outstanding += 1
    }
    return true
  }

  mutating func start(
    _ slot: Int32, size: Int, blocks: Int, at now: SimTime, engine: Engine, shop: inout Shop
  ) {
    cache.take(blocks - holdFound(slot, engine: engine, shop: &shop))
    running.append(slot, in: &shop.requests)
    chunks.append(PromptChunk(slot: slot, tokens: size))
    let first = shop.requests[slot].scheduled == .never
    shop.requests[slot].state = .prefilling
    shop.requests[slot].replica = id
    if first {
      let input = Int64(shop.requests[slot].input)
      shop.requests[slot].scheduled = now
      shop.requests[slot].cachedTokens = shop.requests[slot].progress
      shop.observations.counts.inputTokens += input
      shop.observations.counts.cachedTokens += Int64(shop.requests[slot].progress)
    }
  }

  /// Takes a running request's KV blocks away; it starts over later.
  ///
  /// It returns to the head of the queue, or with SGLang to its end.
  mutating func preempt(_ slot: Int32, at now: SimTime, engine: Engine, shop: inout Shop) {
    closeRegime()
    var request = shop.requests[slot]
    let held: Int
    let shared = letGo(&request, engine: engine)
    if request.state == .decoding {
      held = decoding.context(of: request) - 1
      let joined = request.prefillTokens
      let hasDecoded = request.joinStep < decoding.step
      request.lastToken = pauses.leave(of: decoding.count, hasDecoded: hasDecoded) ?? now
      let generated = Int32(decoding.tokensOut(of: request))
      let departure = decoding.leave(&request)
      shop.observations.correct(tokens: Int(generated - request.generated) - 1 - departure.tokens, at: now)
      request.generated = generated
      cache.give(
        engine.speculation == nil
          ? engine.cache.blocks(forTokens: held) - shared
          : engine.cache.blocks(forTokens: joined) + departure.blocks - shared)
    } else {
      held = Int(request.progress)
      cache.give(engine.cache.blocks(forTokens: held) - shared)
      if slot == partial { partial = -1 }
    }
    request.progress = 0
    request.preemptions += 1
    request.state = .waiting
    shop.requests[slot] = request
    running.remove(slot, in: &shop.requests)
    if engine.options.outputEstimate == nil { waiting.prepend(slot) } else { waiting.append(slot) }
    shop.observations.counts.preemptions += 1
    shop.observations.counts.recomputedTokens += Int64(held)
  }

  /// One step over the decoding requests and this step's prompt chunks.
  private mutating func planMixedStep(at now: SimTime, engine: Engine, shop: inout Shop) {
    closeRegime()
    var attention = CostVector.zero
    var largest = CostVector.zero
    var chunkTokens = 0
    var longest = 0
    var rows = decodesOfStep * engine.cost.queries
    for chunk in chunks {
      let request = shop.requests[chunk.slot]
      let past = Int(request.progress)
      let cost = engine.cost.chunkCost(new: chunk.tokens, past: past)
      attention += cost
      if cost[.time] > largest[.time] { largest = cost }
      chunkTokens += chunk.tokens
      if chunk.tokens > longest { longest = chunk.tokens }
      if past + chunk.tokens == request.prefillTokens { rows += 1 }
    }
    // Attention groups work on prompts of their own; the step waits for the largest share.
    attention *= 1 / Double(engine.cost.attentionGroups)
    if largest[.time] > attention[.time] { attention = largest }
    var cost = engine.cost.mixedCost(
      sequences: decodesOfStep, contextSum: decoding.contextSum, boundedSum: decoding.boundedSum,
      chunkTokens: chunkTokens, rows: rows, largestChunk: longest)
    cost += attention
    if engine.loadDraws != nil { vary(&cost, chunkTokens: chunkTokens, engine: engine) }
    if fetchSeconds > 0 { cost.last(atLeast: fetchSeconds) }
    fetchSeconds = 0
    let regime = Regime(anchor: now, first: cost)
    self.regime = regime
    plannedSteps = 1
    plannedEnd = regime.end(ofStep: 1)
  }

  /// As many decode-only steps as leave the batch and the linear piece of the cost alone; a `single` one after a
  /// preemption, since the step that preempts admits nobody but the next one may, and where requests of other replicas
  /// join, whose tokens are not a step apart yet.
  private mutating func planDecodeStretch(at now: SimTime, single: Bool, engine: Engine) {
    if let regime, regime.done >= regime.limit { closeRegime() }
    if regime == nil {
      var run = engine.cost.decodeRun(
        sequences: decoding.count, contextSum: decoding.contextSum, growth: decoding.contextGrowth,
        boundedSum: decoding.boundedSum, boundedGrowth: decoding.boundedGrowth)
      if engine.loadDraws != nil {
        run.steps = 1
        vary(&run.first, chunkTokens: 0, engine: engine)
      }
      regime = Regime(anchor: now, first: run.first, growth: run.growth, limit: run.steps)
    }
    guard let regime else { return }
    var steps = 1
    if engine.macroSteps && !single {
      steps = min(regime.limit - regime.done, decoding.stepsToNextChange)
      if holdsPrompts, let wait = engine.options.batchWait { steps = min(steps, wait.steps - waitedSteps) }
      if !inbox.isEmpty {
        let interval = engine.options.receiveInterval
        steps = min(steps, interval - stepsSinceReceipt % interval)
      }
      // The first step's blocks are taken already.
      steps = 1 + decoding.steps(fitting: cache.free, skipping: 1, limit: steps - 1)
    }
    plannedSteps = steps
    plannedEnd = regime.end(ofStep: regime.done + steps)
  }
}
