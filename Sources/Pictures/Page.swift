/// A page of HTML that holds all it needs: text, tables and pictures, no script and nothing from a network.
public struct Page: Sendable {
  /// What the page is called.
  public var title: String
  private var body = ""

  /// What stands on it, without the page around it.
  public var content: String { body }

  /// An empty page.
  public init(_ title: String) { self.title = title }

  /// A heading; 1 for the page's own, 2 and 3 below it.
  public mutating func heading(_ text: String, level: Int = 2) {
    body += "<h\(level)>\(escaped(text))</h\(level)>\n"
  }

  /// A paragraph.
  public mutating func paragraph(_ text: String) { body += "<p>\(escaped(text))</p>\n" }

  /// Text as a terminal would show it.
  public mutating func listing(_ text: String) { body += "<pre>\(escaped(text))</pre>\n" }

  /// Pictures side by side where there is room.
  public mutating func pictures(_ elements: [String]) {
    guard !elements.isEmpty else { return }
    body += "<div class=\"pictures\">\n" + elements.map { "<figure>\n\($0)</figure>\n" }.joined() + "</div>\n"
  }

  /// A table; columns after the first are numbers.
  public mutating func table(_ titles: [String], _ rows: [[String]]) {
    body += "<div class=\"wide\"><table>\n<thead><tr>"
    body += titles.map { "<th>\(escaped($0))</th>" }.joined() + "</tr></thead>\n<tbody>\n"
    for row in rows { body += "<tr>" + row.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>\n" }
    body += "</tbody></table></div>\n"
  }

  /// Something to open.
  public mutating func details(_ summary: String, _ text: String) {
    body += "<details><summary>\(escaped(summary))</summary><pre>\(escaped(text))</pre></details>\n"
  }

  /// HTML as it stands.
  public mutating func add(_ html: String) { body += html }

  /// The page.
  public var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escaped(title))</title>
    <style>
    \(Self.style)</style>
    </head>
    <body>
    \(body)</body>
    </html>

    """
  }

  /// How pages look, in the light and in the dark.
  public static let style = """
    :root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --faint: #dcdcdc; --soft: #f4f4f4; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #161616; --faint: #3a3a3a; --soft: #222; } }
    body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1320px; margin: 0 auto; padding: 1rem 1.5rem 4rem; }
    h1 { font-size: 1.5rem; margin: .5rem 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--faint); } h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
    .pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 1rem; }
    figure { margin: 0; padding: .6rem; background: var(--soft); border-radius: 6px; }
    svg { width: 100%; height: auto; font: 11px system-ui, sans-serif; } svg text { fill: var(--ink); }
    svg .grid { stroke: var(--faint); stroke-width: 1; } svg .axis { stroke: var(--ink); stroke-width: 1; }
    .wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: .5rem 0; }
    th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid var(--faint); white-space: nowrap; } th:first-child, td:first-child { text-align: left; }
    pre { font: 12px/1.4 ui-monospace, monospace; background: var(--soft); padding: .8rem; border-radius: 6px; overflow-x: auto; } summary { cursor: pointer; }

    """
}
