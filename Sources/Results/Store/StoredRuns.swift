import Documents
import Foundation
import GRDB

/// A run that a store has, without its figures.
public struct StoredRun: Sendable, Equatable {
  /// Its number in the file, from 1.
  public var id: Int64
  /// What its point of a sweep is called; nil for a run of no sweep.
  public var point: String?
  /// The number of its point in the last sweep of the file, from 0; nil where it is of none.
  public var index: Int?
}

extension ResultStore {
  /// Opens a store to read from it; nothing is made or changed.
  ///
  /// - Parameter path: the file.
  /// - Throws: a problem of a file that is missing, no store, or written by a newer version.
  public init(reading path: String) throws(Problems) {
    guard FileManager.default.fileExists(atPath: path) else {
      throw Problems(Problem(file: path, message: "no such file"))
    }
    self.path = path
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(60)
    configuration.label = "results"
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.read { db in
        if let foreign = try Self.foreignness(db) { throw Foreign(reason: foreign) }
      }
    } catch {
      throw Self.problem(error, path: path)
    }
  }

  /// The runs of the file: those of its last sweep in the order of the points, then others by their numbers.
  ///
  /// - Throws: a problem that names the file where it can't be read.
  public func runs() throws(Problems) -> [StoredRun] {
    do {
      return try queue.read { db in
        guard try db.tableExists("runs") else { return [] }
        let indices =
          try db.tableExists("sweep_points")
          ? "SELECT run_id, point AS number FROM sweep_points WHERE sweep_id = (SELECT max(sweep_id) FROM sweeps)"
          : "SELECT NULL AS run_id, NULL AS number"
        return try Row.fetchAll(
          db,
          sql: """
            SELECT runs.run_id AS id, point, number FROM runs
            LEFT JOIN (\(indices)) AS numbers ON numbers.run_id = runs.run_id ORDER BY number IS NULL, number, runs.run_id
            """
        ).map { StoredRun(id: $0["id"], point: $0["point"], index: $0["number"]) }
      }
    } catch {
      throw Self.problem(error, path: path)
    }
  }

  /// The JSON summary of a run on one line.
  ///
  /// - Parameter run: the run's number in the file.
  /// - Returns: the summary; nil where the file has no such run.
  /// - Throws: a problem that names the file where it can't be read.
  public func summary(of run: Int64) throws(Problems) -> String? {
    do {
      return try queue.read { db in
        try String.fetchOne(db, sql: "SELECT summary_json FROM runs WHERE run_id = ?", arguments: [run])
      }
    } catch {
      throw Self.problem(error, path: path)
    }
  }
}
