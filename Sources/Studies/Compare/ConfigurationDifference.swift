import Documents

/// Finds what differs between resolved configurations.
enum ConfigurationDifference {
  /// What says nothing about how a run behaves: texts, and figures that it is compared with.
  private static let passedOver = [
    "tokenmill", "name", "description", "sweep_point", "references", "hardware",
  ]

  /// The paths whose values are not the same in all documents, in the order in which they first occur.
  ///
  /// - Parameters:
  ///   - documents: one a run; nil, for a run that has none, takes no part.
  ///   - isFlat: whether keys are paths themselves and all of them count.
  /// - Returns: each path with one value a document, nil where a document has none.
  static func between(_ documents: [JSONValue?], isFlat: Bool = false) -> [CompareReport.Difference] {
    let leaves = documents.map { document -> [(path: String, value: JSONValue)] in
      var found: [(path: String, value: JSONValue)] = []
      if let document { collect(document, at: "", isFlat: isFlat, into: &found) }
      return found
    }
    var order: [String] = []
    var known: Set<String> = []
    for leaf in leaves.joined() where known.insert(leaf.path).inserted { order.append(leaf.path) }
    let lookups = leaves.map { found in
      Dictionary(found.map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
    let standing = documents.indices.filter { documents[$0] != nil }
    return order.compactMap { path in
      let values = lookups.map { $0[path] }
      let texts = standing.map { values[$0]?.text(indent: 0) }
      guard texts.contains(where: { $0 != texts[0] }) else { return nil }
      return CompareReport.Difference(path: path, values: values)
    }
  }

  private static func collect(
    _ value: JSONValue, at path: String, isFlat: Bool, into found: inout [(path: String, value: JSONValue)]
  ) {
    switch value {
    case .object(let members) where !members.isEmpty:
      for (key, member) in members {
        if path.isEmpty, !isFlat, passedOver.contains(key) { continue }
        let below = isFlat ? key : path.isEmpty ? key : path + "." + key
        collect(member, at: below, isFlat: isFlat, into: &found)
      }
    case .array(let elements) where elements.contains(where: isNested):
      for (index, element) in elements.enumerated() {
        collect(element, at: "\(path)[\(index)]", isFlat: isFlat, into: &found)
      }
    default: found.append((path, value))
    }
  }

  private static func isNested(_ value: JSONValue) -> Bool {
    switch value {
    case .object, .array: true
    default: false
    }
  }

  /// Whether a path holds an explanation, which follows from values beside it.
  static func isExplanation(_ path: String) -> Bool {
    ["_source", "arithmetic", "notes", "note"].contains { path.hasSuffix($0) }
  }
}
