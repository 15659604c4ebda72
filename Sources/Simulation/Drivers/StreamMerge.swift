import Workload

/// The arrivals of several streams in order of time, ties to the lowest stream.
struct StreamMerge {
  /// One arrival.
  struct Arrival {
    let time: SimTime
    let stream: Int
    /// Its number in its stream, from 0.
    let index: UInt64
  }

  private var generators: [ArrivalGenerator]
  private var heads: [Int64?]
  private var counts: [UInt64]

  init(generators: [ArrivalGenerator]) {
    self.generators = generators
    counts = Array(repeating: 0, count: generators.count)
    heads = []
    for index in self.generators.indices { heads.append(self.generators[index].next()) }
  }

  /// The next arrival of all streams; nil when every stream has ended.
  ///
  /// O(streams).
  mutating func next() -> Arrival? {
    var best = -1
    var bestTime = Int64.max
    for index in heads.indices {
      if let head = heads[index], head < bestTime {
        best = index
        bestTime = head
      }
    }
    guard best >= 0 else { return nil }
    let arrival = Arrival(time: SimTime(nanoseconds: bestTime), stream: best, index: counts[best])
    counts[best] += 1
    heads[best] = generators[best].next()
    return arrival
  }
}
