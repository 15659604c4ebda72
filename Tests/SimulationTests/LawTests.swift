import CostModel
import Testing
import Workload

@testable import Simulation

/// What holds of every run, whatever the scenario.
@Suite("Laws that every run obeys")
struct LawTests {
  private func horizon(_ seed: Int) -> SimTime? {
    var cases = CaseGenerator(seed + 3)
    return cases.int(0...1) == 0 ? nil : SimTime(nanoseconds: Int64(cases.int(1...4000)) * 1_000_000)
  }

  @Test("INV-2: requests are conserved", arguments: 0..<200)
  func requests(seed: Int) async {
    let (plan, _) = randomPlan(seed)
    let run = RunPlan(seed: UInt64(seed), horizon: horizon(seed), recordsRequests: true)
    let outcome = await Simulation.run(plan, run)
    let counts = outcome.observations.counts
    #expect(counts.arrived == counts.completed + counts.rejected + outcome.inFlight)
    #expect(outcome.inFlight >= 0)
    #expect(Int(counts.completed) == outcome.observations.records.count)
    if run.horizon == nil { #expect(outcome.inFlight == 0) }
    let series = outcome.observations.series.buckets
    #expect(series.reduce(0) { $0 + $1.completed } == counts.completed)
    #expect(series.reduce(0) { $0 + $1.good } == counts.good)
    expectQueueAddsUp(outcome)
    let latencies = outcome.observations.latencies(epochs: 0..<TimeSeries.epochs)
    #expect(latencies.endToEnd.count == counts.completed)
    #expect(latencies.timeToFirstToken.count == counts.completed)
    #expect(latencies.queue.count == counts.completed)
    let numbers = Set(outcome.observations.records.map { "\($0.stream) \($0.index)" })
    #expect(numbers.count == outcome.observations.records.count)
  }

  /// What came, left the queue and ended by the end of each bucket adds up, and in that order.
  private func expectQueueAddsUp(_ outcome: DeploymentOutcome) {
    let observations = outcome.observations
    var arrived = observations.inFlightAtOrigin
    var dequeued = arrived - observations.waitingAtOrigin
    var ended: Int64 = 0
    for bucket in observations.series.buckets {
      arrived += bucket.arrived
      dequeued += bucket.dequeued
      ended += bucket.ended
      #expect(ended <= dequeued && dequeued <= arrived)
    }
    #expect(arrived == observations.counts.arrived)
    #expect(arrived - ended == outcome.inFlight)
    let seconds = observations.series.buckets.reduce(0) { $0 + $1.endToEndMicroseconds }
    let mean = observations.meanSeconds(\.endToEnd) ?? 0
    #expect(abs(Double(seconds) * 1e-6 - mean * Double(observations.counts.completed)) < 1e-3)
  }

  @Test("INV-3: tokens are conserved", arguments: 0..<200)
  func tokens(seed: Int) async {
    let (plan, _) = randomPlan(seed)
    let outcome = await Simulation.run(plan, RunPlan(seed: UInt64(seed), recordsRequests: true))
    let counts = outcome.observations.counts
    let records = outcome.observations.records
    let series = outcome.observations.series.buckets
    #expect(series.reduce(0) { $0 + $1.outputTokens } == counts.outputTokens)
    // Requests that were in flight when the reported part began had tokens before it.
    guard outcome.observations.origin == .zero else { return }
    #expect(records.reduce(0) { $0 + Int64($1.outputTokens) } == counts.outputTokens)
    #expect(records.reduce(0) { $0 + Int64($1.inputTokens) } == counts.inputTokens)
    #expect(records.reduce(0) { $0 + Int64($1.preemptions) } == counts.preemptions)
    let latencies = outcome.observations.latencies(epochs: 0..<TimeSeries.epochs)
    if plan.engine.speculation == nil {
      #expect(latencies.interTokenLatency.count + counts.completed == counts.outputTokens)
    } else {
      #expect(latencies.interTokenLatency.count + counts.completed <= counts.outputTokens)
    }
    // Each gap lies between the first and the last token of its request.
    let spans = records.reduce(0) { $0 + ($1.completed - $1.firstToken).seconds }
    let gaps = (latencies.interTokenLatency.meanSeconds ?? 0) * Double(latencies.interTokenLatency.count)
    #expect(abs(spans - gaps) <= 1e-9 * max(spans, 1))
    // A preempted request processes again what was cached, and its latest token at most.
    let processed = series.reduce(0) { $0 + $1.inputTokens }
    let again = processed - counts.inputTokens - counts.recomputedTokens
    #expect((0...counts.preemptions).contains(again))
  }

  @Test(
    "INV-4: KV blocks, slots and sums are all given back; nothing is left in a drained replica",
    arguments: 0..<200)
  func blocks(seed: Int) {
    let (plan, _) = randomPlan(seed)
    var driver = CoupledDriver(plan, RunPlan(seed: UInt64(seed)), progress: RunProgress())
    let part = driver.simulate()
    #expect(part.inSlots == 0)
    var replicas = driver.replicas
    if plan.runsIndependently {
      var driver = IndependentDriver(
        plan, RunPlan(seed: UInt64(seed)), partition: 0, of: 1, progress: RunProgress())
      #expect(driver.simulate().inSlots == 0)
      replicas += driver.partition.replicas
    }
    for replica in replicas {
      #expect(replica.cache.free == plan.cache.blocks)
      #expect(replica.cache.peakUsed <= plan.cache.blocks)
      #expect(replica.decoding.count == 0)
      #expect(replica.decoding.contextSum == 0)
      #expect(replica.decoding.boundedSum == 0)
      #expect(replica.decoding.boundedGrowth == 0)
      #expect(replica.running.count == 0)
      #expect(replica.running.tail == -1)
      #expect(replica.waiting.isEmpty)
      #expect(replica.partial == -1)
      #expect(replica.outstanding == 0)
      #expect(!replica.isBusy)
    }
  }

  @Test("INV-10: arrival ≤ scheduled ≤ first token ≤ completion ≤ end", arguments: 0..<100)
  func order(seed: Int) async {
    let (plan, _) = randomPlan(seed)
    let run = RunPlan(seed: UInt64(seed), horizon: horizon(seed), recordsRequests: true)
    let outcome = await Simulation.run(plan, run)
    for record in outcome.observations.records {
      #expect(record.arrival <= record.scheduled)
      #expect(record.scheduled < record.firstToken)
      #expect(record.firstToken <= record.completed)
      #expect((record.outputTokens == 1) == (record.firstToken == record.completed))
      #expect(record.completed <= outcome.end)
      #expect((0..<plan.replicas).contains(Int(record.replica)))
    }
    #expect(outcome.observations.lastToken <= outcome.end)
  }

  @Test("INV-11: a replica is busy exactly while it has requests", arguments: 0..<100)
  func workConserving(seed: Int) async {
    var (plan, _) = randomPlan(seed)
    plan.frontEnd = FrontEnd()
    for index in plan.streams.indices { plan.streams[index].warmUpRequests = 0 }
    let outcome = await Simulation.run(plan, RunPlan(seed: UInt64(seed), recordsRequests: true))
    var busy: Int64 = 0
    for replica in 0..<plan.replicas {
      // The union of the times that its requests spent there.
      let spans = outcome.observations.records.filter { Int($0.replica) == replica }
        .map { ($0.arrival.nanoseconds, $0.completed.nanoseconds) }.sorted { $0 < $1 }
      var covered: Int64 = 0
      for (start, end) in spans where end > covered {
        busy += end - max(start, covered)
        covered = end
      }
    }
    #expect(abs(outcome.cost[.time] - Double(busy) * 1e-9) < 1e-9 * Double(outcome.events + 1))
  }

  @Test("INV-12: utilisation ≤ 1, and lanes add up", arguments: 0..<100)
  func utilisation(seed: Int) async {
    let (plan, _) = randomPlan(seed)
    let outcome = await Simulation.run(plan, RunPlan(seed: UInt64(seed), horizon: horizon(seed)))
    let seconds = (outcome.end - outcome.observations.origin).seconds * Double(plan.replicas)
    // The first step of a reported part may have begun before it.
    let slack = outcome.observations.origin == .zero ? 0.0 : 1.0
    #expect(outcome.cost[.time] <= seconds + slack + 1e-9 * Double(outcome.events + 1))
    #expect(outcome.peakCacheUtilisation <= 1)
    for lanes in [CostLane.limits, CostLane.operators] {
      let sum = lanes.reduce(0) { $0 + outcome.cost[$1] }
      #expect(abs(sum - outcome.cost[.time]) <= 1e-9 * max(sum, 1e-3))
    }
  }

  @Test("INV-13: energy is the integral of power", arguments: 0..<100)
  func energy(seed: Int) async {
    let (plan, _) = randomPlan(seed)
    let outcome = await Simulation.run(plan, RunPlan(seed: UInt64(seed), horizon: horizon(seed)))
    let series = outcome.observations.series.buckets.reduce(0) { $0 + $1.microjoulesAboveIdle }
    // 300 W while busy, and half a microjoule for the rounding of each stretch.
    #expect(abs(Double(series) - outcome.cost[.energy] * 1e6) <= 0.5 * Double(outcome.events) + 1)
    #expect(abs(outcome.cost[.energy] - 300 * outcome.cost[.time]) <= 1e-9 * max(outcome.cost[.energy], 1))
  }

  @Test("INV-3: with steps of one length, time in the engine is tokens times steps")
  func residence() async {
    // Little's law at a point: requests in the batch, summed over steps, are tokens.
    let plan = deployment(
      batch: 7, cost: linearCosts(step: 0.01),
      streams: [
        stream(
          .poisson(requestsPerSecond: 8), requests: 3000, input: .fixed(1),
          output: .uniform(minimum: 1, maximum: 200))
      ])
    let outcome = await Simulation.run(plan, RunPlan(recordsRequests: true))
    let residence = outcome.observations.records.reduce(0) {
      $0 + $1.completed.nanoseconds - $1.scheduled.nanoseconds
    }
    #expect(residence == outcome.observations.counts.outputTokens * 10_000_000)
    #expect(residence > 3000 * 900_000_000)
  }
}
