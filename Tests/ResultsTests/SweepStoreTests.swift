import Documents
import Foundation
import GRDB
import Testing

@testable import Results
@testable import Simulation

struct SweepStoreTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func simulated(_ replicas: Int) async -> (report: RunReport, outcomes: [DeploymentOutcome]) {
    let plan = offlinePlan(
      requests: 40, input: 10, output: 20, replicas: replicas, cost: constantCosts(step: 0.02, joules: 2))
    let run = await Simulation.run(plan, RunPlan(recordsRequests: true))
    let deployment = DeploymentContext(name: "test", replicas: replicas, accelerators: replicas)
    return (RunReport(context(deployments: [deployment]), [run]), [run])
  }

  private static let names = ["replicas=1", "replicas=2", "replicas=3", "replicas=4"]

  /// A store with some of four points, of which the third can't run, added in the order given.
  @discardableResult
  private func store(_ name: String, _ points: [Int], identity: String = "{\"seed\":1}") async throws
    -> String
  {
    let path = folder.path(name)
    let store = try ResultStore(path: path)
    let sweep = try store.beginSweep(scenario: "A test", identity: identity, pointNames: Self.names)
    for point in points {
      let new = ResultStore.NewPoint(
        sweep: sweep, index: point, name: Self.names[point], at: "{\"replicas\":\(point + 1)}")
      if point == 2 {
        try store.add(new, .problems(["does not fit"]))
      } else {
        let (report, outcomes) = await simulated(point + 1)
        try store.add(new, .summary(report.json.text(indent: 0)), run: (report, outcomes))
      }
    }
    return path
  }

  /// Every row of every table, in the order of the primary keys.
  private func rows(_ path: String) throws -> [String] {
    try ResultStore(path: path).read { db in
      let tables = try String.fetchAll(
        db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      return try tables.flatMap { table -> [String] in
        let key = try db.primaryKey(table).columns.joined(separator: ", ")
        return try Row.fetchAll(db, sql: "SELECT * FROM \(table) ORDER BY \(key)").map { "\(table) \($0)" }
      }
    }
  }

  private func message(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return (error as? Problems)?.all.map(\.description).joined(separator: "\n").replacing(
        folder.path("") + "/", with: "")
    }
  }

  @Test func pointsComeBackAsTheyWere() async throws {
    let store = try ResultStore(path: try await store("a.sqlite", [3, 2, 0]))
    let sweeps = try store.sweeps()
    #expect(sweeps.map(\.scenario) == ["A test"])
    #expect(sweeps.map(\.pointNames) == [Self.names])
    let points = try store.points(of: sweeps[0].id)
    #expect(points.map(\.index) == [0, 2, 3])
    #expect(points[1].outcome == .problems(["does not fit"]))
    let first = await simulated(1).report.json.text(indent: 0)
    #expect(points[0].outcome == .summary(first))
  }

  @Test("INV-21: a point that is there stays, and its run does not come twice")
  func noPointComesTwice() async throws {
    let path = try await store("a.sqlite", [0, 0, 2, 2])
    #expect(try rows(path).filter { $0.hasPrefix("runs ") }.count == 1)
    #expect(try rows(path).filter { $0.hasPrefix("sweep_points ") }.count == 2)
  }

  /// Of two processes that begin at once the second joins the first.
  @Test func aSweepIsJoined() throws {
    let store = try ResultStore(path: folder.path("a.sqlite"))
    let first = try store.beginSweep(scenario: "A", identity: "{}", pointNames: [], joins: true)
    #expect(try store.beginSweep(scenario: "A", identity: "{}", pointNames: [], joins: true) == first)
    #expect(try store.beginSweep(scenario: "A", identity: "{}", pointNames: []) != first)
    #expect(try store.sweeps().count == 2)
  }

  @Test("INV-21: whatever parts a sweep ran in, in whatever order, the merged store holds the same rows")
  func mergedPartsAreTheWhole() async throws {
    let whole = try await store("whole.sqlite", [3, 0, 2, 1])
    let parts = [try await store("a.sqlite", [2, 0]), try await store("b.sqlite", [1, 3, 0])]
    let one = folder.path("one.sqlite")
    let two = folder.path("two.sqlite")
    let outcome = try StoreMerge([whole]).write(to: one)
    #expect(outcome == StoreMerge.Outcome(scenario: "A test", points: 4, missing: []))
    _ = try StoreMerge(parts).write(to: two)
    let merged = try rows(one)
    #expect(merged.count > 100)
    #expect(try rows(two) == merged)
    #expect(try rows(whole).count == merged.count, "nothing is lost")
    // No parts, logs or locks are left beside it.
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(""))
    #expect(names.filter { $0.hasPrefix("two") } == ["two.sqlite"])
  }

  @Test func missingPointsAreNamed() async throws {
    let part = try await store("a.sqlite", [0, 2])
    let outcome = try StoreMerge([part]).write(to: folder.path("m.sqlite"))
    #expect(outcome.missing == ["replicas=2", "replicas=4"])
  }

  @Test func otherSweepsAreRefused() async throws {
    let first = try await store("a.sqlite", [0])
    let other = try await store("b.sqlite", [1], identity: "{\"seed\":2}")
    _ = try ResultStore(path: folder.path("empty.sqlite"))
    #expect(
      message { _ = try StoreMerge([first, other]) }
        == "b.sqlite: holds another sweep than 'a.sqlite': seed 2, not 1"
    )
    #expect(
      message { _ = try StoreMerge([folder.path("empty.sqlite"), folder.path("none.sqlite")]) } == """
        empty.sqlite: holds no sweep; 'tokenmill sweep --results' makes one
        none.sqlite: no such file
        """)
    try await store("a.sqlite", [1])
    #expect(message { _ = try StoreMerge([first]) } == "a.sqlite: holds 2 sweeps, a store with one is needed")
  }

  /// Equal sweeps give equal points; where two parts disagree, one of them is damaged.
  @Test func partsThatDisagreeAreRefused() async throws {
    let first = try await store("a.sqlite", [0, 1])
    let second = try await store("b.sqlite", [1])
    try await DatabaseQueue(path: second).write { try $0.execute(sql: "UPDATE runs SET summary_json = '{}'") }
    #expect(
      message { _ = try StoreMerge([first, second]) }
        == "b.sqlite: has other results than 'a.sqlite' for the point replicas=2")
  }

  @Test func nothingIsOverwritten() async throws {
    let part = try await store("a.sqlite", [0])
    let before = try rows(part)
    #expect(
      message { _ = try StoreMerge([part]).write(to: part) }
        == "a.sqlite: is there already; merge into a new file")
    #expect(try rows(part) == before)
  }
}
