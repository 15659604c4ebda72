import Hardware
import Models
import CostModel
import Results
import Simulation

/// What became of one point.
public struct PointResult: Sendable {
  /// The measured run.
  public var point: BenchmarkPoint
  /// What was assumed; empty where the point was not planned.
  public var assumptions: [Assumption]
  /// The predicted columns, all that the simulation yields; nil where it could not run.
  public var predicted: ColumnValues?
  /// Why there is no prediction.
  public var reason: String?
  /// What was simulated, for a reader; empty where nothing was.
  public var resolved: [DeploymentContext.Highlight]
  /// The class that the prediction's intervals belong to; nil where there is no prediction.
  public var grounds: PredictionGrounds?
  /// Where the measured columns are expected; none where no interval is known.
  public var intervals: [MeasuredColumn: ClosedRange<Double>] = [:]
}

/// What tells how far off a prediction may be.
public struct PredictionGrounds: Sendable, Equatable {
  /// The framework that was simulated.
  public var framework: String
  /// How busy a replica was.
  public var load: PredictionIntervals.LoadRegion
  /// What the kernels' time rests on.
  public var evidence: Provenance
}

extension MeasuredColumn {
  /// The group of figures whose errors are alike; nil for figures that carry no interval.
  var intervalFigure: PredictionIntervals.Figure? {
    switch self {
    case .ttftMean, .ttftMedian: .ttft
    case .tpotMean, .tpotMedian: .tpot
    case .outputTokensPerSecond, .outputTokensPerSecondPerGPU, .derivedThroughput: .throughput
    case .gpuPower: .power
    default: nil
    }
  }
}

extension PlannedPoint {
  /// Simulates the point.
  ///
  /// - Parameter cost: what ``stepCosts(kernels:)`` gives.
  /// - Returns: its figures; a run that refused requests is no prediction.
  func predict(cost: Costs) async -> PointResult {
    let deployment = deployment(cost: cost)
    let outcome = await Simulation.run(
      deployment, RunPlan(seed: 1, recordsRequests: window.needsRecords))
    let isImages = design.model.diffusion != nil
    let context = RunContext(
      scenario: point.id, seed: 1, isDrained: true, site: site,
      deployments: [
        DeploymentContext(
          name: "point", replicas: simulatedReplicas,
          accelerators: deployment.accelerators, producesImages: isImages)
      ], window: window.policy(outcome.observations))
    var result = PointResult(
      point: point, assumptions: assumptions, predicted: nil, reason: nil, resolved: resolved)
    guard outcome.observations.counts.rejected == 0 else {
      result.reason = "requests that can never fit were refused"
      return result
    }
    let report = RunReport(context, [outcome])
    guard let part = report.deployments.first else { return result }
    let span = window == .wholeRun ? part.wholeRun : part.window
    result.predicted = ColumnValues(
      span, of: point, times: Double(replicas) / Double(simulatedReplicas))
    if case .counted = window {
      result.predicted?.takeGaps(
        part.wholeRun.latency, running: outcome.observations.meanRunning(over: report.window.span))
    }
    if let requests = span.requestsInFlight(replicas: simulatedReplicas) {
      let grounds = PredictionGrounds(
        framework: design.framework.rawValue, load: .init(requestsInFlight: requests),
        evidence: design.evidence(of: outcome.cost))
      result.grounds = grounds
      result.intervals = result.intervals(of: design.efficiencies.intervals, grounds)
    }
    return result
  }

  /// Simulates the point for its mean latencies over the whole run in seconds alone; nil where requests were refused.
  func means(cost: Costs) async -> (tpot: Double?, ttft: Double?)? {
    let outcome = await Simulation.run(deployment(cost: cost), RunPlan(seed: 1))
    guard outcome.observations.counts.rejected == 0 else { return nil }
    return (
      outcome.observations.meanSeconds(\.timePerOutputToken),
      outcome.observations.meanSeconds(\.timeToFirstToken)
    )
  }

  /// What is simulated, in a few lines.
  var resolved: [DeploymentContext.Highlight] {
    let precision = design.precision
    return [
      .init("system", "\(point.accelerators) x \(design.system.id)"), .init("model", design.model.id),
      .init(
        "precision",
        "weights \(precision.weights.rawValue), attention \((precision.attention ?? precision.weights).rawValue), "
          + "experts \((precision.experts ?? precision.weights).rawValue), activations "
          + "\(precision.activations.rawValue), KV cache \(precision.keyValueCache.rawValue)"),
    ] + (prefill.map { resolved($0, "prefill ") } ?? []) + resolved(own, prefill == nil ? "" : "decode ")
  }

  private func resolved(_ pool: PlannedPool, _ name: String) -> [DeploymentContext.Highlight] {
    let parallel = pool.design.parallel
    let engine = pool.engine
    let count = prefill == nil ? replicas : pool.replicas
    return [
      .init(
        name + "layout",
        "\(count) x (tensor \(parallel.tensor), pipeline \(parallel.pipeline), expert \(parallel.expert), "
          + "attention data \(parallel.attentionData))"),
      .init(
        name + "engine",
        "\(pool.design.framework.rawValue), batch of \(engine.maximumBatchSize), "
          + "\(engine.maximumBatchTokens) tokens a step, "
          + "\(engine.chunkedPrefill ? "chunked" : "whole") prompts, \(engine.capacityPolicy.rawValue)"),
      .init(
        name + "KV cache", "\(pool.cache.blocks) blocks of \(pool.cache.blockTokens) tokens a replica"),
    ]
  }
}

extension PointResult {
  /// The intervals of the predicted columns of the measured kinds.
  fileprivate func intervals(
    of intervals: PredictionIntervals, _ grounds: PredictionGrounds
  ) -> [MeasuredColumn: ClosedRange<Double>] {
    var found: [MeasuredColumn: ClosedRange<Double>] = [:]
    for column in point.measured.columns {
      guard let figure = column.intervalFigure, let value = predicted?[column],
        let band = intervals.band(
          figure, framework: grounds.framework, load: grounds.load, evidence: grounds.evidence)
      else { continue }
      found[column] = band.interval(around: value)
    }
    return found
  }
}

extension ColumnValues {
  /// Times per output token as a client finds them that counts tokens in a window and gaps in the whole run.
  ///
  /// - Parameters:
  ///   - latency: the gaps of the whole run, whose median is taken.
  ///   - running: requests that ran in the window, on average; the mean follows from Little's law.
  fileprivate mutating func takeGaps(_ latency: LatencyFigures, running: Double?) {
    self[.tpotMean] = nil
    if let running, let rate = self[.outputTokensPerSecond], rate > 0 { self[.tpotMean] = running / rate }
    self[.tpotMedian] = latency.interTokenLatency.p50
    self[.tpotP99] = nil
  }

  /// The columns of a span of a run that simulated the `factor`-th part of the deployment.
  init(_ span: SpanFigures, of point: BenchmarkPoint, times factor: Double) {
    self.init()
    let latency = span.latency
    self[.ttftMean] = latency.timeToFirstToken.mean
    self[.ttftMedian] = latency.timeToFirstToken.p50
    self[.ttftP99] = latency.timeToFirstToken.p99
    self[.tpotMean] = latency.timePerOutputToken.mean
    self[.tpotMedian] = latency.timePerOutputToken.p50
    self[.tpotP99] = latency.timePerOutputToken.p99
    self[.outputTokensPerSecond] = span.throughput.outputTokensPerSecond.map { $0 * factor }
    self[.outputTokensPerSecondPerGPU] = span.throughput.outputTokensPerSecondPerGPU
    self[.requestsPerSecond] = span.throughput.requestsPerSecond.map { $0 * factor }
    self[.gpuPower] = span.power.gpuMean
    self[.nodePower] = span.power.itMean.map { $0 * factor }
    self[.gpuJoulesPerOutputToken] = span.energy.gpuJoulesPerOutputToken
    self[.derivedThroughput] = point.derivedThroughput(
      ttftSeconds: latency.timeToFirstToken.mean, tpotSeconds: latency.timePerOutputToken.mean)
  }
}
