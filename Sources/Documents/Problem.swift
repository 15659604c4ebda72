/// One thing that is wrong in a document: where, what was found, what is allowed.
public struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file as the user named it, or the override (`--set path=value`) that brought the value in.
  public var file: String
  /// The line, from 1; nil where the problem has no place in the text.
  public var line: Int?
  /// The column, from 1; nil where the problem has no place in the text.
  public var column: Int?
  /// The path inside the document (`deployments[0].parallel.tensor`); empty for the whole document.
  public var path: String
  /// The value as found, in quotes where it is text; empty where nothing was found.
  public var found: String
  /// What is wrong with it.
  public var message: String
  /// What would be right, as a list or a range; nil where the message says it all.
  public var allowed: String?
  /// What to do: `did you mean 'tensor'?`.
  public var hint: String?

  /// Makes a problem from its parts.
  public init(
    file: String, line: Int? = nil, column: Int? = nil, path: String = "", found: String = "",
    message: String,
    allowed: String? = nil, hint: String? = nil
  ) {
    self.file = file
    self.line = line
    self.column = column
    self.path = path
    self.found = found
    self.message = message
    self.allowed = allowed
    self.hint = hint
  }

  /// One line: `file:12: deployments[0].parallel.tensor: found 3, …; allowed: 1, 2, 4; did you mean …?`.
  public var description: String {
    var place = file
    if let line { place += ":\(line)" }
    var text = place + ": "
    if !path.isEmpty { text += path + ": " }
    let statement = [found.isEmpty ? "" : "found \(found)", message].filter { !$0.isEmpty }.joined(
      separator: ", ")
    text += [statement, allowed.map { "allowed: \($0)" }, hint].compactMap { $0 }.joined(separator: "; ")
    return text.replacing("\n", with: " ")
  }
}

/// All problems of one reading, never empty, in the order of the text.
public struct Problems: Error, Equatable, Sendable, CustomStringConvertible {
  /// The problems by file, line and column; those without a line come after those with one.
  public let all: [Problem]

  /// Sorts the problems by place and drops repetitions.
  public init(_ problems: [Problem]) {
    precondition(!problems.isEmpty, "Problems needs at least one problem")
    let sorted = problems.enumerated().sorted { a, b in Self.order(a) < Self.order(b) }.map(\.element)
    // A definition that two others build on is read twice and says the same thing twice.
    all = sorted.reduce(into: []) { kept, problem in
      if kept.last != problem { kept.append(problem) }
    }
  }

  /// A single problem.
  public init(_ problem: Problem) { self.init([problem]) }

  private static func order(_ item: (offset: Int, element: Problem)) -> (Int, String, Int, Int, Int) {
    let problem = item.element
    return (
      problem.line == nil ? 1 : 0, problem.file, problem.line ?? 0, problem.column ?? 0, item.offset
    )
  }

  /// One line a problem.
  public var description: String { all.map(\.description).joined(separator: "\n") }
}

/// Gathers problems while a document is read, so that a user sees all of them at once.
///
/// A reference that the readers of one document share; it lives inside one reading and is not Sendable.
public final class ProblemCollector {
  /// What was recorded so far, in the order of recording.
  public private(set) var problems: [Problem] = []

  /// Makes an empty collector.
  public init() {}

  /// Records a problem.
  public func record(_ problem: Problem) { problems.append(problem) }

  /// Records all problems of another reading.
  public func record(_ others: Problems) { problems.append(contentsOf: others.all) }

  /// Throws everything recorded, sorted by place; returns where nothing was.
  public func throwIfAny() throws(Problems) {
    if !problems.isEmpty { throw Problems(problems) }
  }
}
