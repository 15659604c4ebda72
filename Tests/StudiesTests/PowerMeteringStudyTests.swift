import CostModel
import Documents
import Hardware
import Quantities
import Results
import Scenario
import Simulation
import Testing

@testable import Studies

@Suite("Meters in scenarios")
struct PowerMeteringStudyTests {
  private func resolved(
    _ metering: String, site: String = "system: h100-sxm, racks: 5, racks_per_row: 2",
    replica: String = "parallel: { tensor: 4 }", pools: String? = nil, run: String = "run: { seed: 1 }"
  ) throws -> ResolvedScenario {
    let text = """
      tokenmill: 1
      name: Meters
      site: { \(site), metering: \(metering) }
      deployments:
        - name: chat
          model: llama-3.1-8b
          \(pools ?? "engine: { framework: vllm, max_num_seqs: 64 }\n    replicas: 30\n    " + replica)
      workload:
        - arrivals: { process: poisson, rate: 100 /s, requests: 300 }
          lengths: { input: 100, output: 20 }
      \(run)
      """
    let document = try Document.parse(text: text, file: "meters.yaml")
    return try ScenarioFile(document: document).resolve(with: try ScenarioCatalogue.load())
  }

  @Test func pointsByLevel() throws {
    func names(_ level: String) throws -> [String] {
      try #require(try resolved("{ by: \(level) }").powerMeters).points.map(\.name)
    }
    #expect(try names("system") == ["h100-sxm"])
    #expect(try names("pool") == ["chat"])
    #expect(try names("row") == ["row 0", "row 1", "row 2"])
    #expect(try names("rack") == (0..<5).map { "rack \($0)" })
    let standard = try resolved("{}")
    #expect(standard.site.metering == SiteMetering(level: .pool, intervalSeconds: 10))
    #expect(standard.echo["site"]?["metering"]?["every_seconds"] == .double(10))
  }

  @Test func poolsOfADeployment() throws {
    let engine = "engine: { framework: vllm, max_num_seqs: 64 }"
    let scenario = try resolved(
      "{ by: pool }",
      pools: """
        pools:
              - { role: prefill, replicas: 2, parallel: { tensor: 2 }, \(engine) }
              - { role: decode, replicas: 30, parallel: { tensor: 4 }, \(engine) }
        """)
    let meters = try #require(scenario.powerMeters)
    #expect(meters.points.map(\.name) == ["chat prefill", "chat decode"])
    #expect(meters.points.map(\.acceleratorsBySystem) == [[4], [120]])
  }

  /// Racks hold what the site holds, and draw what it draws.
  @Test(arguments: ["parallel: { tensor: 4 }", "parallel: { tensor: 8, pipeline: 2 }"])
  func racksAddUpToTheSite(replica: String) async throws {
    var sums: [[Double]] = []
    for level in ["system", "pool", "row", "rack"] {
      let site = "system: h100-sxm, racks: \(replica.contains("pipeline") ? 15 : 5), racks_per_row: 2"
      let scenario = try resolved("{ by: \(level), every: 500 ms }", site: site, replica: replica)
      let series = try #require(await RunStudy(scenario).run().report.powerSeries)
      let idle = scenario.deployments[0].design.system.accelerator.idlePower.si
      let accelerators = series.points.indices.reduce(0) { $0 + series.accelerators(of: $1) }
      #expect(
        accelerators
          == (level == "pool" ? scenario.deployments[0].plan.accelerators : scenario.site.accelerators))
      sums.append(
        (0..<series.intervals).map { interval in
          series.points.indices.reduce(0) { $0 + series.gpuWatts(of: $1, in: interval) }
            - Double(accelerators) * idle
        })
    }
    #expect(sums[0].count > 5)
    for other in sums.dropFirst() {
      #expect(
        zip(sums[0], other).allSatisfy { abs($0 - $1) <= 1e-6 * (1 + abs($0)) }
          && other.count == sums[0].count)
    }
  }

  /// A replica that stands on several racks draws on each of them.
  @Test func replicasOfSeveralRacks() throws {
    // Two nodes of eight accelerators a replica, four nodes in a rack of h100-sxm.
    let scenario = try resolved(
      "{ by: rack }", site: "system: h100-sxm, racks: 15", replica: "parallel: { tensor: 8, pipeline: 2 }")
    let members = try #require(scenario.powerMeters).metering.points.flatMap { $0 }
    let replicas = members.reduce(0.0) { $0 + $1.share * Double($1.replicas?.count ?? 0) }
    #expect(abs(replicas - 30) < 1e-9)
  }

  @Test func theSystemDrawsWhatTheSiteDoes() async throws {
    let scenario = try resolved(
      "{ by: system, every: 500 ms }", run: "run: { seed: 1, warm_up: none, duration: 2 s }")
    let report = await RunStudy(scenario).run().report
    let series = try #require(report.powerSeries)
    let mean = try #require(series.itFigures(of: 0)).mean
    // The series books energy where steps end.
    #expect(abs(mean / (try #require(report.site.wholeRun.power.itMean)) - 1) < 0.03)
  }

  @Test(arguments: ["row", "rack"]) func placesOfSamples(level: String) throws {
    #expect(throws: Problems.self) {
      try resolved("{ by: \(level) }", run: "run: { sample: { share: 1 % } }")
    }
    #expect(try resolved("{ by: pool }", run: "run: { sample: { share: 1 % } }").powerMeters != nil)
  }
}
