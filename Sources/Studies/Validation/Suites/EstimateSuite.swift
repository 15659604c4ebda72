import CostModel
import Documents
import Hardware
import Models
import Results
import Scenario
import Simulation
import Workload

/// Estimates against full simulations of the same scenarios; no measured run has a part in it.
///
/// Each configuration of ``EstimateGrid`` is simulated offline first. What it sustains then is the capacity that the
/// estimate's is held against and of which open loads are shares, so that the grid does not move with the estimate.
enum EstimateSuite {
  /// The number of scenarios.
  static var count: Int { EstimateGrid.configurations.count * EstimateGrid.loads.count }

  /// Compares, `threads` configurations at once; the simulation stands in place of the measured value.
  static func run(
    threads: Int, with catalogue: ScenarioCatalogue,
    configurations: [EstimateGrid.Configuration] = EstimateGrid.configurations,
    done: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws(Problems) -> [PointResult] {
    var scenarios: [ResolvedScenario] = []
    for configuration in configurations {
      scenarios.append(try EstimateGrid.scenario(configuration, with: catalogue))
    }
    let resolved = scenarios
    var results = [[PointResult]](repeating: [], count: configurations.count)
    await withTaskGroup(of: (Int, [PointResult]).self) { group in
      var next = 0
      func launch() {
        guard next < configurations.count else { return }
        let index = next
        next += 1
        group.addTask { (index, await compare(configurations[index], resolved[index], done)) }
      }
      for _ in 0..<max(1, threads) { launch() }
      for await (index, found) in group {
        results[index] = found
        launch()
      }
    }
    return results.flatMap { $0 }
  }

  /// The scenario of a configuration under each load, estimated and simulated.
  private static func compare(
    _ configuration: EstimateGrid.Configuration, _ scenario: ResolvedScenario, _ done: @Sendable (Int) -> Void
  ) async -> [PointResult] {
    var results: [PointResult] = []
    var capacity = 0.0
    for load in EstimateGrid.loads {
      let sized = sized(scenario, load, capacity: capacity)
      let report = await RunStudy(sized).run().report
      if load == .offline { capacity = report.site.window.throughput.requestsPerSecond ?? 0 }
      if let estimate = try? SteadyStateEstimate(sized) {
        results.append(result(configuration, sized, load, report, estimate, capacity: capacity))
      }
      done(1)
    }
    return results
  }

  /// A scenario under a load, with requests enough for a steady state.
  ///
  /// - Parameters:
  ///   - scenario: the configuration.
  ///   - load: the load.
  ///   - capacity: requests each second that it sustains, simulated.
  /// - Returns: the scenario.
  static func sized(
    _ scenario: ResolvedScenario, _ load: EstimateGrid.Load, capacity: Double
  ) -> ResolvedScenario {
    var scenario = scenario
    let plan = scenario.deployments[0].plan
    let replicas = plan.replicas
    let places = Double(replicas * min(plan.engine.maximumBatchSize, 512))
    func change(_ edit: (inout StreamPlan) -> Void) { edit(&scenario.deployments[0].plan.streams[0]) }
    switch load {
    case .offline:
      let count = max(Int(20 * places), 4000)
      change {
        $0.arrivals = .offline(requests: count)
        $0.requests = nil
      }
    case .open(let share):
      change {
        $0.arrivals = .poisson(requestsPerSecond: share * capacity)
        // Near the capacity the number in flight wanders for long.
        $0.requests = share > 0.8 ? 100_000 : 20_000
      }
    case .closedLoop(let perReplica):
      let clients = perReplica * replicas
      change {
        $0.arrivals = .closedLoop(concurrency: clients, thinkTimeSeconds: 0)
        $0.requests = max(40 * clients, 2000)
        $0.warmUpRequests = 2 * clients
      }
    }
    return scenario
  }

  private static func result(
    _ configuration: EstimateGrid.Configuration, _ scenario: ResolvedScenario, _ load: EstimateGrid.Load,
    _ report: RunReport, _ estimate: SteadyStateEstimate, capacity: Double
  ) -> PointResult {
    let window = report.site.window
    var simulated = ColumnValues()
    if load == .offline { simulated[.capacity] = capacity }
    simulated[.requestsPerSecond] = window.throughput.requestsPerSecond
    simulated[.outputTokensPerSecond] = window.throughput.outputTokensPerSecond
    // Offline, latencies of a window depend on when it begins.
    let latency = load == .offline ? report.site.wholeRun.latency : window.latency
    simulated[.ttftMean] = latency.timeToFirstToken.mean
    simulated[.ttftMedian] = latency.timeToFirstToken.p50
    simulated[.ttftP99] = latency.timeToFirstToken.p99
    simulated[.tpotMean] = latency.timePerOutputToken.mean
    simulated[.tpotMedian] = latency.timePerOutputToken.p50
    simulated[.tpotP99] = latency.timePerOutputToken.p99
    simulated[.endToEndMean] = latency.endToEnd.mean
    simulated[.gpuPower] = window.power.gpuMean
    var point = point(configuration, scenario, load)
    point.measured = simulated
    return PointResult(
      point: point, assumptions: [], predicted: estimate.columns, reason: nil, resolved: [])
  }

  private static func point(
    _ configuration: EstimateGrid.Configuration, _ scenario: ResolvedScenario, _ load: EstimateGrid.Load
  ) -> BenchmarkPoint {
    let deployment = scenario.deployments[0]
    var point = BenchmarkPoint(
      id: "estimate:\(configuration.name):\(load.name)", suite: Suite.estimate.rawValue, source: "simulation",
      date: "", system: deployment.design.system.id, accelerators: deployment.plan.accelerators,
      framework: deployment.design.framework.rawValue, frameworkVersion: "",
      model: deployment.design.model.id,
      weights: deployment.design.precision.weights.rawValue, keyValueCache: "",
      mode: deployment.plan.prefill == nil ? .aggregated : .disaggregated, prefill: .init(), decode: .init(),
      lengths: configuration.lengths, measured: ColumnValues(), notes: "", split: split)
    switch load {
    case .offline: point.load = .offline
    case .open: point.load = .server
    case .closedLoop(let perReplica):
      point.load = .closedLoop
      point.concurrency = Double(perReplica * deployment.plan.replicas)
    }
    return point
  }

  /// What stands for the half of the data that points belong to.
  static let split = "simulation"

  /// The errors of estimates, figure by figure, all loads together and each.
  static func errors(_ results: [PointResult]) -> EstimateErrors {
    var rows: [EstimateErrors.Row] = []
    for (figure, column) in zip(SteadyStateEstimate.figures, SteadyStateEstimate.columns) {
      for load in [nil] + EstimatedLoad.allCases.map({ $0 }) {
        let own = results.filter { load == nil || $0.point.load.map(EstimatedLoad.init) == load }
        let pairs = own.compactMap { result in
          result.point.measured[column].map { (measured: $0, predicted: result.predicted?[column]) }
        }
        let statistics = ErrorStatistics(pairs.filter { $0.measured > 0 })
        guard let median = statistics.medianAPE, let p90 = statistics.p90APE,
          let signed = statistics.meanSignedError
        else { continue }
        rows.append(
          EstimateErrors.Row(
            figure: figure, load: load?.rawValue, rows: statistics.predicted, medianPercent: median * 100,
            p90Percent: p90 * 100, meanSignedPercent: signed * 100))
      }
    }
    return EstimateErrors(
      provenance:
        "\(results.count) scenarios of the suite estimate: estimated / simulated - 1, steady windows; "
        + "nine of ten are within p90_percent", rows: rows)
  }
}

extension EstimatedLoad {
  /// The load of a benchmark's point.
  init(_ load: BenchmarkPoint.Load) {
    switch load {
    case .closedLoop: self = .closedLoop
    case .offline: self = .offline
    case .server: self = .open
    }
  }
}

extension SteadyStateEstimate {
  /// The columns of ``figures``, in their order.
  static let columns: [MeasuredColumn] = [
    .capacity, .requestsPerSecond, .outputTokensPerSecond, .ttftMean, .ttftMedian, .ttftP99, .tpotMean,
    .tpotMedian, .tpotP99, .endToEndMean, .gpuPower,
  ]

  /// The estimate at the mean rate, column by column.
  var columns: ColumnValues {
    var values = ColumnValues()
    values[.capacity] = mean.capacityRequestsPerSecond
    values[.requestsPerSecond] = mean.requestsPerSecond
    values[.outputTokensPerSecond] = mean.outputTokensPerSecond
    values[.ttftMean] = mean.latencies?.timeToFirstToken?.mean
    values[.ttftMedian] = mean.latencies?.timeToFirstToken?.p50
    values[.ttftP99] = mean.latencies?.timeToFirstToken?.p99
    values[.tpotMean] = mean.latencies?.timePerOutputToken?.mean
    values[.tpotMedian] = mean.latencies?.timePerOutputToken?.p50
    values[.tpotP99] = mean.latencies?.timePerOutputToken?.p99
    values[.endToEndMean] = mean.latencies?.endToEnd.mean
    values[.gpuPower] = mean.power.power.gpuMean
    return values
  }
}
