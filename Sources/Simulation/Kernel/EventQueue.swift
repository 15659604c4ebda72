/// Who goes first at one instant.
///
/// The order is part of the model: it changes only with its test.
///
/// A step that ends at an instant frees what it held before a request of that instant looks for room, and the next
/// step starts after every request and every cache of that instant, so that it sees them. What a run reports begins after the steps
/// that end, and before the requests that arrive. A client that goes away at an instant gets what ends then, and makes room
/// for who comes. What fails at an instant has ended its steps of that instant, and sees no
/// request of it.
enum EventRank: UInt64 {
  case stepCompleted = 0
  case reportBegun = 1
  case faultChanged = 2
  case clientLeaves = 3
  case requestArrived = 4
  case requestReady = 5
  case requestHandedOver = 6
  case cacheTransferred = 7
  case stepDue = 8
}

/// What happens, with ids for payload.
enum Event: Equatable {
  /// The planned stretch of a replica ends, unless its generation has moved on.
  case stepsCompleted(replica: Int32, generation: UInt32)
  /// All warm-ups are over: the reported part of the run begins.
  case reportBegun
  /// A fault domain fails, or is back; `ofItself`: not by the script.
  case faultBegun(domain: Int32, ofItself: Bool)
  case faultOver(domain: Int32, ofItself: Bool)
  /// A spare serves in a replica's place, unless that is back or has failed again since.
  case spareReady(replica: Int32, epoch: UInt32)
  /// A client goes away, if its request is still in the slot; `withoutToken`: unless it has got one.
  case clientLeaves(stream: Int32, slot: Int32, withoutToken: Bool)
  /// The limits of a tenant have room for a request that waits for them.
  case tenantReady(tenant: Int32)
  /// A request of a stream has been deferred for long enough.
  case deferralOver(stream: Int32)
  /// The load of a pool is looked at; pool 2 is both.
  case fleetDue(pool: Int32)
  /// A replica that was started serves.
  case replicaStarted(replica: Int32)
  /// The rolling update begins.
  case updateBegun
  /// The next request of a stream reaches the router.
  case requestArrived(stream: Int32)
  /// The next turn of a conversation of a stream is sent.
  case turnDue(stream: Int32, conversation: UInt32)
  /// The front end of a replica hands its next request to the scheduler.
  case requestReady(replica: Int32)
  /// A request whose prompt is done elsewhere reaches a decode replica.
  case requestHandedOver(replica: Int32, slot: Int32)
  /// The cache of a request has come to a decode replica.
  case cacheTransferred(replica: Int32, slot: Int32)
  /// Flows are over, unless the generation of the network has moved on.
  case flowsCompleted(generation: UInt32)
  /// A link fails, or is back.
  case linkChanged(outage: Int32, isFailed: Bool)
  /// Traffic of others on links begins, or ends.
  case backgroundChanged(index: Int32, isOn: Bool)
  /// A replica without a step in progress may start one.
  case stepDue(replica: Int32)

  var rank: EventRank {
    switch self {
    case .stepsCompleted: .stepCompleted
    case .reportBegun: .reportBegun
    case .faultBegun, .faultOver, .spareReady, .linkChanged, .backgroundChanged, .fleetDue, .replicaStarted,
      .updateBegun:
      .faultChanged
    case .clientLeaves: .clientLeaves
    case .requestArrived, .turnDue, .tenantReady, .deferralOver: .requestArrived
    case .requestReady: .requestReady
    case .requestHandedOver: .requestHandedOver
    case .cacheTransferred, .flowsCompleted: .cacheTransferred
    case .stepDue: .stepDue
    }
  }

  var entity: UInt64 {
    switch self {
    case .stepsCompleted(let replica, _), .requestReady(let replica), .stepDue(let replica),
      .requestHandedOver(let replica, _), .cacheTransferred(let replica, _), .replicaStarted(let replica),
      .spareReady(let replica, _):
      UInt64(replica)
    case .reportBegun, .flowsCompleted, .updateBegun: 0
    case .fleetDue(let pool): UInt64(pool)
    case .linkChanged(let outage, _): UInt64(outage)
    case .backgroundChanged(let index, _): UInt64(index)
    case .faultBegun(let domain, _), .faultOver(let domain, _): UInt64(domain)
    case .requestArrived(let stream), .turnDue(let stream, _), .clientLeaves(let stream, _, _),
      .deferralOver(let stream):
      UInt64(stream)
    case .tenantReady(let tenant): UInt64(tenant)
    }
  }
}

/// Pending events of a partition, popped by (time, rank, entity, entity-local counter).
///
/// A 4-ary heap. The order key never depends on who was pushed first, except between two events of one rank and one
/// entity at one instant, so partitions may interleave their pushes freely.
struct EventQueue {
  struct Entry {
    let time: SimTime
    /// Rank in 4 bits, entity in 36, entity-local counter in 24.
    let order: UInt64
    let event: Event

    static func precedes(_ a: Entry, _ b: Entry) -> Bool {
      a.time != b.time ? a.time < b.time : a.order < b.order
    }
  }

  /// An instant that holds more events than this can't be making progress.
  static let eventsPerInstantLimit = 50_000_000

  private var heap: [Entry] = []
  private var counters: [UInt64]
  private(set) var now = SimTime.zero
  private var eventsAtNow = 0
  private(set) var pushed = 0
  private(set) var popped = 0

  /// A queue for `entities` entities (replicas and streams share the numbering; ranks keep them apart).
  init(entities: Int) {
    counters = Array(repeating: 0, count: max(entities, 1))
  }

  var count: Int { heap.count }
  /// The time of the next event.
  var nextTime: SimTime? { heap.first?.time }

  /// Schedules `event`; the past is refused.
  mutating func push(_ event: Event, at time: SimTime) {
    precondition(
      time >= now, "an event at \(time.nanoseconds) ns is in the past: now is \(now.nanoseconds) ns")
    let entity = event.entity
    let counter = counters[Int(entity)]
    counters[Int(entity)] = (counter + 1) & 0xFF_FFFF
    pushed += 1
    let entry = Entry(
      time: time, order: event.rank.rawValue << 60 | entity << 24 | counter, event: event)
    heap.append(entry)
    heap.withUnsafeMutableBufferPointer { heap in
      var child = heap.count - 1
      while child > 0 {
        let parent = (child - 1) >> 2
        if !Entry.precedes(entry, heap[parent]) { break }
        heap[child] = heap[parent]
        child = parent
      }
      heap[child] = entry
    }
  }

  /// Removes the next event without moving the clock.
  mutating func popEntry() -> Entry? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    popped += 1
    heap.withUnsafeMutableBufferPointer { heap in
      let count = heap.count
      guard count > 0 else { return }
      var hole = 0
      while true {
        let firstChild = hole << 2 + 1
        if firstChild >= count { break }
        var best = firstChild
        for candidate in (firstChild + 1)..<max(min(firstChild + 4, count), firstChild + 1)
        where Entry.precedes(heap[candidate], heap[best]) {
          best = candidate
        }
        if !Entry.precedes(heap[best], last) { break }
        heap[hole] = heap[best]
        hole = best
      }
      heap[hole] = last
    }
    return first
  }

  /// Moves the clock to an event that fires.
  mutating func advanceClock(to time: SimTime) {
    precondition(time >= now, "the clock ran backwards")
    if time == now {
      eventsAtNow += 1
      precondition(
        eventsAtNow < Self.eventsPerInstantLimit, "no progress at \(now.nanoseconds) ns")
    } else {
      eventsAtNow = 0
      now = time
    }
  }
}
