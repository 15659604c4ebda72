import DequeModule

/// What the router lets in: limits of tenants, requests that can wait, and what is refused under load.
struct AdmissionState {
  var tenants: [TenantState]
  /// Requests beyond the limits of each tenant that wait for them.
  var limited: [Deque<Request>]
  /// Requests of each stream that wait for room.
  var deferred: [Deque<Request>]
  /// Requests among them.
  var held: Int64 { (limited + deferred).reduce(0) { $0 + Int64($1.count) } }

  init?(_ deployment: DeploymentPlan) {
    guard
      !deployment.tenants.isEmpty || !deployment.shedding.isEmpty
        || deployment.streams.contains(where: { $0.deferral != nil })
    else { return nil }
    tenants = deployment.tenants.map { TenantState($0) }
    limited = tenants.map { _ in [] }
    deferred = deployment.streams.map { _ in [] }
  }
}

extension CoupledDriver {
  /// Whether a request may go on to a replica now; else it is refused or waits.
  mutating func admits(_ request: Request, at time: SimTime) -> Bool {
    guard admission != nil else { return true }
    let stream = deployment.streams[Int(request.stream)]
    if let tenant = stream.tenant, !isWithinLimits(request, of: tenant, at: time) { return false }
    return hasPlace(request, at: time)
  }

  /// Whether a tenant's limits have room for a request.
  private mutating func isWithinLimits(_ request: Request, of tenant: Int, at time: SimTime) -> Bool {
    let excess = deployment.tenants[tenant].excess
    // Who waits goes first.
    let isQueueing = admission?.limited[tenant].isEmpty == false
    if !isQueueing {
      guard let due = admission?.tenants[tenant].take(request, at: time) else { return true }
      if excess == .wait { queue.push(.tenantReady(tenant: Int32(tenant)), at: due) }
    }
    guard excess == .wait else {
      turnAway(request, .limit, at: time)
      return false
    }
    admission?.limited[tenant].append(request)
    return false
  }

  /// Whether the load lets a request go on.
  private mutating func hasPlace(_ request: Request, at time: SimTime) -> Bool {
    for rule in deployment.shedding
    where Int(request.priority) >= rule.priority && Double(inService) >= rule.above * batchSlots {
      turnAway(request, .load, at: time)
      return false
    }
    let stream = Int(request.stream)
    guard let deferral = deployment.streams[stream].deferral else { return true }
    if Double(inService) < deferral.below * batchSlots, admission?.deferred[stream].isEmpty == true {
      return true
    }
    admission?.deferred[stream].append(request)
    if let seconds = deferral.withinSeconds {
      queue.push(
        .deferralOver(stream: request.stream), at: max(time, request.arrival + SimDuration(seconds: seconds)))
    }
    return false
  }

  /// Batch slots of the replicas that answer.
  private var batchSlots: Double { Double(engine.options.maximumBatchSize * deployment.replicas) }

  private mutating func turnAway(_ request: Request, _ reason: Refusal, at time: SimTime) {
    shop.observations.refuse(request.stream, reason, at: time)
    refused(request, isTurnedAway: true, at: time)
  }

  /// The limits of a tenant have room for the request that has waited longest.
  mutating func releaseLimited(_ tenant: Int, at time: SimTime) {
    while let request = admission?.limited[tenant].first {
      if let due = admission?.tenants[tenant].take(request, at: time) {
        queue.push(.tenantReady(tenant: Int32(tenant)), at: due)
        return
      }
      admission?.limited[tenant].removeFirst()
      if hasPlace(request, at: time) { send(request, at: time) }
    }
  }

  /// Sends on what has waited for room, as far as there is some; streams in their order.
  mutating func releaseDeferred(at time: SimTime) {
    guard admission != nil else { return }
    for (index, stream) in deployment.streams.enumerated() {
      guard let deferral = stream.deferral else { continue }
      while Double(inService) < deferral.below * batchSlots,
        let request = admission?.deferred[index].popFirst()
      {
        send(request, at: time)
      }
    }
  }

  /// Sends on what has waited long enough.
  mutating func endDeferral(_ stream: Int, at time: SimTime) {
    guard let seconds = deployment.streams[stream].deferral?.withinSeconds else { return }
    while let request = admission?.deferred[stream].first,
      request.arrival + SimDuration(seconds: seconds) <= time
    {
      admission?.deferred[stream].removeFirst()
      send(request, at: time)
    }
  }
}
