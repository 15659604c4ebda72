/// Points and lines over two axes, as a picture that needs nothing but a browser.
public struct Chart: Sendable {
  /// An axis.
  public struct Axis: Sendable {
    /// What it shows, with its unit: `output tokens/s/GPU`.
    public var title: String
    /// Whether equal ratios are equal lengths.
    public var isLogarithmic: Bool
    /// Whether a linear axis begins at 0.
    public var includesZero: Bool

    /// An axis; see the properties.
    public init(_ title: String, isLogarithmic: Bool = false, includesZero: Bool = true) {
      self.title = title
      self.isLogarithmic = isLogarithmic
      self.includesZero = includesZero
    }
  }

  /// How a series is drawn.
  public enum Style: Sendable {
    /// Points alone.
    case points
    /// Points alone that stand out.
    case largePoints
    /// A line through its points, which are marked.
    case markedLine
    /// A line alone.
    case line
    /// A line of dashes.
    case dashes
    /// Each value holds until the next one.
    case steps
  }

  /// A point.
  public struct Point: Sendable {
    /// Along the horizontal axis.
    public var x: Double
    /// Along the vertical axis.
    public var y: Double
    /// What is said of it when a pointer rests there; empty: its values.
    public var note: String

    /// A point; see the properties.
    public init(_ x: Double, _ y: Double, note: String = "") {
      self.x = x
      self.y = y
      self.note = note
    }
  }

  /// Points that belong together.
  public struct Series: Sendable {
    /// Its name in the legend; empty: it has none.
    public var name: String
    /// Its points, in the order of the line.
    public var points: [Point]
    /// How they are drawn.
    public var style: Style
    /// Which of the colours they have, from 0; nil: that of their place among the series.
    public var colour: Int?

    /// A series; see the properties.
    public init(_ name: String, _ points: [Point], style: Style = .line, colour: Int? = nil) {
      self.name = name
      self.points = points
      self.style = style
      self.colour = colour
    }
  }

  /// What it shows.
  public var title: String
  /// The horizontal axis.
  public var x: Axis
  /// The vertical axis.
  public var y: Axis
  /// What is drawn, first series first.
  public var series: [Series]

  /// A chart; see the properties.
  public init(_ title: String, x: Axis, y: Axis, series: [Series]) {
    self.title = title
    self.x = x
    self.y = y
    self.series = series
  }

  private static let width = 640.0
  private static let height = 360.0
  private static let left = 64.0
  private static let right = 16.0
  private static let bottom = 46.0
  private static let rowHeight = 16.0

  /// Names of the legend in rows that fit.
  private var legend: [[(index: Int, name: String)]] {
    var rows: [[(index: Int, name: String)]] = []
    var used = Self.width
    for (index, series) in series.enumerated() where !series.name.isEmpty {
      let wide = 26 + 6.4 * Double(series.name.count)
      if used + wide > Self.width - Self.left - Self.right {
        rows.append([])
        used = 0
      }
      rows[rows.count - 1].append((series.colour ?? index, series.name))
      used += wide
    }
    return rows
  }

  /// The picture as an SVG element.
  public var svg: String {
    let drawn = series.map { series in
      series.points.filter {
        $0.x.isFinite && $0.y.isFinite && (!x.isLogarithmic || $0.x > 0) && (!y.isLogarithmic || $0.y > 0)
      }
    }
    let all = drawn.flatMap { $0 }
    let across = Scale(
      holding: all.map(\.x), isLogarithmic: x.isLogarithmic, includesZero: x.includesZero)
    let up = Scale(holding: all.map(\.y), isLogarithmic: y.isLogarithmic, includesZero: y.includesZero)
    let legend = legend
    let top = 30 + Self.rowHeight * Double(legend.count)
    var svg = SVG()
    svg.label(title, at: Self.left, 16, anchor: "start")
    frame(&svg, across, up, top: top)
    for (row, names) in legend.enumerated() { self.row(names, of: row, &svg) }
    func place(_ point: Point) -> (x: Double, y: Double) {
      (
        Self.left + across.position(point.x) * (Self.width - Self.left - Self.right),
        Self.height - Self.bottom - up.position(point.y) * (Self.height - Self.bottom - top)
      )
    }
    for (index, series) in series.enumerated() {
      draw(series.style, drawn[index], SVG.colour(series.colour ?? index), place, &svg)
    }
    if all.isEmpty { svg.label("nothing to show", at: Self.width / 2, (Self.height + top) / 2) }
    return svg.element(width: Self.width, height: Self.height, title: title)
  }

  private func frame(_ svg: inout SVG, _ across: Scale, _ up: Scale, top: Double) {
    let base = Self.height - Self.bottom
    for tick in across.ticks() {
      let position = Self.left + across.position(tick) * (Self.width - Self.left - Self.right)
      svg.line(position, top, position, base, of: "grid")
      svg.label(markText(tick), at: position, base + 15)
    }
    for tick in up.ticks(5) {
      let position = base - up.position(tick) * (base - top)
      svg.line(Self.left, position, Self.width - Self.right, position, of: "grid")
      svg.label(markText(tick), at: Self.left - 6, position + 4, anchor: "end")
    }
    svg.line(Self.left, base, Self.width - Self.right, base, of: "axis")
    svg.line(Self.left, top, Self.left, base, of: "axis")
    svg.label(x.title, at: (Self.left + Self.width - Self.right) / 2, Self.height - 8)
    svg.label(y.title, at: 14, (top + base) / 2, turned: true)
  }

  private func row(_ names: [(index: Int, name: String)], of number: Int, _ svg: inout SVG) {
    var position = Self.left
    let base = 32 + Self.rowHeight * Double(number)
    for (index, name) in names {
      svg.bar(position, base - 8, width: 10, height: 10, colour: SVG.colour(index), title: name)
      svg.label(name, at: position + 14, base + 1, anchor: "start")
      position += 26 + 6.4 * Double(name.count)
    }
  }

  private func draw(
    _ style: Style, _ points: [Point], _ colour: String, _ place: (Point) -> (x: Double, y: Double),
    _ svg: inout SVG
  ) {
    var line = points.map(place)
    if style == .steps {
      line = zip(line, line.dropFirst()).flatMap { [$0, ($1.x, $0.y)] } + line.suffix(1)
    }
    let isLine = style != .points && style != .largePoints
    if isLine { svg.path(line, colour: colour, isDashed: style == .dashes) }
    guard !isLine || style == .markedLine else { return }
    for point in points {
      let spot = place(point)
      let note = point.note.isEmpty ? "\(markText(point.x)), \(markText(point.y))" : point.note
      svg.dot(spot.x, spot.y, colour: colour, title: note, isLarge: style == .largePoints)
    }
  }
}
