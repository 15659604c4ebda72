import Documents
import Foundation
import GRDB

/// Joins the stores of a sweep that ran in parts.
///
/// The merged store has one sweep, its runs numbered in the order of the points, so that it does not depend on who ran
/// which point when.
public struct StoreMerge: Sendable {
  /// What came together.
  public struct Outcome: Sendable, Equatable {
    /// The scenario's name.
    public var scenario: String
    /// Points of the sweep.
    public var points: Int
    /// Names of the points that no input has, in their order.
    public var missing: [String]
  }

  /// One input, opened, and the sweep that it holds.
  private struct Input {
    var store: ResultStore
    var sweep: StoredSweep
    var points: [StoredPoint]
  }

  private let inputs: [Input]

  /// Opens the inputs and checks that they hold parts of one sweep.
  ///
  /// - Parameter paths: the stores, at least one.
  /// - Throws: a problem of each file that is missing, no store, without a sweep, with several, or with another one
  ///   than the first; and of points that two files have with different results.
  public init(_ paths: [String]) throws(Problems) {
    let problems = ProblemCollector()
    var inputs: [Input] = []
    for path in paths {
      do {
        inputs.append(try Self.input(path))
      } catch {
        problems.record(error)
      }
    }
    try problems.throwIfAny()
    for input in inputs.dropFirst() where input.sweep.identity != inputs[0].sweep.identity {
      let difference = SweepDifference.text(input.sweep.identity, inputs[0].sweep.identity)
      problems.record(
        Problem(
          file: input.store.path,
          message: "holds another sweep than '\(inputs[0].store.path)': \(difference)"))
    }
    try problems.throwIfAny()
    var seen: [Int: (path: String, outcome: StoredPoint.Outcome)] = [:]
    for input in inputs {
      for point in input.points {
        guard let first = seen[point.index] else {
          seen[point.index] = (input.store.path, point.outcome)
          continue
        }
        guard first.outcome != point.outcome else { continue }
        problems.record(
          Problem(
            file: input.store.path,
            message: "has other results than '\(first.path)' for the point \(Self.name(point, input.sweep))"))
      }
    }
    try problems.throwIfAny()
    self.inputs = inputs
  }

  private static func input(_ path: String) throws(Problems) -> Input {
    guard FileManager.default.fileExists(atPath: path) else {
      throw Problems(Problem(file: path, message: "no such file"))
    }
    let store = try ResultStore(path: path)
    let sweeps = try store.sweeps()
    guard let sweep = sweeps.first else {
      throw Problems(Problem(file: path, message: "holds no sweep; 'tokenmill sweep --results' makes one"))
    }
    guard sweeps.count == 1 else {
      throw Problems(
        Problem(file: path, message: "holds \(sweeps.count) sweeps, a store with one is needed"))
    }
    return Input(store: store, sweep: sweep, points: try store.points(of: sweep.id))
  }

  private static func name(_ point: StoredPoint, _ sweep: StoredSweep) -> String {
    sweep.pointNames.indices.contains(point.index) ? sweep.pointNames[point.index] : "\(point.index)"
  }

  /// Writes the merged store under another name and renames it when it is whole.
  ///
  /// - Parameter path: the new store; nothing may be there.
  /// - Returns: what came together.
  /// - Throws: a problem that names the file where one is there already or it can't be written.
  public func write(to path: String) throws(Problems) -> Outcome {
    let files = FileManager.default
    _ = try OutputFile(checking: path)
    guard !files.fileExists(atPath: path) else {
      throw Problems(Problem(file: path, message: "is there already", hint: "merge into a new file"))
    }
    let part = path + ".part"
    func discard() {
      for suffix in ["", "-wal", "-shm"] { try? files.removeItem(atPath: part + suffix) }
    }
    discard()
    do {
      let store = try ResultStore(path: part)
      try copy(into: store)
      try store.close()
    } catch {
      discard()
      throw Problems(error.all.map { Problem(file: $0.file == part ? path : $0.file, message: $0.message) })
    }
    guard (try? files.moveItem(atPath: part, toPath: path)) != nil else {
      discard()
      throw Problems(Problem(file: path, message: "cannot be written"))
    }
    let sweep = inputs[0].sweep
    let present = Set(inputs.flatMap { $0.points.map(\.index) })
    return Outcome(
      scenario: sweep.scenario, points: sweep.pointNames.count,
      missing: sweep.pointNames.indices.filter { !present.contains($0) }.map { sweep.pointNames[$0] })
  }

  /// Where a point goes, and from which input.
  struct Place {
    var point: Int
    var input: Int
    /// Parts of its run; nil where it can't run.
    var parts: Int?
    /// The numbers that its run and the first of its parts get.
    var run: Int64 = 0
    var firstPart: Int64 = 0
  }

  /// The points in their order, each from the first input that has it.
  private func places() throws -> [Place] {
    var places: [Place] = []
    var taken = Set<Int>()
    for (number, input) in inputs.enumerated() {
      let rows = try input.store.queue.read { db in
        try Row.fetchAll(
          db,
          sql: """
            SELECT sweep_points.point AS point, run_id, count(part_id) AS parts
            FROM sweep_points LEFT JOIN parts USING (run_id) WHERE sweep_id = ? GROUP BY sweep_points.point
            """, arguments: [input.sweep.id]
        ).map { row -> Place in
          let run: Int64? = row["run_id"]
          let parts: Int = row["parts"]
          return Place(point: row["point"], input: number, parts: run == nil ? nil : parts)
        }
      }
      places += rows.filter { taken.insert($0.point).inserted }
    }
    places.sort { $0.point < $1.point }
    var (run, part) = (Int64(1), Int64(1))
    for index in places.indices {
      guard let parts = places[index].parts else { continue }
      (places[index].run, places[index].firstPart) = (run, part)
      run += 1
      part += Int64(parts)
    }
    return places
  }

  private func copy(into store: ResultStore) throws(Problems) {
    let sweep = inputs[0].sweep
    let id = try store.beginSweep(
      scenario: sweep.scenario, identity: sweep.identity, pointNames: sweep.pointNames)
    do {
      let places = try places()
      let sources = inputs.map { ($0.store.path, $0.sweep.id) }
      try store.queue.writeWithoutTransaction { db in
        let copier = try PointCopier(db, sweep: id)
        for (number, source) in sources.enumerated() {
          try db.execute(sql: "ATTACH DATABASE ? AS source", arguments: [source.0])
          try db.inTransaction {
            for place in places where place.input == number { try copier.copy(place, ofSweep: source.1) }
            return .commit
          }
          try db.execute(sql: "DETACH DATABASE source")
        }
      }
    } catch {
      throw ResultStore.problem(error, path: store.path)
    }
  }
}
