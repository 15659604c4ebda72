import Foundation

/// A file of the project.
struct ProjectFile: Sendable {
  /// From the root of the package, such as `Sources/Models/Model.swift`.
  let path: String
  let text: String
  /// The text without comments and literals; nothing where the file is not Swift.
  let swift: SwiftText

  init(path: String, text: String) {
    self.path = path
    self.text = text
    swift = SwiftText(path.hasSuffix(".swift") ? text : "")
  }

  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
  var isSwift: Bool { path.hasSuffix(".swift") }

  /// The library of a file in `Sources`, the test target of one in `Tests`.
  var target: String? {
    let parts = path.split(separator: "/")
    guard parts.count > 2, parts[0] == "Sources" || parts[0] == "Tests" else { return nil }
    return String(parts[1])
  }
}

/// Everything in the project that a person writes.
enum SourceTree {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static let folders = [
    "Sources", "Tests", "Benchmarks", "scenarios", "docs", "calibration", "notebooks", "Scripts", ".ci",
  ]
  private static let leftOut: Set<String> = [
    ".build", "build", ".venv", ".ipynb_checkpoints", "__pycache__", ".swiftpm", ".DS_Store",
    "Package.resolved",
  ]

  /// Text files below the folders above, and those at the root, in order of path.
  static let files: [ProjectFile] = {
    var files: [ProjectFile] = []
    var pending = folders
    let here = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    for name in here where !isFolder(name) && !leftOut.contains(name) && name != ".git" {
      read(name, into: &files)
    }
    while let folder = pending.popLast() {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path + "/" + folder)) ?? []
      for name in names where !leftOut.contains(name) {
        let path = folder + "/" + name
        if isFolder(path) { pending.append(path) } else { read(path, into: &files) }
      }
    }
    return files.sorted { $0.path < $1.path }
  }()

  static let swift = files.filter(\.isSwift)

  private static func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: root.path + "/" + path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }

  /// Adds a file if it is text: no file of ours has a zero byte.
  private static func read(_ path: String, into files: inout [ProjectFile]) {
    guard let data = FileManager.default.contents(atPath: root.path + "/" + path), !data.contains(0) else {
      return
    }
    files.append(ProjectFile(path: path, text: String(decoding: data, as: UTF8.self)))
  }
}

/// A place that breaks a rule.
struct Finding: Equatable, CustomStringConvertible {
  let path: String
  let line: Int
  let message: String

  var description: String { "\(path):\(line): \(message)" }
}

/// The findings as one text for a failing expectation.
func report(_ findings: [Finding]) -> String { findings.map(\.description).joined(separator: "\n") }
