import CostModel
import Documents
import Scenario
import Simulation
import Testing

@Suite("Deployments of two pools")
struct PoolTests {
  private func resolve(_ handOff: String) throws -> ResolvedDeployment {
    let text = """
      tokenmill: 1
      name: two pools
      site: { system: h100-sxm, accelerators: 8 }
      deployments:
        - model: llama-3.1-8b
          engine: { framework: vllm, max_model_len: 8192 }
          pools:
            - { role: prefill, replicas: 2, engine: { framework: vllm, max_model_len: 8192, max_num_seqs: 8 } }
            - { role: decode, replicas: 3, parallel: { tensor: 2 } }
          \(handOff)
      workload:
        - arrivals: { process: closed-loop, concurrency: 8, requests: 20 }
          lengths: { input: 1000, output: 100 }
      run: { seed: 1, until: drained }
      """
    let file = try ScenarioFile(document: try Document.parse(text: text, file: "pools.yaml"))
    return try #require(try file.resolve(with: try Catalogue.shared.get()).deployments.first)
  }

  @Test func engineOfTheDeploymentHoldsForPoolsThatStateNone() throws {
    let deployment = try resolve("")
    let prefill = try #require(deployment.plan.prefill)
    #expect(prefill.replicas == 2 && prefill.acceleratorsPerReplica == 1)
    #expect(prefill.engine.maximumBatchSize == 8)
    #expect(deployment.plan.replicas == 3 && deployment.plan.acceleratorsPerReplica == 2)
    #expect(deployment.plan.engine.maximumBatchSize == 1024)
    #expect(deployment.plan.accelerators == 8)
    #expect(prefill.handOff.firstToken == .decode)
    // 32 layers x 2 x 8 heads x 128 x 2 bytes over 70 % of 50 GB/s, from the one accelerator of a prefill replica.
    #expect(abs(prefill.handOff.secondsPerToken - 131_072 / 35e9) < 1e-9)
  }

  @Test func handOff() throws {
    let stated = try resolve("hand_off: { delay: 50 ms, first_token: prefill, overlap: layers }")
    let handOff = try #require(stated.plan.prefill?.handOff)
    #expect(handOff.delaySeconds == 0.05 && handOff.firstToken == .prefill)
    #expect(abs(handOff.secondsPerToken - 131_072 / 35e9 / 32) < 1e-10)
  }
}
