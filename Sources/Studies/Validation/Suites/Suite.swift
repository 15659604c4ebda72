/// A benchmark that predictions can be compared with.
public enum Suite: String, CaseIterable, Sendable {
  /// InferenceX end-to-end points.
  case inferencex
  /// MLPerf Inference datacenter results.
  case mlperf
  /// ML.ENERGY throughput and power.
  case mlenergy
  /// Figures that vendors and reviewers published.
  case published
  /// Measured kernels.
  case kernels
  /// Queueing theory.
  case queueing
  /// Steady-state estimates against simulation; it runs only where it is named.
  case estimate

  /// Suites that run where none is named: those that hold the simulation against something.
  public static let standard = allCases.filter { $0 != .estimate }
}
