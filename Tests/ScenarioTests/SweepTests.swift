import Documents
import Hardware
import Scenario
import Simulation
import Testing

@Suite("Sweeps and overrides")
struct SweepTests {
  private func points(_ sweep: String) throws -> [String] {
    try ScenarioFile(document: try BadInput.document([17: "run: { seed: 1 }\nsweep: \(sweep)"])).sweepPoints
      .map(\.label)
  }

  @Test(arguments: [
    ("{ path: a, values: [1, 8 TB/s, '7', { b: 2 }] }", ["a=1", "a=8 TB/s", "a=\"7\"", "a={\"b\":2}"]),
    ("{ path: a, range: { from: 1, to: 2, step: 0.25 } }", ["a=1", "a=1.25", "a=1.5", "a=1.75", "a=2"]),
    ("{ path: a, range: { from: 0.1, to: 0.3, step: 0.1 } }", ["a=0.1", "a=0.2", "a=0.3"]),
    ("{ path: a, range: { from: 3 /s, to: 8 /s, step: 2 /s } }", ["a=3 /s", "a=5 /s", "a=7 /s"]),
    ("{ path: a, log_range: { from: 1, to: 100, factor: 10 } }", ["a=1", "a=10", "a=100"]),
    ("{ path: a, log_range: { from: 1, to: 64, points: 4 } }", ["a=1", "a=4", "a=16", "a=64"]),
    // Whole numbers stay whole, and none comes twice.
    ("{ path: a, log_range: { from: 1, to: 4, points: 7 } }", ["a=1", "a=2", "a=3", "a=4"]),
    ("{ path: a, log_range: { from: 0.5 GW, to: 2 GW, points: 3 } }", ["a=0.5 GW", "a=1 GW", "a=2 GW"]),
  ])
  func axes(axis: String, expected: [String]) throws {
    #expect(try points("{ axes: [\(axis)] }") == expected)
  }

  @Test func productOfAxes() throws {
    let found = try points("{ axes: [{ path: a, values: [1, 2] }, { path: b, values: [x, y, z] }] }")
    #expect(found == ["a=1 b=x", "a=1 b=y", "a=1 b=z", "a=2 b=x", "a=2 b=y", "a=2 b=z"])
  }

  @Test func axesThatMoveTogether() throws {
    let axes = "[{ path: a, values: [1, 2] }, { path: b, values: [x, y] }, { path: c, values: [7, 8] }]"
    let found = try points("{ axes: \(axes), zip: [[a, c]] }")
    #expect(found == ["a=1 c=7 b=x", "a=1 c=7 b=y", "a=2 c=8 b=x", "a=2 c=8 b=y"])
  }

  @Test func withoutSection() throws {
    #expect(try ScenarioFile(document: try BadInput.document([:])).sweepPoints.isEmpty)
  }

  @Test func pointsChangeTheScenario() throws {
    let sweep = "sweep: { axes: [{ path: \"deployments[0].parallel.tensor\", values: [1, 4] }] }"
    let file = try ScenarioFile(document: try BadInput.document([10: "    replicas: fill", 17: sweep]))
    let catalogue = try Catalogue.shared.get()
    let replicas = try file.sweepPoints.map {
      try file.resolve(point: $0, with: catalogue).deployments[0].plan.replicas
    }
    #expect(replicas == [8, 2])
  }

  @Test func overrides() throws {
    let overrides = [
      "run.seed=7", "deployments[0].engine.max_batch_size=32", "workload[0].targets=",
      "site={ system: b200-sxm, nodes: 2 }",
      "deployments[0].front_end.delay=3 ms",
    ]
    let file = try ScenarioFile(document: try BadInput.document([:]), overrides: overrides)
    let scenario = try file.resolve(with: try Catalogue.shared.get())
    #expect(
      scenario.run.seed == 7 && scenario.site.parts[0].system.id == "b200-sxm"
        && scenario.site.accelerators == 16)
    #expect(scenario.deployments[0].plan.engine.maximumBatchSize == 32)
    #expect(scenario.deployments[0].plan.frontEnd.seconds == 0.003)
    #expect(scenario.deployments[0].plan.streams[0].targets == LatencyTargets())
  }

  @Test func seedOfTheCommandLine() throws {
    let file = try ScenarioFile(document: try BadInput.document([:]))
    let catalogue = try Catalogue.shared.get()
    let scenario = try file.resolve(
      with: catalogue, options: ResolutionOptions(seed: 99, threads: 2, recordsRequests: true))
    #expect(scenario.run.seed == 99 && scenario.run.threads == 2 && scenario.run.recordsRequests)
    #expect(scenario.echo["run"]?["seed"] == .int(99))
  }
}
