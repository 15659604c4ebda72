import Documents
import Facility
import Hardware
import Quantities
import Scenario
import Testing

@Suite("The facility of a site")
struct FacilityScenarioTests {
  private func resolved(_ site: String, more: String = "") throws -> ResolvedScenario {
    let document = try BadInput.document([3: "site: \(site)", 10: "    replicas: 1\(more)"])
    return try ScenarioFile(document: document).resolve(with: try Catalogue.shared.get())
  }

  private func facility(_ site: String) throws -> SiteFacility {
    try #require(try resolved(site).site.facility)
  }

  @Test func thereIsNoneUnlessAskedFor() throws {
    let scenario = try resolved("{ system: h100-sxm, nodes: 4 }")
    #expect(scenario.site.facility == nil && scenario.echo["site"]?["facility"] == nil)
    #expect(scenario.echo["site"]?["conversion_efficiency"] == .double(0.95))
  }

  /// An empty section is a whole plant: cooling of the racks' kind, a double-conversion UPS on two sides.
  @Test(arguments: [("gb300-nvl72", "liquid"), ("h100-sxm", "air")])
  func defaults(system: String, cooling: String) throws {
    let scenario = try resolved("{ system: \(system), racks: 2, facility: {} }")
    let facility = try #require(scenario.site.facility)
    let stage = try #require(facility.plant.chain.stages.first)
    #expect(facility.plant.chain.stages.count == 1 && stage.name == "ups" && stage.redundancy == .twoN)
    #expect(stage.curve == .losses(.doubleConversionUPS))
    let racks = 2 * scenario.site.parts[0].system.rack.power.si
    #expect(stage.ratedWatts == racks && facility.plant.cooling.designHeatWatts == racks)
    #expect(facility.climate == .constant(celsius: 15) && facility.startSeconds == 0)
    #expect(facility.grid == nil && facility.price == nil && facility.carbon == nil)
    let echo = try #require(scenario.echo["site"]?["facility"])
    #expect(echo["cooling"]?["method"] == .string(cooling))
    #expect(first(echo["electrical"])?["curve"] == "double-conversion")
    #expect(echo["climate"]?["celsius_source"] == "default: an assumption")
    #expect(scenario.echo["site"]?["conversion_efficiency"] == nil)
    let ratio = scenario.site.sitePowerPerITWatt
    #expect(ratio > 1.05 && ratio < 1.6)
  }

  private func first(_ list: JSONValue?) -> JSONValue? {
    guard case .array(let elements)? = list else { return nil }
    return elements.first
  }

  @Test func everythingStated() throws {
    let facility = try facility(
      """
      { system: gb300-nvl72, racks: 10, facility: { cooling: { method: air, economiser: false, condenser: water },
        electrical: [{ name: shelf, curve: { efficiency: 97.5 %}, cooled: true },
        { name: ups, curve: { points: [[25 %, 95 %], [100 %, 96 %]] }, redundancy: 4+1, rated: 1.6 MW },
        { name: transformer, curve: economy }], mechanical_above: ups,
        climate: { mean_celsius: 12, yearly_amplitude_kelvin: 10, daily_amplitude_kelvin: 5 },
        start_hour: 24, battery: { capacity: 2 MWh, power: 4 MW, round_trip_efficiency: 90 %, recovery: 1 MW },
        limits: { draw: 1.8 MW, ramp_up_watts_per_second: 1e4, events: [{ at: 60 s, for: 30 s, draw: 1 MW }] },
        price: 60 $/MWh, carbon_grams_per_kwh: 350, other_load: 20 kW } }
      """)
    let chain = facility.plant.chain
    #expect(chain.stages.map(\.name) == ["shelf", "ups", "transformer"])
    #expect(chain.stages[1].redundancy == .nPlus(spare: 1, needed: 4) && chain.stages[1].ratedWatts == 1.6e6)
    // Mechanical load passes the transformer, which is rated for it.
    #expect(chain.stages[2].ratedWatts > chain.stages[1].ratedWatts)
    // 97.5 %: what the shelf loses is heat.
    #expect(abs(facility.plant.cooling.designHeatWatts / (10 * 142e3) - 1 / 0.975) < 1e-9)
    guard case .air(let air) = facility.plant.cooling.method else { return #expect(Bool(false)) }
    #expect(!air.hasEconomiser && air.chiller.condenser == .water)
    #expect(facility.startSeconds == 86_400 && facility.plant.otherWatts == 20_000)
    let grid = try #require(facility.grid)
    #expect(grid.policy.recoveryWatts == 1e6 && grid.policy.restingStateOfCharge == 0.5)
    #expect(grid.policy.limitWatts == 1.8e6 && grid.policy.rampUpWattsPerSecond == 1e4)
    #expect(grid.policy.events.map(\.startSeconds) == [86_460])
    // Ramps need room both ways.
    #expect(grid.battery.stateOfCharge == 0.5 && grid.battery.capacityJoules == 7.2e9)
    #expect(facility.price?.values == [0.06] && facility.carbon?.values == [350])
  }

  @Test func filesOfHours() throws {
    let facility = try facility(
      """
      { system: h100-sxm, nodes: 4, facility: { climate: { file: hours.csv }, price: { file: hours.csv },
        carbon_grams_per_kwh: { file: hours.csv } } }
      """)
    #expect(facility.climate.celsius(atSeconds: 1800) == 5.5, "linear")
    #expect(facility.price?.value(atHour: 0.5) == 5 && facility.carbon?.value(atHour: 1.5) == 6, "steps")
  }

  /// The racks are the most that the plant, made for them, can feed on the hottest day.
  @Test(arguments: ["liquid", "air", "constant"], [10.0, 30])
  func sizeByPower(method: String, celsius: Double) throws {
    let scenario = try resolved(
      """
      { system: gb300-nvl72, power: 10 MW, facility: { cooling: { method: \(method) },
        climate: { celsius: \(celsius) }, other_load: 100 kW } }
      """)
    let site = scenario.site
    let plant = try #require(site.facility?.plant)
    let draw = { (racks: Int) in
      plant.draw(rackWatts: Double(racks) * 142e3, outdoorCelsius: celsius).feedWatts
    }
    #expect(draw(site.racks) <= 10e6 && draw(site.racks + 1) > 10e6)
    let feeds = plant.rackWatts(feedWatts: 10e6, outdoorCelsius: celsius)
    #expect(site.racks == Int(feeds / 142e3))
    #expect(abs(site.sitePowerPerITWatt - draw(site.racks) / (Double(site.racks) * 142e3)) < 1e-9)
    #expect(site.facility?.grid?.policy.limitWatts == 10e6, "the connection limits the draw")
    #expect(site.arithmetic.count == 3 && site.arithmetic[0].hasSuffix("at \(Int(celsius)) °C outdoors"))
  }

  /// With constant figures it is the site that these make without a facility.
  @Test func constantFiguresGiveTheSameSize() throws {
    let plain = try resolved(
      "{ system: gb300-nvl72, power: 1 GW, conversion_efficiency: 0.95, overhead: 0.16 }"
    ).site
    let facility = try resolved(
      """
      { system: gb300-nvl72, power: 1 GW, facility: { cooling: { method: constant, overhead: 16 % },
        electrical: [{ name: all, curve: { efficiency: 95 % } }] } }
      """
    ).site
    #expect(facility.racks == plain.racks)
    #expect(abs(facility.sitePowerPerITWatt - plain.sitePowerPerITWatt) < 1e-9)
  }

  @Test func severalSystems() throws {
    let scenario = try resolved(
      "{ systems: [{ system: h100-sxm, nodes: 2 }, { system: gb300-nvl72, racks: 1 }], facility: {} }",
      more: "\n    system: h100-sxm")
    #expect(scenario.echo["site"]?["facility"]?["cooling"]?["method"] == "air")
    let h100 = scenario.site.parts[0].system
    let watts = 2 / Double(h100.nodesPerRack) * h100.rack.power.si + 142e3
    #expect(abs((scenario.site.facility?.plant.cooling.designHeatWatts ?? 0) / watts - 1) < 1e-12)
  }

  /// What heat can leave holds accelerators: (85 − 45) K / 0.08 K/W = 500 W.
  @Test func throttling() throws {
    func limit(_ more: String) throws -> Double? {
      try resolved("{ system: h100-sxm, nodes: 4 }", more: more).echo["deployments"].flatMap(first)?[
        "power_limit_watts"
      ].flatMap { if case .double(let watts) = $0 { watts } else { nil } }
    }
    let thermal = "\n    thermal: { coolant_celsius: 45, junction_celsius: 85, kelvin_per_watt: 0.08 }"
    #expect(try limit(thermal) == 500)
    #expect(try limit(thermal + "\n    power_limit: 450 W") == 450)
    #expect(try limit(thermal.replacing("0.08", with: "0.01")) == nil)
  }

  @Test(arguments: [
    ("{ coolant_celsius: 45, junction_celsius: 40, kelvin_per_watt: 0.08 }", "colder than its coolant"),
    ("{ coolant_celsius: 45, junction_celsius: 50, kelvin_per_watt: 0.08 }", "idles at"),
  ]) func tooWarm(thermal: String, message: String) {
    let problems = #expect(throws: Problems.self) {
      try resolved("{ system: h100-sxm, nodes: 4 }", more: "\n    thermal: \(thermal)")
    }
    #expect(problems?.description.contains(message) == true)
  }
}
