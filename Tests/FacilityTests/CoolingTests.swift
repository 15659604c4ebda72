import Testing

@testable import Facility

@Suite("Cooling")
struct CoolingTests {
  @Test(
    "the air-cooled chiller has the COPs of its source",
    arguments: [
      (15.0, 4.0, 4.5), (25, 3.5, 3.9), (35, 3.0, 3.3), (40, 2.7, 3.1),
    ])
  func airChiller(celsius: Double, full: Double, half: Double) {
    var chiller = Chiller(condenser: .air)
    chiller.chilledWaterCelsius = 6.67
    func cop(_ load: Double) -> Double {
      chiller.ratedCOP * load / chiller.powerShare(load: load, celsius)
    }
    #expect(abs(cop(1) - full) < 0.06)
    #expect(abs(cop(0.5) - half) < 0.06)
  }

  @Test(
    "the water-cooled chiller has the COPs of its source",
    arguments: [
      (24.0, 6.2, 4.7), (29.4, 5.5, 4.2), (35, 4.8, 3.6),
    ])
  func waterChiller(celsius: Double, full: Double, quarter: Double) {
    var chiller = Chiller(condenser: .water)
    chiller.chilledWaterCelsius = 6.67
    chiller.condenserApproachKelvin = 0
    func cop(_ load: Double) -> Double {
      chiller.ratedCOP * load / chiller.powerShare(load: load, celsius)
    }
    #expect(abs(cop(1) - full) < 0.06)
    #expect(abs(cop(0.25) - quarter) < 0.06)
    // Out of their range the curves stay at its ends.
    #expect(chiller.powerShare(load: 1, 10) == chiller.powerShare(load: 1, 24))
  }

  @Test("a water-cooled chiller evaporates by the heat that it rejects; a small one leaves heat")
  func chillerDraw() {
    let chiller = Chiller(condenser: .water)
    let draw = chiller.draw(loadWatts: 8e5, designWatts: 1e6, outdoorCelsius: 25)
    #expect(draw.removedWatts == 8e5)
    #expect(agree(draw.litresPerSecond, (8e5 + draw.watts) * 1.12 / 3.6e6))
    let small = chiller.draw(loadWatts: 2e6, designWatts: 1e6, outdoorCelsius: 40)
    #expect(agree(small.removedWatts, 1e6))
    #expect(chiller.draw(loadWatts: 0, designWatts: 1e6, outdoorCelsius: 40).watts == 0)
  }

  @Test("pumps follow the cube of the flow down to their smallest")
  func pumps() {
    var loop = HydraulicLoop()
    loop.pressurePascals = 1000 * 4186 * 10 * 0.87 / 50
    #expect(agree(loop.designShare, 0.02))
    #expect(agree(loop.pumpWatts(heatWatts: 5e5, designHeatWatts: 1e6), 4320))
    #expect(agree(loop.pumpWatts(heatWatts: 8e5, designHeatWatts: 1e6), 10_240))
    // OCP: 10 K take about 1.5 litres a minute and kW; the default loop takes 0.82 % of the heat.
    #expect(abs(HydraulicLoop().designShare - 0.00824) < 1e-4)
  }

  @Test("a constant overhead")
  func constant() throws {
    let plant = try CoolingPlant(method: .constantOverhead(0.09), designHeatWatts: 1e6)
    let draw = plant.draw(heatWatts: 2e6, outdoorCelsius: 30)
    #expect(agree(draw.watts, 1.8e5))
    #expect(draw.unremovedWatts == 0)
  }

  private static let methods: [CoolingPlant.Method] = {
    var tower = AirCooling()
    tower.chiller = Chiller(condenser: .water)
    var warm = LiquidCooling()
    warm.supplyCelsius = 40
    warm.trimChiller = Chiller(condenser: .water)
    return [.air(AirCooling()), .air(tower), .liquid(LiquidCooling()), .liquid(warm)]
  }()

  @Test("power rises with the temperature and with the heat, while all heat is removed", arguments: 0..<4)
  func monotone(index: Int) throws {
    let plant = try CoolingPlant(method: Self.methods[index], designHeatWatts: 1e7)
    for load in stride(from: 0.05, through: 1, by: 0.05) {
      var previous = 0.0
      for celsius in stride(from: -20.0, through: 40, by: 0.5) {
        let draw = plant.draw(heatWatts: 1e7 * load, outdoorCelsius: celsius)
        #expect(draw.watts >= previous * (1 - 1e-12), "\(load) at \(celsius) °C")
        #expect(draw.unremovedWatts <= 1e-3, "\(load) at \(celsius) °C")
        previous = draw.watts
      }
    }
    for celsius in stride(from: -20.0, through: 40, by: 2) {
      var previous = 0.0
      for load in stride(from: 0.0, through: 1, by: 0.01) {
        let draw = plant.draw(heatWatts: 1e7 * load, outdoorCelsius: celsius)
        #expect(draw.watts >= previous * (1 - 1e-12), "\(load) at \(celsius) °C")
        previous = draw.watts
      }
    }
  }

  @Test("dry coolers alone carry a liquid plant up to the supply less the approach")
  func dry() throws {
    var cooling = LiquidCooling()
    cooling.airShare = 0
    cooling.supplyCelsius = 40
    let plant = try CoolingPlant(method: .liquid(cooling), designHeatWatts: 1e7)
    // 40 - 8 °C: full fans, no chiller. A degree more: a chiller.
    let at = plant.draw(heatWatts: 1e7, outdoorCelsius: 32)
    let pumps = 2 * HydraulicLoop().designShare
    #expect(at.chillerWatts == 0)
    #expect(agree(at.fanWatts, 1e7 * (1 + pumps) * 0.03))
    #expect(agree(at.pumpWatts, 1e7 * pumps))
    #expect(at.litresPerSecond == 0)
    #expect(plant.draw(heatWatts: 1e7, outdoorCelsius: 33).chillerWatts > 0)
    // At 14 °C the difference to the return of 50 °C is twice that at 32 °C: half of the flow.
    #expect(agree(plant.draw(heatWatts: 1e7, outdoorCelsius: 14).fanWatts, at.fanWatts / 8))
    cooling.trimChiller = nil
    let alone = try CoolingPlant(method: .liquid(cooling), designHeatWatts: 1e7)
    // 41 °C leaves half of the capacity.
    #expect(agree(alone.draw(heatWatts: 1e7, outdoorCelsius: 41).unremovedWatts, 1e7 * (1 + pumps) / 2))
  }

  @Test("heat above the design stays")
  func overload() throws {
    let plant = try CoolingPlant(method: .air(AirCooling()), designHeatWatts: 1e6)
    let draw = plant.draw(heatWatts: 1.5e6, outdoorCelsius: 20)
    #expect(abs(draw.unremovedWatts - 5e5) < 1)
  }

  @Test("figures out of range are refused")
  func refusals() {
    var air = AirCooling()
    air.chiller.chilledWaterCelsius = 30
    #expect(
      message { _ = try CoolingPlant(method: .air(air), designHeatWatts: 1) }
        == "chilled water's temperature is 30.0; 5.0 to 10.0 is allowed")
    var liquid = LiquidCooling()
    liquid.airShare = -0.1
    #expect(
      message { _ = try CoolingPlant(method: .liquid(liquid), designHeatWatts: 1) }.contains("by air is -0.1")
    )
    #expect(
      message { _ = try CoolingPlant(method: .air(AirCooling()), designHeatWatts: .nan) }.contains("nan"))
  }
}

@Suite("Power usage effectiveness of sites")
struct PUETests {
  /// PUE over a year of hours at a share of the design load.
  private func pue(
    _ method: CoolingPlant.Method, ups: LossCurve, redundancy: ElectricalStage.Redundancy, load: Double,
    mean: Double
  ) throws -> Double {
    let watts = 20e6
    let plant = try SitePlant(
      chain: Sample.chain(ups: ups, redundancy: redundancy, watts: watts),
      cooling: CoolingPlant(method: method, designHeatWatts: watts / 0.99), otherWatts: watts * 0.015)
    let climate = SeasonalClimate(meanCelsius: mean, yearlyAmplitudeKelvin: 10, dailyAmplitudeKelvin: 4)
    var site = try SiteEnergy(plant: plant, climate: .seasonal(climate), partNames: ["racks"])
    for hour in 0..<8760 {
      site.add(startSeconds: Double(hour) * 3600, seconds: 3600, partWatts: [watts * load])
    }
    #expect(site.unremovedHeatJoules == 0)
    return site.pue
  }

  @Test(
    "liquid sites lie within the quartiles of the industry, 1.12-1.35",
    arguments: [
      (10.0, 0.5), (15, 0.5), (20, 0.5), (20, 0.75), (25, 0.75),
    ])
  func liquid(mean: Double, load: Double) throws {
    let pue = try pue(
      .liquid(LiquidCooling()), ups: .doubleConversionUPS, redundancy: .twoN, load: load, mean: mean)
    #expect(pue > 1.12 && pue < 1.35, "\(pue)")
  }

  @Test("a well-loaded liquid site in a cool climate comes near the best in class, 1.10")
  func coolLiquid() throws {
    let pue = try pue(
      .liquid(LiquidCooling()), ups: .doubleConversionUPS, redundancy: .twoN, load: 0.75, mean: 10)
    #expect(pue > 1.09 && pue < 1.12, "\(pue)")
  }

  @Test("hyperscale sites in temperate climates lie within 1.06-1.28", arguments: [6.0, 10, 14])
  func hyperscale(mean: Double) throws {
    let pue = try pue(.air(AirCooling()), ups: .economyModeUPS, redundancy: .single, load: 0.8, mean: mean)
    #expect(pue > 1.06 && pue < 1.28, "\(pue)")
  }

  @Test("sites on chilled air lie within 1.3-1.56", arguments: [12.0, 18, 24])
  func air(mean: Double) throws {
    var cooling = AirCooling()
    cooling.hasEconomiser = false
    for load in [0.4, 0.75] {
      let pue = try pue(
        .air(cooling), ups: .doubleConversionUPS, redundancy: .twoN, load: load, mean: mean)
      #expect(pue > 1.3 && pue < 1.56, "\(pue)")
    }
  }
}
