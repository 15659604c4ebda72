import DequeModule

/// Which waiting request starts first.
public enum QueueOrder: String, Sendable, CaseIterable {
  /// The one that came first (vLLM and SGLang `fcfs`).
  case firstCome = "fcfs"
  /// The one with the lowest priority value; of equal ones the one that was sent first (vLLM `priority`).
  case priority
  /// The one with the shortest prompt; of equal ones the one that was sent first.
  case shortestPrompt = "sjf"
}

/// The requests that a replica's scheduler has seen and not started, in the order in which it will.
///
/// First come first served is a plain queue; any other order is kept sorted, an insertion by bisection.
struct WaitingQueue: Sequence {
  private var slots = Deque<Int32>()
  private let order: QueueOrder

  init(order: QueueOrder) { self.order = order }

  var count: Int { slots.count }
  var isEmpty: Bool { slots.isEmpty }

  subscript(position: Int) -> Int32 { slots[position] }

  func makeIterator() -> Deque<Int32>.Iterator { slots.makeIterator() }

  /// Whether requests have places in it that depend on what they are.
  @inline(__always)
  var isSorted: Bool { order != .firstCome }

  /// A request joins the end of a queue that isn't sorted; true when it is now the first.
  @discardableResult
  @inline(__always)
  mutating func appendLast(_ slot: Int32) -> Bool {
    slots.append(slot)
    return slots.count == 1
  }

  /// A request that was preempted returns: in line it goes to the head.
  mutating func putBack(_ slot: Int32, _ requests: RequestPool) {
    guard order != .firstCome else { return slots.prepend(slot) }
    insert(slot, requests)
  }

  @discardableResult
  mutating func removeFirst() -> Int32 { slots.removeFirst() }

  /// Removes the request at a position, most often the first.
  @discardableResult
  @inline(__always)
  mutating func remove(at position: Int) -> Int32 {
    position == 0 ? slots.removeFirst() : slots.remove(at: position)
  }

  /// A request leaves without having started; false when it isn't here.
  mutating func remove(_ slot: Int32) -> Bool {
    guard let position = slots.firstIndex(of: slot) else { return false }
    slots.remove(at: position)
    return true
  }

  /// A request joins a sorted queue; true when it is now the first.
  @discardableResult
  @inline(never)
  mutating func insert(_ slot: Int32, _ requests: RequestPool) -> Bool {
    var low = 0
    var high = slots.count
    while low < high {
      let middle = (low + high) / 2
      if order.precedes(requests[slot], requests[slots[middle]]) { high = middle } else { low = middle + 1 }
    }
    slots.insert(slot, at: low)
    return low == 0
  }
}

extension QueueOrder {
  /// Whether one request goes before another; a total order, whoever came to the replica first.
  func precedes(_ one: Request, _ other: Request) -> Bool {
    let (first, second): (Int, Int) =
      switch self {
      case .firstCome: (0, 0)
      case .priority: (Int(one.priority), Int(other.priority))
      case .shortestPrompt: (one.prefillTokens, other.prefillTokens)
      }
    if first != second { return first < second }
    if one.arrival != other.arrival { return one.arrival < other.arrival }
    return (one.stream, one.index) < (other.stream, other.index)
  }
}
