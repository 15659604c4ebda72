import Facility

/// Decides, look by look, which level each group is held to.
struct PowerController {
  let control: PowerControl
  /// The watts of each level of each group, falling.
  private let watts: [[Double]]
  /// The level of each group, 0 for the full one.
  private(set) var levels: [Int]
  private(set) var outcome = PowerControlOutcome()
  private let ranks: [Int]
  private var excess = 0

  /// Shares of a limit: from which it is shared out, what is then shared out, since steps in progress go on as they began, and
  /// up to which groups are let up.
  private static let trigger = 0.99
  private static let shared = 0.98
  private static let release = 0.96
  /// By how much more than it draws above idle a group that is not held may want in the next interval.
  private static let growth = 1.25

  /// A controller that holds nobody.
  ///
  /// - Parameters:
  ///   - control: limits and groups.
  ///   - watts: the watts of each level of each group, falling, at least one each.
  init(_ control: PowerControl, watts: [[Double]]) {
    self.control = control
    self.watts = watts
    levels = Array(repeating: 0, count: watts.count)
    ranks = control.groups.map { group in
      switch control.policy {
      case .proportional: 0
      case .priority: group.priority
      case .phaseAware(let order): order.firstIndex(of: PowerGroup.Phase(group.role)) ?? order.count
      }
    }
    outcome.groups = zip(control.groups, watts).map { group, watts in
      PowerControlOutcome.GroupOutcome(
        deployment: group.deployment, role: group.role, accelerators: group.accelerators, leastWatts: watts[0]
      )
    }
  }

  /// A look at what groups drew over the interval that ends now, all members together, idle power included.
  ///
  /// - Returns: whether any level is another than before.
  mutating func look(_ drawn: [Double], at seconds: Double) -> Bool {
    account(drawn, until: seconds)
    let before = levels
    let (start, end) = (seconds, seconds + control.intervalSeconds)
    if fits(control.root, drawn, Self.trigger, from: start, to: end) {
      letUp(drawn, from: start, to: end)
    } else {
      shareOut(drawn, from: start, to: end)
    }
    return levels != before
  }

  /// What the interval that ends now was like.
  private mutating func account(_ drawn: [Double], until seconds: Double) {
    let length = control.intervalSeconds
    outcome.intervals += 1
    if levels.contains(where: { $0 > 0 }) { outcome.heldSeconds += length }
    for group in levels.indices {
      let level = levels[group]
      outcome.groups[group].levelJoules += watts[group][level] * length
      if level > 0 { outcome.groups[group].heldSeconds += length }
    }
    let over = largestExcess(control.root, drawn, from: seconds - length, to: seconds)
    guard over > 0 else {
      excess = 0
      return
    }
    excess += 1
    outcome.exceeded += 1
    outcome.longestExcess = max(outcome.longestExcess, excess)
    outcome.largestExcessWatts = max(outcome.largestExcessWatts, over)
  }

  private func largestExcess(
    _ point: PowerControl.Point, _ drawn: [Double], from start: Double, to end: Double
  ) -> Double {
    // Whoever changes its limit in an interval is held to the larger one until the next look.
    var limit = -Double.infinity
    for time in [start, end] { limit = max(limit, point.leastWatts(from: time, to: time.nextUp)) }
    let over = sum(point, drawn) - limit
    return point.children.reduce(over) { max($0, largestExcess($1, drawn, from: start, to: end)) }
  }

  private func sum(_ point: PowerControl.Point, _ drawn: [Double]) -> Double {
    point.groups.reduce(0) { $0 + drawn[$1] } + point.children.reduce(0) { $0 + sum($1, drawn) }
  }

  /// Whether what groups draw is within a share of every limit.
  private func fits(
    _ point: PowerControl.Point, _ drawn: [Double], _ share: Double, from start: Double, to end: Double
  ) -> Bool {
    sum(point, drawn) <= share * point.leastWatts(from: start, to: end)
      && point.children.allSatisfy { fits($0, drawn, share, from: start, to: end) }
  }

  /// Shares limits out, and holds each group behind one that is exceeded, or nearly, to the highest level at which it can't
  /// draw more than its share.
  private mutating func shareOut(_ drawn: [Double], from start: Double, to end: Double) {
    var order: [Int] = []
    let tree = node(control.root, drawn, from: start, to: end, &order)
    let grants = Capping(policy: control.policy).grants(in: tree)
    var isBound = Array(repeating: false, count: levels.count)
    markBound(control.root, drawn, from: start, to: end, isBehind: false, &isBound)
    for (position, group) in order.enumerated() where isBound[group] {
      let each = grants.watts[position] / Double(control.groups[group].accelerators)
      let held = watts[group].firstIndex { $0 <= each * (1 + 1e-9) } ?? watts[group].count - 1
      levels[group] = max(levels[group], held)
      outcome.groups[group].leastWatts = min(outcome.groups[group].leastWatts, watts[group][levels[group]])
    }
  }

  /// Marks the groups behind points whose limits don't hold, and counts those points.
  private mutating func markBound(
    _ point: PowerControl.Point, _ drawn: [Double], from start: Double, to end: Double, isBehind: Bool,
    _ isBound: inout [Bool]
  ) {
    let exceeds = sum(point, drawn) > Self.trigger * point.leastWatts(from: start, to: end)
    if exceeds {
      if let index = outcome.binding.firstIndex(where: { $0.name == point.name }) {
        outcome.binding[index].times += 1
      } else {
        outcome.binding.append(PowerControlOutcome.Binding(name: point.name, times: 1))
      }
    }
    for group in point.groups where exceeds || isBehind { isBound[group] = true }
    for child in point.children {
      markBound(child, drawn, from: start, to: end, isBehind: exceeds || isBehind, &isBound)
    }
  }

  /// The tree for the capping algorithm; `order` gets the groups in the order in which it counts them.
  private func node(
    _ point: PowerControl.Point, _ drawn: [Double], from start: Double, to end: Double, _ order: inout [Int]
  ) -> PowerNode {
    let groups = point.groups.map { index -> PowerGroup in
      order.append(index)
      let group = control.groups[index]
      let each = drawn[index] / Double(group.accelerators)
      let (full, own) = (watts[index][0], watts[index][levels[index]])
      // Who is held would take what its level allows; who is not may want more than it drew.
      let grown = group.idleWatts + Self.growth * max(0, each - group.idleWatts)
      let wanted = levels[index] > 0 ? max(each, own) : min(full, grown)
      // Nobody can be held below the lowest level.
      return PowerGroup(
        name: "\(index)", count: group.accelerators, idleWatts: watts[index].last ?? full,
        wantedWatts: max(wanted, watts[index].last ?? 0), priority: group.priority,
        phase: PowerGroup.Phase(group.role))
    }
    let children = point.children.map { node($0, drawn, from: start, to: end, &order) }
    return PowerNode(
      name: point.name, limitWatts: Self.shared * max(0, point.leastWatts(from: start, to: end)),
      children: children, groups: groups)
  }

  /// Lets groups up by a level where they would still be within limits, those that give last first.
  private mutating func letUp(_ drawn: [Double], from start: Double, to end: Double) {
    var expected = drawn
    for rank in Set(ranks).sorted(by: >) {
      var wanted = expected
      let held = levels.indices.filter { ranks[$0] == rank && levels[$0] > 0 }
      guard !held.isEmpty else { continue }
      for group in held {
        wanted[group] *= watts[group][levels[group] - 1] / watts[group][levels[group]]
      }
      guard fits(control.root, wanted, Self.release, from: start, to: end) else { continue }
      for group in held { levels[group] -= 1 }
      expected = wanted
    }
  }
}

extension PowerGroup.Phase {
  /// What a pool's work is bound by.
  init(_ role: PoolRole) {
    switch role {
    case .prefill: self = .prefill
    case .decode: self = .decode
    case .aggregated: self = .mixed
    }
  }
}
