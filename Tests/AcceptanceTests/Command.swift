import Foundation
import Testing

/// The built command, run as a user runs it.
struct Command {
  /// What a process left behind.
  struct Result {
    var output: String
    var errors: String
    var status: Int32
  }

  /// Finds the command beside the tests: both are products of one build.
  static func executable() throws -> URL {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let ofTests = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let folders = [ofTests] + ["debug", "release"].map { package.appendingPathComponent(".build/\($0)") }
    let candidates = folders.map { $0.appendingPathComponent("tokenmill") }
    return try #require(
      candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) },
      "tokenmill is not built in any of \(folders.map(\.path))")
  }

  /// Runs `tokenmill` with arguments.
  static func run(_ arguments: String..., in folder: Folder, environment: [String: String] = [:]) throws
    -> Result
  {
    try launch(try executable(), arguments, in: folder, environment: environment)
  }

  /// Runs a shell line in which `$tokenmill` is the command.
  static func shell(_ line: String, in folder: Folder) throws -> Result {
    try launch(
      URL(fileURLWithPath: "/bin/sh"), ["-c", line], in: folder,
      environment: ["tokenmill": try executable().path])
  }

  private static func launch(
    _ executable: URL, _ arguments: [String], in folder: Folder, environment: [String: String]
  ) throws -> Result {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = folder.url
    var inherited = ProcessInfo.processInfo.environment
    for name in ["COLUMNS", "NO_COLOR"] { inherited[name] = nil }
    process.environment = inherited.merging(environment) { _, new in new }
    // Files, not pipes: a full pipe would stop the process.
    let id = UUID().uuidString
    let names = ["out", "err"].map { folder.url.appendingPathComponent(".\(id).\($0)") }
    let handles = try names.map { name in
      try Data().write(to: name)
      return try FileHandle(forWritingTo: name)
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handles[0]
    process.standardError = handles[1]
    try process.run()
    process.waitUntilExit()
    let texts = try names.map { name in
      let text = try String(contentsOf: name, encoding: .utf8)
      try FileManager.default.removeItem(at: name)
      return text
    }
    return Result(output: texts[0], errors: texts[1], status: process.terminationStatus)
  }
}

/// A working directory with a small scenario, gone after the test.
final class Folder {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("tokenmill-" + UUID().uuidString)

  init() throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try write(Self.chat, to: "chat.yaml")
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ text: String, to name: String) throws {
    try text.write(to: url.appendingPathComponent(name), atomically: true, encoding: .utf8)
  }

  func text(_ name: String) throws -> String {
    try String(contentsOf: url.appendingPathComponent(name), encoding: .utf8)
  }

  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
  }

  static let chat = """
    tokenmill: 1
    name: A small chat
    site: { system: h100-sxm, accelerators: 2 }
    deployments:
      - name: chat
        model: llama-3.1-8b
        engine: { framework: vllm, max_batch_size: 64 }
        replicas: fill
    workload:
      - arrivals: { process: poisson, rate: 20 req/s, requests: 300 }
        lengths: { input: 300, output: { lognormal: { mean: 50, coefficient_of_variation: 0.5 } } }
        max_output_tokens: 200
    run: { seed: 3, warm_up: none }

    """
}
