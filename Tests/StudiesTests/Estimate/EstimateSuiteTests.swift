import Documents
import Scenario
import Testing

@testable import Studies

/// Estimates against simulations, on a part of the suite's grid.
struct EstimateSuiteTests {
  private func results(_ names: [String]) async throws -> [PointResult] {
    let chosen = EstimateGrid.configurations.filter { names.contains($0.name) }
    #expect(chosen.count == names.count)
    return try await EstimateSuite.run(
      threads: 1, with: try ScenarioCatalogue.load(), configurations: chosen)
  }

  /// Ratios of estimated to simulated figures are within tolerances.
  @Test(arguments: ["h100-8b-vllm", "h100-8b-sglang", "b200-deepseek-trt", "h200-70b-sglang-pools"])
  func estimatesAgreeWithSimulations(name: String) async throws {
    let tolerances: [(MeasuredColumn, Double)] = [
      (.capacity, 0.05), (.requestsPerSecond, 0.05), (.tpotMean, 0.06), (.gpuPower, 0.04),
    ]
    for result in try await results([name]) {
      for (column, tolerance) in tolerances {
        guard let simulated = result.point.measured[column] else { continue }
        let estimated = try #require(result.predicted?[column], "\(result.point.id) \(column)")
        #expect(abs(estimated / simulated - 1) < tolerance, "\(result.point.id) \(column.rawValue)")
      }
      guard result.point.load == .server, !result.point.id.hasSuffix("95-percent") else { continue }
      let simulated = try #require(result.point.measured[.ttftMean])
      let estimated = try #require(result.predicted?[.ttftMean])
      #expect(abs(estimated / simulated - 1) < 0.12, "\(result.point.id)")
    }
  }

  @Test func errorsAreOfEveryFigure() async throws {
    let found = EstimateSuite.errors(try await results(["h100-qwen3-32b-vllm-long"]))
    for figure in SteadyStateEstimate.figures {
      #expect(found.rows.contains { $0.figure == figure && $0.load == nil && $0.rows > 0 })
    }
    #expect(found.rows.allSatisfy { $0.medianPercent <= $0.p90Percent })
    // Too few rows of a load: those of all loads stand in.
    let all = found.rows.first { $0.figure == "latency_seconds.ttft.mean" && $0.load == nil }
    #expect(found.statedPercent("latency_seconds.ttft.mean", load: .offline) == all?.p90Percent)
    #expect(found.statedPercent("nothing", load: .open) == nil)
  }

  @Test func thePackageStatesErrors() {
    let errors = EstimateErrors.ofPackage
    #expect(errors.version == EstimateErrors.currentVersion)
    for figure in SteadyStateEstimate.figures {
      for load in EstimatedLoad.allCases { #expect(errors.statedPercent(figure, load: load) != nil) }
    }
    #expect(errors.provenance.hasPrefix("\(EstimateSuite.count) scenarios"))
    #expect(SteadyStateEstimate.figures.count == SteadyStateEstimate.columns.count)
  }

  /// Names are unique, since results are told apart by them.
  @Test func theGridIsSound() {
    let names = EstimateGrid.configurations.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(EstimateGrid.loads.first == .offline)
  }
}
