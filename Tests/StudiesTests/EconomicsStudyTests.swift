import Documents
import Facility
import Results
import Scenario
import Testing

@testable import Studies

@Suite("What sites cost")
struct EconomicsStudyTests {
  private func resolved(_ site: String) throws -> ResolvedScenario {
    let text = """
      tokenmill: 1
      name: Costs
      site: { \(site) }
      deployments:
        - model: llama-3.1-8b
          engine: { framework: vllm, max_num_seqs: 64 }
          replicas: 1
      workload:
        - arrivals: { process: poisson, rate: 20 /s, requests: 200 }
          lengths: { input: 100, output: 20 }
      run: { seed: 1, warm_up: none }
      """
    let document = try Document.parse(text: text, file: "costs.yaml")
    return try ScenarioFile(document: document).resolve(with: try ScenarioCatalogue.load())
  }

  @Test func capitalOfASite() throws {
    let scenario = try resolved(
      "system: h100-sxm, racks: 2, economics: { energy_price: 60 $/MWh, discount_rate: 8 % }")
    let economics = try #require(scenario.site.economics)
    // 64 accelerators at the catalogue's price, two racks of 40.8 kW.
    #expect(abs(economics.costs.itCapitalDollars - 64 * 30_000) < 1e-6)
    #expect(abs(economics.costs.siteCapitalDollars - 0.0816 * 18.9e6) < 1e-6)
    #expect(economics.costs.discountRate == 0.08 && economics.dollarsPerKilowattHour == 0.06)
    let echo = try #require(scenario.echo["site"]?["economics"])
    #expect(echo["it_capital_source"] == .string("default: the catalogue's price of an accelerator"))
    #expect(echo["it_life_years"] == .double(6))
    let racks = try resolved(
      "system: h100-sxm, nodes: 2, economics: { energy_price: 60 $/MWh, it_capital_per_rack: 2 M$ }")
    #expect(racks.site.economics?.costs.itCapitalDollars == 1e6)
  }

  @Test func aFacilitysPrice() async throws {
    let scenario = try resolved(
      "system: h100-sxm, nodes: 1, facility: { price: 60 $/MWh }, economics: {}")
    let window = await RunStudy(scenario).run().report.site.window
    let (facility, figures) = (try #require(window.facility), try #require(window.economics))
    let year = try #require(facility.dollars) / window.span.seconds * 8760 * 3600
    #expect(abs(figures.annual.energy / year - 1) < 1e-9)
  }

  @Test(arguments: [("hyperscaler", 1.41), ("neocloud", 1.74), ("rental", 1.6)])
  func priceBasis(name: String, dollars: Double) throws {
    let site = SiteContext(try resolved("system: h200-sxm, nodes: 1, price_basis: \(name)").site)
    #expect(abs(try #require(site.systems[0].dollarsPerAcceleratorHour) - dollars) < 1e-9)
    let standard = SiteContext(try resolved("system: h200-sxm, nodes: 1").site)
    #expect(abs(try #require(standard.systems[0].dollarsPerAcceleratorHour) - 1.74) < 1e-9)
  }
}
