import CostModel

/// A run of steps over one batch inside one linear piece of the cost table.
///
/// Step k (from 1) takes first + growth·(k − 1), so the first k steps take F(k) = first·k + growth·k(k − 1)/2 and
/// step k ends at anchor + round(F(k)). The anchor moves only when the batch or the piece changes: rounding can't
/// drift, and it makes no difference whether the steps were taken one at a time or all at once.
struct Regime {
  /// When its first step begins.
  let anchor: SimTime
  let first: CostVector
  let growth: CostVector
  /// Steps after which the cost leaves the linear piece.
  let limit: Int
  /// Steps done.
  var done = 0

  init(anchor: SimTime, first: CostVector, growth: CostVector = .zero, limit: Int = 1) {
    precondition(first[.time] > 0, "a step that takes no time")
    self.anchor = anchor
    self.first = first
    self.growth = growth
    self.limit = limit
  }

  @inline(__always)
  private func closedForm(_ lane: CostLane, _ steps: Int) -> Double {
    let k = Double(steps)
    return first[lane] * k + growth[lane] * (k * (k - 1) * 0.5)
  }

  /// When the first `steps` steps are over.
  @inline(__always)
  func end(ofStep steps: Int) -> SimTime {
    anchor + SimDuration(seconds: closedForm(.time, steps))
  }

  /// The duration of step `step` (from 1) in nanoseconds, never decreasing in `step`.
  @inline(__always)
  func gapNanoseconds(ofStep step: Int) -> Int64 {
    Int64((first[.time] + growth[.time] * Double(step - 1)) * 1e9 + 0.5)
  }

  /// Energy above idle of the first `steps` steps, in whole microjoules.
  @inline(__always)
  func microjoules(ofSteps steps: Int) -> Int64 {
    Int64(closedForm(.energy, steps) * 1e6 + 0.5)
  }

  /// All lanes of the steps done.
  var cost: CostVector {
    @inline(__always) get { cost(ofSteps: done) }
  }

  /// All lanes of the first `steps` steps.
  @inline(__always)
  func cost(ofSteps steps: Int) -> CostVector {
    let k = Double(steps)
    return first * k + growth * (k * (k - 1) * 0.5)
  }

  /// The first step in `range` that ends at or after `time`; the last of the range when none does.
  func firstStep(endingAtOrAfter time: SimTime, in range: ClosedRange<Int>) -> Int {
    if end(ofStep: range.upperBound) < time { return range.upperBound }
    let target = Double(time.nanoseconds - anchor.nanoseconds) * 1e-9
    let b = growth[.time] * 0.5
    let a = first[.time] - b
    // The form of the root that loses no digits however small the growth is.
    let root = 2 * target / (a + (a * a + 4 * b * target).squareRoot())
    let estimate = root.isFinite ? min(max(root, 0), Double(range.upperBound)) : 0
    var step = min(max(Int(estimate), range.lowerBound), range.upperBound)
    while step < range.upperBound && end(ofStep: step) < time { step += 1 }
    while step > range.lowerBound && end(ofStep: step - 1) >= time { step -= 1 }
    return step
  }
}
