import Documents
import Pictures
import Results

/// A store of results as one page: sweeps with their fronts and curves, runs with their latencies, power and time.
public struct StorePage: Sendable {
  /// Runs that get pictures of their own at most; a table has them all.
  public static let mostRuns = 12

  private let store: ResultStore
  private let title: String

  /// A page on a store.
  ///
  /// - Parameters:
  ///   - store: the store.
  ///   - title: what the page is called.
  public init(_ store: ResultStore, title: String) {
    self.store = store
    self.title = title
  }

  /// The page.
  ///
  /// - Returns: HTML that holds all it needs.
  /// - Throws: a problem of a store that can't be read or has no runs.
  public func html() throws(Problems) -> String {
    let runs = try store.runs()
    let sweeps = try store.sweeps()
    guard !runs.isEmpty else {
      throw Problems(
        Problem(
          file: store.path, message: "has no runs",
          hint: "tokenmill run SCENARIO --results \(store.path) adds one"))
    }
    var page = Page(title)
    page.heading(title, level: 1)
    page.paragraph(
      "\(counted(runs.count, "run")), \(counted(sweeps.count, "sweep")). Figures are of the steady window of each run."
    )
    for sweep in sweeps {
      let points = try SweptCurve.points(of: sweep, in: store)
      SweepPictures(name: sweep.scenario, points: points).add(to: &page)
    }
    let alone = runs.filter { $0.point == nil }
    let shown = (alone.isEmpty ? runs : alone).prefix(Self.mostRuns)
    if !alone.isEmpty || sweeps.isEmpty { try add(table: alone.isEmpty ? runs : alone, to: &page) }
    for id in shown.map(\.id) {
      guard let run = try store.recording(id, withSeries: true) else { continue }
      RunPictures(run).add(to: &page)
    }
    let rest = (alone.isEmpty ? runs.count : alone.count) - shown.count
    if rest > 0 { page.paragraph("\(counted(rest, "run")) more in \(store.path), without pictures here.") }
    return page.html
  }

  private func add(table runs: [StoredRun], to page: inout Page) throws(Problems) {
    var rows: [[String]] = []
    for id in runs.map(\.id) {
      guard let run = try store.recording(id, withSeries: false), let site = run.site else { continue }
      rows.append(
        [run.scenario + (run.point.map { ", \($0)" } ?? "")]
          + [
            Numbers.text(Int64(site.accelerators)), Numbers.text(site.figure("output_tokens_per_second")),
            Numbers.text(site.figure("output_tokens_per_second_per_gpu")),
            Numbers.seconds(site.latency("ttft")?.p50), Numbers.seconds(site.latency("ttft")?.p99),
            Numbers.seconds(site.latency("tpot")?.p50), Numbers.watts(site.figure("site_mean_watts")),
            Numbers.text(site.figure("output_tokens_per_second_per_megawatt")),
            Numbers.dollars(site.figure("dollars_per_million_output_tokens")), site.bindingLimit ?? "",
            site.saturation,
          ])
    }
    page.heading("Runs")
    page.table(
      [
        "scenario", "GPUs", "tok/s", "tok/s/GPU", "TTFT p50", "TTFT p99", "TPOT p50", "site", "tok/s/MW",
        "$/Mtok",
        "bound by", "load",
      ], rows)
  }

  private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}

/// Pictures of one run.
struct RunPictures {
  private let run: RunRecording

  init(_ run: RunRecording) { self.run = run }

  func add(to page: inout Page) {
    page.heading(run.scenario + (run.point.map { ", \($0)" } ?? ""))
    page.pictures(all)
  }

  /// The pictures.
  var all: [String] {
    [
      latencies("ttft", "time to first token"), latencies("tpot", "time per output token"), throughput, power,
      steps, energy,
    ].compactMap { $0 }
  }

  /// Shares of requests that stay below a latency.
  private func latencies(_ name: String, _ title: String) -> String? {
    let series = run.deployments.compactMap { part -> Chart.Series? in
      guard let latency = part.latency(name), latency.samples > 0 else { return nil }
      var below = 0
      let points = latency.cells.map { cell in
        below += cell.samples
        return Chart.Point(cell.seconds, 100 * Double(below) / Double(latency.samples))
      }
      return Chart.Series(part.name, points, style: .steps)
    }
    guard series.contains(where: { $0.points.count > 1 }) else { return nil }
    return Chart(
      "\(title): share of requests below", x: .init("seconds", isLogarithmic: true), y: .init("%"),
      series: series
    ).svg
  }

  private var throughput: String? {
    let series = run.deployments.filter { !$0.series.isEmpty }.map { part in
      Chart.Series(
        part.name,
        part.series.map { Chart.Point($0.startSeconds, Double($0.outputTokens) / $0.seconds) }, style: .steps)
    }
    guard !series.isEmpty else { return nil }
    return Chart(
      "output tokens each second, over the run", x: .init("seconds"), y: .init("tokens/s"), series: series
    ).svg
  }

  /// What the site drew where a facility says it, else what accelerators drew above idle.
  private var power: String? {
    guard run.draws.isEmpty else {
      func points(_ value: (RunRecording.Draw) -> Double) -> [Chart.Point] {
        run.draws.map { Chart.Point($0.startSeconds, value($0)) }
      }
      return Chart(
        "power of the site", x: .init("seconds"), y: .init("watts"),
        series: [
          .init("grid", points(\.gridWatts), style: .steps), .init("racks", points(\.itWatts), style: .steps),
          .init("cooling", points(\.coolingWatts), style: .steps),
          .init("conversion losses", points(\.lossWatts), style: .steps),
        ]
      ).svg
    }
    let series = run.deployments.filter { !$0.series.isEmpty }.map { part in
      Chart.Series(
        part.name, part.series.map { Chart.Point($0.startSeconds, $0.joulesAboveIdle / $0.seconds) },
        style: .steps)
    }
    guard !series.isEmpty else { return nil }
    return Chart(
      "power of accelerators above idle", x: .init("seconds"), y: .init("watts"), series: series
    ).svg
  }

  private var steps: String? {
    let rows = run.deployments.flatMap { part in
      [
        (label: "\(part.name), operators", parts: part.operators.map { Bars.Part($0.name, $0.seconds) }),
        (label: "\(part.name), limits", parts: part.limits.map { Bars.Part($0.name, $0.seconds) }),
      ]
    }.filter { !$0.parts.isEmpty }
    return rows.isEmpty ? nil : Bars("where the step time goes", isRelative: true, rows: rows).svg
  }

  private var energy: String? {
    guard !run.energy.isEmpty else { return nil }
    return Bars(
      "where the energy goes", isRelative: true,
      rows: [(label: "site", parts: run.energy.map { Bars.Part($0.name, $0.joules) })]
    ).svg
  }
}
