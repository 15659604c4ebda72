/// One thing that is wrong in a trace.
public struct TraceProblem: Sendable, Equatable, CustomStringConvertible {
  /// The file, as it was named to the reader.
  public let file: String
  /// The line, from 1; 0 for the file as a whole.
  public let line: Int
  /// What was found, and what is allowed.
  public let reason: String

  /// `file:line: reason`.
  public var description: String { line > 0 ? "\(file):\(line): \(reason)" : "\(file): \(reason)" }
}

/// Why a trace can't be read: every problem of the file, the first ones in full.
public struct TraceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The first problems, in order of line.
  public let problems: [TraceProblem]
  /// How many more there are.
  public let omitted: Int

  /// One problem a line, and how many more there are.
  public var description: String {
    let lines = problems.map(\.description) + (omitted > 0 ? ["… and \(omitted) more"] : [])
    return lines.joined(separator: "\n")
  }
}

/// Problems as they are found, kept up to a limit and counted beyond it.
struct TraceProblemList {
  let file: String
  let limit: Int
  private(set) var problems: [TraceProblem] = []
  private(set) var omitted = 0

  init(file: String, limit: Int) {
    self.file = file
    self.limit = limit
  }

  var isEmpty: Bool { problems.isEmpty && omitted == 0 }

  var error: TraceError { TraceError(problems: problems, omitted: omitted) }

  /// Notes a problem; the reason is made up only when it is kept.
  mutating func add(line: Int, _ reason: @autoclosure () -> String) {
    if problems.count < limit {
      problems.append(TraceProblem(file: file, line: line, reason: reason()))
    } else {
      omitted += 1
    }
  }
}
