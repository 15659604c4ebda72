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

  /// Accelerators that smooth never draw less than their floor; what they burn reaches the grid, and nothing gets lost.
  @Test func smoothing() async throws {
    let free = try await report(", facility: {}")
    let smooth = try await report(", facility: { smoothing: { floor: 80 %, hysteresis: 1 s } }")
    let facility = try #require(smooth.site.window.facility)
    #expect(facility.conservationResidual <= 1e-9)
    let burnt = try #require(facility.parts.first { $0.kind == "smoothing" }).joules
    #expect(burnt > 0 && free.site.window.facility?.parts.contains { $0.kind == "smoothing" } == false)
    let itJoules = try #require(smooth.site.window.power.itMean) * smooth.site.window.span.seconds
    #expect(abs((itJoules + burnt) / facility.itJoules - 1) < 1e-9)
    let gridJoules = try #require(smooth.site.window.power.siteMean) * smooth.site.window.span.seconds
    #expect(abs(gridJoules / facility.gridJoules - 1) < 1e-9)
    // Six accelerators in use hold 560 W each; two idle.
    let floor = 6 * 0.8 * 700.0
    #expect(smooth.facilitySeries.allSatisfy { $0.itWatts >= floor })
    #expect(free.facilitySeries.contains { $0.itWatts < floor + 1700 })
    #expect(smooth.site.window.throughput == free.site.window.throughput)
  }

  /// Parts of nodes add up to the IT power that accelerators leave.
  @Test func nodeParts() async throws {
    let power = try await report("").site.window.power
    #expect(power.nodeParts.map(\.name).suffix(2) == ["supply loss", "other"])
    #expect(power.nodeParts.allSatisfy { $0.watts >= 0 })
    let nodes = power.nodeParts.reduce(0) { $0 + $1.watts }
    let gpus = try #require(power.gpuMean) * 6 + 2 * 119
    #expect(abs((gpus + nodes) / (try #require(power.itMean)) - 1) < 1e-9)
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
