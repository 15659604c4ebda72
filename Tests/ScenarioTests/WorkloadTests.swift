import Documents
import Foundation
import Scenario
import Simulation
import Testing
import Workload

@Suite("Workloads that are read")
struct WorkloadTests {
  private func resolved(_ edits: [Int: String]) throws -> ResolvedScenario {
    try ScenarioFile(document: try BadInput.document(edits)).resolve(with: try Catalogue.shared.get())
  }

  private func stream(_ edits: [Int: String]) throws -> StreamPlan {
    try #require(try resolved(edits).deployments.first?.plan.streams.first)
  }

  @Test(arguments: [
    ("{ process: offline, requests: 7 }", ArrivalProcess.offline(requests: 7)),
    ("{ process: poisson, rate: 120 /min, requests: 7 }", .poisson(requestsPerSecond: 2)),
    (
      "{ process: gamma, rate: 2 req/s, coefficient_of_variation: 1.5, requests: 7 }",
      .gamma(requestsPerSecond: 2, coefficientOfVariation: 1.5)
    ),
    ("{ process: deterministic, rate: 0.5 /s, requests: 7 }", .deterministic(requestsPerSecond: 0.5)),
    (
      "{ process: on-off, on_rate: 9 /s, off_rate: 1 /s, mean_on: 2 s, mean_off: 3 min, requests: 7 }",
      .onOff(onRequestsPerSecond: 9, offRequestsPerSecond: 1, meanOnSeconds: 2, meanOffSeconds: 180)
    ),
    (
      "{ process: diurnal, curve: [{ at: 0 h, rate: 1 /s }, { at: 12 h, rate: 3 /s }], requests: 7 }",
      .diurnal(
        RateCurve(
          periodSeconds: 86_400,
          knots: [.init(seconds: 0, requestsPerSecond: 1), .init(seconds: 43_200, requestsPerSecond: 3)]))
    ),
    (
      "{ process: closed-loop, concurrency: 7, think_time: 20 ms }",
      .closedLoop(concurrency: 7, thinkTimeSeconds: 0.02)
    ),
  ])
  func arrivals(text: String, process: ArrivalProcess) throws {
    let stream = try stream([13: "    arrivals: \(text)"])
    #expect(stream.arrivals == process)
    #expect(stream.requests == (text.hasPrefix("{ process: closed") ? 70 : 7))
  }

  /// With an end in time a closed loop sends as long as it lasts.
  @Test func closedLoopForATime() throws {
    let scenario = try resolved([
      13: "    arrivals: { process: closed-loop, concurrency: 4 }", 17: "run: { duration: 60 s }",
    ])
    let stream = try #require(scenario.deployments.first?.plan.streams.first)
    #expect(stream.requests == nil && stream.warmUpRequests == 0)
    #expect(scenario.run.horizon == SimTime(nanoseconds: 60_000_000_000))
  }

  @Test(arguments: [
    ("{ input: 100, output: { fixed: 50 } }", 100.0, 50.0, 50),
    ("{ input: { uniform: { min: 10, max: 30 } }, output: 50 }", 20.0, 50.0, 50),
    ("{ inferencex: { input: 1000, output: 100 } }", 900.0, 90.0, 100),
    ("{ inferencex: { input: 1000, output: 100, ratio: 0 } }", 500.5, 50.5, 100),
    ("{ dataset: openorca-mlperf }", 222.33, 284.0, 959),
    ("{ dataset: mlperf-llama-2-70b, output_mean: 200 }", 222.33, 200.0, 675),
    ("{ dataset: mlperf-gpt-oss-120b, output: 100 }", 5010.632, 100.0, 100),
    // Three of 100 and one of 200; two of 100 and one of 300.
    (
      "{ input: { empirical: { file: lengths.csv } }, output: { empirical: { file: plain.csv } } }", 125,
      500.0 / 3, 300
    ),
  ])
  func lengths(text: String, input: Double, output: Double, longest: Int) throws {
    let engine = "    engine: { framework: vllm, max_context_tokens: 32768 }"
    let stream = try stream([8: engine, 14: "    lengths: \(text)", 15: ""])
    #expect(abs(stream.lengths.meanInput - input) < 0.01 && abs(stream.lengths.meanOutput - output) < 0.6)
    #expect(stream.maximumOutputTokens <= longest && stream.maximumOutputTokens >= longest - 100)
  }

  /// A distribution without a longest length shares the context of 8,192 tokens with what the other may need.
  @Test func openDistributions() throws {
    let open = "{ lognormal: { mean: 400, coefficient_of_variation: 2 } }"
    let outputs = try stream([14: "    lengths: { input: 1024, output: \(open) }", 15: ""])
    #expect(outputs.maximumOutputTokens == 8192 - 1024)
    let both = try stream([14: "    lengths: { input: \(open), output: \(open) }", 15: ""])
    #expect(both.maximumOutputTokens == 4096)
    let drawn = (0..<20_000).map { both.lengths.lengths(ofRequest: $0) }
    #expect(drawn.allSatisfy { $0.input <= 4096 && $0.output <= 4096 })
    #expect(drawn.contains { $0.input == 4096 }, "some lie beyond")
    let gamma = try stream([
      14:
        "    lengths: { input: { gamma: { mean: 400, coefficient_of_variation: 0.1, min: 390, max: 410 } }, output: 8 }"
    ])
    let inputs = (0..<1000).map { gamma.lengths.lengths(ofRequest: $0).input }
    #expect(inputs.min() == 390 && inputs.max() == 410)
  }

  /// What one stream draws does not depend on other streams of other deployments.
  @Test func streamsHaveTheirOwnDraws() throws {
    let uniform = "{ input: { uniform: { min: 1, max: 1000 } }, output: 5 }"
    let alone = try stream([14: "    lengths: \(uniform)"])
    let scenario = try resolved([
      12: "  - { arrivals: { process: offline, requests: 3 }, lengths: \(uniform) }\n  - deployment: chat",
      14: "    lengths: \(uniform)",
    ])
    let streams = try #require(scenario.deployments.first?.plan.streams)
    func inputs(_ stream: StreamPlan) -> [Int] {
      (0..<50).map { stream.lengths.lengths(ofRequest: $0).input }
    }
    #expect(inputs(streams[0]) == inputs(alone))
    #expect(inputs(streams[0]) != inputs(streams[1]))
  }

  @Test func targetsOfARequestAndOfPercentiles() throws {
    let scenario = try resolved([
      16: "    targets: { ttft: 3 s, ttft_p99: 2 s, tpot_p50: 20 ms, tpot_p90: 30 ms, e2e: 1 min }"
    ])
    let deployment = try #require(scenario.deployments.first)
    let targets = deployment.plan.streams[0].targets
    // The plain bound holds for each request; without one, that of the highest percentile.
    #expect(targets.timeToFirstToken == SimDuration(nanoseconds: 3_000_000_000))
    #expect(targets.timePerOutputToken == SimDuration(nanoseconds: 30_000_000))
    #expect(targets.endToEnd == SimDuration(nanoseconds: 60_000_000_000))
    #expect(deployment.percentileTargets[0].map(\.share) == [1, 0.99, 0.5, 0.9, 1])
  }

  @Test(arguments: [
    ("run: {}", WarmUp.automatic), ("run: { warm_up: none }", .none), ("run: { warm_up: 5 s }", .seconds(5)),
    ("run: { duration: 9 s, warm_up: auto }", .automatic),
  ])
  func warmUp(run: String, expected: WarmUp) throws {
    #expect(try resolved([17: run]).warmUp == expected)
  }

  /// What is resolved runs, and every request of it is accounted for.
  @Test(arguments: [
    "{ process: poisson, rate: 50 /s, requests: 40 }", "{ process: closed-loop, concurrency: 4 }",
    "{ process: trace, file: good.csv }",
  ])
  func runs(arrivals: String) async throws {
    let scenario = try resolved([13: "    arrivals: \(arrivals)"])
    let plan = try #require(scenario.deployments.first?.plan)
    let counts = await Simulation.run(plan, scenario.run).observations.counts
    #expect(counts.completed >= 3 && counts.completed == counts.arrived && counts.rejected == 0)
  }
}
