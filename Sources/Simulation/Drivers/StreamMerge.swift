import Workload

/// The arrivals of several streams in order of time, ties to the lowest stream.
struct StreamMerge {
  /// One arrival.
  struct Arrival {
    let time: SimTime
    let stream: Int
    /// Its number in its stream.
    let index: UInt64
  }

  private var generators: [ArrivalGenerator]
  private var heads: [Int64?]
  private var numbers: [UInt64]
  private let strides: [UInt64]

  /// The streams' arrivals; `numbering` says how each counts its own.
  init(generators: [ArrivalGenerator], numbering: [RequestNumbering]) {
    self.generators = generators
    numbers = numbering.map(\.first)
    strides = numbering.map(\.stride)
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
    let arrival = Arrival(time: SimTime(nanoseconds: bestTime), stream: best, index: numbers[best])
    numbers[best] += strides[best]
    heads[best] = generators[best].next()
    return arrival
  }
}
