import CostModel
import Facility
import Testing
import Workload

@testable import Simulation

/// INV-19: limits of power hold, whatever comes.
@Suite("INV-19: limits of power")
struct PowerControlTests {
  /// Levels of an accelerator that draws 100 W without work and 500 W at most: what power takes away, time makes up for.
  private func levels(step: Double, token: Double) -> [PowerLevel] {
    stride(from: 500.0, through: 150, by: -25).map { watts in
      let pace = 400 / (watts - 100)
      return PowerLevel(watts: watts) {
        linearCosts(step: step * pace, token: token * pace, joules: watts - 100)
      }
    }
  }

  private func plan(_ seed: Int, router: RouterPolicy = .leastOutstanding) -> DeploymentPlan {
    var cases = CaseGenerator(seed)
    let replicas = cases.int(2...8)
    let levels = levels(step: 0.002, token: 0.00001)
    var plan = deployment(
      replicas: replicas, batch: cases.pick([4, 16, 64]), tokens: 256, cost: levels[0].cost, router: router,
      streams: [
        stream(
          .onOff(
            onRequestsPerSecond: Double(cases.int(5...40)) * Double(replicas),
            offRequestsPerSecond: Double(cases.int(0...5)),
            meanOnSeconds: 5, meanOffSeconds: 3), input: .uniform(minimum: 10, maximum: 100),
          output: .uniform(minimum: 10, maximum: 200), seed: UInt64(seed))
      ])
    plan.powerLevels = levels
    return plan
  }

  private func control(
    _ plans: [DeploymentPlan], policy: Capping.Policy = .proportional,
    limits: [(seconds: Double, watts: Double)]
  ) -> PowerControl {
    PowerControl(
      policy: policy, intervalSeconds: 0.5,
      groups: plans.enumerated().map { index, plan in
        PowerControl.Group(
          deployment: index, role: .aggregated, accelerators: plan.accelerators, idleWatts: 100,
          priority: index)
      }, root: PowerControl.Point(name: "feed", limits: limits, groups: Array(plans.indices)))
  }

  private func run(
    _ plans: [DeploymentPlan], _ control: PowerControl?, threads: Int = 1, macroSteps: Bool = true
  ) async -> SiteOutcome {
    var run = RunPlan(seed: 3, horizon: SimTime.zero + SimDuration(seconds: 40), threads: threads)
    run.macroSteps = macroSteps
    run.recordsRequests = true
    return await Simulation.run(plans, power: control, run)
  }

  /// The energy of an interval, read from the series, is what the limit allows, but for one interval after it was
  /// exceeded and for steps in progress, of 5 ms at most.
  @Test(arguments: 0..<60) func neverExceededForLong(seed: Int) async throws {
    var cases = CaseGenerator(seed + 1000)
    let plans = (0..<cases.int(1...3)).map { plan(10 * seed + $0).named("d\($0)") }
    let accelerators = Double(plans.reduce(0) { $0 + $1.accelerators })
    // From what the lowest levels need to what nobody reaches; sometimes it falls on the way.
    let limit = accelerators * Double(cases.int(160...450))
    var limits = [(seconds: 0.0, watts: limit)]
    if cases.int(0...1) == 0 { limits.append((20, accelerators * Double(cases.int(160...300)))) }
    let policy = cases.pick([
      Capping.Policy.proportional, .priority, .phaseAware(givingOrder: [.decode, .mixed, .prefill]),
    ])
    let control = control(plans, policy: policy, limits: limits)
    let site = await run(plans, control)
    let power = try #require(site.power)
    #expect(power.intervals >= 70)
    #expect(power.longestExcess <= 1, "\(power)")
    // The same of the series, which knows nothing of the controller, and books steps where they end.
    let width = site.deployments[0].observations.series.widthSeconds
    let length = site.deployments.map(\.observations.series.buckets.count).max() ?? 0
    let joules = (0..<length).map { bucket in
      site.deployments.reduce(0.0) {
        let buckets = $1.observations.series.buckets
        return $0 + (bucket < buckets.count ? Double(buckets[bucket].microjoulesAboveIdle) * 1e-6 : 0)
      }
    }
    var over = 0
    var longest = 0
    for start in stride(from: 0.0, to: 39.5, by: 0.5) {
      let cells = Int(start / width)..<min(length, Int((start + 0.5) / width))
      let watts = accelerators * 100 + cells.reduce(0) { $0 + joules[$1] } / (Double(cells.count) * width)
      let (first, last) = (limits[0].watts, limits[limits.count - 1].watts)
      let allowed = start < 20 ? first : start < 20.5 ? max(first, last) : last
      over = watts > allowed * 1.1 ? over + 1 : 0
      longest = max(longest, over)
    }
    #expect(longest <= 1)
  }

  @Test(arguments: 0..<20) func threadsAndStepsMakeNoDifference(seed: Int) async {
    let plans = [plan(seed), plan(seed + 500).named("other")]
    let limit = Double(plans.reduce(0) { $0 + $1.accelerators }) * 230
    let control = control(plans, limits: [(0, limit)])
    let one = await run(plans, control)
    let threaded = await run(plans, control, threads: 2)
    let single = await run(plans, control, macroSteps: false)
    for index in plans.indices {
      #expect(differences(one.deployments[index], threaded.deployments[index]).isEmpty)
      #expect(differences(one.deployments[index], single.deployments[index]).isEmpty)
    }
    #expect(one.power == threaded.power && one.power == single.power)
  }

  @Test("a limit that nobody reaches changes nothing") func unreached() async {
    let plans = [plan(7)]
    let free = await run(plans, nil)
    let limited = await run(plans, control(plans, limits: [(0, 1e9)]))
    #expect(differences(free.deployments[0], limited.deployments[0]).isEmpty)
    #expect(limited.power?.heldSeconds == 0 && limited.power?.exceeded == 0)
  }

  @Test("by priority the lowest gives all that it has before the next gives anything") func priority()
    async throws
  {
    var plans = [plan(1).named("low"), plan(2).named("high")]
    for index in plans.indices {
      plans[index].replicas = 4
      plans[index].engine.maximumBatchSize = 64
      plans[index].streams[0].arrivals = .poisson(requestsPerSecond: 300)
    }
    // Both are full: 8 x 500 W are wanted; 98 % of 3200 W leave the low one 284 W each.
    let site = await run(plans, control(plans, policy: .priority, limits: [(0, 3200)]))
    let groups = try #require(site.power?.groups)
    #expect(groups[0].leastWatts == 275 && groups[0].heldSeconds > 30)
    #expect(groups[1].heldSeconds == 0)
    #expect(site.power?.binding.map(\.name) == ["feed"])
  }

  @Test("a sample is held as the site is") func sampled() async throws {
    var plan = plan(3)
    plan.replicas = 200
    plan.streams[0].arrivals = .poisson(requestsPerSecond: 20 * 200)
    plan.engine.maximumBatchSize = 64
    let control = control([plan], limits: [(0, 200 * 300)])
    let site = await run([plan], control)
    var run = RunPlan(seed: 9, horizon: SimTime.zero + SimDuration(seconds: 40))
    run.sample = SamplePlan(share: 0.2, cells: 5, leastReplicas: 40)
    let sample = await Simulation.run([plan], power: control, run)
    let (whole, part) = (try #require(site.power), try #require(sample.power))
    #expect(whole.heldSeconds > 20)
    #expect(abs(part.groups[0].levelJoules / whole.groups[0].levelJoules - 1) < 0.05)
    let tokens = (
      Double(sample.deployments[0].observations.counts.outputTokens),
      Double(site.deployments[0].observations.counts.outputTokens)
    )
    #expect(abs(tokens.0 / tokens.1 - 1) < 0.03)
  }
}

extension DeploymentPlan {
  fileprivate func named(_ name: String) -> DeploymentPlan {
    var plan = self
    plan.name = name
    return plan
  }
}

/// Decisions of the controller by hand: two groups of ten accelerators, of 100 W without work.
struct PowerControllerTests {
  private func controller(children: [PowerControl.Point] = [], limit: Double, groups: [Int] = [0, 1])
    -> PowerController
  {
    let control = PowerControl(
      policy: .proportional, intervalSeconds: 1,
      groups: (0..<2).map {
        PowerControl.Group(deployment: $0, role: .aggregated, accelerators: 10, idleWatts: 100)
      },
      root: PowerControl.Point(name: "feed", limits: [(0, limit)], children: children, groups: groups))
    return PowerController(control, watts: [[500, 400, 300, 200], [500, 400, 300, 200]])
  }

  @Test func limitsAreSharedOutAndReleased() {
    var controller = controller(limit: 6000)
    let look1 = controller.look([2500, 2500], at: 1)
    #expect(!look1)
    // 9000 are drawn, and 400 and 500 W wanted each, 200 of which nobody takes away: the rest of 98 % of 6000 is 1880, in the
    // ratio of 275 (a quarter more than it drew above idle) to 300: 290 W each for the first, 298 W for the second.
    let look2 = controller.look([4000, 5000], at: 2)
    #expect(look2)
    #expect(controller.levels == [3, 3])
    #expect(controller.outcome.exceeded == 1 && controller.outcome.longestExcess == 1)
    // At 200 W each: a level more would be 300 W each, 6000 together.
    let look3 = controller.look([2000, 2000], at: 3)
    #expect(!look3)
    // With less work there is room again, level by level.
    let look4 = controller.look([1500, 1800], at: 4)
    #expect(look4)
    #expect(controller.levels == [2, 2])
    let look5 = controller.look([1500, 1800], at: 5)
    #expect(look5)
    #expect(controller.levels == [1, 1])
    #expect(controller.outcome.exceeded == 1)
    #expect(controller.outcome.groups[0].leastWatts == 200)
  }

  @Test func aRackThatIsOverItsLimitIsHeldAlone() {
    var controller = controller(
      children: [
        PowerControl.Point(name: "rack 0", limits: [(0, 3000)], groups: [0]),
        PowerControl.Point(name: "rack 1", limits: [(0, 3000)], groups: [1]),
      ], limit: 100_000, groups: [])
    let look6 = controller.look([4000, 2000], at: 1)
    #expect(look6)
    #expect(controller.levels == [3, 0])
    #expect(controller.outcome.binding == [PowerControlOutcome.Binding(name: "rack 0", times: 1)])
  }

  @Test func aLimitThatFallsIsKeptFromTheIntervalInWhichItFalls() {
    let control = PowerControl(
      policy: .proportional, intervalSeconds: 1,
      groups: [PowerControl.Group(deployment: 0, role: .aggregated, accelerators: 10, idleWatts: 100)],
      root: PowerControl.Point(name: "feed", limits: [(0, 10_000), (2.5, 2500)], groups: [0]))
    var controller = PowerController(control, watts: [[500, 400, 300, 200]])
    let look7 = controller.look([4000], at: 1)
    #expect(!look7)
    let look8 = controller.look([4000], at: 2)
    #expect(look8)
    #expect(controller.levels == [3])
    #expect(controller.outcome.exceeded == 0)
  }
}
