/// Caches that leave layer by layer while their prompts are worked on.
///
/// The decode replica is chosen when the first part of a prompt is begun, and counts as its load from then on. What comes
/// early waits beside the KV cache that its scheduler counts: in a buffer of its accelerators or its host (Mooncake).
extension CoupledDriver {
  /// A prefill step begins: all but the last layer of what it works on leaves meanwhile.
  mutating func streamChunks(of index: Int, at time: SimTime) {
    guard transfers?.plan.streamedLayers != nil, let handOff = deployment.prefill?.handOff else { return }
    let seconds = (replicas[index].plannedEnd - time).seconds
    for chunk in replicas[index].chunks {
      let request = shop.requests[chunk.slot]
      // An answer of one token needs no decode replica.
      if request.maximumOutput == 1 { continue }
      if transfers?.transfers[chunk.slot] == nil {
        guard let target = pickAnswering(handedOver, request, at: time) else { continue }
        handedOver += 1
        reserve(target, for: request, by: 1)
        let group = nextLink[index]
        nextLink[index] = (group + 1) % handOff.links
        transfers?.open(
          chunk.slot, source: index, sourceGroup: group, target: target, epoch: faults?.epochs[target] ?? 0)
      }
      transfers?.stream(chunk.slot, upTo: Int(request.progress) + chunk.tokens, over: seconds, at: time)
      transfers?.number += 1
    }
    queueArrival()
  }

  /// A request counts, or no longer counts, to the load of the replica that will answer it, while another one has it in
  /// service.
  private mutating func reserve(_ replica: Int, for request: Request, by change: Int) {
    loads[replica].requests += change
    loads[replica].tokens += change * Int(request.input)
  }

  /// The requests whose prompts the step in progress works on; none where caches leave afterwards.
  func streamedSlots(of index: Int) -> [Int32] {
    transfers?.plan.streamedLayers == nil ? [] : replicas[index].chunks.map(\.slot)
  }

  /// A prefill step is over: its last layer leaves.
  mutating func releaseLayers(of slots: [Int32], at time: SimTime) {
    for slot in slots {
      let state = shop.requests[slot].state
      // An answer that ends with its first token goes nowhere.
      if state == .free {
        dropStream(slot, lightens: true, at: time)
      } else {
        transfers?.release(slot, isLast: state == .handedOver, at: time)
      }
    }
    queueArrival()
  }

  /// A decode replica has room for a request whose cache is on its way to it already; false where that isn't so.
  mutating func awaitStream(_ slot: Int32, to target: Int, at time: SimTime) -> Bool {
    guard let transfer = transfers?.transfers[slot] else { return false }
    guard transfer.target == target, transfer.epoch == faults?.epochs[target] ?? 0 else {
      transfers?.cancel(slot, at: time)
      return false
    }
    transfers?.transfers[slot]?.isAwaited = true
    transfers?.transfers[slot]?.awaitedSince = time
    if transfers?.finish(slot, at: time) != nil {
      let latency = SimDuration(seconds: deployment.prefill?.handOff.latencySeconds ?? 0)
      let arrival = time + SimDuration(nanoseconds: max(latency.nanoseconds, 1))
      queue.push(.cacheTransferred(replica: Int32(target), slot: slot), at: arrival)
    }
    return true
  }

  /// A request has lost its replica: what is on its way is of no use.
  mutating func dropStream(_ slot: Int32, lightens: Bool, at time: SimTime) {
    guard let transfer = transfers?.transfers[slot] else { return }
    if lightens { reserve(transfer.target, for: shop.requests[slot], by: -1) }
    transfers?.cancel(slot, at: time)
    queueArrival()
  }
}
