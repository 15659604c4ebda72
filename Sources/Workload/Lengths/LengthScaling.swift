/// Scaling a table of lengths to another mean, its shape kept as far as whole tokens and a limit allow.
enum LengthScaling {
  /// The lengths times the factor that brings their mean closest to the wanted one.
  /// - Parameters:
  ///   - lengths: in tokens.
  ///   - counts: how often each was seen; as many as lengths.
  ///   - mean: the wanted mean, in tokens; in 1...maximum.
  ///   - maximum: the longest length to give, in tokens.
  /// - Returns: one length, in 1...maximum, for each of the lengths.
  static func scaled(_ lengths: [Int32], counts: [UInt32], toMean mean: Double, maximum: Int) -> [Int32] {
    precondition(
      mean >= 1 && mean <= Double(maximum) && maximum <= LengthDistribution.longest,
      "lengths of mean \(mean) and maximum \(maximum) tokens")
    func scaled(by factor: Double) -> [Int32] {
      lengths.map { Int32(min(max((Double($0) * factor).rounded(), 1), Double(maximum))) }
    }
    func total(of lengths: [Int32]) -> Double {
      zip(lengths, counts).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let wanted = mean * counts.reduce(0) { $0 + Double($1) }
    // The mean never falls as the factor grows; at these ends every length is 1, or the maximum.
    var low = 0.0
    var high = Double(maximum)
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if total(of: scaled(by: middle)) < wanted { low = middle } else { high = middle }
    }
    return scaled(by: high)
  }
}

extension EmpiricalLengths {
  /// The table with its lengths scaled to another mean, rounded to whole tokens and limited to 1...maximum.
  ///
  /// The mean is met as closely as whole tokens allow. For results that state how long answers were on average,
  /// but not how they were distributed.
  /// - Parameters:
  ///   - mean: the wanted mean in tokens, in 1...maximum.
  ///   - maximum: the longest length to give, in tokens.
  /// - Returns: the scaled table.
  public func rescaled(toMean mean: Double, maximum: Int) -> EmpiricalLengths {
    let scaled = LengthScaling.scaled(values, counts: counts, toMean: mean, maximum: maximum)
    var values: [Int32] = []
    var totals: [UInt32] = []
    for (value, count) in zip(scaled, counts) {
      if values.last == value {
        totals[totals.count - 1] += count
      } else {
        values.append(value)
        totals.append(count)
      }
    }
    guard let table = EmpiricalLengths(values: values, counts: totals) else {
      preconditionFailure("a scaled table of lengths is not a table")
    }
    return table
  }
}

extension PairedLengths {
  /// The pairs with their answers scaled to another mean; see ``EmpiricalLengths/rescaled(toMean:maximum:)``.
  /// - Parameters:
  ///   - mean: the wanted mean answer length in tokens, in 1...maximum.
  ///   - maximum: the longest answer to give, in tokens.
  /// - Returns: the scaled pairs.
  public func rescaledOutputs(toMean mean: Double, maximum: Int) -> PairedLengths {
    let scaled = LengthScaling.scaled(outputs, counts: counts, toMean: mean, maximum: maximum)
    guard let pairs = PairedLengths(inputs: inputs, outputs: scaled, counts: counts) else {
      preconditionFailure("scaled pairs of lengths are not pairs")
    }
    return pairs
  }
}
