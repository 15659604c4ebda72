import CostModel
import Hardware
import Models
import Quantities
import Results
import Scenario
import Simulation

extension RunContext {
  /// What a report on a run of this scenario needs to know.
  ///
  /// - Parameters:
  ///   - scenario: what ran.
  ///   - outcomes: what its deployments did, in their order.
  public init(_ scenario: ResolvedScenario, _ outcomes: [DeploymentOutcome]) {
    self.init(
      scenario: scenario.name, seed: scenario.run.seed, isDrained: scenario.run.horizon == nil,
      site: SiteContext(scenario.site),
      deployments: zip(scenario.deployments, outcomes).map { DeploymentContext($0, cost: $1.cost) },
      window: WindowPolicy(scenario.warmUp),
      references: scenario.references.map {
        PublishedFigure(figure: $0.figure, value: $0.value, source: $0.source)
      },
      configuration: scenario.echo,
      intervals: scenario.deployments.first?.design.efficiencies.intervals ?? .none)
  }
}

extension WindowPolicy {
  fileprivate init(_ warmUp: WarmUp) {
    switch warmUp {
    case .none: self = .wholeRun
    case .seconds(let seconds): self = .after(seconds: seconds)
    case .automatic: self = .automatic
    }
  }
}

extension SiteContext {
  fileprivate init(_ site: ResolvedSite) {
    let system = site.system
    self.init(
      accelerators: site.accelerators, nodes: site.nodes, racks: site.racks,
      acceleratorIdleWatts: system.accelerator.idlePower.si,
      acceleratorPeakWatts: system.accelerator.thermalDesignPower.si,
      nodeIdleWatts: system.node.idlePower.si, nodePeakWatts: system.node.peakPower.si,
      siteWattsPerITWatt: site.sitePowerPerITWatt,
      dollarsPerAcceleratorHour: system.cost.perAcceleratorHour?.dollarsPerHour,
      arithmetic: site.arithmetic)
  }
}

extension CalibrationShares {
  /// The shares of a deployment's busy time.
  fileprivate init(_ design: ReplicaDesign, cost: CostVector) {
    let seconds = design.secondsByProvenance(of: cost)
    let total = cost[.time]
    guard total > 0 else {
      self = .prior
      return
    }
    func share(_ provenance: Provenance) -> Double { (seconds[provenance] ?? 0) / total }
    self.init(measured: share(.measured), transferred: share(.transferred), prior: share(.prior))
  }
}

extension DeploymentContext {
  fileprivate init(_ deployment: ResolvedDeployment, cost: CostVector) {
    let plan = deployment.plan
    self.init(
      name: plan.name, replicas: plan.replicas, accelerators: plan.replicas * plan.acceleratorsPerReplica,
      producesImages: deployment.producesImages,
      calibration: CalibrationShares(deployment.design, cost: cost),
      evidence: deployment.design.evidence(of: cost), framework: deployment.design.framework.rawValue,
      highlights: Self.highlights(deployment))
  }

  private static func highlights(_ deployment: ResolvedDeployment) -> [Highlight] {
    let plan = deployment.plan
    let design = deployment.design
    let parallel = design.parallel
    let layout = [
      ("tensor", parallel.tensor), ("pipeline", parallel.pipeline), ("expert", parallel.expert),
      ("attention data", parallel.attentionData),
    ].filter { $0.1 > 1 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    let precision = design.precision
    var highlights = [
      Highlight("model", design.model.name),
      Highlight("system", design.system.name),
      Highlight(
        "precision",
        "weights \(precision.weights.rawValue), activations \(precision.activations.rawValue), "
          + "KV cache \(precision.keyValueCache.rawValue)"),
      Highlight(
        "replicas",
        "\(Numbers.text(Int64(plan.replicas))) of \(plan.acceleratorsPerReplica) "
          + "GPU\(plan.acceleratorsPerReplica == 1 ? "" : "s")" + (layout.isEmpty ? "" : " (\(layout))")
          + ", router \(plan.router.rawValue)"),
      Highlight(
        "engine",
        "\(design.framework.rawValue), batch of \(Numbers.text(Int64(plan.engine.maximumBatchSize))), "
          + "\(Numbers.text(Int64(plan.engine.maximumBatchTokens))) tokens a step"
          + (plan.engine.chunkedPrefill ? ", chunked prefill" : "")),
    ]
    if !deployment.producesImages {
      let tokens = Int64(plan.cache.blocks) * Int64(plan.cache.blockTokens)
      highlights.append(
        Highlight(
          "KV cache",
          "\(Numbers.text(tokens)) tokens a replica in blocks of \(plan.cache.blockTokens), "
            + plan.engine.capacityPolicy.rawValue))
    }
    return highlights
  }
}
