import Documents
import Foundation
import GRDB

/// Reads benchmark points from the store that `make measurements` builds.
enum MeasurementStore {
  /// Where the store is made.
  static let defaultPath = "calibration/measurements.sqlite"

  /// The points of some suites, by id; nil where there is no store.
  ///
  /// Throws where the file is no store of measurements, or holds rows that are no points.
  static func points(of suites: [Suite], path: String) throws(Problems) -> [BenchmarkPoint]? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let records: [CSVRecords.Record]
    do {
      records = try rows(of: suites, path: path)
    } catch {
      throw Problems(
        Problem(
          file: path, message: "is no store of measurements: \(error)", hint: "run 'make measurements' again")
      )
    }
    guard records.count > 1 else { return [] }
    return try PointFile.points(of: records, file: path, problems: ProblemCollector())
  }

  /// The table of end-to-end points as text: a header and rows in the order of ids.
  private static func rows(of suites: [Suite], path: String) throws -> [CSVRecords.Record] {
    var configuration = Configuration()
    configuration.readonly = true
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    return try queue.read { database in
      let names = try database.columns(in: "end_to_end").map(\.name)
      var records = [CSVRecords.Record(line: 1, fields: names)]
      let marks = suites.map { _ in "?" }.joined(separator: ", ")
      let cursor = try Row.fetchCursor(
        database, sql: "SELECT * FROM end_to_end WHERE suite IN (\(marks)) ORDER BY id",
        arguments: StatementArguments(suites.map(\.rawValue)))
      while let row = try cursor.next() {
        let fields = names.map { name in text(row[name] as DatabaseValue) }
        records.append(CSVRecords.Record(line: records.count + 1, fields: fields))
      }
      return records
    }
  }

  private static func text(_ value: DatabaseValue) -> String {
    switch value.storage {
    case .null, .blob: ""
    case .int64(let number): "\(number)"
    case .double(let number): "\(number)"
    case .string(let text): text
    }
  }
}
