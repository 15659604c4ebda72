import CostModel

/// By how much longer than they cost the steps of a replica take.
struct StepPace: Equatable {
  /// All of a step: more than 1 where an accelerator is slow.
  var work = 1.0
  /// What accelerators exchange in it: more than 1 where transfers use the same links.
  var exchange = 1.0
  /// The power level that accelerators are held to: another one makes other steps, whose costs are those of that level.
  var level: UInt8 = 0

  /// Whether a step takes as long as it costs.
  var isPlain: Bool { work == 1 && exchange == 1 }
}

extension CostVector {
  /// Lets a step take longer for the same energy above idle: the slowest accelerator and the busiest link set the pace.
  mutating func slow(by pace: StepPace) {
    let energy = self[.energy]
    let wait = self[.collective] * (pace.exchange - 1)
    self[.collective] += wait
    self[.network] += wait
    self[.time] += wait
    self *= pace.work
    self[.energy] = energy
  }
}
