import Documents

/// One point of a sweep: the values that its axes take there.
public struct SweepPoint: Sendable, Equatable {
  /// One value of one axis.
  public struct Setting: Sendable, Equatable {
    /// The path that is set: `workload[0].arrivals.concurrency`.
    public let path: String
    /// The value as YAML text: `64`, `12 req/s`.
    public let value: String

    /// A value at a path.
    public init(path: String, value: String) {
      self.path = path
      self.value = value
    }
  }

  /// Its number in the sweep, from 0.
  public let index: Int
  /// The values in the order of the axes.
  public let settings: [Setting]

  /// A point of its values.
  public init(index: Int, settings: [Setting]) {
    self.index = index
    self.settings = settings
  }

  /// `path=value` of each axis, for a reader.
  public var label: String { settings.map { "\($0.path)=\($0.value)" }.joined(separator: " ") }

  /// The document with the point's values set, in the order of the axes.
  func applied(to document: Document) throws(Problems) -> Document {
    var changed = document
    for setting in settings { changed = try changed.setting(path: setting.path, to: setting.value) }
    return changed
  }

  /// A problem of a value that the sweep brought in names the sweep, not an override that nobody typed.
  func renamed(_ problem: Problem, file: String) -> Problem {
    guard settings.contains(where: { problem.file == "--set \($0.path)=\($0.value)" }) else { return problem }
    var renamed = problem
    renamed.file = "\(file): sweep \(problem.file.dropFirst("--set ".count))"
    return renamed
  }
}
