import Documents
import Results

/// How far the figures of a scenario follow its hardware, the largest effect first.
public struct SensitivityReport: Sendable {
  /// The figures whose changes are reported: paths of the summary, and what tables call them.
  static let figures: [(path: String, name: String)] = [
    ("throughput.output_tokens_per_second", "tok/s"), ("latency_seconds.ttft.mean", "TTFT"),
    ("latency_seconds.tpot.mean", "TPOT"), ("power_watts.site_mean", "W"),
  ]
  /// Those of a model that makes images.
  static let imageFigures: [(path: String, name: String)] = [
    ("throughput.images_per_second", "img/s"), ("latency_seconds.ttft.mean", "TTFT"),
    ("latency_seconds.e2e.mean", "E2E"), ("power_watts.site_mean", "W"),
  ]

  /// What became of the scenario with a figure changed.
  enum Outcome: Sendable {
    /// Changes relative to the scenario as it is, one for each figure; nil where either has none.
    case changes([Double?])
    /// Why it can't run.
    case problems([String])

    /// The change of a figure.
    func change(_ index: Int) -> Double? {
      if case .changes(let changes) = self { changes[index] } else { nil }
    }
  }

  /// What one figure of the hardware does.
  struct Effect: Sendable {
    let variation: SensitivityStudy.Variation
    fileprivate let lowerRun: ScenarioRuns.Ran
    fileprivate let higherRun: ScenarioRuns.Ran?
    /// With less of it.
    fileprivate(set) var lower: Outcome
    /// With more of it; nil where there is no more.
    fileprivate(set) var higher: Outcome?

    init(
      _ variation: SensitivityStudy.Variation, lower: ScenarioRuns.Ran, higher: ScenarioRuns.Ran?,
      base: ScenarioRuns.Ran
    ) {
      self.variation = variation
      lowerRun = lower
      higherRun = higher
      self.lower = .problems(lower.problems)
      self.higher = higher.map { .problems($0.problems) }
    }

    /// Changes of all figures, with less and with more.
    var all: [Double] {
      [lower, higher].compactMap { $0 }.flatMap { outcome -> [Double] in
        if case .changes(let changes) = outcome { changes.compactMap { $0 } } else { [] }
      }
    }

    /// The largest change of a figure; 0 where it can't run with less or more.
    func size(_ figure: Int) -> Double {
      [lower, higher].compactMap { $0?.change(figure) }.map { abs($0) }.max() ?? 0
    }

    var canFail: Bool {
      [lower, higher].contains { if case .problems? = $0 { true } else { false } }
    }
  }

  /// The scenario as the user named it.
  public let source: String
  /// The scenario's name.
  public let name: String
  /// Events that were handled.
  public let events: Int64
  let seed: UInt64
  let share: Double
  let base: JSONValue?
  let problems: [String]
  let figures: [(path: String, name: String)]
  /// The figure that ranks: its place in `figures`.
  let ranking: Int
  let effects: [Effect]

  init(
    source: String, name: String, seed: UInt64, share: Double, base: ScenarioRuns.Ran, _ effects: [Effect],
    events: Int64
  ) {
    self.source = source
    self.name = name
    self.seed = seed
    self.share = share
    self.events = events
    self.base = base.summary
    problems = base.problems
    let summary = base.summary ?? .null
    let figures =
      summary.number(at: Self.imageFigures[0].path) == nil ? Self.figures : Self.imageFigures
    self.figures = figures
    // Where the load sets the throughput, what hardware changes is how long a token takes.
    let ranking = Self.loadSetsThroughput(summary) ? 2 : 0
    self.ranking = ranking
    self.effects = effects.map { effect in
      var effect = effect
      effect.lower = Self.outcome(effect.lowerRun, summary, figures)
      effect.higher = effect.higherRun.map { Self.outcome($0, summary, figures) }
      return effect
    }.enumerated().sorted { a, b in
      let (x, y) = (a.element.size(ranking), b.element.size(ranking))
      return x == y ? a.offset < b.offset : x > y
    }.map(\.element)
  }

  private static func loadSetsThroughput(_ summary: JSONValue) -> Bool {
    guard case .string(let verdict)? = summary["saturation"]?["verdict"] else { return false }
    return !["closed_loop", "offline", "overloaded"].contains(verdict)
  }

  private static func outcome(
    _ run: ScenarioRuns.Ran, _ base: JSONValue, _ figures: [(path: String, name: String)]
  ) -> Outcome {
    guard let summary = run.summary else { return .problems(run.problems) }
    return .changes(
      figures.map { figure in
        guard let before = base.number(at: figure.path), before != 0,
          let after = summary.number(at: figure.path)
        else { return nil }
        return after / before - 1
      })
  }

  /// The study as JSON: stable keys, changes as shares of the scenario's own figures.
  public var json: JSONValue {
    [
      "tokenmill": 1, "kind": "sensitivity", "source": .string(source), "scenario": .string(name),
      "seed": CompareReport.number(String(seed)), "share": .double(share),
      "ranked_by": .string(figures[ranking].path),
      "base": .object(figures.map { ($0.path, .optional(base?.number(at: $0.path))) }),
      "figures": .array(
        effects.map { effect in
          [
            "system": effect.variation.system.isEmpty ? .null : .string(effect.variation.system),
            "path": .string(effect.variation.path), "value": .string(effect.variation.value),
            "lower": json(effect.lower, effect.variation.lower),
            "higher": effect.higher.map { json($0, effect.variation.higher ?? []) } ?? .null,
          ]
        }),
    ]
  }

  private func json(_ outcome: Outcome, _ settings: [String]) -> JSONValue {
    var members: [(String, JSONValue)] = [("settings", .array(settings.map { .string($0) }))]
    switch outcome {
    case .changes(let changes):
      members.append(("changes", .object(zip(figures, changes).map { ($0.path, .optional($1)) })))
      members.append(("problems", []))
    case .problems(let problems):
      members.append(("changes", .null))
      members.append(("problems", .array(problems.map { .string($0) })))
    }
    return .object(members)
  }
}
