/// Counts of a table added up row by row, to find the row that a rank falls into.
struct CumulativeCounts: Sendable, Equatable {
  /// For each row the counts up to and including it.
  private let sums: [UInt64]

  /// Adds the counts up.
  init(_ counts: [UInt32]) {
    var total: UInt64 = 0
    sums = counts.map { count in
      total += UInt64(count)
      return total
    }
  }

  /// The sum of all counts.
  var total: UInt64 { sums.last ?? 0 }

  /// The row that a rank falls into, by binary search.
  /// - Parameter rank: in 0 ..< ``total``.
  /// - Returns: the first row whose sum is above the rank.
  func row(ofRank rank: UInt64) -> Int {
    sums.withUnsafeBufferPointer { sums in
      var low = 0
      var high = sums.count
      while low < high {
        let middle = (low &+ high) / 2
        if sums[middle] > rank { high = middle } else { low = middle &+ 1 }
      }
      return low
    }
  }
}
