/// The transfers under way.
struct TransferState {
  /// A flow of a transfer.
  struct Part {
    let slot: Int32
    let from: Int
    let to: Int
    /// The adapter of either node that it takes where it can; -1: any of its accelerators'.
    let rail: Int
    /// Its limit at present, in bytes/s.
    var cap: Double
    /// What it has still to carry, as of when its flow began; 0: nothing at present.
    var bytesLeft: Double
    /// Nil where it has nothing to carry, or nothing joins its ends at present: then it waits.
    var flow: FlowID?
    var isFree = false
  }

  /// A cache on its way.
  struct Transfer {
    let source: Int
    let target: Int
    /// How often the target had failed when it began.
    let epoch: UInt32
    let parts: [Int]
    /// Parts that have something left to carry.
    var missing = 0
    /// Tokens of the prompt that were given to it.
    var tokens = 0
    /// The last layer of those that the step in progress works on leaves when it is over, in bytes a part.
    var heldBack = 0.0
    /// Whether all of the cache was given to it, and whether the decode replica has room for it.
    var isWhole = false
    var isAwaited = false
    /// When the decode replica had room.
    var awaitedSince = SimTime.zero
    /// All that was given to it.
    var bytes = 0.0
  }

  let plan: TransferPlan
  var fabric: Fabric
  var network: FlowNetwork
  var shares: LinkShares
  var parts: [Part] = []
  private var free: [Int] = []
  /// By the request's slot.
  var transfers: [Int32: Transfer] = [:]
  /// The next attention group to receive, by replica.
  var nextGroup: [Int]
  /// The transfer that starts next: what spreads flows over parallel links.
  var number: UInt64 = 0
  /// The completion that the queue knows of.
  var generation: UInt32 = 0
  var outcome = TransferOutcome()

  init(_ plan: TransferPlan) {
    self.plan = plan
    fabric = Fabric(plan.fabric)
    network = fabric.network()
    shares = LinkShares(plan, fabric: fabric)
    nextGroup = Array(repeating: 0, count: plan.accelerators.count)
  }

  /// Opens the way of a request's cache; nothing moves yet.
  mutating func open(_ slot: Int32, source: Int, sourceGroup: Int, target: Int, epoch: UInt32 = 0) {
    let group = nextGroup[target]
    nextGroup[target] = (group + 1) % plan.decodeGroups
    let senders = plan.group(sourceGroup, of: source, isPrefill: true)
    let receivers = plan.group(group, of: target, isPrefill: false)
    let count = max(senders.count, receivers.count)
    let stripes = plan.adaptersPerFlow
    var places: [Int] = []
    for index in 0..<count {
      let from = senders[senders.startIndex + index * senders.count / count]
      let to = receivers[receivers.startIndex + index * receivers.count / count]
      for stripe in 0..<stripes {
        places.append(
          take(
            Part(
              slot: slot, from: from, to: to, rail: stripes > 1 ? stripe : -1, cap: .infinity, bytesLeft: 0)))
      }
    }
    transfers[slot] = Transfer(source: source, target: target, epoch: epoch, parts: places)
  }

  private mutating func take(_ part: Part) -> Int {
    if let old = free.popLast() {
      parts[old] = part
      return old
    }
    parts.append(part)
    return parts.count - 1
  }

  /// Starts the flows of one cache.
  mutating func start(slot: Int32, source: Int, sourceGroup: Int, target: Int, tokens: Int, at time: SimTime)
  {
    open(slot, source: source, sourceGroup: sourceGroup, target: target)
    transfers[slot]?.isAwaited = true
    transfers[slot]?.awaitedSince = time
    transfers[slot]?.isWhole = true
    let bytes = max(1, plan.fixedBytes + plan.bytesPerToken * Double(tokens))
    give(slot, bytes: bytes, over: nil, at: time)
    number += 1
  }

  /// Gives a transfer what a step that begins works on, up to so many tokens of the prompt.
  ///
  /// Layers are done one after the other: all but the last leave evenly while the step takes its `seconds`.
  mutating func stream(_ slot: Int32, upTo tokens: Int, over seconds: Double, at time: SimTime) {
    guard let transfer = transfers[slot], let layers = plan.streamedLayers, tokens > transfer.tokens else {
      return
    }
    let bytes = plan.bytesPerToken * Double(tokens - transfer.tokens)
    let last = bytes / Double(layers)
    transfers[slot]?.tokens = tokens
    transfers[slot]?.heldBack += last
    give(slot, bytes: bytes - last, over: seconds, at: time)
  }

  /// The step is over: its last layer leaves, and what does not grow with the prompt where the prompt is done.
  mutating func release(_ slot: Int32, isLast: Bool, at time: SimTime) {
    guard let transfer = transfers[slot] else { return }
    let bytes = transfer.heldBack + (isLast ? plan.fixedBytes : 0)
    transfers[slot]?.heldBack = 0
    transfers[slot]?.isWhole = isLast
    give(slot, bytes: bytes, over: nil, at: time)
  }

  /// Gives each part of a transfer more to carry.
  ///
  /// - Parameters:
  ///   - slot: whose transfer.
  ///   - bytes: of each accelerator's part, >= 0.
  ///   - seconds: nothing of it ends before so many seconds are over: it is made meanwhile; nil: it is there.
  ///   - time: the present.
  mutating func give(_ slot: Int32, bytes: Double, over seconds: Double?, at time: SimTime) {
    guard var transfer = transfers[slot] else { return }
    let stripes = Double(plan.adaptersPerFlow)
    transfer.missing = 0
    transfer.bytes += bytes * Double(transfer.parts.count) / stripes
    for place in transfer.parts {
      interrupt(place, at: time)
      let left = parts[place].bytesLeft + bytes / stripes
      parts[place].bytesLeft = left
      let cap = plan.flowBytesPerSecond / stripes
      parts[place].cap = min(cap, seconds.map { left / $0 } ?? .infinity)
      if left > 0 { transfer.missing += 1 }
      send(place, at: time)
    }
    transfers[slot] = transfer
  }

  /// Takes a part off its links.
  private mutating func interrupt(_ place: Int, at time: SimTime) {
    guard let flow = parts[place].flow else { return }
    parts[place].bytesLeft = network.cancel(flow, at: time)
    parts[place].flow = nil
  }

  /// Puts a part on its way; it waits where there is none.
  private mutating func send(_ place: Int, at time: SimTime) {
    let part = parts[place]
    guard part.bytesLeft > 0, part.from != part.to else { return }
    let route =
      part.rail >= 0
      ? fabric.route(from: part.from, to: part.to, rail: part.rail, key: number)
      : fabric.route(from: .accelerator(part.from), to: .accelerator(part.to), key: number)
    guard let route else { return }
    parts[place].flow = network.start(
      route: route, bytes: part.bytesLeft, rateCap: part.cap, payload: Int64(place), at: time)
  }

  /// A network adapter fails or is back: flows that it carried take another way, or wait for one.
  mutating func setNIC(node: Int, nic: Int, isFailed: Bool, at time: SimTime) {
    for link in [fabric.nicUp(node: node, rail: nic), fabric.nicDown(node: node, rail: nic)] {
      fabric.setFailed(link, isFailed)
      network.setCapacity(link, bytesPerSecond: isFailed ? 0 : fabric.bytesPerSecond(link), at: time)
    }
    for place in parts.indices where parts[place].bytesLeft > 0 && !parts[place].isFree {
      interrupt(place, at: time)
      // What would be over at this very instant has its end still to come.
      parts[place].bytesLeft = max(1, parts[place].bytesLeft)
      send(place, at: time)
    }
  }

  /// Traffic of others begins or ends.
  mutating func setBackground(_ index: Int, isOn: Bool, at time: SimTime) {
    shares.set(index, isOn: isOn, in: &network, at: time)
  }

  /// The steps of a replica process so many tokens a second from now on; says whether a link's share changes.
  mutating func setStepRate(of replica: Int, tokensPerSecond: Double, at time: SimTime) -> Bool {
    shares.setRate(of: replica, tokensPerSecond: tokensPerSecond, in: &network, at: time)
  }

  /// By how much longer than alone a replica's exchanges take at present, >= 1.
  mutating func stretch(of replica: Int) -> Double { shares.stretch(of: replica, in: &network) }

  /// A part has carried what it had; the request and its replica when nothing is left of its cache.
  mutating func arrived(_ place: Int, at time: SimTime) -> (slot: Int32, target: Int32)? {
    let slot = parts[place].slot
    parts[place].flow = nil
    parts[place].bytesLeft = 0
    guard var transfer = transfers[slot] else { return nil }
    transfer.missing -= 1
    transfers[slot] = transfer
    return finish(slot, at: time)
  }

  /// Ends a transfer of which all has come; the request and its replica, nil where something is left.
  mutating func finish(_ slot: Int32, at time: SimTime) -> (slot: Int32, target: Int32)? {
    guard let transfer = transfers[slot], transfer.missing == 0, transfer.isWhole, transfer.isAwaited else {
      return nil
    }
    outcome.transfers += 1
    outcome.bytes += transfer.bytes
    outcome.waitSeconds += (time - transfer.awaitedSince).seconds
    close(slot)
    return (slot, Int32(transfer.target))
  }

  private mutating func close(_ slot: Int32) {
    guard let transfer = transfers[slot] else { return }
    for place in transfer.parts {
      parts[place].isFree = true
      free.append(place)
    }
    transfers[slot] = nil
  }

  /// Gives a transfer up.
  mutating func cancel(_ slot: Int32, at time: SimTime) {
    guard let transfer = transfers[slot] else { return }
    for place in transfer.parts { interrupt(place, at: time) }
    close(slot)
  }
}
