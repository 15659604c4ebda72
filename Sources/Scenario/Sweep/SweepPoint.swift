import Documents

/// One point of a sweep: the values that its axes take there.
public struct SweepPoint: Sendable {
  /// A value at a path.
  public struct Setting: Sendable {
    /// The path that is set: `workload[0].arrivals.concurrency`.
    public let path: String
    /// The value as YAML text: `64`, `12 req/s`.
    public let value: String
    /// The value where it was written.
    let node: Node
  }

  /// Its number in the sweep, from 0.
  public let index: Int
  /// Which of its values each axis takes, from 0.
  public let positions: [Int]
  /// What is set, in the order of the axes.
  public let settings: [Setting]
  /// `name=value` of each axis, for a reader.
  public let label: String

  /// The document with the point's values set, in the order of the axes.
  func applied(to document: Document) throws(Problems) -> Document {
    var changed = document
    for setting in settings { changed = try changed.setting(path: setting.path, to: setting.node) }
    return changed
  }
}
