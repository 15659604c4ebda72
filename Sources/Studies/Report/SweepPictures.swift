import Documents
import Pictures
import Results

/// A point of a stored sweep with what pictures show of it.
struct SweptCurve: Sendable {
  /// Values of the axes.
  var at: [(axis: String, value: String)]
  /// The site's figures; nil where the point can't run.
  var site: RunRecording.Part?

  /// Output tokens/s for each user: 1 / median time per output token.
  var interactivity: Double? { site?.latency("tpot").flatMap { $0.p50 > 0 ? 1 / $0.p50 : nil } }

  /// The points of a sweep of a store.
  static func points(of sweep: StoredSweep, in store: ResultStore) throws(Problems) -> [SweptCurve] {
    var points: [SweptCurve] = []
    for point in try store.placedPoints(of: sweep.id) {
      var site: RunRecording.Part?
      if let id = point.run { site = try store.recording(id, withSeries: false)?.site }
      points.append(SweptCurve(at: point.at, site: site))
    }
    return points
  }
}

/// Pictures of a sweep: front, load curves, a table.
struct SweepPictures {
  let name: String
  let points: [SweptCurve]

  /// The axis of load: its values are numbers, and its name says that it is one.
  private var loadAxis: String? {
    let names = points.first?.at.map(\.axis) ?? []
    return names.last { name in
      ["concurrency", "rate"].contains { name.contains($0) }
        && points.allSatisfy { point in
          point.at.contains { $0.axis == name && Self.number($0.value) != nil }
        }
    }
  }

  /// The number at the beginning of a value: 16 of `16`, 2.5 of `2.5 /s`.
  static func number(_ text: String) -> Double? {
    Double(text) ?? text.split(separator: " ").first.flatMap { Double($0) }
  }

  /// Points that differ in their load alone, by what they have in common.
  private func curves(_ load: String?) -> [(name: String, points: [SweptCurve])] {
    var curves: [(name: String, points: [SweptCurve])] = []
    for point in points where point.site != nil {
      let name = point.at.filter { $0.axis != load }.map(\.value).joined(separator: ", ")
      if let index = curves.firstIndex(where: { $0.name == name }) {
        curves[index].points.append(point)
      } else {
        curves.append((name: name, points: [point]))
      }
    }
    return curves
  }

  func add(to page: inout Page) {
    page.heading("Sweep: \(name)")
    let load = loadAxis
    let curves = curves(load)
    page.pictures(
      [
        front(curves, of: "output_tokens_per_second_per_gpu", "output tokens/s/GPU"),
        front(curves, of: "output_tokens_per_second_per_megawatt", "output tokens/s/MW"),
      ].compactMap { $0 }
        + (load.map { load in
          [
            curve(curves, load, "output_tokens_per_second", "output tokens/s over load") {
              $0.figure("output_tokens_per_second")
            },
            curve(curves, load, "seconds", "time to first token over load, p99") { $0.latency("ttft")?.p99 },
            curve(curves, load, "seconds", "time per output token over load, p50") {
              $0.latency("tpot")?.p50
            },
            curve(curves, load, "watts", "power at the grid connection over load") {
              $0.figure("site_mean_watts")
            },
          ]
        } ?? []).compactMap { $0 })
    page.table(titles, points.map(row))
  }

  private func front(
    _ curves: [(name: String, points: [SweptCurve])], of figure: String, _ title: String
  ) -> String? {
    var series = curves.map { curve in
      Chart.Series(
        curve.name,
        curve.points.compactMap { point in
          guard let x = point.interactivity, let y = point.site?.figure(figure) else { return nil }
          return Chart.Point(x, y, note: point.at.map { "\($0.axis) \($0.value)" }.joined(separator: ", "))
        }.sorted { $0.x < $1.x }, style: .markedLine)
    }
    let all = series.flatMap(\.points)
    guard !all.isEmpty else { return nil }
    let best = all.filter { point in
      !all.contains { $0.x >= point.x && $0.y >= point.y && ($0.x > point.x || $0.y > point.y) }
    }.sorted { $0.x < $1.x }
    if best.count > 1, series.count > 1 { series.append(Chart.Series("Pareto front", best, style: .dashes)) }
    return Chart(
      "\(title) against output tokens/s for each user", x: .init("output tokens/s/user"), y: .init(title),
      series: series
    ).svg
  }

  private func curve(
    _ curves: [(name: String, points: [SweptCurve])], _ load: String, _ unit: String, _ title: String,
    _ value: (RunRecording.Part) -> Double?
  ) -> String? {
    let series = curves.map { curve in
      Chart.Series(
        curve.name,
        curve.points.compactMap { point in
          let text = point.at.first { $0.axis == load }?.value
          guard let x = text.flatMap(Self.number), let y = point.site.flatMap(value) else { return nil }
          return Chart.Point(x, y)
        }.sorted { $0.x < $1.x }, style: .markedLine)
    }
    guard series.contains(where: { $0.points.count > 1 }) else { return nil }
    return Chart(title, x: .init(load), y: .init(unit.replacing("_", with: " ")), series: series).svg
  }

  private var titles: [String] {
    (points.first?.at.map(\.axis) ?? []) + [
      "tok/s/GPU", "tok/s/user", "tok/s/MW", "TTFT p50", "TTFT p99", "TPOT p50", "W/GPU", "$/Mtok",
      "bound by",
      "load",
    ]
  }

  private func row(_ point: SweptCurve) -> [String] {
    let site = point.site
    return point.at.map(\.value) + [
      Numbers.text(site?.figure("output_tokens_per_second_per_gpu")), Numbers.text(point.interactivity),
      Numbers.text(site?.figure("output_tokens_per_second_per_megawatt")),
      Numbers.seconds(site?.latency("ttft")?.p50), Numbers.seconds(site?.latency("ttft")?.p99),
      Numbers.seconds(site?.latency("tpot")?.p50), Numbers.watts(site?.figure("gpu_mean_watts")),
      Numbers.dollars(site?.figure("dollars_per_million_output_tokens")),
      site?.bindingLimit ?? (site == nil ? "can't run" : ""), site?.saturation ?? "",
    ]
  }
}
