import Documents
import Facility
import Testing

@testable import Results

/// A year by hand: 1,560 W at the grid and 1,000 output tokens a second, see `smallSite` and `steadyOutcome`.
struct EconomicsReportTests {
  private func report(_ economics: SiteEconomics?) -> RunReport {
    var site = smallSite
    site.economics = economics
    let deployment = DeploymentContext(name: "test", replicas: 4, accelerators: 4)
    return RunReport(context(site: site, deployments: [deployment]), [steadyOutcome()])
  }

  private var constants: SiteEconomics {
    var costs = Economics()
    costs.itCapitalDollars = 60_000
    costs.siteCapitalDollars = 15_000
    costs.capacityDollarsPerMegawattDay = 100
    costs.demandDollarsPerKilowattMonth = 10
    costs.operatingDollarsPerYear = 500
    return SiteEconomics(costs: costs, operatingShare: 0.02, dollarsPerKilowattHour: 0.1)
  }

  @Test func aYearLikeTheWindow() throws {
    let report = report(constants)
    let figures = try #require(report.site.window.economics)
    expectClose(figures.annual.itCapital, 10_000)
    expectClose(figures.annual.siteCapital, 1000)
    expectClose(figures.annual.energy, 1.56 * 8760 * 0.1)
    // Whole buckets hold a millisecond's energy more or less, so that the peak is a little above the mean.
    let peak = try #require(report.site.window.power.sitePeak)
    #expect(peak > 1559 && peak < 1580)
    expectClose(figures.annual.demand, peak * 1e-6 * 100 * 365 + peak * 1e-3 * 10 * 12)
    expectClose(figures.annual.operating, 0.02 * 75_000 + 500)
    expectClose(figures.perMillionTokens(figures.annual.total), figures.annual.total / 31_536)
    expectClose(figures.dollarsPerAcceleratorHour, figures.annual.total / 8760 / 4)
    let json = try #require(report.json["economics"])
    let total = try #require(json.number(at: "annual_dollars.total"))
    expectClose(total, 14_366.56 + figures.annual.demand, within: 1e-6)
    expectClose(json.number(at: "dollars_per_million_output_tokens.total"), total / 31_536)
    // Renting is what it was: four accelerators at 2 dollars an hour for 3.6 million tokens.
    expectClose(json.number(at: "rental_dollars_per_million_output_tokens"), 8 / 3.6)
    expectClose(report.json.number(at: "cost.dollars_per_million_output_tokens"), 8 / 3.6)
    #expect(report.json.number(at: "whole_run.economics.annual_dollars.total") != nil)
    let text = report.text()
    #expect(
      text.contains("capacity and demand") && text.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test func withoutConstants() {
    let report = report(nil)
    #expect(report.site.window.economics == nil && report.json["economics"] == .null)
    #expect(!report.text().contains("a year"))
  }

  @Test func energyOfAFacilityIsScaledToAYear() {
    var economics = constants
    economics.dollarsPerKilowattHour = nil
    let cost = economics.annualCost(meanWatts: 1, peakWatts: 0, energyDollars: 2, seconds: 3600)
    expectClose(cost.energy, 2 * 8760)
  }
}
