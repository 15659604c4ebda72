import Documents

/// A measured figure beside the predicted one.
public struct Comparison: Sendable {
  /// The measured run.
  public var point: BenchmarkPoint
  /// The figure.
  public var column: MeasuredColumn
  /// What was measured.
  public var measured: Double
  /// What was predicted; nil where there is no prediction.
  public var predicted: Double?
  /// Why there is none.
  public var reason: String?
  /// Where the measured value is expected in eight of ten cases; nil where no interval is known.
  public var interval: ClosedRange<Double>?

  /// predicted / measured − 1; nil without prediction.
  public var error: Double? { predicted.map { $0 / measured - 1 } }
  /// Whether the measured value lies in the interval; nil without one.
  public var isInside: Bool? { interval.map { $0.contains(measured) } }
}

/// The errors of one column in one partition.
public struct ErrorRow: Sendable {
  /// The figure.
  public var column: MeasuredColumn
  /// The points.
  public var partition: Partition
  /// How far predictions are off.
  public var statistics: ErrorStatistics
}

/// Predictions beside measurements, and their errors by column and partition.
public struct ValidationReport: Sendable {
  /// The points.
  public let results: [PointResult]
  /// Every measured figure, in the order of points and columns.
  public let comparisons: [Comparison]
  /// Errors: columns in order, partitions within a column sorted.
  public let errors: [ErrorRow]
  /// Errors of measured kernels; empty where the suite was not run.
  public var kernels: [KernelErrors] = []
  /// Errors of what measured kernels draw, likewise: `measured` where coefficients are fitted to them, `transferred` where they
  /// are carried from others.
  public var kernelPowers: [KernelErrors] = []
  /// Wall power of servers as other servers' wall power predicts it; empty where fewer than two systems were measured.
  public var serversLeftOut: [Comparison] = []

  /// Compares results with what was measured; errors are of the standard partitions and of those asked for.
  public init(_ results: [PointResult], by dimensions: [[Dimension]] = []) {
    self.results = results
    let partitions =
      Partition.standard + dimensions.map { [.split] + $0 }.filter { !Partition.standard.contains($0) }
    comparisons = results.flatMap(Self.comparisons) + EqualInteractivity.comparisons(results)
    errors = Self.errors(comparisons, by: partitions)
  }

  private static func comparisons(_ result: PointResult) -> [Comparison] {
    result.point.measured.columns.map { column in
      let predicted = result.predicted?[column]
      let reason = result.reason ?? "the simulation yields no such figure"
      return Comparison(
        point: result.point, column: column, measured: result.point.measured[column] ?? .nan,
        predicted: predicted, reason: predicted == nil ? reason : nil, interval: result.intervals[column])
    }
  }

  private static func errors(_ comparisons: [Comparison], by partitions: [[Dimension]]) -> [ErrorRow] {
    var rows: [ErrorRow] = []
    for column in MeasuredColumn.allCases {
      let ofColumn = comparisons.filter { $0.column == column }
      guard !ofColumn.isEmpty else { continue }
      for dimensions in partitions { rows += errors(of: column, ofColumn, by: dimensions) }
    }
    return rows
  }

  private static func errors(
    of column: MeasuredColumn, _ comparisons: [Comparison], by dimensions: [Dimension]
  ) -> [ErrorRow] {
    var parts: [Partition: [Comparison]] = [:]
    for comparison in comparisons {
      parts[Partition(of: comparison.point, by: dimensions), default: []].append(comparison)
    }
    let sorted = parts.sorted { $0.key.sortKey.lexicographicallyPrecedes($1.key.sortKey) }
    return sorted.map {
      ErrorRow(column: column, partition: $0.key, statistics: ErrorStatistics(of: $0.value))
    }
  }

  /// How far estimates were from simulations; nil where the suite was not run.
  public var estimateErrors: EstimateErrors? {
    let own = results.filter { $0.point.suite == Suite.estimate.rawValue }
    return own.isEmpty ? nil : EstimateSuite.errors(own)
  }

  /// The rows that are furthest off, by the ratio of the larger to the smaller value, largest first.
  public func worst(_ count: Int, of column: MeasuredColumn) -> [Comparison] {
    func distance(_ comparison: Comparison) -> Double {
      guard let predicted = comparison.predicted, predicted > 0 else { return 0 }
      return max(predicted / comparison.measured, comparison.measured / predicted)
    }
    let predicted = comparisons.filter { $0.column == column && $0.predicted != nil }
    return Array(
      predicted.sorted { (distance($0), $1.point.id) > (distance($1), $0.point.id) }.prefix(count))
  }

  /// Why points have no prediction, with how many there are, most first.
  public var unpredicted: [(reason: String, points: Int)] {
    var counts: [String: Int] = [:]
    for result in results {
      if let reason = result.reason { counts[reason, default: 0] += 1 }
    }
    return counts.map { (reason: $0.key, points: $0.value) }
      .sorted { ($1.points, $0.reason) < ($0.points, $1.reason) }
  }
}
