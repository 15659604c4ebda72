import ArgumentParser
import Results
import Scenario
import Studies

/// `tokenmill calibrate`.
struct CalibrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Fit calibration from measurements.",
    discussion: """
      Reads the measurement store that 'make measurements' builds, fits what each operator reaches of the
      hardware's peaks, and writes a calibration file. The same store gives the same bytes.

      EXAMPLE:
        tokenmill calibrate --store calibration/measurements.sqlite --output kernels.json
      """)

  @Option(help: ArgumentHelp("The measurement store.", valueName: "file.sqlite"))
  var store = "calibration/measurements.sqlite"

  @Option(help: ArgumentHelp("Where to write the calibration.", valueName: "file.json"))
  var output: String

  @Option(help: ArgumentHelp("Leave this system's measurements out (repeatable).", valueName: "system"))
  var excluding: [String] = []

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  func run() async throws {
    let target = try OutputFile(checking: output)
    let catalogue = try ScenarioCatalogue.load()
    let study = try KernelCalibration(
      store: store, systems: catalogue.systems, priors: catalogue.efficiencies, excluding: excluding
    ) { line in
      if !quiet { Terminal.standardError.write(line + "\n") }
    }
    try target.write(study.text)
  }
}
