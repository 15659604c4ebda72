/// Reads the keys of one mapping and records what is missing, wrong or unknown.
///
/// Ask for every key with `required` or `optional`, read the fields, then call `finish()`, which reports the keys that
/// nobody asked for:
///
///     let problems = ProblemCollector()
///     var reader = MappingReader(document.root, problems: problems)
///     let power = reader.required("power").quantity(Watts.self)
///     let racks = reader.optional("racks").int(in: 1...10_000) ?? 1
///     reader.finish()
///     try problems.throwIfAny()
public struct MappingReader {
  /// What is said of a key that nobody asked for.
  public static let unknownKey = "unknown key"

  /// The mapping, or the node that should have been one.
  public let node: Node
  /// Where problems go.
  public let problems: ProblemCollector
  private let entries: [Node.Entry]
  private let isMapping: Bool
  private var asked: [String] = []

  /// Starts to read a mapping; a null is an empty mapping, anything else is recorded as a problem.
  public init(_ node: Node, problems: ProblemCollector) {
    self.node = node
    self.problems = problems
    entries = node.entries ?? []
    isMapping = node.entries != nil || node.isNull
    if !isMapping { problems.record(node.problem("a mapping (key: value) is needed")) }
  }

  /// The field under a key that must be there; a missing or null one is recorded as a problem.
  public mutating func required(_ key: String) -> Field {
    let field = self.field(key)
    if isMapping, !field.isPresent {
      let entry = entries.first { $0.key == key }
      let message = entry == nil ? "required, but missing" : "required, but empty"
      problems.record(
        Problem(
          file: entry?.value.file ?? node.file, line: entry?.value.line ?? node.line,
          column: entry?.value.column ?? node.column, path: field.path, message: message))
    }
    return field
  }

  /// The field under a key that may be missing or null; then every accessor of the field returns nil.
  public mutating func optional(_ key: String) -> Field { field(key) }

  /// Whether the mapping has the key with a value; the key counts as known from here on.
  public mutating func has(_ key: String) -> Bool { field(key).isPresent }

  /// The keys of the mapping that nobody asked for, in the order of the text; for mappings with free names.
  public func remainingKeys() -> [String] { entries.map(\.key).filter { !asked.contains($0) } }

  /// Records every key that nobody asked for, with the nearest key that was.
  public func finish() {
    for entry in entries where !asked.contains(entry.key) {
      let unused = asked.filter { key in !entries.contains { $0.key == key } }
      let nearest = nearestName(to: entry.key, among: unused) ?? nearestName(to: entry.key, among: asked)
      problems.record(
        Problem(
          file: entry.value.file, line: entry.line, column: entry.column,
          path: DocumentPath.join(node.path, .key(entry.key)), message: Self.unknownKey,
          allowed: asked.isEmpty ? "no keys" : asked.joined(separator: ", "),
          hint: nearest.map { "did you mean '\($0)'?" }))
    }
  }

  private mutating func field(_ key: String) -> Field {
    if !asked.contains(key) { asked.append(key) }
    let value = entries.first { $0.key == key }?.value
    return Field(
      node: value?.isNull == true ? nil : value, path: DocumentPath.join(node.path, .key(key)),
      problems: problems)
  }
}
