import Documents
import Quantities
import Simulation

/// Latencies that a target can bound.
public enum LatencyMetric: String, Sendable, CaseIterable {
  /// Time to first token.
  case timeToFirstToken = "ttft"
  /// Mean time per output token of a request.
  case timePerOutputToken = "tpot"
  /// Arrival to last token.
  case endToEnd = "e2e"
}

/// A bound on a percentile of a stream's latency, such as `ttft_p99: 2 s`.
public struct PercentileTarget: Sendable, Equatable {
  /// What is bounded.
  public var metric: LatencyMetric
  /// The share of requests that must meet it, in (0, 1].
  public var share: Double
  /// The bound.
  public var limit: Seconds

  /// Creates a target; see the properties.
  public init(metric: LatencyMetric, share: Double, limit: Seconds) {
    self.metric = metric
    self.share = share
    self.limit = limit
  }
}

/// Reads `targets:` of a workload.
struct TargetsReader {
  private static let percentiles = [("", 1.0), ("_p50", 0.5), ("_p90", 0.9), ("_p95", 0.95), ("_p99", 0.99)]

  /// What each request is held to, and what percentiles are.
  ///
  /// A request is good when it meets the plain bound of each metric, or, without one, that of the highest percentile.
  func read(_ field: Field) -> (each: LatencyTargets, percentiles: [PercentileTarget], echo: JSONValue) {
    var each = LatencyTargets()
    guard var reader = field.mapping() else { return (each, [], .object([])) }
    var targets: [PercentileTarget] = []
    var echo: [(String, JSONValue)] = []
    for metric in LatencyMetric.allCases {
      var strictest: (share: Double, limit: Seconds)?
      for (suffix, share) in Self.percentiles {
        let target = reader.optional(metric.rawValue + suffix)
        guard
          let limit = target.quantity(
            Seconds.self, in: Seconds(si: 0)...Seconds(si: 1e9), above: Seconds(si: 0))
        else { continue }
        targets.append(PercentileTarget(metric: metric, share: share, limit: limit))
        echo.append((metric.rawValue + suffix + "_seconds", .double(limit.si)))
        if share > strictest?.share ?? 0 { strictest = (share, limit) }
      }
      guard let strictest else { continue }
      let limit = SimDuration(seconds: strictest.limit.si)
      switch metric {
      case .timeToFirstToken: each.timeToFirstToken = limit
      case .timePerOutputToken: each.timePerOutputToken = limit
      case .endToEnd: each.endToEnd = limit
      }
    }
    reader.finish()
    return (each, targets, .object(echo))
  }
}
