/// Rows of bars that are made of parts: shares of a whole, or amounts side by side.
public struct Bars: Sendable {
  /// A part of a bar.
  public struct Part: Sendable {
    /// Its name, which has the same colour in all rows.
    public var name: String
    /// Its length, >= 0.
    public var value: Double

    /// A part; see the properties.
    public init(_ name: String, _ value: Double) {
      self.name = name
      self.value = value
    }
  }

  /// What it shows, with its unit.
  public var title: String
  /// Bars from the top: a label and the parts from the left.
  public var rows: [(label: String, parts: [Part])]
  /// Whether bars show shares of their sums, so that all are as long.
  public var isRelative: Bool

  /// Bars; see the properties.
  public init(_ title: String, isRelative: Bool = false, rows: [(label: String, parts: [Part])]) {
    self.title = title
    self.rows = rows
    self.isRelative = isRelative
  }

  private static let width = 640.0
  private static let right = 16.0

  /// Names of parts in the order in which they first come.
  private var names: [String] {
    var names: [String] = []
    for row in rows {
      for part in row.parts where part.value > 0 && !names.contains(part.name) { names.append(part.name) }
    }
    return names
  }

  /// The picture as an SVG element.
  public var svg: String {
    var svg = SVG()
    let names = names
    let left = min(220, 20 + 6.4 * Double(rows.map(\.label.count).max() ?? 0))
    let sums = rows.map { row in row.parts.reduce(0) { $0 + max(0, $1.value) } }
    let scale = Scale(holding: isRelative ? [100 / 1.05] : sums)
    svg.label(title, at: 0, 16, anchor: "start")
    let top = 30 + 16 * Double(legend(names, &svg))
    let base = top + 26 * Double(rows.count)
    func across(_ value: Double) -> Double { left + scale.position(value) * (Self.width - left - Self.right) }
    for tick in scale.ticks() {
      svg.line(across(tick), top, across(tick), base, of: "grid")
      svg.label(markText(tick) + (isRelative ? " %" : ""), at: across(tick), base + 15)
    }
    for (index, row) in rows.enumerated() {
      let y = top + 26 * Double(index)
      svg.label(row.label, at: left - 6, y + 15, anchor: "end")
      var start = 0.0
      for part in row.parts where part.value > 0 && sums[index] > 0 {
        let share = part.value / sums[index]
        let length = isRelative ? 100 * share : part.value
        svg.bar(
          across(start), y + 4, width: across(start + length) - across(start), height: 16,
          colour: SVG.colour(names.firstIndex(of: part.name) ?? 0),
          title: "\(row.label): \(part.name) \(markText(part.value)), \(markText(100 * share)) %")
        start += length
      }
    }
    svg.line(left, top, left, base, of: "axis")
    return svg.element(width: Self.width, height: base + 24, title: title)
  }

  /// Draws the names; returns how many rows they took.
  private func legend(_ names: [String], _ svg: inout SVG) -> Int {
    var position = 0.0
    var row = 0
    for (index, name) in names.enumerated() {
      let wide = 26 + 6.4 * Double(name.count)
      if position > 0, position + wide > Self.width {
        position = 0
        row += 1
      }
      let base = 32 + 16 * Double(row)
      svg.bar(position, base - 8, width: 10, height: 10, colour: SVG.colour(index), title: name)
      svg.label(name, at: position + 14, base + 1, anchor: "start")
      position += wide
    }
    return names.isEmpty ? 0 : row + 1
  }
}
