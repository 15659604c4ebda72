import Documents
import Results

extension CompareReport {
  /// The comparison as JSON: stable keys, SI units in their names, the same bytes for the same inputs.
  public var json: JSONValue {
    [
      "tokenmill": 1, "kind": "comparison", "seed": seed.map { Self.number($0) } ?? .null,
      "runs": .array(runs.map(Self.json)),
      "figures": .array(figures.map { Self.json($0, key: "figure") }),
      "binding_limits": .array(runs.map { $0.bindingLimit.map { .string($0) } ?? .null }),
      "pool_limits": .array(
        pools.map { pool in
          ["pool": .string(pool.name), "limits": .array(pool.limits.map { $0.map { .string($0) } ?? .null })]
        }),
      "limit_moves": .array(moves.map { $0.map(Self.json) ?? .null }),
      "limit_shares": .array(shares.map { Self.json($0, key: "limit", hasRatios: false) }),
      "gpu_seconds_per_output_token": [
        "by_operator": .array(operators.map { Self.json($0, key: "operator") }),
        "by_limit": .array(limits.map { Self.json($0, key: "limit") }),
        "total": .array(runs.map { .optional($0.time?.total) }),
      ],
      "hardware_differences": .array(
        hardware.map { system, difference in
          .object([("system", .int(system))] + Self.members(difference))
        }),
      "configuration_differences": .array(differences.map { .object(Self.members($0)) }),
    ]
  }

  static func number(_ text: String) -> JSONValue { Int(text).map { .int($0) } ?? .string(text) }

  private static func json(_ run: ComparedRun) -> JSONValue {
    [
      "label": .string(run.label), "source": .string(run.source), "kind": .string(run.kind.rawValue),
      "settings": .array(run.settings.map { .string($0) }),
      "scenario": run.summary == nil ? .null : .string(run.name),
      "seed": run.summary == nil ? .null : number(run.seed),
      "systems": .array(run.systems.map { .string($0.id) }),
      "saturation": run.verdict.map { .string($0) } ?? .null,
      "problems": .array(run.problems.map { .string($0) }),
    ]
  }

  private static func json(_ row: Row, key: String, hasRatios: Bool = true) -> JSONValue {
    var members: [(String, JSONValue)] = [
      (key, .string(row.name)), ("values", .array(row.values.map { .optional($0) })),
    ]
    if hasRatios { members.append(("ratios", .array(row.ratios.map { .optional($0) }))) }
    return .object(members)
  }

  private static func json(_ move: LimitMove) -> JSONValue {
    func json(_ change: (limit: String, share: Double)?) -> JSONValue {
      change.map { ["limit": .string($0.limit), "share": .double($0.share)] } ?? .null
    }
    return [
      "from": .string(move.from), "to": .string(move.to), "moved": .bool(move.from != move.to),
      "rise": json(move.rise), "fall": json(move.fall),
    ]
  }

  private static func members(_ difference: Difference) -> [(String, JSONValue)] {
    [("path", .string(difference.path)), ("values", .array(difference.values.map { $0 ?? .null }))]
  }
}
