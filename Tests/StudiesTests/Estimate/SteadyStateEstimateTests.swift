import CostModel
import Documents
import Results
import Scenario
import Simulation
import Testing
import Workload

@testable import Studies

/// Estimates of whole scenarios.
struct SteadyStateEstimateTests {
  private let catalogue: ScenarioCatalogue

  init() throws { catalogue = try ScenarioCatalogue.load() }

  private static let chat =
    "{ input: { lognormal: { mean: 1000, coefficient_of_variation: 1, max: 8000 } }, "
    + "output: { lognormal: { mean: 300, coefficient_of_variation: 0.8, max: 2000 } } }"

  private func scenario(
    _ arrivals: String, engine: String = "framework: vllm, max_num_seqs: 64", replicas: Int = 2,
    lengths: String = chat, site: String = "system: h100-sxm, accelerators: 8", more: String = "",
    stream: String = ""
  ) throws -> ResolvedScenario {
    let text = """
      tokenmill: 1
      name: An estimate
      site: { \(site) }
      deployments:
        - name: chat
          model: llama-3.1-8b
          engine: { \(engine) }
          replicas: \(replicas)
      \(more.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
      workload:
        - arrivals: \(arrivals)
          lengths: \(lengths)
          max_output_tokens: 2000
      \(stream.isEmpty ? "" : "    " + stream)
      run: { seed: 5 }
      """
    let file = try ScenarioFile(document: try Document.parse(text: text, file: "estimate.yaml"))
    return try file.resolve(with: catalogue)
  }

  private func poisson(_ rate: Double) -> String {
    "{ process: poisson, rate: \(rate) req/s, requests: 1000 }"
  }

  /// B = λ W, for those that decode and for all in flight.
  @Test(arguments: [
    "{ process: poisson, rate: 10 req/s, requests: 1000 }", "{ process: closed-loop, concurrency: 40 }",
    "{ process: closed-loop, concurrency: 400 }", "{ process: offline, requests: 5000 }",
  ])
  func littlesLaw(arrivals: String) throws {
    for engine in ["framework: vllm, max_num_seqs: 64", "framework: sglang, max_batch_size: 64"] {
      let found = try SteadyStateEstimate(try scenario(arrivals, engine: engine)).mean.deployments[0]
      let latencies = try #require(found.latencies)
      #expect(abs(found.requestsPerSecond * found.decodeSeconds / (2 * found.meanBatch) - 1) < 1e-9)
      let inFlight = try #require(found.requestsInFlight)
      #expect(abs(inFlight / (found.requestsPerSecond * latencies.endToEnd.mean) - 1) < 1e-12)
      let first = try #require(latencies.timeToFirstToken)
      #expect(abs(latencies.endToEnd.mean - first.mean - found.decodeSeconds) < 1e-9)
    }
  }

  /// Prompts that may not be split wait until those that decode leave room for all of it.
  @Test(arguments: [(1000, 1.0), (1030, 31.0)])
  func wholePromptsWaitForRoom(budget: Int, most: Double) throws {
    let engine =
      "framework: vllm, max_num_seqs: 64, chunked_prefill: false, max_num_batched_tokens: \(budget)"
    let found = try SteadyStateEstimate(
      try scenario(
        "{ process: offline, requests: 5000 }", engine: engine, lengths: "{ input: 1000, output: 300 }")
    ).mean.deployments[0]
    #expect(found.meanBatch <= most + 1e-9 && found.meanBatch > 0.8 * most, "\(found.meanBatch)")
  }

  /// In a closed loop as many requests are in flight as there are clients.
  @Test(arguments: [8, 64, 300])
  func clientsAreConserved(clients: Int) throws {
    let found = try SteadyStateEstimate(
      try scenario("{ process: closed-loop, concurrency: \(clients) }")
    ).mean.deployments[0]
    let inFlight = try #require(found.requestsInFlight)
    #expect(abs(inFlight / Double(clients) - 1) < 0.02)
    #expect(found.utilisation <= 1)
  }

  @Test func capacityGrowsWithReplicas() throws {
    var before = 0.0
    for replicas in [1, 2, 4, 8] {
      let found = try SteadyStateEstimate(try scenario(poisson(1), replicas: replicas)).mean
      #expect(found.capacityRequestsPerSecond > before)
      before = found.capacityRequestsPerSecond
    }
    // Latencies fall with them.
    func tokenSeconds(_ replicas: Int) throws -> Double {
      let found = try SteadyStateEstimate(try scenario(poisson(12), replicas: replicas)).mean.latencies
      return try #require(found?.timePerOutputToken).mean
    }
    let (few, many) = (try tokenSeconds(2), try tokenSeconds(8))
    #expect(few > many)
  }

  @Test func whatBindsIsNamed() throws {
    func limit(_ engine: String, _ lengths: String, _ more: String = "") throws -> CapacityLimit {
      try SteadyStateEstimate(
        try scenario(poisson(1), engine: engine, lengths: lengths, more: more)
      ).mean.deployments[0].limit
    }
    #expect(try limit("framework: vllm, max_num_seqs: 4", Self.chat) == .batchSlots)
    #expect(
      try limit("framework: vllm, max_num_seqs: 1024", "{ input: 2000, output: 1500 }") == .cacheMemory)
    #expect(
      try limit(
        "framework: vllm, max_num_seqs: 512, max_num_batched_tokens: 512", "{ input: 2000, output: 10 }")
        == .tokenBudget)
    #expect(
      try limit("framework: sglang, max_batch_size: 1024", "{ input: 100, output: 60 }") == .stepTime)
  }

  @Test func poolsAndLinksBind() throws {
    func estimate(
      _ prefill: Int, _ decode: Int, linkSecondsPerToken: Double? = nil
    ) throws -> DeploymentEstimate {
      let text = """
        tokenmill: 1
        name: Pools
        site: { system: h200-sxm, nodes: 4 }
        deployments:
          - model: llama-3.1-70b
            precision: { weights: fp8, activations: fp8 }
            engine: { framework: vllm, max_num_seqs: 16 }
            pools:
              - { role: prefill, replicas: \(prefill), parallel: { tensor: 4 } }
              - { role: decode, replicas: \(decode), parallel: { tensor: 4 } }
        workload:
          - arrivals: { process: poisson, rate: 0.5 /s, requests: 100 }
            lengths: { input: 4000, output: 300 }
        run: { seed: 1 }
        """
      let file = try ScenarioFile(document: try Document.parse(text: text, file: "pools.yaml"))
      var scenario = try file.resolve(with: catalogue)
      if let linkSecondsPerToken {
        scenario.deployments[0].plan.prefill?.handOff.secondsPerToken = linkSecondsPerToken
      }
      return try SteadyStateEstimate(scenario).mean.deployments[0]
    }
    let decodes = try estimate(6, 1)
    #expect(decodes.limit == .decodePool)
    #expect(decodes.pools.map(\.role) == [.prefill, .decode])
    #expect(try estimate(1, 6).limit == .prefillPool)
    // Ten seconds of a link for each prompt.
    let linked = try estimate(6, 2, linkSecondsPerToken: 2.5e-3)
    #expect(linked.limit == .transfer)
    let links = linked.capacityRequestsPerSecond * 10 / 6
    #expect(abs(links - links.rounded()) < 0.01 && links > 0.9)
  }

  @Test func overload() throws {
    let estimate = try SteadyStateEstimate(try scenario(poisson(500)))
    let found = estimate.mean.deployments[0]
    #expect(found.isOverloaded && found.latencies == nil && found.requestsInFlight == nil)
    #expect(found.requestsPerSecond == found.capacityRequestsPerSecond)
    #expect(found.utilisation > 1)
    #expect(estimate.text().contains("OVERLOADED"))
    #expect(estimate.notes.contains { $0.hasPrefix("more requests come than are done") })
    guard case .bool(let isOver)? = estimate.json["overloaded"] else {
      Issue.record("no word on overload")
      return
    }
    #expect(isOver)
    #expect(estimate.json.number(at: "latency_seconds.ttft.mean") == nil)
  }

  /// With next to no load a request is alone: a step with its prompt, then steps of one sequence.
  @Test func lightLoad() throws {
    let scenario = try scenario(poisson(0.001), lengths: "{ input: 500, output: 100 }")
    let found = try SteadyStateEstimate(scenario).mean.deployments[0]
    let plan = scenario.deployments[0].plan
    let model = StepModel(
      cost: plan.cost, engine: plan.engine, mix: RequestMix.draw(plan, level: .mean).mix)
    let latencies = try #require(found.latencies)
    let step = try #require(latencies.timePerOutputToken).mean
    #expect(abs(step / model.decodeStep(1)[.time] - 1) < 1e-3)
    let prompt = PromptQueue.cost(model, prompts: 1)[.time]
    let front = plan.frontEnd.seconds + plan.frontEnd.secondsPerInputToken * 500
    let first = try #require(latencies.timeToFirstToken).mean
    #expect(abs(first / (front + prompt) - 1) < 0.01)
  }

  @Test func whatIsLeftOutIsNamed() throws {
    let more = """
      autoscale: { initial: 1, min: 1, target: { utilisation: 60 % }, every: 15 s, start: { provision: 60 s, bandwidth: 2 GB/s } }
      """
    let scaled = try SteadyStateEstimate(
      try scenario(poisson(2), more: more, stream: "timeout: { first_token: 20 s }"))
    #expect(scaled.notes.contains { $0.hasPrefix("autoscaling is left out") })
    #expect(scaled.notes.contains { $0.hasPrefix("clients that go away are left out") })
    let faults = "faults: { domain: replica, mtbf: 100 h, repair: 1 h }"
    if let failing = try? scenario(poisson(2), more: faults) {
      #expect(try SteadyStateEstimate(failing).notes.contains { $0.hasPrefix("faults are left out") })
    }
  }

  @Test func ratesThatChangeHaveAPeak() throws {
    let curve =
      "{ process: diurnal, curve: [{ at: 0 h, rate: 2 /s }, { at: 12 h, rate: 10 /s }], requests: 1000 }"
    let estimate = try SteadyStateEstimate(try scenario(curve))
    let peak = try #require(estimate.peak)
    #expect(abs(estimate.mean.requestsPerSecond - 6) < 1e-6)
    #expect(abs(peak.requestsPerSecond - 10) < 1e-6)
    let (atPeak, atMean) = (
      try #require(peak.power.power.gpuMean), try #require(estimate.mean.power.power.gpuMean)
    )
    #expect(atPeak > atMean)
    #expect(estimate.json.number(at: "at_peak.throughput.requests_per_second") == peak.requestsPerSecond)
    #expect(try SteadyStateEstimate(try scenario(poisson(3))).peak == nil)
  }

  @Test func staticBatchesAreRefused() throws {
    var scenario = try scenario(poisson(1))
    scenario.deployments[0].plan.engine.batching = .static
    #expect(throws: Problems.self) { try SteadyStateEstimate(scenario) }
  }

  @Test func theSameBytesAgain() throws {
    let one = try SteadyStateEstimate(try scenario(poisson(10)))
    let two = try SteadyStateEstimate(try scenario(poisson(10)))
    #expect(one.json.text() == two.json.text())
    #expect(one.text() == two.text())
  }

  /// The systems prompt's whole blocks are found, the rest of a prompt is not.
  @Test func sharedPromptsAreCached() throws {
    let stream = "system_prompt: { tokens: 1000, count: 1 }"
    let cached = try scenario(
      poisson(2), engine: "framework: vllm, prefix_caching: true", lengths: "{ input: 1000, output: 100 }",
      stream: stream)
    let found = try SteadyStateEstimate(cached).mean.deployments[0]
    #expect(abs(found.cachedShare - 992.0 / 2000) < 1e-9)
    #expect(found.meanInputTokens == 2000)
  }

  @Test func powerFollowsTheRulesOfARun() throws {
    let estimate = try SteadyStateEstimate(try scenario(poisson(10)))
    let site = estimate.mean.power
    let (it, all) = (try #require(site.power.itMean), try #require(site.power.siteMean))
    #expect(all > it)
    let tokens = try #require(estimate.mean.outputTokensPerSecond)
    let joules = try #require(site.energy.siteJoulesPerOutputToken)
    let yield = try #require(site.cost.outputTokensPerSecondPerMegawatt)
    #expect(abs(joules / (all / tokens) - 1) < 1e-6)
    #expect(abs(yield / (tokens / all * 1e6) - 1) < 1e-6)
    // Six of the site's eight accelerators idle.
    let own = try #require(estimate.mean.deploymentPower[0].power.itMean)
    #expect(own < it)
  }
}
