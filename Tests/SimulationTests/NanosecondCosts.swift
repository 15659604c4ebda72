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

  /// The table of these costs for the engine under test.
  ///
  /// Every part is linear, so that interpolation between knots is exact but for some 1e-16 of it.
  func table(joules: Double = 0) -> StepCostTable {
    linearCosts(
      step: Double(step) * 1e-9, token: Double(token) * 1e-9, context: Double(context) * 1e-9,
      pair: Double(pair) * 1e-9, bounded: Double(bounded) * 1e-9, boundedPair: Double(boundedPair) * 1e-9,
      bound: bound, joules: joules)
  }

  /// The length of a step, from the positions of decoding tokens (1-based) and (new, past) of its prompt chunks.
  func nanoseconds(decodes positions: [Int], chunks: [(new: Int, past: Int)]) -> Int64 {
    var sum = step + token * (positions.count + chunks.reduce(0) { $0 + $1.new })
    for position in positions { sum += context * position + bounded * keys(at: position) }
    for chunk in chunks {
      for position in chunk.past + 1...chunk.past + chunk.new {
        sum += pair * position + boundedPair * keys(at: position)
      }
    }
    return Int64(sum)
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
