/// Prompts with the answers they got: pairs of lengths, each with how often it was seen.
///
/// Keeps what a table of inputs beside a table of outputs loses: that long prompts may have short answers.
public struct PairedLengths: Sendable, Equatable {
  /// The prompt length of each row, in tokens, >= 1.
  public let inputs: [Int32]
  /// The answer length of each row, in tokens, >= 1.
  public let outputs: [Int32]
  /// How many requests each row stands for; empty where every row stands for one, as in a trace.
  private let repeats: [UInt32]
  /// The counts added up; nil where every row stands for one.
  private let cumulativeCounts: CumulativeCounts?

  /// A table of rows; nil unless there is one, all columns are equally long, and every number is 1 or more.
  public init?(inputs: [Int32], outputs: [Int32], counts: [UInt32]) {
    guard !inputs.isEmpty, inputs.count == outputs.count, inputs.count == counts.count else { return nil }
    guard inputs.allSatisfy({ $0 >= 1 }), outputs.allSatisfy({ $0 >= 1 }), counts.allSatisfy({ $0 >= 1 })
    else {
      return nil
    }
    self.inputs = inputs
    self.outputs = outputs
    let isRepeating = counts.contains { $0 != 1 }
    repeats = isRepeating ? counts : []
    cumulativeCounts = isRepeating ? CumulativeCounts(counts) : nil
  }

  /// A table of one request a row; nil unless there is one, both columns are equally long, and all is 1 or more.
  public init?(inputs: [Int32], outputs: [Int32]) {
    guard !inputs.isEmpty, inputs.count == outputs.count else { return nil }
    guard inputs.allSatisfy({ $0 >= 1 }), outputs.allSatisfy({ $0 >= 1 }) else { return nil }
    self.inputs = inputs
    self.outputs = outputs
    repeats = []
    cumulativeCounts = nil
  }

  /// How many requests each row stands for, >= 1.
  public var counts: [UInt32] {
    repeats.isEmpty ? [UInt32](repeating: 1, count: inputs.count) : repeats
  }

  /// How many requests the table stands for.
  public var requestCount: UInt64 { cumulativeCounts?.total ?? UInt64(inputs.count) }

  /// The mean prompt length, in tokens.
  public var meanInput: Double { mean(of: inputs) }

  /// The mean answer length, in tokens.
  public var meanOutput: Double { mean(of: outputs) }

  /// The prompt lengths alone.
  public var inputTable: EmpiricalLengths? { marginal(of: inputs) }

  /// The answer lengths alone.
  public var outputTable: EmpiricalLengths? { marginal(of: outputs) }

  /// The n-th request of the table, when rows are repeated as often as they count.
  /// - Parameter position: in 0 ..< ``requestCount``.
  /// - Returns: its prompt and answer length, in tokens.
  func lengths(atPosition position: UInt64) -> (input: Int, output: Int) {
    let row = cumulativeCounts?.row(ofRank: position) ?? Int(position)
    return (Int(inputs[row]), Int(outputs[row]))
  }

  private func mean(of lengths: [Int32]) -> Double {
    var sum = 0.0
    for (length, count) in zip(lengths, counts) { sum += Double(length) * Double(count) }
    return sum / Double(requestCount)
  }

  private func marginal(of lengths: [Int32]) -> EmpiricalLengths? {
    let counts = self.counts
    var values: [Int32] = []
    var totals: [UInt32] = []
    for row in lengths.indices.sorted(by: { (lengths[$0], $0) < (lengths[$1], $1) }) {
      if values.last == lengths[row] {
        totals[totals.count - 1] += counts[row]
      } else {
        values.append(lengths[row])
        totals.append(counts[row])
      }
    }
    return EmpiricalLengths(values: values, counts: totals)
  }
}
