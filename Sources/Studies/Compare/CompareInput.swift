import Documents
import Foundation
import Results
import Scenario

/// A thing to compare: a scenario that is yet to run, or a run whose figures are there.
public struct CompareInput: Sendable {
  /// Where the figures come from.
  public enum Kind: String, Sendable {
    /// A scenario file, run for the comparison.
    case scenario
    /// What `run --json` wrote.
    case run
    /// A run of a results store.
    case store
  }

  enum Content: Sendable {
    case scenario(ScenarioFile, SweepPoint?)
    case summary(JSONValue)
  }

  /// The file as the user named it, with the point behind `#`.
  public let source: String
  /// Where the figures come from.
  public let kind: Kind
  /// What is changed in this scenario alone, each `path=value`.
  public let settings: [String]
  let content: Content

  init(_ source: String, _ kind: Kind, _ content: Content, settings: [String] = []) {
    self.source = source
    self.kind = kind
    self.settings = settings
    self.content = content
  }

  /// The most things that are compared at once.
  public static let most = 12

  /// Reads what the arguments of the command name.
  ///
  /// - Parameters:
  ///   - arguments: scenario files, JSON of runs, results stores; a point of a sweep stands behind `#`.
  ///   - overrides: what is changed in every scenario, each `path=value`.
  ///   - variants: further copies of the first scenario, each with changes of its own: `path=value; path=value`.
  /// - Returns: the things in the order of the arguments; every run of a store whose point is not named.
  /// - Throws: every problem of every argument at once.
  public static func read(
    _ arguments: [String], overrides: [String] = [], variants: [String] = []
  ) throws(Problems) -> [CompareInput] {
    let problems = ProblemCollector()
    var inputs: [CompareInput] = []
    for argument in arguments {
      do {
        inputs += try CompareReader(argument).read(overrides: overrides)
      } catch {
        problems.record(error)
      }
    }
    try problems.throwIfAny()
    if !overrides.isEmpty, inputs.allSatisfy({ $0.kind != .scenario }) {
      throw Problems(
        Problem(
          file: "--set \(overrides[0])", message: "changes scenarios, and none is compared",
          hint: "what ran already stays as it was"))
    }
    if let first = arguments.first, let variant = variants.first {
      guard inputs.first?.kind == .scenario else {
        throw Problems(
          Problem(
            file: "--with \(variant)", message: "changes the first scenario, but '\(first)' is none",
            hint: "name a scenario file first"))
      }
      for variant in variants {
        let settings = variant.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
          .filter { !$0.isEmpty }
        do {
          inputs += try CompareReader(first).read(overrides: overrides, settings: settings)
        } catch {
          problems.record(error)
        }
      }
      try problems.throwIfAny()
    }
    guard inputs.count <= most else {
      throw Problems(
        Problem(
          file: arguments.last ?? "", message: "\(inputs.count) things are too many to stand side by side",
          allowed: "at most \(most)", hint: "name a point of a store as FILE.sqlite#3"))
    }
    return inputs
  }
}

/// Finds out what one argument is, and reads it.
private struct CompareReader {
  let argument: String
  let path: String
  let point: String?

  init(_ argument: String) {
    self.argument = argument
    // A file whose name has a # is itself.
    if !FileManager.default.fileExists(atPath: argument), let hash = argument.lastIndex(of: "#") {
      path = String(argument[..<hash])
      point = String(argument[argument.index(after: hash)...])
    } else {
      path = argument
      point = nil
    }
  }

  func read(overrides: [String], settings: [String] = []) throws(Problems) -> [CompareInput] {
    let start = FileHandle(forReadingAtPath: path).flatMap { try? $0.read(upToCount: 16) } ?? Data()
    if start == Data("SQLite format 3\0".utf8) { return try stored() }
    if start.first(where: { !Character(UnicodeScalar($0)).isWhitespace }) == UInt8(ascii: "{"),
      let summary = try summary()
    {
      return [CompareInput(argument, .run, .summary(summary))]
    }
    let file = try ScenarioFile.read(path: path, overrides: overrides + settings)
    return [
      CompareInput(argument, .scenario, .scenario(file, try sweepPoint(of: file)), settings: settings)
    ]
  }

  private func stop(_ message: String, allowed: String? = nil, hint: String? = nil) -> Problems {
    Problems(Problem(file: argument, message: message, allowed: allowed, hint: hint))
  }

  /// The summary that a JSON file holds; nil where it may be a scenario.
  private func summary() throws(Problems) -> JSONValue? {
    guard let data = FileManager.default.contents(atPath: path),
      let text = String(data: data, encoding: .utf8),
      let value = try? JSONValue(parsing: text)
    else { return nil }
    if value["configuration"] != nil, value["step_time"] != nil {
      guard point == nil else { throw stop("the JSON of a run has no points") }
      return value
    }
    if value["axes"] != nil, value["points"] != nil {
      throw stop(
        "is the JSON of a sweep, not of a run",
        hint: "name the scenario with a point, SCENARIO#3, or a point of a store, FILE.sqlite#3")
    }
    guard value["site"] == nil, value["deployments"] == nil else { return nil }
    throw stop(
      "is JSON, but neither a scenario nor what 'tokenmill run --json' writes",
      hint: "compare takes scenario files, JSON of runs and results stores")
  }

  private func sweepPoint(of file: ScenarioFile) throws(Problems) -> SweepPoint? {
    guard let point else { return nil }
    let points = file.sweepPoints
    guard !points.isEmpty else { throw stop("has no sweep, and so no point '\(point)'") }
    guard let found = Int(point).flatMap({ number in points.first { $0.index == number } }) else {
      throw stop("has no point '\(point)'", allowed: "0 to \(points.count - 1)")
    }
    return found
  }

  private func stored() throws(Problems) -> [CompareInput] {
    let store = try ResultStore(reading: path)
    let runs = try store.runs()
    guard !runs.isEmpty else {
      throw stop("holds no run", hint: "'tokenmill run --results' and 'tokenmill sweep --results' add some")
    }
    var inputs: [CompareInput] = []
    for run in try chosen(of: runs) {
      guard let text = try store.summary(of: run.id), let summary = try? JSONValue(parsing: text) else {
        throw stop("the summary of run \(run.id) is damaged")
      }
      let name = run.index ?? Int(run.id)
      inputs.append(
        CompareInput("\(path)#\(name)", .store, .summary(summary), settings: run.point.map { [$0] } ?? []))
    }
    return inputs
  }

  /// The runs that the text behind `#` names: a number, or part of a point's name.
  private func chosen(of runs: [StoredRun]) throws(Problems) -> [StoredRun] {
    let isSweep = runs.contains { $0.index != nil }
    guard let point else {
      let all = isSweep ? runs.filter { $0.index != nil } : runs
      guard all.count <= CompareInput.most else {
        throw stop("holds \(all.count) runs", hint: "name one as \(path)#\(isSweep ? 0 : 1)")
      }
      return all
    }
    if let number = Int(point) {
      if let run = runs.first(where: { isSweep ? $0.index == number : $0.id == Int64(number) }) {
        return [run]
      }
      let numbers = runs.compactMap { isSweep ? $0.index : Int($0.id) }
      throw stop(
        "has no run of point \(number)",
        allowed: numbers.min().flatMap { low in numbers.max().map { "\(low) to \($0)" } })
    }
    let matches = runs.filter { $0.point?.contains(point) == true }
    guard matches.count == 1 else {
      let names = matches.isEmpty ? runs.compactMap(\.point) : matches.compactMap(\.point)
      throw stop(
        matches.isEmpty ? "has no point called '\(point)'" : "has \(matches.count) points called '\(point)'",
        hint: names.isEmpty ? nil : "there is '\(names.prefix(3).joined(separator: "', '"))'")
    }
    return matches
  }
}
