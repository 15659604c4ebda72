import CostModel
import DequeModule

/// A replica that fails: what it was doing ends, what it held is gone.
extension Replica {
  /// Ends everything at `time`; the replica is then as new, with an empty cache.
  ///
  /// The step under way is dropped: its tokens never came. Requests lose their KV cache; those that decode keep the
  /// answer that was sent so far in `generated`.
  /// - Returns: the requests that were here, in the order of their admission, then of the queue.
  mutating func fail(at time: SimTime, engine: Engine, shop: inout Shop) -> [Int32] {
    let lastStep = dropStep(at: time, engine: engine, shop: &shop)
    var lost: [Int32] = []
    var slot = running.tail
    while slot >= 0 {
      let previous = shop.requests[slot].previous
      loseCache(slot, lastToken: lastStep, shop: &shop)
      lost.append(slot)
      slot = previous
    }
    lost.reverse()
    for slot in landed { shop.loseCache(slot, held: Int(shop.requests[slot].input)) }
    for slot in Array(waiting) + inbox {
      let request = shop.requests[slot]
      // What was found in the cache is no longer there, nor what the host held.
      if request.state == .waiting { shop.loseCache(slot, held: 0) }
      if request.state == .swapped { shop.loseCache(slot, held: Int(request.input + request.generated) - 1) }
    }
    lost += landed + Array(waiting) + inbox
    let old = self
    self = Replica(id: id, engine: engine)
    cost = old.cost
    pace = old.pace
    steps = old.steps
    decoding = old.decoding
    keepPeaks(of: old)
    return lost
  }

  /// Ends the stretch in progress at its last iteration boundary not after `time`; when that was.
  private mutating func dropStep(at time: SimTime, engine: Engine, shop: inout Shop) -> SimTime {
    let boundary: SimTime
    if let regime, plannedSteps > 0 {
      let last = regime.done + plannedSteps
      var over = regime.firstStep(endingAtOrAfter: time, in: (regime.done + 1)...last)
      if regime.end(ofStep: over) > time { over -= 1 }
      boundary = regime.end(ofStep: over)
    } else {
      boundary = time
    }
    stop(at: time, engine: engine, shop: &shop)
    return boundary
  }

  /// Takes a running request out of the batch, its cache lost.
  private mutating func loseCache(_ slot: Int32, lastToken: SimTime, shop: inout Shop) {
    var held = Int(shop.requests[slot].progress)
    if shop.requests[slot].state == .decoding {
      held = decoding.context(of: shop.requests[slot]) - 1
      let hasDecoded = shop.requests[slot].joinStep < decoding.step
      shop.requests[slot].lastToken = pauses.leave(of: decoding.count, hasDecoded: hasDecoded) ?? lastToken
      let generated = Int32(decoding.tokensOut(of: shop.requests[slot]))
      let departure = decoding.leave(&shop.requests[slot])
      shop.observations.correct(
        tokens: Int(generated - shop.requests[slot].generated) - 1 - departure.tokens, at: lastToken)
      shop.requests[slot].generated = generated
    }
    running.remove(slot, in: &shop.requests)
    shop.loseCache(slot, held: held)
  }
}

extension Shop {
  /// Nothing of a request is computed any more; `held` tokens were.
  mutating func loseCache(_ slot: Int32, held: Int) {
    lostTokens += Int64(held)
    requests[slot].progress = 0
    requests[slot].cachedBlocks = 0
    requests[slot].sharedBlocks = 0
    requests[slot].state = .waiting
    guard requests[slot].firstToken != .never, requests[slot].generated <= 0 else { return }
    // Its first token was out when its prompt was done.
    requests[slot].generated = 1
    requests[slot].lastToken = requests[slot].firstToken
  }
}
