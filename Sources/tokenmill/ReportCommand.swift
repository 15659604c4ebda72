import ArgumentParser
import Documents
import Foundation
import Results
import Studies

/// `tokenmill report`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Make one page of HTML of a store of results.",
    discussion: """
      The page holds all it needs and opens without a network: Pareto fronts and load curves of sweeps; latencies, tokens \
      and power over time, where step time and energy go of runs; tables of all.

      EXAMPLES:
        tokenmill report chat.sqlite
        tokenmill report chat.sqlite --output chat.html --title "Chat on B200"
      """)

  @Argument(help: "A store that 'run' or 'sweep' wrote with --results.", completion: .file())
  var results: String

  @Option(
    name: .shortAndLong, help: "Where the page goes, '-' for standard output; beside the store by default.",
    completion: .file())
  var output: String?

  @Option(help: "What the page is called; the store's name by default.")
  var title: String?

  func run() throws {
    let store = try ResultStore(reading: results)
    let name = URL(fileURLWithPath: results).deletingPathExtension().lastPathComponent
    let html = try StorePage(store, title: title ?? name).html()
    let path = output ?? URL(fileURLWithPath: results).deletingPathExtension().path + ".html"
    guard path != "-" else {
      Terminal.standardOutput.write(html)
      return
    }
    try OutputFile(checking: path).write(html)
    Terminal.standardError.write("\(path): \(html.utf8.count / 1000) kB\n")
  }
}
