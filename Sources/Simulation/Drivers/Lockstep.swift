import Synchronization

/// A deployment, or a cell of one, as threads share it: one at a time.
final class LockstepUnit: Sendable {
  let driver: Mutex<CoupledDriver>

  init(_ driver: consuming sending CoupledDriver) { self.driver = Mutex(driver) }
}

/// Numbers that threads share out among them.
final class SharedCounter: Sendable {
  private let value = Atomic<Int>(0)

  /// The next number; nil from `limit` on.
  func next(below limit: Int) -> Int? {
    let number = value.wrappingAdd(1, ordering: .relaxed).oldValue
    return number < limit ? number : nil
  }
}

/// Deployments, or cells of them, that are taken forward together, from one moment to the next at which something looks at
/// all of them and acts on all of them.
struct Lockstep {
  /// What runs, cells of one deployment side by side.
  let units: [LockstepUnit]
  /// The units of each deployment.
  let unitsOf: [Range<Int>]
  private let plans: [DeploymentPlan]
  /// Who decides on the sizes of each deployment's pools, and when they look next: the pool that answers, prefill.
  private var autoscalers: [[Autoscaler?]]
  private var looks: [[SimTime]]
  private var power: LockstepPower?
  private var recorder: LockstepRecorder?
  /// The units in the order in which threads take them: the last ones are small, so that no thread waits long.
  let largestFirst: [Int]

  /// Deployments with their parts: the model of a sample and its cells, or the whole one as its only part.
  ///
  /// - Parameters:
  ///   - plans: the deployments.
  ///   - parts: what is simulated of each, with how.
  ///   - power: limits of what they draw; nil for none.
  ///   - metering: what of their draw is recorded; nil for nothing.
  ///   - progress: counts completed requests as they complete.
  init(
    _ plans: [DeploymentPlan], parts: [[(plan: DeploymentPlan, run: RunPlan)]], power: PowerControl? = nil,
    metering: PowerMetering? = nil, progress: RunProgress
  ) {
    self.plans = plans
    var units: [LockstepUnit] = []
    var ranges: [Range<Int>] = []
    for part in parts {
      ranges.append(units.count..<units.count + part.count)
      units += part.map { LockstepUnit(CoupledDriver($0.plan, $0.run, progress: progress)) }
    }
    self.units = units
    unitsOf = ranges
    let sizes = parts.flatMap { $0.map(\.plan.allReplicas) }
    largestFirst = sizes.indices.sorted { (sizes[$1], $0) < (sizes[$0], $1) }
    self.power = power.map { LockstepPower($0, plans, parts: parts.map { $0.map(\.plan) }) }
    recorder = metering.map { LockstepRecorder($0, plans, parts: parts.map { $0.map(\.plan) }) }
    let isSteered = parts.map { $0.contains { $0.plan.fleet?.isSteered == true } }
    autoscalers = zip(plans, isSteered).map { plan, isSteered in
      [plan.fleet?.autoscaling, plan.fleet?.prefillAutoscaling].map {
        isSteered ? $0.map { Autoscaler($0) } : nil
      }
    }
    looks = plans.map { plan in
      [plan.fleet?.autoscaling, plan.fleet?.prefillAutoscaling].map {
        $0.map { SimTime.zero + SimDuration(seconds: $0.intervalSeconds) } ?? .never
      }
    }
  }

  /// When something looks at all units next; `.never` where nothing does.
  var nextStop: SimTime { min(nextLook, power?.next ?? .never, recorder?.next ?? .never) }

  /// Whether anything goes on in any unit.
  var goesOn: Bool { units.contains { $0.driver.withLock { $0.goesOn } } }

  /// Who looks at `time` looks and acts; all units have been taken there.
  mutating func stop(at time: SimTime) {
    // What is to be read comes first: who is held from now on ends a stretch.
    if recorder?.next == time { recorder?.look(units, unitsOf, at: time) }
    look(at: time)
    if power?.next == time { power?.look(units, unitsOf, at: time) }
  }

  /// Reads meters to the end; after everything that goes on, before units finish.
  mutating func closeMeters() {
    recorder?.close(units, unitsOf)
  }

  /// What each unit did; after all have finished.
  var outcomes: [PartitionOutcome] { units.map { $0.driver.withLock { $0.outcome } } }

  /// What became of limits of power; nil where there are none.
  var powerOutcome: PowerControlOutcome? { power?.outcome }

  /// What was recorded of the draw; nil where nothing was.
  var readings: PowerReadings? { recorder?.readings }

  /// When an autoscaler looks next; `.never` where none does.
  private var nextLook: SimTime {
    var next = SimTime.never
    for (deployment, times) in looks.enumerated() {
      for (pool, time) in times.enumerated() where autoscalers[deployment][pool] != nil {
        next = min(next, time)
      }
    }
    return next
  }

  private mutating func look(at time: SimTime) {
    for deployment in plans.indices {
      for pool in 0..<2 where autoscalers[deployment][pool] != nil && looks[deployment][pool] == time {
        scale(deployment, pool, at: time)
      }
    }
  }

  /// A look at the load of a pool in all its parts, and what follows for each.
  private mutating func scale(_ deployment: Int, _ pool: Int, at time: SimTime) {
    let plan = plans[deployment]
    let rules = [plan.fleet?.autoscaling, plan.fleet?.prefillAutoscaling]
    guard let rule = rules[pool] else { return }
    looks[deployment][pool] = time + SimDuration(seconds: rule.intervalSeconds)
    let looks = unitsOf[deployment].map { unit in
      units[unit].driver.withLock {
        $0.retireDrained(at: time)
        let look = $0.look(at: pool)
        if pool == 0 || plan.fleet?.autoscaling == nil { $0.forgetLatencies() }
        return look
      }
    }
    let poolSize = pool == 0 ? plan.replicas : plan.prefill?.replicas ?? 0
    guard let model = looks.first,
      let size = autoscalers[deployment][pool]?.size(for: model, poolSize: poolSize, at: time)
    else { return }
    // Each part follows the same decision; what a cell's share leaves beyond whole replicas goes to the first cells.
    let share = Double(size) / Double(poolSize)
    let ofCells = Int((share * Double(looks.dropFirst().reduce(0) { $0 + $1.replicas })).rounded())
    for (number, unit) in unitsOf[deployment].enumerated() {
      let cells = max(looks.count - 1, 1)
      let target =
        number == 0
        ? Int((share * Double(model.replicas)).rounded())
        : ofCells / cells + (number - 1 < ofCells % cells ? 1 : 0)
      units[unit].driver.withLock {
        $0.resize(pool, to: max(target, 1), startSeconds: rule.startSeconds, at: time)
      }
    }
  }
}
