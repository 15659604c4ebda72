import Documents
import Scenario
import Simulation
import Workload

/// Deployments to run, made the way a scenario file makes them.
struct Fixtures {
  private let catalogue: ScenarioCatalogue

  init() throws {
    catalogue = try ScenarioCatalogue.load()
  }

  /// Llama 3.1 8B in bfloat16 on one H100 under vLLM: 1,024 tokens in, 512 out.
  func h100(arrivals: String, set overrides: [String] = []) throws -> DeploymentPlan {
    try plan(
      """
      tokenmill: 1
      name: One H100, Llama 3.1 8B
      site: { system: h100-sxm, accelerators: 1 }
      deployments:
        - model: llama-3.1-8b
          engine: { framework: vllm, max_num_seqs: 256 }
      workload:
        - arrivals: \(arrivals)
          lengths: { input: 1024, output: 512 }
      run: { seed: 1, until: drained }
      """, overrides)
  }

  /// Llama 2 70B on one GB300 of a rack, MLPerf's lengths, every request there from the start.
  func gb300(requests: Int) throws -> DeploymentPlan {
    try plan(
      """
      tokenmill: 1
      name: One GB300, Llama 2 70B, offline
      site: { system: gb300-nvl72, racks: 1 }
      deployments:
        - model: llama-2-70b
          precision: { weights: nvfp4, activations: nvfp4, kv_cache: fp8 }
          engine:
            framework: tensorrt-llm
            max_batch_size: 2048
            max_batch_tokens: 3584
            capacity_policy: max_utilization
          parallel: { tensor: 1 }
          replicas: 1
      workload:
        - arrivals: { process: offline, requests: \(requests) }
          lengths: { dataset: openorca-mlperf }
          max_output_tokens: 1024
      run: { seed: 1, until: drained }
      """)
  }

  private func plan(_ text: String, _ overrides: [String] = []) throws -> DeploymentPlan {
    let document = try Document.parse(text: text, file: "benchmark")
    let scenario = try ScenarioFile(document: document, overrides: overrides).resolve(with: catalogue)
    return scenario.deployments[0].plan
  }

  /// Requests that arrive at random at 70 % of what the deployment can take.
  ///
  /// Its capacity is what a saturated run of the same requests completes a second.
  func poissonAt70Percent(
    requests: Int, replicas: Int = 1, router: RouterPolicy = .roundRobin
  ) async throws -> DeploymentPlan {
    let saturated = try h100(arrivals: "{ process: offline, requests: 4000 }")
    let outcome = await Simulation.run(saturated, RunPlan())
    let capacity = Double(outcome.observations.counts.completed) / outcome.end.seconds
    var plan = try h100(arrivals: "{ process: poisson, rate: 1 req/s, requests: \(requests) }")
    plan.streams[0].arrivals = .poisson(requestsPerSecond: 0.7 * capacity * Double(replicas))
    plan.replicas = replicas
    plan.router = router
    return plan
  }
}
