import ArgumentParser
import Results

/// `tokenmill manual`: the page that `make install` puts where man finds it.
struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual",
    abstract: "Print the manual page, for man.",
    discussion: """
      EXAMPLES:
        tokenmill manual > tokenmill.1
        tokenmill manual | man -l -
      """, shouldDisplay: false)

  @Option(help: ArgumentHelp("The date that the page bears.", valueName: "date"))
  var date = ""

  func run() throws {
    guard date.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-, ".contains($0)) }) else {
      throw ValidationError("--date takes letters, digits, spaces, commas and hyphens.")
    }
    guard let page = ManualPage(dump: Tokenmill._dumpHelp(), version: tokenmillVersion, date: date) else {
      throw Failure(message: "the help can't be read", status: .internalFault)
    }
    try Terminal.standardOutput.writeOrThrow(page.text)
  }
}
