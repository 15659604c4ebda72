import Testing

@testable import Facility

@Suite("The electrical chain")
struct ChainTests {
  private let curve = LossCurve.doubleConversionUPS

  @Test("two sides carry half of the load each, N + k units their share")
  func redundancy() throws {
    func stage(_ redundancy: ElectricalStage.Redundancy) throws -> ElectricalStage {
      try ElectricalStage(name: "UPS", ratedWatts: 1e6, curve: .losses(curve), redundancy: redundancy)
    }
    // One unit at half load: 96 %, 0.5 / 0.96 - 0.5 of the rating.
    #expect(agree(try stage(.single).lossWatts(outputWatts: 5e5), 5e5 / 24))
    // Two sides at a quarter: 95 % each.
    #expect(agree(try stage(.twoN).lossWatts(outputWatts: 5e5), 5e5 / 19))
    // Three of two needed, at the stage's rating: each at two thirds of its 500 kW.
    let three = try stage(.nPlus(spare: 1, needed: 2))
    #expect(agree(three.installedWatts, 1.5e6))
    #expect(agree(three.lossWatts(outputWatts: 1e6), 3 * 5e5 * curve.loss(atLoad: 2.0 / 3)))
  }

  @Test("a stage says when its redundancy is lost and when its breaker trips")
  func loading() throws {
    let stage = try ElectricalStage(
      name: "UPS", ratedWatts: 1e6, curve: .losses(curve), redundancy: .nPlus(spare: 1, needed: 4))
    #expect(stage.loading(outputWatts: 1e6) == .withinRating)
    #expect(stage.loading(outputWatts: 1.2e6) == .redundancyLost)
    #expect(stage.loading(outputWatts: 1.3e6) == .overloaded)
    let single = try ElectricalStage(name: "PDU", ratedWatts: 1e6, curve: .losses(curve))
    #expect(single.loading(outputWatts: 1.01e6) == .overloaded)
  }

  @Test("a chain by hand: mechanical load bypasses the UPS")
  func byHand() throws {
    let chain = try ElectricalChain(
      stages: [
        ElectricalStage(name: "PDU", ratedWatts: 1e6, curve: .losses(LossCurve(constantEfficiency: 0.8))),
        ElectricalStage(name: "UPS", ratedWatts: 1e6, curve: .losses(LossCurve(constantEfficiency: 0.5))),
        ElectricalStage(
          name: "transformer", ratedWatts: 1e6, curve: .losses(LossCurve(constantEfficiency: 0.5))),
      ], mechanicalJoinsAbove: "UPS")
    let flow = chain.flow(rackWatts: 400, mechanicalWatts: 100)
    // 400 → 500 → 1000, and 1100 → 2200.
    #expect(zip(flow.outputWatts, [400, 500, 1100]).allSatisfy { agree($0, $1) })
    #expect(zip(flow.lossWatts, [100, 500, 1100]).allSatisfy { agree($0, $1) })
    #expect(agree(flow.feedWatts, 2200))
    #expect(flow.loadings == [.withinRating, .withinRating, .withinRating])
  }

  @Test("mechanical load joins at the racks, or behind the last stage")
  func joints() throws {
    let stage = try ElectricalStage(
      name: "all", ratedWatts: 1e6, curve: .losses(LossCurve(constantEfficiency: 0.5)))
    let below = try ElectricalChain(stages: [stage])
    #expect(agree(below.flow(rackWatts: 100, mechanicalWatts: 50).feedWatts, 300))
    let above = try ElectricalChain(stages: [stage], mechanicalJoinsAbove: "all")
    #expect(agree(above.flow(rackWatts: 100, mechanicalWatts: 50).feedWatts, 250))
    let none = try ElectricalChain(stages: [])
    #expect(none.flow(rackWatts: 100, mechanicalWatts: 50).feedWatts == 150)
    #expect(none.cooledLossWatts(rackWatts: 100) == 0)
  }

  @Test("what enters leaves or is lost", arguments: 0..<200)
  func balance(seed: Int) throws {
    var cases = Cases(seed: seed)
    var stages: [ElectricalStage] = []
    for index in 0..<cases.count(1, 5) {
      let law = try LossCurve(
        noLoad: cases.number(0, 0.02), proportional: cases.number(0, 0.04), square: cases.number(0, 0.03))
      let redundancy: [ElectricalStage.Redundancy] = [.single, .twoN, .nPlus(spare: 1, needed: 3)]
      stages.append(
        try ElectricalStage(
          name: "\(index)", ratedWatts: cases.number(1e6, 3e6),
          curve: cases.count(0, 1) == 0 ? .losses(law) : .efficiencies(.ruby),
          redundancy: redundancy[cases.count(0, 2)]))
    }
    let chain = try ElectricalChain(
      stages: stages, mechanicalJoinsAbove: "\(cases.count(0, stages.count - 1))")
    let rack = cases.number(0, 2e6)
    let mechanical = cases.number(0, 5e5)
    let flow = chain.flow(rackWatts: rack, mechanicalWatts: mechanical)
    #expect(agree(flow.feedWatts, flow.lossWatts.reduce(rack + mechanical, +)))
    #expect(flow.lossWatts.allSatisfy { $0 >= 0 })
  }

  @Test("cooled losses, and what a chain refuses")
  func cooled() throws {
    let chain = try Sample.chain(ups: curve, redundancy: .twoN, watts: 1e6)
    #expect(agree(chain.cooledLossWatts(rackWatts: 99_000), 1000))
    let stage = try ElectricalStage(name: "a", ratedWatts: 1, curve: .losses(curve), isCooled: true)
    #expect(
      message { _ = try ElectricalChain(stages: [stage, stage]) }
        == "two stages are called 'a'; different names are allowed")
    #expect(
      message { _ = try ElectricalChain(stages: [stage], mechanicalJoinsAbove: "b") }
        == "mechanical load joins above 'b'; one of a is allowed")
    #expect(
      message { _ = try ElectricalChain(stages: [stage]) }.hasPrefix("'a' is cooled by load that passes it"))
  }
}
