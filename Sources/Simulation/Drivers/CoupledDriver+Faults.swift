/// Replicas that fail and come back, and the requests that they held.
extension CoupledDriver {
  /// Puts the script of outages, and the first failure of each domain, into the queue.
  mutating func openFaults() {
    guard let plan = faults?.plan else { return }
    for (index, domain) in plan.domains.enumerated() {
      for outage in domain.outages {
        let begin = SimTime.zero + SimDuration(seconds: outage.startSeconds)
        pushFault(.faultBegun(domain: Int32(index), ofItself: false), at: begin)
        if let seconds = outage.seconds {
          pushFault(
            .faultOver(domain: Int32(index), ofItself: false), at: begin + SimDuration(seconds: seconds))
        }
      }
      fateOf(index, after: .zero)
    }
  }

  private mutating func fateOf(_ domain: Int, after time: SimTime) {
    guard let duration = faults?.toFailure(domain) else { return }
    pushFault(.faultBegun(domain: Int32(domain), ofItself: true), at: time + duration)
  }

  private mutating func pushFault(_ event: Event, at time: SimTime) {
    switch event {
    case .faultOver, .spareReady: faults?.pendingRepairs += 1
    default: break
    }
    faults?.pendingEvents += 1
    queue.push(event, at: time)
  }

  /// Whether nothing is left to do but to fail: the queue holds no other events, and nobody waits for a repair.
  var isOver: Bool {
    guard faults != nil || fleet != nil, run.horizon == nil else { return false }
    // The event at hand has been taken out.
    let pending = (faults?.pendingEvents ?? 0) + (fleet?.pendingEvents ?? 0)
    return queue.count + 1 <= pending && shop.requests.inFlight == 0 && admission?.held ?? 0 == 0
  }

  /// All replicas of a domain fail.
  mutating func failDomain(_ domain: Int, ofItself: Bool, at time: SimTime) {
    guard let plan = faults?.plan else { return }
    faults?.pendingEvents -= 1
    if ofItself, let duration = faults?.toRepair(domain) {
      pushFault(.faultOver(domain: Int32(domain), ofItself: true), at: time + duration)
    }
    if let slowdown = plan.domains[domain].slowdown {
      for replica in plan.domains[domain].replicas { setPace(of: replica, at: time) { $0.append(slowdown) } }
      return
    }
    // All of them first, so that no request finds refuge on one that is about to fail.
    var fallen: [Int] = []
    for replica in plan.domains[domain].replicas {
      faults?.causes[replica] += 1
      // Who works on a spare doesn't feel what befalls the place that it left.
      if faults?.causes[replica] == 1, faults?.stands[replica] == .own { fallen.append(replica) }
    }
    for replica in fallen {
      fail(replica, at: time)
      claimSpare(for: replica, at: time)
    }
    releaseDeferred(at: time)
  }

  /// All replicas of a domain are back, unless something else keeps them down.
  mutating func repairDomain(_ domain: Int, ofItself: Bool, at time: SimTime) {
    guard let plan = faults?.plan else { return }
    faults?.pendingEvents -= 1
    faults?.pendingRepairs -= 1
    if ofItself { fateOf(domain, after: time) }
    if let slowdown = plan.domains[domain].slowdown {
      for replica in plan.domains[domain].replicas {
        setPace(of: replica, at: time) { active in
          if let position = active.firstIndex(of: slowdown) { active.remove(at: position) }
        }
      }
      return
    }
    for replica in plan.domains[domain].replicas {
      faults?.causes[replica] -= 1
      guard faults?.causes[replica] == 0 else { continue }
      serveAgain(replica, at: time)
      releaseSpare(of: replica, at: time)
    }
    placeParked(at: time)
  }

  /// A replica that was out of service no longer is.
  private mutating func serveAgain(_ replica: Int, at time: SimTime) {
    guard let since = faults?.since[replica], since != .never else { return }
    faults?.outcome.downSeconds += (time - since).seconds
    faults?.since[replica] = .never
  }

  // MARK: Spares

  /// The pool of a replica in lists of pools: that which answers comes first.
  private func pool(of replica: Int) -> Int { replica < prefillReplicas ? 1 : 0 }

  /// A replica that has failed gets a spare, now or when one is free again.
  private mutating func claimSpare(for replica: Int, at time: SimTime) {
    guard let state = faults, state.plan.spares != PoolSizes(prefill: 0, decode: 0) else { return }
    let pool = pool(of: replica)
    guard state.idleSpares[pool] > 0 else {
      faults?.needy[pool].append(replica)
      return
    }
    faults?.idleSpares[pool] -= 1
    faults?.stands[replica] = .awaitingSpare
    pushFault(
      .spareReady(replica: Int32(replica), epoch: state.epochs[replica]),
      at: time + SimDuration(seconds: state.plan.takeoverSeconds))
  }

  /// A spare serves in a replica's place.
  mutating func takeOver(_ replica: Int, epoch: UInt32, at time: SimTime) {
    faults?.pendingEvents -= 1
    faults?.pendingRepairs -= 1
    guard faults?.stands[replica] == .awaitingSpare, faults?.epochs[replica] == epoch else { return }
    faults?.stands[replica] = .spare
    faults?.outcome.takeovers += 1
    serveAgain(replica, at: time)
    placeParked(at: time)
  }

  /// The place of a replica is repaired: it is the spare of the next one that fails, or of one that waits for it.
  private mutating func releaseSpare(of replica: Int, at time: SimTime) {
    guard let stand = faults?.stands[replica] else { return }
    let pool = pool(of: replica)
    faults?.needy[pool].removeAll { $0 == replica }
    guard stand != .own else { return }
    faults?.stands[replica] = .own
    faults?.idleSpares[pool] += 1
    guard let next = faults?.needy[pool].first else { return }
    faults?.needy[pool].removeFirst()
    claimSpare(for: next, at: time)
  }

  // MARK: Stragglers

  /// The active slowdowns of a replica change; steps after the one in progress last as long as the greatest says.
  private mutating func setPace(of replica: Int, at time: SimTime, _ change: (inout [Double]) -> Void) {
    guard var active = faults?.slowdowns[replica] else { return }
    change(&active)
    faults?.slowdowns[replica] = active
    let pace = active.max() ?? 1
    if let since = faults?.slowSince[replica] {
      if since == .never, pace > 1 { faults?.slowSince[replica] = time }
      if since != .never, pace == 1 {
        faults?.outcome.slowSeconds += (time - since).seconds
        faults?.slowSince[replica] = .never
      }
    }
    replicas[replica].pace.work = pace
    if replicas[replica].cut(at: time, everySteps: 1) { queueCompletion(replica) }
  }

  /// Requests that waited for any replica are sent to one.
  mutating func placeParked(at time: SimTime) {
    let waiting = parked
    parked.removeAll(keepingCapacity: true)
    for (slot, answers) in waiting { place(slot, answers: answers, at: time) }
  }

  /// A replica fails; its requests go where the plan says.
  private mutating func fail(_ index: Int, at time: SimTime) {
    faults?.since[index] = time
    faults?.epochs[index] &+= 1
    faults?.outcome.failures += 1
    generations[index] &+= 1
    view?.forget(index)
    let lost = replicas[index].fail(
      at: time, engine: engine(of: index), shop: &shop)
    if index < prefillReplicas { loseHandedOver(of: Int32(index), at: time) }
    if transfers != nil { countExchange(of: index, at: time) }
    for slot in lost {
      lighten(index, by: shop.requests[slot])
      dropStream(slot, lightens: index < prefillReplicas, at: time)
      rescue(slot, answers: index >= prefillReplicas, at: time)
    }
    if fleet != nil { retire(index, at: time) }
  }

  /// Prompts that a prefill replica held for others are gone: who has begun to fetch gets the rest, who waits for a
  /// decode replica is computed again there.
  private mutating func loseHandedOver(of source: Int32, at time: SimTime) {
    var isAnyWaiting = false
    for slot in shop.requests.slots.indices.map(Int32.init) where shop.requests[slot].replica == source {
      switch shop.requests[slot].state {
      case .fetching:
        shop.requests[slot].replica = -1
        shop.requests[slot].cachedBlocks = 0
      case .handedOver:
        faults?.outcome.interrupted += 1
        dropStream(slot, lightens: false, at: time)
        shop.loseCache(slot, held: Int(shop.requests[slot].input))
        isAnyWaiting = true
      default: break
      }
    }
    guard isAnyWaiting else { return }
    // What waits there now asks for another step than before: schedulers look at once.
    for index in prefillReplicas..<replicas.count {
      replicas[index].estimate.isFull = false
      if replicas[index].cut(at: time, everySteps: 1) { queueCompletion(index) }
    }
  }

  /// Whether a decode replica has failed since it began to fetch the cache that has come.
  mutating func isOrphan(_ slot: Int32, of target: Int) -> Bool {
    guard let state = faults else { return false }
    faults?.fetchEpochs[slot] = nil
    guard state.fetchEpochs[slot] != state.epochs[target] else { return false }
    shop.loseCache(slot, held: Int(shop.requests[slot].input))
    return true
  }

  /// A request has lost its replica.
  mutating func rescue(_ slot: Int32, answers: Bool, at time: SimTime) {
    faults?.outcome.interrupted += 1
    shop.requests[slot].place = -1
    guard !shop.requests[slot].isCancelled else {
      let request = shop.requests[slot]
      shop.requests.remove(slot)
      return cancelled(request, at: time)
    }
    switch faults?.plan.onLoss ?? .retry {
    case .fail:
      giveUp(slot, at: time)
    case .retry where shop.requests[slot].state != .handedOver:
      shop.requests[slot].generated = 0
      shop.requests[slot].firstToken = .never
      shop.requests[slot].firstAnswer = .never
      shop.requests[slot].lastToken = .never
      place(slot, answers: false, at: time)
    case .migrate, .retry:
      place(slot, answers: answers, at: time)
    }
  }

  /// Finds a replica for a request that has none.
  mutating func place(_ slot: Int32, answers: Bool, at time: SimTime) {
    let request = shop.requests[slot]
    let number = routed
    routed += 1
    guard
      let target =
        answers ? pickAnswering(number, request, at: time) : pick(number, request, at: time)
    else { return park(slot, answers: answers, at: time) }
    burden(target, with: request)
    deliver(slot, to: target, at: time)
  }

  /// A request waits for a repair; where none will come it is lost.
  mutating func park(_ slot: Int32, answers: Bool, at time: SimTime) {
    // Who is being drained for an update serves again.
    guard
      faults?.pendingRepairs ?? 0 > 0 || fleet.map({ $0.pendingStarts > 0 || !$0.updating.isEmpty }) ?? false
    else {
      return giveUp(slot, at: time)
    }
    parked.append((slot, answers))
  }

  /// A request is lost, and its client learns it.
  private mutating func giveUp(_ slot: Int32, at time: SimTime) {
    let request = shop.requests[slot]
    if request.state == .handedOver { releaseSource(of: slot, at: time) }
    dropStream(slot, lightens: false, at: time)
    shop.observations.counts.failed += 1
    shop.observations.withClass(of: request.stream) { $0.failed += 1 }
    shop.observations.countEnd(waited: request.scheduled == .never, at: time)
    shop.requests.remove(slot)
    refused(request, at: time)
  }

  /// A prefill replica need no longer hold the prompt of a request.
  private mutating func releaseSource(of slot: Int32, at time: SimTime) {
    let source = Int(shop.requests[slot].replica)
    replicas[source].release(&shop.requests[slot], engine: prefillEngine)
    if !replicas[source].isBusy, replicas[source].hasWork { queueStart(source, at: time) }
  }

  /// What failures did, those included that last beyond the end.
  func closeFaults(at end: SimTime) -> FaultOutcome {
    guard let faults else { return FaultOutcome() }
    var outcome = faults.outcome
    for since in faults.since where since < end { outcome.downSeconds += (end - since).seconds }
    for since in faults.slowSince where since < end { outcome.slowSeconds += (end - since).seconds }
    outcome.lostTokens = shop.lostTokens
    return outcome
  }
}
