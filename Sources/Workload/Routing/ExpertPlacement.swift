/// Which copies of experts there are and which rank holds each.
struct ExpertPlacement: Equatable {
  /// The expert of each slot.
  var expert: [Int]
  /// The rank of each slot.
  var rank: [Int]
  /// Copies of each expert.
  var copies: [Int]

  /// Experts in the order of their numbers, as many on each rank.
  static func fixed(experts: Int, ranks: Int) -> ExpertPlacement {
    ExpertPlacement(
      expert: Array(0..<experts), rank: (0..<experts).map { $0 * ranks / experts },
      copies: [Int](repeating: 1, count: experts))
  }

  /// Copies of hot experts, dealt to ranks by load.
  ///
  /// One copy more, again and again, for the expert whose copies have most to do each; then, the heaviest copy first, each
  /// goes to the rank with the least load that has room: every rank holds as many. That is the global policy of DeepSeek's
  /// expert-parallel load balancer (DeepSeek-V3, arXiv:2412.19437, section 3.4, and its EPLB); ties go to the lower
  /// number. O(slots · (experts + ranks)).
  ///
  /// - Parameters:
  ///   - loads: the load of each expert, >= 0.
  ///   - redundant: copies beyond one of each, >= 0.
  ///   - ranks: divides the number of slots.
  /// - Returns: slots in the order of experts, then further copies in the order in which they were given out.
  static func byLoad(_ loads: [Double], redundant: Int, ranks: Int) -> ExpertPlacement {
    var copies = [Int](repeating: 1, count: loads.count)
    var expert = Array(loads.indices)
    for _ in 0..<redundant {
      var hottest = 0
      for candidate in loads.indices
      where loads[candidate] / Double(copies[candidate]) > loads[hottest] / Double(copies[hottest]) {
        hottest = candidate
      }
      copies[hottest] += 1
      expert.append(hottest)
    }
    let each = expert.map { loads[$0] / Double(copies[$0]) }
    let order = expert.indices.sorted { (each[$0], -$0) > (each[$1], -$1) }
    let room = expert.count / ranks
    var rank = [Int](repeating: 0, count: expert.count)
    var load = [Double](repeating: 0, count: ranks)
    var held = [Int](repeating: 0, count: ranks)
    for slot in order {
      var least = -1
      for candidate in 0..<ranks where held[candidate] < room {
        if least < 0 || load[candidate] < load[least] { least = candidate }
      }
      rank[slot] = least
      load[least] += each[slot]
      held[least] += 1
    }
    return ExpertPlacement(expert: expert, rank: rank, copies: copies)
  }
}
