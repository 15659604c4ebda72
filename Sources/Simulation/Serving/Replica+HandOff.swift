import CostModel

/// Requests that change replicas between their prompt and their answer.
extension Replica {
  /// Prefill: the prompt is done; its blocks stay until a decode replica has fetched them.
  mutating func handOff(_ slot: Int32, shop: inout Shop) {
    running.remove(slot, in: &shop.requests)
    outstanding -= 1
    estimate.isFull = false
    shop.requests[slot].state = .handedOver
    shop.handedOver.append(slot)
  }

  /// Prefill: a decode replica has fetched the cache of a request.
  mutating func release(_ request: inout Request, engine: Engine) {
    estimate.isFull = false
    let shared = letGo(&request, engine: engine)
    cache.give(
      (engine.options.capacityPolicy == .reserveToEnd
        ? engine.blocksToEnd(input: Int(request.input), maximumOutput: Int(request.maximumOutput))
        : engine.cache.blocks(forTokens: Int(request.input))) - shared)
  }

  /// Decode: takes the handed-over request at the head of the queue; its cache is then on its way.
  ///
  /// The blocks of its first step, ``Engine/arrivingBlocks(_:)``, are taken with it, so that who has come can always be
  /// run.
  mutating func fetch(engine: Engine, shop: inout Shop) {
    let slot = waiting.removeFirst()
    let request = shop.requests[slot]
    cache.take(engine.arrivingBlocks(request))
    inbound += 1
    estimate.inboundOutput += min(Int(request.maximumOutput), OutputEstimate.clippedTokens)
    shop.requests[slot].state = .fetching
    shop.fetches.append(slot)
  }

  /// Decode: the cache of a request has come.
  ///
  /// - Returns: true when the stretch in progress now ends earlier.
  mutating func land(_ slot: Int32, at time: SimTime) -> Bool {
    landed.append(slot)
    return cut(at: time, everySteps: 1)
  }

  /// Decode: requests whose cache has come join the batch of the step that begins at `now`.
  mutating func joinLanded(at now: SimTime, engine: Engine, shop: inout Shop) {
    guard !landed.isEmpty else { return }
    closeRegime()
    for slot in landed {
      estimate.inboundOutput -= min(Int(shop.requests[slot].maximumOutput), OutputEstimate.clippedTokens)
      running.append(slot, in: &shop.requests)
      shop.requests[slot].replica = id
      let tokens: Int32 = engine.firstToken == .decode ? 0 : 1
      let steps = engine.speculation?.steps(of: shop.requests[slot], having: tokens)
      let demand = decoding.blockDemand(steps: 1)
      decoding.join(slot, &shop.requests[slot], having: tokens, steps: steps)
      if engine.poolsBlocks {
        cache.give(engine.firstStepBlocks)
        cache.take(decoding.blockDemand(steps: 1) - demand)
      }
    }
    let count = landed.count
    inbound -= count
    if engine.firstToken == .handOff {
      for slot in landed {
        shop.requests[slot].firstToken = now
        shop.requests[slot].noteAnswer(at: now)
      }
      shop.observations.countTokens(count, at: now)
      landed.removeAll(keepingCapacity: true)
    } else {
      // Their next token is no step's length after the one before.
      swap(&joined, &landed)
      landed.removeAll(keepingCapacity: true)
    }
  }

  /// Decode: the first step of those who joined is over.
  mutating func completeJoined(at now: SimTime, shop: inout Shop) {
    for slot in joined {
      let request = shop.requests[slot]
      if request.firstToken == .never {
        shop.requests[slot].firstToken = now
      } else {
        let gap = now - (request.lastToken == .never ? request.firstToken : request.lastToken)
        shop.observations.withEpoch(at: now) { $0.interTokenLatency.record(gap.nanoseconds) }
      }
    }
    joined.removeAll(keepingCapacity: true)
  }
}

extension Observations {
  /// Counts output tokens that no step's length accounts for; those of the instant at which the reported part begins
  /// belong to what came before.
  mutating func countTokens(_ count: Int, at time: SimTime) {
    guard time > origin else { return }
    counts.outputTokens += Int64(count)
    withBucket(at: time) { $0.outputTokens += Int64(count) }
    lastToken = max(lastToken, time)
  }
}
