import GRDB

/// The tables of a results store; `docs/results-schema.md` describes them.
enum StoreSchema {
  /// "tkml" in ASCII: marks a SQLite file as a results store.
  static let applicationID: Int32 = 0x746B_6D6C

  /// SQL of each version's changes; `PRAGMA user_version` counts how many a file has seen.
  static let migrations: [String] = [version1, version2, version3, version4, version5, version6]

  /// Brings a file to the current version, one transaction for each step; throws what SQLite says.
  static func migrate(_ db: Database) throws {
    let seen = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    for version in seen..<max(seen, migrations.count) {
      try db.inTransaction(.immediate) {
        // Another process may have been faster.
        guard try Int.fetchOne(db, sql: "PRAGMA user_version") == version else { return .commit }
        try db.execute(sql: migrations[version])
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(version + 1)")
        return .commit
      }
    }
  }

  private static let version6 = """
    CREATE TABLE sweeps (
      sweep_id INTEGER PRIMARY KEY,
      scenario TEXT NOT NULL,
      identity_json TEXT NOT NULL,
      point_names_json TEXT NOT NULL
    ) STRICT;
    CREATE TABLE sweep_points (
      sweep_id INTEGER NOT NULL REFERENCES sweeps ON DELETE CASCADE,
      point INTEGER NOT NULL,
      run_id INTEGER REFERENCES runs ON DELETE CASCADE,
      at_json TEXT NOT NULL,
      problems_json TEXT,
      PRIMARY KEY (sweep_id, point),
      CHECK ((run_id IS NULL) <> (problems_json IS NULL))
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sweep_points_by_run ON sweep_points (run_id);
    """

  private static let version5 = """
    CREATE TABLE power_series (
      run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
      point TEXT NOT NULL,
      start_seconds REAL NOT NULL,
      seconds REAL NOT NULL,
      gpu_watts REAL NOT NULL,
      it_watts REAL NOT NULL,
      PRIMARY KEY (run_id, point, start_seconds)
    ) STRICT, WITHOUT ROWID;
    """

  private static let version4 = """
    CREATE TABLE facility_series (
      run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
      start_seconds REAL NOT NULL,
      seconds REAL NOT NULL,
      it_watts REAL NOT NULL,
      conversion_loss_watts REAL NOT NULL,
      cooling_watts REAL NOT NULL,
      battery_watts REAL NOT NULL,
      grid_watts REAL NOT NULL,
      outdoor_celsius REAL NOT NULL,
      PRIMARY KEY (run_id, start_seconds)
    ) STRICT, WITHOUT ROWID;
    """

  private static let version3 = """
    ALTER TABLE parts ADD COLUMN saturation TEXT NOT NULL DEFAULT 'undetermined';
    ALTER TABLE parts ADD COLUMN queue_growth_per_second REAL;
    ALTER TABLE parts ADD COLUMN backlogged_ratio REAL;
    ALTER TABLE series ADD COLUMN requests_arrived INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE series ADD COLUMN requests_dequeued INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE series ADD COLUMN requests_ended INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE confidence_intervals (
      part_id INTEGER NOT NULL REFERENCES parts ON DELETE CASCADE,
      figure TEXT NOT NULL,
      low REAL,
      high REAL,
      batches INTEGER NOT NULL,
      PRIMARY KEY (part_id, figure)
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE latencies RENAME TO latencies_before;
    CREATE TABLE latencies (
      part_id INTEGER NOT NULL REFERENCES parts ON DELETE CASCADE,
      span TEXT NOT NULL,
      latency TEXT NOT NULL CHECK (latency IN ('ttft', 'tpot', 'itl', 'e2e', 'queue', 'ttfat')),
      samples INTEGER NOT NULL,
      mean_seconds REAL,
      p50_seconds REAL,
      p90_seconds REAL,
      p95_seconds REAL,
      p99_seconds REAL,
      max_seconds REAL,
      PRIMARY KEY (part_id, span, latency)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO latencies SELECT * FROM latencies_before;
    DROP TABLE latencies_before;
    """

  private static let version2 = """
    ALTER TABLE parts ADD COLUMN input_tokens INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE parts ADD COLUMN cached_input_tokens INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE requests ADD COLUMN cached_input_tokens INTEGER NOT NULL DEFAULT 0;
    """

  private static let version1 = """
    CREATE TABLE runs (
      run_id INTEGER PRIMARY KEY,
      scenario TEXT NOT NULL,
      point TEXT,
      seed INTEGER NOT NULL,
      simulated_seconds REAL NOT NULL,
      window_start_seconds REAL NOT NULL,
      window_end_seconds REAL NOT NULL,
      window_rule TEXT NOT NULL,
      events INTEGER NOT NULL,
      steps INTEGER NOT NULL,
      racks INTEGER NOT NULL,
      summary_json TEXT NOT NULL
    ) STRICT;
    CREATE TABLE parts (
      part_id INTEGER PRIMARY KEY,
      run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
      kind TEXT NOT NULL CHECK (kind IN ('site', 'deployment')),
      name TEXT NOT NULL,
      accelerators INTEGER NOT NULL,
      requests_arrived INTEGER NOT NULL,
      requests_completed INTEGER NOT NULL,
      requests_rejected INTEGER NOT NULL,
      requests_cancelled INTEGER NOT NULL,
      requests_failed INTEGER NOT NULL,
      requests_in_flight INTEGER NOT NULL,
      preemptions INTEGER NOT NULL,
      kv_cache_peak_utilisation_ratio REAL NOT NULL,
      binding_limit TEXT
    ) STRICT;
    CREATE INDEX parts_of_run ON parts (run_id);
    CREATE TABLE spans (
      part_id INTEGER NOT NULL REFERENCES parts ON DELETE CASCADE,
      span TEXT NOT NULL CHECK (span IN ('window', 'whole_run')),
      start_seconds REAL NOT NULL,
      end_seconds REAL NOT NULL,
      output_tokens_per_second REAL,
      input_tokens_per_second REAL,
      requests_per_second REAL,
      output_tokens_per_second_per_gpu REAL,
      total_tokens_per_second_per_gpu REAL,
      goodput_requests_per_second REAL,
      images_per_second REAL,
      gpu_mean_watts REAL,
      gpu_peak_watts REAL,
      it_mean_watts REAL,
      it_peak_watts REAL,
      site_mean_watts REAL,
      site_peak_watts REAL,
      gpu_joules_per_output_token REAL,
      site_joules_per_output_token REAL,
      site_megawatt_hours REAL,
      dollars_per_million_output_tokens REAL,
      output_tokens_per_second_per_megawatt REAL,
      PRIMARY KEY (part_id, span)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE latencies (
      part_id INTEGER NOT NULL REFERENCES parts ON DELETE CASCADE,
      span TEXT NOT NULL,
      latency TEXT NOT NULL CHECK (latency IN ('ttft', 'tpot', 'itl', 'e2e', 'queue')),
      samples INTEGER NOT NULL,
      mean_seconds REAL,
      p50_seconds REAL,
      p90_seconds REAL,
      p95_seconds REAL,
      p99_seconds REAL,
      max_seconds REAL,
      PRIMARY KEY (part_id, span, latency)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE latency_cells (
      part_id INTEGER NOT NULL REFERENCES parts ON DELETE CASCADE,
      span TEXT NOT NULL,
      latency TEXT NOT NULL,
      lower_nanoseconds INTEGER NOT NULL,
      samples INTEGER NOT NULL,
      PRIMARY KEY (part_id, span, latency, lower_nanoseconds)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE series (
      part_id INTEGER NOT NULL REFERENCES parts ON DELETE CASCADE,
      bucket INTEGER NOT NULL,
      start_seconds REAL NOT NULL,
      width_seconds REAL NOT NULL,
      output_tokens INTEGER NOT NULL,
      input_tokens INTEGER NOT NULL,
      requests_completed INTEGER NOT NULL,
      requests_good INTEGER NOT NULL,
      gpu_above_idle_joules REAL NOT NULL,
      PRIMARY KEY (part_id, bucket)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE step_times (
      part_id INTEGER NOT NULL REFERENCES parts ON DELETE CASCADE,
      kind TEXT NOT NULL CHECK (kind IN ('operator', 'limit')),
      name TEXT NOT NULL,
      replica_seconds REAL NOT NULL,
      PRIMARY KEY (part_id, kind, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE requests (
      part_id INTEGER NOT NULL REFERENCES parts ON DELETE CASCADE,
      stream INTEGER NOT NULL,
      request INTEGER NOT NULL,
      replica INTEGER NOT NULL,
      input_tokens INTEGER NOT NULL,
      output_tokens INTEGER NOT NULL,
      arrival_nanoseconds INTEGER NOT NULL,
      scheduled_nanoseconds INTEGER NOT NULL,
      first_token_nanoseconds INTEGER NOT NULL,
      last_token_nanoseconds INTEGER NOT NULL,
      preemptions INTEGER NOT NULL,
      PRIMARY KEY (part_id, stream, request)
    ) STRICT, WITHOUT ROWID;
    """
}
