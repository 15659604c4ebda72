import Documents
import GRDB
import Simulation

/// Writes one run into the tables of a store.
struct RunWriter {
  private let db: Database

  init(_ db: Database) { self.db = db }

  /// Writes a run; `summary` is its JSON on one line where the caller has it already.
  func write(
    _ report: RunReport, outcomes: [DeploymentOutcome], point: String?, summary: String? = nil
  ) throws -> Int64 {
    try insert(
      into: "runs",
      [
        ("scenario", report.context.scenario), ("point", point),
        // SQLite's integers are signed: a seed keeps its bits.
        ("seed", Int64(bitPattern: report.context.seed)), ("simulated_seconds", report.simulatedSeconds),
        ("window_start_seconds", report.window.span.startSeconds),
        ("window_end_seconds", report.window.span.endSeconds), ("window_rule", report.window.rule),
        ("events", report.events), ("steps", report.steps), ("racks", report.context.site.racks),
        ("summary_json", summary ?? report.json.text(indent: 0)),
      ])
    let run = db.lastInsertedRowID
    _ = try write(report.site, kind: "site", run: run)
    for (part, outcome) in zip(report.deployments, outcomes) {
      let id = try write(part, kind: "deployment", run: run)
      try write(outcome.observations, window: part.window.span, wholeRun: part.wholeRun.span, part: id)
    }
    for interval in report.facilitySeries {
      try insert(
        into: "facility_series",
        [
          ("run_id", run), ("start_seconds", interval.startSeconds), ("seconds", interval.seconds),
          ("it_watts", interval.itWatts), ("conversion_loss_watts", interval.conversionLossWatts),
          ("cooling_watts", interval.coolingWatts), ("battery_watts", interval.batteryWatts),
          ("grid_watts", interval.gridWatts), ("outdoor_celsius", interval.outdoorCelsius),
        ])
    }
    if let series = report.powerSeries { try write(series, run: run) }
    return run
  }

  /// Millions of rows: the statement is looked up once.
  private func write(_ series: PowerSeries, run: Int64) throws {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO power_series (run_id, point, start_seconds, seconds, gpu_watts, it_watts)
        VALUES (?, ?, ?, ?, ?, ?)
        """)
    for point in series.points.indices {
      let name = series.points[point].name
      for interval in 0..<series.intervals {
        try statement.execute(arguments: [
          run, name, series.startSeconds(of: interval), series.seconds(of: interval),
          series.gpuWatts(of: point, in: interval), series.itWatts(of: point, in: interval),
        ])
      }
    }
  }

  private func write(_ part: RunReport.PartReport, kind: String, run: Int64) throws -> Int64 {
    let requests = part.requests
    try insert(
      into: "parts",
      [
        ("run_id", run), ("kind", kind), ("name", part.name), ("accelerators", part.accelerators),
        ("requests_arrived", requests.arrived), ("requests_completed", requests.completed),
        ("requests_rejected", requests.rejected), ("requests_cancelled", requests.cancelled),
        ("requests_failed", requests.failed), ("requests_in_flight", requests.inFlight),
        ("preemptions", requests.preemptions), ("input_tokens", requests.inputTokens),
        ("cached_input_tokens", requests.cachedTokens),
        ("kv_cache_peak_utilisation_ratio", part.peakCacheUtilisation),
        ("binding_limit", part.stepTime.bindingLimit), ("saturation", part.saturation.verdict.rawValue),
        ("queue_growth_per_second", part.saturation.queueGrowthPerSecond),
        ("backlogged_ratio", part.saturation.backloggedShare),
      ])
    let id = db.lastInsertedRowID
    for (name, figures) in [("window", part.window), ("whole_run", part.wholeRun)] {
      try write(figures, span: name, part: id)
    }
    for interval in part.confidence {
      try insert(
        into: "confidence_intervals",
        [
          ("part_id", id), ("figure", interval.figure), ("low", interval.limits?.low),
          ("high", interval.limits?.high), ("batches", interval.batches),
        ])
    }
    for (kind, times) in [("operator", part.stepTime.byOperator), ("limit", part.stepTime.byLimit)] {
      for time in times {
        try insert(
          into: "step_times",
          [("part_id", id), ("kind", kind), ("name", time.name), ("replica_seconds", time.seconds)])
      }
    }
    return id
  }

  private func write(_ figures: SpanFigures, span: String, part: Int64) throws {
    let throughput = figures.throughput
    try insert(
      into: "spans",
      [
        ("part_id", part), ("span", span), ("start_seconds", figures.span.startSeconds),
        ("end_seconds", figures.span.endSeconds),
        ("output_tokens_per_second", throughput.outputTokensPerSecond),
        ("input_tokens_per_second", throughput.inputTokensPerSecond),
        ("requests_per_second", throughput.requestsPerSecond),
        ("output_tokens_per_second_per_gpu", throughput.outputTokensPerSecondPerGPU),
        ("total_tokens_per_second_per_gpu", throughput.totalTokensPerSecondPerGPU),
        ("goodput_requests_per_second", throughput.goodputRequestsPerSecond),
        ("images_per_second", throughput.imagesPerSecond), ("gpu_mean_watts", figures.power.gpuMean),
        ("gpu_peak_watts", figures.power.gpuPeak), ("it_mean_watts", figures.power.itMean),
        ("it_peak_watts", figures.power.itPeak), ("site_mean_watts", figures.power.siteMean),
        ("site_peak_watts", figures.power.sitePeak),
        ("gpu_joules_per_output_token", figures.energy.gpuJoulesPerOutputToken),
        ("site_joules_per_output_token", figures.energy.siteJoulesPerOutputToken),
        ("site_megawatt_hours", figures.energy.siteMegawattHours),
        ("dollars_per_million_output_tokens", figures.cost.dollarsPerMillionOutputTokens),
        ("output_tokens_per_second_per_megawatt", figures.cost.outputTokensPerSecondPerMegawatt),
      ])
    for (name, latency) in figures.latency.named {
      try insert(
        into: "latencies",
        [
          ("part_id", part), ("span", span), ("latency", name), ("samples", latency.count),
          ("mean_seconds", latency.mean), ("p50_seconds", latency.p50), ("p90_seconds", latency.p90),
          ("p95_seconds", latency.p95), ("p99_seconds", latency.p99), ("max_seconds", latency.max),
        ])
    }
  }

  private func write(_ observations: Observations, window: RunSpan, wholeRun: RunSpan, part: Int64) throws {
    // Most rows of a run: the statement is looked up once.
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO latency_cells (part_id, span, latency, lower_nanoseconds, samples) VALUES (?, ?, ?, ?, ?)
        """)
    for (name, span) in [("window", window), ("whole_run", wholeRun)] {
      for (latency, histogram) in observations.latencies(in: span).named {
        for cell in histogram.cells {
          try statement.execute(arguments: [part, name, latency, cell.lowerNanoseconds, cell.count])
        }
      }
    }
    let series = observations.series
    for (index, bucket) in series.buckets.enumerated() {
      try insert(
        into: "series",
        [
          ("part_id", part), ("bucket", index), ("start_seconds", Double(index) * series.widthSeconds),
          ("width_seconds", series.widthSeconds), ("output_tokens", bucket.outputTokens),
          ("input_tokens", bucket.inputTokens), ("requests_arrived", bucket.arrived),
          ("requests_dequeued", bucket.dequeued), ("requests_ended", bucket.ended),
          ("requests_completed", bucket.completed),
          ("requests_good", bucket.good),
          ("gpu_above_idle_joules", Double(bucket.microjoulesAboveIdle) * 1e-6),
        ])
    }
    for record in observations.records {
      try insert(
        into: "requests",
        [
          ("part_id", part), ("stream", record.stream), ("request", Int64(bitPattern: record.index)),
          ("replica", record.replica), ("input_tokens", record.inputTokens),
          ("output_tokens", record.outputTokens), ("arrival_nanoseconds", record.arrival.nanoseconds),
          ("scheduled_nanoseconds", record.scheduled.nanoseconds),
          ("first_token_nanoseconds", record.firstToken.nanoseconds),
          ("last_token_nanoseconds", record.completed.nanoseconds), ("preemptions", record.preemptions),
          ("cached_input_tokens", record.cachedTokens),
        ])
    }
  }

  /// Inserts a row; the statement of a table is prepared once.
  private func insert(
    into table: String, _ values: [(column: String, value: (any DatabaseValueConvertible)?)]
  )
    throws
  {
    let columns = values.map(\.column).joined(separator: ", ")
    let marks = values.map { _ in "?" }.joined(separator: ", ")
    let statement = try db.cachedStatement(sql: "INSERT INTO \(table) (\(columns)) VALUES (\(marks))")
    try statement.execute(arguments: StatementArguments(values.map(\.value)))
  }
}

extension LatencyHistograms {
  /// Each histogram with its name in results.
  fileprivate var named: [(name: String, histogram: LatencyHistogram)] {
    [
      ("ttft", timeToFirstToken), ("tpot", timePerOutputToken), ("itl", interTokenLatency),
      ("e2e", endToEnd), ("queue", queue), ("ttfat", timeToFirstAnswerToken),
    ]
  }
}
