import CostModel
import Testing
import Workload

@testable import Results
@testable import Simulation

struct RunReportTests {
  /// All expected figures are worked out by hand from 1,000 tokens/s and 400 W above idle over ten seconds.
  @Test func figuresOfASteadyRun() throws {
    let deployment = DeploymentContext(name: "test", replicas: 2, accelerators: 2)
    let report = RunReport(context(deployments: [deployment]), [steadyOutcome()])
    let figures = report.site.window
    #expect(figures.span.seconds == 10)
    #expect(figures.throughput.outputTokensPerSecond == 1000)
    #expect(figures.throughput.inputTokensPerSecond == 2000)
    #expect(figures.throughput.requestsPerSecond == 1)
    #expect(figures.throughput.goodputRequestsPerSecond == 0.8)
    #expect(figures.throughput.imagesPerSecond == nil)
    // Of the four GPUs of the site two are in use: rates are over all, watts of a GPU over those in use.
    #expect(figures.throughput.outputTokensPerSecondPerGPU == 250)
    #expect(figures.throughput.totalTokensPerSecondPerGPU == 750)
    expectClose(figures.power.gpuMean, 300)
    // 4 x 100 W idle + 400 W + a node at a quarter of its range: 300 W + 100 W.
    expectClose(figures.power.itMean, 1200)
    expectClose(figures.power.siteMean, 1560)
    expectClose(figures.energy.gpuJoulesPerOutputToken, 0.6)
    expectClose(figures.energy.siteJoulesPerOutputToken, 1.56)
    expectClose(figures.energy.siteMegawattHours, 15_600 / 3.6e9)
    // Four GPUs at 2 $/h for 3.6 million tokens an hour.
    expectClose(figures.cost.dollarsPerMillionOutputTokens, 8 / 3.6)
    expectClose(figures.cost.outputTokensPerSecondPerMegawatt, 1000 / 0.00156)
  }

  @Test func deploymentFiguresAreOfItsOwnAccelerators() throws {
    let deployment = DeploymentContext(name: "test", replicas: 2, accelerators: 2)
    let report = RunReport(context(deployments: [deployment]), [steadyOutcome()])
    let figures = try #require(report.deployments.first).window
    #expect(figures.throughput.outputTokensPerSecondPerGPU == 500)
    expectClose(figures.power.gpuMean, 300)
    // 2 x 100 W + 400 W + half a node at half of its range.
    expectClose(figures.power.itMean, 850)
    expectClose(figures.cost.dollarsPerMillionOutputTokens, 4 / 3.6)
  }

  @Test func peakPowerIsOfTheHottestStretch() {
    let hot = observations(seconds: 10) { time, bucket in
      bucket.outputTokens = 1
      bucket.microjoulesAboveIdle = (4..<6).contains(time) ? 700_000 : 200_000
    }
    let deployment = DeploymentContext(name: "test", replicas: 2, accelerators: 2)
    let report = RunReport(context(deployments: [deployment]), [outcome(hot)])
    expectClose(report.site.window.power.gpuMean, 100 + 300 / 2)
    expectClose(report.site.window.power.gpuPeak, 100 + 700 / 2, within: 0.02)
    expectClose(report.site.window.power.itPeak, 400 + 700 + 300 + 400 * 700 / 1600, within: 0.02)
  }

  /// Energy of a step is booked when it ends: long steps must not look like peaks above the power limit.
  @Test func longStepsMakeNoPeaks() {
    let bursts = observations(seconds: 10) { time, bucket in
      bucket.outputTokens = 1
      // A step of 200 ms at 300 W above idle.
      if Int(time * 1000) % 200 == 199 { bucket.microjoulesAboveIdle = 60_000_000 }
    }
    var cost = CostVector.zero
    cost[.time] = 10
    let deployment = DeploymentContext(name: "test", replicas: 1, accelerators: 1)
    let report = RunReport(context(deployments: [deployment]), [outcome(bursts, cost: cost, steps: 50)])
    expectClose(report.site.window.power.gpuMean, 400)
    expectClose(report.site.window.power.gpuPeak, 400, within: 0.07)
  }

  @Test func timeIsSplitByOperatorAndByLimit() {
    var cost = CostVector.zero
    cost[.time] = 12
    cost[.compute] = 4
    cost[.memory] = 6
    cost[.launch] = 2
    cost[.gemm] = 8
    cost[.framework] = 4
    let deployment = DeploymentContext(name: "test", replicas: 2, accelerators: 2)
    let report = RunReport(context(deployments: [deployment]), [steadyOutcome(cost: cost)])
    let time = report.site.stepTime
    #expect(time.byLimit.first { $0.name == "idle" }?.seconds == 8)
    #expect(time.byLimit.first { $0.name == "memory" }?.seconds == 6)
    #expect(time.byOperator.first { $0.name == "gemm" }?.seconds == 8)
    #expect(time.bindingLimit == "idle")
    #expect(time.totalSeconds == 20)
    #expect(time.busySeconds == 12)
  }

  @Test func imagesHaveNoTokens() {
    let deployment = DeploymentContext(name: "test", replicas: 2, accelerators: 2, producesImages: true)
    let report = RunReport(context(deployments: [deployment]), [steadyOutcome()])
    let figures = report.site.window
    #expect(figures.throughput.imagesPerSecond == 1)
    #expect(figures.throughput.outputTokensPerSecond == nil)
    #expect(figures.energy.gpuJoulesPerOutputToken == nil)
    #expect(figures.cost.dollarsPerMillionOutputTokens == nil)
    #expect(figures.energy.siteMegawattHours != nil)
  }

  @Test func textAndImagesOnOneSiteKeepTheirFigures() {
    let text = DeploymentContext(name: "text", replicas: 2, accelerators: 2)
    let images = DeploymentContext(name: "images", replicas: 2, accelerators: 2, producesImages: true)
    let report = RunReport(context(deployments: [text, images]), [steadyOutcome(), steadyOutcome()])
    let figures = report.site.window
    #expect(figures.throughput.outputTokensPerSecond == 1000)
    #expect(figures.throughput.imagesPerSecond == 1)
    #expect(figures.throughput.requestsPerSecond == 2)
    expectClose(figures.power.gpuMean, 300)
  }

  @Test func recomputedPromptsAreNotThroughput() {
    var run = steadyOutcome()
    run.observations.counts.inputTokens = 15_000
    run.observations.counts.recomputedTokens = 5000
    let deployment = DeploymentContext(name: "test", replicas: 2, accelerators: 2)
    let report = RunReport(context(deployments: [deployment]), [run])
    expectClose(report.site.window.throughput.inputTokensPerSecond, 1500)
  }

  @Test func aRunWithoutTokensHasNoRates() {
    let deployment = DeploymentContext(name: "test", replicas: 1, accelerators: 1)
    let report = RunReport(context(deployments: [deployment]), [outcome(Observations())])
    #expect(report.site.window.throughput.outputTokensPerSecond == nil)
    #expect(report.site.window.latency.timeToFirstToken.p50 == nil)
    #expect(report.site.window.power.gpuMean == nil)
    #expect(report.site.stepTime.bindingLimit == nil)
  }

  /// One request, 101 tokens, 10 ms a step: the first token after one step, the last after 101.
  @Test func latenciesOfOneRequest() async {
    let plan = offlinePlan(requests: 1, input: 100, output: 101, cost: constantCosts(step: 0.01))
    let run = await Simulation.run(plan, RunPlan())
    let deployment = DeploymentContext(name: "test", replicas: 1, accelerators: 1)
    let latency = RunReport(context(deployments: [deployment]), [run]).site.window.latency
    expectClose(latency.timeToFirstToken.mean, 0.01)
    expectClose(latency.timePerOutputToken.mean, 0.01)
    expectClose(latency.interTokenLatency.p99, 0.01, within: 0.002)
    expectClose(latency.endToEnd.max, 1.01)
    #expect(latency.interTokenLatency.count == 100)
    #expect(latency.timePerOutputToken.count == 1)
  }

  /// 64 requests of 50 tokens in batches of 8 at 20 ms a step: 8 rounds of 1 s, 400 tokens/s.
  @Test func throughputOfFullBatches() async {
    let plan = offlinePlan(
      requests: 64, input: 10, output: 50, batch: 8, cost: constantCosts(step: 0.02, joules: 2))
    let run = await Simulation.run(plan, RunPlan())
    let deployment = DeploymentContext(name: "test", replicas: 1, accelerators: 1)
    let report = RunReport(context(deployments: [deployment]), [run])
    let figures = report.site.window
    expectClose(report.simulatedSeconds, 8)
    expectClose(figures.throughput.outputTokensPerSecond, 400)
    expectClose(figures.throughput.inputTokensPerSecond, 80)
    // 2 J every 20 ms is 100 W above idle.
    expectClose(figures.power.gpuMean, 200)
    expectClose(figures.energy.gpuJoulesPerOutputToken, 0.5)
    #expect(report.site.stepTime.bindingLimit == "memory")
    #expect(report.site.requests.completed == 64)
  }

  @Test func windowAndWholeRunDiffer() {
    let ramp = observations(seconds: 16) { time, bucket in
      bucket.outputTokens = time < 4 ? 0 : 1
    }
    let deployment = DeploymentContext(name: "test", replicas: 1, accelerators: 1)
    let report = RunReport(context(deployments: [deployment], window: .after(seconds: 4)), [outcome(ramp)])
    expectClose(report.site.window.throughput.outputTokensPerSecond, 1000, within: 1e-5)
    expectClose(report.site.wholeRun.throughput.outputTokensPerSecond, 750)
    #expect(report.window.span.startSeconds >= 4)
  }

  @Test func deviationFromAPublishedFigure() {
    let deployment = DeploymentContext(name: "test", replicas: 2, accelerators: 2)
    let references = [
      PublishedFigure(figure: "throughput.output_tokens_per_second", value: 1250, source: "a table"),
      PublishedFigure(figure: "throughput.output", value: 1, source: "nowhere"),
    ]
    let report = RunReport(context(deployments: [deployment], references: references), [steadyOutcome()])
    expectClose(report.comparisons[0].predicted, 1000)
    expectClose(report.comparisons[0].deviationPercent, -20)
    #expect(report.comparisons[1].predicted == nil)
    #expect(report.comparisons[1].deviationPercent == nil)
  }
}

/// Whether two figures agree to a relative error.
func expectClose(
  _ value: Double?, _ expected: Double, within tolerance: Double = 1e-9,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard let value else {
    Issue.record("no figure, \(expected) expected", sourceLocation: sourceLocation)
    return
  }
  #expect(
    abs(value - expected) <= tolerance * abs(expected), "\(value), \(expected) expected",
    sourceLocation: sourceLocation)
}
