import Documents
import Results

extension ValidationReport {
  /// How one point was settled and what came of it; throws where there is no point of that id.
  public func explanation(of id: String, style: TextStyle = TextStyle()) throws(Problems) -> String {
    guard let result = results.first(where: { $0.point.id == id }) else {
      let nearest = nearestName(to: id, among: results.map(\.point.id))
      throw Problems(
        Problem(
          file: "--explain", found: "'\(id)'", message: "no such point",
          hint: nearest.map { "did you mean '\($0)'?" }))
    }
    var lines = [style.strong(id), style.aside(result.point.source)]
    var settled = TextTable([.init("", .leading), .init("", .leading)])
    for highlight in result.resolved { settled.add([highlight.label, highlight.value]) }
    lines += settled.lines(style: style)
    if !result.assumptions.isEmpty {
      var table = TextTable([
        .init("not stated", .leading), .init("taken", .leading), .init("because", .leading),
      ])
      for assumption in result.assumptions {
        table.add([assumption.name, assumption.value, assumption.reason])
      }
      lines += [""] + table.lines(style: style)
    }
    var figures = TextTable([
      .init("figure", .leading), .init("measured"), .init("predicted"), .init("error"),
    ])
    for comparison in comparisons where comparison.point.id == id {
      figures.add([
        comparison.column.rawValue, Numbers.text(comparison.measured), Numbers.text(comparison.predicted),
        Numbers.deviation(percent: comparison.error.map { $0 * 100 }),
      ])
    }
    lines += [""] + figures.lines(style: style)
    if let reason = result.reason { lines += ["", "not predicted: \(reason)"] }
    if !result.point.notes.isEmpty { lines += ["", "notes: \(result.point.notes)"] }
    return lines.joined(separator: "\n") + "\n"
  }
}
