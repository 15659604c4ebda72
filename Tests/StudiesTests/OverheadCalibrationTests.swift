import CostModel
import Scenario
import Testing

@testable import Studies

@Suite struct OverheadCalibrationTests {
  /// Closed loops of one model on one system, as a program would measure them whose overheads are `truth`.
  private func measured(_ truth: FrameworkOverhead, with catalogue: ScenarioCatalogue) async throws
    -> [BenchmarkPoint]
  {
    var points: [BenchmarkPoint] = []
    for concurrency in [1, 8] {
      for (isl, osl) in [(512, 128), (2048, 64)] {
        var point = try benchmarkPoint(
          inferenceX(
            "h200-sxm", 1, "vllm", "llama-3.1-8b", "fp8", concurrency: concurrency, isl: isl, osl: osl))
        point.split = "fit"
        points.append(point)
      }
    }
    let runs = await OverheadRuns(points, with: catalogue, threads: 2)
    let figures = await runs.figures(overheads: Array(repeating: truth, count: points.count))
    for index in points.indices {
      points[index].measured[.tpotMean] = figures[index].tpot
      points[index].measured[.ttftMean] = figures[index].ttft
    }
    return points
  }

  @Test("a fit to runs with known overheads predicts those runs")
  func recovers() async throws {
    var catalogue = try ScenarioCatalogue.load()
    catalogue.efficiencies.overheads = .empty
    var truth = catalogue.efficiencies.overhead(of: .vllm)
    truth.layerSeconds *= 2
    truth.frontEndSeconds *= 1.6
    truth.mixedStepSeconds *= 0.5
    truth.decode.gemm = 1.15
    let points = try await measured(truth, with: catalogue)
    let table = await OverheadCalibration(points, with: catalogue, threads: 2).fit()
    let group = try #require(table.entries.first { $0.group.version != nil })
    #expect(group.group.model == "32 x 4096" && group.points == points.count)
    // Before the fit TPOT is off by some 20 %, TTFT by 30 %.
    #expect(group.medianErrorOfTPOT < 0.03 && group.medianErrorOfTTFT < 0.06)
    let again = await OverheadCalibration(points, with: catalogue, threads: 1).fit()
    #expect(again.text == table.text)
  }

  @Test("points of the test half take no part")
  func keepsToItsHalf() async throws {
    let catalogue = try ScenarioCatalogue.load()
    var point = try benchmarkPoint(
      inferenceX("h200-sxm", 1, "vllm", "llama-3.1-8b", "fp8", isl: 128, osl: 32))
    point.split = "test"
    let table = await OverheadCalibration([point], with: catalogue, threads: 1).fit()
    #expect(table.entries.isEmpty)
  }
}
