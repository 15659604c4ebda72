import CostModel
import Documents
import Foundation
import Scenario
import Simulation
import Testing
import Workload

@Suite("Prompts that begin alike")
struct PromptTests {
  private func text(engine: String = "", router: String = "", workload: String) -> String {
    """
    tokenmill: 1
    name: prompts
    site: { system: h100-sxm, accelerators: 2 }
    deployments:
      - model: llama-3.1-8b
        engine: { framework: vllm\(engine) }
        \(router)
    workload:
      - lengths: { input: 100, output: 50 }
        \(workload)
    run: { seed: 1, until: drained }
    """
  }

  private func resolve(_ text: String) throws -> ResolvedScenario {
    try ScenarioFile(document: try Document.parse(text: text, file: "s.yaml")).resolve(
      with: try Catalogue.shared.get())
  }

  private func problems(_ text: String) -> [String] {
    do {
      _ = try resolve(text)
      return []
    } catch let problems as Problems {
      return problems.all.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }

  private static let offline = "arrivals: { process: offline, requests: 10 }"

  @Test func conversationsAndSystemPrompts() throws {
    let scenario = try resolve(
      text(
        engine:
          ", cache_tiers: [{ name: host, capacity: 64 GB }, { name: disk, capacity: 1 TB, bandwidth: 5 GB/s, latency: 1 ms }]",
        router: "router: { policy: prefix-aware, overlap_weight: 2, view_delay: 0.5 s }",
        workload: """
          arrivals: { process: offline, requests: 10 }
              conversations: { turns: { uniform: { min: 2, max: 4 } }, pause: { mean: 5 s } }
              system_prompt: { tokens: 300, count: 3 }
          """))
    let plan = try #require(scenario.deployments.first?.plan)
    let stream = try #require(plan.streams.first)
    #expect(stream.conversations?.meanTurns == 3)
    #expect(stream.systemPrompts?.tokens == 300 && stream.systemPrompts?.count == 3)
    #expect(stream.prompts?.blockTokens == 16)
    #expect(plan.router == .prefixAware && plan.cacheView == CacheView(overlapWeight: 2, delaySeconds: 0.5))
    let tiers = try #require(plan.prefixCache?.tiers)
    // 131,072 bytes a token in blocks of 16, over the catalogue's PCIe 5 link of 64 GB/s, and over 5 GB/s.
    let block = 131_072.0 * 16
    #expect(tiers.map(\.name) == ["host", "disk"] && tiers[0].blocks == Int(64e9 / block))
    #expect(abs(tiers[0].secondsPerBlock - block / 64e9) < 1e-9)
    #expect(abs(tiers[1].secondsPerBlock - block / 5e9) < 1e-9 && tiers[1].latencySeconds == 1e-3)
  }

  @Test func nothingInCommonKeepsNothing() throws {
    #expect(try resolve(text(workload: Self.offline)).deployments.first?.plan.prefixCache == nil)
    let without = text(
      engine: ", enable_prefix_caching: false",
      workload: Self.offline + "\n    system_prompt: { tokens: 300 }")
    let plan = try resolve(without).deployments.first?.plan
    #expect(plan?.prefixCache == nil && plan?.streams.first?.systemPrompts?.tokens == 300)
  }

  @Test func refused() {
    let tiers = problems(
      text(
        engine: ", enable_prefix_caching: false, cache_tiers: [{ name: host, capacity: 1 GB }]",
        workload: Self.offline))
    #expect(tiers.count == 1 && tiers[0].contains("prefix_caching is false"))
    let small = problems(
      text(
        engine: ", cache_tiers: [{ name: host, capacity: 1 kB }]",
        workload: Self.offline + "\n    system_prompt: { tokens: 300 }"))
    #expect(small.count == 1 && small[0].contains("s.yaml:6") && small[0].contains("holds no KV block"))
    let weight = problems(text(router: "router: { overlap_weight: 1 }", workload: Self.offline))
    #expect(weight.count == 1 && weight[0].contains("prefix-aware"))
    let turns = problems(
      text(workload: Self.offline + "\n    conversations: { turns: 100000, pause: 1 s }"))
    #expect(turns.count == 1 && turns[0].contains("at most 65536"))
    let long = problems(text(workload: Self.offline + "\n    system_prompt: { tokens: 200000 }"))
    #expect(long.count == 1 && long[0].contains("200100 input"))
  }
}
