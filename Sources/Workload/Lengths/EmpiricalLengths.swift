/// A table of lengths and how often each was seen.
///
/// A draw inverts the cumulative counts by binary search over whole numbers, so that its probabilities are
/// exactly the counts'.
public struct EmpiricalLengths: Sendable, Equatable {
  /// The lengths in tokens, ascending, each once.
  public let values: [Int32]
  /// How often each length was seen, >= 1; as many as there are values.
  public let counts: [UInt32]
  private let cumulativeCounts: CumulativeCounts

  /// A table of values and counts.
  ///
  /// Returns nil unless values ascend from 1 or more, there is one count of 1 or more for each, and there is at
  /// least one value.
  public init?(values: [Int32], counts: [UInt32]) {
    guard let first = values.first, first >= 1, values.count == counts.count else { return nil }
    guard zip(values, values.dropFirst()).allSatisfy({ $0 < $1 }), counts.allSatisfy({ $0 >= 1 }) else {
      return nil
    }
    self.values = values
    self.counts = counts
    cumulativeCounts = CumulativeCounts(counts)
  }

  /// The table of samples, in any order; nil when there is none, or one is below 1.
  public init?(samples: [Int32]) {
    var values: [Int32] = []
    var counts: [UInt32] = []
    for sample in samples.sorted() {
      if values.last == sample {
        counts[counts.count - 1] += 1
      } else {
        values.append(sample)
        counts.append(1)
      }
    }
    self.init(values: values, counts: counts)
  }

  /// How many samples the table stands for.
  public var sampleCount: UInt64 { cumulativeCounts.total }

  /// The least length, in tokens.
  public var minimum: Int { Int(values.first ?? 1) }

  /// The greatest length, in tokens.
  public var maximum: Int { Int(values.last ?? 1) }

  /// The mean length, in tokens.
  public var mean: Double {
    var sum = 0.0
    for (value, count) in zip(values, counts) { sum += Double(value) * Double(count) }
    return sum / Double(sampleCount)
  }

  /// The standard deviation of the lengths over the mean.
  public var coefficientOfVariation: Double {
    let mean = self.mean
    var sum = 0.0
    for (value, count) in zip(values, counts) {
      sum += (Double(value) - mean) * (Double(value) - mean) * Double(count)
    }
    return (sum / Double(sampleCount)).squareRoot() / mean
  }

  /// The length below or at which a share of the samples lies, in tokens.
  /// - Parameter share: in 0...1; 0.5 is the (lower) median.
  /// - Returns: a length of the table, in tokens.
  public func quantile(_ share: Double) -> Int {
    precondition(share >= 0 && share <= 1, "a share of \(share)")
    let rank = max((share * Double(sampleCount)).rounded(.up), 1)
    return Int(values[cumulativeCounts.row(ofRank: min(UInt64(rank), sampleCount) - 1)])
  }

  /// A length drawn as often as it was seen, in tokens.
  public func draw(from stream: inout RandomStream) -> Int {
    Int(values[cumulativeCounts.row(ofRank: stream.uniformInteger(below: sampleCount))])
  }
}
