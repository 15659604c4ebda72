#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How requests come to the attention groups of a replica.
public enum GroupAssignment: String, Sendable, CaseIterable {
  /// So that groups have the same number of tokens in context: nobody waits.
  case even
  /// So that groups have the same number of requests (to one), whatever their contexts: a balancer that counts requests.
  case equalCounts = "equal-counts"
  /// Each to any group, at random.
  case random
}

/// What the busiest attention group of a replica holds: the one that the others wait for.
public struct BusiestGroup: Sendable, Equatable {
  /// Its requests, on average.
  public var sequences: Double
  /// Its contexts added up, in mean contexts of all requests.
  public var context: Double

  /// Draws behind an average.
  static let draws = 800

  /// The busiest of `groups` for each number of decoding requests.
  ///
  /// Monte Carlo with random numbers of its own, shared by all numbers of requests. Contexts of a request are gamma
  /// distributed with the given coefficient of variation, sums of them by Wilson and Hilferty's cube root of the
  /// gamma distribution (PNAS 17, 1931); what is averaged is the group's part of all contexts, since the step's sum is
  /// known. Standard errors are below 1 %. Both figures are maxima each on its own.
  ///
  /// - Parameters:
  ///   - sequences: decoding requests, each >= 1, ascending.
  ///   - groups: attention groups, >= 1.
  ///   - assignment: how requests come to them.
  ///   - contextVariation: standard deviation of a request's context / its mean, >= 0.
  /// - Returns: a figure for each number of requests.
  public static func of(
    sequences: [Int], groups: Int, assignment: GroupAssignment, contextVariation: Double
  ) -> [BusiestGroup] {
    guard assignment != .even, groups > 1 else {
      return sequences.map {
        let share = max(1, Double($0) / Double(groups))
        return BusiestGroup(sequences: share.rounded(.up), context: share)
      }
    }
    var sums = [BusiestGroup](repeating: BusiestGroup(sequences: 0, context: 0), count: sequences.count)
    let family = RandomStreamFamily(seed: 0, "attention-groups")
    for draw in 0..<draws {
      var stream = family.stream(index: UInt64(draw))
      let lengths = (0..<groups).map { _ in stream.normal(mean: 0, standardDeviation: 1) }
      var counts = GroupCounts(groups: groups, assignment: assignment, stream: &stream)
      for (knot, count) in sequences.enumerated() {
        let held = counts.held(count)
        let contexts = zip(held, lengths).map { gamma(count: $0, variation: contextVariation, normal: $1) }
        let total = contexts.reduce(0, +)
        sums[knot].sequences += held.max() ?? 0
        // All contexts together are as many mean contexts as there are requests.
        sums[knot].context += total > 0 ? (contexts.max() ?? 0) / total * Double(count) : 0
      }
    }
    return sums.map {
      BusiestGroup(sequences: $0.sequences / Double(draws), context: $0.context / Double(draws))
    }
  }

  /// The quantile of a sum of `count` gamma-distributed numbers of mean 1 where the standard normal one is `normal`.
  private static func gamma(count: Double, variation: Double, normal: Double) -> Double {
    guard count > 0, variation > 0 else { return max(count, 0) }
    let shape = count / (variation * variation)
    let root = 1 - 1 / (9 * shape) + normal / (3 * shape.squareRoot())
    return count * pow(max(root, 0), 3)
  }
}

/// Requests of each group, for growing numbers of them.
private struct GroupCounts {
  private static let oneByOne = 256
  private let groups: Int
  private let isRandom: Bool
  private var stream: RandomStream
  private var dealt = 0
  private var counts: [Double]
  private let normals: [Double]

  init(groups: Int, assignment: GroupAssignment, stream: inout RandomStream) {
    self.groups = groups
    isRandom = assignment == .random
    let drawn = (0..<groups).map { _ in stream.normal(mean: 0, standardDeviation: 1) }
    // Counts add up to all requests: deviations to nothing.
    let mean = drawn.reduce(0, +) / Double(groups)
    normals = drawn.map { $0 - mean }
    counts = [Double](repeating: 0, count: groups)
    self.stream = RandomStream(state: stream.next())
  }

  /// Requests of each group when there are `total`: no fewer than asked for before.
  mutating func held(_ total: Int) -> [Double] {
    guard isRandom else { return (0..<groups).map { Double((total + groups - 1 - $0) / groups) } }
    guard total > Self.oneByOne, total > 8 * groups else {
      while dealt < total {
        counts[Int(stream.uniformInteger(below: UInt64(groups)))] += 1
        dealt += 1
      }
      return counts
    }
    let mean = Double(total) / Double(groups)
    return normals.map { max(0, mean + mean.squareRoot() * $0) }
  }
}
