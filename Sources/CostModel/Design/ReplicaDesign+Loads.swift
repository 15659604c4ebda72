/// What the slowest part of a replica holds where its parts do not hold the same.
extension ReplicaDesign {
  /// Of `sequences` >= 1 decoding requests of a replica, those that the busiest attention group attends for in a
  /// micro-batch, and their contexts added up in mean contexts.
  ///
  /// A step is spread over micro-batches and attention groups, as evenly as requests come to groups.
  func attendedShare(of sequences: Int) -> (sequences: Double, contexts: Double) {
    guard let groupLoads else {
      let share = max(1, Double(sequences) / Double(parallel.pipeline * parallel.attentionData))
      return (share, share)
    }
    let batch = max(1, Double(sequences) / Double(parallel.pipeline))
    return (max(1, groupLoads.sequences.value(at: batch)), groupLoads.context.value(at: batch))
  }

  /// Of `sequences` requests, those of the attention group that has most.
  func sequencesOfGroup(_ sequences: Int) -> Double {
    let groups = parallel.attentionData
    let even = Double((sequences + groups - 1) / groups)
    guard let groupLoads, sequences > 0 else { return even }
    return max(even, groupLoads.sequences.value(at: Double(sequences)))
  }

  /// Tokens of the busiest group where an even share is `tokens`, `queries` of each request.
  func busiestShare(ofTokens tokens: Int, queries: Int) -> Int {
    guard let groupLoads, tokens > 0 else { return tokens }
    let all = max(1, Double(tokens * parallel.attentionData) / Double(queries))
    return max(tokens, Int((groupLoads.sequences.value(at: all) * Double(queries)).rounded(.up)))
  }

  /// Adds what the busiest group's own tokens cost, and deviations of expert loads, up to so many tokens a step.
  func addLoads(to table: inout StepCostTable, tokens maximum: Int) {
    let micro = { (count: Int) in (count + parallel.pipeline - 1) / parallel.pipeline }
    let queries = table.queries
    if groupLoads != nil {
      let layers = layerOperators
      table.groupTokens = KnotTable(maximum: maximum, bits: 4) { tokens in
        let share = busiestShare(ofTokens: micro(tokens), queries: queries)
        return layers.reduce(CostVector.zero) { $0 + $1.operators.perTokenOfGroup(tokens: share) * $1.count }
      }
    }
    if drawsExpertLoads {
      table.loadDeviation = KnotTable(maximum: maximum, bits: 4) { loadDeviation(tokens: micro($0)) }
      table.mixedLoadDeviation = table.loadDeviation
    }
  }

  /// What a standard deviation of the busiest expert ranks' load changes in the cost of a step of `tokens`.
  ///
  /// Layers are drawn one by one, so that the deviation of a sum over layers alike grows with the root of their number.
  func loadDeviation(tokens: Int) -> CostVector {
    var sum = CostVector.zero
    var variance = 0.0
    for (count, operators) in layerOperators {
      let deviation = operators.loadDeviation(tokens: tokens) * count.squareRoot()
      sum += deviation
      variance += deviation[.time] * deviation[.time]
    }
    // All lanes in proportion, so that they still add up.
    return sum[.time] > 0 ? sum * (variance.squareRoot() / sum[.time]) : .zero
  }
}
