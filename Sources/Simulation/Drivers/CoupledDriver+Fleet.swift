/// Replicas that are put into service and taken out of it while a deployment runs.
extension CoupledDriver {
  /// Puts the first look at the load, and the update, into the queue.
  mutating func openFleet() {
    guard let plan = fleet?.plan else { return }
    if let seconds = plan.update?.startSeconds {
      pushFleet(.updateBegun, at: SimTime.zero + SimDuration(seconds: seconds))
    }
    for (pool, interval) in lookIntervals.enumerated() {
      guard let interval else { continue }
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
    case 0:
      if let rule = plan.autoscaling { scale(prefillReplicas..<replicas.count, by: rule, pool, at: time) }
    case 1: if let rule = plan.prefillAutoscaling { scale(0..<prefillReplicas, by: rule, pool, at: time) }
    default: if let planner = plan.planner { move(by: planner, at: time) }
    }
    if pool != 1 || plan.autoscaling == nil {
      fleet?.toFirstToken.removeAll(keepingCapacity: true)
      fleet?.perToken.removeAll(keepingCapacity: true)
    }
    pushFleet(.fleetDue(pool: Int32(pool)), at: time + interval)
  }

  /// Notes the latencies of a request that is done, for rules that look at them.
  mutating func noteLatency(_ done: Completion) {
    guard fleet != nil else { return }
    fleet?.toFirstToken.append(done.toFirstToken.nanoseconds)
    if let perToken = done.perToken { fleet?.perToken.append(perToken.nanoseconds) }
  }

  // MARK: Autoscaling

  private mutating func scale(_ pool: Range<Int>, by rule: Autoscaling, _ number: Int, at time: SimTime) {
    guard let state = fleet else { return }
    let serving = pool.filter { state.status[$0] == .serving }
    let present = serving.count + pool.count { state.status[$0] == .starting }
    guard let ratio = ratio(rule.signal, serving) else { return }
    var wish = present
    if abs(ratio - 1) > Autoscaling.tolerance {
      wish = Int(min((Double(present) * ratio).rounded(.up), Double(pool.count)))
    }
    wish = min(max(wish, rule.minimum), pool.count)
    // The largest size asked for of late counts.
    let window = SimDuration(seconds: rule.stabilisationSeconds)
    fleet?.wishes[number].removeAll { time - $0.time > window }
    fleet?.wishes[number].append((time, wish))
    let largest = fleet?.wishes[number].reduce(0) { max($0, $1.replicas) } ?? wish
    if wish > present {
      grow(pool, by: wish - present, startSeconds: rule.startSeconds, at: time)
    } else if largest < present {
      // Those that are still starting stay: they are what an earlier look asked for.
      for index in serving.reversed().prefix(present - largest) { drain(index, at: time) }
    }
  }

  /// Signal over target; nil where there is nothing to go by.
  private func ratio(_ signal: ScalingSignal, _ serving: [Int]) -> Double? {
    switch signal {
    case .utilisation(let target):
      let batch = engine(of: serving.first ?? 0).options
      let slots = batch.maximumBatchSize * max(serving.count, 1)
      return Double(serving.reduce(0) { $0 + loads[$1].requests }) / Double(slots) / target
    case .queue(let target):
      let waiting = serving.reduce(0) { $0 + replicas[$1].waiting.count + replicas[$1].inbox.count }
      return Double(waiting) / Double(max(serving.count, 1)) / target
    case .timeToFirstToken(let target):
      return fleet?.toFirstToken.quantileSeconds(0.9).map { $0 / target }
    case .timePerOutputToken(let target):
      return fleet?.perToken.quantileSeconds(0.9).map { $0 / target }
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
