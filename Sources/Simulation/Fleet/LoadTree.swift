/// Loads of replicas, of which the least is at hand: a tournament, ties to the lowest number.
struct LoadTree {
  /// The load of each replica, padded to a power of two by ones that never win.
  private var loads: [Int32]
  /// The winner of each match, the final first; the matches of `n` are `2n` and `2n + 1`.
  private var winners: [Int32]
  private let leaves: Int

  /// All loads are 0.
  init(replicas: Int) {
    var leaves = 1
    while leaves < replicas { leaves *= 2 }
    self.leaves = leaves
    loads = Array(repeating: 0, count: replicas) + Array(repeating: .max, count: leaves - replicas)
    winners = Array(repeating: 0, count: max(leaves, 2))
    replayAll()
  }

  /// The replica with the least load.
  @inline(__always)
  var least: Int { leaves == 1 ? 0 : Int(winners[1]) }

  @inline(__always)
  subscript(replica: Int) -> Int { Int(loads[replica]) }

  /// Changes a load.
  ///
  /// O(log replicas).
  @inline(__always)
  mutating func add(_ change: Int32, to replica: Int) {
    loads[replica] += change
    var match = (replica + leaves) / 2
    while match >= 1, leaves > 1 {
      winners[match] = winner(of: match)
      match /= 2
    }
  }

  /// Sets all loads anew, by replica.
  ///
  /// O(replicas).
  mutating func set(_ load: (Int) -> Int32, replicas: Int) {
    for replica in 0..<replicas { loads[replica] = load(replica) }
    replayAll()
  }

  private mutating func replayAll() {
    for match in stride(from: leaves - 1, to: 0, by: -1) { winners[match] = winner(of: match) }
  }

  @inline(__always)
  private func winner(of match: Int) -> Int32 {
    let (left, right) = (2 * match, 2 * match + 1)
    let first = left >= leaves ? Int32(left - leaves) : winners[left]
    let second = right >= leaves ? Int32(right - leaves) : winners[right]
    return loads[Int(second)] < loads[Int(first)] ? second : first
  }
}

/// What a router that looks at requests in flight knows of them.
///
/// What it sends it knows at once; what has left a replica when replicas report next: at every multiple of an interval.
struct LoadView {
  private(set) var known: LoadTree
  private let interval: Int64
  private var pending: [(time: SimTime, replica: Int32)] = []
  private var next = 0

  init(replicas: Int, intervalSeconds: Double) {
    known = LoadTree(replicas: replicas)
    interval = max(SimDuration(seconds: intervalSeconds).nanoseconds, 0)
  }

  @inline(__always)
  mutating func send(to replica: Int) { known.add(1, to: replica) }

  /// A request has left a replica.
  @inline(__always)
  mutating func leave(_ replica: Int, at time: SimTime) {
    if interval == 0 { known.add(-1, to: replica) } else { pending.append((time, Int32(replica))) }
  }

  /// Takes in what was reported by `time`.
  @inline(__always)
  mutating func look(at time: SimTime) {
    guard interval > 0, next < pending.count else { return }
    let report = SimTime(nanoseconds: time.nanoseconds / interval * interval)
    while next < pending.count, pending[next].time <= report {
      known.add(-1, to: Int(pending[next].replica))
      next += 1
    }
    if next == pending.count {
      pending.removeAll(keepingCapacity: true)
      next = 0
    } else if next > 4096, next > pending.count / 2 {
      pending.removeFirst(next)
      next = 0
    }
  }
}
