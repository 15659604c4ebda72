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
}

extension PlannedPoint {
  /// Simulates the point.
  ///
  /// - Parameter cost: what ``stepCosts(kernels:)`` gives.
  /// - Returns: its figures; a run that refused requests is no prediction.
  func predict(cost: Costs) async -> PointResult {
    let deployment = deployment(cost: cost)
    let outcome = await Simulation.run(deployment, RunPlan(seed: 1))
    let isImages = design.model.diffusion != nil
    let context = RunContext(
      scenario: point.id, seed: 1, isDrained: true, site: site,
      deployments: [
        DeploymentContext(
          name: "point", replicas: simulatedReplicas,
          accelerators: deployment.accelerators, producesImages: isImages)
      ], window: window)
    var result = PointResult(
      point: point, assumptions: assumptions, predicted: nil, reason: nil, resolved: resolved)
    guard outcome.observations.counts.rejected == 0 else {
      result.reason = "requests that can never fit were refused"
      return result
    }
    let report = RunReport(context, [outcome])
    guard let part = report.deployments.first else { return result }
    result.predicted = ColumnValues(
      window == .wholeRun ? part.wholeRun : part.window, of: point,
      times: Double(replicas) / Double(simulatedReplicas))
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

extension ColumnValues {
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
