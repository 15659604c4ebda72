import CostModel
import Documents
import Hardware
import Logging
import Quantities
import Results
import Scenario
import Simulation

/// Changes each hardware figure of a scenario by a share, up and down, and runs what comes of it with the same seed.
public struct SensitivityStudy: Sendable {
  /// The share by which each figure is changed, in (0, 1).
  public let share: Double
  private let file: ScenarioFile
  private let point: SweepPoint?
  private let source: String
  private let catalogue: ScenarioCatalogue
  private let jobs: Int
  private let base: ResolvedScenario
  private let variations: [Variation]

  /// A figure and the settings that change it.
  struct Variation: Sendable {
    /// The system's id; empty for what is no figure of a system.
    var system: String
    /// The figure's path inside the system.
    var path: String
    /// The value as it is.
    var value: String
    /// `path=value` that take the share off.
    var lower: [String]
    /// `path=value` that add the share; nil where there is no more of it.
    var higher: [String]?
  }

  /// A study of one scenario.
  ///
  /// - Parameters:
  ///   - input: the scenario.
  ///   - share: a share as a user writes it: `10 %`, `0.1`.
  ///   - catalogue: systems, models, data sets and efficiencies.
  ///   - seed: of all runs; nil for the scenario's.
  ///   - jobs: cores to use, >= 1; results are the same.
  /// - Throws: what is wrong with the share, or with the scenario.
  public init(
    _ input: CompareInput, share: String, with catalogue: ScenarioCatalogue, seed: UInt64? = nil,
    jobs: Int = 1
  ) throws(Problems) {
    guard let parsed = try? Ratio.parse(share), parsed.si >= 0.001, parsed.si <= 0.9 else {
      throw Problems(
        Problem(
          file: "--sensitivity", found: "'\(share)'", message: "is no share", allowed: "0.1 % to 90 %",
          hint: "for example --sensitivity 10%"))
    }
    guard case .scenario(let file, let point) = input.content else {
      throw Problems(
        Problem(
          file: input.source, message: "has run already, and its hardware can't be changed any more",
          hint: "--sensitivity takes a scenario file"))
    }
    self.share = parsed.si
    self.file = file
    self.point = point
    source = input.source
    self.catalogue = catalogue
    self.jobs = jobs
    base = try file.resolve(point: point, with: catalogue, options: ResolutionOptions(seed: seed))
    variations = SensitiveFigures(base, share: parsed.si).variations
  }

  /// Runs that the study takes.
  public var runs: Int { 1 + variations.reduce(0) { $0 + ($1.higher == nil ? 1 : 2) } }

  /// Runs the scenario as it is and with each change.
  ///
  /// - Parameter done: called whenever a run is done.
  /// - Returns: the changes of its figures, the largest effect first.
  /// - Throws: settings that can't be made; a variation that can't run is a finding.
  public func run(done: @Sendable () -> Void = {}) async throws(Problems) -> SensitivityReport {
    var logger = Logger(label: "tokenmill")
    // What a run says beforehand it would say of every variation again.
    logger.logLevel = .error
    let scenarios = ScenarioRuns(catalogue: catalogue, seed: base.run.seed, jobs: jobs, logger: logger)
    var files: [(file: ScenarioFile, point: SweepPoint?)] = [(file, point)]
    for variation in variations {
      for settings in [variation.lower, variation.higher].compactMap({ $0 }) {
        files.append((try ScenarioFile(document: file.document, overrides: settings), point))
      }
    }
    var ran = await scenarios.run(files, done: done)[...]
    let events = ran.reduce(0) { $0 + $1.events }
    let first = ran.removeFirst()
    let effects = variations.map { variation in
      let lower = ran.removeFirst()
      return SensitivityReport.Effect(
        variation, lower: lower, higher: variation.higher == nil ? nil : ran.removeFirst(), base: first)
    }
    return SensitivityReport(
      source: source, name: base.name, seed: base.run.seed, share: share, base: first, effects, events: events
    )
  }
}

/// The figures of the systems of a scenario that its results may depend on.
struct SensitiveFigures {
  private let scenario: ResolvedScenario
  private let share: Double

  /// Figures of a system that are changed, in the order in which equal effects are listed.
  static let paths: [String] =
    ["accelerator.memory_bandwidth", "accelerator.memory"]
    + ComputeType.allCases.filter { ![.fp64, .fp32, .tf32].contains($0) }.map {
      "accelerator.flops.\($0.rawValue)"
    }
    + [
      "scale_up.bandwidth", "scale_up.latency", "scale_out.bandwidth", "scale_out.latency",
      "host_link.bandwidth",
      "accelerator.tdp", "accelerator.idle_power", "node.idle_power", "node.peak_power", "rack.power",
    ]

  init(_ scenario: ResolvedScenario, share: Double) {
    self.scenario = scenario
    self.share = share
  }

  /// Every figure that a system states, and the clock.
  var variations: [SensitivityStudy.Variation] {
    var systems: [SystemSpecification] = []
    for part in scenario.site.parts where !systems.contains(where: { $0.id == part.system.id }) {
      systems.append(part.system)
    }
    return systems.flatMap { system in Self.paths.compactMap { variation(of: system, $0) } } + [clock]
  }

  private func variation(of system: SystemSpecification, _ path: String) -> SensitivityStudy.Variation? {
    guard let figure = system.figure(path), let quantity = QuantityText(figure.value) else { return nil }
    let steps =
      [.key("hardware"), .key(system.id)]
      + path.split(separator: ".").map { DocumentPath.Step.key(String($0)) }
    let place = DocumentPath(steps).description
    return SensitivityStudy.Variation(
      system: system.id, path: path, value: quantity.description,
      lower: ["\(place)=\(quantity.scaled(by: 1 - share))"],
      higher: ["\(place)=\(quantity.scaled(by: 1 + share))"])
  }

  /// A clock can be held below the one that peaks are stated at, not raised above it.
  private var clock: SensitivityStudy.Variation {
    let limits = scenario.deployments.map { $0.design.clocks.clock }
    return SensitivityStudy.Variation(
      system: "", path: "clock", value: limits.allSatisfy { $0 == 1 } ? "full" : "limited",
      lower: limits.enumerated().map { "deployments[\($0)].clock_limit=\(max(0.1, $1 * (1 - share)))" },
      higher: nil)
  }
}
