import Testing

@testable import Facility

@Suite("Loss and efficiency curves")
struct CurveTests {
  @Test("a law of losses goes through the points it was made from")
  func points() throws {
    // Losses at 0.25, 0.5 and 1 of 0.01 + 0.02 x + 0.03 x²: 0.016875, 0.0275 and 0.06 of the rating.
    let curve = try LossCurve(
      through: .init(load: 0.25, efficiency: 0.25 / 0.266875), .init(load: 1, efficiency: 1 / 1.06),
      .init(load: 0.5, efficiency: 0.5 / 0.5275))
    #expect(agree(curve.noLoad, 0.01, within: 1e-10))
    #expect(agree(curve.proportional, 0.02, within: 1e-10))
    #expect(agree(curve.square, 0.03, within: 1e-10))
    #expect(agree(curve.input(forOutput: 1), 1.06))
    #expect(agree(curve.efficiency(atLoad: 0.5), 0.5 / 0.5275))
    #expect(curve.efficiency(atLoad: 0) == 0)
  }

  @Test("random laws are found again from three of their points", arguments: 0..<200)
  func randomLaws(seed: Int) throws {
    var cases = Cases(seed: seed)
    let curve = try LossCurve(
      noLoad: cases.number(0.001, 0.02), proportional: cases.number(0.001, 0.05),
      square: cases.number(0.001, 0.04))
    let loads = [cases.number(0.1, 0.3), cases.number(0.4, 0.6), cases.number(0.7, 1)]
    let points = loads.map { LossCurve.Point(load: $0, efficiency: curve.efficiency(atLoad: $0)) }
    let found = try LossCurve(through: points[2], points[0], points[1])
    #expect(agree(found.noLoad, curve.noLoad, within: 1e-9))
    #expect(agree(found.proportional, curve.proportional, within: 1e-9))
    #expect(agree(found.square, curve.square, within: 1e-9))
  }

  @Test("the defaults keep to what their makers state")
  func defaults() {
    let double = LossCurve.doubleConversionUPS
    #expect(agree(double.efficiency(atLoad: 0.25), 0.95))
    #expect(agree(double.efficiency(atLoad: 0.5), 0.96))
    #expect(agree(double.efficiency(atLoad: 1), 0.96))
    // The no-load loss can exceed 40 % of losses; the square law takes 1-4 % of the load when it is high.
    #expect(double.noLoad / double.loss(atLoad: 0.25) > 0.4)
    #expect(double.square > 0.01 && double.square < 0.04)
    let economy = LossCurve.economyModeUPS
    #expect(agree(economy.efficiency(atLoad: 0.25), 0.985))
    #expect(agree(economy.efficiency(atLoad: 1), 0.99))
    for curve in [double, economy] {
      #expect(curve.noLoad > 0 && curve.proportional > 0 && curve.square > 0)
    }
  }

  @Test(
    "Frontier's rectifier: a fixed loss and an efficiency",
    arguments: [
      (500.0, 0.928), (1500, 0.949), (3000, 0.955), (6000, 0.957), (13_700, 0.959),
    ])
  func rectifier(watts: Double, efficiency: Double) throws {
    let curve = try LossCurve(fixedWatts: 17, efficiency: 0.96, ratedWatts: 15_000)
    #expect(abs(curve.efficiency(atLoad: watts / 15_000) - efficiency) < 0.0006)
  }

  @Test("what is no law of losses is refused")
  func refusals() {
    #expect(
      message { _ = try LossCurve(noLoad: -0.1, proportional: 0, square: 0) }
        == "no-load loss is -0.1; a finite number >= 0.0 is allowed")
    #expect(
      message {
        _ = try LossCurve(
          through: .init(load: 0.5, efficiency: 0.9), .init(load: 0.5, efficiency: 0.8),
          .init(load: 1, efficiency: 0.9))
      } == "loads of the points are 0.5, 0.5, 1.0; three different loads are allowed")
    // The 80 PLUS Titanium minima fall too much to be one.
    let titanium = message {
      _ = try LossCurve(
        through: .init(load: 0.2, efficiency: 0.94), .init(load: 0.5, efficiency: 0.96),
        .init(load: 1, efficiency: 0.91))
    }
    #expect(titanium.hasPrefix("the points need a proportional loss of -"))
    #expect(message { _ = try LossCurve(constantEfficiency: 1.1) }.contains("0.0 to 1.0 is allowed"))
  }

  @Test("efficiencies are met at their points, linear between, and below the first the loss stays")
  func efficiencies() throws {
    for point in EfficiencyCurve.ruby.points {
      #expect(agree(EfficiencyCurve.ruby.efficiency(atLoad: point.load), point.efficiency))
    }
    #expect(agree(EfficiencyCurve.titanium.efficiency(atLoad: 0.35), 0.95))
    #expect(agree(EfficiencyCurve.titanium.efficiency(atLoad: 1.2), 0.91))
    // 0.05 at 90 % loses 0.05 / 9 of the rating, with half of the load and without any.
    #expect(agree(EfficiencyCurve.ruby.loss(atLoad: 0.025), 0.05 / 9))
    #expect(agree(EfficiencyCurve.ruby.input(forOutput: 0), 0.05 / 9))
    #expect(
      message { _ = try EfficiencyCurve(points: [.init(load: 1, efficiency: 0.9)]) }
        == "1 points of efficiency; at least 2 are allowed")
    #expect(
      message {
        _ = try EfficiencyCurve(points: [.init(load: 1, efficiency: 0.9), .init(load: 0.5, efficiency: 0.9)])
      } == "load 0.5 follows load 1.0; ascending loads are allowed")
  }
}
