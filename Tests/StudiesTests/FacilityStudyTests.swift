import Documents
import Results
import Scenario
import Simulation
import Testing

@testable import Studies

/// Runs on sites with a facility.
struct FacilityStudyTests {
  private func report(_ site: String) async throws -> RunReport {
    let text = """
      tokenmill: 1
      name: A plant
      site: { system: h100-sxm, nodes: 1\(site) }
      deployments:
        - name: chat
          model: llama-3.1-8b
          engine: { framework: vllm, max_batch_size: 64 }
          parallel: { tensor: 2 }
          replicas: 3
      workload:
        - arrivals: { process: poisson, rate: 40 /s, requests: 2000 }
          lengths: { input: 100, output: 50 }
      run: { seed: 5, warm_up: 10 s }
      """
    let file = try ScenarioFile(document: try Document.parse(text: text, file: "plant.yaml"))
    return await RunStudy(try file.resolve(with: try ScenarioCatalogue.load())).run().report
  }

  /// Energy from the grid is IT, losses, cooling, other load, the battery's loss and what it stored.
  @Test func energyIsConserved() async throws {
    let report = try await report(
      """
      , facility: { climate: { celsius: 25 }, other_load: 200 W, price: 60 $/MWh,
        battery: { capacity: 200 kJ, power: 2 kW, round_trip_efficiency: 81 % },
        limits: { draw: 8 kW, ramp_up_watts_per_second: 50, ramp_down_watts_per_second: 50 } }
      """)
    for span in [report.site.window, report.site.wholeRun] {
      let facility = try #require(span.facility)
      #expect(facility.conservationResidual <= 1e-9)
      let sum = facility.parts.reduce(0) { $0 + $1.joules } + facility.batteryStoredJoules
      #expect(abs(sum / facility.gridJoules - 1) < 1e-9)
      let itJoules = try #require(span.power.itMean) * span.span.seconds
      #expect(abs(facility.itJoules / itJoules - 1) < 1e-9)
      #expect(facility.pue > 1.05 && facility.pue < 1.8)
      #expect(try #require(facility.dollars) > 0)
    }
    let cooling = report.site.window.facility?.parts.filter { $0.kind == "cooling" }.map(\.joules) ?? []
    #expect(cooling.reduce(0, +) > 0)
  }

  /// With constant figures a facility gives what the two figures of a site without one give.
  @Test func constantFigures() async throws {
    let plain = try await report(", conversion_efficiency: 90 %, overhead: 35 %").site.window
    let plant = try await report(
      """
      , facility: { cooling: { method: constant, overhead: 35 % },
        electrical: [{ name: all, curve: { efficiency: 90 % } }] }
      """
    ).site.window
    #expect(plain.facility == nil)
    #expect(plain.throughput == plant.throughput && plain.latency == plant.latency)
    let mean = try #require(plain.power.siteMean)
    #expect(abs(try #require(plant.power.siteMean) / mean - 1) < 1e-9)
    let joules = try #require(plain.energy.siteJoulesPerOutputToken)
    #expect(abs(try #require(plant.energy.siteJoulesPerOutputToken) / joules - 1) < 1e-9)
  }
}
