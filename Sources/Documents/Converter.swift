import Yams

/// Turns what Yams parsed into nodes with places and paths, and records what this format does not take.
struct Converter {
  let file: String
  let problems: ProblemCollector
  /// How many more nodes may be made.
  ///
  /// A text of n bytes has at most n nodes; more come only from aliases that
  /// refer to aliases, which would fill the memory.
  var nodesLeft: Int

  /// The node of a value; a mapping or list has the place of its key, where a reader looks for it.
  mutating func convert(_ node: Yams.Node, path: String, key: Mark? = nil) throws(Problems) -> Node {
    nodesLeft -= 1
    let isScalar = node.scalar != nil
    let mark = isScalar ? node.mark : key ?? node.mark
    let line = mark?.line
    let column = mark?.column
    guard nodesLeft >= 0 else {
      let message = "aliases expand to more values than the text has characters"
      throw Problems(Problem(file: file, line: line, column: column, path: path, message: message))
    }
    let value: Node.Value
    switch node {
    case .scalar(let scalar): value = convert(scalar)
    case .sequence(let sequence):
      var elements: [Node] = []
      for (index, element) in sequence.enumerated() {
        elements.append(try convert(element, path: DocumentPath.join(path, .index(index))))
      }
      value = .sequence(elements)
    case .mapping(let mapping): value = .mapping(try convert(mapping, path: path))
    case .alias: value = .null  // Yams composes what an alias refers to; this case never arrives here.
    }
    return Node(file: file, line: line, column: column, path: path, value: value)
  }

  private func convert(_ scalar: Yams.Node.Scalar) -> Node.Value {
    let isPlain = scalar.style == .plain || scalar.style == .any
    if isPlain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return .null }
    return .scalar(Node.Scalar(text: scalar.string, isQuoted: !isPlain))
  }

  private mutating func convert(_ mapping: Yams.Node.Mapping, path: String) throws(Problems) -> [Node.Entry] {
    var entries: [Node.Entry] = []
    var lines: [String: Int] = [:]
    for (keyNode, valueNode) in mapping {
      let mark = keyNode.mark
      guard case .scalar(let scalar) = keyNode, !scalar.string.isEmpty else {
        problems.record(
          Problem(
            file: file, line: mark?.line, column: mark?.column, path: path,
            message: "a key must be a plain text"))
        continue
      }
      let key = scalar.string
      let keyPath = DocumentPath.join(path, .key(key))
      if let first = lines[key] {
        problems.record(
          Problem(
            file: file, line: mark?.line, column: mark?.column, path: keyPath,
            message: "duplicate key, first on line \(first)"))
        continue
      }
      if key == "<<" {
        problems.record(
          Problem(
            file: file, line: mark?.line, column: mark?.column, path: path,
            message: "merge keys (<<) are not supported; write the values out"))
        continue
      }
      lines[key] = mark?.line ?? 0
      let value = try convert(valueNode, path: keyPath, key: mark)
      entries.append(Node.Entry(key: key, line: mark?.line, column: mark?.column, value: value))
    }
    return entries
  }
}

/// The problem that stopped the parser, in one line.
func syntaxProblem(_ error: any Error, text: String, file: String) -> Problem {
  func at(_ mark: Mark, _ message: String, context: YamlError.Context? = nil) -> Problem {
    let where_ = context.map { " \($0.text) (from line \($0.mark.line))" } ?? ""
    let tab = message.contains("cannot start any token") ? tabHint(text, line: mark.line) : nil
    return Problem(
      file: file, line: mark.line, column: mark.column, message: "not YAML:\(where_) \(message)", hint: tab)
  }
  guard let error = error as? YamlError else { return Problem(file: file, message: "not YAML: \(error)") }
  switch error {
  case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
    return at(mark, problem, context: context)
  case .composer(_, let problem, let mark, _):
    return at(mark, problem)
  case .reader(let problem, let offset, _, _):
    let prefix = text.prefix(offset ?? 0)
    let line = offset == nil ? nil : prefix.count { $0.isNewline } + 1
    return Problem(file: file, line: line, message: "not YAML: \(problem)")
  case .duplicatedKeysInMapping(let duplicates, let context):
    let keys = duplicates.map { "'\($0)'" }.joined(separator: ", ")
    return Problem(
      file: file, line: context.mark.line, column: context.mark.column, message: "duplicate key \(keys)")
  default:
    return Problem(file: file, message: "not YAML: \(error.description)")
  }
}

private func tabHint(_ text: String, line: Int) -> String? {
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  guard lines.indices.contains(line - 1), lines[line - 1].contains("\t") else { return nil }
  return "indent with spaces, not tabs"
}
