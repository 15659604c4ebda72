import Documents
import Quantities

/// A bound on a statistic of errors: a validation fails when one is broken.
public struct Gate: Sendable, Equatable {
  /// The benchmark.
  public var suite: String
  /// Part of the data; nil for all of it.
  public var split: String?
  /// Labels that points must have beside suite and split.
  public var labels: [Partition.Label]
  /// Labels that kernels must have, by the names of `KernelErrors`; of suite `kernels` only.
  public var kernelLabels: [String: String] = [:]
  /// The figure.
  public var column: MeasuredColumn
  /// The statistic of its errors.
  public var statistic: ErrorStatistics.Name
  /// The largest value that passes; shares, not percent.
  public var atMost: Double?
  /// The smallest value that passes; shares, not percent.
  public var atLeast: Double?

  /// The gate in words that name it.
  public var name: String {
    ([suite] + [split].compactMap { $0 } + labels.map { "\($0.dimension.rawValue)=\($0.value)" }
      + KernelErrors.labels.compactMap { name in kernelLabels[name].map { "\(name)=\($0)" } }
      + [column.rawValue, statistic.rawValue]).joined(separator: " ")
  }

  /// What became of a gate.
  public enum Verdict: Sendable, Equatable {
    /// The statistic is within its bounds.
    case passed(Double)
    /// It is not.
    case failed(Double)
    /// No measured figure belongs to the gate, or none of them has a prediction.
    case empty
    /// The gate's benchmark was not part of the validation.
    case skipped
  }

  /// Whether the gate lets a report pass.
  public func verdict(on report: ValidationReport) -> Verdict {
    guard suite != Suite.kernels.rawValue else { return verdict(onKernels: report.kernels) }
    guard report.results.contains(where: { $0.point.suite == suite }) else { return .skipped }
    let covered = report.comparisons.filter { covers($0) }
    guard !covered.isEmpty, let value = ErrorStatistics(of: covered)[statistic] else { return .empty }
    return verdict(value)
  }

  private func verdict(_ value: Double) -> Verdict {
    let passes = value <= atMost ?? .infinity && value >= atLeast ?? -.infinity
    return passes ? .passed(value) : .failed(value)
  }

  private func verdict(onKernels kernels: [KernelErrors]) -> Verdict {
    guard !kernels.isEmpty else { return .skipped }
    let covered = kernels.filter { errors in
      kernelLabels.allSatisfy { errors.label($0.key) == $0.value }
    }
    let ratios = covered.flatMap { $0.ratios.map(Double.init) }
    guard !ratios.isEmpty, let value = ErrorStatistics(ratios: ratios)[statistic] else { return .empty }
    return verdict(value)
  }

  private func covers(_ comparison: Comparison) -> Bool {
    let point = comparison.point
    return comparison.column == column && point.suite == suite
      && (split == nil || Dimension.split.label(of: point) == split)
      && labels.allSatisfy { $0.dimension.label(of: point) == $0.value }
  }
}

extension Gate {
  /// The gates of a file: a list of mappings; throws every problem in it.
  ///
  /// `- { suite: inferencex, split: fit, partition: { framework: vllm }, column: tpot_mean_s, statistic: median_ape,
  /// at_most: 20 % }`
  public static func read(path: String) throws(Problems) -> [Gate] { try read(try Document.read(path: path)) }

  /// The gates of a document; throws every problem in it.
  public static func read(_ document: Document) throws(Problems) -> [Gate] {
    let problems = ProblemCollector()
    let gates = Field(document.root, problems: problems).list { gate($0) } ?? []
    try problems.throwIfAny()
    guard !gates.isEmpty else { throw Problems(Problem(file: document.file, message: "holds no gates")) }
    return gates
  }

  private static func gate(_ field: Field) -> Gate? {
    guard var reader = field.mapping() else {
      field.reject("a gate is a mapping", hint: "for example { suite: inferencex, column: tpot_mean_s, … }")
      return nil
    }
    let suite = reader.required("suite").choice(Suite.allCases.map(\.rawValue))
    let split = reader.optional("split").choice([
      "fit", "test", "theory", EstimateSuite.split, Dimension.unknown,
    ])
    var labels: [Partition.Label] = []
    var kernelLabels: [String: String] = [:]
    if suite == Suite.kernels.rawValue, var partition = reader.optional("partition").mapping() {
      for name in KernelErrors.labels { kernelLabels[name] = partition.optional(name).string() }
      partition.finish()
    } else if var partition = reader.optional("partition").mapping() {
      for dimension in Dimension.allCases where dimension != .split && dimension != .suite {
        if let value = partition.optional(dimension.rawValue).string() {
          labels.append(Partition.Label(dimension: dimension, value: value))
        }
      }
      partition.finish()
    }
    let column = reader.required("column").choice(MeasuredColumn.self)
    let statistic = reader.required("statistic").choice(ErrorStatistics.Name.self)
    let atMost = bound(reader.optional("at_most"))
    let atLeast = bound(reader.optional("at_least"))
    reader.finish()
    guard let suite, let column, let statistic else { return nil }
    guard atMost != nil || atLeast != nil else {
      if !reader.has("at_most"), !reader.has("at_least") {
        field.reject("bounds nothing", allowed: "at_most, at_least or both, for example at_most: 20 %")
      }
      return nil
    }
    return Gate(
      suite: suite, split: split, labels: labels, kernelLabels: kernelLabels, column: column,
      statistic: statistic, atMost: atMost, atLeast: atLeast)
  }

  /// A share (`20 %`, `0.2`) or, for counts of rows, a number.
  private static func bound(_ field: Field) -> Double? {
    field.node?.scalar?.double ?? field.quantity(Ratio.self)?.si
  }
}
