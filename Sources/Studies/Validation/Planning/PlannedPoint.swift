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
  /// The requests.
  public let stream: StreamPlan
  /// Which part of the run is compared.
  public let window: WindowPolicy
  /// Nodes and power of the system.
  public let site: SiteContext

  /// Equal for points whose steps cost the same.
  var costKey: String {
    [
      design.model.id, design.system.id, design.framework.rawValue, "\(design.precision)",
      "\(design.parallel)", "\(engine.maximumBatchSize)", "\(engine.maximumBatchTokens)",
      "\(engine.maximumContextTokens)", "\(engine.draftTokens)",
    ].joined(separator: "|")
  }

  /// Tabulates what steps cost.
  func stepCosts() -> StepCostTable {
    design.stepCosts(
      maximumBatchSize: engine.maximumBatchSize, maximumBatchTokens: engine.maximumBatchTokens,
      maximumContextTokens: engine.maximumContextTokens, draftTokens: engine.draftTokens)
  }

  /// The deployment as the simulation runs it.
  func deployment(cost: StepCostTable) -> DeploymentPlan {
    DeploymentPlan(
      name: "point", replicas: simulatedReplicas, acceleratorsPerReplica: design.parallel.accelerators,
      engine: engine,
      cache: cache, cost: cost, router: .roundRobin,
      frontEnd: FrontEnd(
        seconds: design.frontEndSeconds, secondsPerInputToken: design.frontEndSecondsPerInputToken),
      streams: [stream])
  }
}
