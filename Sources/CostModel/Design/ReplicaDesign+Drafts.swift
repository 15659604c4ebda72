import Models

/// What speculative decoding adds to a step: passes of a draft layer.
extension ReplicaDesign {
  /// The layer that drafts: as the model's last one (multi-token prediction, EAGLE).
  var draftLayer: LayerOperators? { layerOperators.last?.operators }

  /// Everything but attention of `drafts` passes over one token of each of `sequences`, >= 1: the draft layer, the output
  /// projection, the framework's launches.
  func draftPasses(_ drafts: Int, sequences: Int) -> CostVector {
    guard drafts > 0, let layer = draftLayer else { return .zero }
    let launches = roofline.waiting(
      seconds: efficiencies.overhead(of: framework).layerSeconds, limit: .launch, lane: .framework)
    return (layer.perToken(tokens: sequences) + logits(rows: sequences) + launches) * Double(drafts)
  }
}

/// Decode attention of a step: the model's layers pass once over all drafts, the draft layer once for each.
struct DecodeAttention {
  /// Layers that bound their context, or those that don't, with their numbers.
  private var layers: [(count: Double, operators: LayerOperators, queries: Double)]

  init(layers: [(count: Double, operators: LayerOperators)], bounded: Bool, drafts: Int) {
    self.layers = layers.filter { $0.operators.isBounded == bounded }
      .map { ($0.count, $0.operators, Double(1 + drafts)) }
    if drafts > 0, let last = layers.last, last.operators.isBounded == bounded {
      self.layers.append((Double(drafts), last.operators, 1))
    }
  }

  /// The cost for `sequences` of an accelerator with `context` tokens each on average.
  func cost(sequences: Double, context: Double) -> CostVector {
    layers.reduce(CostVector.zero) {
      $0 + $1.operators.decodeAttention(sequences: sequences, context: context, queries: $1.queries)
        * $1.count
    }
  }
}
