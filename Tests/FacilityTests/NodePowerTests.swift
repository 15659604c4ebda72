import Testing

@testable import Facility

@Suite("Power of nodes beside their accelerators")
struct NodePowerTests {
  private func node(
    fans: Double = 700, idleWatts: Double = 1700, curve: EfficiencyCurve = .titanium
  ) throws -> NodePower {
    try NodePower(
      parts: [
        .init(name: "cpus", idleWatts: 240, peakWatts: 500),
        .init(name: "fans", idleWatts: 300, peakWatts: fans, isMover: true),
      ], ratedWatts: 19_800, curve: curve, idleWatts: idleWatts, peakWatts: 2500,
      acceleratorIdleWatts: 952, acceleratorPeakWatts: 5600)
  }

  @Test("parts, loss and the rest add up to the line", arguments: [0, 0.1, 0.37, 0.5, 0.8, 1])
  func sum(work: Double) throws {
    let node = try node()
    let parts = node.breakdown(atWork: work)
    #expect(agree(parts.reduce(0) { $0 + $1.watts }, 1700 + 800 * work))
    #expect(parts.map(\.name) == ["cpus", "fans", "supply loss", "other"])
    #expect(agree(parts[0].watts, 240 + 260 * work))
    #expect(agree(parts[1].watts, 300 + 400 * work * work * work))
    // The supply's own efficiency at the load that it then has.
    let inlet = node.watts(atWork: work) + 952 + 4648 * work
    let load = (inlet - parts[2].watts) / 19_800
    #expect(agree(EfficiencyCurve.titanium.input(forOutput: load) * 19_800, inlet, within: 1e-6))
  }

  @Test("parts that take more than the node are refused")
  func tooMuch() {
    #expect(throws: FacilityError.self) { try node(fans: 2000) }
    #expect(throws: FacilityError.self) { try node(idleWatts: 500) }
    #expect(throws: FacilityError.self) { try node(fans: 200) }
  }

  @Test("a shelf loses less than a server's own supplies, at any load", arguments: [0.1, 0.2, 0.4, 0.7, 1])
  func curves(load: Double) {
    #expect(EfficiencyCurve.orv3.loss(atLoad: load) < EfficiencyCurve.titanium.loss(atLoad: load))
    #expect(EfficiencyCurve.named("orv3") == .orv3 && EfficiencyCurve.named("ruby") == .ruby)
    #expect(EfficiencyCurve.named("bronze") == nil)
  }
}
