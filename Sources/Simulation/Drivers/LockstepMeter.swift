import Synchronization

/// Reads what groups of replicas drew since it was last read.
///
/// Of a sampled deployment the model is read, and stands for the site.
struct LockstepMeter {
  private let points: [[PowerMetering.Member]]
  /// What each member's energy is multiplied by: its share, times the site's replicas over those that are simulated in the
  /// first part.
  private let factors: [[Double]]
  /// Energy above idle of each member up to the last reading, in joules, before it is multiplied.
  private var joules: [[Double]]

  /// A meter that was read at the start of the run.
  init(
    _ points: [[PowerMetering.Member]], _ plans: [DeploymentPlan], parts: [[DeploymentPlan]]
  ) {
    self.points = points
    factors = points.map { members in
      members.map { member in
        let (site, part) = (plans[member.deployment], parts[member.deployment][0])
        precondition(
          member.replicas == nil || parts[member.deployment].count == 1, "parts of a sample have no places")
        let scale =
          member.role == .prefill
          ? Double(site.prefill?.replicas ?? 1) / Double(part.prefill?.replicas ?? 1)
          : Double(site.replicas) / Double(part.replicas)
        return member.share * scale
      }
    }
    joules = points.map { Array(repeating: 0, count: $0.count) }
  }

  /// Mean draw above idle of each point since the last reading, `seconds` ago, in watts of the site.
  mutating func read(
    _ units: [LockstepUnit], _ unitsOf: [Range<Int>], at time: SimTime, after seconds: Double
  ) -> [Double] {
    var drawn: [Double] = []
    drawn.reserveCapacity(points.count)
    for (point, members) in points.enumerated() {
      var watts = 0.0
      for (index, member) in members.enumerated() {
        let used = units[unitsOf[member.deployment].lowerBound].driver.withLock { driver in
          if let replicas = member.replicas { return driver.joules(of: replicas, at: time) }
          return driver.joules(of: driver.replicas(of: member.role), at: time)
        }
        // Sums of reals over steps may differ in their last digits by how far a stretch was taken.
        watts += max(0, used - joules[point][index]) * factors[point][index] / seconds
        joules[point][index] = used
      }
      drawn.append(watts)
    }
    return drawn
  }
}

/// Records what a meter reads, interval by interval.
struct LockstepRecorder {
  private var meter: LockstepMeter
  private let interval: SimDuration
  private var last = SimTime.zero
  /// When it reads next.
  private(set) var next: SimTime
  private(set) var readings: PowerReadings

  init(_ metering: PowerMetering, _ plans: [DeploymentPlan], parts: [[DeploymentPlan]]) {
    meter = LockstepMeter(metering.points, plans, parts: parts)
    interval = SimDuration(seconds: metering.intervalSeconds)
    next = SimTime.zero + interval
    readings = PowerReadings(intervalSeconds: metering.intervalSeconds)
  }

  /// A reading of the interval that ends now.
  mutating func look(_ units: [LockstepUnit], _ unitsOf: [Range<Int>], at time: SimTime) {
    let seconds = time == next ? readings.intervalSeconds : (time - last).seconds
    readings.wattsAboveIdle.append(meter.read(units, unitsOf, at: time, after: seconds))
    readings.lastSeconds = seconds
    last = time
    next = time + interval
  }

  /// The intervals that are left, of the parts that stand for the site, when nothing goes on any more; the last one may be shorter.
  mutating func close(_ units: [LockstepUnit], _ unitsOf: [Range<Int>]) {
    let end = unitsOf.map { units[$0.lowerBound].driver.withLock { $0.lastMoment } }.max() ?? last
    while next <= end { look(units, unitsOf, at: next) }
    if last < end { look(units, unitsOf, at: end) }
  }
}
