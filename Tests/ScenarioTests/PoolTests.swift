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

  /// Two groups share each prompt: half of its tokens each, and each keeps half of the cache.
  @Test func groupsShareAPrompt() throws {
    func pool(_ layout: String, _ extra: String = "") throws -> ResolvedDeployment {
      let text = """
        tokenmill: 1
        name: context
        site: { system: h100-sxm, accelerators: 8 }
        deployments:
          - model: llama-3.1-8b
            engine: { framework: vllm, max_model_len: 65536, max_num_batched_tokens: 32768 }
            pools:
              - { role: prefill, replicas: 1, parallel: { \(layout) } }
              - { role: decode, replicas: 1\(extra) }
        workload:
          - arrivals: { process: closed-loop, concurrency: 1, requests: 2 }
            lengths: { input: 30000, output: 10 }
        run: { seed: 1, until: drained }
        """
      let file = try ScenarioFile(document: try Document.parse(text: text, file: "context.yaml"))
      return try #require(try file.resolve(with: try Catalogue.shared.get()).deployments.first)
    }
    let one = try #require(try pool("tensor: 1").plan.prefill)
    let two = try #require(try pool("context: 2").plan.prefill)
    #expect(two.acceleratorsPerReplica == 2 && one.acceleratorsPerReplica == 1)
    #expect(two.engine == one.engine, "one scheduler, whose budget is the replica's")
    // Weights are there twice, and so is the room beside them.
    #expect(abs(two.cache.blocks - 2 * one.cache.blocks) <= 1)
    // Caches leave over two links side by side.
    #expect(two.handOff.links == 1)
    #expect(abs(two.handOff.secondsPerToken * 2 / one.handOff.secondsPerToken - 1) < 1e-9)
    func seconds(_ pool: PrefillPool) -> Double {
      let attention =
        pool.cost.chunkCost(new: 30_000, past: 0)[.time] / Double(pool.cost.attentionGroups)
      return attention
        + pool.cost.mixedCost(
          sequences: 0, contextSum: 0, boundedSum: 0, chunkTokens: 30_000, rows: 1, largestChunk: 30_000)[
          .time]
    }
    // Half of the work, and what they tell each other: between a half and two thirds.
    #expect(seconds(two) > 0.5 * seconds(one) && seconds(two) < 0.67 * seconds(one))
    #expect(throws: Problems.self) { _ = try pool("tensor: 1", ", parallel: { context: 2 }") }
    #expect(throws: Problems.self) { _ = try pool("context: 2, attention_data: 2") }
  }

  @Test func replicasStandWhereFaultsFindThem() throws {
    let faults = """
      faults:
            on_loss: migrate
            accelerator: { mtbf: 50000 h, repair: 4 h }
            rack: { mtbf: 1000 h, repair: 1 h }
            outages: [{ node: 0, at: 60 s, for: 30 s }, { replica: 4, at: 1 h }]
      """
    let plan = try #require(try resolve(faults).plan.faults)
    #expect(plan.onLoss == .migrate)
    // Two prefill replicas of one accelerator, three decode replicas of two: all on one node of eight.
    #expect(
      plan.domains.map(\.replicas) == [[0], [1], [2], [3], [4], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [4]])
    #expect(plan.domains[0].meanSecondsToFailure == Double(50_000 * 3600))
    #expect(plan.domains[2].meanSecondsToFailure == Double(25_000 * 3600))
    #expect(plan.domains[6].outages == [FaultDomain.Outage(startSeconds: 60, seconds: 30)])
    #expect(plan.domains[7].outages == [FaultDomain.Outage(startSeconds: 3600, seconds: nil)])
    #expect(throws: Problems.self) {
      _ = try resolve("faults: { outages: [{ node: 1, at: 1 s, for: 1 s }] }")
    }
    #expect(throws: Problems.self) { _ = try resolve("faults: { outages: [{ at: 1 s, for: 1 s }] }") }
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
