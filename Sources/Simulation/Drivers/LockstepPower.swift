import Synchronization

/// Looks at what accelerators draw, interval by interval, and holds them to levels.
struct LockstepPower {
  private var controller: PowerController
  private let control: PowerControl
  private let interval: SimDuration
  /// When it looks next.
  private(set) var next: SimTime
  private var meter: LockstepMeter

  init(_ control: PowerControl, _ plans: [DeploymentPlan], parts: [[DeploymentPlan]]) {
    self.control = control
    let watts = control.groups.map { group -> [Double] in
      let plan = plans[group.deployment]
      let held = group.role == .prefill ? plan.prefill?.powerLevels ?? [] : plan.powerLevels
      precondition(!held.isEmpty, "accelerators that can be held to nothing")
      return held.map(\.watts)
    }
    // The first level is what they are held to by themselves.
    controller = PowerController(control, watts: watts)
    interval = SimDuration(seconds: control.intervalSeconds)
    next = SimTime.zero + interval
    meter = LockstepMeter(
      control.groups.map {
        [PowerMetering.Member(deployment: $0.deployment, role: $0.role, replicas: $0.replicas)]
      }, plans, parts: parts)
  }

  /// What it did.
  var outcome: PowerControlOutcome { controller.outcome }

  mutating func look(_ units: [LockstepUnit], _ unitsOf: [Range<Int>], at time: SimTime) {
    next = time + interval
    var drawn = meter.read(units, unitsOf, at: time, after: control.intervalSeconds)
    for (index, group) in control.groups.enumerated() {
      drawn[index] += Double(group.accelerators) * group.idleWatts
    }
    let before = controller.levels
    guard controller.look(drawn, at: time.seconds) else { return }
    for (index, group) in control.groups.enumerated() where controller.levels[index] != before[index] {
      let level = controller.levels[index]
      for unit in unitsOf[group.deployment] {
        units[unit].driver.withLock { driver in
          if let replicas = group.replicas {
            driver.hold(replicas, to: level, at: time)
          } else {
            driver.hold(driver.replicas(of: group.role), to: level, at: time)
          }
        }
      }
    }
  }
}
