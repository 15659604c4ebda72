/// Requests on their way from the prefill pool to the decode pool.
extension CoupledDriver {
  /// Sends the requests whose prompts a prefill replica has just ended to decode replicas.
  mutating func sendOn(from index: Int, at time: SimTime) {
    guard !shop.handedOver.isEmpty, let handOff = deployment.prefill?.handOff else { return }
    let arrival = time + SimDuration(seconds: handOff.delaySeconds)
    var next = 0
    while next < shop.handedOver.count {
      let request = shop.requests[shop.handedOver[next]]
      lighten(index, by: request)
      shop.requests[shop.handedOver[next]].place = -1
      let target: Int
      if let chosen = transfers?.transfers[shop.handedOver[next]]?.target {
        // It counts to the replica's load already, but was in service elsewhere.
        target = chosen
        inService += 1
      } else {
        // Where none works, the request waits when it gets there.
        target = pickAnswering(handedOver, request, at: time) ?? prefillReplicas
        handedOver += 1
        burden(target, with: request)
      }
      queue.push(.requestHandedOver(replica: Int32(target), slot: shop.handedOver[next]), at: arrival)
      next += 1
    }
    shop.handedOver.removeAll(keepingCapacity: true)
  }

  /// A decode replica's scheduler sees a request.
  mutating func receive(_ slot: Int32, by target: Int, at time: SimTime) {
    guard !shop.requests[slot].isCancelled else { return drop(slot, from: target, at: time) }
    guard isOn(target) else {
      lighten(target, by: shop.requests[slot])
      place(slot, answers: true, at: time)
      return
    }
    deliver(slot, to: target, at: time)
  }

  /// A decode replica has room for requests: their caches leave the prefill replicas, each link's in turn.
  mutating func beginTransfers(to target: Int, at time: SimTime) {
    guard let handOff = deployment.prefill?.handOff else { return }
    var next = 0
    while next < shop.fetches.count {
      let slot = shop.fetches[next]
      if let epoch = faults?.epochs[target] { faults?.fetchEpochs[slot] = epoch }
      if engine.timeline.contains(target) { fetchStarts[slot] = time }
      if awaitStream(slot, to: target, at: time) {
        next += 1
        continue
      }
      let source = Int(shop.requests[slot].replica)
      let group = nextLink[source]
      let link = source * handOff.links + group
      nextLink[source] = (group + 1) % handOff.links
      if transfers != nil {
        transfers?.start(
          slot: slot, source: source, sourceGroup: group, target: target,
          tokens: Int(shop.requests[slot].input),
          at: time)
        next += 1
        continue
      }
      let begin = max(time, linkFree[link])
      linkFree[link] = begin + handOff.transfer(inputTokens: Int(shop.requests[slot].input))
      queue.push(.cacheTransferred(replica: Int32(target), slot: slot), at: linkFree[link])
      next += 1
    }
    shop.fetches.removeAll(keepingCapacity: true)
    if transfers != nil { queueArrival() }
  }

  /// A cache has come: the prefill replica's blocks are free, the decode replica can take the request into its batch.
  mutating func land(_ slot: Int32, on target: Int, at time: SimTime) {
    let source = Int(shop.requests[slot].replica)
    if let start = fetchStarts.removeValue(forKey: slot) {
      keepTransfer(slot, from: source, to: target, start...time)
    }
    // A source that has failed since holds nothing any more.
    if source >= 0 {
      replicas[source].release(&shop.requests[slot], engine: prefillEngine)
      if !replicas[source].isBusy, replicas[source].hasWork { queueStart(source, at: time) }
      if fleet != nil { retire(source, at: time) }
    }
    if isOrphan(slot, of: target) {
      lighten(target, by: shop.requests[slot])
      rescue(slot, answers: true, at: time)
      return
    }
    if shop.requests[slot].isCancelled { replicas[target].cancelled.append(slot) }
    if replicas[target].land(slot, at: time) { queueCompletion(target) }
    if !replicas[target].isBusy { queueStart(target, at: time) }
  }

  /// Keeps a transfer for the timeline.
  private mutating func keepTransfer(
    _ slot: Int32, from source: Int, to target: Int, _ time: ClosedRange<SimTime>
  ) {
    guard shop.observations.spans.count < TimelinePlan.mostSpans else { return }
    shop.observations.spans.append(
      TimelineSpan(
        replica: Int32(target),
        kind: .transfer(tokens: shop.requests[slot].input, source: Int32(source)),
        start: time.lowerBound, end: time.upperBound, microjoules: 0))
  }
}
