import Documents
import GRDB

/// A SQLite file with the errors of earlier validations, which a new one is held against.
public struct Baseline: Sendable {
  /// A partition whose errors are not what they were.
  public struct Change: Sendable, Equatable {
    /// The figure.
    public var column: String
    /// The partition: `suite mlenergy, split fit`.
    public var partition: String
    /// Rows with a prediction now.
    public var rows: Int
    /// Median of |predicted / measured − 1| before; nil where the partition is new.
    public var before: Double?
    /// The same now.
    public var now: Double
  }

  private let path: String
  private let queue: DatabaseQueue

  private static let applicationID: Int32 = 0x746B_6D76

  /// Opens a baseline, made where there is none.
  ///
  /// - Throws: a problem of a file that can't be written or belongs to something else.
  public init(path: String) throws(Problems) {
    self.path = path
    do {
      queue = try DatabaseQueue(path: path)
      try queue.write { db in
        let owner = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard owner == Self.applicationID || (owner == 0 && tables == 0) else {
          throw DatabaseError(message: "the file is no baseline of validations")
        }
        try db.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
        try db.execute(
          sql: """
            CREATE TABLE IF NOT EXISTS versions (version_id INTEGER PRIMARY KEY, label TEXT NOT NULL) STRICT;
            CREATE TABLE IF NOT EXISTS errors (
              version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
              figure TEXT NOT NULL, partition TEXT NOT NULL, rows INTEGER NOT NULL, predicted INTEGER NOT NULL,
              median_ape REAL, p90_ape REAL, bias REAL, interval_coverage REAL,
              PRIMARY KEY (version_id, figure, partition)) STRICT, WITHOUT ROWID;
            """)
      }
    } catch {
      throw Self.problem(error, path)
    }
  }

  private static func problem(_ error: any Error, _ path: String) -> Problems {
    let text = (error as? DatabaseError).map { $0.message ?? $0.resultCode.description } ?? "\(error)"
    return Problems(Problem(file: path, message: text))
  }

  /// The label of the last version; nil where there is none.
  public func lastLabel() throws(Problems) -> String? {
    do {
      return try queue.read { db in
        try String.fetchOne(db, sql: "SELECT label FROM versions ORDER BY version_id DESC LIMIT 1")
      }
    } catch {
      throw Self.problem(error, path)
    }
  }

  /// Partitions whose median error differs from that of the last version by more than `tolerance`, largest growth first.
  ///
  /// - Parameters:
  ///   - report: the new validation.
  ///   - tolerance: in shares: 0.01 is a percentage point.
  /// - Returns: changes; none where there is no earlier version.
  /// - Throws: a problem of a file that can't be read.
  public func changes(to report: ValidationReport, tolerance: Double) throws(Problems) -> [Change] {
    let earlier: [(figure: String, partition: String, median: Double?)]
    do {
      earlier = try queue.read { db in
        try Row.fetchAll(
          db,
          sql: """
            SELECT figure, partition, median_ape FROM errors
            WHERE version_id = (SELECT max(version_id) FROM versions)
            """
        ).map { (figure: $0["figure"], partition: $0["partition"], median: $0["median_ape"]) }
      }
    } catch {
      throw Self.problem(error, path)
    }
    var medians: [String: Double] = [:]
    for row in earlier { medians[row.figure + "\n" + row.partition] = row.median }
    guard !medians.isEmpty else { return [] }
    let changes = report.errors.compactMap { row -> Change? in
      guard let now = row.statistics.medianAPE else { return nil }
      let (figure, partition) = (row.column.rawValue, Self.name(of: row.partition))
      guard let before = medians[figure + "\n" + partition], abs(now - before) > tolerance else { return nil }
      return Change(
        column: figure, partition: partition, rows: row.statistics.predicted, before: before, now: now)
    }
    return changes.sorted { a, b in
      let (growthOfA, growthOfB) = (a.now - (a.before ?? 0), b.now - (b.before ?? 0))
      guard growthOfA == growthOfB else { return growthOfA > growthOfB }
      return a.column == b.column ? a.partition < b.partition : a.column < b.column
    }
  }

  /// Labels in words, with what each is a label of: `split fit, system h200-sxm`.
  private static func name(of partition: Partition) -> String {
    let parts = partition.labels.filter { !$0.value.isEmpty }.map { "\($0.dimension.rawValue) \($0.value)" }
    return parts.isEmpty ? "all" : parts.joined(separator: ", ")
  }

  /// Adds a version.
  ///
  /// - Parameters:
  ///   - report: its errors.
  ///   - label: what it is called.
  /// - Throws: a problem of a file that can't be written; nothing is added then.
  public func add(_ report: ValidationReport, label: String) throws(Problems) {
    do {
      try queue.write { db in
        try db.execute(sql: "INSERT INTO versions (label) VALUES (?)", arguments: [label])
        let version = db.lastInsertedRowID
        for row in report.errors {
          let statistics = row.statistics
          try db.execute(
            sql: "INSERT INTO errors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
              version, row.column.rawValue, Self.name(of: row.partition), statistics.rows,
              statistics.predicted,
              statistics.medianAPE, statistics.p90APE, statistics.bias, statistics.intervalCoverage,
            ])
        }
      }
    } catch {
      throw Self.problem(error, path)
    }
  }
}
