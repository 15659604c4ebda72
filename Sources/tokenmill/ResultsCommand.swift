import ArgumentParser
import Documents
import Results

/// `tokenmill results`.
struct ResultsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "results",
    abstract: "Work with stores of results: list what is in one, join the parts of a sweep.",
    subcommands: [ListCommand.self, MergeCommand.self])
}

/// `tokenmill results list`.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the runs of a store with their figures.",
    usage: "tokenmill results list [<options>] <store>",
    discussion: """
      Points of the store's last sweep come first, in their order. CSV has the columns of 'run --csv', JSON the \
      summaries whole.

      EXAMPLES:
        tokenmill results list points.sqlite
        tokenmill results list points.sqlite --csv points.csv
        tokenmill results list points.sqlite --json - --quiet | jq '.runs[].result.throughput'
      """)

  @Argument(help: "A store that 'run' or 'sweep' wrote with --results.", completion: .file()) var store:
    String

  @Option(
    help: ArgumentHelp(
      "Write the runs as JSON to a file, or to standard output with -.", valueName: "file|-"),
    completion: .file(extensions: ["json"]))
  var json: String?

  @Option(
    help: ArgumentHelp(
      "Write a table of the runs as CSV to a file, or to standard output with -.", valueName: "file|-"),
    completion: .file(extensions: ["csv"]))
  var csv: String?

  @Flag(name: [.short, .long], help: "No table; only what was asked for, and errors.")
  var quiet = false

  func run() throws {
    let outputs = try Outputs(json: json, csv: csv, isQuiet: quiet)
    let listing = try StoreListing(try ResultStore(reading: store))
    try outputs.write(
      json: { listing.json }, csv: { listing.table }, text: { listing.text(style: $0) })
  }
}

/// `tokenmill results merge`.
struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Join the stores of a sweep that ran in parts.",
    discussion: """
      The parts must be of one sweep: the same scenario, options and build of tokenmill. Points that several hold \
      must be equal; points that none holds are named, the exit code is 1 then, and a sweep with --resume runs them.

      EXAMPLES:
        tokenmill results merge points.sqlite part-1.sqlite part-2.sqlite
        tokenmill sweep chat-sweep.yaml --results points.sqlite --resume --json -
      """)

  @Argument(help: "The store to make.", completion: .file()) var output: String
  @Argument(help: "The stores of the parts.", completion: .file()) var inputs: [String]

  func run() throws {
    let merged = try StoreMerge(inputs).write(to: output)
    let present = merged.points - merged.missing.count
    Terminal.standardOutput.write(
      "\(output): \(present) of \(merged.points) points of '\(merged.scenario)'\n")
    guard !merged.missing.isEmpty else { return }
    for name in merged.missing.prefix(20) { Terminal.standardError.write("missing: \(name)\n") }
    let rest = merged.missing.count - 20
    if rest > 0 { Terminal.standardError.write("missing: \(rest) more\n") }
    throw Failure(message: "", status: .answerIsNo)
  }
}
