/// Clients that go away before their answer is there.
extension CoupledDriver {
  /// Puts into the queue when the client of a request that has reached a scheduler goes away.
  mutating func watch(_ slot: Int32, at time: SimTime) {
    let request = shop.requests[slot]
    guard let patience = deployment.streams[Int(request.stream)].patience else { return }
    if let due = patience.withoutToken(request) {
      queue.push(
        .clientLeaves(stream: request.stream, slot: slot, withoutToken: true), at: max(time, due))
    }
    if let due = patience.anyway(request) {
      queue.push(
        .clientLeaves(stream: request.stream, slot: slot, withoutToken: false), at: max(time, due))
    }
  }

  /// The client of a request goes away, if the slot still holds it and it still waits.
  mutating func leave(_ slot: Int32, stream: Int32, withoutToken: Bool, at time: SimTime) {
    let request = shop.requests[slot]
    guard request.state != .free, request.stream == stream, !request.isCancelled,
      let patience = deployment.streams[Int(stream)].patience,
      let due = withoutToken ? patience.withoutToken(request) : patience.anyway(request), due <= time,
      !withoutToken || request.firstToken == .never
    else { return }
    shop.requests[slot].isCancelled = true
    let place = Int(request.place)
    guard place >= 0 else {
      // It waits for a repair, or is on its way to a decode replica, which then drops it.
      guard let position = parked.firstIndex(where: { $0.slot == slot }) else { return }
      parked.remove(at: position)
      dropStream(slot, lightens: false, at: time)
      shop.requests.remove(slot)
      cancelled(request, at: time)
      return
    }
    // A cache that is on its way comes first.
    guard request.state != .fetching || replicas[place].landed.contains(slot) else { return }
    if replicas[place].cancel(slot, at: time) { queueCompletion(place) }
    if !replicas[place].isBusy { queueStart(place, at: time) }
  }

  /// A request reaches a decode replica, and its client has gone.
  mutating func drop(_ slot: Int32, from target: Int, at time: SimTime) {
    let request = shop.requests[slot]
    lighten(target, by: request)
    dropStream(slot, lightens: false, at: time)
    shop.requests.remove(slot)
    cancelled(request, at: time)
    releaseDeferred(at: time)
  }

  /// Requests that a replica has dropped.
  mutating func settleCancelled(of index: Int, at time: SimTime) {
    var next = 0
    while next < shop.cancelled.count {
      let request = shop.cancelled[next]
      lighten(index, by: request)
      cancelled(request, at: time)
      next += 1
    }
    shop.cancelled.removeAll(keepingCapacity: true)
    if fleet != nil { retire(index, at: time) }
    releaseDeferred(at: time)
  }

  /// A request has left without its answer.
  mutating func cancelled(_ request: Request, at time: SimTime) {
    if request.state == .handedOver, request.replica >= 0 {
      var request = request
      let source = Int(request.replica)
      replicas[source].release(&request, engine: prefillEngine)
      if !replicas[source].isBusy, replicas[source].hasWork { queueStart(source, at: time) }
    }
    shop.observations.counts.cancelled += 1
    shop.observations.withClass(of: request.stream) { $0.cancelled += 1 }
    shop.observations.counts.cancelledTokens += request.tokensSent
    shop.observations.countEnd(waited: request.scheduled == .never, at: time)
    refused(request, at: time)
  }
}
