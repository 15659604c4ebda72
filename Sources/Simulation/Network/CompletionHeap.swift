/// When each flow ends, first end first; flows that end together leave in the order in which they started.
///
/// A 4-ary heap that knows where each flow stands in it, so that a new instant replaces the old one.
struct CompletionHeap {
  struct Entry {
    var nanoseconds: Int64
    /// The how-manieth flow of the network it is.
    var number: Int64
    var slot: Int32

    @inline(__always)
    static func precedes(_ a: Entry, _ b: Entry) -> Bool {
      a.nanoseconds != b.nanoseconds ? a.nanoseconds < b.nanoseconds : a.number < b.number
    }
  }

  private var heap: [Entry] = []
  /// Where the flow in a slot stands; -1: nowhere.
  private var places: [Int32] = []

  var count: Int { heap.count }
  var first: Entry? { heap.first }

  func contains(_ slot: Int32) -> Bool { slot < places.count && places[Int(slot)] >= 0 }

  /// When the flow in a slot ends; nil where it isn't here.
  func nanoseconds(of slot: Int32) -> Int64? {
    contains(slot) ? heap[Int(places[Int(slot)])].nanoseconds : nil
  }

  /// Puts a flow in or moves it.
  mutating func set(_ entry: Entry) {
    let place = replace(entry)
    heap.withUnsafeMutableBufferPointer { heap in
      places.withUnsafeMutableBufferPointer { places in
        if !Self.rise(heap, places, from: place) { Self.sink(heap, places, from: place) }
      }
    }
  }

  /// Puts a flow in or moves it, and leaves the order to ``reorder()``.
  mutating func setWithoutOrder(_ entry: Entry) { _ = replace(entry) }

  /// Restores the order after many flows moved.
  mutating func reorder() {
    heap.withUnsafeMutableBufferPointer { heap in
      places.withUnsafeMutableBufferPointer { places in
        var place = (heap.count + 2) >> 2
        while place > 0 {
          place -= 1
          Self.sink(heap, places, from: place)
        }
      }
    }
  }

  /// Takes a flow out.
  mutating func remove(_ slot: Int32) {
    guard contains(slot) else { return }
    let place = Int(places[Int(slot)])
    places[Int(slot)] = -1
    guard let last = heap.popLast(), place < heap.count else { return }
    heap[place] = last
    places[Int(last.slot)] = Int32(place)
    heap.withUnsafeMutableBufferPointer { heap in
      places.withUnsafeMutableBufferPointer { places in
        if !Self.rise(heap, places, from: place) { Self.sink(heap, places, from: place) }
      }
    }
  }

  private mutating func replace(_ entry: Entry) -> Int {
    let slot = Int(entry.slot)
    while places.count <= slot { places.append(-1) }
    if places[slot] >= 0 {
      heap[Int(places[slot])] = entry
    } else {
      places[slot] = Int32(heap.count)
      heap.append(entry)
    }
    return Int(places[slot])
  }

  /// Whether it moved.
  private static func rise(
    _ heap: UnsafeMutableBufferPointer<Entry>, _ places: UnsafeMutableBufferPointer<Int32>, from start: Int
  ) -> Bool {
    let entry = heap[start]
    var place = start
    while place > 0 {
      let parent = (place - 1) >> 2
      if !Entry.precedes(entry, heap[parent]) { break }
      heap[place] = heap[parent]
      places[Int(heap[place].slot)] = Int32(place)
      place = parent
    }
    guard place != start else { return false }
    heap[place] = entry
    places[Int(entry.slot)] = Int32(place)
    return true
  }

  private static func sink(
    _ heap: UnsafeMutableBufferPointer<Entry>, _ places: UnsafeMutableBufferPointer<Int32>, from start: Int
  ) {
    let entry = heap[start]
    var place = start
    while true {
      let firstChild = place << 2 + 1
      if firstChild >= heap.count { break }
      var best = firstChild
      for candidate in (firstChild + 1)..<max(min(firstChild + 4, heap.count), firstChild + 1)
      where Entry.precedes(heap[candidate], heap[best]) {
        best = candidate
      }
      if !Entry.precedes(heap[best], entry) { break }
      heap[place] = heap[best]
      places[Int(heap[place].slot)] = Int32(place)
      place = best
    }
    guard place != start else { return }
    heap[place] = entry
    places[Int(entry.slot)] = Int32(place)
  }
}
