/// One direction of a link; links are numbered from 0 in the order in which they were added.
struct LinkID: Hashable, Sendable {
  var index: Int32
}

/// A flow on its way.
///
/// Its slot is used again when it has ended; the generation tells the two apart.
struct FlowID: Hashable, Sendable {
  var slot: Int32
  var generation: UInt32
}

/// Flows that share links max-min fairly.
///
/// A flow moves bytes over all links of its route at once, at one rate. Rates are max-min fair: a flow goes as fast
/// as its own cap allows, or it crosses a full link on which no flow is faster (Bertsekas and Gallager, "Data
/// Networks", 6.5.2). Between two changes every rate is constant.
///
/// What changes at one instant is settled together, when the clock moves on or someone asks. Only flows whose rate
/// really changes are touched, so no other completion moves, not even by rounding.
struct FlowNetwork: Sendable {
  /// What a change of rates reads and writes of a flow.
  struct FlowState {
    /// Max-min fair, in bytes/s: the lowest of its ceiling and the levels of its links.
    var rate = 0.0
    /// The lowest of its own cap and the capacities of its links, in bytes/s.
    var ceiling = 0.0
    var route = SpanArena<Hop>.Span()
    var hopCount: Int32 = 0
    var isTouched = false
    var isAlive = false
  }

  /// How far a flow has come.
  struct FlowProgress {
    var number: Int64 = 0
    var payload: Int64 = 0
    /// Its own limit in bytes/s.
    var rateCap = Double.infinity
    /// Left at the anchor.
    var bytesLeft = 0.0
    /// Left when it took to its present route.
    var bytesAtRouteStart = 0.0
    /// In bytes/s since the anchor.
    var movingRate = 0.0
    var anchor = SimTime.zero
    /// Before this instant it doesn't end.
    var earliestEnd = SimTime.zero
    var generation: UInt32 = 0

    /// Left at an instant between the anchor and the end.
    func bytesLeft(at time: SimTime) -> Double {
      let elapsed = time - anchor
      // Also for a flow that nothing holds: its rate is infinite.
      if elapsed == .zero { return bytesLeft }
      return max(0, bytesLeft - movingRate * Double(elapsed.nanoseconds) / 1e9)
    }

    /// Moves the anchor; `planned` is when the flow was to end, in nanoseconds.
    mutating func moveOn(to time: SimTime, planned: Int64) {
      bytesLeft = planned <= time.nanoseconds ? 0 : bytesLeft(at: time)
      anchor = time
    }

    /// When it ends at its present rate.
    var end: SimTime {
      let earliest = max(earliestEnd, anchor)
      if bytesLeft == 0 { return earliest }
      let seconds = bytesLeft / movingRate
      // Three centuries; a flow that stalls takes longer still.
      guard seconds < 9e9 else { return .never }
      let nanoseconds = SimDuration(seconds: seconds).nanoseconds
      let (sum, overflows) = anchor.nanoseconds.addingReportingOverflow(nanoseconds)
      return overflows ? .never : max(earliest, SimTime(nanoseconds: sum))
    }
  }

  struct LinkState {
    /// For flows, in bytes/s.
    var capacity = 0.0
    /// The sum of its flows' rates while it limits none of them.
    var load = 0.0
    var members = SpanArena<Member>.Span()
    var memberCount: Int32 = 0
    /// Changes of `load` since it was last summed up.
    var loadChanges: Int32 = 0
    var isDirty = false

    /// A link loaded above this share of its capacity is looked at again.
    private static let nearlyFull = 1 - 1e-9
    /// A load adjusted more often than this is summed up anew, long before its rounding matters.
    private static let loadChangesLimit: Int32 = 100_000

    /// Adjusts the load; says whether the link has to be looked at.
    @inline(__always)
    mutating func addLoad(_ change: Double) -> Bool {
      load += change
      loadChanges += 1
      return load > capacity * Self.nearlyFull || loadChanges > Self.loadChangesLimit
    }
  }

  struct LinkAccount {
    /// In bytes/s, before background traffic.
    var nominal: Double
    /// Taken by background traffic, of `nominal`.
    var backgroundShare = 0.0
    /// Moved by flows that have left it.
    var carriedBytes = 0.0
    var movingFlows: Int32 = 0
    var busySince = SimTime.zero
    var busyNanoseconds: Int64 = 0
  }

  /// A link of a route, and where the flow stands among the link's members.
  struct Hop {
    var link: Int32 = 0
    var place: Int32 = 0
  }

  /// A flow on a link, and which of all hops that is.
  struct Member {
    var flow: Int32 = 0
    var hop: Int32 = 0
  }

  var flows: [FlowState] = []
  var progress: [FlowProgress] = []
  var links: [LinkState] = []
  /// What a flow gets that a link limits, in bytes/s; infinite where a link limits none.
  var levels: [Double] = []
  var accounts: [LinkAccount] = []
  var hops = SpanArena<Hop>(filler: Hop())
  var members = SpanArena<Member>(filler: Member())
  var completions = CompletionHeap()
  /// Links whose level may have changed.
  var dirty = LevelQueue()
  /// Flows whose rate may have changed.
  var touched: [Int32] = []
  /// For each member of the link in hand: what its ceiling and its other links allow.
  var bounds: [Double] = []
  var room: [Double] = []
  private var freeSlots: [Int32] = []
  private var started: Int64 = 0
  /// The last instant at which something changed.
  private(set) var now = SimTime.zero
  /// Levels that were worked out since the beginning, for tests and reports of cost.
  var relevelings = 0

  /// A network without links.
  init() {}

  /// A network of links with these capacities in bytes/s, >= 0.
  init(capacitiesBytesPerSecond capacities: [Double]) {
    for capacity in capacities { addLink(bytesPerSecond: capacity) }
  }

  /// Adds one direction of a link, of a capacity >= 0 in bytes/s.
  @discardableResult
  mutating func addLink(bytesPerSecond: Double) -> LinkID {
    precondition(bytesPerSecond >= 0 && bytesPerSecond < .infinity, "not a capacity: \(bytesPerSecond)")
    links.append(LinkState(capacity: bytesPerSecond))
    levels.append(.infinity)
    accounts.append(LinkAccount(nominal: bytesPerSecond))
    return LinkID(index: Int32(links.count - 1))
  }

  var linkCount: Int { links.count }
  var flowCount: Int { completions.count }

  /// Starts a flow at `time`, not before `now`; it ends at least 1 ns later.
  ///
  /// - Parameters:
  ///   - route: the links that it crosses, all different; none: only its cap holds it.
  ///   - bytes: to be moved, >= 0.
  ///   - rateCap: its own limit in bytes/s, > 0.
  ///   - payload: whatever the caller wants to find again at the end.
  ///   - time: when it starts.
  /// - Returns: its name until it has ended.
  @discardableResult
  mutating func start(
    route: [LinkID], bytes: Double, rateCap: Double = .infinity, payload: Int64 = 0,
    at time: SimTime
  ) -> FlowID {
    precondition(bytes >= 0 && bytes < .infinity, "a flow of \(bytes) bytes")
    precondition(rateCap > 0, "a flow's cap must be above 0")
    advance(to: time)
    let slot = newSlot()
    let generation = progress[Int(slot)].generation
    progress[Int(slot)] = FlowProgress(
      number: started, payload: payload, rateCap: rateCap, bytesLeft: bytes, bytesAtRouteStart: bytes,
      anchor: time, earliestEnd: time + SimDuration(nanoseconds: 1), generation: generation)
    started += 1
    flows[Int(slot)].isAlive = true
    enter(slot, route: route)
    // Its end is set when rates are settled.
    completions.set(
      .init(nanoseconds: SimTime.never.nanoseconds, number: progress[Int(slot)].number, slot: slot))
    touch(Int(slot))
    return FlowID(slot: slot, generation: generation)
  }

  /// Ends a flow before its time.
  /// - Returns: the bytes that are left.
  @discardableResult
  mutating func cancel(_ flow: FlowID, at time: SimTime) -> Double {
    let slot = live(flow)
    advance(to: time)
    moveOn(Int(slot))
    let bytesLeft = progress[Int(slot)].bytesLeft
    retire(slot)
    return bytesLeft
  }

  /// Sends the rest of a flow over other links.
  mutating func reroute(_ flow: FlowID, _ route: [LinkID], at time: SimTime) {
    let slot = live(flow)
    advance(to: time)
    moveOn(Int(slot))
    leave(slot)
    progress[Int(slot)].bytesAtRouteStart = progress[Int(slot)].bytesLeft
    enter(slot, route: route)
    if progress[Int(slot)].movingRate > 0 { countMoving(slot, by: 1) }
    touch(Int(slot))
  }

  /// When the next flow ends; `.never` where none will.
  var nextCompletion: SimTime {
    mutating get {
      settle()
      return SimTime(nanoseconds: completions.first?.nanoseconds ?? SimTime.never.nanoseconds)
    }
  }

  /// Takes out a flow that ends at `time` or before: the earliest, of several the one that started first.
  ///
  /// A flow that ended before `time` leaves its links at its own instant: call until nothing is left.
  mutating func popCompleted(at time: SimTime) -> (flow: FlowID, payload: Int64)? {
    precondition(time >= now, "the clock ran backwards")
    // What has changed at this very instant can't hold up what ends at it.
    if time > now || (completions.first?.nanoseconds ?? .max) > now.nanoseconds { settle() }
    guard let first = completions.first, first.nanoseconds <= time.nanoseconds,
      first.nanoseconds < SimTime.never.nanoseconds
    else { return nil }
    now = max(now, SimTime(nanoseconds: first.nanoseconds))
    let slot = Int(first.slot)
    let flow = FlowID(slot: first.slot, generation: progress[slot].generation)
    progress[slot].bytesLeft = 0
    progress[slot].anchor = now
    let payload = progress[slot].payload
    retire(first.slot)
    return (flow, payload)
  }

  /// Moves the clock, with everything that changed before worked in.
  mutating func advance(to time: SimTime) {
    precondition(time >= now, "the clock ran backwards: \(time.nanoseconds) ns after \(now.nanoseconds) ns")
    guard time > now else { return }
    settle()
    if let first = completions.first {
      precondition(
        first.nanoseconds >= time.nanoseconds,
        "a flow that ended at \(first.nanoseconds) ns was passed over at \(time.nanoseconds) ns")
    }
    now = time
  }

  /// The slot of a flow that has not ended.
  func live(_ flow: FlowID) -> Int32 {
    precondition(isUnderWay(flow), "the flow in slot \(flow.slot) has ended")
    return flow.slot
  }

  /// Whether a flow has neither ended nor been cancelled.
  func isUnderWay(_ flow: FlowID) -> Bool {
    flow.slot < flows.count && flows[Int(flow.slot)].isAlive
      && progress[Int(flow.slot)].generation == flow.generation
  }

  private mutating func newSlot() -> Int32 {
    if let slot = freeSlots.popLast() { return slot }
    flows.append(FlowState())
    progress.append(FlowProgress())
    return Int32(flows.count - 1)
  }

  private mutating func retire(_ slot: Int32) {
    leave(slot)
    flows[Int(slot)].isAlive = false
    progress[Int(slot)].generation &+= 1
    completions.remove(slot)
    freeSlots.append(slot)
  }
}
