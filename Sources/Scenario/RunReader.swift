import Documents
import Quantities
import Simulation

/// What `run:` states.
struct RunDraft {
  var seed: UInt64 = 1
  /// The end; nil: when every request is done.
  var duration: Seconds?
  /// Nil where the scenario leaves it to what arrives.
  var warmUp: WarmUp?
  /// The part of the site to simulate; nil: all of it.
  var sample: SamplePlan?
  let node: Node?
}

/// Reads `run:` and `references:`.
struct RunReader {
  let problems: ProblemCollector

  /// The run; defaults where the section is missing.
  func run(_ field: Field) -> RunDraft {
    guard var reader = field.mapping() else { return RunDraft(node: field.node) }
    var draft = RunDraft(node: reader.node)
    if let seed = reader.optional("seed").int(in: 0...Int.max) { draft.seed = UInt64(seed) }
    let untilField = reader.optional("until")
    let until = untilField.choice(["drained"])
    let durationField = reader.optional("duration")
    draft.duration = durationField.quantity(
      Seconds.self, in: Seconds(si: 0)...Seconds(si: 1e9), above: Seconds(si: 0))
    if until != nil, durationField.isPresent {
      durationField.reject(
        "the run ends in two ways, until: drained and after a duration", allowed: "one of until, duration")
    }
    let warmUpField = reader.optional("warm_up")
    switch warmUpField.node?.scalar?.text {
    case nil: if warmUpField.isPresent { warmUpField.reject("a duration, auto or none is needed") }
    case "auto": draft.warmUp = .automatic
    case "none": draft.warmUp = WarmUp.none
    default:
      if let seconds = warmUpField.quantity(Seconds.self) {
        draft.warmUp = .seconds(seconds.si)
        if let duration = draft.duration, seconds >= duration {
          warmUpField.reject(
            "nothing is left of a run of \(duration)", allowed: "less than \(duration), auto or none")
        }
      }
    }
    draft.sample = sample(reader.optional("sample"))
    reader.finish()
    return draft
  }

  /// The part of the site that is simulated for all of it.
  private func sample(_ field: Field) -> SamplePlan? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    let share = reader.required("share").quantity(
      Ratio.self, in: Ratio(si: 0)...Ratio(si: 1), above: Ratio(si: 0))
    let cells = reader.optional("cells").int(in: SamplePlan.cellCounts)
    let least = reader.optional("least_replicas").int(in: 1...1_000_000)
    reader.finish()
    guard let share else { return nil }
    var sample = SamplePlan(share: share.si)
    if let cells { sample.cells = cells }
    if let least { sample.leastReplicas = least }
    return sample
  }

  /// The published figures beside the run's own.
  func references(_ field: Field) -> [Reference] {
    field.list { element -> Reference? in
      guard var reader = element.elementMapping() else { return nil }
      let figure = self.figure(reader.required("figure"))
      let value = reader.required("value").double()
      let source = reader.required("source").string()
      reader.finish()
      guard let figure, let value, let source else { return nil }
      return Reference(figure: figure, value: value, source: source)
    } ?? []
  }

  private func figure(_ field: Field) -> String? {
    guard let text = field.string() else { return nil }
    if SummaryFigures.paths.contains(text) { return text }
    field.reject(
      "not a figure of the JSON summary", allowed: "a path such as \(SummaryFigures.paths[0])",
      hint: nearestName(to: text, among: SummaryFigures.paths).map { "did you mean '\($0)'?" })
    return nil
  }
}

/// The figures of the JSON summary that a reference may name.
enum SummaryFigures {
  /// Paths in the order of the summary.
  static let paths: [String] = {
    func under(_ group: String, _ names: [String]) -> [String] { names.map { group + "." + $0 } }
    let statistics = ["mean", "p50", "p90", "p95", "p99", "max"]
    let throughput = under(
      "throughput",
      [
        "output_tokens_per_second", "input_tokens_per_second", "requests_per_second",
        "output_tokens_per_second_per_gpu", "total_tokens_per_second_per_gpu", "goodput_requests_per_second",
        "images_per_second",
      ])
    let latency = ["ttft", "tpot", "itl", "e2e", "queue"].flatMap {
      under("latency_seconds." + $0, statistics)
    }
    let power =
      under("power_watts", ["gpu_mean", "gpu_peak", "it_mean", "it_peak", "site_mean", "site_peak"])
      + under(
        "energy", ["gpu_joules_per_output_token", "site_joules_per_output_token", "site_megawatt_hours"])
      + under("cost", ["dollars_per_million_output_tokens", "output_tokens_per_second_per_megawatt"])
    let ofSpan = throughput + latency + power
    return ofSpan + under("kv_cache", ["peak_utilisation", "prefix_hit_rate"]) + under("whole_run", ofSpan)
  }()
}
