/// How text is marked on a terminal: not at all, unless colour is asked for.
public struct TextStyle: Sendable, Equatable {
  /// Whether escape sequences are written.
  public var usesColor: Bool

  /// A style.
  public init(usesColor: Bool = false) { self.usesColor = usesColor }

  /// What is said first: bold.
  public func strong(_ text: String) -> String { marked(text, "1") }
  /// What is said aside: dim.
  public func aside(_ text: String) -> String { marked(text, "2") }
  /// What is good: green.
  public func good(_ text: String) -> String { marked(text, "32") }
  /// What is doubtful: yellow.
  public func doubtful(_ text: String) -> String { marked(text, "33") }

  private func marked(_ text: String, _ code: String) -> String {
    usesColor && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}

/// A table of text: columns as wide as their widest cell, two spaces apart.
public struct TextTable: Sendable {
  /// How a column is set.
  public enum Alignment: Sendable {
    /// Names and sentences.
    case leading
    /// Numbers.
    case trailing
  }

  /// A column.
  public struct Column: Sendable {
    /// Its title, which may be empty.
    public var title: String
    /// How it is set.
    public var alignment: Alignment
    /// Characters at most, nil for no limit.
    ///
    /// Longer cells are cut with an ellipsis.
    public var maximumWidth: Int?

    /// Creates a column.
    public init(_ title: String, _ alignment: Alignment = .trailing, maximumWidth: Int? = nil) {
      self.title = title
      self.alignment = alignment
      self.maximumWidth = maximumWidth
    }
  }

  /// The columns.
  public var columns: [Column]
  /// The rows; a row with fewer cells than columns has empty ones at its end.
  public private(set) var rows: [[String]] = []

  /// An empty table.
  public init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row.
  public mutating func add(_ cells: [String]) {
    precondition(cells.count <= columns.count, "a row with more cells than columns")
    rows.append(cells + Array(repeating: "", count: columns.count - cells.count))
  }

  /// The table as lines without trailing spaces, each indented; titles are left out where all are empty.
  ///
  /// A table that is too wide comes closer together, breaks its titles and then its texts at spaces; numbers stay.
  ///
  /// - Parameters:
  ///   - style: how text is marked.
  ///   - indent: spaces before each line.
  ///   - width: characters that a line has at most, if numbers leave it that.
  /// - Returns: the titles, then the rows.
  public func lines(style: TextStyle = TextStyle(), indent: Int = 0, width: Int = 80) -> [String] {
    let body = rows.map { row in zip(row, columns).map { Self.cut($0, to: $1.maximumWidth) } }
    let layout = TableLayout(columns, body, room: width - indent)
    let margin = String(repeating: " ", count: indent)
    var lines = body.flatMap { layout.lines($0) }.map { margin + $0 }
    if columns.contains(where: { !$0.title.isEmpty }) {
      let titles = layout.lines(columns.map(\.title), alignsBottom: true)
      lines.insert(contentsOf: titles.map { margin + style.aside($0) }, at: 0)
    }
    return lines
  }

  private static func cut(_ text: String, to width: Int?) -> String {
    guard let width, text.count > width else { return text }
    return text.prefix(max(width - 1, 0)) + "…"
  }
}
