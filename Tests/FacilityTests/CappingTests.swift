import Testing

@testable import Facility

@Suite("Capping")
struct CappingTests {
  private let prefill = PowerGroup(
    name: "prefill", count: 10, idleWatts: 100, wantedWatts: 700, priority: 1, phase: .prefill)
  private let decode = PowerGroup(
    name: "decode", count: 20, idleWatts: 100, wantedWatts: 400, priority: 2, phase: .decode)

  private func grants(_ policy: Capping.Policy, limit: Double) -> Capping.Grants {
    Capping(policy: policy).grants(
      in: PowerNode(name: "feed", limitWatts: limit, groups: [prefill, decode]))
  }

  @Test("without a binding limit all get what they want")
  func free() {
    for limit in [15_000.0, .infinity] {
      let grants = grants(.proportional, limit: limit)
      #expect(grants.watts == [7000, 8000])
      #expect(grants.withheldWatts == 0)
      #expect(grants.belowIdle.isEmpty)
    }
  }

  @Test("a limit of 9000 W by hand: 3000 W are idle, 12,000 W are wanted above")
  func byHand() {
    // Half of what is wanted above idle.
    let proportional = grants(.proportional, limit: 9000)
    #expect(agree(proportional.watts[0], 4000) && agree(proportional.watts[1], 5000))
    #expect(agree(proportional.withheldWatts, 6000))
    #expect(proportional.bindingPoints == ["feed"])
    // Priority 2 is served first, which leaves nothing.
    let priority = grants(.priority, limit: 9000)
    #expect(agree(priority.watts[0], 1000) && agree(priority.watts[1], 8000))
    let decodeFirst = grants(.decodeGivesFirst, limit: 9000)
    #expect(agree(decodeFirst.watts[0], 7000) && agree(decodeFirst.watts[1], 2000))
    let prefillFirst = grants(.phaseAware(givingOrder: [.prefill]), limit: 9000)
    #expect(agree(prefillFirst.watts[0], 1000) && agree(prefillFirst.watts[1], 8000))
  }

  @Test("a limit below idle is told")
  func belowIdle() {
    let grants = grants(.priority, limit: 1500)
    #expect(agree(grants.watts[0], 500) && agree(grants.watts[1], 1000))
    #expect(grants.belowIdle == [0, 1])
    #expect(self.grants(.proportional, limit: 0).watts == [0, 0])
  }

  @Test("a rack's limit leaves the rest of the row its power")
  func levels() {
    let tree = PowerNode(
      name: "feed", limitWatts: 14_000,
      children: [
        PowerNode(name: "rack a", limitWatts: 4000, groups: [prefill]),
        PowerNode(name: "rack b", limitWatts: 9000, groups: [decode]),
      ])
    let grants = Capping(policy: .proportional).grants(in: tree)
    #expect(agree(grants.watts[0], 4000) && agree(grants.watts[1], 8000))
    #expect(grants.bindingPoints == ["rack a"])
    #expect(grants.groups.map(\.name) == ["prefill", "decode"])
  }

  private static func tree(_ cases: inout Cases, depth: Int, name: String) -> PowerNode {
    let phases: [PowerGroup.Phase] = [.prefill, .decode, .mixed]
    var groups: [PowerGroup] = []
    for index in 0..<cases.count(depth == 0 ? 1 : 0, 3) {
      let idle = cases.number(0, 200)
      groups.append(
        PowerGroup(
          name: "\(name).\(index)", count: cases.count(0, 20), idleWatts: idle,
          wantedWatts: cases.count(0, 9) == 0 ? idle / 2 : idle + cases.number(0, 800),
          priority: cases.count(0, 3), phase: phases[cases.count(0, 2)]))
    }
    var children: [PowerNode] = []
    if depth > 0 {
      for index in 0..<cases.count(0, 3) {
        children.append(tree(&cases, depth: depth - 1, name: "\(name)-\(index)"))
      }
    }
    let limit = cases.count(0, 9) == 0 ? .infinity : cases.number(0, 15_000) * Double(depth + 1)
    return PowerNode(name: name, limitWatts: limit, children: children, groups: groups)
  }

  /// Checks the limits behind a point, and returns what passes it and whether more could.
  private func passing(_ node: PowerNode, _ grants: Capping.Grants, from first: inout Int) -> Double {
    var sum = 0.0
    for _ in node.groups {
      sum += grants.watts[first]
      first += 1
    }
    for child in node.children { sum += passing(child, grants, from: &first) }
    #expect(sum <= node.limitWatts * (1 + 1e-9))
    return sum
  }

  @Test(
    "random trees: wants, idle power and limits hold, and no power is left that someone could use",
    arguments: 0..<300)
  func random(seed: Int) {
    var cases = Cases(seed: seed)
    let tree = Self.tree(&cases, depth: 3, name: "feed")
    let policies: [Capping.Policy] = [.proportional, .priority, .decodeGivesFirst]
    for policy in policies {
      let grants = Capping(policy: policy).grants(in: tree)
      #expect(grants == Capping(policy: policy).grants(in: tree))
      var first = 0
      _ = passing(tree, grants, from: &first)
      #expect(first == grants.watts.count)
      var blocked: [Bool] = []
      mark(tree, false, grants, &blocked)
      for (index, group) in grants.groups.enumerated() {
        let wanted = Double(group.count) * group.wantedWatts
        let idle = Double(group.count) * min(group.idleWatts, group.wantedWatts)
        #expect(grants.watts[index] <= wanted * (1 + 1e-9))
        let isBelow = grants.watts[index] < idle * (1 - 1e-9)
        #expect(isBelow == grants.belowIdle.contains(index))
        if grants.watts[index] < wanted * (1 - 1e-9) { #expect(blocked[index]) }
      }
    }
  }

  @Test(
    "behind one point nobody rises above idle before a higher priority has all it wants", arguments: 0..<100)
  func order(seed: Int) {
    var cases = Cases(seed: seed)
    var tree = Self.tree(&cases, depth: 0, name: "rack")
    for _ in 0..<5 { tree.groups += Self.tree(&cases, depth: 0, name: "more").groups }
    let grants = Capping(policy: .priority).grants(in: tree)
    for (index, group) in grants.groups.enumerated() where group.count > 0 {
      let isShort = grants.watts[index] < Double(group.count) * group.wantedWatts * (1 - 1e-9)
      guard isShort else { continue }
      for (other, lower) in grants.groups.enumerated() where lower.priority < group.priority {
        let idle = Double(lower.count) * min(lower.idleWatts, lower.wantedWatts)
        #expect(grants.watts[other] <= idle * (1 + 1e-9))
      }
    }
  }

  private func mark(_ node: PowerNode, _ above: Bool, _ grants: Capping.Grants, _ blocked: inout [Bool]) {
    let isBlocked = above || grants.bindingPoints.contains(node.name)
    for _ in node.groups { blocked.append(isBlocked) }
    for child in node.children { mark(child, isBlocked, grants, &blocked) }
  }

  @Test("more power for the feed never takes from all", arguments: 0..<50)
  func monotone(seed: Int) {
    var cases = Cases(seed: seed)
    var tree = Self.tree(&cases, depth: 2, name: "feed")
    var previous = 0.0
    for limit in stride(from: 0.0, through: 40_000, by: 2000) {
      tree.limitWatts = limit
      let sum = Capping(policy: .proportional).grants(in: tree).watts.reduce(0, +)
      #expect(sum >= previous * (1 - 1e-9))
      previous = sum
    }
  }
}
