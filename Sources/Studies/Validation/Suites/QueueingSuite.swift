import CostModel
import Simulation
import Workload

/// Checks of the engine against queueing theory.
///
/// An engine whose steps all take the same time is a queue with a server for each place in its batch; one whose steps
/// take as long as the batch is large shares its processor. Service times are answers of about 1,000 tokens, so that
/// waiting for the end of a step adds 0.05 % of a service.
enum QueueingSuite {
  /// One queue.
  private struct Queue {
    var name: String
    var servers: Int
    /// Share of the servers' time in use, in (0, 1).
    var utilisation: Double
    var answers: LengthDistribution
    /// Whether the processor is shared instead.
    var isShared = false
    var column: MeasuredColumn
    /// What theory says, in seconds.
    var expected: Double
  }

  /// Seconds of a step; a mean service then takes one second.
  private static let stepSeconds = 0.001
  private static let meanTokens = 1000.0
  static let requests = 400_000

  /// The queues and what theory says about them, service rate 1.
  ///
  /// Waits: Pollaczek–Khinchine, λ E[S²] / (2 (1 − ρ)), and Erlang C / (c (1 − ρ)); processor sharing:
  /// E[T] = E[S] / (1 − ρ) for any service time.
  private static var queues: [Queue] {
    let exponential = gamma(1)
    func wait(_ utilisation: Double, _ variation: Double) -> Double {
      utilisation * (1 + variation * variation) / (2 * (1 - utilisation))
    }
    return [
      Queue(
        name: "M/M/1", servers: 1, utilisation: 0.7, answers: exponential, column: .meanWait,
        expected: wait(0.7, 1)),
      Queue(
        name: "M/D/1", servers: 1, utilisation: 0.7, answers: .fixed(Int(meanTokens)), column: .meanWait,
        expected: wait(0.7, 0)),
      Queue(
        name: "M/G/1", servers: 1, utilisation: 0.6, answers: gamma(1.5), column: .meanWait,
        expected: wait(0.6, 1.5)),
      Queue(
        name: "M/M/4", servers: 4, utilisation: 0.8, answers: exponential, column: .meanWait,
        expected: erlangC(servers: 4, utilisation: 0.8) / (4 * (1 - 0.8))),
      Queue(
        name: "M/G/1-PS", servers: 64, utilisation: 0.6, answers: gamma(1.5), isShared: true,
        column: .meanSojourn, expected: 1 / (1 - 0.6)),
      Queue(
        name: "M/D/1-PS", servers: 64, utilisation: 0.6, answers: .fixed(Int(meanTokens)), isShared: true,
        column: .meanSojourn, expected: 1 / (1 - 0.6)),
    ]
  }

  /// The probability that an arrival finds all servers busy (Erlang, 1917).
  static func erlangC(servers: Int, utilisation: Double) -> Double {
    let offered = Double(servers) * utilisation
    // Erlang B by its recursion, then C from B.
    var blocking = 1.0
    for count in 1...servers { blocking = offered * blocking / (Double(count) + offered * blocking) }
    return blocking / (1 - utilisation * (1 - blocking))
  }

  private static func gamma(_ variation: Double) -> LengthDistribution {
    .gamma(mean: meanTokens, coefficientOfVariation: variation, minimum: 1, maximum: 50_000)
  }

  /// Simulates the queues, `threads` at once; theory stands in place of the measured value.
  static func run(
    threads: Int, requests: Int = Self.requests, done: @escaping @Sendable (Int) -> Void = { _ in }
  ) async -> [PointResult] {
    let queues = queues
    var results = [PointResult?](repeating: nil, count: queues.count)
    await withTaskGroup(of: (Int, PointResult).self) { group in
      var next = 0
      func launch() {
        guard next < queues.count else { return }
        let index = next
        next += 1
        group.addTask {
          let result = await simulate(queues[index], requests: requests)
          done(1)
          return (index, result)
        }
      }
      for _ in 0..<max(1, threads) { launch() }
      for await (index, result) in group {
        results[index] = result
        launch()
      }
    }
    return results.compactMap { $0 }
  }

  /// The number of queues.
  static var count: Int { queues.count }

  private static func simulate(_ queue: Queue, requests: Int) async -> PointResult {
    let rate = queue.utilisation * Double(queue.servers) / (meanTokens * stepSeconds)
    let stream = StreamPlan(
      arrivals: .poisson(requestsPerSecond: queue.isShared ? queue.utilisation : rate), requests: requests,
      lengths: RequestLengths(input: .fixed(1), output: queue.answers, seed: 1),
      maximumOutputTokens: queue.answers.limits.upperBound)
    let plan = DeploymentPlan(
      name: queue.name, replicas: 1, acceleratorsPerReplica: 1,
      engine: EngineOptions(
        maximumBatchSize: queue.servers, maximumBatchTokens: queue.servers, chunkedPrefill: true,
        capacityPolicy: .currentUse, maximumContextTokens: 60_000),
      cache: KVCacheOptions(blocks: 10_000_000, blockTokens: 16), cost: costs(queue), streams: [stream])
    let outcome = await Simulation.run(plan, RunPlan(seed: 1))
    let latencies = outcome.observations.latencies(epochs: 0..<TimeSeries.epochs)
    var predicted = ColumnValues()
    predicted[.meanWait] = latencies.queue.meanSeconds
    predicted[.meanSojourn] = latencies.endToEnd.meanSeconds
    return PointResult(point: point(queue), assumptions: [], predicted: predicted, reason: nil, resolved: [])
  }

  private static func costs(_ queue: Queue) -> StepCostTable {
    func seconds(_ value: Double) -> CostVector {
      var cost = CostVector.zero
      cost[.time] = value
      cost[.framework] = value
      cost[.launch] = value
      return cost
    }
    let none = KnotTable(maximum: queue.servers, bits: 3) { _ in .zero }
    let base = seconds(queue.isShared ? 0 : stepSeconds)
    return StepCostTable(
      decodeBase: base, mixedBase: base,
      tokens: KnotTable(maximum: queue.servers, bits: 3) { tokens in
        seconds(queue.isShared ? stepSeconds * Double(tokens) : 0)
      },
      sequences: none, rows: none,
      context: ContextGrid(maximumSequences: queue.servers, maximumContext: 60_000) { _, _ in .zero },
      chunk: KnotTable(maximum: 1 << 20, bits: 3) { _ in .zero })
  }

  private static func point(_ queue: Queue) -> BenchmarkPoint {
    var measured = ColumnValues()
    measured[queue.column] = queue.expected
    return BenchmarkPoint(
      id: "queueing:\(queue.name)", suite: "queueing", source: "queueing theory", date: "", system: "",
      accelerators: 1,
      framework: "", frameworkVersion: "", model: queue.name, weights: "", keyValueCache: "",
      mode: .aggregated,
      prefill: .init(), decode: .init(), lengths: "", measured: measured, notes: "", split: "theory")
  }
}
