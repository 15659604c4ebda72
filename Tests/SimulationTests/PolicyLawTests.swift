import CostModel
import Testing
import Workload

@testable import Simulation

/// INV-16: known changes have known effects, under every router, order of the queue and policy of admission.
@Suite("INV-16: every policy answers to rate, speed and replicas")
struct PolicyLawTests {
  /// A router with an order of queues.
  struct Policy: CustomTestStringConvertible {
    let router: RouterPolicy
    let order: QueueOrder

    var testDescription: String { "\(router.rawValue), \(order.rawValue)" }

    static var all: [Policy] {
      RouterPolicy.allCases.flatMap { router in QueueOrder.allCases.map { Policy(router: router, order: $0) }
      }
    }
  }

  /// Two streams of conversations with a system prompt, on replicas that are full at some 25 requests a second each.
  private func plan(_ policy: Policy, replicas: Int, rate: Double) -> DeploymentPlan {
    var streams = (0..<2).map { index in
      stream(
        .poisson(requestsPerSecond: rate / 2), requests: 1500, input: .uniform(minimum: 1, maximum: 400),
        output: .uniform(minimum: 1, maximum: 60), maximumOutput: 60, seed: UInt64(index + 1))
    }
    for index in streams.indices {
      let system = SystemPrompts(tokens: 64, count: 9, seed: 1, name: "s\(index)")
      streams[index].systemPrompts = system
      streams[index].prompts = PromptContent(
        systemPrompts: system, kin: .none, blockTokens: 16, seed: 1, name: "s\(index)")
      streams[index].priority = index
    }
    var plan = deployment(
      replicas: replicas, batch: 8, cost: linearCosts(step: 0.008, token: 1e-5), router: policy.router,
      streams: streams)
    plan.engine.queueOrder = policy.order
    plan.prefixCache = PrefixCacheOptions(tiers: [])
    return plan
  }

  private func meanSeconds(_ plan: DeploymentPlan) async -> Double {
    await Simulation.run(plan, RunPlan(seed: 5)).observations.meanSeconds(\.timeToFirstToken) ?? .infinity
  }

  @Test(
    "twice the rate makes requests wait longer, one more replica makes them wait less", arguments: Policy.all)
  func rateAndReplicas(policy: Policy) async {
    let base = await meanSeconds(plan(policy, replicas: 2, rate: 40))
    #expect(await meanSeconds(plan(policy, replicas: 2, rate: 80)) > 1.2 * base)
    #expect(await meanSeconds(plan(policy, replicas: 3, rate: 40)) < base)
  }

  @Test("half the speed of everything doubles every time", arguments: Policy.all)
  func halfTheSpeed(policy: Policy) async {
    // Times are whole nanoseconds that double exactly.
    func plan(_ factor: Int) -> DeploymentPlan {
      let costs = NanosecondCosts(step: 1_000_000 * factor, token: 1000 * factor, context: 10 * factor)
      var cases = CaseGenerator(policy.router.rawValue.count)
      var now: Int64 = 0
      let requests = (0..<120).map { _ in
        now += Int64(cases.int(0...3_000_000) * factor)
        return (now, Int32(cases.int(1...200)), Int32(cases.int(1...40)))
      }
      var plan = deployment(
        replicas: 3, batch: 4, blocks: 600, blockTokens: 1, cost: costs.table(), router: policy.router,
        streams: [listedRequests(requests, maximumOutput: 40)])
      plan.engine.queueOrder = policy.order
      plan.engine.maximumQueuedRequests = 12
      plan.engine.preemption = .swap(SwapSpace(blocks: 400, secondsPerBlock: 1e-6 * Double(factor)))
      plan.streams[0].patience = Patience(
        firstTokenSeconds: 0.064 * Double(factor), seed: 1, name: "p")
      plan.shedding = [Shedding(priority: 0, above: 4)]
      var fleet = FleetPlan()
      fleet.autoscaling = Autoscaling(
        initial: 2, minimum: 1, signal: .utilisation(0.5), intervalSeconds: 0.032 * Double(factor),
        startSeconds: 0.016 * Double(factor), stabilisationSeconds: 0.064 * Double(factor))
      plan.fleet = fleet
      return plan
    }
    let fast = await Simulation.run(plan(1), RunPlan(recordsRequests: true))
    let slow = await Simulation.run(plan(2), RunPlan(recordsRequests: true))
    func times(_ outcome: DeploymentOutcome, _ factor: Int64) -> [[Int64]] {
      outcome.observations.records.map {
        [$0.arrival, $0.scheduled, $0.firstToken, $0.completed].map { $0.nanoseconds * factor }
          + [Int64($0.index), Int64($0.replica)]
      }
    }
    #expect(times(fast, 2) == times(slow, 1))
    #expect(fast.observations.counts == slow.observations.counts)
    #expect(fast.observations.counts.completed > 50)
  }
}
