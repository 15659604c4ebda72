/// Replicas that are put into service and taken out of it while a deployment runs.
extension CoupledDriver {
  /// Puts the first look at the load, and the update, into the queue.
  mutating func openFleet() {
    guard let plan = fleet?.plan else { return }
    if let seconds = plan.update?.startSeconds {
      pushFleet(.updateBegun, at: SimTime.zero + SimDuration(seconds: seconds))
    }
    for (pool, interval) in lookIntervals.enumerated() {
      guard let interval, !plan.isSteered else { continue }
      pushFleet(.fleetDue(pool: Int32(pool)), at: SimTime.zero + interval)
    }
  }

  /// From one look at the load to the next: of the pool that answers, of the prefill pool, of the planner; nil for none.
  private var lookIntervals: [SimDuration?] {
    let plan = fleet?.plan
    return [
      plan?.autoscaling?.intervalSeconds, plan?.prefillAutoscaling?.intervalSeconds,
      plan?.planner?.intervalSeconds,
    ].map { $0.map { SimDuration(seconds: $0) } }
  }

  private mutating func pushFleet(_ event: Event, at time: SimTime) {
    if case .replicaStarted = event { fleet?.pendingStarts += 1 }
    fleet?.pendingEvents += 1
    queue.push(event, at: time)
  }

  /// A look at the load of a pool, or of both.
  mutating func lookAtLoad(_ pool: Int, at time: SimTime) {
    fleet?.pendingEvents -= 1
    guard let plan = fleet?.plan, let interval = lookIntervals[pool] else { return }
    retireDrained(at: time)
    switch pool {
    case 0: if let rule = plan.autoscaling { scale(pool, by: rule, at: time) }
    case 1: if let rule = plan.prefillAutoscaling { scale(pool, by: rule, at: time) }
    default: if let planner = plan.planner { move(by: planner, at: time) }
    }
    if pool != 1 || plan.autoscaling == nil { forgetLatencies() }
    pushFleet(.fleetDue(pool: Int32(pool)), at: time + interval)
  }

  /// Notes the latencies of a request that is done, for rules that look at them.
  mutating func noteLatency(_ done: Completion) {
    guard fleet != nil else { return }
    fleet?.toFirstToken.append(done.toFirstToken.nanoseconds)
    if let perToken = done.perToken { fleet?.perToken.append(perToken.nanoseconds) }
  }

  // MARK: Autoscaling

  private mutating func scale(_ number: Int, by rule: Autoscaling, at time: SimTime) {
    let look = look(at: number)
    guard let size = fleet?.autoscalers[number]?.size(for: look, poolSize: look.replicas, at: time) else {
      return
    }
    resize(number, to: size, startSeconds: rule.startSeconds, at: time)
  }

  /// The replicas of a pool by its number: that which answers comes first.
  private func pool(_ number: Int) -> Range<Int> {
    number == 0 ? prefillReplicas..<replicas.count : 0..<prefillReplicas
  }

  /// What a look at the load of a pool finds.
  func look(at number: Int) -> PoolLook {
    var look = PoolLook()
    guard let fleet else { return look }
    let pool = pool(number)
    look.replicas = pool.count
    look.slots = engine(of: pool.lowerBound).options.maximumBatchSize
    for index in pool {
      switch fleet.status[index] {
      case .serving:
        look.serving += 1
        look.requests += loads[index].requests
        look.waiting += replicas[index].waiting.count + replicas[index].inbox.count
      case .starting: look.starting += 1
      case .off, .draining: break
      }
    }
    look.toFirstToken = fleet.toFirstToken
    look.perToken = fleet.perToken
    return look
  }

  /// Forgets the latencies that a look has found.
  mutating func forgetLatencies() {
    fleet?.toFirstToken.removeAll(keepingCapacity: true)
    fleet?.perToken.removeAll(keepingCapacity: true)
  }

  /// Puts replicas of a pool into service, or takes some out, until so many are there or starting.
  mutating func resize(_ number: Int, to size: Int, startSeconds: Double, at time: SimTime) {
    guard let state = fleet else { return }
    let pool = pool(number)
    let serving = pool.filter { state.status[$0] == .serving }
    let present = serving.count + pool.count { state.status[$0] == .starting }
    if size > present {
      grow(pool, by: size - present, startSeconds: startSeconds, at: time)
    } else {
      // Those that are still starting stay: they are what an earlier look asked for.
      for index in serving.reversed().prefix(present - size) { drain(index, at: time) }
    }
  }

  /// Puts replicas of a pool into service: those first that are being drained, then in their order.
  private mutating func grow(_ pool: Range<Int>, by count: Int, startSeconds: Double, at time: SimTime) {
    var left = count
    for index in pool
    where left > 0 && fleet?.status[index] == .draining && fleet?.updating.contains(index) == false {
      fleet?.set(index, .serving, at: time)
      left -= 1
    }
    for index in pool where left > 0 && fleet?.status[index] == .off {
      begin(index, after: startSeconds, at: time)
      left -= 1
    }
  }

  private mutating func begin(_ index: Int, after seconds: Double, at time: SimTime) {
    fleet?.set(index, .starting, at: time)
    fleet?.outcome.starts += 1
    pushFleet(.replicaStarted(replica: Int32(index)), at: time + SimDuration(seconds: seconds))
  }

  /// A replica has loaded its model.
  mutating func startServing(_ index: Int, at time: SimTime) {
    fleet?.pendingEvents -= 1
    fleet?.pendingStarts -= 1
    fleet?.set(index, .serving, at: time)
    if fleet?.updating.remove(index) != nil { continueUpdate(at: time) }
    placeParked(at: time)
  }

  /// A replica gets no more requests; when it has none left it is taken out.
  private mutating func drain(_ index: Int, at time: SimTime) {
    fleet?.set(index, .draining, at: time)
    fleet?.outcome.drains += 1
    retire(index, at: time)
  }

  /// Takes replicas out that have nothing left to do.
  mutating func retireDrained(at time: SimTime) {
    guard fleet != nil else { return }
    for index in replicas.indices { retire(index, at: time) }
  }

  /// Takes a replica out that is being drained, if it has nothing left to do.
  mutating func retire(_ index: Int, at time: SimTime) {
    guard let state = fleet, state.status[index] == .draining, loads[index].requests == 0,
      !replicas[index].hasWork,
      replicas[index].cache.used == 0
    else { return }
    // What its prefix cache held is gone.
    _ = replicas[index].fail(at: time, engine: engine(of: index), shop: &shop)
    view?.forget(index)
    if state.updating.contains(index), let seconds = state.plan.update?.restartSeconds {
      begin(index, after: seconds, at: time)
      return
    }
    fleet?.set(index, .off, at: time)
    guard let planner = state.plan.planner else { return }
    let freed = accelerators(of: index)
    fleet?.spare += freed
    while let heir = fleet?.heirs.first, let spare = fleet?.spare, spare >= accelerators(of: heir) {
      fleet?.heirs.removeFirst()
      spend(on: heir)
      begin(heir, after: planner.startSeconds, at: time)
    }
  }

  private mutating func spend(on heir: Int) {
    let needed = accelerators(of: heir)
    fleet?.spare -= needed
  }

  private func accelerators(of index: Int) -> Int {
    index < prefillReplicas
      ? deployment.prefill?.acceleratorsPerReplica ?? 1 : deployment.acceleratorsPerReplica
  }

  // MARK: Rolling update

  /// The update begins: every replica that is on is to be drained and started again.
  mutating func beginUpdate(at time: SimTime) {
    fleet?.pendingEvents -= 1
    let serving = replicas.indices.filter { fleet?.status[$0] == .serving }
    fleet?.toUpdate = serving
    continueUpdate(at: time)
  }

  private mutating func continueUpdate(at time: SimTime) {
    guard let update = fleet?.plan.update else { return }
    while let state = fleet, state.updating.count < update.atOnce, let index = state.toUpdate.first {
      fleet?.toUpdate.removeFirst()
      // Autoscaling may have taken it out since.
      guard state.status[index] == .serving else { continue }
      fleet?.updating.insert(index)
      drain(index, at: time)
    }
  }

  // MARK: Planner

  private mutating func move(by planner: PoolPlanner, at time: SimTime) {
    guard let state = fleet, state.heirs.isEmpty, state.pendingStarts == 0,
      let toFirstToken = state.toFirstToken.quantileSeconds(0.9),
      let perToken = state.perToken.quantileSeconds(0.9)
    else { return }
    let prefill = toFirstToken / planner.timeToFirstTokenSeconds
    let decode = perToken / planner.timePerOutputTokenSeconds
    let prefillPool = 0..<prefillReplicas
    let decodePool = prefillReplicas..<replicas.count
    if prefill > 1, decode < planner.slack {
      give(from: decodePool, to: prefillPool, at: time)
    } else if decode > 1, prefill < planner.slack {
      give(from: prefillPool, to: decodePool, at: time)
    }
  }

  /// Drains as many replicas of one pool as make one of the other, which starts when they are out.
  private mutating func give(from giver: Range<Int>, to taker: Range<Int>, at time: SimTime) {
    guard let state = fleet, let heir = taker.first(where: { state.status[$0] == .off }) else { return }
    let serving = giver.filter { state.status[$0] == .serving }
    let missing = accelerators(of: heir) - state.spare
    let count = max(
      0, (missing + accelerators(of: giver.lowerBound) - 1) / accelerators(of: giver.lowerBound))
    guard serving.count > count else { return }
    fleet?.heirs.append(heir)
    for index in serving.reversed().prefix(count) { drain(index, at: time) }
    guard count == 0, let planner = state.plan.planner else { return }
    fleet?.heirs.removeFirst()
    spend(on: heir)
    begin(heir, after: planner.startSeconds, at: time)
  }
}
