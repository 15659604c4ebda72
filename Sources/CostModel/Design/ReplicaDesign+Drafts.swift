import Models

/// What speculative decoding adds to a step: passes of a draft layer.
extension ReplicaDesign {
  /// The layer that drafts: as the model's last one (multi-token prediction, EAGLE).
  var draftLayer: LayerOperators? { layerOperators.last?.operators }

  /// The kernels but attention of `drafts` passes over one token of each of `sequences`, >= 1: the draft layer and the
  /// output projection.
  func draftPasses(_ drafts: Int, sequences: Int) -> CostVector {
    guard drafts > 0, let layer = draftLayer else { return .zero }
    return (layer.perToken(tokens: sequences) + logits(rows: sequences)) * Double(drafts)
  }
}

/// Decode attention of a step: the model's layers pass once over all drafts, the draft layer once for each.
struct DecodeAttention {
  /// Layers with their numbers and the new tokens of a sequence in a pass.
  private var layers: [(count: Double, operators: LayerOperators, queries: Double)]
  private let bounded: Bool

  /// Attention of layers that bound their context, or of those that don't.
  init(layers: [(count: Double, operators: LayerOperators)], bounded: Bool, drafts: Int) {
    self.bounded = bounded
    self.layers = layers.map { ($0.count, $0.operators, Double(1 + drafts)) }
    if drafts > 0, let last = layers.last { self.layers.append((Double(drafts), last.operators, 1)) }
  }

  /// The cost for `sequences` of an accelerator with `context` tokens each on average.
  func cost(sequences: Double, context: Double) -> CostVector {
    layers.reduce(CostVector.zero) { sum, layer in
      var cost = CostVector.zero
      if layer.operators.isBounded == bounded {
        cost += layer.operators.decodeAttention(
          sequences: sequences, context: context, queries: layer.queries)
      }
      // A selector sees the whole context, whatever attention then does.
      if !bounded {
        cost += layer.operators.decodeIndexing(
          sequences: sequences, context: context, queries: layer.queries)
      }
      return sum + cost * layer.count
    }
  }
}
