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
    usage: "tokenmill calibrate [<options>]",
    discussion: """
      Reads the measurement store that 'make measurements' builds, fits what each operator reaches of the
      hardware's peaks (--output), then what frameworks do around the operators, to the 'fit' half of measured runs
      (--overheads), and what kernels draw, to measured board power and to the 'fit' half of runs with GPU power
      (--power). The same store gives the same bytes.

      EXAMPLES:
        tokenmill calibrate --output kernels.json
        tokenmill calibrate --overheads overheads.json
        tokenmill calibrate --power power.yaml
      """)

  @Option(help: ArgumentHelp("The measurement store.", valueName: "file.sqlite"))
  var store = "calibration/measurements.sqlite"

  @Option(help: ArgumentHelp("Where to write the calibration of kernels.", valueName: "file.json"))
  var output: String?

  @Option(help: ArgumentHelp("Where to write the overheads of frameworks.", valueName: "file.json"))
  var overheads: String?

  @Option(
    help: ArgumentHelp(
      "Where to write the coefficients of power, the section 'power' of priors.yaml.", valueName: "file.yaml")
  )
  var power: String?

  @Option(
    help: ArgumentHelp(
      "Fit overheads to these measured runs (their 'fit' half) instead of the store's.", valueName: "file.csv"
    ))
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
    if let vendor {
      guard !points.isEmpty else { throw ValidationError("--vendor fits to measured runs: give --points.") }
      return try await fitTransfers(of: vendor, with: try ScenarioCatalogue.load())
    }
    guard output != nil || overheads != nil || power != nil else {
      throw ValidationError(
        "Nothing to fit: give --output for kernels, --overheads for overheads, --power for power.")
    }
    let targets = try [output, overheads, power].map { try $0.map { try OutputFile(checking: $0) } }
    var catalogue = try ScenarioCatalogue.load()
    let quiet = quiet
    let progress: @Sendable (String) -> Void = { line in
      if !quiet { Terminal.standardError.write(line + "\n") }
    }
    if let target = targets[0] {
      let study = try KernelCalibration(
        store: store, systems: catalogue.systems, priors: catalogue.efficiencies,
        models: catalogue.models, excluding: excluding,
        progress: progress)
      try target.write(study.text)
      catalogue.efficiencies.calibration = study.calibration
    }
    if let target = targets[1] {
      let selection = Validation.Selection(
        suites: points.isEmpty ? [.inferencex] : [], files: points, split: "fit", store: store)
      let runs = try Validation.load(selection).points.filter { !excluding.contains($0.system) }
      let calibration = OverheadCalibration(
        runs, with: catalogue, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
      try target.write(await calibration.fit(progress: progress).text)
    }
    if let target = targets[2] {
      let selection = Validation.Selection(suites: [.mlenergy], split: "fit", store: store)
      let calibration = try await PowerCalibration(
        store: store, points: Validation.load(selection).points.filter { !excluding.contains($0.system) },
        with: catalogue, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
      try target.write(await calibration.fit(progress: progress).text)
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
}
