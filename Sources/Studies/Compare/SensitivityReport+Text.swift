import Documents
import Foundation
import Results

extension SensitivityReport {
  /// Changes below this print as nothing.
  private static let least = 0.0005
  /// Columns of one half of the bars.
  private static let half = 11

  /// The study for a person, 80 columns wide, a newline at the end.
  ///
  /// - Parameter style: how text is marked; plain where the reader is no terminal.
  /// - Returns: the scenario's own figures, bars of the figure that ranks, the changes of all figures.
  public func text(style: TextStyle = TextStyle()) -> String {
    let percent = Numbers.text(100 * share)
    var lines = [
      style.strong(CompareReport.head(name, 80)),
      style.aside(CompareReport.head("\(source), seed \(seed), each hardware figure ±\(percent) %", 80)),
    ]
    lines += problems.flatMap { CompareReport.wrapped("can't run: " + $0) }
    lines += [figures.map { "\($0.name) \(Self.text(base, $0.path))" }.joined(separator: ", ")]
    let shown = effects.filter(Self.isSeen)
    lines +=
      [""] + bars(shown, percent).lines(style: style) + [""] + changes(shown, percent).lines(style: style)
    let rest = effects.filter { !Self.isSeen($0) }
    if !rest.isEmpty {
      let names = rest.map { Self.name(of: $0, in: effects) }.joined(separator: ", ")
      lines +=
        [""]
        + CompareReport.wrapped("no effect of 0.05 %: " + names).map { style.aside(String($0.dropFirst(3))) }
    }
    for effect in shown where effect.canFail {
      for (outcome, sign) in [(Optional(effect.lower), "-"), (effect.higher, "+")] {
        guard case .problems(let problems)? = outcome else { continue }
        let name = Self.name(of: effect, in: effects)
        lines += problems.flatMap { CompareReport.wrapped("\(name) \(sign)\(percent) % can't run: \($0)") }
          .map { style.doubtful($0) }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func isSeen(_ effect: Effect) -> Bool {
    effect.canFail || effect.all.contains { abs($0) >= least }
  }

  private func bars(_ shown: [Effect], _ percent: String) -> TextTable {
    let longest = shown.map { $0.size(ranking) }.max() ?? 0
    var table = TextTable([
      .init("sensitivity of \(figures[ranking].name)", .leading), .init("value"),
      .init(
        "▒ -\(percent) %".padding(toLength: Self.half, withPad: " ", startingAt: 0) + "│█ +\(percent) %",
        .leading),
      .init("-\(percent) %"), .init("+\(percent) %"),
    ])
    for effect in shown {
      table.add([
        Self.name(of: effect, in: effects), effect.variation.value,
        Self.bar(effect.lower.change(ranking), effect.higher?.change(ranking), longest: longest),
        Self.percent(effect.lower, ranking), Self.percent(effect.higher, ranking),
      ])
    }
    return table
  }

  private func changes(_ shown: [Effect], _ percent: String) -> TextTable {
    var columns: [TextTable.Column] = [.init("change in %", .leading)]
    for figure in figures { columns += [.init("\(figure.name) -"), .init("+")] }
    var table = TextTable(columns)
    for effect in shown {
      let cells = figures.indices.flatMap { index in
        [Self.bare(effect.lower, index), Self.bare(effect.higher, index)]
      }
      table.add([Self.name(of: effect, in: effects)] + cells)
    }
    return table
  }

  /// The path without what all paths have in common; the system too, where there are several.
  private static func name(of effect: Effect, in effects: [Effect]) -> String {
    let path = effect.variation.path
    let short = path.hasPrefix("accelerator.") ? String(path.dropFirst("accelerator.".count)) : path
    let systems = effects.map(\.variation.system).filter { !$0.isEmpty }
    let isOne = systems.allSatisfy { $0 == systems.first }
    return isOne || effect.variation.system.isEmpty ? short : "\(effect.variation.system) \(short)"
  }

  private static func percent(_ outcome: Outcome?, _ figure: Int) -> String {
    guard let outcome else { return Numbers.missing }
    guard case .changes = outcome else { return "can't run" }
    return outcome.change(figure).map { CompareReport.signed(100 * $0) + " %" } ?? Numbers.missing
  }

  private static func bare(_ outcome: Outcome?, _ figure: Int) -> String {
    guard let change = outcome?.change(figure) else { return Numbers.missing }
    return CompareReport.signed(100 * change)
  }

  /// Two bars on one axis: what falls lies to the left of it, what rises to the right.
  private static func bar(_ lower: Double?, _ higher: Double?, longest: Double) -> String {
    var cells = [Character](repeating: " ", count: 2 * half + 1)
    cells[half] = "│"
    func draw(_ change: Double?, _ mark: Character) {
      guard let change, longest > 0 else { return }
      let length = Int((abs(change) / longest * Double(half)).rounded())
      for step in 0..<length { cells[change < 0 ? half - 1 - step : half + 1 + step] = mark }
    }
    // The shorter one is drawn last, so that both show where they lie on one side.
    if abs(lower ?? 0) > abs(higher ?? 0) {
      draw(lower, "▒")
      draw(higher, "█")
    } else {
      draw(higher, "█")
      draw(lower, "▒")
    }
    return String(cells)
  }

  private static func text(_ base: JSONValue?, _ path: String) -> String {
    let value = base?.number(at: path)
    if path.hasPrefix("latency") { return Numbers.seconds(value) }
    return path.hasPrefix("power") ? Numbers.watts(value) : Numbers.text(value)
  }
}
