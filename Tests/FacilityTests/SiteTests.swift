import Testing

@testable import Facility

@Suite("The energy of a site")
struct SiteTests {
  private func plant(_ method: CoolingPlant.Method = .liquid(LiquidCooling())) throws -> SitePlant {
    try SitePlant(
      chain: Sample.chain(ups: .doubleConversionUPS, redundancy: .twoN, watts: 1e7),
      cooling: CoolingPlant(method: method, designHeatWatts: 1.02e7), otherWatts: 5e4)
  }

  @Test("a site by hand: a flat efficiency, a flat overhead, a price and carbon")
  func byHand() throws {
    let chain = try ElectricalChain(stages: [
      ElectricalStage(name: "all", ratedWatts: 1e6, curve: .losses(LossCurve(constantEfficiency: 0.8)))
    ])
    let plant = try SitePlant(
      chain: chain, cooling: CoolingPlant(method: .constantOverhead(0.2), designHeatWatts: 1e6),
      otherWatts: 400)
    var site = try SiteEnergy(
      plant: plant, climate: .constant(celsius: 20), partNames: ["accelerators", "hosts"],
      price: HourlySeries(values: [0.1, 0.3], reading: .step),
      carbon: HourlySeries(values: [500], reading: .step),
      rampWindowSeconds: 1800)
    // 3000 W at the racks, 600 W of cooling, 400 W of other load: 4000 W, 5000 W at the feed.
    site.add(startSeconds: 0, seconds: 3600, partWatts: [2000, 900], burnWatts: 100)
    // 6000 + 1200 + 400 = 7600 W, 9500 W at the feed.
    let interval = site.add(startSeconds: 3600, seconds: 1800, partWatts: [5000, 1000])
    #expect(agree(interval.draw.feedWatts, 9500))
    #expect(interval.outdoorCelsius == 20)
    #expect(agree(site.gridEnergyJoules, 5000 * 3600 + 9500 * 1800))
    #expect(agree(site.itEnergyJoules, 3000 * 3600 + 6000 * 1800))
    #expect(agree(site.pue, 35.1e6 / 21.6e6))
    #expect(agree(site.dollars, 5 * 0.1 + 4.75 * 0.3))
    #expect(agree(site.carbonKilograms, 9.75 * 0.5))
    #expect(agree(site.meanWatts, 6500) && site.peakWatts == interval.grid.gridWatts)
    #expect(agree(site.loadFactor, 6500 / 9500))
    #expect(agree(site.largestRiseWatts, 4500) && site.largestFallWatts == 0)
    #expect(
      site.parts.map(\.name) == [
        "accelerators", "hosts", "smoothing", "all", "fans", "pumps", "chillers", "overhead", "other",
        "battery",
      ])
    #expect(
      zip(
        site.parts.map(\.joules),
        [
          16.2e6, 5.04e6, 0.36e6, 7.02e6, 0, 0, 0, 4.32e6, 2.16e6, 0,
        ]
      ).allSatisfy { agree($0, $1) })
    #expect(site.wue == 0 && site.conservationResidual < 1e-12)
  }

  @Test("energy is conserved over a million intervals, and power keeps its limit")
  func million() throws {
    var policy = GridPolicy()
    policy.limitWatts = 1.05e7
    let battery = try Battery(
      capacityJoules: 7.2e9, maximumChargeWatts: 3e6, maximumDischargeWatts: 3e6, roundTripEfficiency: 0.85,
      stateOfCharge: 0.3)
    let climate = SeasonalClimate(meanCelsius: 14, yearlyAmplitudeKelvin: 12, dailyAmplitudeKelvin: 5)
    var site = try SiteEnergy(
      plant: plant(), climate: .seasonal(climate), partNames: ["prefill", "decode", "network"],
      grid: GridController(battery: battery, policy: policy),
      price: HourlySeries(values: [30, 50, 80, 40].map { $0 / 1000 }),
      carbon: HourlySeries(values: [300, 500]))
    var cases = Cases(seed: 7)
    var time = 0.0
    var cost = 0.0
    for _ in 0..<1_000_000 {
      let seconds = cases.number(0.5, 50)
      let parts = [cases.number(1e6, 5e6), cases.number(1e6, 4e6), 3e5]
      let interval = site.add(
        startSeconds: time, seconds: seconds, partWatts: parts, burnWatts: cases.number(0, 1e5))
      cost += interval.grid.gridWatts * seconds
      time += seconds
    }
    #expect(site.conservationResidual <= 1e-12)
    #expect(agree(cost, site.gridEnergyJoules, within: 1e-9))
    #expect(agree(site.totalSeconds, time, within: 1e-9))
    #expect(site.excessEnergyJoules == 0 && site.peakWatts <= 1.05e7 * (1 + 1e-9))
    #expect(site.pue > 1.1 && site.pue < 1.35)
    #expect(site.quantileWatts(0.5) < site.quantileWatts(0.99))
    #expect(site.quantileWatts(0.99) <= site.peakWatts)
    #expect(site.parts.allSatisfy { $0.joules >= 0 })
    #expect(site.parts.filter { $0.kind == .battery }.allSatisfy { $0.joules > 0 })
    #expect(site.unremovedHeatJoules == 0)
  }

  @Test("an interval and its halves give the same energy")
  func halves() throws {
    let climate = Climate.constant(celsius: 28)
    var whole = try SiteEnergy(plant: plant(), climate: climate, partNames: ["it"])
    var halves = whole
    for index in 0..<100 {
      let start = Double(index) * 60
      let watts = 5e6 + 4e4 * Double(index)
      whole.add(startSeconds: start, seconds: 60, partWatts: [watts])
      halves.add(startSeconds: start, seconds: 30, partWatts: [watts])
      halves.add(startSeconds: start + 30, seconds: 30, partWatts: [watts])
    }
    #expect(agree(whole.gridEnergyJoules, halves.gridEnergyJoules))
    #expect(whole.largestRiseWatts == halves.largestRiseWatts)
    #expect(whole.quantileWatts(0.9) == halves.quantileWatts(0.9))
  }

  @Test("water is that of the towers")
  func water() throws {
    var air = AirCooling()
    air.chiller = Chiller(condenser: .water)
    var site = try SiteEnergy(plant: plant(.air(air)), climate: .constant(celsius: 5), partNames: ["it"])
    site.add(startSeconds: 0, seconds: 3600, partWatts: [9e6])
    // Economised: all heat, with what fans and pumps add, evaporates 1.12 l/kWh.
    let cooling = site.parts.filter { $0.kind == .cooling }.reduce(0) { $0 + $1.joules }
    #expect(agree(site.litres, (9e6 / 0.99 * 3600 + cooling) / 3.6e6 * 1.12))
    #expect(site.wue > 1.12 && site.wue < 1.25)
  }

  @Test("racks under a limit of the feed")
  func inverse() throws {
    let plant = try plant()
    for celsius in [0.0, 20, 38] {
      let rack = plant.rackWatts(feedWatts: 9e6, outdoorCelsius: celsius)
      #expect(agree(plant.draw(rackWatts: rack, outdoorCelsius: celsius).feedWatts, 9e6, within: 1e-9))
    }
    #expect(plant.rackWatts(feedWatts: 1e4, outdoorCelsius: 20) == 0)
  }

  @Test("the worst loading of each stage is kept")
  func loadings() throws {
    var site = try SiteEnergy(plant: plant(), climate: .constant(celsius: 10), partNames: ["it"])
    site.add(startSeconds: 0, seconds: 1, partWatts: [1.15e7])
    site.add(startSeconds: 1, seconds: 1, partWatts: [1e6])
    #expect(site.worstLoadings == [.overloaded, .redundancyLost, .withinRating])
  }

  @Test("quantiles by time are within a cell of 0.2 %")
  func quantiles() {
    var distribution = PowerDistribution()
    for index in 1...1000 { distribution.add(watts: 1e6 + 1000 * Double(index), seconds: 1) }
    for share in [0.1, 0.5, 0.99, 1] {
      let exact = 1e6 + 1e6 * share
      let found = distribution.quantile(share)
      #expect(found >= exact * (1 - 1e-9) && found <= exact * 1.0021)
    }
  }

  @Test("ramps between windows, however intervals cut them")
  func ramps() {
    var meter = RampMeter(windowSeconds: 10)
    // Windows of 10 s: 100 W, 150 W, 200 W, 200 W, 50 W.
    for (watts, seconds) in [(100.0, 15.0), (200, 25), (50, 5), (50, 5), (900, 3)] {
      meter.add(watts: watts, seconds: seconds)
    }
    #expect(agree(meter.largestRiseWatts, 50) && agree(meter.largestFallWatts, 150))
  }

  @Test("compensated sums keep what plain sums lose")
  func sums() {
    var sum = CompensatedSum()
    for value in [1.0, 1e100, 1, -1e100] { sum += value }
    #expect(sum.value == 2)
  }
}

@Suite("Economics")
struct EconomicsTests {
  @Test("a year by hand")
  func annual() {
    var economics = Economics()
    economics.itCapitalDollars = 600e6
    economics.siteCapitalDollars = 10 * Economics.siteDollarsPerMegawatt
    economics.energyDollarsPerYear = Economics.energyDollarsPerYear(
      meanWatts: 10e6, dollarsPerKilowattHour: 0.08)
    economics.peakWatts = 12e6
    economics.demandDollarsPerKilowattMonth = 10
    economics.operatingDollarsPerYear = 1e6
    let cost = economics.annualCost
    #expect(agree(cost.itCapital, 100e6))
    #expect(agree(cost.siteCapital, 12.6e6))
    #expect(agree(cost.energy, 7_008_000))
    #expect(agree(cost.demand, 12 * 329.17 * 365 + 12_000 * 120))
    #expect(agree(cost.total, 100e6 + 12.6e6 + 7_008_000 + 12 * 329.17 * 365 + 1.44e6 + 1e6))
    #expect(agree(cost.dollarsPerMillionTokens(tokensPerYear: 1e14), cost.total / 1e8))
  }

  @Test("an annuity costs more than a straight line")
  func annuity() {
    var economics = Economics()
    economics.itCapitalDollars = 1000
    economics.itLifeYears = 2
    economics.discountRate = 0.1
    // 1000 = a / 1.1 + a / 1.21.
    #expect(agree(economics.annualCost.itCapital, 1000 / (1 / 1.1 + 1 / 1.21)))
  }

  @Test("a million tokens of rented accelerators, and tokens per megawatt")
  func rented() {
    // 72 at 2.75 $/h and 360,000 tokens a second: 198 $ for 1296 million tokens.
    #expect(
      agree(
        Economics.dollarsPerMillionTokens(
          dollarsPerAcceleratorHour: 2.75, accelerators: 72, tokensPerSecond: 360_000), 198 / 1296))
    #expect(
      agree(
        Economics.tokensPerSecondPerMegawatt(
          tokensPerSecond: 302_400, accelerators: 72, provisionedWatts: 2100), 2e6))
  }
}
