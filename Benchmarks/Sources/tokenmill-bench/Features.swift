import CostModel
import Simulation
import Workload

/// The plain workload with one feature on: what each costs.
///
/// Compare with `feature-none`, and features that tie replicas and clients to one event queue with `feature-coupled`.
enum Features {
  static let benchmarks: [Benchmark] =
    [
      feature("none") { _ in },
      feature("coupled") { $0.router = .leastOutstanding },
      feature("priority-queue") { $0.engine.queueOrder = .priority },
      feature("long-prefill-threshold") { $0.engine.longPrefillThreshold = 512 },
      feature("hidden-tokens") {
        $0.streams[0].thinking = RequestLengths(input: .fixed(1), output: .fixed(256), seed: 1)
        $0.streams[0].lengths = RequestLengths(input: .fixed(1024), output: .fixed(256), seed: 1)
      },
      feature("service-class") { $0.streams[0].serviceClass = "all" },
      feature("timeouts") {
        $0.streams[0].patience = Patience(
          firstTokenSeconds: 60, totalSeconds: 600, leavingShare: 0.02, leavingMeanSeconds: 2, seed: 1,
          name: "b")
      },
      feature("tenants") {
        $0.tenants = [Tenant(name: "all", requestsPerSecond: 1e6, inputTokensPerSecond: 1e9)]
        $0.streams[0].tenant = 0
      },
      feature("autoscaling") {
        $0.replicas = 4
        var fleet = FleetPlan()
        fleet.autoscaling = Autoscaling(
          initial: 1, minimum: 1, signal: .utilisation(0.7), intervalSeconds: 15, startSeconds: 60)
        $0.fleet = fleet
      },
      feature("failures") {
        $0.replicas = 2
        $0.faults = FaultPlan(
          domains: [
            FaultDomain(name: "a", replicas: [0], meanSecondsToFailure: 300, meanSecondsToRepair: 60)
          ])
      },
      feature("speculation") {
        $0.engine.speculation = Speculation(draftTokens: 3, acceptanceLength: 2.4)
        $0.cost.queries = 4
      },
    ] + [
      feature("prefix-cache-no-hits") { shareSystemPrompts(&$0, tokens: 16, count: 1_000_000) },
      feature("prefix-cache-half") { shareSystemPrompts(&$0, tokens: 512, count: 8) },
      feature("hand-off") { handOff(&$0) },
    ]

  private static func feature(_ name: String, _ change: @escaping @Sendable (inout DeploymentPlan) -> Void)
    -> Benchmark
  {
    Benchmark(name: "feature-" + name, tier: .feature, unit: "request") {
      var plan = try await Fixtures().poissonAt70Percent(requests: 20_000)
      change(&plan)
      return { [plan] in
        await Runs.measure(plan, RunPlan()) { Int($0.observations.counts.arrived) }
      }
    }
  }

  /// Prompts of 1,024 tokens of which the first `tokens` are one of `count` system prompts.
  private static func shareSystemPrompts(_ plan: inout DeploymentPlan, tokens: Int, count: Int) {
    let system = SystemPrompts(tokens: tokens, count: count, seed: 1, name: "b")
    plan.streams[0].systemPrompts = system
    plan.streams[0].prompts = PromptContent(
      systemPrompts: system, kin: .none, blockTokens: 16, seed: 1, name: "b")
    plan.streams[0].lengths = RequestLengths(input: .fixed(1024 - tokens), output: .fixed(512), seed: 1)
    plan.prefixCache = PrefixCacheOptions(tiers: [])
  }

  /// Prompts and answers on replicas of their own.
  private static func handOff(_ plan: inout DeploymentPlan) {
    plan.prefill = PrefillPool(
      replicas: 1, acceleratorsPerReplica: 1, engine: plan.engine, cache: plan.cache, cost: plan.cost,
      handOff: HandOff(latencySeconds: 1e-3, secondsPerToken: 1e-6))
  }
}
