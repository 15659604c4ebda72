import Documents
import Foundation

/// A scenario that may be explored.
public struct ExplorerScenario: Sendable, Equatable {
  /// Its file as the user named it, or below the folder that the user named: what requests call it.
  public var id: String
  /// Its name; that of the file where it can't be read.
  public var name: String
  /// What the comment at the beginning of its file says.
  public var description: String

  /// For the page.
  public var json: JSONValue {
    ["id": .string(id), "name": .string(name), "description": .string(description)]
  }

  /// The scenarios of files and folders, folders with those below them.
  ///
  /// A file of a folder that is no scenario is passed over; one that looks like a scenario and can't be read is kept, so that a
  /// person learns why.
  /// - Parameter paths: files and folders.
  /// - Returns: scenarios, each file once; those of a folder by their paths, its own before those below it.
  /// - Throws: every path that is neither, every file that can't be read, or that there are none.
  public static func all(in paths: [String]) throws(Problems) -> [ExplorerScenario] {
    let problems = ProblemCollector()
    var found: [ExplorerScenario] = []
    for path in paths {
      var isDirectory: ObjCBool = false
      let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      if isThere, isDirectory.boolValue {
        found += files(below: path).compactMap { candidate(at: $0) }
      } else {
        do { found.append(scenario(at: path, try Document.read(path: path))) } catch {
          problems.record(error)
        }
      }
    }
    try problems.throwIfAny()
    let scenarios = found.enumerated().filter { index, scenario in
      !found[..<index].contains { $0.id == scenario.id }
    }.map(\.element)
    guard !scenarios.isEmpty else {
      throw Problems(Problem(file: paths.joined(separator: ", "), message: "holds no scenario"))
    }
    return scenarios
  }

  private static func files(below folder: String) -> [String] {
    let trimmed = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    let below = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return below.filter { name in [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) } }
      .sorted { ($0.contains("/") ? 1 : 0, $0) < ($1.contains("/") ? 1 : 0, $1) }
      .map { trimmed + "/" + $0 }
  }

  private static func candidate(at path: String) -> ExplorerScenario? {
    do {
      let document = try Document.read(path: path)
      return document.root["tokenmill"] == nil ? nil : scenario(at: path, document)
    } catch {
      let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
      guard text.contains("tokenmill:") else { return nil }
      return ExplorerScenario(id: path, name: path, description: "")
    }
  }

  private static func scenario(at path: String, _ document: Document) -> ExplorerScenario {
    ExplorerScenario(
      id: path, name: document.root["name"]?.scalar?.text ?? path, description: comment(at: path))
  }

  /// The comment at the beginning of a file, its lines joined where they are prose.
  private static func comment(at path: String) -> String {
    let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).prefix { $0.hasPrefix("#") }
    return lines.map { line in
      let body = line.dropFirst()
      return String(body.hasPrefix(" ") ? body.dropFirst() : body)
    }.joined(separator: "\n")
  }
}
