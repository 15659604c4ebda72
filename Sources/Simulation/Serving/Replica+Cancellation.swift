/// Requests whose clients go away: the scheduler drops them before its next step.
extension Replica {
  /// The client of a request that is here has gone.
  ///
  /// - Returns: true when the stretch in progress now ends earlier.
  mutating func cancel(_ slot: Int32, at time: SimTime) -> Bool {
    cancelled.append(slot)
    return cut(at: time, everySteps: 1)
  }

  /// Drops requests whose clients have gone; what is in a step that has just ended may have completed instead.
  mutating func dropCancelled(at now: SimTime, engine: Engine, shop: inout Shop) {
    for slot in cancelled where shop.requests[slot].isCancelled && shop.requests[slot].place == id {
      closeRegime()
      estimate.isFull = false
      var request = shop.requests[slot]
      switch request.state {
      case .prefilling, .decoding:
        _ = takeOut(&request, slot, at: now, engine: engine, shop: &shop)
        running.remove(slot, in: &shop.requests)
        if engine.adapters != nil { letGoAdapter(of: request, engine: engine) }
      case .fetching:
        landed.removeAll { $0 == slot }
        inbound -= 1
        estimate.inboundOutput -= min(Int(request.maximumOutput), OutputEstimate.clippedTokens)
        cache.give(engine.arrivingBlocks(request))
      case .waiting, .handedOver, .swapped:
        if request.state == .swapped { dropSwapped(request, engine: engine) }
        if !waiting.remove(slot) { inbox.removeAll { $0 == slot } }
      case .free: continue
      }
      outstanding -= 1
      shop.cancelled.append(request)
      shop.requests.remove(slot)
    }
    cancelled.removeAll(keepingCapacity: true)
  }
}
