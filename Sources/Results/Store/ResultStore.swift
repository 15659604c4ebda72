import Documents
import GRDB
import Simulation

/// A SQLite file that keeps runs: each whole or not at all, any number in one file.
public struct ResultStore: Sendable {
  /// The file as the user named it.
  public let path: String
  let queue: DatabaseQueue

  /// Opens a store, made where there is none.
  ///
  /// Throws a problem for a file that can't be written, is no SQLite database, belongs to another program or
  /// was written by a newer version.
  public init(path: String) throws(Problems) {
    self.path = path
    _ = try OutputFile(checking: path)
    var configuration = Configuration()
    configuration.journalMode = .wal
    // Shards of a sweep may write to one file in turn.
    configuration.busyMode = .timeout(60)
    configuration.label = "results"
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.writeWithoutTransaction { db in
        if let foreign = try Self.foreignness(db) { throw Foreign(reason: foreign) }
        try StoreSchema.migrate(db)
      }
    } catch {
      throw Self.problem(error, path: path)
    }
  }

  /// Adds a run with its series, histograms and, where they were recorded, requests.
  ///
  /// All of it is one transaction: what interrupts it leaves nothing of the run.
  /// - Parameters:
  ///   - report: the figures.
  ///   - outcomes: what the figures are of, in the order of the report's deployments.
  ///   - point: the point of a sweep.
  /// - Returns: the run's number in the file.
  /// - Throws: a problem that names the file where it can't be written.
  @discardableResult
  public func add(
    _ report: RunReport, outcomes: [DeploymentOutcome], point: String? = nil
  ) throws(Problems) -> Int64 {
    try add(report, outcomes: outcomes, point: point) { _ in }
  }

  /// As ``add(_:outcomes:point:)``; `beforeCommit` runs inside the transaction, after everything is written.
  func add(
    _ report: RunReport, outcomes: [DeploymentOutcome], point: String?,
    beforeCommit: @Sendable (Database) throws -> Void
  ) throws(Problems) -> Int64 {
    do {
      return try queue.write { db in
        let run = try RunWriter(db).write(report, outcomes: outcomes, point: point)
        try beforeCommit(db)
        return run
      }
    } catch {
      throw Self.problem(error, path: path)
    }
  }

  /// Reads from the store.
  ///
  /// - Parameter body: reads; it can't write.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws.
  func read<T: Sendable>(_ body: @Sendable (Database) throws -> T) throws -> T { try queue.read(body) }

  struct Foreign: Error {
    var reason: String
  }

  /// Why a database is no store of this version; nil when it is one, or empty.
  static func foreignness(_ db: Database) throws -> String? {
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    if application == StoreSchema.applicationID {
      guard version > StoreSchema.migrations.count else { return nil }
      return
        "was written by a newer tokenmill: schema \(version), this one knows \(StoreSchema.migrations.count)"
    }
    let objects = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
    guard objects > 0 || application != 0 || version != 0 else { return nil }
    return "is a SQLite database, but not a results store of tokenmill"
  }

  /// Closes the file; its write-ahead log is gone then, where nobody else has it open.
  func close() throws(Problems) {
    do { try queue.close() } catch { throw Self.problem(error, path: path) }
  }

  static func problem(_ error: any Error, path: String) -> Problems {
    let message: String
    switch error {
    case let problems as Problems: return problems
    case let foreign as Foreign: message = foreign.reason
    case let error as DatabaseError where error.resultCode == .SQLITE_NOTADB:
      message = "is not a SQLite database"
    case let error as DatabaseError:
      message = "SQLite: \(error.message ?? error.resultCode.description)"
    default: message = "\(error)"
    }
    return Problems(Problem(file: path, message: message))
  }
}
