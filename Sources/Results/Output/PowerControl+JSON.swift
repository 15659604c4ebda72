import Documents
import Simulation

extension RunReport {
  /// What became of limits of power: how often they were exceeded, who was held to what, and which limits bound.
  func powerControlJSON(_ outcome: PowerControlOutcome) -> JSONValue {
    let seconds = simulatedSeconds
    return [
      "intervals": .int(outcome.intervals), "exceeded_intervals": .int(outcome.exceeded),
      "longest_excess_intervals": .int(outcome.longestExcess),
      "largest_excess_watts": .double(outcome.largestExcessWatts),
      "held_seconds": .double(outcome.heldSeconds),
      "groups": .array(
        outcome.groups.map { group in
          [
            "deployment": .string(context.deployments[group.deployment].name),
            "role": .string(group.role.rawValue),
            "gpus": .int(group.accelerators), "held_seconds": .double(group.heldSeconds),
            "mean_limit_watts": seconds > 0 ? .double(group.levelJoules / seconds) : .null,
            "least_limit_watts": .double(group.leastWatts),
          ]
        }),
      "binding": .array(
        outcome.binding.map { ["point": .string($0.name), "decisions": .int($0.times)] }),
    ]
  }
}
