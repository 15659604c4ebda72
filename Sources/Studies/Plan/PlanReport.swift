import CostModel
import Documents
import Hardware
import Models
import Results
import Scenario

/// What a plan found.
public struct PlanReport: Sendable {
  /// The scenario's name.
  public var scenario: String
  /// What was asked.
  public var section: PlanSection
  /// The scenario file as the user named it.
  public var file: String
  /// What the coarse search went through.
  public var search: PlanSearchSummary
  /// Arrivals each second that have to be served; nil: as many as go.
  public var wantedArrivalsPerSecond: Double?
  /// Configurations, best first; those that were simulated come first.
  public var candidates: [PlanCandidate] = []
  /// How the engines of the best one are started.
  public var launches: [PlanLaunch] = []
  /// What comes nearest where nothing keeps the targets at any rate.
  var nearest: PlanNearest?

  let document: PlanDocument

  /// A report without candidates yet.
  init(_ document: PlanDocument, section: PlanSection, search: PlanSearchSummary) {
    self.document = document
    scenario = document.file.document.root["name"]?.scalar?.text ?? ""
    self.section = section
    file = document.file.document.file
    self.search = search
  }

  /// The best configuration that answers the question; nil where none does.
  public var best: PlanCandidate? { candidates.first.flatMap { $0.isFeasible ? $0 : nil } }
  /// Whether the question has an answer.
  public var isFeasible: Bool { best != nil }
  /// What binds the best configuration, or the nearest one.
  public var bindingLimit: String? {
    candidates.first?.figures.bindingLimit ?? nearest?.targets.min { $0.headroom < $1.headroom }?.name
  }
  /// The runs of the finalists that were simulated, best first.
  public var results: [RunResult] { candidates.compactMap { $0.simulated?.result } }
  /// Simulation events of those runs.
  public var events: Int64 { results.reduce(0) { $0 + $1.report.events } }

  /// What a reader has to know of how the answer was found.
  public var notes: [String] {
    var notes: [String] = []
    if let candidate = candidates.first(where: { $0.simulated != nil }), let simulated = candidate.simulated,
      simulated.replicas < candidate.replicas
    {
      notes.append(
        "\(simulated.replicas) of \(candidate.replicas) replicas are simulated, at the same load a replica")
    }
    if let percent = estimateErrorPercent, percent > 20 {
      notes.append(
        "simulations and estimates differ by up to \(Int(percent.rounded())) %: what the estimate leaves out matters here, and the "
          + "search may have passed over better ones (tokenmill estimate says what it leaves out)")
    }
    if candidates.isEmpty == false, candidates[0].simulated == nil {
      notes.append("no simulation kept the targets: figures are those of the estimate")
    }
    if candidates.first?.parts.contains(where: { $0.spares > 0 }) == true {
      notes.append("spares stand idle: they draw idle power and are paid")
    }
    return notes
  }

  /// What the candidates' simulations and estimates differ by at most, in percent; nil where nothing was simulated.
  public var estimateErrorPercent: Double? {
    candidates.compactMap { candidate in
      candidate.simulated.map {
        abs($0.figures.outputTokensPerSecond / candidate.estimated.outputTokensPerSecond - 1) * 100
      }
    }.max()
  }
}

extension PlanReport {
  /// The plan as `--json` writes it; docs/plan.schema.json is its schema.
  public var json: JSONValue {
    [
      "tokenmill": 1, "scenario": .string(scenario),
      "question": wantedArrivalsPerSecond == nil ? "most_traffic" : "smallest_site",
      "objective": .string(section.objective.rawValue),
      "wanted_arrivals_per_second": .optional(wantedArrivalsPerSecond), "feasible": .bool(isFeasible),
      "binding_limit": bindingLimit.map { .string($0) } ?? .null,
      "best": best.map { candidate in
        guard case .object(let members) = json(candidate) else { return .null }
        return .object(members + [("launch", .array(launches.map(\.json)))])
      } ?? .null,
      "nearest": isFeasible ? .null : nearestJSON,
      "candidates": .array(candidates.map { json($0) }),
      "searched": [
        "tried": .int(search.tried), "fitting": .int(search.fitting),
        "rejected": .array(
          search.rejected.map { ["reason": .string($0.reason), "count": .int($0.count)] }),
      ],
      "notes": .array(notes.map { .string($0) }),
    ]
  }

  private func json(_ candidate: PlanCandidate) -> JSONValue {
    let several = candidate.parts.count > 1
    let first = candidate.parts[0]
    let simulated = candidate.simulated
    return [
      "system": .string(candidate.system.id), "parallel": .string(first.option.layout.text),
      "engine": .string(engine(candidate, 0)), "mode": .string(first.option.mode.rawValue),
      "pools": first.pools, "max_batch_size": .int(first.option.batchSize),
      "power_limit_watts": .optional(first.option.powerLimitWatts),
      "deployments": .array(
        several
          ? candidate.parts.indices.map { json(candidate, part: $0) } : [json(candidate, part: 0)]),
      "replicas": .int(candidate.replicas), "spares": .int(candidate.parts.reduce(0) { $0 + $1.allSpares }),
      "gpus": .int(candidate.accelerators), "racks": .int(candidate.racks),
      "feasible": .bool(candidate.isFeasible), "estimated": candidate.estimated.json,
      "simulated": simulated.map { simulated in
        guard case .object(let members) = simulated.figures.json else { return .null }
        return .object(
          members + [("replicas", .int(simulated.replicas)), ("runs", .int(simulated.runs))])
      } ?? .null,
      "interval": simulated.map {
        ["confidence_95": Self.json($0.confidence), "eight_of_ten_measured": Self.json($0.measured)]
      } ?? .null,
      "binding_limit": .string(candidate.figures.bindingLimit),
      "limits": .object(candidate.figures.limits.map { ($0.name, .double($0.headroom)) }),
      "settings": .object(settings(candidate).map { ($0.path, .string($0.value)) }),
    ]
  }

  private func json(_ candidate: PlanCandidate, part index: Int) -> JSONValue {
    let part = candidate.parts[index]
    let precision = candidate.load.scenario.deployments[index].design.precision
    return [
      "name": .string(part.name), "parallel": .string(part.option.layout.text),
      "engine": .string(engine(candidate, index)), "mode": .string(part.option.mode.rawValue),
      "pools": part.pools, "replicas": .int(part.units * part.option.replicas),
      "spares": .int(part.allSpares), "max_batch_size": .int(part.option.batchSize),
      "precision": [
        "weights": .string(precision.weights.rawValue),
        "activations": .string(precision.activations.rawValue),
        "kv_cache": .string(precision.keyValueCache.rawValue),
      ],
    ]
  }

  private static func json(_ interval: (low: Double, high: Double)?) -> JSONValue {
    interval.map { .array([.double($0.low), .double($0.high)]) } ?? .null
  }

  func engine(_ candidate: PlanCandidate, _ index: Int) -> String {
    candidate.load.scenario.deployments[index].design.framework.rawValue
  }

  /// What has to be set in the file for the configuration to run with its traffic.
  public func settings(_ candidate: PlanCandidate) -> [PlanSetting] {
    candidate.settings + document.traffic(candidate.figures.factor, of: candidate.load.scenario)
  }

  private var nearestJSON: JSONValue {
    if let candidate = candidates.first {
      let wanted = wantedArrivalsPerSecond
      let needed = wanted.map {
        Double(candidate.accelerators) * $0 / max(candidate.figures.arrivalsPerSecond, 1e-12)
      }
      let atWanted = wanted.map { candidate.load.figures(at: $0 / candidate.load.arrivals.reduce(0, +)) }
      return [
        "arrivals_per_second": .double(candidate.figures.arrivalsPerSecond),
        "gpus_needed": needed.map { .int(Int($0.rounded(.up))) } ?? .null,
        "site_watts_needed": .optional(
          needed.map { candidate.figures.siteWatts * $0 / Double(candidate.accelerators) }),
        "targets": .array((atWanted ?? candidate.figures).targets.map(\.json)),
        "system": .string(candidate.system.id), "parallel": .string(candidate.parts[0].option.layout.text),
      ]
    }
    guard let nearest else { return .null }
    return [
      "arrivals_per_second": 0, "gpus_needed": .null, "site_watts_needed": .null,
      "targets": .array(nearest.targets.map(\.json)), "system": .string(nearest.option.system.id),
      "parallel": .string(nearest.option.layout.text),
    ]
  }
}

extension PlanCandidate.Part {
  /// Spares of all pools.
  var allSpares: Int { option.prefillLayout == nil ? spares : 2 * spares }

  /// The pools; null where there is one.
  fileprivate var pools: JSONValue {
    guard let prefill = option.prefillLayout else { return .null }
    return [
      "prefill": ["replicas": .int(units * option.ratio.prefill), "parallel": .string(prefill.text)],
      "decode": ["replicas": .int(units * option.ratio.decode), "parallel": .string(option.layout.text)],
      "ratio": .string("\(option.ratio.prefill):\(option.ratio.decode)"),
    ]
  }
}

extension PlanReached {
  fileprivate var json: JSONValue {
    [
      "name": .string(name), "limit_seconds": .double(limitSeconds), "seconds": .optional(seconds),
      "headroom": seconds == nil ? .null : .double(headroom),
    ]
  }
}

extension PlanFigures {
  fileprivate var json: JSONValue {
    [
      "arrivals_per_second": .double(arrivalsPerSecond),
      "output_tokens_per_second": .double(outputTokensPerSecond),
      "output_tokens_per_second_per_gpu": .double(outputTokensPerSecond / Double(max(accelerators, 1))),
      "dollars_per_million_tokens": .optional(dollarsPerMillionTokens),
      "tokens_per_megawatt_hour": .double(tokensPerMegawattHour),
      "carbon_kilograms_per_million_tokens": .optional(carbonPerMillionTokens),
      "gpu_watts": .double(acceleratorWatts), "site_watts": .double(siteWatts),
      "targets": .array(targets.map(\.json)),
    ]
  }
}
