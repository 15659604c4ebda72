/// How wide the columns of a table are, so that it fits.
struct TableLayout {
  private let columns: [TextTable.Column]
  private var widths: [Int] = []
  private var gap = 2

  /// What may become narrower, in the order in which it is tried.
  private struct Step {
    var gap: Int
    /// The fewest characters of a text that is broken; nil where none is.
    var texts: Int?
    /// Whether titles are broken at spaces.
    var breaksTitles = true
    /// The fewest characters of a title that is broken within a word; nil where none is.
    var titles: Int?

    static let all = [
      Step(gap: 2, breaksTitles: false), Step(gap: 2), Step(gap: 1, breaksTitles: false), Step(gap: 1),
      Step(gap: 2, texts: 20), Step(gap: 1, texts: 16), Step(gap: 1, texts: 12, titles: 6),
    ]
  }

  /// A layout of rows that are cut to their columns' limits already, in so many characters.
  init(_ columns: [TextTable.Column], _ body: [[String]], room: Int) {
    self.columns = columns
    for step in Step.all {
      gap = step.gap
      widths = columns.indices.map { index in
        max(columns[index].title.count, body.map { $0[index].count }.max() ?? 0)
      }
      let floors = columns.indices.map { floor(of: $0, body, step) }
      shrink(to: floors, room: room - gap * (columns.count - 1))
      if widths.reduce(gap * (columns.count - 1), +) <= room { return }
    }
  }

  /// The width below which a column can't go.
  private func floor(of index: Int, _ body: [[String]], _ step: Step) -> Int {
    let column = columns[index]
    let widest = body.map { $0[index].count }.max() ?? 0
    let breaks = column.alignment == .leading ? step.texts : nil
    let cells = breaks.map { min($0, widest) } ?? widest
    let longestWord =
      step.breaksTitles ? Self.words(column.title).map(\.text.count).max() ?? 0 : column.title.count
    return max(cells, step.titles.map { min($0, longestWord) } ?? longestWord)
  }

  /// Takes characters first where most are to be had.
  private mutating func shrink(to floors: [Int], room: Int) {
    while widths.reduce(0, +) > room {
      let loose = widths.indices.filter { widths[$0] > floors[$0] }
      guard let widest = loose.max(by: { widths[$0] - floors[$0] < widths[$1] - floors[$1] }) else { return }
      widths[widest] -= 1
    }
  }

  /// A row as one line, or as several where a text or title is broken.
  func lines(_ cells: [String], alignsBottom: Bool = false) -> [String] {
    let parts = zip(cells, widths).map { Self.broken($0, at: $1) }
    let height = parts.map(\.count).max() ?? 1
    return (0..<height).map { line in
      var text = ""
      for (index, part) in parts.enumerated() {
        let row = alignsBottom ? line - (height - part.count) : line
        let cell = part.indices.contains(row) ? part[row] : ""
        let padding = String(repeating: " ", count: max(0, widths[index] - cell.count))
        text += columns[index].alignment == .leading ? cell + padding : padding + cell
        if index < parts.count - 1 { text += String(repeating: " ", count: gap) }
      }
      while text.hasSuffix(" ") { text.removeLast() }
      return text
    }
  }

  /// A text broken at spaces and behind slashes, and elsewhere where words are too long.
  private static func broken(_ text: String, at width: Int) -> [String] {
    guard text.count > width, width > 0 else { return [text] }
    var lines = [""]
    for word in words(text) {
      var rest = Substring(word.text)
      let last = lines[lines.count - 1]
      let space = last.isEmpty || word.isGlued ? "" : " "
      if last.count + space.count + rest.count <= width {
        lines[lines.count - 1] += space + rest
        continue
      }
      if !last.isEmpty { lines.append("") }
      while rest.count > width {
        lines[lines.count - 1] = String(rest.prefix(width))
        rest = rest.dropFirst(width)
        lines.append("")
      }
      lines[lines.count - 1] = String(rest)
    }
    if lines.last == "" { lines.removeLast() }
    return lines.map { $0.replacing("\u{A0}", with: " ") }
  }

  /// What of a text stays on one line; a unit stays with its number.
  private static func words(_ text: String) -> [(text: String, isGlued: Bool)] {
    text.replacing(" %", with: "\u{A0}%").split(separator: " ").flatMap { word in
      var parts = [(text: "", isGlued: false)]
      for character in word {
        parts[parts.count - 1].text.append(character)
        // Of `tok/s/GPU` the unit stays whole.
        if character == "/", parts[parts.count - 1].text.count > 4 { parts.append((text: "", isGlued: true)) }
      }
      return parts.filter { !$0.text.isEmpty }
    }
  }
}
