import CostModel
import Facility
import Hardware
import Models
import Quantities
import Results
import Scenario
import Simulation
import Workload

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
      deployments: zip(scenario.deployments, outcomes).map { DeploymentContext($0, $1, on: scenario.site) },
      window: WindowPolicy(scenario.warmUp),
      references: scenario.references.map {
        PublishedFigure(figure: $0.figure, value: $0.value, source: $0.source)
      },
      configuration: scenario.echo,
      intervals: scenario.deployments.first?.design.efficiencies.intervals ?? .none)
    powerPoints = scenario.powerMeters?.points ?? []
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
  /// What figures of a scenario's site need to know.
  init(_ site: ResolvedSite) {
    self.init(
      systems: site.parts.map {
        var system = SystemContext(
          $0.system, accelerators: $0.accelerators, nodes: $0.nodes, isPriced: true)
        if let basis = site.priceBasis {
          system.dollarsPerAcceleratorHour = $0.system.cost.perHour(basis)?.dollarsPerHour
        }
        return system
      },
      racks: site.racks, siteWattsPerITWatt: site.sitePowerPerITWatt, arithmetic: site.arithmetic,
      facility: site.facility)
    economics = site.economics
  }
}

extension SystemContext {
  /// So many accelerators of a system of the catalogue; `isPriced`: with what it costs.
  init(_ system: SystemSpecification, accelerators: Int, nodes: Int, isPriced: Bool) {
    self.init(
      accelerators: accelerators, nodes: nodes,
      acceleratorIdleWatts: system.accelerator.idlePower.si,
      acceleratorPeakWatts: system.accelerator.thermalDesignPower.si,
      nodeIdleWatts: system.node.idlePower.si, nodePeakWatts: system.node.peakPower.si,
      dollarsPerAcceleratorHour: isPriced ? system.cost.perAcceleratorHour?.dollarsPerHour : nil)
    nodePower = NodePower(system)
  }
}

extension CalibrationShares {
  /// The shares of a deployment's busy time, pool by pool.
  fileprivate init(_ pools: [(design: ReplicaDesign, cost: CostVector)]) {
    var seconds: [Provenance: Double] = [:]
    for pool in pools {
      seconds.merge(pool.design.secondsByProvenance(of: pool.cost)) { $0 + $1 }
    }
    let total = pools.reduce(0) { $0 + $1.cost[.time] }
    guard total > 0 else {
      self = .prior
      return
    }
    func share(_ provenance: Provenance) -> Double { (seconds[provenance] ?? 0) / total }
    self.init(measured: share(.measured), transferred: share(.transferred), prior: share(.prior))
  }
}

extension LoadKind {
  /// The load that streams make together: open as soon as one of them waits for no answers.
  init(_ streams: [StreamPlan]) {
    var kinds = streams.map { stream -> LoadKind in
      switch stream.arrivals {
      case .offline: .offline
      case .closedLoop: .closedLoop
      default: .open
      }
    }[...]
    let first = kinds.popFirst() ?? .open
    // Clients beside an offline batch keep what is in flight bounded, too.
    self =
      kinds.allSatisfy { $0 == first } ? first : kinds.contains(.open) || first == .open ? .open : .closedLoop
  }
}

extension DeploymentPlan {
  /// Seconds that a request of mean length spends in the front end, of the slowest stream.
  fileprivate var meanFrontEndSeconds: Double {
    streams.map { frontEnd.seconds + frontEnd.secondsPerInputToken * $0.lengths.meanInput }.max() ?? 0
  }
}

extension DeploymentContext {
  fileprivate init(_ deployment: ResolvedDeployment, _ outcome: DeploymentOutcome, on site: ResolvedSite) {
    let plan = deployment.plan
    func position(_ design: ReplicaDesign) -> Int {
      site.parts.firstIndex { $0.system.id == design.system.id } ?? 0
    }
    self.init(
      name: plan.name, replicas: plan.standingReplicas, accelerators: plan.accelerators,
      producesImages: deployment.producesImages,
      calibration: CalibrationShares(
        outcome.pools.map {
          ($0.role == .prefill ? deployment.prefillDesign ?? deployment.design : deployment.design, $0.cost)
        }),
      evidence: deployment.design.evidence(of: outcome.cost), framework: deployment.design.framework.rawValue,
      load: LoadKind(plan.streams), frontEndSeconds: plan.meanFrontEndSeconds,
      highlights: Self.highlights(deployment))
    system = position(deployment.design)
    prefillSystem = position(deployment.prefillDesign ?? deployment.design)
    acceleratorsBySystem = site.parts.indices.map {
      ($0 == system ? plan.ownAccelerators : 0) + ($0 == prefillSystem ? plan.prefillAccelerators : 0)
    }
  }

  private static func highlights(_ deployment: ResolvedDeployment) -> [Highlight] {
    let plan = deployment.plan
    let design = deployment.design
    let precision = design.precision
    let systems =
      Set([deployment.prefillDesign ?? design, design].map(\.system.name)).count > 1
      ? [deployment.prefillDesign?.system.name ?? "", design.system.name] : [design.system.name]
    var highlights = [
      Highlight("model", design.model.name),
      Highlight("system", systems.joined(separator: " (prefill), ") + (systems.count > 1 ? " (decode)" : "")),
      Highlight(
        "precision",
        "weights \(precision.weights.rawValue), activations \(precision.activations.rawValue), "
          + "KV cache \(precision.keyValueCache.rawValue)"),
    ]
    if let prefill = plan.prefill, let prefillDesign = deployment.prefillDesign {
      highlights += pool(
        "prefill ", prefillDesign, prefill.replicas, prefill.router, prefill.engine, prefill.cache)
      highlights += pool("decode ", design, plan.replicas, plan.router, plan.engine, plan.cache)
      let handOff = prefill.handOff
      highlights.append(
        Highlight(
          "hand-off",
          "\(Numbers.seconds(handOff.delaySeconds)), then the cache: \(Numbers.seconds(handOff.latencySeconds)) and "
            + "\(Numbers.seconds(handOff.secondsPerToken * 1000)) for 1,000 tokens"
            + (handOff.network == nil ? "" : " on free links") + "; first token from "
            + (handOff.firstToken == .prefill ? "prefill" : "decode")))
    } else {
      highlights += pool(
        "", design, plan.replicas, plan.router, plan.engine, deployment.producesImages ? nil : plan.cache)
    }
    return highlights
  }

  /// One pool: its layout, its engine, its cache.
  private static func pool(
    _ name: String, _ design: ReplicaDesign, _ replicas: Int, _ router: RouterPolicy, _ engine: EngineOptions,
    _ cache: KVCacheOptions?
  ) -> [Highlight] {
    let parallel = design.parallel
    let layout = [
      ("tensor", parallel.tensor), ("pipeline", parallel.pipeline), ("expert", parallel.expert),
      ("attention data", parallel.attentionData),
    ].filter { $0.1 > 1 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    let size = parallel.accelerators
    var highlights = [
      Highlight(
        name + "replicas",
        "\(Numbers.text(Int64(replicas))) of \(size) GPU\(size == 1 ? "" : "s")"
          + (layout.isEmpty ? "" : " (\(layout))") + ", router \(router.rawValue)"),
      Highlight(
        name + "engine",
        "\(design.framework.rawValue), batch of \(Numbers.text(Int64(engine.maximumBatchSize))), "
          + "\(Numbers.text(Int64(engine.maximumBatchTokens))) tokens a step"
          + (engine.chunkedPrefill ? ", chunked prefill" : "")),
    ]
    if let cache {
      let tokens = Int64(cache.blocks) * Int64(cache.blockTokens)
      highlights.append(
        Highlight(
          name + "KV cache",
          "\(Numbers.text(tokens)) tokens a replica in blocks of \(cache.blockTokens), "
            + engine.capacityPolicy.rawValue))
    }
    return highlights
  }
}

extension NodePower {
  /// Where the power of a system's nodes goes; nil where its parts aren't known or exceed the whole.
  init?(_ system: SystemSpecification) {
    guard let supply = system.node.supply, let curve = EfficiencyCurve.named(supply.curve.rawValue) else {
      return nil
    }
    let accelerators = Double(system.node.accelerators)
    try? self.init(
      parts: system.node.parts.map {
        Part(
          name: $0.kind.rawValue, idleWatts: $0.idlePower.si, peakWatts: $0.peakPower.si,
          isMover: $0.kind == .fans || $0.kind == .pumps)
      },
      ratedWatts: supply.rating.si, curve: curve, idleWatts: system.node.idlePower.si,
      peakWatts: system.node.peakPower.si,
      acceleratorIdleWatts: accelerators * system.accelerator.idlePower.si,
      acceleratorPeakWatts: accelerators * system.accelerator.thermalDesignPower.si)
  }
}
