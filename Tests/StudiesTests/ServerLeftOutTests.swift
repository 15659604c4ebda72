import Facility
import Hardware
import Quantities
import Scenario
import Testing

@testable import Studies

/// Wall power of servers, and what their nodes take beside their accelerators.
struct ServerLeftOutTests {
  private let catalogue: SystemCatalogue

  init() throws { catalogue = try ScenarioCatalogue.load().systems }

  /// A server of the catalogue with parts explains all of its node's power, idle and loaded.
  @Test func partsOfTheCatalogueFit() {
    let known = catalogue.systems.filter { $0.node.supply != nil }
    #expect(known.count >= 6)
    for system in known { #expect(NodePower(system) != nil, "\(system.id)") }
  }

  private func result(_ system: String, gpuWatts: Double, wall: Double) throws -> PointResult {
    var point = try benchmarkPoint([
      ("id", system), ("suite", "mlperf"), ("system", system), ("accelerators", "8"),
      ("framework", "vllm"), ("model", "llama-3.1-8b"), ("load", "offline"),
    ])
    point.measured[.nodePower] = wall
    var values = ColumnValues()
    values[.gpuPower] = gpuWatts
    return PointResult(point: point, assumptions: [], predicted: values, reason: nil, resolved: [])
  }

  /// The other server's line: 1.7 kW idle and 2.5 kW at full work of eight H200 at 115 and 700 W.
  @Test func anotherServersLine() throws {
    let results = [
      try result("b200-sxm", gpuWatts: 900, wall: 10_000), try result("h200-sxm", gpuWatts: 500, wall: 6000),
    ]
    let found = ServerLeftOut.comparisons(results, catalogue)
    #expect(found.map(\.point.system) == ["b200-sxm", "h200-sxm"])
    let slope = 800.0 / (5600 - 920)
    let expected = 7200 + 1700 + slope * (7200 - 920)
    #expect(abs(try #require(found[0].predicted) - expected) < 1e-6)
    #expect(ServerLeftOut.comparisons([results[0]], catalogue).isEmpty)
  }
}
