import Documents
import GRDB
import Simulation
import Testing

@testable import Results

/// Draws of points by hand: accelerators of 100 to 500 W, four in a node of 300 to 700 W.
struct PowerSeriesTests {
  private func series(_ watts: [[Double]], names: [String] = ["chat"], last: Double = 10) -> PowerSeries {
    var readings = PowerReadings(intervalSeconds: 10)
    readings.wattsAboveIdle = watts
    readings.lastSeconds = last
    return PowerSeries(
      readings, points: names.map { PowerPoint(name: $0, acceleratorsBySystem: [2]) }, on: smallSite)
  }

  @Test func nodesFollowTheirAccelerators() {
    let series = series([[0], [400], [800]])
    #expect((0..<3).map { series.gpuWatts(of: 0, in: $0) } == [200, 600, 1000])
    // Half a node of 300 W without work and 700 W at full work.
    #expect((0..<3).map { series.itWatts(of: 0, in: $0) } == [350, 850, 1350])
  }

  @Test func figuresOfAPoint() throws {
    // The last interval, of half the length, counts for the mean alone.
    let figures = try #require(series([[0], [400], [100], [800]], last: 5).gpuFigures(of: 0))
    let mean: Double = 16_000 / 35
    #expect(figures.mean == mean)
    #expect(figures.peak == 600 && figures.p99 == 600 && figures.largestRise == 400)
    #expect(figures.loadFactor == figures.mean / 600)
    let one = try #require(series([[800]], last: 5).gpuFigures(of: 0))
    #expect(one.peak == 1000 && one.largestRise == nil)
    #expect(series([]).gpuFigures(of: 0) == nil)
    let falling = try #require(series([[800], [0]]).gpuFigures(of: 0))
    #expect(falling.largestRise == 0)
    let long = try #require(series((0..<200).map { [Double($0)] }).gpuFigures(of: 0))
    #expect(long.p99 == 200 + 197 && long.peak == 200 + 199)
  }

  @Test func theSummaryHasTheHighestPeaks() throws {
    let names = (0..<60).map { "rack \($0)" }
    let json = series([(0..<60).map { $0 == 59 ? 0 : Double($0) }], names: names).json
    #expect(json["count"] == .int(60) && json["intervals"] == .int(1))
    guard case .array(let points) = json["points"] else {
      Issue.record("no points")
      return
    }
    #expect(points.count == 50)
    #expect(points[0]["point"] == .string("rack 58") && points[49]["point"] == .string("rack 9"))
    #expect(points[0]["gpus"] == .int(2) && points[0]["gpu_watts"]?["peak"] == .double(258))
  }

  @Test func theStoreHasAllIntervals() async throws {
    let folder = try TemporaryFolder()
    let outcome = steadyOutcome()
    var context = context(deployments: [DeploymentContext(name: "test", replicas: 4, accelerators: 4)])
    context.powerPoints = ["system", "rack 0"].map { PowerPoint(name: $0, acceleratorsBySystem: [4]) }
    var readings = PowerReadings(intervalSeconds: 4)
    readings.wattsAboveIdle = [[400, 400], [400, 400], [800, 0]]
    readings.lastSeconds = 2
    let report = RunReport(context, [outcome], readings: readings)
    let store = try ResultStore(path: folder.path("runs.sqlite"))
    try store.add(report, outcomes: [outcome])
    func values(_ column: String) throws -> [Double] {
      try store.read {
        try Double.fetchAll(
          $0, sql: "SELECT \(column) FROM power_series WHERE point = 'system' ORDER BY start_seconds")
      }
    }
    #expect(try values("start_seconds") == [0, 4, 8])
    #expect(try values("seconds") == [4, 4, 2])
    #expect(try values("gpu_watts") == [800, 800, 1200])
    #expect(try values("it_watts") == [1200, 1200, 1700])
    let count = try store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM power_series") }
    #expect(count == 6)
    #expect(report.json["power_points"]?["count"] == .int(2))
  }
}
