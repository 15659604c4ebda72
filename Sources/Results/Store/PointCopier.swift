import GRDB

/// Copies points of a sweep, with everything that belongs to their runs, from one store into another.
struct PointCopier {
  private struct Table {
    var name: String
    /// Its columns but for the number that is given anew.
    var columns: String
  }

  private let db: Database
  private let sweep: Int64
  private let runColumns: String
  private let partColumns: String
  private let ofRuns: [Table]
  private let ofParts: [Table]

  /// A copier into a sweep of the store that `db` has open.
  init(_ db: Database, sweep: Int64) throws {
    self.db = db
    self.sweep = sweep
    func columns(_ table: String, without key: String...) throws -> String {
      try db.columns(in: table).map(\.name).filter { !key.contains($0) }.joined(separator: ", ")
    }
    runColumns = try columns("runs", without: "run_id")
    partColumns = try columns("parts", without: "part_id", "run_id")
    // Tables of later versions are found by the number that they carry.
    let names = try String.fetchAll(
      db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
    ).filter { !["runs", "parts", "sweeps", "sweep_points"].contains($0) }
    func tables(with key: String) throws -> [Table] {
      try names.filter { try db.columns(in: $0).contains { $0.name == key } }.map {
        Table(name: $0, columns: try columns($0, without: key))
      }
    }
    ofRuns = try tables(with: "run_id")
    ofParts = try tables(with: "part_id")
  }

  /// Copies one point from the store that is attached as `source`.
  func copy(_ place: StoreMerge.Place, ofSweep source: Int64) throws {
    if place.parts != nil {
      let old =
        try Int64.fetchOne(
          db, sql: "SELECT run_id FROM source.sweep_points WHERE sweep_id = ? AND point = ?",
          arguments: [source, place.point]) ?? 0
      try copy(Table(name: "runs", columns: runColumns), key: "run_id", from: old, to: place.run)
      for table in ofRuns { try copy(table, key: "run_id", from: old, to: place.run) }
      let parts = try Int64.fetchAll(
        db, sql: "SELECT part_id FROM source.parts WHERE run_id = ? ORDER BY part_id", arguments: [old])
      for (offset, part) in parts.enumerated() {
        let number = place.firstPart + Int64(offset)
        try db.execute(
          sql: """
            INSERT INTO main.parts (part_id, run_id, \(partColumns))
            SELECT ?, ?, \(partColumns) FROM source.parts WHERE part_id = ?
            """, arguments: [number, place.run, part])
        for table in ofParts { try copy(table, key: "part_id", from: part, to: number) }
      }
    }
    try db.execute(
      sql: """
        INSERT INTO main.sweep_points (sweep_id, point, run_id, at_json, problems_json)
        SELECT ?, point, ?, at_json, problems_json FROM source.sweep_points WHERE sweep_id = ? AND point = ?
        """, arguments: [sweep, place.parts == nil ? nil : place.run, source, place.point])
  }

  private func copy(_ table: Table, key: String, from old: Int64, to new: Int64) throws {
    try db.execute(
      sql: """
        INSERT INTO main.\(table.name) (\(key), \(table.columns))
        SELECT ?, \(table.columns) FROM source.\(table.name) WHERE \(key) = ?
        """, arguments: [new, old])
  }
}
