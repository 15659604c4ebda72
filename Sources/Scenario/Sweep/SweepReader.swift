import Documents

/// Reads `sweep:`: axes over any path, and which of them move together.
struct SweepReader {
  let document: Document
  let problems: ProblemCollector

  /// The most points that a sweep may have.
  static let maximumPoints = 100_000

  /// The sweep; nil where the section is wrong or there is none.
  func sweep() -> Sweep? { axes().map { Sweep(axes: $0) } }

  /// The axes, checked, with the number of their points; nil where the section is wrong or there is none.
  func axes() -> [SweepAxis]? {
    guard let node = document.root["sweep"], !node.isNull else { return nil }
    let before = problems.problems.count
    var reader = MappingReader(node, problems: problems)
    var axes = reader.required("axes").list { axis($0) } ?? []
    checkPaths(axes)
    group(&axes, reader.optional("zip"))
    reader.finish()
    if node.entries != nil, axes.isEmpty, problems.problems.count == before {
      Field(node, problems: problems).refuse("a sweep needs at least one axis")
    }
    guard problems.problems.count == before, limited(axes, node) else { return nil }
    return axes
  }

  private static let forms = ["values", "range", "log_range", "variants"]

  private func axis(_ field: Field) -> SweepAxis? {
    guard var reader = field.elementMapping() else { return nil }
    let given = Self.forms.filter { reader.has($0) }
    let nameField = reader.optional("name")
    let name = nameField.string()
    let axis =
      given == ["variants"]
      ? variants(&reader, name) : valued(&reader, given, name, field)
    reader.finish()
    return axis
  }

  /// An axis over one path.
  private func valued(
    _ reader: inout MappingReader, _ given: [String], _ name: String?, _ field: Field
  ) -> SweepAxis? {
    let pathField = reader.required("path")
    let path = pathField.string()
    let values: [Node]?
    switch given {
    case ["values"]: values = self.values(reader.optional("values"))
    case ["range"]: values = SweepRange(field: reader.optional("range")).values()
    case ["log_range"]: values = SweepRange(field: reader.optional("log_range")).logarithmicValues()
    default:
      values = nil
      field.refuse(
        given.isEmpty
          ? "an axis needs values"
          : "an axis has one kind of values, not \(given.joined(separator: " and "))",
        allowed: "one of \(Self.forms.joined(separator: ", "))")
    }
    guard let path, let place = pathField.node, let values, let first = values.first,
      isSettable(path, to: first, pathField)
    else { return nil }
    return SweepAxis(
      name: name ?? path, path: path,
      values: values.map { node in
        let setting = SweepPoint.Setting(path: path, value: node.yaml, node: node)
        return SweepAxis.Value(label: node.yaml, json: node.json, settings: [setting])
      }, group: 0, place: place)
  }

  /// An axis of named variants, each with the paths that it sets.
  private func variants(_ reader: inout MappingReader, _ name: String?) -> SweepAxis? {
    let field = reader.optional("variants")
    _ = reader.required("name")
    guard let place = field.node, let entries = place.entries, !entries.isEmpty else {
      field.reject(
        "a mapping of names to what each variant sets is needed",
        hint: "for example 'variants: { tp8: { \"deployments[0].parallel.tensor\": 8 } }'")
      return nil
    }
    let values = entries.compactMap { entry -> SweepAxis.Value? in
      guard entry.value.isNull || entry.value.entries != nil else {
        Field(entry.value, problems: problems).reject(
          "a mapping of paths to values is needed", hint: "write {} for a variant that changes nothing")
        return nil
      }
      let settings = (entry.value.entries ?? []).compactMap { setting -> SweepPoint.Setting? in
        // The key is the path, so problems of the path stand where the key does.
        let key = Node(
          file: setting.value.file, line: setting.line, column: setting.column, path: entry.value.path,
          value: .scalar(Node.Scalar(text: setting.key)))
        guard isSettable(setting.key, to: setting.value, Field(key, problems: problems)) else { return nil }
        return SweepPoint.Setting(path: setting.key, value: setting.value.yaml, node: setting.value)
      }
      return SweepAxis.Value(label: entry.key, json: .string(entry.key), settings: settings)
    }
    guard let name else { return nil }
    return SweepAxis(name: name, path: nil, values: values, group: 0, place: place)
  }

  private func isSettable(_ path: String, to value: Node, _ field: Field) -> Bool {
    guard case .key("sweep")? = DocumentPath(path)?.steps.first else {
      do {
        _ = try document.setting(path: path, to: value)
        return true
      } catch {
        for problem in error.all {
          field.reject(
            "which can't be set: \(problem.message)", allowed: problem.allowed, hint: problem.hint)
        }
        return false
      }
    }
    field.reject("a sweep can't change itself")
    return false
  }

  private func values(_ field: Field) -> [Node]? {
    guard let elements = field.list() else { return nil }
    if elements.isEmpty { field.reject("at least one value is needed") }
    return elements.compactMap(\.node)
  }

  /// Two axes of one name can't be told apart, and of two that set one place the first would have no effect.
  private func checkPaths(_ axes: [SweepAxis]) {
    for (index, axis) in axes.enumerated() {
      let field = Field(axis.place, problems: problems)
      for earlier in axes[..<index] {
        if axis.path != nil, axis.path == earlier.path {
          field.reject("two axes have this path")
        } else if axis.name == earlier.name {
          field.refuse("two axes are called '\(axis.name)'", hint: "give each a name of its own")
        } else if let (path, lost) = Self.overwrites(axis, earlier) {
          field.refuse(
            "sets '\(path)' and with it '\(lost)', which the axis '\(earlier.name)' has set",
            hint: path == lost ? "one axis sets a path" : "put the axis of '\(lost)' last")
        }
      }
    }
  }

  /// A path of the later axis, and one of the earlier that lies at it or inside.
  private static func overwrites(_ later: SweepAxis, _ earlier: SweepAxis) -> (String, String)? {
    for path in later.paths {
      guard let steps = DocumentPath(path)?.steps else { continue }
      for other in earlier.paths where DocumentPath(other)?.steps.starts(with: steps) == true {
        return (path, other)
      }
    }
    return nil
  }

  /// Numbers the groups of axes that move together; an axis of its own is a group of one.
  private func group(_ axes: inout [SweepAxis], _ field: Field) {
    var leaders = Array(axes.indices)
    let names = axes.map(\.name)
    for group in field.list() ?? [] {
      let members = group.list { member -> Int? in
        // A named axis is known by its path, too.
        if let text = member.node?.scalar?.text, let index = axes.firstIndex(where: { $0.path == text }) {
          return index
        }
        return member.choice(names).flatMap { names.firstIndex(of: $0) }
      }
      guard let members, let first = members.first else { continue }
      guard members.allSatisfy({ axes[$0].values.count == axes[first].values.count }) else {
        let counts = members.map { "\(axes[$0].values.count)" }.joined(separator: ", ")
        group.refuse("axes that move together need equally many values, these have \(counts)")
        continue
      }
      let isFree = members.allSatisfy { member in
        leaders[member] == member && leaders.indices.allSatisfy { $0 == member || leaders[$0] != member }
      }
      guard isFree, Set(members).count == members.count
      else {
        group.refuse("an axis moves together with one group only")
        continue
      }
      for member in members { leaders[member] = first }
    }
    let order = leaders.indices.filter { leaders[$0] == $0 }
    for index in axes.indices { axes[index].group = order.firstIndex(of: leaders[index]) ?? 0 }
  }

  private func limited(_ axes: [SweepAxis], _ node: Node) -> Bool {
    var count = 1
    for group in 0...(axes.map(\.group).max() ?? 0) {
      let length = axes.first { $0.group == group }?.values.count ?? 1
      let (next, overflow) = count.multipliedReportingOverflow(by: length)
      count = overflow ? .max : next
    }
    guard count > Self.maximumPoints else { return true }
    Field(node, problems: problems)
      .refuse("the axes make \(count) points", allowed: "at most \(Self.maximumPoints) points")
    return false
  }
}

extension Node {
  /// The value as one line of YAML; plain scalars as they were written.
  fileprivate var yaml: String {
    if isNull { return "null" }
    if let scalar, !scalar.isQuoted { return scalar.text }
    return json.text(indent: 0)
  }
}
