import Documents

extension ValidationReport {
  /// The report as JSON: every compared figure, and the errors of every partition.
  public var json: JSONValue {
    .object(
      [
        ("points", .array(comparisons.map(Self.json))),
        ("errors", .array(errors.map(Self.json))),
      ] + (kernels.isEmpty ? [] : [("kernels", .array(kernels.map(\.json)))])
        + (kernelPowers.isEmpty ? [] : [("kernel_powers", .array(kernelPowers.map(\.json)))]))
  }

  private static func json(_ comparison: Comparison) -> JSONValue {
    .object([
      ("id", .string(comparison.point.id)), ("column", .string(comparison.column.rawValue)),
      ("measured", .double(comparison.measured)), ("predicted", .optional(comparison.predicted)),
      ("reason", comparison.reason.map { .string($0) } ?? .null),
      ("interval", comparison.interval.map { [.double($0.lowerBound), .double($0.upperBound)] } ?? .null),
      ("split", .string(comparison.point.split)), ("suite", .string(comparison.point.suite)),
      ("system", .string(comparison.point.system)),
      ("accelerators", .int(comparison.point.accelerators)),
      ("framework", .string(comparison.point.framework)), ("model", .string(comparison.point.model)),
      ("weights", .string(comparison.point.weights)), ("mode", .string(comparison.point.mode.rawValue)),
      ("concurrency", .optional(comparison.point.concurrency)),
    ])
  }

  private static func json(_ row: ErrorRow) -> JSONValue {
    let labels = row.partition.labels.map { ($0.dimension.rawValue, JSONValue.string($0.value)) }
    return .object(
      [("column", .string(row.column.rawValue)), ("partition", .object(labels))] + row.statistics.json)
  }
}
