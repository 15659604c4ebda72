extension Document {
  /// The same document with the value at a path replaced or added, as `--set path=value` does.
  ///
  /// `value` is YAML (`1024`, `8 TB/s`, `[1, 2]`, `{ tensor: 8 }`; empty text is null). Missing mappings on the way
  /// are made; lists are not extended. Throws a problem for a malformed path, an index out of range, a path through
  /// a scalar or a list without an index, and a value that is not YAML. The new values' place prints as
  /// `--set path=value`.
  public func setting(path: String, to value: String) throws(Problems) -> Document {
    let origin = "--set \(path)=\(value)"
    guard let parsed = DocumentPath(path) else {
      throw Problems(
        Problem(
          file: origin, message: "the path is malformed",
          hint: "for example 'deployments[0].parallel.tensor=8'"))
    }
    let node: Node
    if value.allSatisfy(\.isWhitespace) {
      node = Node(file: origin, value: .null)
    } else {
      do {
        node = try Document.parse(text: value, file: origin).root
      } catch {
        if ["~", "null", "Null", "NULL"].contains(value) {
          node = Node(file: origin, value: .null)
        } else {
          throw Problems(
            error.all.map { problem in
              Problem(
                file: origin, path: problem.path, message: "the value is \(problem.message)",
                hint: problem.hint)
            })
        }
      }
    }
    var changed = self
    changed.root = try root.replacing(parsed.steps[...], by: node, origin: origin)
    return changed
  }

  /// The same document with a node that stands elsewhere, in a sweep for example, at a path.
  ///
  /// As ``setting(path:to:)``, but the new values keep the places where they were written, so that problems and
  /// relative paths are theirs.
  public func setting(path: String, to node: Node) throws(Problems) -> Document {
    guard let parsed = DocumentPath(path) else {
      throw Problems(
        Problem(
          file: node.file, line: node.line, column: node.column, message: "the path is malformed",
          hint: "for example 'deployments[0].parallel.tensor'"))
    }
    var changed = self
    changed.root = try root.replacing(parsed.steps[...], by: node, origin: nil)
    return changed
  }

  /// The node at a path; nil where there is none.
  ///
  /// Throws a problem for a malformed path.
  public func node(at path: String) throws(Problems) -> Node? {
    guard let parsed = DocumentPath(path) else {
      throw Problems(
        Problem(
          file: file, message: "the path '\(path)' is malformed",
          hint: "for example 'deployments[0].parallel.tensor'"))
    }
    return parsed.steps.reduce(Optional(root)) { node, step in
      switch step {
      case .key(let key): return node?[key]
      case .index(let index):
        guard let elements = node?.elements, elements.indices.contains(index) else { return nil }
        return elements[index]
      }
    }
  }
}

extension Node {
  /// This tree with the node at the end of `steps` replaced; `origin` is the override that it comes from, nil where
  /// it keeps its place.
  fileprivate func replacing(_ steps: ArraySlice<DocumentPath.Step>, by node: Node, origin: String?)
    throws(Problems) -> Node
  {
    guard let step = steps.first else { return node.moved(to: path, origin: origin) }
    func stop(_ message: String, allowed: String? = nil) -> Problems {
      let isOverride = origin != nil
      return Problems(
        Problem(
          file: origin ?? node.file, line: isOverride ? nil : node.line,
          column: isOverride ? nil : node.column,
          path: path, found: found, message: message, allowed: allowed))
    }
    var copy = self
    switch (step, value) {
    case (.key(let key), .mapping(var entries)):
      if let index = entries.firstIndex(where: { $0.key == key }) {
        let value = try entries[index].value.replacing(steps.dropFirst(), by: node, origin: origin)
        entries[index].value = value
      } else {
        entries.append(try newEntry(key, steps.dropFirst(), by: node, origin: origin))
      }
      copy.value = .mapping(entries)
    case (.key(let key), .null):
      copy.value = .mapping([try newEntry(key, steps.dropFirst(), by: node, origin: origin)])
    case (.index(let index), .sequence(var elements)):
      guard elements.indices.contains(index) else {
        let allowed = elements.isEmpty ? nil : elements.count == 1 ? "0" : "0 to \(elements.count - 1)"
        throw stop("index \(index) is out of range", allowed: allowed)
      }
      elements[index] = try elements[index].replacing(steps.dropFirst(), by: node, origin: origin)
      copy.value = .sequence(elements)
    case (.key(let key), .sequence): throw stop("a list is entered by an index, not by the key '\(key)'")
    case (.index(let index), .mapping):
      throw stop("a mapping is entered by a key, not by the index [\(index)]")
    case (.index(let index), .null): throw stop("there is no list to enter by the index [\(index)]")
    case (.key(let key), .scalar): throw stop("a single value has nothing inside it to set ('\(key)')")
    case (.index(let index), .scalar): throw stop("a single value has nothing inside it to set ([\(index)])")
    }
    return copy
  }

  private func newEntry(
    _ key: String, _ steps: ArraySlice<DocumentPath.Step>, by node: Node, origin: String?
  ) throws(Problems) -> Entry {
    let (line, column) = origin == nil ? (node.line, node.column) : (nil, nil)
    let empty = Node(
      file: origin ?? node.file, line: line, column: column, path: DocumentPath.join(path, .key(key)),
      value: .null)
    let value = try empty.replacing(steps, by: node, origin: origin)
    return Entry(key: key, line: line, column: column, value: value)
  }

  /// The same values at another path, with an override as their place, or the one that they have.
  private func moved(to path: String, origin: String?) -> Node {
    let moved: Value
    switch value {
    case .null, .scalar: moved = value
    case .sequence(let elements):
      moved = .sequence(
        elements.enumerated().map { index, element in
          element.moved(to: DocumentPath.join(path, .index(index)), origin: origin)
        })
    case .mapping(let entries):
      moved = .mapping(
        entries.map { entry in
          Entry(
            key: entry.key, line: origin == nil ? entry.line : nil,
            column: origin == nil ? entry.column : nil,
            value: entry.value.moved(to: DocumentPath.join(path, .key(entry.key)), origin: origin))
        })
    }
    guard let origin else { return Node(file: file, line: line, column: column, path: path, value: moved) }
    return Node(file: origin, path: path, value: moved)
  }
}
