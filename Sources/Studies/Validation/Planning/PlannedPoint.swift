import Hardware
import Models
import CostModel
import Results
import Simulation

/// A setting that the source does not state, what was taken for it, and why.
public struct Assumption: Sendable, Equatable {
  /// The setting: `kv_cache`.
  public var name: String
  /// What was taken.
  public var value: String
  /// Why.
  public var reason: String

  /// Creates an assumption.
  public init(_ name: String, _ value: String, because reason: String) {
    self.name = name
    self.value = value
    self.reason = reason
  }
}

/// Why a point can't be predicted.
public struct Unpredictable: Error, Sendable, Equatable {
  /// The reason, in words that group points: no figures of the single point.
  public var reason: String

  /// Creates a reason.
  public init(_ reason: String) { self.reason = reason }
}

/// A point as it will be simulated, everything settled but what its steps cost.
public struct PlannedPoint: Sendable {
  /// The measured run.
  public let point: BenchmarkPoint
  /// The model on the system.
  public let design: ReplicaDesign
  /// What the source does not state.
  public let assumptions: [Assumption]
  /// The scheduler of a replica, all attention groups together.
  public let engine: EngineOptions
  /// The KV cache of a replica.
  public let cache: KVCacheOptions
  /// Working copies of the model.
  public let replicas: Int
  /// Those of them that are simulated; the others do the same.
  public let simulatedReplicas: Int
  /// The replicas that work on prompts, where the others only decode.
  let prefill: PlannedPool?
  /// The requests.
  public let stream: StreamPlan
  /// Which part of the run is compared.
  let window: PointWindow
  /// Nodes and power of the system.
  public let site: SiteContext
  /// What the framework adds to the kernels; the design's own but in a fit.
  public var overhead: FrameworkOverhead
  /// The same of the prefill pool; without one, of no effect.
  public var prefillOverhead: FrameworkOverhead

  /// Equal for points whose steps cost the same.
  var costKey: String { ([own] + [prefill].compactMap { $0 }).map(\.costKey).joined(separator: "|") }

  /// The replicas that answer.
  var own: PlannedPool {
    PlannedPool(design: design, engine: engine, cache: cache, replicas: simulatedReplicas)
  }

  /// What steps or their kernels cost, pool by pool.
  final class Costs: Sendable {
    let own: StepCostTable
    let prefill: StepCostTable?

    init(own: StepCostTable, prefill: StepCostTable?) {
      self.own = own
      self.prefill = prefill
    }
  }

  /// Tabulates what the kernels of steps cost.
  func kernelCosts() -> Costs { Costs(own: own.kernelCosts(), prefill: prefill?.kernelCosts()) }

  /// What steps cost: `kernels` is what ``kernelCosts()`` gives for this point or one of equal ``costKey``.
  func stepCosts(kernels: Costs) -> Costs {
    var other: StepCostTable?
    if let prefill, let table = kernels.prefill {
      other = prefill.design.stepCosts(table, by: prefillOverhead)
    }
    return Costs(own: design.stepCosts(kernels.own, by: overhead), prefill: other)
  }

  /// The deployment as the simulation runs it.
  func deployment(cost: Costs) -> DeploymentPlan {
    var plan = DeploymentPlan(
      name: "point", replicas: simulatedReplicas, acceleratorsPerReplica: design.parallel.accelerators,
      engine: engine,
      cache: cache, cost: cost.own, router: .roundRobin,
      frontEnd: FrontEnd(
        seconds: overhead.frontEndSeconds, secondsPerInputToken: overhead.frontEndSecondsPerInputToken),
      streams: [stream])
    if stream.prompts != nil { plan.prefixCache = PrefixCacheOptions() }
    if let prefill, let table = cost.prefill {
      plan.prefill = PrefillPool(
        replicas: prefill.replicas, acceleratorsPerReplica: prefill.design.parallel.accelerators,
        engine: prefill.engine, cache: prefill.cache, cost: table, router: .roundRobin,
        handOff: HandOff(from: prefill.design, to: design))
    }
    return plan
  }
}

extension HandOff {
  /// The hand-off between replicas of two designs.
  init(from prefill: ReplicaDesign, to decode: ReplicaDesign) {
    let transfer = prefill.cacheTransfer(to: decode)
    self.init(
      delaySeconds: prefill.handOff.seconds, latencySeconds: transfer.latencySeconds,
      secondsPerToken: transfer.secondsPerToken, links: transfer.links, firstToken: prefill.handOff.firstToken
    )
  }
}
