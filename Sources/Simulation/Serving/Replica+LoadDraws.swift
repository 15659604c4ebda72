import CostModel
import Workload

/// Loads of experts that differ from step to step.
extension Replica {
  /// Draws beyond so many standard deviations are moved there: no step takes less than nothing, and means stay.
  private static let widest = 3.0

  /// Moves the cost of the step that is planned by what its tokens' choice of experts makes of it.
  ///
  /// The sum over many layers, each drawn by itself, is close to normal. The draw belongs to the replica and to the number of
  /// its step.
  func vary(_ cost: inout CostVector, chunkTokens: Int, engine: Engine) {
    guard let draws = engine.loadDraws,
      let deviation = engine.cost.deviation(sequences: decodesOfStep, chunkTokens: chunkTokens)
    else { return }
    var stream = draws.stream(index: UInt64(id) << 40 | UInt64(steps))
    let normal = stream.normal(mean: 0, standardDeviation: 1)
    let shift = min(max(normal, -Self.widest), Self.widest)
    // A step keeps at least a tenth of its time, whatever table somebody made.
    let least = deviation[.time] > 0 ? -0.9 * cost[.time] / deviation[.time] : -Self.widest
    cost += deviation * max(shift, least)
  }
}
