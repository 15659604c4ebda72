import CostModel
import Testing
import Workload

@testable import Simulation

/// INV-1: the engine is the queue that it claims to be.
///
/// A batch of c slots with steps of constant length is a queue of c servers whose service time is the number of output
/// tokens times the step; steps that take as long as the batch is large make it a processor-sharing queue.
@Suite("INV-1: queues behave as theory says")
struct QueueingTests {
  /// Service times in mean service times, with their coefficient of variation.
  enum Service: CaseIterable {
    case fixed, erlang4, exponential, lognormal, gamma

    var variation: Double {
      switch self {
      case .fixed: 0
      case .erlang4: 0.5
      case .exponential: 1
      case .lognormal: 1.5
      case .gamma: 2
      }
    }

    func lengths(mean: Int) -> LengthDistribution {
      switch self {
      case .fixed: .fixed(mean)
      case .lognormal:
        .lognormal(
          mean: Double(mean), coefficientOfVariation: variation, minimum: 1, maximum: longestAnswer)
      case .erlang4, .exponential, .gamma:
        .gamma(mean: Double(mean), coefficientOfVariation: variation, minimum: 1, maximum: longestAnswer)
      }
    }
  }

  /// Waits and times in system in seconds, by order of arrival.
  private func run(
    servers: Int, rate: Double, service: Service, meanTokens: Int, cost: StepCostTable, requests: Int
  ) async -> (waits: [Double], sojourns: [Double], outcome: DeploymentOutcome) {
    var plan = deployment(
      batch: servers, cost: cost,
      streams: [
        stream(
          .poisson(requestsPerSecond: rate), requests: requests / thinning, input: .fixed(1),
          output: service.lengths(mean: meanTokens), maximumOutput: longestAnswer, seed: 20)
      ])
    plan.engine.maximumContextTokens = 2 * longestAnswer
    let outcome = await Simulation.run(plan, RunPlan(seed: 10, recordsRequests: true))
    let records = outcome.observations.records
    return (
      records.map { ($0.scheduled - $0.arrival).seconds },
      records.map { ($0.completed - $0.arrival).seconds },
      outcome
    )
  }

  private func constantSteps(_ seconds: Double) -> StepCostTable {
    linearCosts(step: seconds, maximumContext: 2 * longestAnswer)
  }

  @Test("mean wait of M/G/1", arguments: Service.allCases, [0.5, 0.8])
  func pollaczekKhinchine(service: Service, load: Double) async {
    let (waits, _, _) = await run(
      servers: 1, rate: load, service: service, meanTokens: 1000, cost: constantSteps(0.001),
      requests: 120_000)
    let theory = QueueingTheory.meanWait(rate: load, mean: 1, variation: service.variation)
    let measured = BatchMeans(waits)
    #expect(abs(measured.mean - theory) < measured.halfWidth)
    #expect(measured.halfWidth < 0.25 * looseness * theory)
  }

  @Test("waits and times in system of M/M/1, mean and percentiles", arguments: [0.5, 0.7, 0.85])
  func markovian(load: Double) async {
    let (waits, sojourns, outcome) = await run(
      servers: 1, rate: load, service: .exponential, meanTokens: 1000, cost: constantSteps(0.001),
      requests: 300_000)
    let wait = BatchMeans(waits)
    #expect(abs(wait.mean - QueueingTheory.meanWait(rate: load, mean: 1, variation: 1)) < wait.halfWidth)
    let sojourn = BatchMeans(sojourns)
    #expect(abs(sojourn.mean - 1 / (1 - load)) < sojourn.halfWidth)
    #expect(sojourn.halfWidth < 0.15 * looseness / (1 - load))
    let waited = BatchMeans(waits.map { $0 > 0 ? 1 : 0 })
    #expect(abs(waited.mean - load) < waited.halfWidth)

    let histogram = outcome.observations.latencies(epochs: 0..<TimeSeries.epochs).endToEnd
    for quantile in [0.5, 0.9, 0.99] {
      let theory = QueueingTheory.sojournQuantile(quantile, rate: load, mean: 1)
      let above = BatchMeans(sojourns.map { $0 > theory ? 1 : 0 })
      #expect(abs(above.mean - (1 - quantile)) < above.halfWidth)
      // The density at the quantile turns the interval of the probability into one of the time.
      let tolerance = above.halfWidth / ((1 - load) * (1 - quantile)) + 0.002 * theory
      #expect(abs((histogram.quantileSeconds(quantile) ?? 0) - theory) < tolerance)
      #expect(tolerance < 0.3 * looseness * theory)
    }
  }

  @Test("mean wait and its exponential tail in M/M/c", arguments: [(2, 0.7), (4, 0.8), (16, 0.8)])
  func manyServers(servers: Int, load: Double) async {
    let rate = load * Double(servers)
    let step = 0.0005
    let (waits, _, _) = await run(
      servers: servers, rate: rate, service: .exponential, meanTokens: 2000, cost: constantSteps(step),
      requests: 200_000)
    let theory = QueueingTheory.meanWait(rate: rate, mean: 1, servers: servers)
    let measured = BatchMeans(waits)
    // Who finds a free slot beside others still waits for the next step.
    #expect(abs(measured.mean - theory) < measured.halfWidth + step)
    #expect(measured.halfWidth < 0.25 * looseness * theory)
    for time in [0.25, 0.5, 1, 2] {
      let time = time * theory / QueueingTheory.erlangC(servers: servers, offered: rate)
      let expected = QueueingTheory.waitExceeds(time, rate: rate, mean: 1, servers: servers)
      let above = BatchMeans(waits.map { $0 > time + step / 2 ? 1 : 0 })
      #expect(abs(above.mean - expected) < above.halfWidth)
      #expect(above.halfWidth < 0.4 * looseness * expected)
    }
  }

  @Test("mean time in system of M/G/1 under processor sharing", arguments: Service.allCases, [0.5, 0.8])
  func processorSharing(service: Service, load: Double) async {
    let token = 0.001
    let (_, sojourns, _) = await run(
      servers: 4096, rate: load / (500 * token), service: service, meanTokens: 500,
      cost: linearCosts(token: token, maximumContext: 2 * longestAnswer), requests: 60_000)
    let theory = QueueingTheory.meanSojournSharing(rate: load / (500 * token), mean: 500 * token)
    let measured = BatchMeans(sojourns)
    // A newcomer waits for the step in progress: half of a step of load / (1 - load) requests, as seen on arrival.
    let step = token * load / (1 - load)
    #expect(abs(measured.mean - theory) < measured.halfWidth + step)
    #expect(measured.halfWidth < 0.25 * looseness * theory)
  }

  @Test("the response time law of a closed loop: N = X (R + Z)", arguments: [0, 2.5])
  func responseTimeLaw(thinkTime: Double) async {
    // P. J. Denning, J. P. Buzen, "The operational analysis of queueing network models", 1978.
    let plan = deployment(
      batch: 8, cost: constantSteps(0.01),
      streams: [
        stream(
          .closedLoop(concurrency: 20, thinkTimeSeconds: thinkTime), requests: 20_000 / thinning,
          input: .fixed(1),
          output: .gamma(mean: 100, coefficientOfVariation: 1, minimum: 1, maximum: 10_000), seed: 3,
          warmUp: 40)
      ])
    let outcome = await Simulation.run(plan, RunPlan(recordsRequests: true))
    let records = outcome.observations.records
    let seconds = (outcome.end - outcome.observations.origin).seconds
    let throughput = Double(records.count) / seconds
    let response = records.reduce(0) { $0 + ($1.completed - $1.arrival).seconds } / Double(records.count)
    // The ends of the run: while it drains fewer than 20 are in the loop.
    #expect(abs(throughput * (response + thinkTime) - 20) < 20 * 0.005 * looseness)
  }

  @Test("Little's law: L = λW, and both are what M/M/1 has")
  func littlesLaw() async {
    let load = 0.7
    let (_, sojourns, outcome) = await run(
      servers: 1, rate: load, service: .exponential, meanTokens: 1000, cost: constantSteps(0.001),
      requests: 150_000)
    let records = outcome.observations.records
    // The mean number in system over a window, from the times at which it changes.
    let window = (from: 0.1 * outcome.end.seconds, to: 0.9 * outcome.end.seconds)
    var integral = 0.0
    var arrivals = 0
    var sojourn = 0.0
    for (record, seconds) in zip(records, sojourns) {
      let inside = min(record.completed.seconds, window.to) - max(record.arrival.seconds, window.from)
      integral += max(inside, 0)
      guard record.arrival.seconds >= window.from, record.arrival.seconds < window.to else { continue }
      arrivals += 1
      sojourn += seconds
    }
    let number = integral / (window.to - window.from)
    let rate = Double(arrivals) / (window.to - window.from)
    #expect(abs(number - rate * sojourn / Double(arrivals)) < 0.001 * looseness * looseness * number)
    let measured = BatchMeans(sojourns)
    #expect(
      abs(number - load / (1 - load)) < load * measured.halfWidth + 0.01 * looseness * looseness * number)
  }
}

#if DEBUG
  /// Without optimisation a tenth of the requests must do, and intervals are wider by √10.
  private let thinning = 10
#else
  private let thinning = 1
#endif
private let looseness = Double(thinning).squareRoot()

/// Longer than any answer is drawn, but for one in 10^9.
private let longestAnswer = 2_000_000
