import Documents

/// The manual page of a command line, in the language of man(7), from what its help says.
struct ManualPage {
  private let root: JSONValue
  private let version: String
  private let date: String

  /// A page of what ArgumentParser says of a command; nil where that is not JSON.
  init?(dump: String, version: String, date: String) {
    guard let value = try? JSONValue(parsing: dump), let root = value["command"] else { return nil }
    self.root = root
    self.version = version
    self.date = date
  }

  /// The page.
  var text: String {
    let name = Self.text(root["commandName"])
    let sections = Self.sections(of: Self.text(root["discussion"]))
    var lines = [
      ".TH \(name.uppercased()) 1 \"\(date)\" \"\(name) \(version)\" \"User Commands\"", ".SH NAME",
      "\(name) \\- " + Self.escaped(Self.text(root["abstract"])), ".SH SYNOPSIS",
      ".B \(name)", ".I command", ".RI [ options ]",
      ".SH DESCRIPTION",
    ]
    lines += sections.filter { $0.title == nil }.flatMap { Self.body($0.text) }
    lines += [".SH COMMANDS"] + commands(of: root, path: name)
    lines += [".SH OPTIONS", "Every command has these:"] + Self.list(of: root["arguments"])
    lines += Self.environment
    for (title, text) in sections {
      guard let title else { continue }
      lines += [".SH " + (title == "EXIT CODES" ? "EXIT STATUS" : title)] + Self.body(text)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static let environment = [
    ".SH ENVIRONMENT", ".TP", ".B NO_COLOR", "Where it is set to anything, text is not marked with colour.",
    ".TP", ".B TERM", "On a terminal that is \\(lqdumb\\(rq there is neither colour nor a line of progress.",
    ".TP", "\\fBLC_ALL\\fR, \\fBLC_CTYPE\\fR, \\fBLANG\\fR",
    "On a terminal whose locale says another encoding than UTF\\-8, text is ASCII. Files and pipes always get UTF\\-8.",
  ]

  /// The commands below one, those that only hold others left out.
  private func commands(of command: JSONValue, path: String) -> [String] {
    var lines: [String] = []
    for below in Self.elements(command["subcommands"]) where Self.isShown(below) {
      let name = Self.text(below["commandName"])
      guard name != "help" else { continue }
      let deeper = commands(of: below, path: path + " " + name)
      lines += deeper.isEmpty ? Self.section(of: below, path: path + " " + name) : deeper
    }
    return lines
  }

  private static func section(of command: JSONValue, path: String) -> [String] {
    var lines = [".SS " + escaped(path), escaped(text(command["abstract"]))]
    let arguments = elements(command["arguments"]).filter { isShown($0) }
    let positional = arguments.filter { text($0["kind"]) == "positional" }
    let usage =
      "\\fB\(escaped(path))\\fR [\\fIoptions\\fR] "
      + positional.map { argument in
        let value = "\\fI\(escaped(text(argument["valueName"])))\\fR"
        let repeated = argument["isRepeating"] == .bool(true) ? value + " ..." : value
        return argument["isOptional"] == .bool(true) ? "[\(repeated)]" : repeated
      }.joined(separator: " ")
    lines += [".PP", usage]
    let parts = sections(of: text(command["discussion"]))
    for (title, text) in parts where title == nil && !text.isEmpty { lines += [".PP"] + body(text) }
    lines += list(of: command["arguments"])
    for (title, text) in parts {
      if let title { lines += [".PP", title.prefix(1) + title.dropFirst().lowercased() + ":"] + body(text) }
    }
    return lines
  }

  /// Arguments and options with what they say; version and help stand with the root alone.
  private static func list(of arguments: JSONValue?) -> [String] {
    let isRoot = elements(arguments).count <= 2
    return elements(arguments).filter { isShown($0) }.flatMap { argument -> [String] in
      let names = elements(argument["names"]).map { name -> String in
        let dashes = text(name["kind"]) == "short" ? "-" : "--"
        return "\\fB" + escaped(dashes + text(name["name"])) + "\\fR"
      }
      let value = "\\fI" + escaped(text(argument["valueName"])) + "\\fR"
      if !isRoot, ["help", "version"].contains(text(argument["valueName"])) { return [] }
      let head: String
      switch text(argument["kind"]) {
      case "positional": head = value
      case "flag": head = names.joined(separator: ", ")
      default: head = names.joined(separator: ", ") + " " + value
      }
      var words = text(argument["abstract"])
      let values = elements(argument["allValues"]).map { text($0) }
      if !values.isEmpty { words += " Values: " + values.joined(separator: ", ") + "." }
      let standard = text(argument["defaultValue"])
      if !standard.isEmpty { words += " Default: \(standard)." }
      return [".TP", head, escaped(words)]
    }
  }

  /// A discussion in parts: what comes first has no title, others begin with a line in capitals and a colon.
  private static func sections(of discussion: String) -> [(title: String?, text: String)] {
    var parts: [(title: String?, text: String)] = [(nil, "")]
    for line in discussion.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasSuffix(":"), line.count > 1, line.dropLast().allSatisfy({ $0.isUppercase || $0 == " " }) {
        parts.append((String(line.dropLast()), ""))
      } else {
        parts[parts.count - 1].text += line + "\n"
      }
    }
    return parts
  }

  /// Paragraphs, and lines that are indented as they stand.
  private static func body(_ text: String) -> [String] {
    var lines: [String] = []
    var isExample = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let indented = line.hasPrefix("  ")
      if indented != isExample, indented || !line.isEmpty {
        lines.append(indented ? ".EX" : ".EE")
        isExample = indented
      }
      if !line.isEmpty {
        lines.append(escaped(String(line)))
      } else if !isExample, let last = lines.last, last != ".PP" {
        lines.append(".PP")
      }
    }
    if isExample { lines.append(".EE") }
    if lines.last == ".PP" { lines.removeLast() }
    return lines
  }

  private static func isShown(_ value: JSONValue) -> Bool { value["shouldDisplay"] != .bool(false) }

  private static func elements(_ value: JSONValue?) -> [JSONValue] {
    if case .array(let elements)? = value { elements } else { [] }
  }

  private static func text(_ value: JSONValue?) -> String {
    if case .string(let text)? = value { text } else { "" }
  }

  /// A text with nothing in it that roff would read as its own.
  private static func escaped(_ text: String) -> String {
    let marks: [Character: String] = [
      "…": "...", "\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti",
      "\"": "\\(dq",
    ]
    var out = text.hasPrefix(".") ? "\\&" : ""
    for character in text {
      if let mark = marks[character] {
        out += mark
      } else if character.isASCII {
        out.append(character)
      } else {
        for scalar in character.unicodeScalars {
          let hex = String(scalar.value, radix: 16, uppercase: true)
          out += "\\[u" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex + "]"
        }
      }
    }
    return out
  }
}
