import CostModel

/// What accelerators draw, and levels that hold them to less.
extension CoupledDriver {
  /// Energy above idle since the start of the run that replicas have used by `time`, in joules; that of a stretch of steps in
  /// progress by its share of time.
  func joules(of replicas: some Sequence<Int>, at time: SimTime) -> Double {
    var joules = 0.0
    for index in replicas { joules += self.replicas[index].joules(at: time) + forgottenJoules[index] }
    return joules
  }

  /// The end of the run, as far as it is known: when the last step was done where nothing else ends it.
  var lastMoment: SimTime { run.horizon ?? shop.lastStep }

  /// The replicas of a pool, by their numbers.
  func replicas(of role: PoolRole) -> Range<Int> {
    role == .prefill ? 0..<prefillReplicas : prefillReplicas..<replicas.count
  }

  /// Holds replicas to a level from their next steps on.
  mutating func hold(_ replicas: some Sequence<Int>, to level: Int, at time: SimTime) {
    for index in replicas where levels[index] != UInt8(level) {
      if level > 0 { prepare(level, pool: index < prefillReplicas ? 1 : 0) }
      levels[index] = UInt8(level)
      self.replicas[index].pace.level = UInt8(level)
      if self.replicas[index].cut(at: time, everySteps: 1) { queueCompletion(index) }
    }
  }

  /// Makes the engine of a level, where there is none yet.
  private mutating func prepare(_ level: Int, pool: Int) {
    while heldEngines[pool].count < level { heldEngines[pool].append(nil) }
    guard heldEngines[pool][level - 1] == nil else { return }
    heldEngines[pool][level - 1] = deployment.engine(heldTo: level, isPrefill: pool == 1, run)
  }
}

extension Replica {
  /// Energy above idle that steps have used by `time`, in joules.
  func joules(at time: SimTime) -> Double {
    guard let regime else { return cost[.energy] }
    let done = regime.cost(ofSteps: regime.done)[.energy]
    guard plannedSteps > 0, plannedEnd != .never else { return cost[.energy] + done }
    // The step in progress, whether it was planned alone or with others.
    let last = regime.done + plannedSteps
    let step = regime.firstStep(endingAtOrAfter: time, in: (regime.done + 1)...last)
    let begin = step == 1 ? regime.anchor : regime.end(ofStep: step - 1)
    let length = (regime.end(ofStep: step) - begin).seconds
    let share = length > 0 ? min(max((time - begin).seconds / length, 0), 1) : 1
    let before = regime.cost(ofSteps: step - 1)[.energy]
    return cost[.energy] + before + (regime.cost(ofSteps: step)[.energy] - before) * share
  }
}
