import Documents
import Results
import Scenario
import Simulation
import Testing

@testable import Studies

struct RunStudyTests {
  private let catalogue: ScenarioCatalogue

  init() throws { catalogue = try ScenarioCatalogue.load() }

  private func scenario(_ arrivals: String, more: String = "") throws -> ResolvedScenario {
    let text = """
      tokenmill: 1
      name: A study
      site: { system: h100-sxm, nodes: 1 }
      deployments:
        - name: chat
          model: llama-3.1-8b
          engine: { framework: vllm, max_batch_size: 64 }
          parallel: { tensor: 2 }
          replicas: 3
      workload:
        - arrivals: \(arrivals)
          lengths: { input: 100, output: 20 }
      run: { seed: 5, warm_up: none }
      \(more)
      """
    let file = try ScenarioFile(document: try Document.parse(text: text, file: "study.yaml"))
    return try file.resolve(with: catalogue)
  }

  @Test func theContextIsTheScenarios() async throws {
    let scenario = try scenario("{ process: offline, requests: 30 }")
    let context = RunContext(scenario, [await Simulation.run(scenario.deployments[0].plan, scenario.run)])
    #expect(context.scenario == "A study")
    #expect(context.seed == 5)
    #expect(context.isDrained)
    #expect(context.window == .wholeRun)
    #expect(context.site.accelerators == 8)
    #expect(context.site.nodes == 1)
    // DGX H100: 700 W an accelerator.
    #expect(context.site.systems[0].acceleratorPeakWatts == 700)
    #expect(context.site.systems[0].acceleratorIdleWatts < 200)
    #expect(context.deployments.map(\.accelerators) == [6])
    #expect(context.deployments.map(\.replicas) == [3])
    let replicas = context.deployments[0].highlights.first { $0.label == "replicas" }
    #expect(replicas?.value == "3 of 2 GPUs (tensor 2), router round-robin")
  }

  @Test func requestsAreKnownWhereTheyAreCounted() throws {
    #expect(RunStudy(try scenario("{ process: offline, requests: 30 }")).requests == 30)
    #expect(RunStudy(try scenario("{ process: poisson, rate: 5 req/s, requests: 40 }")).requests == 40)
  }

  @Test func everyRequestIsAnswered() async throws {
    let progress = RunProgress()
    let study = RunStudy(try scenario("{ process: offline, requests: 30 }"))
    let result = await study.run(progress: progress)
    #expect(result.report.site.requests.completed == 30)
    #expect(progress.completedRequests == 30)
    #expect(result.report.json.number(at: "requests.completed") == 30)
    #expect(result.outcomes.count == 1)
  }

  /// Figures that a scenario may compare with are figures that the summary has.
  @Test(arguments: [
    "throughput.output_tokens_per_second", "throughput.total_tokens_per_second_per_gpu",
    "latency_seconds.ttft.p99", "latency_seconds.queue.max", "kv_cache.peak_utilisation",
    "power_watts.site_peak", "energy.gpu_joules_per_output_token",
    "cost.output_tokens_per_second_per_megawatt",
  ])
  func referencesFindTheirFigure(figure: String) async throws {
    let more = "references: [{ figure: \(figure), value: 100, source: a test }]"
    let study = RunStudy(try scenario("{ process: offline, requests: 30 }", more: more))
    let report = await study.run().report
    #expect(report.comparisons.count == 1)
    #expect(report.comparisons.first?.predicted != nil)
  }
}
