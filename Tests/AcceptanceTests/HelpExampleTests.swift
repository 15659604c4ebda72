import Foundation
import Testing

/// Examples of help are commands that run.
@Suite struct HelpExampleTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  /// A command with its path, arguments and all that its help says.
  private struct Help: Decodable {
    struct Page: Decodable {
      var command: Help
    }
    var commandName: String
    var discussion: String?
    var shouldDisplay: Bool?
    var subcommands: [Help]?

    func all(_ path: [String] = []) -> [(path: [String], help: Help)] {
      let own = path + [commandName]
      return [(own, self)] + (subcommands ?? []).filter { $0.commandName != "help" }.flatMap { $0.all(own) }
    }

    /// The commands below EXAMPLES, those on several lines joined.
    var examples: [String] {
      let lines = (discussion ?? "").split(separator: "\n", omittingEmptySubsequences: false)
      guard let start = lines.firstIndex(of: "EXAMPLES:") else { return [] }
      let block = lines[(start + 1)...].prefix { $0.hasPrefix("  ") }.joined(separator: "\n")
      return block.replacing("\\\n", with: "").split(separator: "\n").map {
        $0.split(separator: " ").joined(separator: " ")
      }
    }
  }

  private func commands() throws -> [(path: [String], help: Help)] {
    let dump = try Command.run("--experimental-dump-help", in: folder)
    return try JSONDecoder().decode(Help.Page.self, from: Data(dump.output.utf8)).command.all()
  }

  @Test func everyCommandHasExamplesAndHelpThatFits() throws {
    let commands = try commands()
    #expect(commands.count > 14)
    for (path, help) in commands {
      if help.subcommands?.filter({ $0.commandName != "help" }).isEmpty ?? true {
        #expect(!help.examples.isEmpty, "\(path) has no examples")
      }
      let name = path.joined(separator: " ")
      #expect(help.examples.isEmpty || help.examples.contains { $0.hasPrefix(name) }, "\(path)")
      let text = try Command.shell(
        "$tokenmill \(path.dropFirst().joined(separator: " ")) --help", in: folder)
      for line in text.output.split(separator: "\n") { #expect(line.count <= 80, "\(path): \(line)") }
    }
  }

  /// Where none of the files is there, nothing runs, and an option that doesn't exist is found all the same.
  @Test func everyExampleIsUnderstood() throws {
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("chat.yaml"))
    for example in try commands().flatMap(\.help.examples) {
      let result = try Command.shell(Self.runnable(example), in: folder)
      #expect(!result.errors.contains("Usage: "), "\(example): \(result.errors)")
    }
  }

  /// What it takes for examples to run: scenarios as they name them.
  private func prepare() throws {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    try FileManager.default.createSymbolicLink(
      at: folder.url.appendingPathComponent("scenarios"),
      withDestinationURL: package.appendingPathComponent("scenarios"))
    let chat = Folder.chat.replacing("accelerators: 2", with: "racks: 1")
    try folder.write(chat, to: "chat.yaml")
    let rates = (1...8).map { "\(10 * $0) req/s" }.joined(separator: ", ")
    try folder.write(chat.replacing("h100-sxm", with: "b200-sxm"), to: "chat-on-b200.yaml")
    try folder.write(chat.replacing("h100-sxm", with: "mi355x"), to: "chat-on-mi355x.yaml")
    try folder.write(
      chat
        + "sweep: { axes: [{ path: \"workload[0].arrivals.rate\", values: [\(rates)] }] }\n",
      to: "chat-sweep.yaml")
    for name in ["before", "after"] {
      #expect(try Command.run("run", "chat.yaml", "--json", "\(name).json", "-q", in: folder).status == 0)
    }
  }

  @Test func cheapExamplesRun() throws {
    try prepare()
    // Servers don't end, plans take a minute, clusters aren't everywhere, measurements are no part of the sources.
    let others = [
      " serve", " plan", " calibrate", " --points", " points import", "--slurm", "results merge", "part-",
      "report chat.sqlite",
    ]
    var ran = 0
    let rank = ["run", "sweep"]
    let all = try commands().sorted { a, b in
      let (x, y) = (rank.contains(a.path.last ?? ""), rank.contains(b.path.last ?? ""))
      return x && !y
    }
    for example in all.flatMap(\.help.examples) where !others.contains(where: { example.contains($0) }) {
      let result = try Command.shell(Self.runnable(example), in: folder)
      #expect(result.status == 0, "\(example): \(result.errors)")
      ran += 1
    }
    #expect(ran >= 20)
  }

  /// The command of an example: what comes behind a pipe or goes to a file is the shell's.
  private static func runnable(_ example: String) -> String {
    var line = Substring(example)
    for mark in [" | ", " > "] { line = line[..<(line.firstRange(of: mark)?.lowerBound ?? line.endIndex)] }
    return "$" + line
  }
}
