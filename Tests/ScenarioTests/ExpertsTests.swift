import CostModel
import Documents
import Scenario
import Simulation
import Testing

@Suite("Loads of experts and attention groups in a scenario")
struct ExpertsTests {
  private func document(_ loads: String) throws -> ScenarioFile {
    let text = """
      tokenmill: 1
      name: wide
      site: { system: gb200-nvl72, accelerators: 16 }
      deployments:
        - model: mixtral-8x7b
          precision: { weights: fp8 }
          engine: { framework: tensorrt-llm, max_batch_size: 64, max_num_tokens: 256, max_seq_len: 4096 }
          parallel: { expert: 8, attention_data: 8 }
          \(loads)
      workload:
        - arrivals: { process: closed-loop, concurrency: 8, requests: 20 }
          lengths: { input: 200, output: { uniform: { min: 100, max: 900 } } }
      run: { seed: 1, until: drained }
      """
    return try ScenarioFile(document: try Document.parse(text: text, file: "wide.yaml"))
  }

  private func resolve(_ loads: String) throws -> ResolvedDeployment {
    try #require(try document(loads).resolve(with: try Catalogue.shared.get()).deployments.first)
  }

  private func step(_ deployment: ResolvedDeployment, sequences: Int = 128) -> CostVector {
    deployment.plan.cost.decodeRun(
      sequences: sequences, contextSum: Double(sequences * 600), boundedSum: 0, boundedGrowth: 0
    ).first
  }

  @Test("the law of the measured kernels costs what is calibrated; a steeper one more, with copies less")
  func relative() throws {
    let calibrated = step(try resolve(""))
    let measured = step(try resolve("experts: { routing: aiconfigurator }"))
    #expect(measured[.experts] == calibrated[.experts])
    let balanced = step(try resolve("experts: { routing: balanced }"))
    #expect(balanced[.experts] < calibrated[.experts])
    // Exchanges were measured with balanced choices.
    #expect(balanced[.collective] == calibrated[.collective])
    let steep = step(try resolve("experts: { routing: power-law, exponent: 1 }"))
    let copied = try resolve("experts: { routing: power-law, exponent: 1, redundant_experts: 8 }")
    #expect(steep[.collective] > balanced[.collective])
    #expect(step(copied)[.collective] < steep[.collective])
    #expect(copied.design.redundantExperts == 8)
    #expect(copied.plan.cache.blocks < (try resolve("")).plan.cache.blocks, "copies take memory")
    #expect(copied.plan.cost.loadDeviation == nil)
  }

  @Test("draws for each step come with deviations")
  func draws() throws {
    let deployment = try resolve("experts: { routing: balanced, draws: per-step }")
    let deviation = try #require(deployment.plan.cost.deviation(sequences: 128, chunkTokens: 0))
    #expect(deviation[.time] > 0 && deviation[.time] < 0.1 * step(deployment)[.time])
    #expect(deployment.plan.cost.deviation(sequences: 0, chunkTokens: 100) != nil)
  }

  @Test("groups of equal counts wait for contexts, groups at random for requests too")
  func groups() throws {
    let even = step(try resolve("attention_balance: even"))
    let counts = step(try resolve("attention_balance: equal-counts"))
    let random = step(try resolve("attention_balance: random"))
    #expect(even == step(try resolve("")))
    #expect(counts[.decodeAttention] > even[.decodeAttention])
    #expect(random[.decodeAttention] > counts[.decodeAttention] && random[.framework] > counts[.framework])
    #expect(counts[.framework] == even[.framework] && counts[.experts] == even[.experts])
  }

  @Test func echo() throws {
    let scenario = try document("experts: { routing: power-law, exponent: 0.5, redundant_experts: 16 }")
      .resolve(
        with: try Catalogue.shared.get())
    let echo = try #require(scenario.echo["deployments"]?.head)
    let expected: JSONValue = [
      "routing": "power-law", "exponent": .double(0.5), "redundant_experts": .int(16),
      "placement": "by-load", "draws": "mean",
    ]
    #expect(echo["experts"]?.text() == expected.text())
    #expect(echo["attention_balance"] == .string("even"))
    let plain = try document("").resolve(with: try Catalogue.shared.get()).echo["deployments"]?.head
    #expect(plain?["experts"]?["routing"] == .string("calibrated"))
  }

  @Test(arguments: [
    (
      "experts: { routing: zipf }",
      "wide.yaml:9: deployments[0].experts.routing: found 'zipf', not a known name; allowed: calibrated, balanced, power-law, aiconfigurator"
    ),
    (
      "experts: { routing: power-law }",
      "wide.yaml:9: deployments[0].experts: a power law has an exponent; allowed: exponent: 0 to 3"
    ),
    (
      "experts: { routing: balanced, exponent: 1 }",
      "wide.yaml:9: deployments[0].experts.exponent: balanced choices have no exponent; leave it out, or choose power-law"
    ),
    (
      "experts: { redundant_experts: 16 }",
      "wide.yaml:9: deployments[0].experts.redundant_experts: what calibrated costs hold of loads can't be told apart; allowed: with routing: balanced, power-law or aiconfigurator"
    ),
    (
      "experts: { routing: balanced, redundant_experts: 3 }",
      "wide.yaml:9: deployments[0].experts.redundant_experts: found 3, with the 8 experts of mixtral-8x7b they can't be shared by 8 accelerators; allowed: 0, 8, 16, …"
    ),
    (
      "experts: { routing: balanced, redundant_experts: 16, placement: fixed }",
      "wide.yaml:9: deployments[0].experts.placement: found 'fixed', which experts to copy is known by their load; allowed: by-load"
    ),
    (
      "attention_balance: fair",
      "wide.yaml:9: deployments[0].attention_balance: found 'fair', not a known name; allowed: even, equal-counts, random"
    ),
  ])
  func refused(loads: String, message: String) throws {
    let catalogue = try Catalogue.shared.get()
    let error = #expect(throws: Problems.self) { _ = try document(loads).resolve(with: catalogue) }
    #expect(error?.all.map(\.description) == [message])
  }

  @Test func onlyMixturesHaveExperts() throws {
    let file = try ScenarioFile(
      document: try BadInput.document([10: "    experts: { routing: balanced }"]))
    let catalogue = try Catalogue.shared.get()
    let error = #expect(throws: Problems.self) { _ = try file.resolve(with: catalogue) }
    #expect("\(try #require(error))".contains("deployments[0].experts: llama-3.1-8b has no experts"))
  }

  @Test("a pool's own loads go before the deployment's")
  func pools() throws {
    let text = """
      tokenmill: 1
      name: pools
      site: { system: gb200-nvl72, accelerators: 24 }
      deployments:
        - model: mixtral-8x7b
          precision: { weights: fp8 }
          engine: { framework: tensorrt-llm, max_batch_size: 8, max_num_tokens: 256, max_seq_len: 4096 }
          experts: { routing: balanced, redundant_experts: 8 }
          pools:
            - { role: prefill, replicas: 1, parallel: { expert: 4, attention_data: 4 }, experts: { routing: calibrated } }
            - { role: decode, replicas: 1, parallel: { expert: 8, attention_data: 8 } }
      workload:
        - arrivals: { process: closed-loop, concurrency: 8, requests: 20 }
          lengths: { input: 200, output: 100 }
      run: { seed: 1, until: drained }
      """
    let file = try ScenarioFile(document: try Document.parse(text: text, file: "pools.yaml"))
    let scenario = try file.resolve(with: try Catalogue.shared.get())
    let deployment = try #require(scenario.deployments.first)
    #expect(deployment.design.redundantExperts == 8 && deployment.prefillDesign?.redundantExperts == 0)
    let pools = scenario.echo["deployments"]?.head?["pools"]
    #expect(pools?.head?["experts"]?["routing"] == .string("calibrated"))
  }
}

extension JSONValue {
  /// The first element of an array.
  fileprivate var head: JSONValue? {
    if case .array(let elements) = self { return elements.first }
    return nil
  }
}
