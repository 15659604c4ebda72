import Documents

/// Reads `sweep:`: axes over any path, and which of them move together.
struct SweepReader {
  let document: Document
  let problems: ProblemCollector

  /// The most points that a sweep may have.
  static let maximumPoints = 100_000

  private struct Axis {
    let field: Field
    let path: String
    let values: [String]
  }

  /// The points in order; nil where the section is wrong or there is none.
  func points() -> [SweepPoint]? {
    guard let node = document.root["sweep"], !node.isNull else { return nil }
    let before = problems.problems.count
    var reader = MappingReader(node, problems: problems)
    let axes = reader.required("axes").list { axis($0) } ?? []
    let groups = zipped(axes, reader.optional("zip"))
    reader.finish()
    if node.entries != nil, axes.isEmpty, problems.problems.count == before {
      Field(node, problems: problems).refuse("a sweep needs at least one axis")
    }
    guard problems.problems.count == before else { return nil }
    return product(groups, node)
  }

  private func axis(_ field: Field) -> Axis? {
    guard var reader = field.elementMapping() else { return nil }
    let pathField = reader.required("path")
    let path = pathField.string()
    let forms = ["values", "range", "log_range"]
    let given = forms.filter { reader.has($0) }
    let values: [String]?
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
        allowed: "one of values, range, log_range")
    }
    reader.finish()
    guard let path, let values, let first = values.first else { return nil }
    guard !path.hasPrefix("sweep") else {
      pathField.reject("a sweep can't change itself")
      return nil
    }
    do {
      _ = try document.setting(path: path, to: first)
    } catch {
      for problem in error.all {
        pathField.reject(
          "which can't be set: \(problem.message)", allowed: problem.allowed, hint: problem.hint)
      }
      return nil
    }
    return Axis(field: pathField, path: path, values: values)
  }

  private func values(_ field: Field) -> [String]? {
    guard let elements = field.list() else { return nil }
    if elements.isEmpty { field.reject("at least one value is needed") }
    return elements.map { $0.node?.yaml ?? "null" }
  }

  /// Axes in groups that move together; an axis of its own is a group of one.
  private func zipped(_ axes: [Axis], _ field: Field) -> [[Axis]] {
    for (index, axis) in axes.enumerated() where axes[..<index].contains(where: { $0.path == axis.path }) {
      axis.field.reject("two axes have this path")
    }
    var groups = axes.map { [$0] }
    for group in field.list() ?? [] {
      let members = group.list { member -> Axis? in
        guard let path = member.choice(axes.map(\.path)) else { return nil }
        return axes.first { $0.path == path }
      }
      guard let members, let first = members.first else { continue }
      guard members.allSatisfy({ $0.values.count == first.values.count }) else {
        let counts = members.map { "\($0.values.count)" }.joined(separator: ", ")
        group.refuse("axes that move together need equally many values, these have \(counts)")
        continue
      }
      let paths = members.map(\.path)
      guard let position = groups.firstIndex(where: { $0.count == 1 && $0[0].path == first.path }),
        paths.allSatisfy({ path in groups.contains { $0.count == 1 && $0[0].path == path } })
      else {
        group.refuse("an axis moves together with one group only")
        continue
      }
      groups[position] = members
      groups.removeAll { $0.count == 1 && paths.contains($0[0].path) }
    }
    return groups
  }

  private func product(_ groups: [[Axis]], _ node: Node) -> [SweepPoint]? {
    var count = 1
    for group in groups {
      let (next, overflow) = count.multipliedReportingOverflow(by: group[0].values.count)
      count = overflow ? .max : next
    }
    guard count <= Self.maximumPoints else {
      Field(node, problems: problems)
        .refuse("the axes make \(count) points", allowed: "at most \(Self.maximumPoints) points")
      return nil
    }
    return (0..<count).map { index in
      var rest = index
      var settings: [[SweepPoint.Setting]] = []
      for group in groups.reversed() {
        let length = group[0].values.count
        let position = rest % length
        rest /= length
        settings.append(group.map { SweepPoint.Setting(path: $0.path, value: $0.values[position]) })
      }
      return SweepPoint(index: index, settings: settings.reversed().flatMap { $0 })
    }
  }
}

extension Node {
  /// The value as one line of YAML; plain scalars as they were written.
  fileprivate var yaml: String {
    if let scalar, !scalar.isQuoted { return scalar.text }
    return json.text(indent: 0)
  }
}
