import CostModel
import Testing
import Workload

@testable import Simulation

/// INV-20: a sample of a site stands for all of it.
@Suite("INV-20: sampled sites")
struct SiteSampleTests {
  private let costs = NanosecondCosts(step: 1_000_000, token: 20_000)

  private func plan(replicas: Int, _ stream: StreamPlan? = nil) -> DeploymentPlan {
    deployment(
      replicas: replicas, batch: 16, cost: costs.table(), router: .leastOutstanding,
      streams: [
        stream
          ?? requests(.poisson(requestsPerSecond: 20 * Double(replicas)))
      ])
  }

  private func requests(_ arrivals: ArrivalProcess) -> StreamPlan {
    stream(
      arrivals, input: .uniform(minimum: 10, maximum: 60), output: .uniform(minimum: 5, maximum: 60),
      maximumOutput: 100)
  }

  private func run(_ plan: DeploymentPlan, _ change: (inout RunPlan) -> Void = { _ in }) async
    -> DeploymentOutcome
  {
    var run = RunPlan(seed: 3, horizon: SimTime.zero + SimDuration(seconds: 20))
    change(&run)
    return await Simulation.run([plan], run).deployments[0]
  }

  @Test("counts, tokens and energy are those of the site, as nearly as chance allows")
  func standsForTheSite() async throws {
    let plan = plan(replicas: 300)
    let site = await run(plan)
    let sample = await run(plan) { $0.sample = SamplePlan(share: 0.1, cells: 5, leastReplicas: 20) }
    let cells = try #require(sample.sample)
    #expect(cells.plan.model.replicas == 30 && cells.plan.cell.replicas == 8 && cells.cells.count == 5)
    #expect(sample.events < site.events / 4)
    func ratio(_ path: (DeploymentOutcome) -> Double) -> Double { path(sample) / path(site) }
    // 12,000 requests are sampled: 1 % is a standard deviation of their number.
    #expect(abs(ratio { Double($0.observations.counts.completed) } - 1) < 0.04)
    #expect(abs(ratio { Double($0.observations.counts.outputTokens) } - 1) < 0.04)
    #expect(abs(ratio { $0.cost[.time] } - 1) < 0.04)
    #expect(abs(ratio { Double($0.steps) } - 1) < 0.04)
    let counts = sample.observations.counts
    let left = counts.completed + counts.rejected + counts.cancelled + counts.failed
    #expect(sample.inFlight == counts.arrived - left)
    // Histograms, series and counters agree within the rounding of their cells.
    let ends = sample.observations.epochs.reduce(0) { $0 + $1.endToEnd.count }
    #expect(abs(ends - counts.completed) <= Int64(sample.observations.epochs.count))
    #expect(
      sample.observations.series.buckets.reduce(0) { $0 + $1.outputTokens } == counts.outputTokens)
  }

  @Test("any number of threads gives the same sample")
  func threads() async {
    let plan = plan(replicas: 300)
    let one = await run(plan) { $0.sample = SamplePlan(share: 0.1, cells: 4, leastReplicas: 16) }
    let two = await run(plan) {
      $0.sample = SamplePlan(share: 0.1, cells: 4, leastReplicas: 16)
      $0.threads = 3
    }
    #expect(differences(one, two, events: true).isEmpty)
    for (a, b) in zip(one.sample?.cells ?? [], two.sample?.cells ?? []) {
      #expect(differences(a, b, events: true).isEmpty)
    }
  }

  @Test("model and cells have numbers of their own, so that no request is drawn twice")
  func numbers() async {
    let plan = plan(replicas: 200)
    let sample = await run(plan) {
      $0.sample = SamplePlan(share: 0.1, cells: 3, leastReplicas: 10)
      $0.recordsRequests = true
    }
    #expect(sample.observations.records.allSatisfy { $0.index % 4 == 0 })
    let cells = SamplePlan(share: 0.1, cells: 3, leastReplicas: 10).cells(of: plan)
    let first = cells.map { plan.part(.cell(1), of: $0, seed: 1, replication: 0).streams[0].numbering }
    #expect(first == RequestNumbering(first: 2, stride: 4))
  }

  @Test("what would be no smaller than the site is simulated whole")
  func whole() async {
    let plan = plan(replicas: 30)
    let site = await run(plan)
    let sample = await run(plan) { $0.sample = SamplePlan(share: 0.5, cells: 10, leastReplicas: 24) }
    #expect(sample.sample == nil)
    #expect(differences(site, sample, events: true).isEmpty)
  }

  @Test("an autoscaler sees the model as the site, and model and cells follow alike")
  func autoscaled() async throws {
    var plan = plan(replicas: 300, requests(.poisson(requestsPerSecond: 2400)))
    var fleet = FleetPlan()
    fleet.autoscaling = Autoscaling(
      initial: 300, minimum: 30, signal: .utilisation(0.5), intervalSeconds: 1, startSeconds: 1,
      stabilisationSeconds: 2)
    plan.fleet = fleet
    let site = await run(plan)
    let sample = await run(plan) { $0.sample = SamplePlan(share: 0.1, cells: 5, leastReplicas: 30) }
    let (whole, part) = (try #require(site.fleet), try #require(sample.fleet))
    #expect(whole.onSeconds < 0.8 * 300 * 20)
    #expect(abs(part.onSeconds / whole.onSeconds - 1) < 0.05)
    #expect(part.drains > 0)
  }

  @Test("a share of the failures, of whatever stands on the racks that fail")
  func faults() async {
    var plan = plan(replicas: 400)
    // Replicas 100 to 139 are out from 5 to 10 s.
    plan.faults = FaultPlan(domains: [
      FaultDomain(
        name: "row", replicas: Array(100..<140),
        outages: [FaultDomain.Outage(startSeconds: 5, seconds: 5)])
    ])
    let site = await run(plan)
    let sample = await run(plan) { $0.sample = SamplePlan(share: 0.2, cells: 5, leastReplicas: 40) }
    #expect(site.faults.failures == 40)
    // Systematic sampling gives a row its share to within one of the 80 simulated.
    #expect(abs(sample.faults.failures - 40) <= 5)
    #expect(abs(sample.faults.downSeconds / site.faults.downSeconds - 1) < 0.13)
  }

  @Test("what has no share of itself can't be sampled")
  func problems() throws {
    let sample = SamplePlan(share: 0.01, cells: 10, leastReplicas: 10)
    var plan = plan(replicas: 1000)
    let cells = try #require(sample.cells(of: plan))
    #expect(plan.problem(with: cells) == nil)
    plan.streams[0].arrivals = .closedLoop(concurrency: 50, thinkTimeSeconds: 0)
    #expect(plan.problem(with: cells)?.contains("50 clients") == true)
    plan.streams[0].arrivals = .trace(arrivalsNanoseconds: [0, 1])
    #expect(plan.problem(with: cells)?.contains("trace") == true)
  }
}

@Suite("Energy of a sample over time")
struct SampledEnergyTests {
  @Test(arguments: [1, 2, 3, 7, 64, 255, 256, 700, 1023])
  func differencesMakeTheSeriesAgain(length: Int) {
    var cases = CaseGenerator(length)
    let values = (0..<length).map { _ in Double(cases.int(0...1000)) }
    let taken = DifferencesByScale(values)
    let same = taken.joined(taken.scales.map { $0.map { _ in 1.0 } })
    for (a, b) in zip(values, same) { #expect(abs(a - b) < 1e-9) }
    #expect(same.count == length)
    // Whatever is done to differences, the sum stays.
    let damped = taken.joined(taken.scales.map { $0.map { _ in 0.3 } })
    #expect(abs(damped.reduce(0, +) - values.reduce(0, +)) < 1e-6)
  }

  /// Observations whose energy is a series.
  private func observations(_ joules: [Double]) -> Observations {
    var made = Observations()
    for (index, value) in joules.enumerated() {
      made.withBucket(index: index) { $0.microjoulesAboveIdle = Int64(value * 1e6) }
    }
    return made
  }

  @Test("own fluctuations are levelled to those of a site, what is common stays")
  func damping() {
    var stream = RandomStream(seed: 7, "test")
    let length = 512
    // All replicas draw 100 J, 20 more in the second half; each has fluctuations of 30 J of its own.
    func replicas(_ count: Int) -> [Double] {
      (0..<length).map { bucket in
        let common = bucket < 300 ? 100.0 : 120.0
        return (0..<count).reduce(0.0) { sum, _ in
          sum + common + stream.normal(mean: 0, standardDeviation: 30)
        }
      }
    }
    let cells = (0..<10).map { _ in observations(replicas(5)) }
    let model = replicas(100)
    let plan = SampleCells(
      count: 10, model: .init(replicas: 100, prefillReplicas: 0),
      cell: .init(replicas: 5, prefillReplicas: 0), siteReplicas: 10_000)
    let energy = SampledEnergy(of: observations(model), replicas: 100, cells: cells, plan)
    let joules = energy.microjoules.map { $0 * 1e-6 }
    let kept: Double = joules.reduce(0, +) / model.reduce(0, +)
    #expect(abs(kept - 1) < 1e-6)
    func deviation(_ values: ArraySlice<Double>, around mean: Double) -> Double {
      (values.reduce(0) { $0 + ($1 / 100 - mean) * ($1 / 100 - mean) } / Double(values.count)).squareRoot()
    }
    // A replica's share of 100 has a deviation of 3 J, of 10,000 of 0.3 J; what a hundredth of differences wrongly keeps adds to it.
    #expect(abs(deviation(model[..<300], around: 100) - 3) < 0.5)
    #expect(deviation(joules[..<300], around: 100) < 1)
    #expect(deviation(joules[300...], around: 120) < 1)
    // The step between them is as sharp as it was.
    #expect(joules[301] / 100 > 118 && joules[298] / 100 < 102)
  }
}
