/// Which points nothing beats.
///
/// A point is on the front when no other has both more throughput and more interactivity, or as much of one and more of
/// the other.
enum ParetoFront {
  /// Which of the points no other beats in both figures; a point without figures is not one of them.
  ///
  /// - Parameter points: two figures each, the more the better.
  /// - Returns: a mark for each point, in their order.
  /// - Complexity: O(n log n).
  static func marks(_ points: [(Double, Double)?]) -> [Bool] {
    var marks = [Bool](repeating: false, count: points.count)
    let sorted = points.enumerated().compactMap { index, point in point.map { (index, $0.0, $0.1) } }
      .sorted { a, b in (b.1, b.2, a.0) < (a.1, a.2, b.0) }
    // The most of the second figure among points with more of the first.
    var best = -Double.infinity
    var start = 0
    while start < sorted.count {
      let end = sorted[start...].firstIndex { $0.1 < sorted[start].1 } ?? sorted.count
      let most = sorted[start].2
      if most > best {
        for (index, _, second) in sorted[start..<end] where second == most { marks[index] = true }
        best = most
      }
      start = end
    }
    return marks
  }
}
