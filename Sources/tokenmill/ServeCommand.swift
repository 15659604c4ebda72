import ArgumentParser
import Documents
import Foundation
import Results
import Studies

/// `tokenmill serve`.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Turn the knobs of scenarios on a local page: estimates at once, then simulation.",
    discussion: """
      The page is for this machine alone, holds all it needs and opens without a network. Sliders set the load, the \
      system, parallelism, replicas, batch limits and power of a scenario; curves are estimates, marks on them \
      simulations, each labelled as what it is. Ctrl-C stops it.

      EXAMPLES:
        tokenmill serve
        tokenmill serve chat.yaml --port 0
        tokenmill serve scenarios/hypothetical --results tried.sqlite
      """)

  @Argument(
    help: "Scenario files, and folders of them; the folder 'scenarios' by default.", completion: .file())
  var scenarios: [String] = ["scenarios"]

  @Option(help: "The port of the page; 0 takes a free one.")
  var port = 8080

  @Option(
    help: ArgumentHelp(
      "Add what is simulated to a SQLite database, made where there is none.", valueName: "file"),
    completion: .file())
  var results: String?

  func validate() throws {
    guard (0...65_535).contains(port) else { throw ValidationError("--port takes 0 to 65535.") }
  }

  func run() async throws {
    let found = try ExplorerScenario.all(in: scenarios)
    let store = try results.map { path throws(Problems) in try ResultStore(path: path) }
    let explorer = try Explorer(found, store: store, cores: ProcessInfo.processInfo.activeProcessorCount)
    let server = ExplorerServer(ExplorerService(explorer, page: try ExplorerPage()), port: port)
    let count = found.count
    let interruption = Interruption { Terminal.standardError.write("stopped\n") }
    defer { interruption.end() }
    try await server.run { port in
      Terminal.standardError.write(
        "\(count) scenario\(count == 1 ? "" : "s") at http://127.0.0.1:\(port)/, Ctrl-C stops\n")
    }
  }
}
