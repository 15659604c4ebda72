import ArgumentParser
import Scenario
import Studies

/// `tokenmill catalog`.
struct CatalogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalog",
    abstract: "Show what is known, with sources: systems, models, calibrations.",
    discussion: """
      EXAMPLES:
        tokenmill catalog
        tokenmill catalog systems gb300-nvl72
        tokenmill catalog models llama-3.1-8b
      """)

  /// The catalogues.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case systems, models, calibrations
  }

  @Argument(help: "What to list; everything by default.")
  var kind: Kind?

  @Argument(help: "The system or model to show in full.")
  var name: String?

  func validate() throws {
    if name != nil, kind == .calibrations { throw ValidationError("A calibration has no page of its own.") }
  }

  func run() async throws {
    let output = Terminal.standardOutput
    let listing = CatalogListing(try ScenarioCatalogue.load(), style: output.style)
    switch (kind, name) {
    case (.systems?, let name?): try output.writeOrThrow(try listing.system(name))
    case (.models?, let name?): try output.writeOrThrow(try listing.model(name))
    case (.systems?, nil): try output.writeOrThrow(listing.systems())
    case (.models?, nil): try output.writeOrThrow(listing.models())
    case (.calibrations?, _): try output.writeOrThrow(listing.calibrations())
    case (nil, _):
      try output.writeOrThrow(
        [listing.systems(), listing.models(), listing.calibrations()].joined(separator: "\n"))
    }
  }
}
