import ArgumentParser
import Documents
import Foundation
import Results

/// What commands that run scenarios have in common.
struct ScenarioOptions: ParsableArguments {
  @Argument(help: "The scenario file.", completion: .file(extensions: ["yaml", "yml", "json"]))
  var scenario: String

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Change any value of the file: deployments[0].parallel.tensor=8. May be repeated.",
      valueName: "path=value"))
  var overrides: [String] = []

  @Option(help: "Seed of every random stream, in place of the file's run.seed.")
  var seed: UInt64?

  @Flag(help: "Simulate every engine step by itself: slower, same results but for the count of events.")
  var singleStep = false
}

/// Where results go.
struct OutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write the results as JSON to a file, or to standard output with -.", valueName: "file|-"),
    completion: .file())
  var json: String?

  @Option(
    help: ArgumentHelp(
      "Write a table of the results as CSV to a file, or to standard output with -.", valueName: "file|-"),
    completion: .file(extensions: ["csv"]))
  var csv: String?

  @Option(
    help: ArgumentHelp("Add the results to a SQLite database, made where there is none.", valueName: "file"),
    completion: .file())
  var results: String?

  @Flag(name: [.short, .long], help: "No tables, progress and timing; only what was asked for, and errors.")
  var quiet = false
}

/// The outputs of a command, each checked before anything runs.
struct Outputs {
  /// The file for JSON; nil for none and for standard output.
  let json: OutputFile?
  /// Whether JSON goes to standard output.
  let printsJSON: Bool
  /// The file for a table; nil for none and for standard output.
  let csv: OutputFile?
  /// Whether a table goes to standard output.
  let printsCSV: Bool
  /// The store that results are added to.
  let store: ResultStore?
  private let isQuiet: Bool

  init(_ options: OutputOptions) throws {
    try self.init(json: options.json, csv: options.csv, results: options.results, isQuiet: options.quiet)
  }

  init(json: String?, csv: String?, results: String? = nil, isQuiet: Bool) throws {
    printsJSON = json == "-"
    printsCSV = csv == "-"
    if json != nil, json == csv {
      throw ValidationError(
        "--json and --csv can't both go to \(printsCSV ? "standard output" : "one file").")
    }
    self.json = try printsJSON ? nil : json.map { path throws(Problems) in try OutputFile(checking: path) }
    self.csv = try printsCSV ? nil : csv.map { path throws(Problems) in try OutputFile(checking: path) }
    store = try results.map { path throws(Problems) in try ResultStore(path: path) }
    self.isQuiet = isQuiet
  }

  /// Where tables for a person go: to standard error when standard output carries something for programs.
  var tables: Terminal { printsJSON || printsCSV ? .standardError : .standardOutput }

  /// Writes what a command found: files first, so that a reader that leaves early loses none of them.
  func write(json value: () -> JSONValue, csv table: () -> FigureTable, text: (TextStyle) -> String) throws {
    try write(json: value, csv: table)
    try write(text: text)
  }

  /// Writes what a command found, for programs alone.
  func write(json value: () -> JSONValue, csv table: () -> FigureTable) throws {
    let document = json != nil || printsJSON ? value().text() + "\n" : ""
    try json?.write(document)
    try write(csv: table)
    if printsJSON { try Terminal.standardOutput.writeOrThrow(document) }
  }

  /// As ``write(json:csv:text:)``, for JSON that comes in parts.
  func write(parts: some Sequence<String>, csv table: () -> FigureTable, text: (TextStyle) -> String) throws {
    try json?.write { (append) throws(Problems) in
      for part in parts { try append(part) }
    }
    try write(csv: table)
    if printsJSON {
      for part in parts { try Terminal.standardOutput.writeOrThrow(part) }
    }
    try write(text: text)
  }

  private func write(csv table: () -> FigureTable) throws {
    guard csv != nil || printsCSV else { return }
    let text = table().csv
    try csv?.write(text)
    if printsCSV { try Terminal.standardOutput.writeOrThrow(text) }
  }

  private func write(text: (TextStyle) -> String) throws {
    guard !isQuiet else { return }
    let tables = tables
    try tables.writeOrThrow(text(tables.style))
  }
}

/// The threads that a command may use.
func threads(_ wanted: Int?) throws -> Int {
  guard let wanted else { return ProcessInfo.processInfo.activeProcessorCount }
  guard (1...1024).contains(wanted) else { throw ValidationError("--threads and --jobs take 1 to 1024.") }
  return wanted
}
