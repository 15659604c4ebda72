import Documents
import Results
import Scenario

/// The points of a sweep side by side.
public struct SweepReport: Sendable {
  /// What the Pareto front weighs against output tokens/s for each user (1 / median time per output token).
  public enum Objective: String, Sendable, CaseIterable {
    /// Output tokens/s on each GPU.
    case gpu
    /// Output tokens/s for each megawatt of the site.
    case mw

    /// The figure's path in the summary of a run.
    var path: String {
      self == .gpu
        ? "throughput.output_tokens_per_second_per_gpu" : "cost.output_tokens_per_second_per_megawatt"
    }

    func value(_ figures: SweepFigures) -> Double? {
      self == .gpu ? figures.outputTokensPerSecondPerGPU : figures.outputTokensPerSecondPerMegawatt
    }
  }

  /// The sweep's name.
  public let name: String
  /// The axes and all points.
  public let sweep: Sweep
  /// The points that ran, or could not, in order.
  public let points: [SweptPoint]
  /// What the front weighs.
  public let objective: Objective
  /// Which part of the sweep the points are; nil for the whole.
  public let shard: SweepShard?
  /// Whether each point is on the Pareto front.
  public let isOnFront: [Bool]
  /// The curves of load.
  public let curves: [SweepCurve]

  /// A report on points.
  public init(
    name: String, sweep: Sweep, points: [SweptPoint], objective: Objective = .gpu, shard: SweepShard? = nil
  ) {
    self.name = name
    self.sweep = sweep
    self.points = points
    self.objective = objective
    self.shard = shard
    isOnFront = ParetoFront.marks(
      points.map { point in
        guard let figures = point.figures, let throughput = objective.value(figures),
          let interactivity = figures.interactivity
        else { return nil }
        return (throughput, interactivity)
      })
    curves = SweepCurve.curves(of: sweep, points)
  }

  /// The points as a table, a row each, with knees and saturation below it.
  ///
  /// A star marks the Pareto front.
  public func text(style: TextStyle = TextStyle()) -> String {
    let count = shard.map { "\(points.count) of \(sweep.points.count) points, shard \($0)" }
    let front = objective == .gpu ? "" : " for a megawatt"
    let aside = "\(count ?? "\(points.count) points")\(commonLoad), * on the Pareto front\(front)"
    var lines =
      name.count + 2 + aside.count <= 80
      ? [style.strong(name) + style.aside("  " + aside)]
      : RunReport.wrapped(name, indent: 2).map { style.strong($0) }
        + RunReport.wrapped(aside, indent: 2).map { style.aside($0) }
    lines += rowTable.lines(style: style) + reasons
    if let curveTable { lines += [""] + curveTable.lines(style: style) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Why points can't run, a reason once.
  private var reasons: [String] {
    var found: [(reason: String, count: Int)] = []
    for point in points where point.figures == nil {
      let reason = Self.message(point.problems.first ?? "")
      if let known = found.firstIndex(where: { $0.reason == reason }) {
        found[known].count += 1
      } else {
        found.append((reason, 1))
      }
    }
    return found.flatMap { reason, count in
      RunReport.wrapped("\(count) point\(count == 1 ? "" : "s") can't run: \(reason)", indent: 2)
    }
  }

  /// The load of the points where it is full by design at all of them: no column has to say so.
  private var designedLoad: String? {
    let verdicts = points.compactMap { $0.figures?.verdict }
    guard let first = verdicts.first, [.closedLoop, .offline].contains(first),
      verdicts.allSatisfy({ $0 == first })
    else { return nil }
    return first.words
  }

  private var commonLoad: String { designedLoad.map { ", " + $0 } ?? "" }

  private var rowTable: TextTable {
    let megawatt = objective == .mw
    var columns: [TextTable.Column] = [.init("")]
    columns += sweep.axes.map { .init(Self.shortened($0.name)) }
    columns += [.init("tok/s/GPU"), .init("tok/s/user")]
    if megawatt { columns.append(.init("tok/s/MW")) }
    columns += [.init("TTFT p50"), .init("TPOT p50"), .init("W/GPU")]
    let showsLoad = designedLoad == nil
    if showsLoad { columns.append(.init("load", .leading)) }
    columns.append(.init("limit", .leading))
    var table = TextTable(columns)
    for (swept, onFront) in zip(points, isOnFront) {
      let values = sweep.axes.indices.map { sweep.value(of: $0, at: swept.point).label }
      guard let figures = swept.figures else {
        let dashes = Array(repeating: Numbers.missing, count: (megawatt ? 6 : 5) + (showsLoad ? 1 : 0))
        table.add([""] + values + dashes + ["can't run"])
        continue
      }
      var cells = [
        Numbers.text(figures.outputTokensPerSecondPerGPU), Numbers.text(figures.interactivity),
      ]
      if megawatt { cells.append(Numbers.text(figures.outputTokensPerSecondPerMegawatt)) }
      cells += [
        Numbers.seconds(figures.timeToFirstTokenSeconds), Numbers.seconds(figures.timePerOutputTokenSeconds),
        Numbers.text(figures.gpuMeanWatts),
      ]
      if showsLoad { cells.append(figures.verdict.words) }
      cells.append(figures.bindingLimit ?? Numbers.missing)
      table.add([onFront ? "*" : ""] + values + cells)
    }
    return table
  }

  private var curveTable: TextTable? {
    let shown = curves.filter { $0.knee != nil || $0.saturation != nil }
    guard !shown.isEmpty else { return nil }
    var table = TextTable([.init("", .leading), .init("load of"), .init("knee"), .init("saturation")])
    for curve in shown {
      table.add([curve.label, Self.shortened(sweep.axes[curve.axis].name)] + curve.cells)
    }
    return table
  }

  /// The last key of a path: `concurrency` of `workload[0].arrivals.concurrency`.
  private static func shortened(_ path: String) -> String {
    path.split(separator: ".").last.map(String.init) ?? path
  }

  /// What is wrong, without the place and the value that the row shows already.
  private static func message(_ problem: String) -> String {
    let parts = problem.split(separator: ": ", omittingEmptySubsequences: false)
    let places = parts.dropLast().prefix { !$0.contains(" ") || $0.hasPrefix("--set ") }
    let text = parts.dropFirst(places.count).joined(separator: ": ")
    guard text.hasPrefix("found "), let comma = text.firstRange(of: ", ") else { return text }
    return String(text[comma.upperBound...])
  }
}

extension SweepReport {
  /// The report as JSON text, point after point, so that it never stands in memory as a whole.
  public var jsonParts: some Sequence<String> {
    (-1...points.count).lazy.map { position in
      if position < 0 { return jsonHead }
      if position == points.count { return (points.isEmpty ? "]" : "\n  ]") + "\n}\n" }
      let text = json(points[position], isOnFront: isOnFront[position]).text()
      // A line break in JSON text is between tokens: strings escape theirs.
      return (position > 0 ? "," : "") + "\n    " + text.replacing("\n", with: "\n    ")
    }
  }

  /// The object up to its points; its last brace waits for them.
  private var jsonHead: String {
    let head: JSONValue = [
      "tokenmill": 1, "scenario": .string(name), "axes": .array(sweep.axes.map(\.json)),
      "shard": shard.map { .string($0.description) } ?? .null,
      "pareto": [
        "throughput": .string(objective.path), "interactivity": "1 / latency_seconds.tpot.p50",
      ],
      "curves": .array(curves.map { $0.json(sweep, points) }),
    ]
    return String(head.text().dropLast(2)) + ",\n  \"points\": ["
  }

  private func json(_ swept: SweptPoint, isOnFront: Bool) -> JSONValue {
    let result: JSONValue
    switch swept.outcome {
    case .problems(let problems): result = ["problems": .array(problems.map { .string($0) })]
    case .summary(let text): result = (try? JSONValue(parsing: text)) ?? .null
    }
    return [
      "index": .int(swept.point.index), "at": sweep.at(swept.point),
      "settings": .object(swept.point.settings.map { ($0.path, .string($0.value)) }),
      "pareto": .bool(isOnFront), "result": result,
    ]
  }
}
