import Documents

/// In which parts two sweeps differ, for a reader.
public enum SweepDifference {
  /// The differences in words: "the seed is 2, not 1".
  ///
  /// - Parameters:
  ///   - identity: what decides the results of the one, as a store has it.
  ///   - wanted: the same of the other.
  /// - Returns: what the one has otherwise than the other.
  public static func text(_ identity: String, _ wanted: String) -> String {
    guard case .object(let members)? = try? JSONValue(parsing: wanted),
      let stored = try? JSONValue(parsing: identity)
    else { return "it can't be read" }
    let differences = members.compactMap { key, value -> String? in
      let other = stored[key] ?? .null
      guard other != value else { return nil }
      let name = key.replacing("_", with: " ")
      // Fingerprints tell a reader nothing.
      if case .object(let parts) = value {
        let changed = parts.filter { other[$0.0] != $0.1 }.map(\.0)
        return changed.isEmpty ? "other \(name)" : "other \(name) (\(changed.joined(separator: ", ")))"
      }
      if case .string(let text) = value, text.count == 32 { return "another \(name)" }
      return "\(name) \(other.text(indent: 0)), not \(value.text(indent: 0))"
    }
    return differences.isEmpty ? "it can't be read" : differences.joined(separator: "; ")
  }
}
