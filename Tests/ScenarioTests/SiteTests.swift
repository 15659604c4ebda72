import Documents
import Hardware
import Quantities
import Scenario
import Simulation
import Testing

@Suite("The size of a site, and what stands on it")
struct SiteTests {
  private func resolved(_ edits: [Int: String]) throws -> ResolvedScenario {
    let file = try ScenarioFile(document: try BadInput.document(edits))
    return try file.resolve(with: try Catalogue.shared.get())
  }

  private func site(_ site: String) throws -> ResolvedSite {
    try resolved([3: "site: \(site)", 10: "    replicas: 1"]).site
  }

  @Test(arguments: [
    ("{ system: h100-sxm, racks: 3 }", 96, 12, 3), ("{ system: h100-sxm, nodes: 5 }", 40, 5, 2),
    ("{ system: h100-sxm, accelerators: 9 }", 9, 2, 1),
    ("{ system: gb300-nvl72, accelerators: 73 }", 73, 19, 2),
    ("{ system: gb300-nvl72, nodes: 18 }", 72, 18, 1),
  ])
  func sizes(text: String, accelerators: Int, nodes: Int, racks: Int) throws {
    let site = try self.site(text)
    #expect((site.accelerators, site.nodes, site.racks) == (accelerators, nodes, racks))
    #expect(site.powerLimit == nil)
  }

  /// 142 kW a rack, 95 % of the grid's power arrives, 0.16 W of cooling a watt: 173.39 kW of grid power a rack.
  @Test func gigawatt() throws {
    let site = try self.site("{ system: gb300-nvl72, power: 1 GW }")
    #expect(site.racks == 5767 && site.accelerators == 415_224)
    #expect(site.powerLimit?.si == 1e9)
    #expect(abs(site.sitePowerPerITWatt - 1.2211) < 0.0001)
    #expect(
      site.arithmetic == [
        "one rack: 142 kW nameplate x (1 + 0.16) / 0.95 = 173.4 kW at the grid connection",
        "1 GW / 173.4 kW = 5767 whole racks", "5767 racks x 72 accelerators = 415224",
      ])
  }

  @Test func facilityOfTheUser() throws {
    let site = try self.site(
      "{ system: gb300-nvl72, power: 1 MW, conversion_efficiency: 100 %, overhead: 0 }")
    #expect(site.racks == 7, "1,000 kW / 142 kW")
    #expect(site.conversionEfficiency == 1 && site.overheadPerITWatt == 0)
  }

  /// Air-cooled sites take more than liquid-cooled ones: an industry average PUE of 1.56 against 1.22.
  @Test(arguments: [("h100-sxm", 1.56), ("gb300-nvl72", 1.22)])
  func defaultsOfTheFacility(system: String, effectiveness: Double) throws {
    let site = try self.site("{ system: \(system), racks: 1 }")
    #expect(abs(site.sitePowerPerITWatt - effectiveness) < 0.005)
  }

  /// A replica stands inside one scale-up domain: of 72 accelerators, four groups of 16 leave eight unused.
  @Test(arguments: [
    ("gb300-nvl72", 10, "{ tensor: 16 }", 40), ("gb300-nvl72", 1, "{ tensor: 8 }", 9),
    ("h100-sxm", 1, "{ tensor: 8 }", 4), ("h100-sxm", 1, "{ tensor: 8, pipeline: 2 }", 2),
    ("h100-sxm", 3, "{ tensor: 8, pipeline: 8 }", 1), ("h100-sxm", 3, "{ tensor: 8, attention_data: 4 }", 3),
    ("h100-sxm", 3, "{ tensor: 16, attention_data: 2, pipeline: 2 }", 1),
    ("h100-sxm", 1, "{ tensor: 1, pipeline: 3 }", 8),
  ])
  func fills(system: String, racks: Int, parallel: String, replicas: Int) throws {
    let scenario = try resolved([
      3: "site: { system: \(system), racks: \(racks) }", 6: "    model: llama-2-70b",
      7: "    precision: { weights: fp8 }",
      8: "    engine: { framework: vllm }", 9: "    parallel: \(parallel)", 10: "    replicas: fill",
    ])
    #expect(scenario.deployments.first?.plan.replicas == replicas)
  }

  /// One copy over six accelerators of a node leaves room for two small ones there and eight on the next.
  @Test func fillsBesideOthers() throws {
    let small = "{ name: small, model: llama-3.1-8b, engine: { framework: vllm }, replicas: fill }"
    let requests = "{ process: offline, requests: 5 }"
    let scenario = try resolved([
      3: "site: { system: h100-sxm, nodes: 2 }", 4: "deployments:\n  - \(small)",
      9: "    parallel: { pipeline: 6 }",
      10: "    replicas: 1",
      12:
        "  - { deployment: small, arrivals: \(requests), lengths: { input: 1, output: 1 } }\n  - deployment: chat",
    ])
    #expect(scenario.deployments.map(\.plan.replicas) == [10, 1])
  }
}
