import CostModel
import Documents
import Models
import Scenario
import Simulation
import Testing

@Suite("The way of KV caches from pool to pool")
struct HandOffTests {
  private func resolve(
    _ handOff: String, system: String = "h200-sxm", nodes: Int = 2, model: String = "llama-3.1-8b",
    prefill: String = "replicas: 8", decode: String = "replicas: 4, parallel: { tensor: 2 }"
  ) throws -> ResolvedDeployment {
    let text = """
      tokenmill: 1
      name: hand-off
      site: { system: \(system), nodes: \(nodes) }
      deployments:
        - model: \(model)
          engine: { framework: vllm, max_model_len: 8192 }
          pools:
            - { role: prefill, \(prefill) }
            - { role: decode, \(decode) }
          hand_off: \(handOff)
      workload:
        - arrivals: { process: closed-loop, concurrency: 8, requests: 20 }
          lengths: { input: 1000, output: 100 }
      run: { seed: 1, until: drained }
      """
    let file = try ScenarioFile(document: try Document.parse(text: text, file: "hand-off.yaml"))
    return try #require(try file.resolve(with: try Catalogue.shared.get()).deployments.first)
  }

  private func plan(
    _ handOff: String, system: String = "h200-sxm", nodes: Int = 2, prefill: String = "replicas: 8"
  ) throws -> TransferPlan {
    let deployment = try resolve(handOff, system: system, nodes: nodes, prefill: prefill)
    return try #require(deployment.plan.prefill?.handOff.network)
  }

  private func message(
    _ handOff: String, system: String = "h200-sxm", decode: String = "replicas: 4, parallel: { tensor: 2 }"
  ) -> String {
    do {
      _ = try resolve(handOff, system: system, decode: decode)
      return ""
    } catch {
      return "\(error)"
    }
  }

  /// A token of Llama 3.1 8B has 2 x 8 heads x 128 x 2 bytes = 4,096 bytes in each of 32 layers.
  @Test func pagesOfATransport() throws {
    func seconds(_ handOff: String, _ decode: String) throws -> Double {
      try #require(try resolve(handOff, decode: decode).plan.prefill).handOff.secondsPerToken
    }
    // Pages of 64 tokens, 262,144 bytes, each in 262,144 / 43.4e9 + 0.68 µs = 6.72 µs.
    let alike = try seconds("{ transport: nixl-h200 }", "replicas: 4")
    #expect(abs(alike / (131_072 * (262_144 / 43.4e9 + 0.68e-6) / 262_144) - 1) < 1e-9)
    // Two accelerators a decode replica hold half of the heads each: pages of 131,072 bytes, 3.70 µs each, twice as many.
    let split = try seconds("{ transport: nixl-h200 }", "replicas: 4, parallel: { tensor: 2 }")
    #expect(abs(split / (131_072 * (131_072 / 43.4e9 + 0.68e-6) / 131_072) - 1) < 1e-9)
    // Four: 65,536 bytes in the 2.2 µs that a descriptor takes to be posted, longer than its way: 29.8 GB/s.
    let four = try seconds("{ transport: nixl-h200 }", "replicas: 2, parallel: { tensor: 4 }")
    #expect(abs(four / (131_072 * 2.2e-6 / 65_536) - 1) < 1e-9)
    // One descriptor a layer.
    let bulk = try seconds("{ transport: nixl-h200, page_tokens: 1e8 }", "replicas: 4")
    #expect(abs(bulk / (131_072 / 43.4e9) - 1) < 1e-5)
  }

  @Test func linksUnderATransport() throws {
    let pages = 131_072 / (131_072 / 43.4e9 + 0.68e-6)
    let plan = try plan("{ transport: nixl-h200, network: {} }")
    #expect(abs(plan.flowBytesPerSecond - pages) < 1)
    // Links carry what the catalogue states: what a transport loses is in its own rate.
    #expect(plan.fabric.nicBytesPerSecond == 50e9 && plan.fabric.scaleUp == .none)
    #expect(plan.adaptersPerFlow == 1 && plan.streamedLayers == nil)
    #expect(plan.prefillReplicas == 8)
    // Over all rails of a tray, and over NVLink, which it is on unless something else is said.
    let rails = try self.plan("{ transport: nixl-rails-gb200, network: {} }", system: "gb200-nvl72", nodes: 4)
    #expect(rails.adaptersPerFlow == 4)
    let link = try self.plan(
      "{ transport: nixl-nvlink-gb200, network: {} }", system: "gb200-nvl72", nodes: 4)
    #expect(link.fabric.scaleUp == .switched(portBytesPerSecond: 900e9))
    #expect(abs(link.flowBytesPerSecond - 131_072 / 3.9e-6) < 1)
    // Without a transport nothing holds a flow, and links carry 70 %.
    let plain = try self.plan("{ network: {}, overlap: layers }")
    #expect(plain.flowBytesPerSecond == .infinity && plain.fabric.nicBytesPerSecond == 0.7 * 50e9)
    #expect(plain.streamedLayers == 32 && plain.bytesPerToken == 65_536)
  }

  @Test func shapesOfFabrics() throws {
    let tree = try plan(
      "{ network: { topology: fat-tree, nodes_per_leaf: 2, nodes_per_pod: 4, leaf_oversubscription: 2, spine_oversubscription: 3 } }",
      nodes: 8)
    guard case .fatTree(let tiers, nodesPerLeaf: 2) = tree.fabric.scaleOut else {
      Issue.record("\(tree.fabric.scaleOut)")
      return
    }
    #expect(tiers.nodesPerPod == 4 && tiers.leafOversubscription == 2 && tiers.spineOversubscription == 3)
    let relayed = try plan("{ network: { over: scale-up, rail_crossing: scale-up } }")
    guard case .railOptimised(_, crossing: .scaleUp) = relayed.fabric.scaleOut else {
      Issue.record("\(relayed.fabric.scaleOut)")
      return
    }
    // 600 GB/s over six links, of which transfers reach 70 %.
    let pod = try plan("{ network: { over: scale-up } }", system: "tpu-v5p", nodes: 4)
    #expect(pod.fabric.scaleUp == .torus(sizes: [16, 20, 28], linkBytesPerSecond: 0.7 * 600e9 / 6))
    #expect(pod.fabric.accelerators == 8960)
    let board = try plan(
      "{ network: { over: scale-up } }", system: "tpu-v5e", nodes: 4,
      prefill: "replicas: 4, parallel: { tensor: 2 }")
    #expect(board.fabric.scaleUp == .torus(sizes: [16, 16], linkBytesPerSecond: 0.7 * 200e9 / 4))
    let cards = try plan("{ network: { over: scale-up } }", system: "l40s")
    #expect(cards.fabric.scaleUp == .none && cards.fabric.hostPathBytesPerSecond == 0.7 * 32e9)
  }

  /// DeepSeek-R1: 58 of 61 layers have 256 experts, 8 a token, of 7,168 elements.
  @Test func whatStepsExchange() throws {
    let deployment = try resolve(
      "{ network: { over: scale-up, collectives: true } }", system: "gb200-nvl72", nodes: 4,
      model: "deepseek-r1", prefill: "replicas: 1, parallel: { tensor: 8 }",
      decode: "replicas: 1, parallel: { expert: 8, attention_data: 8 }")
    let plan = try #require(deployment.plan.prefill?.handOff.network)
    let decode = try #require(plan.decodeExchange)
    // A token goes to 7 (1 - (7/8)^8) = 4.595 others, there in the activations' format and back in 16 bits.
    var missed = 1.0
    for _ in 0..<8 { missed *= 7.0 / 8 }
    let bytes = 58 * 7 * (1 - missed) * 7168 * (deployment.design.precision.activations.bytesPerElement + 2)
    #expect(abs(decode.expertBytesPerToken / bytes - 1) < 1e-12)
    #expect(decode.summedBytesPerToken == 0 && decode.expertGroup == 8 && decode.joinedElsewhere == 1)
    // Attention and feed-forward of each layer leave a sum of 7,168 elements in 16 bits.
    let prefill = try #require(plan.prefillExchange)
    #expect(prefill.summedBytesPerToken == 61 * 2 * 7168 * 2 && prefill.expertBytesPerToken == 0)
    #expect(prefill.tensorGroup == 8)
  }

  @Test func trafficOfOthers() throws {
    let plan = try plan(
      """
      { network: { background: [{ on: adapters, node: 1, nic: 7, share: 30 %, at: 10 s, for: 5 s }, { on: leaves, share: 0.5 }] } }
      """)
    #expect(
      plan.backgrounds == [
        BackgroundTraffic(tier: .adapters, node: 1, nic: 7, share: 0.3, startSeconds: 10, seconds: 5),
        BackgroundTraffic(tier: .leaves, share: 0.5),
      ])
  }

  static let refused: [(String, String)] = [
    ("{ page_tokens: 16 }", "hand_off.page_tokens: found 16, only a transport that is stated moves pages"),
    ("{ transport: nixl }", "hand_off.transport: found 'nixl'"),
    (
      "{ transport: nixl-h200, network: { over: scale-up } }",
      "hand_off.network.over: found 'scale-up', nixl-h200 does not move caches over these links; allowed: scale-out"
    ),
    ("{ network: { topology: fat-tree } }", "hand_off.network.nodes_per_leaf: required, but missing"),
    ("{ network: { nodes_per_leaf: 2 } }", "rails have a leaf for each adapter of a node"),
    ("{ network: { rail_crossing: scale-up } }", "allowed: spine, or over: scale-up"),
    ("{ network: { collectives: true } }", "exchange inside scale-up domains or nodes, not over these links"),
    (
      "{ network: { background: [{ on: adapters, node: 2, share: 10 % }] } }",
      "there is no adapter 0 of node 2; allowed: nodes 0 to 1, adapters 0 to 7"
    ),
    (
      "{ network: { background: [{ on: spines, share: 10 % }] } }",
      "no transfer crosses links of the tier spines"
    ),
    (
      "{ network: { background: [{ on: leaves, nic: 1, share: 10 % }] } }",
      "background[0].nic: found 1, only adapters belong to a node"
    ),
    (
      "{ network: { background: [{ on: leaves, share: 1.2 }] } }",
      "background[0].share: found 1.2, out of range"
    ),
  ]

  @Test(arguments: refused) func messages(handOff: String, expected: String) {
    let found = message(handOff)
    #expect(found.contains("hand-off.yaml:") && found.contains(expected), "\(found)")
  }

  @Test func nothingJoins() {
    let found = message("{ network: { over: scale-up } }", system: "gh200", decode: "replicas: 1")
    #expect(found.contains("nothing joins accelerators of a scale-up domain here"), "\(found)")
  }
}
