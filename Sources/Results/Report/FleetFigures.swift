import Simulation

/// What became of the replicas in service over the whole run.
public struct FleetFigures: Sendable, Equatable {
  /// Replicas in service on average, starting and draining ones included.
  public var meanReplicas: Double
  /// The most of them at once.
  public var peakReplicas: Int
  /// Times that a replica was started.
  public var starts: Int64
  /// Times that a replica was drained.
  public var drains: Int64
  /// Accelerator-hours in service: what a cloud bills.
  public var acceleratorHours: Double

  init?(_ outcome: DeploymentOutcome) {
    guard let fleet = outcome.fleet else { return nil }
    let seconds = outcome.end.seconds
    meanReplicas = seconds > 0 ? fleet.onSeconds / seconds : Double(fleet.peak)
    peakReplicas = fleet.peak
    starts = fleet.starts
    drains = fleet.drains
    acceleratorHours = fleet.acceleratorSeconds / 3600
  }

  mutating func add(_ other: FleetFigures) {
    meanReplicas += other.meanReplicas
    peakReplicas += other.peakReplicas
    starts += other.starts
    drains += other.drains
    acceleratorHours += other.acceleratorHours
  }
}
