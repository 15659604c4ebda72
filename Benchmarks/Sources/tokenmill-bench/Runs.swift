import Simulation
import Workload

/// Whole runs, and runs that are nothing but one kind of engine step.
enum Runs {
  static let benchmarks: [Benchmark] =
    [256, 2048].map(decodeStep) + [mixedStep] + [poisson(10_000, .simulation), offline(24_576, .simulation)]
    + [coupled(replicas: 64, .simulation), windowed(replicas: 64, .simulation), closedLoop]
    + [1_000, 10_000, 100_000, 1_000_000].map { poisson($0, .growth) }
    + [1_000, 10_000, 100_000, 1_000_000].map { offline($0, .growth) }
    + [16, 64, 256, 1024].map { coupled(replicas: $0, .growth) }
    + [16, 64, 256, 1024].map { windowed(replicas: $0, .growth) } + [inFlight]

  /// Single-stepped decoding of a constant batch.
  private static func decodeStep(batch: Int) -> Benchmark {
    Benchmark(name: "decode-step-\(batch)", tier: .targeted, unit: "step") {
      var plan = try Fixtures().h100(
        arrivals: "{ process: offline, requests: \(batch) }",
        set: [
          "deployments[0].engine.max_num_seqs=\(batch)", "workload[0].lengths.input=8",
          "workload[0].lengths.output=4000",
        ])
      // Room for all: nobody is preempted.
      plan.cache.blocks = 1_000_000
      return { [plan] in
        await measure(plan, RunPlan(macroSteps: false)) { Int($0.steps) }
      }
    }
  }

  /// Steps that each run a prompt chunk beside decoding requests.
  private static let mixedStep = Benchmark(name: "mixed-step", tier: .targeted, unit: "step") {
    let plan = try Fixtures().h100(
      arrivals: "{ process: offline, requests: 20000 }",
      set: ["workload[0].lengths.input=4096", "workload[0].lengths.output=16"])
    return { await measure(plan, RunPlan(macroSteps: false)) { Int($0.steps) } }
  }

  private static func poisson(_ requests: Int, _ tier: Tier) -> Benchmark {
    let suffix = tier == .growth ? "-\(requests)" : ""
    return Benchmark(name: "poisson" + suffix, tier: tier, unit: "request") {
      let plan = try await Fixtures().poissonAt70Percent(requests: requests)
      return { await measure(plan, RunPlan()) { Int($0.observations.counts.completed) } }
    }
  }

  private static func offline(_ requests: Int, _ tier: Tier) -> Benchmark {
    let suffix = tier == .growth ? "-\(requests)" : ""
    return Benchmark(name: "offline" + suffix, tier: tier, unit: "request") {
      let plan = try Fixtures().gb300(requests: requests)
      return { await measure(plan, RunPlan()) { Int($0.observations.counts.completed) } }
    }
  }

  /// Replicas behind a router that looks at all of them: one event queue.
  private static func coupled(replicas: Int, _ tier: Tier) -> Benchmark {
    let suffix = tier == .growth ? "-\(replicas)" : ""
    return Benchmark(name: "least-outstanding" + suffix, tier: tier, unit: "request") {
      let plan = try await Fixtures().poissonAt70Percent(
        requests: tier == .growth ? 200_000 : 10_000, replicas: replicas, router: .leastOutstanding)
      return { await measure(plan, RunPlan()) { Int($0.observations.counts.completed) } }
    }
  }

  /// Replicas behind a router that learns their loads ten times a second: they go their own ways from one report to the next.
  private static func windowed(replicas: Int, _ tier: Tier) -> Benchmark {
    let suffix = tier == .growth ? "-\(replicas)" : ""
    return Benchmark(name: "reported-loads" + suffix, tier: tier, unit: "request") {
      var plan = try await Fixtures().poissonAt70Percent(
        requests: tier == .growth ? 200_000 : 10_000, replicas: replicas, router: .leastOutstanding)
      plan.loadReportSeconds = 0.1
      return { [plan] in
        await measure(plan, RunPlan()) { Int($0.observations.counts.completed) }
      }
    }
  }

  /// 64 clients that each wait for their answer.
  private static let closedLoop = Benchmark(name: "closed-loop", tier: .simulation, unit: "request") {
    let plan = try Fixtures().h100(
      arrivals: "{ process: closed-loop, concurrency: 64, requests: 10000 }")
    return { await measure(plan, RunPlan()) { Int($0.observations.counts.completed) } }
  }

  /// A million requests that wait in memory: they come far faster than the deployment can answer.
  private static let inFlight = Benchmark(name: "in-flight", tier: .growth, unit: "request in flight") {
    let plan = try Fixtures().h100(
      arrivals: "{ process: poisson, rate: 100000 req/s, requests: 1000000 }")
    return {
      await measure(plan, RunPlan(horizon: SimTime(nanoseconds: 12_000_000_000))) { $0.peakInFlight }
    }
  }

  static func measure(
    _ plan: DeploymentPlan, _ run: RunPlan, operations: (DeploymentOutcome) -> Int
  ) async -> Pass {
    let outcome = await Simulation.run(plan, run)
    return Pass(
      operations: operations(outcome), checksum: checksum(of: outcome),
      counts: ["events": Double(outcome.events), "steps": Double(outcome.steps)])
  }

  /// A digest of everything that a run reports.
  private static func checksum(of outcome: DeploymentOutcome) -> UInt64 {
    var checksum = Checksum()
    checksum.add(outcome.end.nanoseconds)
    checksum.add(outcome.steps)
    checksum.add(outcome.events)
    for lane in outcome.cost.indices { checksum.add(outcome.cost[lane]) }
    let counts = outcome.observations.counts
    for count in [counts.arrived, counts.completed, counts.good, counts.preemptions, counts.outputTokens] {
      checksum.add(count)
    }
    for epoch in outcome.observations.epochs {
      for histogram in [
        epoch.timeToFirstToken, epoch.timePerOutputToken, epoch.interTokenLatency, epoch.endToEnd,
        epoch.queue,
      ] {
        for cell in histogram.cells {
          checksum.add(cell.lowerNanoseconds)
          checksum.add(cell.count)
        }
      }
    }
    for bucket in outcome.observations.series.buckets {
      checksum.add(bucket.outputTokens)
      checksum.add(bucket.inputTokens)
      checksum.add(bucket.microjoulesAboveIdle)
    }
    return checksum.value
  }
}
