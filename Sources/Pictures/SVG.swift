/// Text of an SVG element, built up piece by piece.
struct SVG {
  private(set) var text = ""

  /// Colours that people with any colour vision tell apart (Okabe and Ito, Color Universal Design).
  static let colours = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#8C564B", "#332288",
    "#B09C00",
  ]

  static func colour(_ index: Int) -> String { colours[index % colours.count] }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, of name: String) {
    text +=
      "<line class=\"\(name)\" x1=\"\(short(x1))\" y1=\"\(short(y1))\" x2=\"\(short(x2))\" y2=\"\(short(y2))\"/>\n"
  }

  mutating func label(
    _ content: String, at x: Double, _ y: Double, anchor: String = "middle", turned: Bool = false
  ) {
    let turn = turned ? " transform=\"rotate(-90 \(short(x)) \(short(y)))\"" : ""
    text +=
      "<text x=\"\(short(x))\" y=\"\(short(y))\" text-anchor=\"\(anchor)\"\(turn)>\(escaped(content))</text>\n"
  }

  mutating func path(_ points: [(x: Double, y: Double)], colour: String, isDashed: Bool = false) {
    guard let first = points.first else { return }
    var d = "M\(short(first.x)) \(short(first.y))"
    for point in points.dropFirst() { d += "L\(short(point.x)) \(short(point.y))" }
    let dash = isDashed ? " stroke-dasharray=\"4 3\"" : ""
    text += "<path d=\"\(d)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.8\"\(dash)/>\n"
  }

  mutating func dot(_ x: Double, _ y: Double, colour: String, title: String, isLarge: Bool = false) {
    text +=
      "<circle cx=\"\(short(x))\" cy=\"\(short(y))\" r=\"\(isLarge ? 4.5 : 3)\" fill=\"\(colour)\"><title>"
      + "\(escaped(title))</title></circle>\n"
  }

  mutating func bar(
    _ x: Double, _ y: Double, width: Double, height: Double, colour: String, title: String
  ) {
    text +=
      "<rect x=\"\(short(x))\" y=\"\(short(y))\" width=\"\(short(max(0, width)))\" height=\"\(short(height))\" "
      + "fill=\"\(colour)\"><title>\(escaped(title))</title></rect>\n"
  }

  /// The element; `title` says what it shows to those who can't see it.
  func element(width: Double, height: Double, title: String) -> String {
    "<svg viewBox=\"0 0 \(short(width)) \(short(height))\" role=\"img\" aria-label=\"\(escaped(title))\">\n"
      + text + "</svg>\n"
  }
}

/// A coordinate: a tenth of a pixel is enough, and makes files small.
private func short(_ value: Double) -> String {
  let tenths = (value * 10).rounded() / 10
  return tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
}

/// Text as it may stand in HTML and in attributes.
public func escaped(_ text: String) -> String {
  var out = ""
  for character in text {
    switch character {
    case "&": out += "&amp;"
    case "<": out += "&lt;"
    case ">": out += "&gt;"
    case "\"": out += "&quot;"
    default: out.append(character)
    }
  }
  return out
}
