import Documents
import Foundation
import Results

extension CompareReport {
  /// The comparison for a person, 80 columns wide for two or three runs, a newline at the end.
  ///
  /// - Parameter style: how text is marked; plain where the reader is no terminal.
  /// - Returns: what is compared, figures with ratios to the first, which limit moved, where time goes, what differs.
  public func text(style: TextStyle = TextStyle()) -> String {
    var sections = [legend(style), figureSection(style)]
    if !shares.isEmpty { sections.append(limitSection(style)) }
    if !operators.isEmpty { sections.append(operatorSection(style)) }
    sections.append(differenceSection("hardware that differs", hardwareRows, style))
    sections.append(differenceSection("configuration that differs", configurationRows, style))
    return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  private func legend(_ style: TextStyle) -> [String] {
    var lines: [String] = []
    for run in runs {
      lines.append(style.strong(run.label) + "  " + Self.tail(run.source, 77))
      if !run.name.isEmpty { lines.append("   " + style.aside(Self.head(run.name, 77))) }
      if !run.settings.isEmpty {
        lines.append("   " + style.aside(Self.head("with " + run.settings.joined(separator: "; "), 77)))
      }
      for problem in run.problems {
        lines += Self.wrapped("can't run: " + problem).map { style.doubtful($0) }
      }
    }
    if let seed {
      lines.append(style.aside("seed \(seed) for all"))
    } else {
      let seeds = standing.map { "\($0.label) \($0.seed)" }.joined(separator: ", ")
      lines.append(style.doubtful("seeds differ, so that part of a difference is chance: \(seeds)"))
    }
    return lines
  }

  /// A name column, a column for each run, and for each but the first its ratio, or change, to the first.
  private func table(_ title: String, change: String) -> TextTable {
    var columns: [TextTable.Column] = [.init(title, .leading, maximumWidth: 26)]
    for (index, run) in runs.enumerated() {
      columns.append(.init(run.label))
      if index > 0 { columns.append(.init(change.replacing("B", with: run.label))) }
    }
    return TextTable(columns)
  }

  private func cells(_ values: [String], _ changes: [String]) -> [String] {
    values.indices.flatMap { $0 == 0 ? [values[0]] : [values[$0], changes[$0]] }
  }

  private func figureSection(_ style: TextStyle) -> [String] {
    var table = table("steady window", change: "B/A")
    for row in figures {
      guard let figure = CompareFigure.all.first(where: { $0.path == row.name }) else { continue }
      table.add([figure.name] + cells(row.values.map(figure.text), row.ratios.map(Self.ratio)))
    }
    let blanks = runs.map { _ in "" }
    table.add(
      ["load"]
        + cells(runs.map { $0.verdict?.replacing("_", with: " ") ?? Numbers.missing }, blanks))
    return table.lines(style: style)
  }

  private func limitSection(_ style: TextStyle) -> [String] {
    var table = table("limit, share of all time", change: "B-A")
    for row in shares {
      let changes = row.values.map { value in
        guard let value, let first = row.values[0] else { return "" }
        return Self.signed(100 * (value - first))
      }
      table.add([row.name] + cells(row.values.map { Numbers.percent($0) }, changes))
    }
    let blanks = runs.map { _ in "" }
    table.add(["binding limit"] + cells(runs.map { $0.bindingLimit ?? Numbers.missing }, blanks))
    for pool in pools {
      table.add(["  " + pool.name] + cells(pool.limits.map { $0 ?? Numbers.missing }, blanks))
    }
    var lines = table.lines(style: style)
    for (run, move) in zip(runs.dropFirst(), moves) {
      guard let move else { continue }
      var text =
        move.from == move.to
        ? "\(run.label): \(move.to) binds, as in A"
        : "\(run.label): limit moved from \(move.from) to \(move.to)"
      let parts = [move.rise, move.fall].compactMap { $0 }.map {
        "\($0.limit) \(Self.signed(100 * $0.share))"
      }
      if !parts.isEmpty { text += " (\(parts.joined(separator: ", ")) points)" }
      lines.append(move.from == move.to ? text : style.strong(text))
    }
    return lines
  }

  private func operatorSection(_ style: TextStyle) -> [String] {
    var table = table("GPU time an output token", change: "B/A")
    for row in operators {
      table.add([row.name] + cells(row.values.map { Numbers.seconds($0) }, row.ratios.map(Self.ratio)))
    }
    if let idle = limits.first(where: { $0.name == "idle" }) {
      table.add(["idle"] + cells(idle.values.map { Numbers.seconds($0) }, idle.ratios.map(Self.ratio)))
    }
    let all = Row(name: "all", values: runs.map { $0.time?.total })
    table.add(["all"] + cells(all.values.map { Numbers.seconds($0) }, all.ratios.map(Self.ratio)))
    return table.lines(style: style)
  }

  private var hardwareRows: [(path: String, values: [String])] {
    let isOne = runs.allSatisfy { $0.systems.count <= 1 }
    return hardware.map { system, difference in
      ((isOne ? "" : "[\(system)] ") + difference.path, difference.values.map(Self.text))
    }
  }

  private var configurationRows: [(path: String, values: [String])] {
    differences.filter { !ConfigurationDifference.isExplanation($0.path) }
      .map { ($0.path, $0.values.map(Self.text)) }
  }

  private func differenceSection(
    _ title: String, _ rows: [(path: String, values: [String])], _ style: TextStyle
  ) -> [String] {
    guard standing.count > 1 else { return [] }
    guard !rows.isEmpty else {
      return [style.aside(title.replacing("that differs", with: "is the same"))]
    }
    let longest = rows.map(\.path.count).max() ?? 0
    let first = min(max(longest, title.count), 34)
    // Three values beside a path fit into a terminal; more runs are wider.
    let width = max(11, (80 - first) / runs.count - 2)
    var table = TextTable(
      [.init(title, .leading)] + runs.map { .init($0.label, .leading, maximumWidth: width) })
    for row in rows { table.add([Self.tail(row.path, first)] + row.values) }
    return table.lines(style: style)
  }

  private static func text(_ value: JSONValue?) -> String {
    switch value {
    case nil, .null?: Numbers.missing
    case .string(let text)?: text
    case .double(let number)?: Numbers.text(number)
    case let value?: value.text(indent: 0)
    }
  }

  /// A change with its sign; one that rounds to nothing has none.
  static func signed(_ change: Double) -> String {
    abs(change) < 0.05 ? "0.0" : String(format: "%+.1f", change)
  }

  static func ratio(_ ratio: Double?) -> String {
    guard let ratio, ratio.isFinite else { return "" }
    return ratio < 9.9995 ? String(format: "%.3f", ratio) : Numbers.text(ratio)
  }

  /// The beginning of a text, with an ellipsis where the rest is cut off.
  static func head(_ text: String, _ width: Int) -> String {
    text.count <= width ? text : text.prefix(width - 1) + "…"
  }

  /// The end of a text, which tells paths apart.
  static func tail(_ text: String, _ width: Int) -> String {
    text.count <= width ? text : "…" + text.suffix(width - 1)
  }

  /// A text in lines of at most 80 columns, indented.
  static func wrapped(_ text: String) -> [String] {
    var lines: [String] = []
    var line = "  "
    for word in text.split(separator: " ") {
      if line.count + word.count >= 80, line.count > 2 {
        lines.append(line)
        line = "    "
      }
      line += " " + word
    }
    return lines + [line]
  }
}
