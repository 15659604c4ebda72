import Documents
import Foundation
import Logging
import Pictures
import Results
import Scenario

/// Answers what a page asks that lets a person turn the knobs of scenarios: at once by estimates, then by simulation.
///
/// Files are read anew for each question, so that an edit shows. What it says of a scenario is a pure function of its file and
/// the settings; what it keeps saves time, and puts simulations on the curves that they lie on.
public actor Explorer {
  /// What may be explored.
  public nonisolated let scenarios: [ExplorerScenario]

  private nonisolated let catalogue: ScenarioCatalogue
  private nonisolated let store: ResultStore?
  private nonisolated let cores: Int
  private var points = Recent<ExploredPoint>(most: 512)
  private var curves = Recent<ExplorerCurve>(most: 64)
  private var simulations = Recent<Simulated>(most: 256)
  /// The simulation under way, and how many were asked for.
  private var running: Task<Simulated, any Error>?
  private(set) var asked = 0

  /// A simulation was asked for, and then another one before it began.
  public struct Superseded: Error {}

  /// A simulation that is done.
  private struct Simulated: Sendable {
    var point: ExploredPoint
    var settings: KnobSettings
    var summary: JSONValue
    var recording: RunRecording?
    var note: String?
  }

  /// An explorer of scenarios.
  ///
  /// - Parameters:
  ///   - scenarios: what may be explored, at least one.
  ///   - store: what simulations are added to; nil: they are forgotten.
  ///   - cores: cores of the machine; where there are several, one is left to estimates.
  /// - Throws: what is wrong with the catalogues.
  public init(_ scenarios: [ExplorerScenario], store: ResultStore? = nil, cores: Int) throws(Problems) {
    self.scenarios = scenarios
    self.store = store
    self.cores = max(1, cores)
    catalogue = try ScenarioCatalogue.load()
  }

  /// The scenarios for the page.
  public nonisolated var listing: JSONValue { ["scenarios": .array(scenarios.map(\.json))] }

  /// The estimate of a scenario.
  ///
  /// - Parameters:
  ///   - id: which scenario.
  ///   - settings: where knobs stand that were turned: texts `id=value`.
  /// - Returns: the knobs, a table of headline figures, what is left out, the estimate as `tokenmill estimate` has it; with the
  ///   figures and pictures of a simulation where there was one.
  /// - Throws: what is wrong with the scenario there, in the words of the command line.
  public func estimate(_ id: String, settings: [String]) throws(Problems) -> JSONValue {
    let point = try point(try file(id), try KnobSettings(settings))
    return answer(point, simulations[point.key])
  }

  /// What estimates say along a knob.
  ///
  /// - Parameters:
  ///   - id: which scenario.
  ///   - settings: where knobs stand that were turned: texts `id=value`.
  ///   - axis: the knob; that of the load by default.
  /// - Returns: pictures, and the points that they show.
  /// - Throws: `Problems`, what is wrong with the scenario there; `CancellationError` when nobody waits any more.
  public func curve(_ id: String, settings: [String], axis: String? = nil) async throws -> JSONValue {
    let file = try file(id)
    let settings = try KnobSettings(settings)
    let here = try point(file, settings)
    guard let knob = here.axis(axis), let x = knob.number else {
      return ["axis": .null, "pictures": "", "points": .array([])]
    }
    let others = settings.without(knob.id)
    let rest = file.key(try file.overrides(others))
    let key = rest + "\n\(knob.id) \(knob.levels(ExplorerCurve.mostLevels))"
    let curve: ExplorerCurve
    if let known = curves[key] {
      curve = known
    } else {
      curve = try await Self.curve(file, others, along: knob, with: catalogue, cores: cores)
      curves[key] = curve
    }
    let simulated = simulations.all.filter { run in
      let overrides = try? file.overrides(run.settings.without(knob.id))
      return run.point.file == here.file && overrides.map(file.key) == rest
    }.compactMap { run -> ExplorerCurve.Point? in
      let number = run.point.knobs.first { $0.id == knob.id }?.number
      return number.map { ExplorerCurve.Point(x: $0, summary: run.summary) }
    }
    let mark = ExplorerCurve.Point(x: x, summary: here.summary)
    return [
      "axis": .string(knob.id), "pictures": .string(curve.html(here: mark, simulated: simulated)),
      "points": curve.json,
    ]
  }

  /// Simulates a scenario, one at a time: of those that wait only the latest begins.
  ///
  /// - Parameters:
  ///   - id: which scenario.
  ///   - settings: where knobs stand that were turned: texts `id=value`.
  /// - Returns: as ``estimate(_:settings:)``.
  /// - Throws: `Problems`, what is wrong with the scenario there, or that it is too large; ``Superseded``;
  ///   `CancellationError` when nobody waits any more.
  public func simulate(_ id: String, settings: [String]) async throws -> JSONValue {
    let file = try file(id)
    let settings = try KnobSettings(settings)
    let point = try point(file, settings)
    if let known = simulations[point.key] { return answer(point, known) }
    asked += 1
    let turn = asked
    while let current = running {
      _ = try? await current.value
      // Whoever is first to see its end: awaiting it again would not let anybody else see it.
      if running == current { running = nil }
      guard turn == asked else { throw Superseded() }
      try Task.checkCancellation()
    }
    let task = Task { [catalogue, store, cores] in
      try await Self.simulated(
        file, point, settings, with: catalogue, store: store, threads: max(1, cores - 1))
    }
    running = task
    defer { if running == task { running = nil } }
    let found = try await task.value
    simulations[point.key] = found
    return answer(point, found)
  }

  private func file(_ id: String) throws(Problems) -> ExploredFile {
    guard let scenario = scenarios.first(where: { $0.id == id }) else {
      throw Problems(
        Problem(
          file: id, message: "is no scenario here",
          hint: nearestName(to: id, among: scenarios.map(\.id)).map { "did you mean '\($0)'?" }))
    }
    return try ExploredFile(scenario)
  }

  private func point(_ file: ExploredFile, _ settings: KnobSettings) throws(Problems) -> ExploredPoint {
    let key = file.key(try file.overrides(settings))
    if let known = points[key] { return known }
    let point = try file.point(settings, with: catalogue)
    points[key] = point
    return point
  }
}

extension Explorer {
  /// Estimates along a knob, on all cores.
  private static func curve(
    _ file: ExploredFile, _ settings: KnobSettings, along knob: ExplorerKnob,
    with catalogue: ScenarioCatalogue,
    cores: Int
  ) async throws -> ExplorerCurve {
    let levels = knob.levels(ExplorerCurve.mostLevels)
    typealias Found = Result<ExplorerCurve.Point, Problems>
    let found = try await withThrowingTaskGroup(of: [(Int, Found)].self) { group in
      for first in 0..<min(cores, levels.count) {
        group.addTask {
          var own: [(Int, Found)] = []
          for index in stride(from: first, to: levels.count, by: cores) {
            try Task.checkCancellation()
            var there = settings
            there[knob.id] = KnobTarget.text(levels[index])
            do {
              let summary = try file.point(there, with: catalogue).summary
              own.append((index, .success(ExplorerCurve.Point(x: levels[index], summary: summary))))
            } catch let problems as Problems {
              own.append((index, .failure(problems)))
            }
          }
          return own
        }
      }
      var all: [(Int, Found)] = []
      for try await part in group { all += part }
      return all.sorted { $0.0 < $1.0 }.map(\.1)
    }
    var estimates: [ExplorerCurve.Point] = []
    var refusals: [String] = []
    for result in found {
      switch result {
      case .success(let point): estimates.append(point)
      case .failure(let problems):
        for text in problems.all.map(\.description) where !refusals.contains(text) { refusals.append(text) }
      }
    }
    return ExplorerCurve(axis: knob, levels: levels.count, estimates: estimates, refusals: refusals)
  }

  private static func simulated(
    _ file: ExploredFile, _ point: ExploredPoint, _ settings: KnobSettings, with catalogue: ScenarioCatalogue,
    store: ResultStore?, threads: Int
  ) async throws -> Simulated {
    let scenario = try file.resolve(point.overrides, with: catalogue, threads: threads)
    guard let run = ExplorerRun(scenario, point.estimate) else {
      throw Problems(
        Problem(
          file: point.file,
          message: "is too large to be simulated while a person waits",
          hint: "run it on the command line: \(point.command("run"))"))
    }
    let quiet = Logger(label: "tokenmill") { _ in SwiftLogNoOpLogHandler() }
    let result = await RunStudy(run.scenario, logger: quiet).run()
    return Simulated(
      point: point, settings: settings, summary: result.report.json,
      recording: try recording(result, in: store), note: run.note)
  }

  /// A run as a store has it, of the store given or of one that is gone afterwards.
  private static func recording(_ result: RunResult, in store: ResultStore?) throws -> RunRecording? {
    if let store {
      let id = try store.add(result.report, outcomes: result.outcomes)
      return try store.recording(id, withSeries: true)
    }
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("tokenmill-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let scratch = try ResultStore(path: folder.appendingPathComponent("run.sqlite").path)
    let id = try scratch.add(result.report, outcomes: result.outcomes)
    return try scratch.recording(id, withSeries: true)
  }

  private func answer(_ point: ExploredPoint, _ run: Simulated?) -> JSONValue {
    let estimate = point.estimate
    var pictures = Page("")
    if let recording = run?.recording { pictures.pictures(RunPictures(recording).all) }
    let figures = ExplorerFigures(
      estimate: estimate, estimated: point.summary, simulated: run?.summary)
    return .object([
      ("scenario", .string(estimate.scenario)), ("file", .string(point.file)),
      ("gpus", .int(estimate.mean.accelerators)), ("racks", .int(estimate.racks)),
      ("overloaded", .bool(estimate.mean.deployments.contains(where: \.isOverloaded))),
      ("knobs", .array(point.knobs.map(\.json))),
      ("axis", point.axis(nil).map { .string($0.id) } ?? .null), ("figures", .string(figures.html)),
      ("notes", .array(estimate.notes.map { .string($0) })),
      ("commands", ["estimate": .string(point.command("estimate")), "run": .string(point.command("run"))]),
      ("estimate", point.summary.without("configuration")),
      ("simulated", .bool(run != nil)), ("simulation_note", run?.note.map { .string($0) } ?? .null),
      ("run", .string(pictures.content)),
      ("simulation", run?.summary.without("configuration") ?? .null),
    ])
  }
}

extension JSONValue {
  /// An object without one of its members.
  fileprivate func without(_ key: String) -> JSONValue {
    guard case .object(let members) = self else { return self }
    return .object(members.filter { $0.0 != key })
  }
}

/// Values by keys, of which only the latest are kept.
private struct Recent<Value: Sendable>: Sendable {
  private var entries: [(key: String, value: Value)] = []
  private let most: Int

  init(most: Int) { self.most = most }

  /// The values, the oldest first.
  var all: [Value] { entries.map(\.value) }

  subscript(key: String) -> Value? {
    get { entries.last { $0.key == key }?.value }
    set {
      entries.removeAll { $0.key == key }
      if let newValue { entries.append((key, newValue)) }
      if entries.count > most { entries.removeFirst(entries.count - most) }
    }
  }
}
