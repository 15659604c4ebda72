import Documents
import GRDB
import Simulation

/// A sweep that a store has points of.
public struct StoredSweep: Sendable, Equatable {
  /// Its number in the file.
  public var id: Int64
  /// The scenario's name.
  public var scenario: String
  /// What decides its results, as one line of JSON: equal texts are one sweep.
  public var identity: String
  /// What each point is called, in the order of the points.
  public var pointNames: [String]
}

/// What a store holds of one point of a sweep.
public struct StoredPoint: Sendable, Equatable {
  /// What became of a point.
  public enum Outcome: Sendable, Equatable {
    /// The JSON summary of its run on one line.
    case summary(String)
    /// Why it can't run.
    case problems([String])
  }

  /// Its number in the sweep, from 0.
  public var index: Int
  /// What became of it.
  public var outcome: Outcome
}

extension ResultStore {
  /// The sweeps of the file in the order in which they began.
  ///
  /// - Throws: a problem that names the file where it can't be read.
  public func sweeps() throws(Problems) -> [StoredSweep] {
    do {
      return try queue.read { db in
        try Row.fetchAll(db, sql: "SELECT * FROM sweeps ORDER BY sweep_id").map { row in
          StoredSweep(
            id: row["sweep_id"], scenario: row["scenario"], identity: row["identity_json"],
            pointNames: Self.strings(row["point_names_json"]))
        }
      }
    } catch {
      throw Self.problem(error, path: path)
    }
  }

  /// Begins a sweep that has no points yet.
  ///
  /// - Parameters:
  ///   - scenario: the scenario's name.
  ///   - identity: what decides its results, as one line of JSON.
  ///   - pointNames: what each point is called.
  ///   - joins: whether to take the sweep of this identity that another process may have begun meanwhile.
  /// - Returns: the sweep's number in the file.
  /// - Throws: a problem that names the file where it can't be written.
  public func beginSweep(
    scenario: String, identity: String, pointNames: [String], joins: Bool = false
  ) throws(Problems) -> Int64 {
    do {
      return try queue.write { db in
        let begun = try Int64.fetchOne(
          db, sql: "SELECT max(sweep_id) FROM sweeps WHERE identity_json = ?", arguments: [identity])
        if joins, let begun { return begun }
        try db.execute(
          sql: "INSERT INTO sweeps (scenario, identity_json, point_names_json) VALUES (?, ?, ?)",
          arguments: [scenario, identity, Self.text(pointNames)])
        return db.lastInsertedRowID
      }
    } catch {
      throw Self.problem(error, path: path)
    }
  }

  /// The points of a sweep that are there, in their order.
  ///
  /// - Parameter sweep: the sweep's number in the file.
  /// - Returns: what became of each.
  /// - Throws: a problem that names the file where it can't be read.
  public func points(of sweep: Int64) throws(Problems) -> [StoredPoint] {
    do {
      return try queue.read { db in
        try Row.fetchAll(
          db,
          sql: """
            SELECT sweep_points.point, problems_json, summary_json
            FROM sweep_points LEFT JOIN runs USING (run_id) WHERE sweep_id = ? ORDER BY sweep_points.point
            """, arguments: [sweep]
        ).map { row in
          let summary: String? = row["summary_json"]
          let outcome: StoredPoint.Outcome =
            summary.map { .summary($0) } ?? .problems(Self.strings(row["problems_json"]))
          return StoredPoint(index: row["point"], outcome: outcome)
        }
      }
    } catch {
      throw Self.problem(error, path: path)
    }
  }

  /// A point on its way into a store.
  public struct NewPoint: Sendable {
    /// The sweep's number in the file.
    public var sweep: Int64
    /// The point's number in the sweep, from 0.
    public var index: Int
    /// What it is called.
    public var name: String
    /// The values of the axes as one line of JSON.
    public var at: String

    /// A point of its parts.
    public init(sweep: Int64, index: Int, name: String, at: String) {
      self.sweep = sweep
      self.index = index
      self.name = name
      self.at = at
    }
  }

  /// Adds what became of a point: with its run, where it has one, in one transaction.
  ///
  /// A point that is there already stays as it is, so that two processes can't add it twice.
  /// - Parameters:
  ///   - point: the point.
  ///   - outcome: its summary or problems.
  ///   - run: figures and observations of a point that ran.
  /// - Throws: a problem that names the file where it can't be written.
  public func add(
    _ point: NewPoint, _ outcome: StoredPoint.Outcome,
    run: (report: RunReport, outcomes: [DeploymentOutcome])? = nil
  ) throws(Problems) {
    do {
      try queue.write { db in
        let known = try Int.fetchOne(
          db, sql: "SELECT 1 FROM sweep_points WHERE sweep_id = ? AND point = ?",
          arguments: [point.sweep, point.index])
        guard known == nil else { return }
        var id: Int64?
        var problems: String?
        switch outcome {
        case .problems(let texts): problems = Self.text(texts)
        case .summary(let summary):
          guard let run else { preconditionFailure("a summary without its run") }
          id = try RunWriter(db).write(
            run.report, outcomes: run.outcomes, point: point.name, summary: summary)
        }
        try db.execute(
          sql: """
            INSERT INTO sweep_points (sweep_id, point, run_id, at_json, problems_json) VALUES (?, ?, ?, ?, ?)
            """, arguments: [point.sweep, point.index, id, point.at, problems])
      }
    } catch {
      throw Self.problem(error, path: path)
    }
  }

  private static func text(_ strings: [String]) -> String {
    JSONValue.array(strings.map { .string($0) }).text(indent: 0)
  }

  static func strings(_ json: String?) -> [String] {
    guard let json, case .array(let elements)? = try? JSONValue(parsing: json) else { return [] }
    return elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
  }
}
