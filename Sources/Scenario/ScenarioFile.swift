import Documents

/// A scenario as its file and the command line state it, before any name is looked up.
public struct ScenarioFile: Sendable {
  /// The document with all overrides applied.
  public let document: Document
  /// The points of the sweep in order, the last axis fastest; empty without a `sweep:` section, or with a wrong one.
  public let sweepPoints: [SweepPoint]

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
    sweepPoints = SweepReader(document: document, problems: ProblemCollector()).points() ?? []
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
    guard let point else {
      return try ScenarioResolver(document, file: document.file, catalogue: catalogue, options: options)
        .resolve()
    }
    do {
      let changed = try point.applied(to: document)
      let resolver = ScenarioResolver(changed, file: document.file, catalogue: catalogue, options: options)
      return try resolver.resolve(point: point)
    } catch {
      throw Problems(error.all.map { point.renamed($0, file: document.file) })
    }
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
