import Documents
import Foundation

/// The systems that scenarios can name: those that come with tokenmill and those that a scenario defines.
public struct SystemCatalogue: Sendable {
  /// Every system, by id.
  public private(set) var systems: [SystemSpecification] = []
  /// The text behind each system, for definitions that build on it; in the order of `systems`.
  private var definitions: [String: Node] = [:]

  /// A catalogue without systems.
  public init() {}

  /// Reads the catalogue that comes with tokenmill; throws every problem of every file.
  public static func load() throws(Problems) -> SystemCatalogue {
    let folder = Bundle.module.resourceURL?.appendingPathComponent("Catalogue")
    guard let folder, let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
      throw Problems(Problem(file: "hardware catalogue", message: "missing from this installation"))
    }
    var documents: [Document] = []
    let problems = ProblemCollector()
    for name in names.sorted() where name.hasSuffix(".yaml") {
      do {
        documents.append(try Document.read(path: folder.appendingPathComponent(name).path))
      } catch {
        problems.record(error)
      }
    }
    try problems.throwIfAny()
    return try SystemCatalogue(documents: documents)
  }

  /// A catalogue of documents with one system each; throws every problem of every document.
  ///
  /// Each figure must name its source and confidence, and the id must be the file's name without extension.
  public init(documents: [Document]) throws(Problems) {
    let problems = ProblemCollector()
    for document in documents {
      let id = URL(fileURLWithPath: document.file).deletingPathExtension().lastPathComponent
      var reader = SystemReader(problems: problems, needsSources: true)
      if let system = reader.read(document.root, id: id) { insert(system, definition: document.root) }
    }
    try problems.throwIfAny()
  }

  /// The system of an id; nil where there is none.
  public func system(_ id: String) -> SystemSpecification? { systems.first { $0.id == id } }

  /// The system that a value of a document names; an unknown name is recorded with the nearest known one.
  public func system(_ field: Field) -> SystemSpecification? {
    field.choice(systems.map(\.id)).flatMap { system($0) }
  }

  private mutating func insert(_ system: SystemSpecification, definition: Node) {
    systems.removeAll { $0.id == system.id }
    systems.append(system)
    systems.sort { $0.id < $1.id }
    definitions[system.id] = definition
  }
}

extension SystemCatalogue {
  /// The catalogue with the systems of a scenario's `hardware:` mapping added.
  ///
  /// Each entry is `name: { based_on: gb300-nvl72, accelerator: { memory_bandwidth: 16 TB/s }, … }`. With `based_on`
  /// the entry's values replace those of the other system, which may be another entry; an entry whose name is in the
  /// catalogue changes that system; any other entry must state everything required. A figure is a plain value or
  /// `{ value, source, confidence, note }`. Throws every problem of every entry.
  public func adding(definitions node: Node) throws(Problems) -> SystemCatalogue {
    let problems = ProblemCollector()
    let section = MappingReader(node, problems: problems)
    var adder = DefinitionAdder(known: definitions, entries: section.node.entries ?? [], problems: problems)
    var catalogue = self
    for entry in section.node.entries ?? [] {
      guard let definition = adder.resolved(entry) else { continue }
      var reader = SystemReader(problems: problems, needsSources: false)
      if let system = reader.read(definition, id: entry.key) {
        catalogue.insert(system, definition: definition)
      }
    }
    try problems.throwIfAny()
    return catalogue
  }
}

/// Puts the entries of a `hardware:` mapping over the systems that they build on.
private struct DefinitionAdder {
  let known: [String: Node]
  let entries: [Node.Entry]
  let problems: ProblemCollector
  private var resolvedNodes: [String: Node] = [:]
  private var underWay: [String] = []

  init(known: [String: Node], entries: [Node.Entry], problems: ProblemCollector) {
    self.known = known
    self.entries = entries
    self.problems = problems
  }

  /// The whole definition of an entry; nil, with the reason recorded, where its base is wrong.
  mutating func resolved(_ entry: Node.Entry) -> Node? {
    if let done = resolvedNodes[entry.key] { return done }
    guard let own = entry.value.entries else {
      problems.record(
        entry.value.problem("a system is a mapping", hint: "for example { based_on: gb300-nvl72, … }"))
      return nil
    }
    var definition = entry.value
    definition.value = .mapping(own.filter { $0.key != "based_on" })
    let baseNode = entry.value["based_on"]
    guard let base = base(of: entry, named: baseNode) else {
      return baseNode == nil ? definition : nil
    }
    // The base names itself, not what builds on it.
    var inherited = base
    inherited.value = .mapping((base.entries ?? []).filter { !["id", "name", "status"].contains($0.key) })
    let result = inherited.overlaid(by: definition)
    resolvedNodes[entry.key] = result
    return result
  }

  private mutating func base(of entry: Node.Entry, named baseNode: Node?) -> Node? {
    guard let baseNode else { return known[entry.key] }
    let others = entries.filter { $0.key != entry.key }.map(\.key)
    let names = known.keys.sorted() + others.filter { known[$0] == nil }
    guard let name = Field(baseNode, problems: problems).choice(names) else { return nil }
    guard name != entry.key, let other = entries.first(where: { $0.key == name }) else { return known[name] }
    underWay.append(entry.key)
    defer { underWay.removeLast() }
    guard !underWay.contains(name) else {
      problems.record(
        baseNode.problem("the systems build on each other: \((underWay + [name]).joined(separator: " → "))"))
      return nil
    }
    return resolved(other)
  }
}

extension Node {
  /// This mapping with the values of another over it: sections merge, figures are replaced whole.
  fileprivate func overlaid(by other: Node) -> Node {
    guard let mine = entries, let theirs = other.entries, self["value"] == nil, other["value"] == nil else {
      return other
    }
    var merged = mine
    for entry in theirs {
      if let index = merged.firstIndex(where: { $0.key == entry.key }) {
        let value = merged[index].value.overlaid(by: entry.value)
        merged[index] = Entry(key: entry.key, line: entry.line, column: entry.column, value: value)
      } else {
        merged.append(entry)
      }
    }
    var result = other
    result.value = .mapping(merged)
    return result
  }
}
