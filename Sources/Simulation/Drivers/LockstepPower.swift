import Synchronization

/// Looks at what accelerators draw, interval by interval, and holds them to levels.
///
/// Of a sampled deployment the model is looked at, and stands for the site.
struct LockstepPower {
  private var controller: PowerController
  private let control: PowerControl
  private let interval: SimDuration
  /// When it looks next.
  private(set) var next: SimTime
  /// Energy above idle of each group up to the last look, in joules.
  private var joules: [Double]
  /// The site's replicas of each group, as a multiple of those that are simulated in the first part.
  private let scale: [Double]

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
    joules = Array(repeating: 0, count: control.groups.count)
    scale = control.groups.map { group in
      let (site, part) = (plans[group.deployment], parts[group.deployment][0])
      precondition(
        group.replicas == nil || parts[group.deployment].count == 1, "parts of a sample have no places")
      return group.role == .prefill
        ? Double(site.prefill?.replicas ?? 1) / Double(part.prefill?.replicas ?? 1)
        : Double(site.replicas) / Double(part.replicas)
    }
  }

  /// What it did.
  var outcome: PowerControlOutcome { controller.outcome }

  mutating func look(_ units: [LockstepUnit], _ unitsOf: [Range<Int>], at time: SimTime) {
    next = time + interval
    var drawn: [Double] = []
    for (index, group) in control.groups.enumerated() {
      let used = units[unitsOf[group.deployment].lowerBound].driver.withLock { driver in
        if let replicas = group.replicas { return driver.joules(of: replicas, at: time) }
        return driver.joules(of: driver.replicas(of: group.role), at: time)
      }
      let watts = max(0, used - joules[index]) * scale[index] / control.intervalSeconds
      joules[index] = used
      drawn.append(watts + Double(group.accelerators) * group.idleWatts)
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
