/// KV caches that go from prefill to decode replicas over links that they share.
///
/// Each accelerator of a prefill replica's attention group sends its part to its counterparts of a decode replica's group,
/// as flows of which each gets a max-min fair share of the links on its way. A cache has come when its last flow has.
public struct TransferPlan: Sendable, Equatable {
  /// What joins the accelerators; rates are those that transfers reach.
  public var fabric: FabricDescription
  /// The accelerators of each replica, those of the prefill pool first, attention group by attention group.
  public var accelerators: [[Int]]
  /// Attention groups of a prefill replica, >= 1.
  public var prefillGroups: Int
  /// Attention groups of a decode replica, >= 1.
  public var decodeGroups: Int
  /// What one flow carries for each prompt token, and whatever its length, in bytes.
  public var bytesPerToken: Double
  /// See ``bytesPerToken``.
  public var fixedBytes: Double
  /// Links that are out of service for a time.
  public var outages: [LinkOutage]

  /// A link or network adapter that is out of service.
  public struct LinkOutage: Sendable, Equatable {
    /// The node that it belongs to.
    public var node: Int
    /// The network adapter of the node, from 0.
    public var nic: Int
    /// From when on and how long, in seconds; nil: for good.
    public var startSeconds: Double
    /// See ``startSeconds``.
    public var seconds: Double?

    /// An outage.
    public init(node: Int, nic: Int, startSeconds: Double, seconds: Double?) {
      self.node = node
      self.nic = nic
      self.startSeconds = startSeconds
      self.seconds = seconds
    }
  }

  /// A plan; see the properties for ranges.
  public init(
    fabric: FabricDescription, accelerators: [[Int]], prefillGroups: Int, decodeGroups: Int,
    bytesPerToken: Double,
    fixedBytes: Double = 0, outages: [LinkOutage] = []
  ) {
    self.fabric = fabric
    self.accelerators = accelerators
    self.prefillGroups = prefillGroups
    self.decodeGroups = decodeGroups
    self.bytesPerToken = bytesPerToken
    self.fixedBytes = fixedBytes
    self.outages = outages
  }

  /// The accelerators of an attention group of a replica.
  func group(_ group: Int, of replica: Int, isPrefill: Bool) -> ArraySlice<Int> {
    let all = accelerators[replica]
    let size = all.count / (isPrefill ? prefillGroups : decodeGroups)
    return all[group * size..<(group + 1) * size]
  }
}

/// The transfers under way.
struct TransferState {
  /// A flow of a transfer.
  struct Part {
    let slot: Int32
    let target: Int32
    let from: Int
    let to: Int
    /// Nil where nothing joins its ends at present: it waits.
    var flow: FlowID?
    var bytesLeft: Double
    var isFree = false
  }

  let plan: TransferPlan
  var fabric: Fabric
  var network: FlowNetwork
  var parts: [Part] = []
  private var free: [Int] = []
  /// Parts of each request's transfer that have not come, by slot.
  var missing: [Int32: Int] = [:]
  /// The next attention group to receive, by replica.
  var nextGroup: [Int]
  /// The transfer that starts next: what spreads flows over parallel links.
  var number: UInt64 = 0
  /// The completion that the queue knows of.
  var generation: UInt32 = 0

  init(_ plan: TransferPlan) {
    self.plan = plan
    fabric = Fabric(plan.fabric)
    network = fabric.network()
    nextGroup = Array(repeating: 0, count: plan.accelerators.count)
  }

  /// Starts the flows of one cache.
  mutating func start(slot: Int32, source: Int, sourceGroup: Int, target: Int, tokens: Int, at time: SimTime)
  {
    let group = nextGroup[target]
    nextGroup[target] = (group + 1) % plan.decodeGroups
    let senders = plan.group(sourceGroup, of: source, isPrefill: true)
    let receivers = plan.group(group, of: target, isPrefill: false)
    let count = max(senders.count, receivers.count)
    let bytes = max(1, plan.fixedBytes + plan.bytesPerToken * Double(tokens))
    missing[slot] = count
    for index in 0..<count {
      let part = Part(
        slot: slot, target: Int32(target), from: senders[senders.startIndex + index * senders.count / count],
        to: receivers[receivers.startIndex + index * receivers.count / count], bytesLeft: bytes)
      let place: Int
      if let old = free.popLast() {
        place = old
        parts[old] = part
      } else {
        place = parts.count
        parts.append(part)
      }
      send(place, at: time)
    }
    number += 1
  }

  /// Puts a part on its way; it waits where there is none.
  private mutating func send(_ place: Int, at time: SimTime) {
    let part = parts[place]
    guard part.from != part.to,
      let route = fabric.route(from: .accelerator(part.from), to: .accelerator(part.to), key: number)
    else { return }
    parts[place].flow = network.start(
      route: route, bytes: part.bytesLeft, rateCap: .infinity, payload: Int64(place), at: time)
  }

  /// A network adapter fails or is back: flows that it carried take another way, or wait for one.
  mutating func setNIC(node: Int, nic: Int, isFailed: Bool, at time: SimTime) {
    for link in [fabric.nicUp(node: node, rail: nic), fabric.nicDown(node: node, rail: nic)] {
      fabric.setFailed(link, isFailed)
      network.setCapacity(link, bytesPerSecond: isFailed ? 0 : fabric.bytesPerSecond(link), at: time)
    }
    for place in parts.indices where !parts[place].isFree {
      if let flow = parts[place].flow {
        parts[place].bytesLeft = max(1, network.cancel(flow, at: time))
        parts[place].flow = nil
      }
      send(place, at: time)
    }
  }

  /// A part has come; the request and its replica when it was the last one.
  mutating func arrived(_ place: Int) -> (slot: Int32, target: Int32)? {
    let part = parts[place]
    parts[place].isFree = true
    parts[place].flow = nil
    free.append(place)
    let left = (missing[part.slot] ?? 1) - 1
    missing[part.slot] = left == 0 ? nil : left
    return left == 0 ? (part.slot, part.target) : nil
  }
}
