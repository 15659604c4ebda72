import CostModel

/// Transfers over links that others use too.
extension CoupledDriver {
  /// Puts the outages of links into the queue.
  mutating func openLinks() {
    guard let plan = transfers?.plan else { return }
    for (index, background) in plan.backgrounds.enumerated() {
      let begin = SimTime.zero + SimDuration(seconds: background.startSeconds)
      queue.push(.backgroundChanged(index: Int32(index), isOn: true), at: begin)
      if let seconds = background.seconds {
        queue.push(
          .backgroundChanged(index: Int32(index), isOn: false), at: begin + SimDuration(seconds: seconds))
      }
    }
    for (index, outage) in plan.outages.enumerated() {
      let begin = SimTime.zero + SimDuration(seconds: outage.startSeconds)
      queue.push(.linkChanged(outage: Int32(index), isFailed: true), at: begin)
      if let seconds = outage.seconds {
        queue.push(
          .linkChanged(outage: Int32(index), isFailed: false), at: begin + SimDuration(seconds: seconds))
      }
    }
  }

  /// A link fails or is back.
  mutating func changeLink(_ outage: Int, isFailed: Bool, at time: SimTime) {
    guard let link = transfers?.plan.outages[outage] else { return }
    transfers?.setNIC(node: link.node, nic: link.nic, isFailed: isFailed, at: time)
    queueArrival()
  }

  /// Traffic of others begins or ends.
  mutating func changeBackground(_ index: Int, isOn: Bool, at time: SimTime) {
    transfers?.setBackground(index, isOn: isOn, at: time)
    queueArrival()
  }

  /// What the steps of a replica send over links that transfers share: as much a second as the first step of those with
  /// one batch, however many are taken at once.
  mutating func countExchange(of index: Int, at time: SimTime) {
    guard transfers?.shares.countSteps == true else { return }
    let replica = replicas[index]
    var rate = 0.0
    if replica.isBusy, let regime = replica.regime {
      guard regime.done == 0 else { return }
      let queries = engine(of: index).cost.queries
      let tokens = replica.chunks.reduce(replica.decodesOfStep * queries) { $0 + $1.tokens }
      rate = Double(tokens) / regime.first[.time]
    }
    if transfers?.setStepRate(of: index, tokensPerSecond: rate, at: time) == true { queueArrival() }
  }

  /// Steps that begin from now on exchange over what the flows at hand leave them.
  private mutating func feelTransfers() {
    guard transfers?.shares.countSteps == true else { return }
    for index in replicas.indices {
      guard let stretch = transfers?.stretch(of: index), stretch != replicas[index].pace.exchange else {
        continue
      }
      replicas[index].pace.exchange = stretch
      if replicas[index].cut(at: queue.now, everySteps: 1) { queueCompletion(index) }
    }
  }

  /// Flows that are over: caches whose last one was among them have come, but for their latency.
  mutating func completeFlows(at time: SimTime) {
    let latency = SimDuration(seconds: deployment.prefill?.handOff.latencySeconds ?? 0)
    while let done = transfers?.network.popCompleted(at: time) {
      if let whole = transfers?.arrived(Int(done.payload), at: time) {
        queue.push(.cacheTransferred(replica: whole.target, slot: whole.slot), at: time + latency)
      }
    }
    queueArrival()
  }

  /// Tells the queue when the next flow will be over, and steps what flows leave of their links.
  mutating func queueArrival() {
    feelTransfers()
    guard let next = transfers?.network.nextCompletion else { return }
    transfers?.generation &+= 1
    guard next != .never, let generation = transfers?.generation else { return }
    queue.push(.flowsCompleted(generation: generation), at: next)
  }
}
