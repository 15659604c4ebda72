import Documents
import Foundation
import GRDB
import Testing

@testable import Results
@testable import Simulation

struct ResultStoreTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path("runs.sqlite")
  }

  private func simulated() async -> (report: RunReport, outcomes: [DeploymentOutcome]) {
    let plan = offlinePlan(
      requests: 40, input: 10, output: 20, replicas: 2, cost: constantCosts(step: 0.02, joules: 2))
    let run = await Simulation.run(plan, RunPlan(recordsRequests: true))
    let deployment = DeploymentContext(name: "test", replicas: 2, accelerators: 2)
    return (RunReport(context(deployments: [deployment]), [run]), [run])
  }

  /// The first value of a query's answer.
  private func value<T: DatabaseValueConvertible & Sendable>(_ sql: String, as type: T.Type = Int.self) throws
    -> T?
  {
    try ResultStore(path: path).read { try T.fetchOne($0, sql: sql) }
  }

  @Test func aRunComesBackAsItWas() async throws {
    let (report, outcomes) = await simulated()
    let run = try ResultStore(path: path).add(report, outcomes: outcomes, point: "tensor=2")
    #expect(try value("SELECT run_id FROM runs") == Int(run))
    #expect(try value("SELECT scenario FROM runs", as: String.self) == "A test")
    #expect(try value("SELECT point FROM runs", as: String.self) == "tensor=2")
    #expect(try value("SELECT seed FROM runs") == 7)
    #expect(try value("SELECT simulated_seconds FROM runs", as: Double.self) == report.simulatedSeconds)
    #expect(try value("SELECT summary_json FROM runs", as: String.self) == report.json.text(indent: 0))
    let rate = try value(
      """
      SELECT output_tokens_per_second FROM spans JOIN parts USING (part_id)
      WHERE kind = 'deployment' AND span = 'window'
      """, as: Double.self)
    #expect(rate == report.deployments[0].window.throughput.outputTokensPerSecond)
    #expect(try value("SELECT sum(output_tokens) FROM series") == 40 * 20)
    #expect(try value("SELECT count(*) FROM requests") == 40)
    let slowest = outcomes[0].observations.records.filter { $0.replica == 1 }
      .map { Int($0.completed.nanoseconds - $0.arrival.nanoseconds) }.max()
    #expect(
      try value("SELECT max(last_token_nanoseconds - arrival_nanoseconds) FROM requests WHERE replica = 1")
        == slowest)
    let busy = try value(
      """
      SELECT sum(replica_seconds) FROM step_times JOIN parts USING (part_id)
      WHERE step_times.kind = 'operator' AND parts.kind = 'site'
      """, as: Double.self)
    expectClose(busy, report.site.stepTime.busySeconds)
  }

  /// The cells are the histogram: their samples add up, and the quantile can be read off them.
  @Test func histogramCellsAddUp() async throws {
    let (report, outcomes) = await simulated()
    try ResultStore(path: path).add(report, outcomes: outcomes)
    let cells = "FROM latency_cells WHERE span = 'whole_run' AND latency = 'e2e'"
    #expect(try value("SELECT sum(samples) \(cells)") == 40)
    let median = try value(
      """
      SELECT min(lower_nanoseconds) FROM (
        SELECT lower_nanoseconds, sum(samples) OVER (ORDER BY lower_nanoseconds) AS seen \(cells)
      ) WHERE seen >= 20
      """)
    let p50 = try value(
      """
      SELECT p50_seconds FROM latencies JOIN parts USING (part_id)
      WHERE span = 'whole_run' AND latency = 'e2e' AND kind = 'deployment'
      """, as: Double.self)
    expectClose(median.map { Double($0) * 1e-9 }, try #require(p50), within: 0.004)
  }

  @Test func severalRunsInOneFile() async throws {
    let (report, outcomes) = await simulated()
    let first = try ResultStore(path: path).add(report, outcomes: outcomes)
    let second = try ResultStore(path: path).add(report, outcomes: outcomes)
    #expect(first != second)
    #expect(try value("SELECT count(*) FROM runs") == 2)
    #expect(try value("SELECT count(*) FROM parts WHERE run_id = \(second)") == 2)
  }

  @Test func anInterruptedRunLeavesNothing() async throws {
    struct Interruption: Error {}
    let (report, outcomes) = await simulated()
    let store = try ResultStore(path: path)
    try store.add(report, outcomes: outcomes)
    let tables = ["runs", "parts", "spans", "latencies", "latency_cells", "series", "step_times", "requests"]
    let counts = try tables.map { try value("SELECT count(*) FROM \($0)") }
    #expect(counts.allSatisfy { $0 ?? 0 > 0 })
    #expect(throws: Problems.self) {
      try store.add(report, outcomes: outcomes, point: nil) { db in
        let runs = try Int.fetchOne(db, sql: "SELECT count(*) FROM runs")
        #expect(runs == 2)
        throw Interruption()
      }
    }
    #expect(try tables.map { try value("SELECT count(*) FROM \($0)") } == counts)
  }

  @Test func writesAheadAndKnowsItsVersion() throws {
    _ = try ResultStore(path: path)
    #expect(try value("PRAGMA journal_mode", as: String.self) == "wal")
    #expect(try value("PRAGMA user_version") == 6)
  }

  /// A file of every earlier version becomes one of this version and takes runs.
  @Test(arguments: 1..<StoreSchema.migrations.count)
  func bringsEarlierFilesUpToDate(version: Int) async throws {
    try await DatabaseQueue(path: path).writeWithoutTransaction { db in
      for migration in StoreSchema.migrations[..<version] { try db.execute(sql: migration) }
      try db.execute(sql: "PRAGMA application_id = \(StoreSchema.applicationID)")
      try db.execute(sql: "PRAGMA user_version = \(version)")
    }
    let (report, outcomes) = await simulated()
    try ResultStore(path: path).add(report, outcomes: outcomes)
    #expect(try value("PRAGMA user_version") == StoreSchema.migrations.count)
    #expect(try value("SELECT count(*) FROM runs") == 1)
    #expect(try value("SELECT count(*) FROM facility_series") == 0, "a site without a facility")
  }

  @Test func refusesWhatIsNoDatabase() throws {
    let text = folder.path("notes.txt")
    try "not a database, but long enough to have a header of sixteen bytes\n".write(
      toFile: text, atomically: true, encoding: .utf8)
    #expect(message { () throws(Problems) in _ = try ResultStore(path: text) } == "is not a SQLite database")
    #expect(try String(contentsOfFile: text, encoding: .utf8).hasPrefix("not a database"))
  }

  @Test func refusesTheDatabaseOfAnotherProgram() throws {
    try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE books (title TEXT)") }
    #expect(
      message { () throws(Problems) in _ = try ResultStore(path: path) }
        == "is a SQLite database, but not a results store of tokenmill")
  }

  @Test func refusesANewerStore() throws {
    _ = try ResultStore(path: path)
    try DatabaseQueue(path: path).writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 9") }
    #expect(
      message { () throws(Problems) in _ = try ResultStore(path: path) }
        == "was written by a newer tokenmill: schema 9, this one knows 6")
  }

  @Test func refusesAFolderThatDoesNotExist() {
    let path = folder.path("nowhere/runs.sqlite")
    #expect(
      message { () throws(Problems) in _ = try ResultStore(path: path) }?.hasSuffix("does not exist") == true)
  }

  private func message(_ body: () throws(Problems) -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return error.all[0].message
    }
  }
}
