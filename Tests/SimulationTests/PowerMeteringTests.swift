import CostModel
import Facility
import Testing
import Workload

@testable import Simulation

/// What meters read is what the run used, and reading changes nothing.
struct PowerMeteringTests {
  private func plan(_ name: String, replicas: Int, router: RouterPolicy = .leastOutstanding) -> DeploymentPlan
  {
    var plan = deployment(
      replicas: replicas, batch: 16, cost: linearCosts(step: 0.01, token: 0.0001, joules: 300),
      router: router,
      streams: [
        stream(
          .poisson(requestsPerSecond: 10 * Double(replicas)), input: .uniform(minimum: 10, maximum: 100),
          output: .uniform(minimum: 10, maximum: 200))
      ])
    plan.name = name
    return plan
  }

  private func run(
    _ plans: [DeploymentPlan], _ metering: PowerMetering?, power: PowerControl? = nil, threads: Int = 1,
    macroSteps: Bool = true, sample: SamplePlan? = nil, horizon: Double? = 25.5
  ) async -> SiteOutcome {
    var run = RunPlan(
      seed: 3, horizon: horizon.map { SimTime.zero + SimDuration(seconds: $0) }, macroSteps: macroSteps,
      recordsRequests: true, threads: threads)
    run.sample = sample
    return await Simulation.run(plans, power: power, metering: metering, run)
  }

  private func pools(_ plans: [DeploymentPlan], every seconds: Double) -> PowerMetering {
    PowerMetering(
      intervalSeconds: seconds,
      points: plans.indices.map { [PowerMetering.Member(deployment: $0, role: .aggregated)] })
  }

  private func joules(_ readings: PowerReadings, point: Int) -> Double {
    readings.wattsAboveIdle.indices.reduce(0) {
      $0 + readings.wattsAboveIdle[$1][point] * readings.seconds(of: $1)
    }
  }

  @Test(arguments: [RouterPolicy.roundRobin, .leastOutstanding])
  func readingChangesNothing(router: RouterPolicy) async throws {
    let plans = [plan("one", replicas: 3, router: router), plan("other", replicas: 2, router: router)]
    let metering = pools(plans, every: 2)
    let free = await run(plans, nil)
    let metered = await run(plans, metering)
    #expect(free.readings == nil)
    let readings = try #require(metered.readings)
    #expect(readings.wattsAboveIdle.count == 13 && abs(readings.lastSeconds - 1.5) < 1e-9)
    for index in plans.indices {
      #expect(differences(free.deployments[index], metered.deployments[index]).isEmpty)
      // A step that the end cuts off is read by its share, and booked by none or all.
      let booked = free.deployments[index].cost[.energy]
      #expect(abs(joules(readings, point: index) / booked - 1) < 0.002)
    }
    for other in [await run(plans, metering, threads: 2), await run(plans, metering, macroSteps: false)] {
      #expect(other.readings == readings)
    }
  }

  @Test func allOfADrainedRunIsRead() async throws {
    var plan = plan("drained", replicas: 2)
    plan.streams[0].requests = 50
    let site = await run([plan], pools([plan], every: 0.7), horizon: nil)
    let readings = try #require(site.readings)
    let seconds = readings.wattsAboveIdle.indices.reduce(0) { $0 + readings.seconds(of: $1) }
    #expect(abs(seconds - site.deployments[0].end.seconds) < 1e-9)
    #expect(abs(joules(readings, point: 0) / site.deployments[0].cost[.energy] - 1) < 1e-9)
  }

  @Test func intervalsGoOnWhenRequestsEnd() async throws {
    var plan = plan("early", replicas: 2)
    plan.streams[0].requests = 5
    let site = await run([plan], pools([plan], every: 1), horizon: 60)
    let readings = try #require(site.readings)
    #expect(readings.wattsAboveIdle.count == 60 && readings.wattsAboveIdle[59] == [0])
  }

  @Test func sharesOfReplicasAddUp() async throws {
    let plan = plan("racks", replicas: 3)
    func member(_ replicas: [Int], _ share: Double = 1) -> PowerMetering.Member {
      PowerMetering.Member(deployment: 0, role: .aggregated, replicas: replicas, share: share)
    }
    let site = await run(
      [plan],
      PowerMetering(
        intervalSeconds: 3,
        points: [
          [member([0]), member([1], 0.25)], [member([1], 0.75), member([2])], [member([0, 1, 2])], [],
        ]))
    for watts in try #require(site.readings).wattsAboveIdle {
      #expect(abs((watts[0] + watts[1]) / watts[2] - 1) < 1e-9 && watts[3] == 0)
    }
  }

  @Test func besideLimitsOfPower() async throws {
    var plans = [plan("held", replicas: 4)]
    plans[0].powerLevels = stride(from: 400.0, through: 200, by: -50).map { watts in
      PowerLevel(watts: watts) { linearCosts(step: 0.01 * 400 / watts, token: 0.0001, joules: watts) }
    }
    let control = PowerControl(
      policy: .proportional, intervalSeconds: 0.5,
      groups: [PowerControl.Group(deployment: 0, role: .aggregated, accelerators: 4, idleWatts: 100)],
      root: PowerControl.Point(name: "feed", limits: [(0, 1300)], groups: [0]))
    let alone = await run(plans, nil, power: control)
    let both = await run(plans, pools(plans, every: 0.7), power: control)
    #expect(alone.power == both.power && both.power?.heldSeconds ?? 0 > 0)
    #expect(differences(alone.deployments[0], both.deployments[0]).isEmpty)
    #expect(both.readings?.wattsAboveIdle.count == 37)
  }

  @Test func aSampleIsScaledToTheSite() async throws {
    let plans = [plan("site", replicas: 200)]
    let whole = try #require(await run(plans, pools(plans, every: 5)).readings)
    let sample = try #require(
      await run(plans, pools(plans, every: 5), sample: SamplePlan(share: 0.2, cells: 5, leastReplicas: 40))
        .readings)
    #expect(abs(joules(sample, point: 0) / joules(whole, point: 0) - 1) < 0.05)
  }
}
