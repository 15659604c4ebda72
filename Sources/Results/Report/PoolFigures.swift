import CostModel
import Documents
import Simulation

/// What the replicas of one pool did over the whole run.
public struct PoolFigures: Sendable {
  /// What they are for.
  public var role: PoolRole
  /// How many there are.
  public var replicas: Int
  /// Accelerators of all of them.
  public var accelerators: Int
  /// Share of the replicas' time in which they ran steps, in 0...1; nil of a run without length.
  public var utilisation: Double?
  /// Engine steps.
  public var steps: Int64
  /// Mean power of an accelerator in watts; nil of a run without length.
  public var gpuMeanWatts: Double?
  /// The largest share of KV blocks in use at once on any replica.
  public var peakCacheUtilisation: Double
  /// Caches that came to it over links that transfers share; nil where they don't.
  public var transfers: TransferOutcome?
  /// Where the time of the replicas went.
  public var stepTime: StepTimeFigures

  /// The figures of a pool in a run of `seconds`.
  init(_ pool: PoolOutcome, system: SystemContext, seconds: Double) {
    role = pool.role
    replicas = pool.replicas
    accelerators = pool.replicas * pool.acceleratorsPerReplica
    steps = pool.steps
    peakCacheUtilisation = pool.peakCacheUtilisation
    transfers = pool.transfers
    let available = Double(pool.replicas) * seconds
    stepTime = StepTimeFigures(pool.cost, replicaSeconds: available)
    guard seconds > 0 else { return }
    utilisation = min(pool.cost[.time] / available, 1)
    gpuMeanWatts = system.acceleratorIdleWatts + pool.cost[.energy] / (Double(accelerators) * seconds)
  }

  /// The block of a pool in the JSON summary.
  var json: JSONValue {
    [
      "role": .string(role.rawValue), "replicas": .int(replicas), "gpus": .int(accelerators),
      "utilisation": .optional(utilisation), "steps": .int(Int(steps)),
      "power_watts": ["gpu_mean": .optional(gpuMeanWatts)],
      "kv_cache": ["peak_utilisation": .double(peakCacheUtilisation)],
      "transfers": transfers.map(Self.json) ?? .null, "step_time": stepTime.json,
    ]
  }

  private static func json(_ transfers: TransferOutcome) -> JSONValue {
    let count = Double(transfers.transfers)
    return [
      "count": .int(Int(transfers.transfers)), "bytes": .double(transfers.bytes),
      "mean_wait_seconds": .optional(count > 0 ? transfers.waitSeconds / count : nil),
    ]
  }
}
