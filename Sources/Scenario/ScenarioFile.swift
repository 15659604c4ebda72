import Documents
import Foundation
import Simulation

/// A scenario as its file and the command line state it, before any name is looked up.
public struct ScenarioFile: Sendable {
  /// The document with all overrides applied.
  public let document: Document
  /// The sweep; nil without a `sweep:` section, or with a wrong one.
  public let sweep: Sweep?
  /// The points of the sweep in order, the last axis fastest; empty where there is none.
  public var sweepPoints: [SweepPoint] { sweep?.points ?? [] }

  /// Reads a file and applies overrides in order.
  ///
  /// - Parameters:
  ///   - path: the file; relative paths in it count from its folder.
  ///   - overrides: texts `path=value` as `--set` takes them; relative paths in them count from the working directory.
  /// - Returns: the scenario, which only ``resolve(point:with:options:)`` checks in full.
  /// - Throws: what keeps the file from being read as YAML, or every override that can't be applied.
  public static func read(path: String, overrides: [String] = []) throws(Problems) -> ScenarioFile {
    try ScenarioFile(document: try Document.read(path: path), overrides: overrides)
  }

  /// A scenario of a document; see ``read(path:overrides:)``.
  public init(document: Document, overrides: [String] = []) throws(Problems) {
    var document = document
    let problems = ProblemCollector()
    for override in overrides {
      guard let equals = override.firstIndex(of: "=") else {
        problems.record(
          Problem(
            file: "--set \(override)", message: "has no '='", hint: "for example 'site.racks=2'"))
        continue
      }
      let value = String(override[override.index(after: equals)...])
      do {
        document = try document.setting(path: String(override[..<equals]), to: value)
      } catch {
        problems.record(error)
      }
    }
    try problems.throwIfAny()
    self.document = document
    // Wrong sweeps are reported by `resolve`, together with everything else that is wrong.
    sweep = SweepReader(document: document, problems: ProblemCollector()).sweep()
  }

  /// Checks everything, fills in every default and looks up every name.
  ///
  /// - Parameters:
  ///   - point: the point of the sweep; nil for the scenario as it stands.
  ///   - catalogue: systems, models, data sets and efficiencies.
  ///   - options: what the command line decides, not the file.
  /// - Returns: the scenario, ready to run.
  /// - Throws: every problem of the file at once.
  public func resolve(
    point: SweepPoint? = nil, with catalogue: ScenarioCatalogue,
    options: ResolutionOptions = ResolutionOptions()
  ) throws(Problems) -> ResolvedScenario {
    let changed = try point?.applied(to: document) ?? document
    let resolver = ScenarioResolver(changed, file: document.file, catalogue: catalogue, options: options)
    return try resolver.resolve(point: point)
  }

  /// Checks that the axes name paths that the format knows, before any point runs.
  ///
  /// What is wrong at single points only, a model that does not fit for example, is for those points to say.
  /// - Parameters:
  ///   - catalogue: systems, models, data sets and efficiencies.
  ///   - options: what the command line decides, not the file.
  /// - Throws: every unknown key that an axis brings in, with its place in the sweep and the nearest known key.
  public func checkAxes(
    with catalogue: ScenarioCatalogue, options: ResolutionOptions = ResolutionOptions()
  ) throws(Problems) {
    let problems = ProblemCollector()
    for point in sweep?.samples ?? [] {
      do {
        _ = try resolve(point: point, with: catalogue, options: options)
      } catch {
        for problem in error.all where problem.message == MappingReader.unknownKey {
          problems.record(problem)
        }
      }
    }
    try problems.throwIfAny()
  }

  /// What the `plan:` section asks and leaves open.
  ///
  /// - Parameter catalogue: systems, models, data sets and efficiencies.
  /// - Returns: the section.
  /// - Throws: every problem of the section at once, or that there is none.
  public func plan(with catalogue: ScenarioCatalogue) throws(Problems) -> PlanSection {
    let resolver = ScenarioResolver(
      document, file: document.file, catalogue: catalogue, options: ResolutionOptions())
    return try resolver.plan()
  }

  /// Checks everything of a changed document; see ``resolve(point:with:options:)``.
  ///
  /// Relative paths count as in the file itself.
  public func resolve(
    changed: Document, with catalogue: ScenarioCatalogue, options: ResolutionOptions = ResolutionOptions()
  ) throws(Problems) -> ResolvedScenario {
    try ScenarioResolver(changed, file: document.file, catalogue: catalogue, options: options).resolve()
  }

  /// The regular files that any value of the scenario names, none twice, in the order of the text.
  ///
  /// What they hold decides what the scenario gives.
  public var namedFiles: [String] {
    let base = PathBase(scenarioFile: document.file)
    var files: [String] = []
    func visit(_ node: Node) {
      if let text = node.scalar?.text, !text.isEmpty {
        let path = base.path(text, writtenIn: node)
        var isDirectory: ObjCBool = false
        if !files.contains(path), FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
          !isDirectory.boolValue
        {
          files.append(path)
        }
      }
      node.elements?.forEach(visit)
      node.entries?.forEach { visit($0.value) }
    }
    visit(document.root)
    return files
  }
}

/// What the command line decides about a run.
public struct ResolutionOptions: Sendable {
  /// The seed, in place of the file's `run.seed`.
  public var seed: UInt64?
  /// Threads to use, >= 1; results are the same.
  public var threads: Int
  /// Whether completed requests are kept for export.
  public var recordsRequests: Bool
  /// Which replicas keep a timeline; nil: none does.
  public var timeline: TimelinePlan?
  /// Whether runs of decode steps are taken at once; results are the same.
  public var macroSteps: Bool

  /// Creates options; see the properties.
  public init(seed: UInt64? = nil, threads: Int = 1, recordsRequests: Bool = false, macroSteps: Bool = true) {
    self.seed = seed
    self.threads = threads
    self.recordsRequests = recordsRequests
    self.macroSteps = macroSteps
  }
}
