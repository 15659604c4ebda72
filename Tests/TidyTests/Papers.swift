import Foundation

/// Rules about what is not Swift: documents, scenarios, catalogues, and what any file may talk about.
enum Papers {
  /// A scenario begins with a comment that says what it shows.
  static func scenarioFindings(in file: ProjectFile) -> [Finding] {
    guard file.path.hasPrefix("scenarios/"), file.path.hasSuffix(".yaml") else { return [] }
    let first = file.lines.first ?? ""
    if first.hasPrefix("# "), first.count > 20 { return [] }
    return [
      Finding(path: file.path, line: 1, message: "begin with a comment that says what the scenario shows")
    ]
  }

  /// A figure of the catalogue or of the priors has a source: whatever holds a `value` holds a `source`, and nothing
  /// with a unit stands outside a `value`.
  static func sourceFindings(in file: ProjectFile) -> [Finding] {
    guard file.path.hasPrefix("Sources/Hardware/Catalogue/"), file.path.hasSuffix(".yaml") else { return [] }
    let lines = file.lines
    return lines.enumerated().compactMap { index, line in
      func finding(_ message: String) -> Finding {
        Finding(path: file.path, line: index + 1, message: message)
      }
      if line.firstMatch(of: #/[{,]\s*value:/#) != nil {
        return line.firstMatch(of: #/[{,]\s*source: \S/#) == nil ? finding("a figure without a source") : nil
      }
      if line.firstMatch(of: #/^\s*value:/#) != nil {
        return hasSource(lines, beside: index) ? nil : finding("a figure without a source")
      }
      let bare = #/^\s*\w+: [0-9][0-9.,e+-]* ?(%|[a-zA-Zµ$]+(\/\w+)?)\s*(#.*)?$/#
      return line.firstMatch(of: bare) == nil
        ? nil : finding("a figure without a source: write value and source")
    }
  }

  /// Whether the mapping around the key on a line has a key `source` with something in it.
  private static func hasSource(_ lines: [Substring], beside index: Int) -> Bool {
    let indent = lines[index].prefix { $0 == " " }.count
    func isOutside(_ line: Substring) -> Bool {
      !line.allSatisfy { $0 == " " } && line.prefix { $0 == " " }.count < indent
    }
    let before = lines[..<index].reversed().prefix { !isOutside($0) }
    let after = lines[(index + 1)...].prefix { !isOutside($0) }
    return (Array(before) + Array(after)).contains {
      $0.prefix { $0 == " " }.count == indent && $0.firstMatch(of: #/^\s*source: *\S/#) != nil
    }
  }

  /// Paths of one machine, and words about how the project is made rather than what it is.
  static func strayWords(in file: ProjectFile) -> [Finding] {
    // Put together here, so that this file does not hold them.
    let paths = ["work", "tmp", "root", "opt", "home", "Users"].joined(separator: "|")
    let words = [
      "work" + "tree", "sub" + "agent", "coding " + "agent", "AI " + "agent", "this " + "session",
      "chat" + "bot",
      "as an " + "AI", "pull " + "request", "issue " + "tracker",
    ].joined(separator: "|")
    guard let path = try? Regex("(^|[^\\w.~/-])/(\(paths))/"),
      let word = try? Regex("\\b(\(words))\\b").ignoresCase()
    else {
      return []
    }
    return file.lines.enumerated().compactMap { index, line in
      if line.contains(path) {
        return Finding(path: file.path, line: index + 1, message: "a path that only one machine has")
      }
      if line.contains(word) {
        return Finding(path: file.path, line: index + 1, message: "the project speaks of itself alone")
      }
      return nil
    }
  }

  /// Links of a Markdown document to files or headings that do not exist.
  static func linkFindings(in file: ProjectFile, files: [ProjectFile], exists: (String) -> Bool) -> [Finding]
  {
    guard file.path.hasSuffix(".md") else { return [] }
    return links(in: file).compactMap { line, link in
      if link.contains(#/^[a-z]+:/#) { return nil }
      let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let target = parts[0].isEmpty ? file.path : resolve(parts[0], from: file.path)
      guard exists(target) else {
        return Finding(path: file.path, line: line, message: "no file '\(target)'")
      }
      guard parts.count == 2, let document = files.first(where: { $0.path == target }) else { return nil }
      if anchors(in: document).contains(parts[1]) { return nil }
      return Finding(path: file.path, line: line, message: "no heading '#\(parts[1])' in \(target)")
    }
  }

  private static func links(in file: ProjectFile) -> [(line: Int, link: String)] {
    prose(of: file).flatMap { index, line in
      line.matches(of: #/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/#).map { (index, String($0.1)) }
    }
  }

  /// Lines outside code blocks, without code spans, numbered from 1.
  private static func prose(of file: ProjectFile) -> [(Int, String)] {
    var isCode = false
    var prose: [(Int, String)] = []
    for (index, line) in file.lines.enumerated() {
      if line.drop(while: { $0 == " " }).hasPrefix("```") {
        isCode.toggle()
      } else if !isCode {
        prose.append((index + 1, String(line.replacing(#/`[^`]*`/#, with: "``"))))
      }
    }
    return prose
  }

  /// The anchors of a document's headings, as GitHub makes them.
  private static func anchors(in file: ProjectFile) -> Set<String> {
    var anchors: Set<String> = []
    for line in file.lines where line.contains(#/^#{1,6} /#) {
      let heading = line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
      let kept = heading.filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
      anchors.insert(kept.replacing(" ", with: "-"))
    }
    return anchors
  }

  private static func resolve(_ link: String, from path: String) -> String {
    var parts = link.hasPrefix("/") ? [] : path.split(separator: "/").dropLast().map(String.init)
    for part in link.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(String(part)) }
    }
    return parts.joined(separator: "/")
  }
}
