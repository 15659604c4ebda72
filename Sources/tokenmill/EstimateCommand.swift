import ArgumentParser
import Results
import Scenario
import Simulation
import Studies

/// `tokenmill estimate`.
struct EstimateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "estimate",
    abstract: "Estimate the steady state of a scenario in less than a second, without simulating.",
    usage: "tokenmill estimate [<options>] <scenario>",
    discussion: """
      Capacity and what binds it, throughput, latencies and power, from step costs and queueing theory; each figure \
      with the error that nine of ten estimates kept to against simulation. What is left out of account is listed.

      EXAMPLES:
        tokenmill estimate scenarios/site-1gw-exact.yaml
        tokenmill estimate chat.yaml --set site.racks=4
        tokenmill estimate chat.yaml --json - --quiet | jq .capacity_requests_per_second
      """)

  @Argument(help: "The scenario file.", completion: .file(extensions: ["yaml", "yml", "json"]))
  var scenario: String

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Change any value of the file: deployments[0].parallel.tensor=8. May be repeated.",
      valueName: "path=value"))
  var overrides: [String] = []

  @Option(help: "Seed of the requests that stand for all, in place of the file's run.seed.")
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      "Write the estimate as JSON to a file, or to standard output with -.", valueName: "file|-"),
    completion: .file())
  var json: String?

  @Option(
    help: ArgumentHelp(
      "Write a table of the estimate as CSV to a file, or to standard output with -.", valueName: "file|-"),
    completion: .file(extensions: ["csv"]))
  var csv: String?

  @Flag(name: [.short, .long], help: "No tables and timing; only what was asked for, and errors.")
  var quiet = false

  func run() async throws {
    let use = ResourceUse()
    let outputs = try Outputs(json: json, csv: csv, isQuiet: quiet)
    let file = try ScenarioFile.read(path: scenario, overrides: overrides)
    let resolved = try file.resolve(
      with: try ScenarioCatalogue.load(), options: ResolutionOptions(seed: seed, threads: 1))
    let estimate = try SteadyStateEstimate(resolved)
    try outputs.write(json: { estimate.json }, csv: { estimate.table }, text: { estimate.text(style: $0) })
    if !quiet {
      let style = Terminal.standardError.style
      Terminal.standardError.write(style.aside("\(Numbers.seconds(use.wallSeconds)) of wall time") + "\n")
    }
  }
}
