import CostModel
import Documents
import Facility
import GRDB
import Testing

@testable import Results
@testable import Simulation

/// Figures of a site with a facility; the load is that of `RunReportTests`.
struct FacilityReportTests {
  /// A UPS that loses a tenth of its output, cooling of 20 % above it, 50 W of other load, prices.
  private func site(grid: GridController? = nil) throws -> SiteContext {
    var site = smallSite
    let ups = try ElectricalStage(
      name: "ups", ratedWatts: 1500, curve: .losses(try LossCurve(constantEfficiency: 1 / 1.1)))
    site.facility = SiteFacility(
      plant: try SitePlant(
        chain: try ElectricalChain(stages: [ups], mechanicalJoinsAbove: "ups"),
        cooling: try CoolingPlant(method: .constantOverhead(0.2), designHeatWatts: 2000), otherWatts: 50),
      climate: .constant(celsius: 12), startSeconds: 3600, grid: grid,
      price: try HourlySeries(values: [100, 0.36], reading: .step), carbon: try HourlySeries(values: [500]))
    return site
  }

  private func report(
    _ outcome: DeploymentOutcome, grid: GridController? = nil, window: WindowPolicy = .wholeRun
  )
    throws -> RunReport
  {
    let deployment = DeploymentContext(name: "test", replicas: 2, accelerators: 2)
    return RunReport(
      context(site: try site(grid: grid), deployments: [deployment], window: window), [outcome])
  }

  /// 1,200 W of IT (see `RunReportTests`): 120 W of loss, 240 W of cooling, 50 W besides, ten seconds.
  @Test func figuresWorkedOutByHand() throws {
    let report = try report(steadyOutcome())
    let figures = report.site.window
    let facility = try #require(figures.facility)
    expectClose(facility.gridMean, 1610)
    expectClose(facility.pue, 1610 / 1200)
    #expect(facility.loadFactor > 0.85 && facility.loadFactor <= 1)
    expectClose(figures.power.itMean, 1200)
    expectClose(figures.power.siteMean, 1610)
    expectClose(figures.power.sitePeak, facility.gridPeak)
    expectClose(figures.energy.siteMegawattHours, 16_100 / 3.6e9)
    expectClose(figures.cost.outputTokensPerSecondPerMegawatt, 1000 / 0.00161)
    // 2 x 100 W + 400 W; 2 x 100 W idle; the node at a quarter of its range.
    #expect(
      facility.parts.map(\.name) == [
        "accelerators of test", "accelerators not in use", "nodes", "ups", "fans", "pumps", "chillers",
        "overhead",
        "other", "battery",
      ])
    for (part, joules) in zip(facility.parts, [6000, 2000, 4000, 1200, 0, 0, 0, 2400, 500, 0]) {
      expectClose(part.joules, Double(joules), within: 1e-9)
    }
    // The run begins in the second hour of the year: 0.36 $/kWh. 10,000 tokens.
    expectClose(facility.dollars, 0.36 * 16_100 / 3.6e6)
    expectClose(facility.perMillionTokens(facility.carbonKilograms), 0.5 * 16_100 / 3.6e6 * 100)
    #expect(facility.largestRise == nil, "ten seconds hold no two minutes")
    // A deployment has the site's ratio.
    let own = try #require(report.deployments.first).window
    expectClose(own.power.itMean, 850)
    expectClose(own.power.siteMean, 850 * 1610 / 1200)
    #expect(own.facility == nil)
  }

  @Test func energyIsConserved() throws {
    let battery = try Battery(
      capacityJoules: 5000, maximumChargeWatts: 300, maximumDischargeWatts: 300, roundTripEfficiency: 0.81,
      stateOfCharge: 0.5)
    var policy = GridPolicy()
    policy.limitWatts = 1700
    policy.rampUpWattsPerSecond = 100
    policy.rampDownWattsPerSecond = 100
    policy.restingStateOfCharge = 0.5
    let hot = observations(seconds: 40) { time, bucket in
      bucket.outputTokens = 1
      bucket.microjoulesAboveIdle =
        (4..<6).contains(time.truncatingRemainder(dividingBy: 10)) ? 700_000 : 200_000
    }
    let grid = try GridController(battery: battery, policy: policy)
    for window in [WindowPolicy.wholeRun, .after(seconds: 10)] {
      let report = try report(outcome(hot), grid: grid, window: window)
      for span in [report.site.window, report.site.wholeRun] {
        let facility = try #require(span.facility)
        #expect(facility.conservationResidual <= 1e-9)
        let sum = facility.parts.reduce(0) { $0 + $1.joules } + facility.batteryStoredJoules
        expectClose(sum, facility.gridJoules, within: 1e-9)
        expectClose(facility.pue * facility.itJoules, sum - facility.batteryStoredJoules, within: 1e-9)
        expectClose(facility.itJoules, try #require(span.power.itMean) * span.span.seconds, within: 1e-9)
        #expect(facility.batteryLossJoules > 0)
      }
      #expect(report.site.window.facility?.gridPeak ?? .infinity < 1850)
      let series = report.facilitySeries
      expectClose(
        series.reduce(0) { $0 + $1.gridWatts * $1.seconds }, report.site.wholeRun.facility?.gridJoules ?? 0,
        within: 1e-9)
      for interval in series {
        let load = interval.itWatts + interval.conversionLossWatts + interval.coolingWatts + 50
        expectClose(interval.gridWatts, load - interval.batteryWatts, within: 1e-9)
      }
    }
  }

  /// A step of 200 ms is booked when it ends: what is above the limit moves before it, and nothing is lost.
  @Test func bookingAtTheEndOfStepsMakesNoPeaks() throws {
    let bursts = observations(seconds: 10) { time, bucket in
      bucket.outputTokens = 1
      if Int(time * 1000) % 200 == 199 { bucket.microjoulesAboveIdle = 160_000_000 }
    }
    // Without a mean step there is no stretch to smooth over.
    let report = try report(outcome(bursts, steps: 0))
    let facility = try #require(report.site.window.facility)
    // Two accelerators at their limit all the time: 1,000 W, 200 W idle, a node at half of its range.
    expectClose(facility.itJoules, 10 * (1000 + 200 + 500), within: 1e-9)
    for interval in report.facilitySeries { expectClose(interval.itWatts, 1700, within: 1e-9) }
    #expect(facility.stages.map(\.worstLoading) == ["overloaded"])
    #expect(report.text().contains("ups: OVERLOADED"))
  }

  @Test func keysOfTheSummary() throws {
    let json = try report(steadyOutcome()).json
    guard case .object(let members)? = json["facility"] else { return #expect(Bool(false)) }
    #expect(
      members.map(\.0) == [
        "pue", "wue_litres_per_kwh", "load_factor", "grid_watts", "ramp_watts", "outdoor_mean_celsius",
        "energy_joules", "it_joules", "grid_joules", "battery_loss_joules", "battery_stored_joules",
        "water_litres", "energy_dollars", "carbon_kilograms", "per_million_output_tokens",
        "conservation_residual", "stages", "excess_joules", "ramp_excess_peak_watts", "unremoved_heat_joules",
      ])
    #expect(json.number(at: "whole_run.facility.pue") != nil)
    #expect(json.number(at: "facility.grid_watts.p99") != nil)
    #expect(first(json["deployments"])?["facility"] == nil)
    let part = try #require(first(json["facility"]?["energy_joules"]))
    #expect(part["name"] == "accelerators of test" && part["kind"] == "it")
  }

  private func first(_ list: JSONValue?) -> JSONValue? {
    guard case .array(let elements)? = list else { return nil }
    return elements.first
  }

  @Test func sectionOfTheText() throws {
    let text = try report(steadyOutcome()).text()
    #expect(text.contains("facility, steady window\nPUE 1.342, 0 l of water for a kWh of IT"))
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("nodes 24.8 %, ups 7.5 %,") && words.contains("overhead 14.9 %, other 3.1 %"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    let deployment = DeploymentContext(name: "test", replicas: 2, accelerators: 2)
    #expect(!RunReport(context(deployments: [deployment]), [steadyOutcome()]).text().contains("PUE"))
  }

  @Test func seriesOfTheStore() throws {
    let folder = try TemporaryFolder()
    let report = try report(steadyOutcome())
    let store = try ResultStore(path: folder.path("runs.sqlite"))
    try store.add(report, outcomes: [steadyOutcome()])
    let rows = try store.read { db in
      try Double.fetchAll(db, sql: "SELECT grid_watts * seconds FROM facility_series ORDER BY start_seconds")
    }
    #expect(rows.count == report.facilitySeries.count && rows.count > 100)
    expectClose(rows.reduce(0, +), 16_100, within: 1e-9)
  }
}
