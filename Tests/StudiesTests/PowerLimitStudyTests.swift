import CostModel
import Documents
import Facility
import Hardware
import Scenario
import Quantities
import Simulation
import Testing

@testable import Studies

@Suite("Limits of power and samples in scenarios")
struct PowerLimitStudyTests {
  private func resolved(_ site: String, run: String = "run: { seed: 1 }", more: String = "") throws
    -> ResolvedScenario
  {
    let text = """
      tokenmill: 1
      name: Limits
      site: \(site)
      deployments:
        - model: llama-3.1-8b
          engine: { framework: vllm, max_num_seqs: 64 }
          replicas: fill\(more)
      workload:
        - arrivals: { process: poisson, rate: 10 /s, requests: 10 }
          lengths: { input: 100, output: 20 }
      \(run)
      """
    let document = try Document.parse(text: text, file: "limits.yaml")
    return try ScenarioFile(document: document).resolve(with: try ScenarioCatalogue.load())
  }

  @Test func anOversubscribedConnectionCarriesMoreRacks() throws {
    let whole = try resolved("{ system: h100-sxm, power: 1 MW }")
    let more = try resolved("{ system: h100-sxm, power: 1 MW, oversubscription: 50 % }")
    #expect(whole.site.racks == 15 && more.site.racks == 23)
    #expect(more.site.powerLimit?.si == 1e6 && more.powerControl == nil)
    let plant = try resolved("{ system: h100-sxm, power: 1 MW, oversubscription: 50 %, facility: {} }")
    #expect(plant.site.racks > more.site.racks)
  }

  /// A feed's limit becomes one of accelerators: what nodes draw at that load is taken off.
  @Test func theFeedsLimit() throws {
    let scenario = try resolved(
      "{ system: h100-sxm, power: 1 MW, oversubscription: 50 %, conversion_efficiency: 1, overhead: 0, capping: {} }",
      more: "\n    power_priority: 3")
    let control = try #require(scenario.powerControl)
    #expect(control.intervalSeconds == 1 && control.policy == .proportional)
    #expect(control.groups.count == 1 && control.groups[0].replicas == nil)
    #expect(control.groups[0].priority == 3)
    let part = scenario.site.parts[0]
    let limit = control.root.limits[0].watts
    let used = Double(control.groups[0].accelerators)
    let idle = part.system.accelerator.idlePower.si
    let (all, design) = (Double(part.accelerators), part.system.accelerator.thermalDesignPower.si)
    let aboveIdle = limit - used * idle
    let share = aboveIdle / (all * (design - idle))
    let (nodeIdle, nodePeak) = (part.system.node.idlePower.si, part.system.node.peakPower.si)
    let drawn = all * idle + aboveIdle + Double(part.nodes) * (nodeIdle + share * (nodePeak - nodeIdle))
    #expect(abs(drawn / 1e6 - 1) < 1e-9)
    let levels = scenario.deployments[0].plan.powerLevels
    #expect(levels.map(\.watts) == stride(from: 700.0, to: 140, by: -35).map { $0 })
  }

  @Test func theGridAsksForLess() throws {
    let scenario = try resolved(
      "{ system: h100-sxm, power: 1 MW, capping: { every: 2 s }, facility: { limits: { events: [{ at: 60 s, for: 30 s, draw: 500 kW }] } } }"
    )
    let limits = try #require(scenario.powerControl).root.limits
    #expect(limits.map(\.seconds) == [0, 60, 90])
    #expect(limits[1].watts < limits[0].watts && limits[2].watts == limits[0].watts)
  }

  @Test func rowsAndRacks() throws {
    let scenario = try resolved(
      "{ system: h100-sxm, racks: 5, racks_per_row: 2, capping: { policy: phase-aware, rack: 30 kW, row: 50 kW } }"
    )
    let control = try #require(scenario.powerControl)
    #expect(control.root.limits[0].watts == .infinity)
    #expect(control.root.children.map(\.name) == ["row 0", "row 1", "row 2"])
    #expect(control.root.children.map(\.children.count) == [2, 2, 1])
    #expect(control.root.children[0].children.map(\.name) == ["rack 0", "rack 1"])
    // Every replica is in one group.
    let replicas = control.groups.flatMap { $0.replicas ?? [] }
    #expect(replicas == Array(0..<scenario.deployments[0].plan.replicas))
    #expect(throws: Problems.self) {
      try resolved(
        "{ system: h100-sxm, racks: 500, capping: { rack: 30 kW } }", run: "run: { sample: { share: 1 % } }")
    }
  }

  @Test func aRowFails() throws {
    let scenario = try resolved(
      "{ system: h100-sxm, racks: 6, racks_per_row: 2 }",
      more: "\n    faults: { outages: [{ row: 1, at: 10 s }] }")
    let plan = scenario.deployments[0].plan
    let domain = try #require(plan.faults?.domains.first)
    // Racks 2 and 3 of six.
    #expect(domain.replicas == Array(plan.replicas / 3..<2 * plan.replicas / 3))
  }

  @Test func samplesAreEchoed() throws {
    let scenario = try resolved(
      "{ system: h100-sxm, nodes: 1 }", run: "run: { sample: { share: 2 %, cells: 5, least_replicas: 30 } }")
    #expect(scenario.run.sample == SamplePlan(share: 0.02, cells: 5, leastReplicas: 30))
    #expect(scenario.echo["run"]?["sample"]?["cells"] == .int(5))
  }
}
