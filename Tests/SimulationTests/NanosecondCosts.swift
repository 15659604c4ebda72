import CostModel

@testable import Simulation

/// Step costs in whole nanoseconds, so that times can be added by hand and by a naive engine without rounding.
struct NanosecondCosts {
  /// Each step.
  var step = 0
  /// Each token that a step processes.
  var token = 0
  /// Each token of context of each decoding request.
  var context = 0
  /// Each (query, key) pair of a prompt chunk.
  var pair = 0
  /// As `context`, in layers that bound it.
  var bounded = 0
  /// As `pair`, in layers that bound the context.
  var boundedPair = 0
  var bound = ContextBound.none
  /// Attention groups, which pair costs must be multiples of, and each token in the group that has the most.
  var groups = 1
  var groupToken = 0

  /// The table of these costs for the engine under test.
  ///
  /// Every part is linear, so that interpolation between knots is exact but for some 1e-16 of it.
  func table(joules: Double = 0) -> StepCostTable {
    var table = linearCosts(
      step: Double(step) * 1e-9, token: Double(token) * 1e-9, context: Double(context) * 1e-9,
      pair: Double(pair) * 1e-9, bounded: Double(bounded) * 1e-9, boundedPair: Double(boundedPair) * 1e-9,
      bound: bound, joules: joules)
    guard groups > 1 else { return table }
    table.attentionGroups = groups
    table.groupTokens = linearCosts(token: Double(groupToken) * 1e-9, joules: joules).tokens
    table.mixedGroupTokens = table.groupTokens
    return table
  }

  /// The length of a step, from the positions of decoding tokens (1-based, in 1/1024) and (new, past) of its prompt
  /// chunks; each decoding request brings `queries` tokens.
  ///
  /// Where positions are no whole numbers, costs of context must be multiples of 1024.
  func nanoseconds(units positions: [Int], queries: Int, chunks: [(new: Int, past: Int)]) -> Int64 {
    var sum = step + token * (queries * positions.count + chunks.reduce(0) { $0 + $1.new })
    for position in positions { sum += (context * position + bounded * keys(units: position)) / 1024 }
    // Prompts are spread over attention groups as evenly as they go; the longest one counts where it is more than that.
    let pairs = chunks.map { chunk in
      (chunk.past + 1...chunk.past + chunk.new).reduce(0) {
        $0 + pair * $1 + boundedPair * keys(at: $1)
      }
    }
    sum += max(pairs.reduce(0, +) / groups, pairs.max() ?? 0)
    if groups > 1 {
      let decodes = (positions.count + groups - 1) / groups * queries
      let all = queries * positions.count + chunks.reduce(0) { $0 + $1.new }
      let busiest = max((all + groups - 1) / groups, decodes + (chunks.map(\.new).max() ?? 0))
      sum += groupToken * (chunks.isEmpty ? decodes : busiest)
    }
    return Int64(sum)
  }

  /// How many keys a decoding token sees in layers that bound their context, in 1/1024.
  private func keys(units position: Int) -> Int {
    switch bound {
    case .none: return 0
    case .window(let tokens): return position < 1024 * tokens ? position : 1024 * tokens
    case .chunk(let tokens): return (position - 1024) % (1024 * tokens) + 1024
    }
  }

  /// How many keys the token at a 1-based position sees in layers that bound their context.
  private func keys(at position: Int) -> Int {
    switch bound {
    case .none: return 0
    case .window(let tokens): return position < tokens ? position : tokens
    case .chunk(let tokens):
      let rest = position % tokens
      return rest == 0 ? tokens : rest
    }
  }
}
