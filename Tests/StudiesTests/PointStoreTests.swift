import Documents
import Foundation
import GRDB
import Testing

@testable import Studies

@Suite struct PointStoreTests {
  private func store(_ statements: String...) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appendingPathComponent("measurements.sqlite").path
    let queue = try DatabaseQueue(path: path)
    try queue.write { database in
      for statement in statements { try database.execute(sql: statement) }
    }
    return path
  }

  private static let table =
    "CREATE TABLE end_to_end (id TEXT PRIMARY KEY NOT NULL, suite TEXT, system TEXT, accelerators INTEGER, "
    + "model TEXT, concurrency REAL, requests INTEGER, tpot_mean_s REAL, split TEXT, mtp_suspected INTEGER, "
    + "disagrees_elsewhere INTEGER)"

  @Test func points() throws {
    let path = try store(
      Self.table,
      "INSERT INTO end_to_end VALUES ('b', 'inferencex', 'h100-sxm', 8, 'm', 16.0, 160, 0.0125, 'test', 1, 0), "
        + "('a', 'inferencex', 'h100-sxm', 4, 'm', 4.0, NULL, 0.01, 'fit', 0, 1), "
        + "('c', 'mlperf', 'h100-sxm', 4, 'm', NULL, NULL, 0.01, 'fit', 0, 0)")
    let points = try #require(try PointStore.points(of: [.inferencex], path: path))
    #expect(points.map(\.id) == ["a", "b"])
    #expect(points.map(\.split) == ["fit", "test"])
    #expect(points.map(\.accelerators) == [4, 8])
    #expect(points.map(\.requests) == [nil, 160])
    #expect(points.map(\.isSpeculationSuspected) == [false, true])
    #expect(points.map(\.flag) == ["disagrees_elsewhere", ""])
    #expect(points[1].measured[.tpotMean] == 0.0125)
    #expect(try PointStore.points(of: [.mlenergy], path: path) == [])
  }

  @Test func noStore() throws {
    #expect(try PointStore.points(of: [.inferencex], path: "nowhere.sqlite") == nil)
    let path = try store("CREATE TABLE something (id TEXT)")
    #expect(throws: Problems.self) { try PointStore.points(of: [.inferencex], path: path) }
  }
}
