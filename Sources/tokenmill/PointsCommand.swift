import ArgumentParser
import Documents
import Foundation
import Results
import Studies

/// `tokenmill points`.
struct PointsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "points",
    abstract: "Work with files of measured runs: make one of what load generators write.",
    subcommands: [ImportCommand.self])
}

/// `tokenmill points import`.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make benchmark points of results of load generators.",
    usage: "tokenmill points import [<options>] <results> ...",
    discussion: """
      Reads what 'vllm bench serve', SGLang's bench_serving, AIPerf, GenAI-Perf and GuideLLM write. They know the load and \
      the figures; --set says on what they were measured, column by column as docs/validation.md lists them.

      EXAMPLES:
        tokenmill points import bench-*.json --set system=h200-sxm \\
          --set accelerators=8 --set framework=vllm --set model=llama-3.1-70b \\
          --set tp=8 --output own.csv
        tokenmill validate --points own.csv
      """)

  @Argument(help: "Files of results, JSON or a JSON object a line.", completion: .file())
  var results: [String]

  @Option(help: "What wrote them; found out by default.")
  var format: ResultFormat?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("A column of all points. May be repeated.", valueName: "column=value"))
  var stated: [String] = []

  @Option(
    name: .shortAndLong, help: "Where the points go; standard output by default.",
    completion: .file(extensions: ["csv"]))
  var output: String?

  func run() throws {
    let file = try output.map { path in try OutputFile(checking: path) }
    let columns = try stated.map { text in
      guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
        throw ValidationError("--set takes COLUMN=VALUE, not '\(text)'.")
      }
      return (column: String(text[..<sign]), value: String(text[text.index(after: sign)...]))
    }
    var found: [(name: String, result: BenchmarkResult)] = []
    for path in results {
      let own = try BenchmarkResult.read(path: path, format: format)
      let name = URL(fileURLWithPath: path).lastPathComponent
      for (index, result) in own.enumerated() {
        found.append((name: own.count == 1 ? name : "\(name)#\(index + 1)", result: result))
      }
    }
    let csv = try ImportedPoints(found, stated: columns).csv
    guard let file else {
      try Terminal.standardOutput.writeOrThrow(csv)
      return
    }
    try file.write(csv)
    Terminal.standardError.write("\(found.count) point\(found.count == 1 ? "" : "s") in \(file.path)\n")
  }
}

extension ResultFormat: ExpressibleByArgument {}
