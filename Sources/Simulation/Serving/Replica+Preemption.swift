import CostModel

/// Running requests that make room for others: computed again later, or copied to the host and back.
extension Replica {
  /// Takes a running request's KV blocks away; it goes on, or starts over, later.
  ///
  /// It returns to the head of the queue, with SGLang to its end, and where the queue is sorted to its place in it.
  mutating func preempt(_ slot: Int32, at now: SimTime, engine: Engine, shop: inout Shop) {
    closeRegime()
    var request = shop.requests[slot]
    let isDecoding = request.state == .decoding
    let held = takeOut(&request, slot, at: now, engine: engine, shop: &shop)
    request.progress = 0
    request.sharedBlocks = 0
    request.countPreemption()
    request.state = .waiting
    shop.observations.counts.preemptions += 1
    if isDecoding, swapOut(&request, engine: engine) {
      shop.observations.counts.swappedTokens += Int64(held)
    } else {
      shop.observations.counts.recomputedTokens += Int64(held)
    }
    shop.requests[slot] = request
    running.remove(slot, in: &shop.requests)
    if engine.adapters != nil { letGoAdapter(of: request, engine: engine) }
    if engine.options.outputEstimate == nil {
      waiting.putBack(slot, shop.requests)
    } else {
      enqueue(slot, &shop)
    }
  }

  /// Ends what a running request does and gives its KV blocks back; `request` then has what it generated so far.
  ///
  /// - Returns: tokens that were cached for it.
  mutating func takeOut(
    _ request: inout Request, _ slot: Int32, at now: SimTime, engine: Engine, shop: inout Shop
  ) -> Int {
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
      let blocks =
        engine.speculation == nil
        ? engine.cache.blocks(forTokens: held) : engine.cache.blocks(forTokens: joined) + departure.blocks
      cache.give(engine.heldBlocks(blocks, of: request) - shared)
    } else {
      held = Int(request.progress)
      cache.give(engine.heldBlocks(engine.cache.blocks(forTokens: held), of: request) - shared)
      partials.removeAll { $0 == slot }
    }
    return held
  }

  /// Who has to make room first.
  func victim(engine: Engine, shop: Shop) -> Int32 {
    guard engine.options.queueOrder == .priority else { return running.tail }
    // vLLM: of all that run the one that a queue by priority would put last.
    var worst = running.tail
    var slot = shop.requests[worst].previous
    while slot >= 0 {
      if QueueOrder.priority.precedes(shop.requests[worst], shop.requests[slot]) { worst = slot }
      slot = shop.requests[slot].previous
    }
    return worst
  }

  /// Copies a request's blocks to the host; false where it has no room for them.
  private mutating func swapOut(_ request: inout Request, engine: Engine) -> Bool {
    guard case .swap(let space) = engine.options.preemption else { return false }
    let blocks = engine.cache.blocks(forTokens: Int(request.input) + Int(request.generated) - 1)
    guard swappedBlocks + blocks <= space.blocks else { return false }
    swappedBlocks += blocks
    copySeconds += Double(blocks) * space.secondsPerBlock
    request.state = .swapped
    return true
  }

  /// The waiting request at a position of the queue, whose cache is on the host, goes on; `blocks` are what it needs,
  /// those of its next token included.
  mutating func swapIn(at position: Int, blocks: Int, engine: Engine, shop: inout Shop) {
    closeRegime()
    let slot = waiting.remove(at: position)
    if engine.adapters != nil { takeAdapter(of: slot, engine: engine, shop: &shop) }
    cache.take(blocks)
    dropSwapped(shop.requests[slot], engine: engine)
    if case .swap(let space) = engine.options.preemption {
      copySeconds += Double(engine.swapBlocks(shop.requests[slot])) * space.secondsPerBlock
    }
    running.append(slot, in: &shop.requests)
    let tokens = shop.requests[slot].generated
    decoding.join(slot, &shop.requests[slot], having: tokens)
    // Its next token is no step's length after the one before.
    joined.append(slot)
  }

  /// The host no longer holds the cache of a request.
  mutating func dropSwapped(_ request: Request, engine: Engine) {
    swappedBlocks -= engine.swapBlocks(request)
  }
}

extension Engine {
  /// KV blocks that a running request holds, of which it has filled `filled`.
  @inline(__always)
  func heldBlocks(_ filled: Int, of request: Request) -> Int {
    options.capacityPolicy == .reserveToEnd
      ? blocksToEnd(input: Int(request.input), maximumOutput: Int(request.maximumOutput)) : filled
  }

  /// KV blocks on the host of a request that was copied there.
  func swapBlocks(_ request: Request) -> Int {
    cache.blocks(forTokens: Int(request.input) + Int(request.generated) - 1)
  }
}
