import CostModel
import Documents
import Foundation
import Scenario
import Simulation
import Testing
import Workload

@Suite("Adapters of streams and engines")
struct AdapterScenarioTests {
  private static let stream = "    max_output_tokens: 256\n    adapters: { count: 20 }"

  private static func engine(_ lora: String, _ more: String = "") -> String {
    "    engine: { framework: vllm, max_batch_size: 64, max_batch_tokens: 2048, max_context_tokens: 8192, lora: \(lora)\(more) }"
  }

  private func resolved(_ edits: [Int: String]) throws -> ResolvedScenario {
    try ScenarioFile(document: try BadInput.document(edits)).resolve(with: try Catalogue.shared.get())
  }

  /// The first element of a list of the echo.
  private func first(of list: String, in scenario: ResolvedScenario) -> JSONValue? {
    guard case .array(let elements)? = scenario.echo[list] else { return nil }
    return elements.first
  }

  @Test func areRead() throws {
    let scenario = try resolved([
      8: Self.engine("{ max_loras: 8, max_lora_rank: 32 }"),
      10: "    replicas: 2\n    router: { policy: adapter-affinity }",
      15: "    max_output_tokens: 256\n    adapters: { count: 20, skew: 0.8 }",
    ])
    let deployment = try #require(scenario.deployments.first)
    // Rank 32: 168 MB over the catalogue's PCIe 5 link of 64 GB/s.
    let adapters = try #require(deployment.plan.engine.adapters)
    #expect(adapters.slots == 8 && abs(adapters.secondsPerLoad - 167_772_160 / 64e9) < 1e-12)
    #expect(deployment.plan.router == .adapterAffinity)
    let stream = try #require(deployment.plan.streams.first)
    #expect(stream.adapters?.count == 20 && stream.adapters?.skew == 0.8)
    // Their places leave the KV cache: 8 x 168 MB of blocks of 2 MiB.
    let plain = try resolved([:]).deployments[0].plan
    #expect(plain.cache.blocks - deployment.plan.cache.blocks == 640)
    let echo = try #require(first(of: "deployments", in: scenario)?["engine"])
    #expect(echo["lora"]?["rank"] == .int(32) && echo["lora"]?["adapter_bytes"] == .double(167_772_160))
    #expect(echo["kv_blocks_source"]?.text().contains("weights - 1.3 GB for 8 adapters - 4.0 GB") == true)
    #expect(first(of: "workload", in: scenario)?["adapters"]?["count"] == .int(20))
  }

  @Test func frameworksHaveNamesOfTheirOwn() throws {
    let scenario = try resolved([
      8:
        "    engine: { framework: sglang, max_context_tokens: 8192, lora: { max_loras_per_batch: 4, bandwidth: 10 GB/s } }",
      15: Self.stream,
    ])
    let adapters = try #require(scenario.deployments.first?.plan.engine.adapters)
    #expect(adapters.slots == 4 && abs(adapters.secondsPerLoad - 83_886_080 / 10e9) < 1e-12)
    #expect(scenario.deployments[0].plan.streams[0].adapters?.skew == 1)
  }

  @Test func turnsAndSamplesHaveOneAdapter() throws {
    for more in ["samples: 3", "conversations: { turns: 4, pause: 1 s }"] {
      let scenario = try resolved([
        8: Self.engine("{ max_loras: 8 }"), 15: Self.stream + "\n    " + more,
      ])
      let stream = try #require(scenario.deployments.first?.plan.streams.first)
      let draws = try #require(stream.adapters)
      #expect(stream.prompts?.adapters === draws)
      #expect(
        (0..<20).allSatisfy {
          draws.adapter(ofRequest: Conversations.request($0, turn: 0))
            == draws.adapter(ofRequest: Conversations.request($0, turn: 2))
        })
    }
  }

  @Test(arguments: refused) func messages(input: BadInput) throws { try input.check() }

  private static let refused: [BadInput] = [
    BadInput(
      "adapters without room", [15: stream],
      [
        "scenario.yaml:16: workload[0].adapters: the engine of the deployment has no room for adapters; state lora under its engine"
      ]),
    BadInput(
      "room without adapters", [8: engine("{ max_loras: 8 }")],
      [
        "scenario.yaml:8: deployments[0].engine.lora: no stream of the deployment has adapters; state adapters in its workload, or leave lora out"
      ]),
    BadInput(
      "numbers out of range", [8: engine("{ max_loras: 0, rank: 513, slots: 3 }")],
      [
        "scenario.yaml:8: deployments[0].engine.lora.max_loras: found 0, out of range; allowed: 1 to 4096",
        "scenario.yaml:8: deployments[0].engine.lora.rank: found 513, out of range; allowed: 1 to 512",
        "scenario.yaml:8: deployments[0].engine.lora.slots: unknown key; allowed: max_loras, rank, max_lora_rank, bandwidth",
      ]),
    BadInput(
      "no number", [8: engine("{ rank: 8 }")],
      [
        "scenario.yaml:8: deployments[0].engine.lora: found a mapping, how many adapters a batch may hold is needed; allowed: max_loras, 1 to 4096"
      ]),
    BadInput(
      "a stream's numbers out of range",
      [15: "    max_output_tokens: 256\n    adapters: { count: 100001, skew: 11 }"],
      [
        "scenario.yaml:16: workload[0].adapters.count: found 100001, out of range; allowed: 1 to 100000",
        "scenario.yaml:16: workload[0].adapters.skew: found 11, out of range; allowed: 0.0 to 10.0",
      ]),
    BadInput(
      "with speculation",
      [
        8: engine("{ max_loras: 8 }", ", speculation: { draft_tokens: 2, acceptance_length: 1.5 }"),
        15: stream,
      ],
      [
        "scenario.yaml:8: deployments[0].engine.speculation: found a mapping, nothing is drafted for requests with adapters"
      ]),
    BadInput(
      "held back",
      [
        8: "    engine: { framework: tensorrt-llm, lora: { max_loras: 8 }, batch_wait_timeout_iters: 3 }",
        15: stream,
      ],
      [
        "scenario.yaml:8: deployments[0].engine.batch_wait_timeout_iters: found 3, prompts of requests with adapters are not held back"
      ]),
    BadInput(
      "in pools",
      [
        8: engine("{ max_loras: 8 }"), 9: "",
        10: "    pools: [{ role: prefill, replicas: 1 }, { role: decode, replicas: 1 }]", 15: stream,
      ],
      ["scenario.yaml:8: deployments[0].engine.lora: pools don't serve adapters"]),
    BadInput(
      "attention groups",
      [
        6: "    model: deepseek-r1", 7: "", 8: engine("{ max_loras: 8 }"),
        3: "site: { system: b200-sxm, nodes: 2 }", 9: "    parallel: { attention_data: 8, expert: 8 }",
        15: stream,
      ],
      [
        "scenario.yaml:8: deployments[0].engine.lora: attention groups would have adapters of their own; allowed: attention_data: 1"
      ]),
    BadInput(
      "images",
      [
        6: "    model: stable-diffusion-xl", 7: "",
        8: "    engine: { framework: tensorrt-llm, lora: { max_loras: 8 } }", 14: "",
        15: "    adapters: { count: 20 }",
      ],
      [
        "scenario.yaml:8: deployments[0].engine.lora: stable-diffusion-xl makes images, which have no adapters here"
      ]),
  ]
}
