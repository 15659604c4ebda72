import Documents

/// How far predictions are from measurements.
///
/// The error of a row is predicted / measured − 1; APE is its magnitude. Percentiles interpolate linearly between
/// the two nearest rows.
public struct ErrorStatistics: Sendable, Equatable {
  /// Rows with a measured value.
  public var rows: Int
  /// Rows of those with a prediction.
  public var predicted: Int
  /// Mean APE; nil without predictions, as all that follow.
  public var meanAPE: Double?
  /// Median APE.
  public var medianAPE: Double?
  /// 90th percentile of APE.
  public var p90APE: Double?
  /// Mean of the signed errors.
  public var meanSignedError: Double?
  /// Median of predicted / measured.
  public var bias: Double?
  /// Rows with an interval.
  public var withInterval = 0
  /// Share of the rows with an interval whose measured value lies inside; nil without such rows.
  public var intervalCoverage: Double?

  /// The share of rows with a prediction, in 0...1; 0 without rows.
  public var coverage: Double { rows == 0 ? 0 : Double(predicted) / Double(rows) }

  /// Statistics of pairs, all measured values > 0.
  public init(_ pairs: [(measured: Double, predicted: Double?)]) {
    let ratios = pairs.compactMap { pair in pair.predicted.map { $0 / pair.measured } }
    let sizes = ratios.map { abs($0 - 1) }.sorted()
    rows = pairs.count
    predicted = ratios.count
    meanAPE = Self.mean(sizes)
    medianAPE = Self.percentile(sizes, 0.5)
    p90APE = Self.percentile(sizes, 0.9)
    meanSignedError = Self.mean(ratios.map { $0 - 1 })
    bias = Self.percentile(ratios.sorted(), 0.5)
  }

  /// Statistics of comparisons, those of their intervals included.
  public init(of comparisons: [Comparison]) {
    self.init(comparisons.map { (measured: $0.measured, predicted: $0.predicted) })
    let inside = comparisons.compactMap(\.isInside)
    withInterval = inside.count
    intervalCoverage = inside.isEmpty ? nil : Double(inside.count { $0 }) / Double(inside.count)
  }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// The value below which a fraction of ascending values lies; nil without values.
  static func percentile(_ sorted: [Double], _ fraction: Double) -> Double? {
    guard !sorted.isEmpty else { return nil }
    let position = fraction * Double(sorted.count - 1)
    let low = Int(position)
    guard low + 1 < sorted.count else { return sorted[low] }
    return sorted[low] + (sorted[low + 1] - sorted[low]) * (position - Double(low))
  }

  /// A statistic that a gate can name.
  public enum Name: String, CaseIterable, Sendable {
    /// Mean APE.
    case mape
    /// Median APE.
    case medianAPE = "median_ape"
    /// 90th percentile of APE.
    case p90APE = "p90_ape"
    /// Mean of the signed errors.
    case meanSignedError = "mean_signed_error"
    /// Median of predicted / measured.
    case bias
    /// Share of rows with a prediction.
    case coverage
    /// Share of measured values inside the prediction's interval.
    case intervalCoverage = "interval_coverage"
    /// Rows with a measured value.
    case rows
    /// Rows with a prediction.
    case predicted = "rows_predicted"
  }

  /// A statistic by name; nil where there are no predictions to take it from.
  public subscript(name: Name) -> Double? {
    switch name {
    case .mape: meanAPE
    case .medianAPE: medianAPE
    case .p90APE: p90APE
    case .meanSignedError: meanSignedError
    case .bias: bias
    case .coverage: coverage
    case .intervalCoverage: intervalCoverage
    case .rows: Double(rows)
    case .predicted: Double(predicted)
    }
  }

  /// The statistics as members of a JSON object.
  var json: [(String, JSONValue)] {
    func percent(_ share: Double?) -> JSONValue { .optional(share.map { $0 * 100 }) }
    return [
      ("rows", .int(rows)), ("rows_predicted", .int(predicted)), ("coverage", .double(coverage)),
      ("mape_percent", percent(meanAPE)), ("median_ape_percent", percent(medianAPE)),
      ("p90_ape_percent", percent(p90APE)), ("mean_signed_error_percent", percent(meanSignedError)),
      ("bias_ratio", .optional(bias)), ("interval_coverage", .optional(intervalCoverage)),
    ]
  }
}
