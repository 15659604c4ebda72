import Simulation

extension RunReport {
  /// Who was held to what so that limits of power held; of many groups of a pool their mean and their least.
  func powerControlSection(_ outcome: PowerControlOutcome, _ style: TextStyle) -> [String] {
    var table = TextTable([
      .init("power limits", .leading), .init("GPUs"), .init("held"), .init("mean limit"), .init("least"),
    ])
    for (index, deployment) in context.deployments.enumerated() {
      for role in [PoolRole.prefill, .decode, .aggregated] {
        let groups = outcome.groups.filter { $0.deployment == index && $0.role == role }
        guard !groups.isEmpty, simulatedSeconds > 0 else { continue }
        let gpus = groups.reduce(0) { $0 + $1.accelerators }
        func mean(_ value: (PowerControlOutcome.GroupOutcome) -> Double) -> Double {
          groups.reduce(0) { $0 + Double($1.accelerators) * value($1) } / Double(gpus)
        }
        table.add([
          deployment.name + (role == .aggregated ? "" : ", \(role.rawValue)"), Numbers.text(Int64(gpus)),
          Numbers.percent(mean(\.heldSeconds) / simulatedSeconds),
          Numbers.watts(mean(\.levelJoules) / simulatedSeconds),
          Numbers.watts(groups.map(\.leastWatts).min()),
        ])
      }
    }
    var lines = table.lines(style: style)
    let exceeded =
      outcome.exceeded == 0
      ? "never exceeded"
      : "exceeded in \(Numbers.text(Int64(outcome.exceeded))), at most \(outcome.longestExcess) in a row"
    lines += Self.wrapped(
      "\(Numbers.text(Int64(outcome.intervals))) intervals: limits \(exceeded)"
        + (outcome.binding.isEmpty
          ? ""
          : "; shared out: "
            + outcome.binding.prefix(5).map { "\($0.name) \(Numbers.text(Int64($0.times))) times" }
            .joined(separator: ", ")),
      indent: 8)
    return lines
  }
}
