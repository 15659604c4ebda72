import ArgumentParser
import CostModel
import Foundation
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

  @Option(help: ArgumentHelp("Where to write the calibration of kernels.", valueName: "file.json"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Fit the frameworks' overheads to these measured runs (their 'fit' half) and print them.",
      valueName: "file.csv"))
  var points: [String] = []

  @Option(
    help: ArgumentHelp(
      "With --points: fit instead how this vendor's accelerators, whose kernels were not measured, differ from those "
        + "that they take their efficiencies from.", valueName: "vendor"))
  var vendor: String?

  @Option(help: "Threads to use; as many as the machine has cores by default.")
  var threads: Int?

  @Option(help: ArgumentHelp("Leave this system's measurements out (repeatable).", valueName: "system"))
  var excluding: [String] = []

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  func run() async throws {
    guard output != nil || !points.isEmpty else {
      throw ValidationError("Nothing to fit: give --output for kernels, --points for overheads.")
    }
    let catalogue = try ScenarioCatalogue.load()
    if let output {
      let target = try OutputFile(checking: output)
      let study = try KernelCalibration(
        store: store, systems: catalogue.systems, priors: catalogue.efficiencies, excluding: excluding
      ) { line in
        if !quiet { Terminal.standardError.write(line + "\n") }
      }
      try target.write(study.text)
    }
    if let vendor {
      guard !points.isEmpty else { throw ValidationError("--vendor fits to measured runs: give --points.") }
      try await fitTransfers(of: vendor, with: catalogue)
    } else if !points.isEmpty {
      try await fitOverheads(with: catalogue)
    }
  }

  private func fitTransfers(of vendor: String, with catalogue: ScenarioCatalogue) async throws {
    let rows = try Validation.load(.init(files: points, split: "fit")).points
    let quiet = quiet
    let calibration = TransferCalibration(
      rows, vendor: vendor, with: catalogue,
      threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
    let fits = await calibration.fits { line in
      if !quiet { Terminal.standardError.write(line + "\n") }
    }
    guard !fits.isEmpty else {
      throw ValidationError("No 'fit' point on an accelerator of '\(vendor)' that a transfer stands for.")
    }
    for fit in fits { try Terminal.standardOutput.writeOrThrow(fit.text) }
  }

  private func fitOverheads(with catalogue: ScenarioCatalogue) async throws {
    let rows = try Validation.load(.init(files: points, split: "fit")).points
    let quiet = quiet
    for framework in Framework.allCases {
      let calibration = OverheadCalibration(
        rows, framework: framework, with: catalogue,
        threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
      let fit = await calibration.fit { line in
        if !quiet { Terminal.standardError.write(line + "\n") }
      }
      if let fit { try Terminal.standardOutput.writeOrThrow(fit.text) }
    }
  }
}
