import Documents
import GRDB

/// A run as a store holds it: what pictures and tables of it are made of.
public struct RunRecording: Sendable {
  /// A site or a deployment of a run, over the steady window where nothing else is said.
  public struct Part: Sendable {
    /// The deployment's name; empty for the site.
    public var name: String
    /// Its accelerators.
    public var accelerators: Int
    /// What bounds its steps most; nil without any.
    public var bindingLimit: String?
    /// Whether it kept up with its load.
    public var saturation: String
    /// Columns of the table `spans`, in its order; those without a value are left out.
    public var figures: [(name: String, value: Double)]
    /// Latencies by name.
    public var latencies: [Latency]
    /// Replica-seconds by operator and by limit, over the whole run.
    public var operators: [(name: String, seconds: Double)]
    /// The same by limit.
    public var limits: [(name: String, seconds: Double)]
    /// What happened over time; empty for the site.
    public var series: [Bucket]

    /// A figure of the window; nil without a value.
    public func figure(_ name: String) -> Double? { figures.first { $0.name == name }?.value }
    /// A latency by name: `ttft`; nil where it has no samples.
    public func latency(_ name: String) -> Latency? { latencies.first { $0.name == name } }
  }

  /// A latency of the window.
  public struct Latency: Sendable {
    /// Its name: `ttft`.
    public var name: String
    /// How many were measured, > 0.
    public var samples: Int
    /// Seconds.
    public var mean: Double
    /// Seconds that half stay below.
    public var p50: Double
    /// Seconds that 90 % stay below.
    public var p90: Double
    /// Seconds that 99 % stay below.
    public var p99: Double
    /// Lower ends of cells in seconds with the samples in them, ascending; empty for the site.
    public var cells: [(seconds: Double, samples: Int)]
  }

  /// A stretch of the series of a deployment.
  public struct Bucket: Sendable {
    /// Its start in seconds.
    public var startSeconds: Double
    /// Its length in seconds.
    public var seconds: Double
    /// Output tokens in it.
    public var outputTokens: Int
    /// Requests that came in it.
    public var arrived: Int
    /// Requests whose last token was out in it.
    public var completed: Int
    /// Energy of its accelerators above idle, in joules.
    public var joulesAboveIdle: Double
  }

  /// An interval of a site with a facility.
  public struct Draw: Sendable {
    /// Its start in seconds.
    public var startSeconds: Double
    /// Watts of the racks.
    public var itWatts: Double
    /// Watts that conversion loses.
    public var lossWatts: Double
    /// Watts of cooling.
    public var coolingWatts: Double
    /// Watts from the grid.
    public var gridWatts: Double
  }

  /// Its number in the file.
  public var id: Int64
  /// The scenario's name.
  public var scenario: String
  /// The point of a sweep; nil for a run of its own.
  public var point: String?
  /// Simulated seconds.
  public var simulatedSeconds: Double
  /// The steady window in seconds.
  public var window: ClosedRange<Double>
  /// The site, then its deployments.
  public var parts: [Part]
  /// What the site drew; empty without a facility.
  public var draws: [Draw]
  /// Joules of the window by part of the site; empty without a facility.
  public var energy: [(name: String, joules: Double)]

  /// The site.
  public var site: Part? { parts.first { $0.name.isEmpty } }
  /// The deployments.
  public var deployments: [Part] { parts.filter { !$0.name.isEmpty } }
}

extension ResultStore {
  /// A run.
  ///
  /// - Parameters:
  ///   - id: its number in the file.
  ///   - withSeries: whether series and histograms are read as well.
  /// - Returns: the run; nil where there is none of that number.
  /// - Throws: a problem that names the file where it can't be read.
  public func recording(_ id: Int64, withSeries: Bool) throws(Problems) -> RunRecording? {
    do {
      return try read { db in try RecordingReader(db, withSeries: withSeries).run(id) }
    } catch {
      throw Self.problem(error, path: path)
    }
  }

  /// The points of a sweep with the values of its axes and the number of the run of each.
  ///
  /// - Parameter sweep: the sweep's number in the file.
  /// - Returns: points in order; `run` is nil where the point can't run.
  /// - Throws: a problem that names the file where it can't be read.
  public func placedPoints(
    of sweep: Int64
  ) throws(Problems) -> [(at: [(axis: String, value: String)], run: Int64?)] {
    do {
      return try read { db in
        try Row.fetchAll(
          db, sql: "SELECT point, run_id, at_json FROM sweep_points WHERE sweep_id = ? ORDER BY point",
          arguments: [sweep]
        ).map { row in
          let at: String = row["at_json"]
          let values = try Row.fetchAll(db, sql: "SELECT key, value FROM json_each(?)", arguments: [at])
          return (
            at: values.map { (axis: $0["key"] ?? "", value: Self.text($0["value"])) }, run: row["run_id"]
          )
        }
      }
    } catch {
      throw Self.problem(error, path: path)
    }
  }

  private static func text(_ value: DatabaseValue) -> String {
    switch value.storage {
    case .int64(let number): "\(number)"
    case .double(let number): number == number.rounded() ? "\(Int(number))" : "\(number)"
    case .string(let text): text
    case .null, .blob: ""
    }
  }
}

/// Reads runs from the tables of a store.
private struct RecordingReader {
  let db: Database
  let withSeries: Bool

  init(_ db: Database, withSeries: Bool) {
    self.db = db
    self.withSeries = withSeries
  }

  func run(_ id: Int64) throws -> RunRecording? {
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM runs WHERE run_id = ?", arguments: [id]) else {
      return nil
    }
    let start: Double = row["window_start_seconds"]
    let end: Double = row["window_end_seconds"]
    return RunRecording(
      id: id, scenario: row["scenario"], point: row["point"], simulatedSeconds: row["simulated_seconds"],
      window: start...max(start, end), parts: try parts(of: id), draws: withSeries ? try draws(of: id) : [],
      energy: try energy(of: id))
  }

  private func parts(of run: Int64) throws -> [RunRecording.Part] {
    try Row.fetchAll(db, sql: "SELECT * FROM parts WHERE run_id = ? ORDER BY part_id", arguments: [run]).map {
      row in
      let id: Int64 = row["part_id"]
      let kind: String = row["kind"]
      return RunRecording.Part(
        name: kind == "site" ? "" : row["name"], accelerators: row["accelerators"],
        bindingLimit: row["binding_limit"], saturation: row["saturation"], figures: try figures(of: id),
        latencies: try latencies(of: id), operators: try times(of: id, kind: "operator"),
        limits: try times(of: id, kind: "limit"), series: withSeries ? try series(of: id) : [])
    }
  }

  private func figures(of part: Int64) throws -> [(name: String, value: Double)] {
    let row = try Row.fetchOne(
      db, sql: "SELECT * FROM spans WHERE part_id = ? AND span = 'window'", arguments: [part])
    guard let row else { return [] }
    return row.columnNames.compactMap { name in
      guard !["part_id", "span"].contains(name), let value = Double.fromDatabaseValue(row[name]) else {
        return nil
      }
      return (name: name, value: value)
    }
  }

  private func latencies(of part: Int64) throws -> [RunRecording.Latency] {
    try Row.fetchAll(
      db,
      sql: "SELECT * FROM latencies WHERE part_id = ? AND span = 'window' AND samples > 0 ORDER BY latency",
      arguments: [part]
    ).map { row in
      let name: String = row["latency"]
      return RunRecording.Latency(
        name: name, samples: row["samples"], mean: row["mean_seconds"] ?? 0, p50: row["p50_seconds"] ?? 0,
        p90: row["p90_seconds"] ?? 0, p99: row["p99_seconds"] ?? 0,
        cells: withSeries ? try cells(of: part, latency: name) : [])
    }
  }

  private func cells(of part: Int64, latency: String) throws -> [(seconds: Double, samples: Int)] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT lower_nanoseconds, samples FROM latency_cells
        WHERE part_id = ? AND span = 'window' AND latency = ? ORDER BY lower_nanoseconds
        """, arguments: [part, latency]
    ).map { row in
      let lower: Int64 = row["lower_nanoseconds"]
      return (seconds: Double(lower) * 1e-9, samples: row["samples"])
    }
  }

  private func times(of part: Int64, kind: String) throws -> [(name: String, seconds: Double)] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT name, replica_seconds FROM step_times WHERE part_id = ? AND kind = ? AND replica_seconds > 0
        ORDER BY replica_seconds DESC, name
        """, arguments: [part, kind]
    ).map { row in (name: row["name"], seconds: row["replica_seconds"]) }
  }

  private func series(of part: Int64) throws -> [RunRecording.Bucket] {
    try Row.fetchAll(db, sql: "SELECT * FROM series WHERE part_id = ? ORDER BY bucket", arguments: [part]).map
    {
      row in
      RunRecording.Bucket(
        startSeconds: row["start_seconds"], seconds: row["width_seconds"], outputTokens: row["output_tokens"],
        arrived: row["requests_arrived"], completed: row["requests_completed"],
        joulesAboveIdle: row["gpu_above_idle_joules"])
    }
  }

  private func draws(of run: Int64) throws -> [RunRecording.Draw] {
    try Row.fetchAll(
      db, sql: "SELECT * FROM facility_series WHERE run_id = ? ORDER BY start_seconds", arguments: [run]
    ).map { row in
      RunRecording.Draw(
        startSeconds: row["start_seconds"], itWatts: row["it_watts"], lossWatts: row["conversion_loss_watts"],
        coolingWatts: row["cooling_watts"], gridWatts: row["grid_watts"])
    }
  }

  private func energy(of run: Int64) throws -> [(name: String, joules: Double)] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT json_extract(part.value, '$.name') AS name, json_extract(part.value, '$.joules') AS joules
        FROM runs, json_each(summary_json, '$.facility.energy_joules') AS part WHERE run_id = ?
        """, arguments: [run]
    ).compactMap { row in
      guard let joules: Double = row["joules"], joules > 0 else { return nil }
      return (name: row["name"], joules: joules)
    }
  }
}
