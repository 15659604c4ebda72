import Documents
import Results
import Scenario

/// The points of a sweep side by side.
///
/// A point is on the Pareto front when no other has both more output tokens/s on each GPU and more output tokens/s
/// for each user (1 / median time per output token), or as many of one and more of the other.
public struct SweepReport: Sendable {
  /// The sweep's name.
  public let name: String
  /// The points in order.
  public let points: [SweepStudy.PointResult]
  /// Whether each point is on the Pareto front.
  public let isOnFront: [Bool]

  /// A report on points.
  public init(name: String, points: [SweepStudy.PointResult]) {
    self.name = name
    self.points = points
    isOnFront = Self.front(
      points.map { point in
        guard case .success(let report) = point.outcome,
          let throughput = report.site.window.throughput.outputTokensPerSecondPerGPU,
          let interactivity = report.interactivity
        else { return nil }
        return (throughput, interactivity)
      })
  }

  /// Which of the points no other beats in both figures; a point without figures is not one of them.
  static func front(_ points: [(Double, Double)?]) -> [Bool] {
    points.map { point in
      guard let point else { return false }
      return !points.contains { other in
        guard let other else { return false }
        return other.0 >= point.0 && other.1 >= point.1 && (other.0 > point.0 || other.1 > point.1)
      }
    }
  }

  /// The points as a table, a row each; a star marks the Pareto front.
  public func text(style: TextStyle = TextStyle()) -> String {
    var columns: [TextTable.Column] = [.init("")]
    let axes = points.first?.point.settings.map(\.path) ?? []
    columns += axes.map { .init(Self.shortened($0)) }
    columns += [
      .init("tok/s/GPU"), .init("tok/s/user"), .init("TTFT p50"), .init("TPOT p50"), .init("W/GPU"),
      .init("load", .leading), .init("limit", .leading, maximumWidth: 40),
    ]
    var table = TextTable(columns)
    for (point, onFront) in zip(points, isOnFront) {
      let values = point.point.settings.map(\.value)
      switch point.outcome {
      case .success(let report):
        let window = report.site.window
        table.add(
          [onFront ? "*" : ""] + values + [
            Numbers.text(window.throughput.outputTokensPerSecondPerGPU), Numbers.text(report.interactivity),
            Numbers.seconds(window.latency.timeToFirstToken.p50),
            Numbers.seconds(window.latency.timePerOutputToken.p50), Numbers.text(window.power.gpuMean),
            report.site.saturation.verdict.words, report.site.stepTime.bindingLimit ?? Numbers.missing,
          ])
      case .failure(let problems):
        let dashes = Array(repeating: Numbers.missing, count: 6)
        table.add([""] + values + dashes + [problems.all[0].message])
      }
    }
    let title = style.strong(name) + style.aside("  \(points.count) points, * on the Pareto front")
    return ([title] + table.lines(style: style)).joined(separator: "\n") + "\n"
  }

  /// The last key of a path: `concurrency` of `workload[0].arrivals.concurrency`.
  private static func shortened(_ path: String) -> String {
    path.split(separator: ".").last.map(String.init) ?? path
  }

  /// The points as JSON: settings, whether on the front, and the summary of `run` or the problems.
  public var json: JSONValue {
    let members = zip(points, isOnFront).map { point, onFront -> JSONValue in
      let settings = JSONValue.object(point.point.settings.map { ($0.path, .string($0.value)) })
      let head: [(String, JSONValue)] = [
        ("index", .int(point.point.index)), ("settings", settings), ("pareto", .bool(onFront)),
      ]
      switch point.outcome {
      case .success(let report):
        return .object(head + [("problems", []), ("summary", report.json)])
      case .failure(let problems):
        return .object(
          head + [("problems", .array(problems.all.map { .string($0.description) })), ("summary", nil)])
      }
    }
    return ["tokenmill": 1, "scenario": .string(name), "points": .array(members)]
  }
}

extension RunReport {
  /// Output tokens/s seen by one user: 1 / median time per output token of the steady window.
  public var interactivity: Double? {
    site.window.latency.timePerOutputToken.p50.flatMap { $0 > 0 ? 1 / $0 : nil }
  }
}
