import Results

/// What became of gates, for a reader.
public enum GateTable {
  /// A table of gates.
  public static func text(
    _ judged: [(gate: Gate, verdict: Gate.Verdict)], style: TextStyle = TextStyle()
  ) -> String {
    var table = TextTable([.init("gate", .leading), .init("value"), .init("allowed"), .init("", .leading)])
    for (gate, verdict) in judged {
      switch verdict {
      case .passed(let value): table.add([gate.name, cell(value, gate), bounds(gate), "passed"])
      case .failed(let value): table.add([gate.name, cell(value, gate), bounds(gate), "FAILED"])
      case .empty: table.add([gate.name, Numbers.missing, bounds(gate), "FAILED: nothing to judge"])
      case .skipped: table.add([gate.name, Numbers.missing, bounds(gate), "not run"])
      }
    }
    return "\n" + table.lines(style: style).joined(separator: "\n") + "\n"
  }

  /// Why a gate does not let a report pass; nil where it does.
  public static func failure(_ gate: Gate, _ verdict: Gate.Verdict) -> String? {
    switch verdict {
    case .passed, .skipped: nil
    case .failed(let value): "gate failed: \(gate.name) is \(cell(value, gate)), allowed: \(bounds(gate))"
    case .empty: "gate failed: \(gate.name): no figure to judge"
    }
  }

  private static func cell(_ value: Double, _ gate: Gate) -> String {
    switch gate.statistic {
    case .mape, .medianAPE, .p90APE, .meanSignedError, .coverage, .intervalCoverage: Numbers.percent(value)
    case .bias, .rows, .predicted: Numbers.text(value)
    }
  }

  private static func bounds(_ gate: Gate) -> String {
    [gate.atLeast.map { "at least \(cell($0, gate))" }, gate.atMost.map { "at most \(cell($0, gate))" }]
      .compactMap { $0 }.joined(separator: ", ")
  }
}
