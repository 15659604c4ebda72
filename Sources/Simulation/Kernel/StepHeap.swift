/// A binary min-heap of (decode step, request slot), packed into 64 bits each.
///
/// An entry may outlive what it stands for; whoever pops it checks that the slot still means it.
struct StepHeap {
  private var keys: [UInt64] = []
  private static let slotBits: UInt64 = 26

  /// Largest number of slots that an entry can name.
  static let slotLimit = 1 << 26

  var isEmpty: Bool { keys.isEmpty }

  /// The smallest step; `Int64.max` when empty.
  @inline(__always)
  var minimumStep: Int64 {
    keys.isEmpty ? .max : Int64(keys[0] >> Self.slotBits)
  }

  mutating func push(step: Int64, slot: Int32) {
    precondition(Int(slot) < Self.slotLimit, "more than \(Self.slotLimit) requests in one partition")
    let key = UInt64(step) << Self.slotBits | UInt64(slot)
    keys.append(key)
    keys.withUnsafeMutableBufferPointer { heap in
      var child = heap.count - 1
      while child > 0 {
        let parent = (child - 1) >> 1
        if heap[parent] <= key { break }
        heap[child] = heap[parent]
        child = parent
      }
      heap[child] = key
    }
  }

  /// Removes the entry with the smallest step (ties: smallest slot); the heap must not be empty.
  mutating func pop() -> (step: Int64, slot: Int32) {
    let first = keys[0]
    let last = keys.removeLast()
    keys.withUnsafeMutableBufferPointer { heap in
      let count = heap.count
      guard count > 0 else { return }
      var hole = 0
      while true {
        var child = hole << 1 + 1
        if child >= count { break }
        if child + 1 < count && heap[child + 1] < heap[child] { child += 1 }
        if heap[child] >= last { break }
        heap[hole] = heap[child]
        hole = child
      }
      heap[hole] = last
    }
    return (Int64(first >> Self.slotBits), Int32(first & (1 << Self.slotBits - 1)))
  }
}
