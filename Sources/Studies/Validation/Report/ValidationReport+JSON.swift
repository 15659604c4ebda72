import Documents

extension ValidationReport {
  /// The report as JSON: every compared figure, and the errors of every partition.
  public var json: JSONValue {
    [
      "points": .array(comparisons.map(Self.json)),
      "errors": .array(errors.map(Self.json)),
    ]
  }

  private static func json(_ comparison: Comparison) -> JSONValue {
    .object([
      ("id", .string(comparison.point.id)), ("column", .string(comparison.column.rawValue)),
      ("measured", .double(comparison.measured)), ("predicted", .optional(comparison.predicted)),
      ("reason", comparison.reason.map { .string($0) } ?? .null),
    ])
  }

  private static func json(_ row: ErrorRow) -> JSONValue {
    let labels = row.partition.labels.map { ($0.dimension.rawValue, JSONValue.string($0.value)) }
    return .object(
      [("column", .string(row.column.rawValue)), ("partition", .object(labels))] + row.statistics.json)
  }
}
