/// Transfers over links that others use too.
extension CoupledDriver {
  /// Puts the outages of links into the queue.
  mutating func openLinks() {
    guard let outages = transfers?.plan.outages else { return }
    for (index, outage) in outages.enumerated() {
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

  /// Flows that are over: caches whose last one was among them have come, but for their latency.
  mutating func completeFlows(at time: SimTime) {
    let latency = SimDuration(seconds: deployment.prefill?.handOff.latencySeconds ?? 0)
    while let done = transfers?.network.popCompleted(at: time) {
      if let whole = transfers?.arrived(Int(done.payload)) {
        queue.push(.cacheTransferred(replica: whole.target, slot: whole.slot), at: time + latency)
      }
    }
    queueArrival()
  }

  /// Tells the queue when the next flow will be over.
  mutating func queueArrival() {
    guard let next = transfers?.network.nextCompletion else { return }
    transfers?.generation &+= 1
    guard next != .never, let generation = transfers?.generation else { return }
    queue.push(.flowsCompleted(generation: generation), at: next)
  }
}
