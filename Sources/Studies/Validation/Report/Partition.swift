/// What points can be told apart by.
public enum Dimension: String, CaseIterable, Sendable {
  /// Part of the data: `fit` or `test`.
  case split
  /// Benchmark.
  case suite
  /// System.
  case system
  /// Model.
  case model
  /// Framework.
  case framework
  /// Aggregated or disaggregated.
  case mode
  /// How requests were offered.
  case load
  /// Requests in flight, by powers of two.
  case concurrency
  /// Format of the weights.
  case weights
  /// What cleaning found doubtful.
  case flag

  /// What stands for a text that the source left empty.
  static let unknown = "unknown"

  /// The label of a point.
  public func label(of point: BenchmarkPoint) -> String {
    let text =
      switch self {
      case .split: point.split
      case .suite: point.suite
      case .system: point.system
      case .model: point.model
      case .framework: point.framework
      case .mode: point.mode.rawValue
      case .load: point.load?.rawValue ?? ""
      case .concurrency: Self.bucket(point.concurrency)
      case .weights: point.weights
      case .flag: point.flag.isEmpty ? "none" : point.flag
      }
    return text.isEmpty ? Self.unknown : text
  }

  /// The bucket of a concurrency; labels sort as the numbers do.
  static func bucket(_ concurrency: Double?) -> String {
    guard let concurrency else { return "none" }
    let limits = [4, 16, 64, 256]
    var low = 1
    for limit in limits {
      if concurrency <= Double(limit) { return padded(low) + "-" + padded(limit) }
      low = limit + 1
    }
    return padded(low) + "-"
  }

  private static func padded(_ number: Int) -> String {
    String(repeating: "0", count: max(0, 3 - String(number).count)) + String(number)
  }
}

/// Points with the same labels in some dimensions.
public struct Partition: Sendable, Hashable {
  /// The labels in the order of ``Dimension``.
  public let labels: [Label]

  /// One dimension's label.
  public struct Label: Sendable, Hashable {
    /// The dimension.
    public var dimension: Dimension
    /// Its label.
    public var value: String
  }

  /// The partition of a point in some dimensions.
  public init(of point: BenchmarkPoint, by dimensions: [Dimension]) {
    labels = dimensions.map { Label(dimension: $0, value: $0.label(of: point)) }
  }

  /// Labels as a key that sorts as a reader expects.
  var sortKey: [String] { labels.map(\.value) }

  /// Partitions of a report: everything, each dimension, and what tells kernels apart; each by split.
  public static let standard: [[Dimension]] =
    [[.split]] + Dimension.allCases.filter { $0 != .split }.map { [.split, $0] } + [
      [.split, .framework, .system, .model, .weights]
    ]
}
