import CostModel
import Documents
import Hardware
import Scenario
import Simulation
import Testing

@Suite("Sites of several systems")
struct MixedSiteTests {
  private func resolve(
    _ deployment: String,
    site: String = "{ systems: [{ system: h100-sxm, nodes: 2 }, { system: h200-sxm, racks: 1 }] }"
  ) throws -> ResolvedScenario {
    let text = """
      tokenmill: 1
      name: mixed
      site: \(site)
      deployments:
        - model: llama-3.1-70b
          precision: { weights: fp8 }
          engine: { framework: vllm, max_model_len: 8192 }
          \(deployment)
      workload:
        - arrivals: { process: closed-loop, concurrency: 8, requests: 20 }
          lengths: { input: 1000, output: 100 }
      run: { seed: 1, until: drained }
      """
    let file = try ScenarioFile(document: try Document.parse(text: text, file: "mixed.yaml"))
    return try file.resolve(with: try Catalogue.shared.get())
  }

  private func message(_ deployment: String, site: String? = nil) -> String {
    do {
      _ = try site.map { try resolve(deployment, site: $0) } ?? resolve(deployment)
      return ""
    } catch {
      return "\(error)"
    }
  }

  private let pools = """
    pools:
            - { role: prefill, system: h100-sxm, replicas: 3, parallel: { tensor: 4 } }
            - { role: decode, system: h200-sxm, replicas: 2, parallel: { tensor: 4 } }
    """

  /// An H200 node is a rack's quarter here: 2 + 4 nodes, 1 + 1 racks.
  @Test func sizesAddUp() throws {
    let site = try resolve(pools).site
    #expect((site.accelerators, site.nodes, site.racks) == (16 + 32, 2 + 4, 1 + 1))
    #expect(
      site.arithmetic == [
        "h100-sxm: 2 nodes x 8 accelerators = 16", "h200-sxm: 1 rack x 32 accelerators = 32",
      ])
  }

  @Test func eachPoolStandsOnItsOwnSystem() throws {
    let deployment = try #require(try resolve(pools).deployments.first)
    #expect(deployment.prefillDesign?.system.id == "h100-sxm")
    #expect(deployment.design.system.id == "h200-sxm")
    // 80 and 141 GB of memory hold caches of other sizes.
    let prefill = try #require(deployment.plan.prefill)
    #expect(deployment.plan.cache.blocks > 2 * prefill.cache.blocks)
  }

  /// The slower adapter of both ends sets the pace: 50 GB/s of the H200, 50 of the H100; a site with 25 halves it.
  @Test func theSlowerLinkSetsThePace() throws {
    let slow = """
      hardware:
        h100-sxm: { scale_out: { bandwidth: 25 GB/s } }
      """
    func seconds(_ extra: String) throws -> Double {
      let text = """
        tokenmill: 1
        name: slow
        \(extra)
        site: { systems: [{ system: h100-sxm, nodes: 2 }, { system: h200-sxm, racks: 1 }] }
        deployments:
          - model: llama-3.1-70b
            precision: { weights: fp8 }
            engine: { framework: vllm, max_model_len: 8192 }
            pools:
              - { role: prefill, system: h200-sxm, replicas: 3, parallel: { tensor: 4 } }
              - { role: decode, system: h100-sxm, replicas: 2, parallel: { tensor: 4 } }
        workload:
          - arrivals: { process: closed-loop, concurrency: 8, requests: 20 }
            lengths: { input: 1000, output: 100 }
        run: { seed: 1, until: drained }
        """
      let file = try ScenarioFile(document: try Document.parse(text: text, file: "slow.yaml"))
      let plan = try file.resolve(with: try Catalogue.shared.get()).deployments[0].plan
      return try #require(plan.prefill).handOff.secondsPerToken
    }
    #expect(abs(try seconds(slow) / seconds("") - 2) < 1e-9)
  }

  /// Nodes and racks are numbered through the site: the H200s begin with node 2 and rack 1.
  @Test func faultsFindThem() throws {
    let faults =
      pools
      + "\n    faults: { outages: [{ node: 0, at: 1 s, for: 1 s }, { node: 2, at: 1 s, for: 1 s }, { rack: 1, at: 1 s, for: 1 s }] }"
    let plan = try #require(try resolve(faults).deployments[0].plan.faults)
    // Three prefill replicas of four: two on node 0, one on node 1; two decode replicas on node 2.
    #expect(plan.domains.map(\.replicas) == [[0, 1], [3, 4], [3, 4]])
  }

  @Test func whatIsWrongIsSaid() {
    #expect(
      message("replicas: 1, parallel: { tensor: 4 }".replacing(", ", with: "\n    "))
        .contains(
          "mixed.yaml:5: deployments[0].system: required, because the site has several systems, but missing; allowed: h100-sxm, h200-sxm"
        ))
    #expect(
      message("system: b200-sxm").contains(
        "deployments[0].system: found 'b200-sxm', the site has no such system; allowed: h100-sxm, h200-sxm"))
    #expect(
      message(pools + "\n    hand_off: { network: { over: scale-out } }")
        .contains("the links between h100-sxm and h200-sxm are not modelled"))
    #expect(
      message(pools + "\n    hand_off: { transport: nixl-nvlink-gb200 }")
        .contains("no scale-up domain joins h100-sxm and h200-sxm"))
    #expect(
      message(
        pools
          + "\n    planner: { ttft_p90: 1 s, tpot_p90: 40 ms, every: 30 s, start: 60 s, initial: { prefill: 1, decode: 2 } }"
      ).contains("no accelerator goes from h100-sxm to h200-sxm"))
    #expect(
      message(pools, site: "{ systems: [{ system: h100-sxm, nodes: 2 }, { system: h200-sxm, power: 1 MW }] }")
        .contains("a grid connection is divided among systems by nobody; allowed: their counts"))
    #expect(
      message(pools, site: "{ systems: [{ system: h100-sxm, nodes: 2 }, { system: h100-sxm, nodes: 1 }] }")
        .contains("h100-sxm stands there twice; add up its counts"))
    #expect(
      message(pools, site: "{ systems: [{ system: h100-sxm, nodes: 2 }, { system: h200-sxm }] }")
        .contains("the site has no size; allowed: exactly one of racks, nodes, accelerators"))
    #expect(message(pools, site: "{ systems: [] }").contains("at least one system is needed"))
    #expect(
      message(pools.replacing("replicas: 3", with: "replicas: 5"))
        .contains("of the site's 16 h100-sxm accelerators, 16 are free"))
  }
}
