import Documents
import Pictures
import Results

/// What estimates say along one knob, all others as they are.
struct ExplorerCurve: Sendable {
  /// A value of the knob and the summary there.
  struct Point: Sendable {
    var x: Double
    var summary: JSONValue
  }

  /// The knob.
  let axis: ExplorerKnob
  /// Values that were tried.
  let levels: Int
  /// Rising along the knob.
  let estimates: [Point]
  /// What is wrong at values without an estimate, each once.
  let refusals: [String]

  /// Values that a curve has at most.
  static let mostLevels = 16

  /// The pictures as a fragment of HTML.
  ///
  /// - Parameters:
  ///   - here: where the knob stands.
  ///   - simulated: what simulations said along the knob.
  /// - Returns: throughput for each GPU against that for each user, and throughput, latencies and power along the knob.
  func html(here: Point, simulated: [Point]) -> String {
    let pictures = Pictures(curve: self, here: here, simulated: simulated)
    var page = Page("")
    page.pictures(pictures.all)
    if !refusals.isEmpty {
      page.details(
        "no estimate at \(levels - estimates.count) of \(levels) values", refusals.joined(separator: "\n"))
    }
    return page.content
  }
}

extension ExplorerCurve {
  /// The points for programs: value of the knob and headline figures.
  var json: JSONValue {
    .array(
      estimates.map { point in
        var members: [(String, JSONValue)] = [("x", .double(point.x))]
        for key in [
          "capacity_requests_per_second", "binding_limit", "utilisation", "overloaded", "throughput",
          "latency_seconds", "power_watts", "energy", "cost",
        ] { members.append((key, point.summary[key] ?? .null)) }
        return .object(members)
      })
  }

  /// Charts of a curve.
  private struct Pictures {
    let curve: ExplorerCurve
    let here: Point
    let simulated: [Point]

    /// The estimates, with that where the knob stands.
    private var estimates: [Point] {
      (curve.estimates.filter { $0.x != here.x } + [here]).sorted { $0.x < $1.x }
    }

    var all: [String] {
      let found =
        [front, along("output tokens/s", "tokens/s", [("", "throughput.output_tokens_per_second")])]
        + [
          along(
            "time to first token", "seconds",
            [("p50", "latency_seconds.ttft.p50"), ("p99", "latency_seconds.ttft.p99")], isLogarithmic: true),
          along(
            "time per output token", "seconds",
            [("p50", "latency_seconds.tpot.p50"), ("p99", "latency_seconds.tpot.p99")]),
          along("power at the grid connection", "watts", [("", "power_watts.site_mean")]),
          along(
            "output tokens/s for a site megawatt", "tokens/s/MW",
            [("", "cost.output_tokens_per_second_per_megawatt")]),
        ]
      let shown = found.compactMap { $0 }
      guard here.summary.number(at: "throughput.output_tokens_per_second") == nil else { return shown }
      return shown
        + [
          along("requests/s", "requests/s", [("", "throughput.requests_per_second")]),
          along("end to end, mean", "seconds", [("", "latency_seconds.e2e.mean")]),
        ].compactMap { $0 }
    }

    private var axis: Chart.Axis {
      let unit = curve.axis.unit.isEmpty || curve.axis.unit == "x" ? "" : ", \(curve.axis.unit)"
      var isLogarithmic = false
      if case .range(_, isLogarithmic: let logarithmic, _) = curve.axis.kind { isLogarithmic = logarithmic }
      return Chart.Axis(curve.axis.name + unit, isLogarithmic: isLogarithmic, includesZero: false)
    }

    private func label(_ point: Point) -> String {
      "\(curve.axis.name) \(Numbers.text(point.x))"
        + (curve.axis.unit.isEmpty || curve.axis.unit == "x" ? "" : " \(curve.axis.unit)")
    }

    /// Throughput for each GPU against that for each user.
    private var front: String? {
      func points(_ points: [Point]) -> [Chart.Point] {
        points.compactMap { point in
          guard let tpot = point.summary.number(at: "latency_seconds.tpot.p50"), tpot > 0,
            let y = point.summary.number(at: "throughput.output_tokens_per_second_per_gpu")
          else { return nil }
          return Chart.Point(1 / tpot, y, note: label(point))
        }
      }
      let line = points(estimates)
      guard !line.isEmpty else { return nil }
      return Chart(
        "output tokens/s/GPU against output tokens/s/user, along \(curve.axis.name)",
        x: .init("output tokens/s/user (1/median TPOT)"), y: .init("output tokens/s/GPU"),
        series: [Chart.Series("estimate", line, style: .markedLine, colour: Self.estimateColour)]
          + marks(here: points([here]), simulated: points(simulated))
      ).svg
    }

    /// Figures along the knob.
    private func along(
      _ title: String, _ unit: String, _ figures: [(name: String, path: String)], isLogarithmic: Bool = false
    ) -> String? {
      func points(_ points: [Point], _ path: String) -> [Chart.Point] {
        points.compactMap { point in
          point.summary.number(at: path).map {
            Chart.Point(point.x, $0, note: "\(label(point)): \(Numbers.text($0)) \(unit)")
          }
        }
      }
      var series: [Chart.Series] = []
      for (index, figure) in figures.enumerated() {
        let name = figure.name.isEmpty ? "" : ", " + figure.name
        let line = points(estimates, figure.path)
        let runs = points(simulated, figure.path)
        series.append(
          Chart.Series(
            "estimate" + name, line, style: index == 0 ? .markedLine : .dashes, colour: Self.estimateColour))
        if index == 0 {
          series += marks(here: points([here], figure.path), simulated: runs, name: name)
        } else if !runs.isEmpty {
          series.append(
            Chart.Series("simulation" + name, runs, style: .points, colour: Self.simulationColour))
        }
      }
      guard series.contains(where: { $0.points.count > 1 }) else { return nil }
      return Chart(
        title + " along " + curve.axis.name, x: axis,
        y: .init(unit, isLogarithmic: isLogarithmic), series: series
      ).svg
    }

    private static let (estimateColour, hereColour, simulationColour) = (0, 1, 2)

    /// What simulations said, and on top of it where the knobs stand.
    private func marks(
      here: [Chart.Point], simulated: [Chart.Point], name: String = ""
    ) -> [Chart.Series] {
      let runs = Chart.Series(
        "simulation" + name, simulated, style: .largePoints, colour: Self.simulationColour)
      let mark = Chart.Series(
        "here, estimate" + name, here, style: simulated.isEmpty ? .largePoints : .points,
        colour: Self.hereColour)
      return [runs, mark].filter { !$0.points.isEmpty }
    }
  }
}
