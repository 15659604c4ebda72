/// How long files and functions are.
enum Sizes {
  static let longestFile = 600
  static let longestFunction = 70

  /// Files that are longer, and how long they may be at most: this list only gets shorter.
  static let longerFiles: [String: Int] = [:]
  /// Functions that are longer, as `path: name`, likewise.
  static let longerFunctions: [String: Int] = [:]

  static func fileFindings(in file: ProjectFile) -> [Finding] {
    let limit = longerFiles[file.path] ?? longestFile
    let count = file.lines.count
    guard count > limit else { return [] }
    return [
      Finding(path: file.path, line: limit, message: "\(count) lines: split it; a file has \(limit) at most")
    ]
  }

  static func functionFindings(in file: ProjectFile) -> [Finding] {
    functions(in: file.swift).compactMap { function in
      let limit = longerFunctions["\(file.path): \(function.name)"] ?? longestFunction
      guard function.lines > limit else { return nil }
      return Finding(
        path: file.path, line: function.line,
        message: "\(function.name) has \(function.lines) lines: split it; a function has \(limit) at most")
    }
  }

  struct Function: Equatable {
    var name: String
    /// Where its declaration begins, from 1.
    var line: Int
    /// Lines from its declaration to its last brace.
    var lines: Int
  }

  /// Functions, initialisers, subscripts and computed properties with a body, nested ones too.
  static func functions(in text: SwiftText) -> [Function] {
    let code = text.code.map { Array($0) }
    let declaration =
      #/^\s*(?:@\w+(?:\([^)]*\))?\s+|(?:[a-z]+(?:\(\w+\))?)\s+)*?(?:func\s+([^\s(<]+)|(init|subscript|deinit)\b|var\s+(\w+)[^={]*\{)/#
    var functions: [Function] = []
    for start in code.indices {
      guard let match = String(code[start]).firstMatch(of: declaration) else { continue }
      let name = match.1 ?? match.2 ?? match.3 ?? ""
      if let end = endOfBody(code, from: start) {
        functions.append(Function(name: String(name), line: start + 1, lines: end - start + 1))
      }
    }
    return functions
  }

  /// The line on which the body that the declaration at `start` opens is closed; nil when it has none.
  private static func endOfBody(_ code: [[Character]], from start: Int) -> Int? {
    var parentheses = 0
    var braces = 0
    for line in start..<code.count {
      let text = code[line].filter { $0 != " " }
      // A declaration goes on behind parentheses that are open, an operator or an arrow; else it had no body.
      if braces == 0 && line > start && parentheses == 0 && !continues(text, after: code[line - 1]) {
        return nil
      }
      for character in code[line] {
        switch character {
        case "(", "[": parentheses += 1
        case ")", "]": parentheses -= 1
        case "{" where parentheses == 0 || braces > 0: braces += 1
        case "}" where braces > 0:
          braces -= 1
          if braces == 0 { return line }
        default: break
        }
      }
    }
    return nil
  }

  private static func continues(_ text: [Character], after previous: [Character]) -> Bool {
    let beginnings = ["{", "->", "where", "throws", "rethrows", "async", ")", "&&", "||", "=="]
    if beginnings.contains(where: { String(text).hasPrefix($0) }) { return true }
    let last = String(previous.filter { $0 != " " })
    return last.hasSuffix("->") || last.hasSuffix(",") || last.hasSuffix(":") || last.hasSuffix("where")
      || last.isEmpty
  }
}
