import Documents
import Foundation
import Hardware
import Results
import Scenario

/// A scenario at settings of its knobs, and what the estimate says of it.
struct ExploredPoint: Sendable {
  /// The file as the user named it.
  let file: String
  /// Overrides as `--set` takes them, in the order of the knobs.
  let overrides: [String]
  /// What tells the point from others: two with one key have one answer.
  let key: String
  /// What is known without simulating.
  let estimate: SteadyStateEstimate
  /// The same as JSON.
  let summary: JSONValue
  /// What can be turned.
  let knobs: [ExplorerKnob]

  /// The command line that answers the same.
  func command(_ name: String) -> String {
    let words = ["tokenmill", name, file] + overrides.flatMap { ["--set", $0] }
    return words.map { word in
      word.utf8.allSatisfy { Self.plain.contains($0) } ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }.joined(separator: " ")
  }

  private static let plain = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-=:,+%@".utf8)

  /// The axis of curves where nobody names one: the load; else a batch limit, else whatever has numbers.
  let defaultAxis: String?

  /// The axis of curves: the knob of an id where it has numbers, else that of the default.
  func axis(_ id: String?) -> ExplorerKnob? {
    let numbers = knobs.filter { if case .range = $0.kind { $0.number != nil } else { false } }
    return numbers.first { $0.id == id } ?? numbers.first { $0.id == defaultAxis } ?? numbers.first
  }
}

/// Settings of knobs: texts `id=value`, of which the last of an id counts.
struct KnobSettings: Sendable {
  private var values: [(id: String, value: String)] = []

  /// Reads settings.
  ///
  /// - Throws: every text without a value.
  init(_ texts: [String]) throws(Problems) {
    let problems = ProblemCollector()
    for text in texts {
      guard let equals = text.firstIndex(of: "=") else {
        problems.record(
          Problem(file: "--set \(text)", message: "has no '='", hint: "for example 'site.racks=2'"))
        continue
      }
      self[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    try problems.throwIfAny()
  }

  /// The value of a knob; nil where it stands as in the file.
  subscript(id: String) -> String? {
    get { values.first { $0.id == id }?.value }
    set {
      values.removeAll { $0.id == id }
      if let newValue { values.append((id, newValue)) }
    }
  }

  var ids: [String] { values.map(\.id) }

  /// The settings with one knob as in the file.
  func without(_ id: String) -> KnobSettings {
    var settings = self
    settings[id] = nil
    return settings
  }
}

/// A scenario's file with what can be turned in it.
struct ExploredFile: Sendable {
  let scenario: ExplorerScenario
  let document: Document
  let drafts: [KnobDraft]
  /// What tells this text of the file from others.
  private let fingerprint: String

  /// Reads the file, as it is now.
  init(_ scenario: ExplorerScenario) throws(Problems) {
    self.scenario = scenario
    document = try Document.read(path: scenario.id)
    drafts = KnobDrafts(document).all
    var fingerprint = Fingerprint()
    fingerprint.add(document.root.json.text(indent: 0))
    self.fingerprint = fingerprint.text
  }

  /// The overrides of settings, in the order of the knobs.
  ///
  /// - Throws: every setting of a knob that the scenario hasn't, or with a value that is none.
  func overrides(_ settings: KnobSettings) throws(Problems) -> [String] {
    let problems = ProblemCollector()
    let known = drafts.map(\.id)
    for id in settings.ids where !known.contains(id) {
      problems.record(
        Problem(
          file: "--set \(id)=\(settings[id] ?? "")", path: id, message: "is no knob of this scenario",
          allowed: known.joined(separator: ", "),
          hint: nearestName(to: id, among: known).map { "did you mean '\($0)'?" }
        ))
    }
    var overrides: [String] = []
    for draft in drafts {
      guard let value = settings[draft.id] else { continue }
      do { overrides += try draft.overrides(value) } catch { problems.record(error) }
    }
    try problems.throwIfAny()
    return overrides
  }

  private var defaultAxis: String? {
    let load = drafts.first { draft in
      switch draft.shape {
      case .rate, .clients, .load: true
      default: false
      }
    }
    let batch = drafts.first { if case .batch = $0.shape { true } else { false } }
    return (load ?? batch)?.id
  }

  /// What tells settings of this file from others.
  func key(_ overrides: [String]) -> String {
    ([scenario.id, fingerprint] + overrides).joined(separator: "\n")
  }

  /// The scenario at settings, ready to run.
  func resolve(_ overrides: [String], with catalogue: ScenarioCatalogue, threads: Int = 1) throws(Problems)
    -> ResolvedScenario
  {
    try ScenarioFile(document: document, overrides: overrides)
      .resolve(with: catalogue, options: ResolutionOptions(threads: threads))
  }

  /// The estimate at settings.
  ///
  /// - Throws: what is wrong with the settings or the scenario there, in the words of `tokenmill estimate`.
  func point(_ settings: KnobSettings, with catalogue: ScenarioCatalogue) throws(Problems) -> ExploredPoint {
    let overrides = try overrides(settings)
    let scenario = try resolve(overrides, with: catalogue)
    let estimate = try SteadyStateEstimate(scenario)
    let systems =
      try document.root["hardware"].map { (node) throws(Problems) in
        try catalogue.systems.adding(definitions: node)
      } ?? catalogue.systems
    let knobs = drafts.map {
      $0.knob(setting: settings[$0.id], of: scenario, estimate, systems: systems.systems)
    }
    return ExploredPoint(
      file: self.scenario.id, overrides: overrides, key: key(overrides), estimate: estimate,
      summary: estimate.json, knobs: knobs, defaultAxis: defaultAxis)
  }
}
