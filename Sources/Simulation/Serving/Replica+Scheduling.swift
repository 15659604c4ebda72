import CostModel
import DequeModule

/// What one step does: the engine's scheduler, run at each iteration boundary that can change the batch.
extension Replica {
  /// Plans the next stretch, beginning at `now`; leaves the replica idle when there is nothing to run.
  mutating func startStep(at now: SimTime, engine: Engine, shop: inout Shop) {
    precondition(plannedSteps == 0, "a step while another is in progress")
    chunks.removeAll(keepingCapacity: true)
    if !cancelled.isEmpty { dropCancelled(at: now, engine: engine, shop: &shop) }
    if engine.options.receiveInterval > 1 { receive(engine: engine, shop: &shop) }
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
      planDecodeStretch(
        at: now, single: single || !joined.isEmpty || restsOnCache(&shop), engine: engine)
    } else {
      plannedEnd = .never
      estimate.restart()
      closeRegime()
    }
    guard newlyScheduled > 0 else { return }
    let started = newlyScheduled
    newlyScheduled = 0
    shop.observations.withBucket(at: now) { $0.dequeued += started }
  }

  /// Whether the first in the queue waits for room while it could begin after blocks that nobody holds.
  ///
  /// Each step may evict some of those: then it begins earlier in its prompt, needs fewer blocks for its first chunk, and
  /// may have room.
  @inline(__always)
  private func restsOnCache(_ shop: inout Shop) -> Bool {
    guard cache.prefixes != nil, !waiting.isEmpty else { return false }
    let first = waiting[0]
    return shop.requests[first].cachedBlocks > shop.requests[first].sharedBlocks
  }

  /// The scheduler looks for new requests: at once when nothing runs and after prompts, else every so many steps.
  private mutating func receive(engine: Engine, shop: inout Shop) {
    let interval = engine.options.receiveInterval
    let isIdle = running.count == 0 && waiting.isEmpty
    guard isIdle || stepsSinceReceipt % interval == 0 else { return }
    stepsSinceReceipt = 0
    for slot in inbox { enqueue(slot, &shop) }
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
    if !partials.isEmpty {
      preempted = continuePartials(budget: &tokens, at: now, engine: engine, shop: &shop) || preempted
    }
    if engine.options.batching == .static, !opensBatch(engine: engine) { return preempted }
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
      preempt(victim(engine: engine, shop: shop), at: now, engine: engine, shop: &shop)
      preempted = true
      demand = decoding.blockDemand(steps: 1)
    }
    cache.take(demand)
    return preempted
  }

  /// Schedules the next chunks of the prompts that are split over steps, in order of admission.
  ///
  /// True when a request was preempted for one.
  private mutating func continuePartials(
    budget: inout Int, at now: SimTime, engine: Engine, shop: inout Shop
  ) -> Bool {
    var preempted = false
    var position = 0
    while position < partials.count {
      let slot = partials[position]
      let view = RequestView(shop.requests[slot])
      let size = min(view.prefillLeft, budget, engine.options.longPrefillThreshold)
      guard size > 0 else { break }
      let held = engine.cache.blocks(forTokens: view.prefillDone)
      let needed =
        engine.options.capacityPolicy == .reserveToEnd
        ? 0 : engine.cache.blocks(forTokens: view.prefillDone + size) - held
      while needed > cache.free {
        let victim = victim(engine: engine, shop: shop)
        makeRoom(by: victim, budget: &budget, at: now, engine: engine, shop: &shop)
        preempted = true
        if victim == slot { break }
      }
      guard position < partials.count, partials[position] == slot else { continue }
      cache.take(needed)
      chunks.append(PromptChunk(slot: slot, tokens: size))
      budget -= size
      position += 1
    }
    return preempted
  }

  /// A request that this step was to work on loses its blocks, and the step what it was to do with it.
  private mutating func makeRoom(
    by victim: Int32, budget: inout Int, at now: SimTime, engine: Engine, shop: inout Shop
  ) {
    if let chunk = chunks.firstIndex(where: { $0.slot == victim }) {
      // Its blocks are taken already, and counted as those of tokens that are done.
      shop.requests[victim].progress += Int32(chunks[chunk].tokens)
      budget += chunks[chunk].tokens
      chunks.remove(at: chunk)
    }
    // The step's decodes have taken their blocks.
    let demand = decoding.blockDemand(steps: 1)
    if shop.requests[victim].state == .decoding { budget += engine.cost.queries }
    preempt(victim, at: now, engine: engine, shop: &shop)
    joined.removeAll { $0 == victim }
    cache.give(demand - decoding.blockDemand(steps: 1))
  }

  /// Admits waiting requests in their order while batch, token budget and KV cache have room.
  ///
  /// Those whose adapter has no room are passed over, and keep their places (vLLM V1).
  private mutating func admit(budget: inout Int, at now: SimTime, engine: Engine, shop: inout Shop) {
    var position = 0
    while budget > 0, slotsTaken < engine.options.maximumBatchSize {
      guard nextWaiting(position, engine: engine, shop: &shop) else { return }
      let slot = waiting[position]
      if engine.adapters != nil, !hasRoomForAdapter(of: slot, engine: engine, shop: shop) {
        position += 1
        continue
      }
      let room = StepRoom(
        tokens: budget, blocks: cache.free, isFirst: chunks.isEmpty, isAlone: running.count == 0)
      if shop.requests[slot].state == .handedOver {
        guard room.blocks(of: shop.requests[slot], engine: engine) != nil else { return }
        fetch(engine: engine, shop: &shop)
        continue
      }
      if shop.requests[slot].state == .swapped {
        guard let needed = room.blocks(of: shop.requests[slot], engine: engine) else { return }
        swapIn(at: position, blocks: needed, engine: engine, shop: &shop)
        budget -= engine.cost.queries
        continue
      }
      lookUp(slot, engine: engine, shop: &shop)
      let view = RequestView(shop.requests[slot])
      guard let share = room.share(of: view, engine: engine) else { return }
      waiting.remove(at: position)
      start(slot, size: share.tokens, blocks: share.blocks, at: now, engine: engine, shop: &shop)
      budget -= share.tokens
      if share.tokens < view.prefillLeft { partials.append(slot) }
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
      guard let slot = backlog?.pop(into: &shop.requests) else {
        backlog = nil
        return false
      }
      let (input, output) = (shop.requests[slot].input, shop.requests[slot].maximumOutput)
      guard engine.accepts(input: Int(input), maximumOutput: Int(output)) else {
        shop.observations.refuse(shop.requests[slot].stream, .misfit, at: shop.requests[slot].arrival)
        shop.requests.remove(slot)
        continue
      }
      enqueue(slot, &shop)
      outstanding += 1
    }
    return true
  }

  mutating func start(
    _ slot: Int32, size: Int, blocks: Int, at now: SimTime, engine: Engine, shop: inout Shop
  ) {
    cache.take(blocks - holdFound(slot, engine: engine, shop: &shop))
    if engine.adapters != nil { takeAdapter(of: slot, engine: engine, shop: &shop) }
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
      newlyScheduled += 1
    }
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
    if largest[.time] > attention[.time], !engine.cost.splitsPrompts { attention = largest }
    var cost = engine.cost.mixedCost(
      sequences: decodesOfStep + padding.sequences,
      contextSum: decoding.contextSum + Double(padding.contextSum), boundedSum: decoding.boundedSum,
      chunkTokens: chunkTokens, rows: rows, largestChunk: longest, prompts: chunks.count)
    cost += attention
    if engine.loadDraws != nil { vary(&cost, chunkTokens: chunkTokens, engine: engine) }
    cost = engine.cost.completed(cost, sequences: decodesOfStep)
    if !pace.isPlain { cost.slow(by: pace) }
    if fetchSeconds > 0 { cost.last(atLeast: fetchSeconds) }
    fetchSeconds = 0
    cost.wait(copySeconds)
    copySeconds = 0
    let regime = Regime(anchor: now, first: cost)
    self.regime = regime
    plannedSteps = 1
    plannedEnd = regime.end(ofStep: 1)
  }

  /// As many decode-only steps as leave the batch and the linear piece of the cost alone; a `single` one after a
  /// preemption, since the step that preempts admits nobody but the next one may, and where requests of other replicas
  /// join, whose tokens are not a step apart yet.
  private mutating func planDecodeStretch(at now: SimTime, single: Bool, engine: Engine) {
    if let regime, regime.done >= regime.limit || regimePace != pace { closeRegime() }
    if regime == nil {
      var run = engine.cost.decodeRun(
        sequences: decoding.count + padding.sequences,
        contextSum: decoding.contextSum + Double(padding.contextSum),
        growth: decoding.contextGrowth + Double(padding.sequences),
        boundedSum: decoding.boundedSum, boundedGrowth: decoding.boundedGrowth)
      if engine.loadDraws != nil {
        run.steps = 1
        vary(&run.first, chunkTokens: 0, engine: engine)
      }
      regimePace = pace
      if !pace.isPlain {
        run.first.slow(by: pace)
        run.growth.slow(by: pace)
      }
      regime = Regime(anchor: now, first: run.first, growth: run.growth, limit: run.steps)
      if copySeconds > 0 { waitForCopies(run.first, from: now) }
    }
    guard let regime else { return }
    var steps = 1
    if engine.macroSteps && !single {
      steps = min(regime.limit - regime.done, decoding.stepsToNextChange)
      if holdsPrompts { steps = min(steps, stepsHeld(engine.options)) }
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

  /// A step of decodes alone that copies KV blocks to or from the host.
  private mutating func waitForCopies(_ cost: CostVector, from now: SimTime) {
    var cost = cost
    cost.wait(copySeconds)
    copySeconds = 0
    regime = Regime(anchor: now, first: cost)
  }
}
