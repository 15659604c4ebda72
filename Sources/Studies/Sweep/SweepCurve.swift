import Documents
import Quantities
import Results
import Scenario

/// The points of a sweep that differ in their load alone: where it has its knee, and where it saturates.
public struct SweepCurve: Sendable {
  /// A point of a curve.
  public struct Step: Sendable {
    /// Its place in the report's points.
    var position: Int
    /// Clients, requests/s, or a factor of a trace's rate.
    var load: Double
    /// The load as the scenario writes it.
    var label: String
    var json: JSONValue
    var figures: SweepFigures
  }

  /// How saturation is told.
  public enum Rule: String, Sendable {
    /// Arrivals that do not wait for answers: the highest load whose queue is stable, no lower one's being otherwise.
    case stableQueue = "stable_queue"
    /// Clients that wait for answers: the least load that gives 98 % of the curve's most throughput.
    case mostThroughput = "98_percent_of_maximum_throughput"
  }

  /// A load that something is true of.
  public struct Finding: Sendable {
    /// Its step; nil where it lies below the lowest load of the curve.
    var step: Step?
    /// Whether loads on either side show it; else the true one may lie beyond the curve's end.
    var isBracketed: Bool
  }

  /// The number of the axis of the load.
  let axis: Int
  /// `name=value` of each other axis.
  public let label: String
  /// The values of the other axes by name.
  let at: JSONValue
  /// The steps by rising load.
  let steps: [Step]
  /// Where requests/s over mean end-to-end latency is largest; nil for fewer than three points.
  public let knee: Finding?
  /// Where it saturates; nil for fewer than two points, or where nothing can be said.
  public let saturation: Finding?
  /// How that was told.
  public let rule: Rule

  /// The least share of the most throughput at which a closed loop counts as saturated.
  static let saturatedShare = 0.98

  init(axis: Int, label: String, at: JSONValue, steps: [Step]) {
    self.axis = axis
    self.label = label
    self.at = at
    self.steps = steps
    let isClosed = steps.allSatisfy { [.closedLoop, .offline].contains($0.figures.verdict) }
    rule = isClosed ? .mostThroughput : .stableQueue
    knee = Self.knee(steps)
    saturation = isClosed ? Self.mostThroughput(steps) : Self.stableQueue(steps)
  }

  /// Kleinrock's power, throughput over response time, is largest at the knee.
  private static func knee(_ steps: [Step]) -> Finding? {
    let powers = steps.enumerated().compactMap { index, step -> (index: Int, power: Double)? in
      guard let rate = step.figures.requestsPerSecond, let time = step.figures.endToEndMeanSeconds, time > 0
      else { return nil }
      return (index, rate / time)
    }
    guard powers.count >= 3, let most = powers.map(\.power).max(),
      let first = powers.first(where: { $0.power == most })
    else { return nil }
    let isInside = first.index != powers[0].index && first.index != powers[powers.count - 1].index
    return Finding(step: steps[first.index], isBracketed: isInside)
  }

  private static func mostThroughput(_ steps: [Step]) -> Finding? {
    let rates = steps.map { $0.figures.outputTokensPerSecond ?? $0.figures.requestsPerSecond ?? 0 }
    guard steps.count >= 2, let most = rates.max(), most > 0,
      let index = rates.firstIndex(where: { $0 >= saturatedShare * most })
    else { return nil }
    return Finding(step: steps[index], isBracketed: index < steps.count - 1)
  }

  private static func stableQueue(_ steps: [Step]) -> Finding? {
    guard steps.count >= 2 else { return nil }
    let first = steps.firstIndex { [.overloaded, .backlogged].contains($0.figures.verdict) }
    let stable = steps[..<(first ?? steps.count)].last { $0.figures.verdict == .stable }
    guard stable != nil || first != nil else { return nil }
    return Finding(step: stable, isBracketed: first != nil && stable != nil)
  }
}

extension SweepCurve {
  /// The curves of a sweep: one for each load axis and each combination of the axes that do not move with it.
  ///
  /// A load axis sets `concurrency`, `rate` or `rate_scale` of a stream's arrivals and has at least two loads.
  static func curves(of sweep: Sweep, _ points: [SweptPoint]) -> [SweepCurve] {
    var seen: [Int] = []
    return sweep.axes.indices.flatMap { axis -> [SweepCurve] in
      let group = sweep.axes[axis].group
      guard !seen.contains(group), let loads = loads(of: sweep.axes[axis]) else { return [] }
      seen.append(group)
      return curves(along: axis, loads, of: sweep, points)
    }
  }

  private static func curves(
    along axis: Int, _ loads: [Double], of sweep: Sweep, _ points: [SweptPoint]
  ) -> [SweepCurve] {
    let others = sweep.axes.indices.filter { sweep.axes[$0].group != sweep.axes[axis].group }
    var order: [[Int]] = []
    var steps: [[Int]: [Step]] = [:]
    for (position, swept) in points.enumerated() {
      guard let figures = swept.figures else { continue }
      let key = others.map { swept.point.positions[$0] }
      if steps[key] == nil { order.append(key) }
      let value = sweep.value(of: axis, at: swept.point)
      steps[key, default: []].append(
        Step(
          position: position, load: loads[swept.point.positions[axis]], label: value.label, json: value.json,
          figures: figures))
    }
    return order.map { key in
      let values = zip(others, key).map { (sweep.axes[$0], sweep.axes[$0].values[$1]) }
      return SweepCurve(
        axis: axis, label: values.map { "\($0.name)=\($1.label)" }.joined(separator: " "),
        at: .object(values.map { ($0.name, $1.json) }),
        steps: (steps[key] ?? []).sorted { ($0.load, $0.position) < ($1.load, $1.position) })
    }
  }

  /// The loads of an axis in one unit; nil where it is not one of load.
  private static func loads(of axis: SweepAxis) -> [Double]? {
    guard let steps = axis.path.flatMap({ DocumentPath($0) })?.steps, steps.count == 4,
      steps[0] == .key("workload"), steps[2] == .key("arrivals"), case .key(let name) = steps[3]
    else { return nil }
    let loads: [Double]
    switch name {
    case "concurrency", "rate_scale": loads = axis.values.compactMap { Double($0.label) }
    case "rate": loads = axis.values.compactMap { try? PerSecond.parse($0.label).si }
    default: return nil
    }
    return loads.count == axis.values.count && loads.count > 1 ? loads : nil
  }
}

extension SweepCurve {
  /// The curve for programs.
  func json(_ sweep: Sweep, _ points: [SweptPoint]) -> JSONValue {
    func found(_ finding: Finding?) -> [(String, JSONValue)] {
      let step = finding?.step
      return [
        ("index", step.map { .int(points[$0.position].point.index) } ?? .null), ("load", step?.json ?? .null),
        ("is_bracketed", .bool(finding?.isBracketed ?? false)),
      ]
    }
    let knee: JSONValue = self.knee.map { .object(found($0)) } ?? .null
    let saturation: JSONValue =
      self.saturation.map { .object([("rule", .string(rule.rawValue))] + found($0)) } ?? .null
    return [
      "axis": .string(sweep.axes[axis].name), "at": at,
      "points": .array(steps.map { .int(points[$0.position].point.index) }), "knee": knee,
      "saturation": saturation,
    ]
  }

  /// Knee and saturation for a reader.
  var cells: [String] {
    let first = steps.first?.label ?? Numbers.missing
    let knee = self.knee.map { finding -> String in
      let label = finding.step?.label ?? Numbers.missing
      guard !finding.isBracketed else { return label }
      return label == first ? "\(label) or less" : "\(label) or more"
    }
    let saturation = self.saturation.map { finding -> String in
      guard let step = finding.step else { return "below \(first)" }
      switch rule {
      case .stableQueue: return finding.isBracketed ? "stable to \(step.label)" : "stable at all loads"
      case .mostThroughput: return finding.isBracketed ? "98 % from \(step.label)" : "not reached"
      }
    }
    return [knee ?? Numbers.missing, saturation ?? Numbers.missing]
  }
}
