import Documents
import Results
import Scenario

/// What became of one point of a sweep.
///
/// It keeps the summary as text: a sweep may have many points, and one that was read from a store must print the same.
public struct SweptPoint: Sendable {
  /// The point.
  public let point: SweepPoint
  /// Its JSON summary on one line, or why it can't run.
  public let outcome: StoredPoint.Outcome
  /// The figures that sweeps compare; nil where it can't run.
  public let figures: SweepFigures?

  /// A point that ran.
  public init(_ point: SweepPoint, summary: JSONValue) {
    self.point = point
    outcome = .summary(summary.text(indent: 0))
    figures = SweepFigures(summary)
  }

  /// A point that can't run.
  public init(_ point: SweepPoint, problems: [String]) {
    self.point = point
    outcome = .problems(problems)
    figures = nil
  }

  /// A point as a store has it; nil where its text is damaged.
  public init?(_ point: SweepPoint, stored: StoredPoint.Outcome) {
    self.point = point
    outcome = stored
    switch stored {
    case .problems: figures = nil
    case .summary(let text):
      guard let summary = try? JSONValue(parsing: text) else { return nil }
      figures = SweepFigures(summary)
    }
  }

  /// Why it can't run; empty where it ran.
  public var problems: [String] {
    if case .problems(let problems) = outcome { problems } else { [] }
  }
}

/// The figures of a run that sweeps compare, of its steady window.
public struct SweepFigures: Sendable, Equatable {
  /// The scenario's name.
  public var scenario: String
  /// Events that were handled.
  public var events: Int64
  /// Output tokens/s of the site.
  public var outputTokensPerSecond: Double?
  /// Output tokens/s on each GPU.
  public var outputTokensPerSecondPerGPU: Double?
  /// Output tokens/s for each megawatt of the site.
  public var outputTokensPerSecondPerMegawatt: Double?
  /// Output tokens/s seen by one user: 1 / median time per output token.
  public var interactivity: Double?
  /// Requests/s that complete.
  public var requestsPerSecond: Double?
  /// Mean seconds from arrival to last token.
  public var endToEndMeanSeconds: Double?
  /// Median seconds to the first token.
  public var timeToFirstTokenSeconds: Double?
  /// Median seconds for an output token.
  public var timePerOutputTokenSeconds: Double?
  /// Mean watts of a GPU in use.
  public var gpuMeanWatts: Double?
  /// Whether the site kept up with its arrivals.
  public var verdict: Saturation.Verdict
  /// What binds it.
  public var bindingLimit: String?

  /// The figures of a JSON summary.
  public init(_ summary: JSONValue) {
    func text(_ value: JSONValue?) -> String? { if case .string(let text)? = value { text } else { nil } }
    scenario = text(summary["scenario"]) ?? ""
    events = Int64(summary.number(at: "events") ?? 0)
    outputTokensPerSecond = summary.number(at: "throughput.output_tokens_per_second")
    outputTokensPerSecondPerGPU = summary.number(at: "throughput.output_tokens_per_second_per_gpu")
    outputTokensPerSecondPerMegawatt = summary.number(at: "cost.output_tokens_per_second_per_megawatt")
    requestsPerSecond = summary.number(at: "throughput.requests_per_second")
    endToEndMeanSeconds = summary.number(at: "latency_seconds.e2e.mean")
    timeToFirstTokenSeconds = summary.number(at: "latency_seconds.ttft.p50")
    timePerOutputTokenSeconds = summary.number(at: "latency_seconds.tpot.p50")
    interactivity = timePerOutputTokenSeconds.flatMap { $0 > 0 ? 1 / $0 : nil }
    gpuMeanWatts = summary.number(at: "power_watts.gpu_mean")
    verdict = text(summary["saturation"]?["verdict"]).flatMap { .init(rawValue: $0) } ?? .undetermined
    bindingLimit = text(summary["binding_limit"])
  }
}
