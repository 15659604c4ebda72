/// Links whose level may have changed, lowest expected level first, then by number.
///
/// The order saves work and decides nothing: lower levels shape higher ones, so what is worked out in this order
/// seldom has to be worked out again.
struct LevelQueue {
  private struct Entry {
    var level: Double
    var link: Int32

    static func precedes(_ a: Entry, _ b: Entry) -> Bool {
      a.level != b.level ? a.level < b.level : a.link < b.link
    }
  }

  private var heap: [Entry] = []

  var isEmpty: Bool { heap.isEmpty }

  /// Puts a link in that isn't in.
  mutating func push(_ link: Int32, level: Double) {
    let entry = Entry(level: level, link: link)
    heap.append(entry)
    heap.withUnsafeMutableBufferPointer { heap in
      var place = heap.count - 1
      while place > 0 {
        let parent = (place - 1) >> 1
        if !Entry.precedes(entry, heap[parent]) { break }
        heap[place] = heap[parent]
        place = parent
      }
      heap[place] = entry
    }
  }

  /// Takes the first link out.
  mutating func pop() -> Int32? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    heap.withUnsafeMutableBufferPointer { heap in
      guard heap.count > 0 else { return }
      var place = 0
      while true {
        var child = 2 * place + 1
        if child >= heap.count { break }
        if child + 1 < heap.count && Entry.precedes(heap[child + 1], heap[child]) { child += 1 }
        if !Entry.precedes(heap[child], last) { break }
        heap[place] = heap[child]
        place = child
      }
      heap[place] = last
    }
    return first.link
  }
}
