import CostModel
import Documents
import Results

/// The errors of one operator in one format, under one framework, on one system.
public struct KernelErrors: Sendable {
  /// The operator: a raw value of `OperatorClass`, or `all_reduce`.
  public var operation: String
  /// The operands' format; empty where there is but one.
  public var format: String
  /// The framework whose kernels were measured; `all` where the fastest of all frameworks counts.
  public var framework: String
  /// The system by its catalogue id.
  public var system: String
  /// What the predictions rest on.
  public var evidence: Provenance
  /// Predicted / measured of every kernel, ascending.
  public var ratios: [Float]

  /// The errors as statistics: every kernel has a prediction.
  public var statistics: ErrorStatistics { ErrorStatistics(ratios: ratios.map(Double.init)) }

  /// A label by its name in gates: `operator`, `format`, `framework`, `system`, `evidence`; nil for other names.
  func label(_ name: String) -> String? {
    switch name {
    case "operator": operation
    case "format": format
    case "framework": framework
    case "system": system
    case "evidence": evidence.rawValue
    default: nil
    }
  }

  /// What errors are sorted by.
  var order: [String] { [operation, format, framework, system] }

  /// The names of labels, in the order of tables.
  static let labels = ["operator", "format", "framework", "system", "evidence"]
  /// Those that tell kernels of known power apart.
  static let powerLabels = ["operator", "system", "evidence"]

  /// Errors that have the same label in each of some dimensions, joined; sorted by those labels.
  static func merged(_ errors: [KernelErrors], by names: [String]) -> [(labels: [String], KernelStatistics)] {
    var groups: [[String]: [Float]] = [:]
    for error in errors {
      groups[names.map { error.label($0) ?? "" }, default: []] += error.ratios
    }
    return groups.keys.sorted { $0.lexicographicallyPrecedes($1) }.map { labels in
      (labels, KernelStatistics(ErrorStatistics(ratios: (groups[labels] ?? []).map(Double.init))))
    }
  }

  var json: JSONValue {
    let labels = Self.labels.map { ($0, JSONValue.string(label($0) ?? "")) }
    return .object([("partition", .object(labels))] + KernelStatistics(statistics).json)
  }
}

/// What of the statistics of errors means something for kernels, all of which are predicted.
struct KernelStatistics {
  let statistics: ErrorStatistics

  init(_ statistics: ErrorStatistics) { self.statistics = statistics }

  static let titles = ["rows", "median APE", "P90 APE", "bias"]

  var cells: [String] {
    [
      Numbers.text(Int64(statistics.rows)), Numbers.percent(statistics.medianAPE),
      Numbers.percent(statistics.p90APE), Numbers.text(statistics.bias),
    ]
  }

  var json: [(String, JSONValue)] {
    [
      ("rows", .int(statistics.rows)),
      ("median_ape_percent", .optional(statistics.medianAPE.map { $0 * 100 })),
      ("p90_ape_percent", .optional(statistics.p90APE.map { $0 * 100 })),
      ("bias_ratio", .optional(statistics.bias)),
    ]
  }
}

extension ErrorStatistics {
  /// Statistics of predicted / measured.
  init(ratios: [Double]) { self.init(ratios.map { (measured: 1, predicted: $0) }) }
}
