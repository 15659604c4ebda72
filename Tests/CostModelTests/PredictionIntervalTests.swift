import CostModel
import Documents
import Foundation
import Testing

@Suite struct PredictionIntervalTests {
  private func band(
    _ framework: String?, _ load: PredictionIntervals.LoadRegion?, _ evidence: Provenance?, _ low: Double
  ) -> PredictionIntervals.Band {
    .init(
      figure: .tpot, framework: framework, load: load, evidence: evidence, rows: 40, low: low, high: low + 1)
  }

  private var intervals: PredictionIntervals {
    PredictionIntervals(
      provenance: ["made up"], folds: 5, widening: ["tpot": 1.25],
      bands: [
        band("vllm", .low, .measured, 0.91), band("vllm", nil, .measured, 0.92),
        band(nil, .low, .transferred, 0.7), band(nil, nil, .transferred, 0.6), band(nil, nil, nil, 0.5),
      ])
  }

  private func low(
    _ framework: String, _ load: PredictionIntervals.LoadRegion, _ evidence: Provenance
  ) -> Double? { intervals.band(.tpot, framework: framework, load: load, evidence: evidence)?.low }

  @Test func theNarrowestClassHolds() {
    #expect(low("vllm", .low, .measured) == 0.91)
    #expect(low("vllm", .high, .measured) == 0.92)
    #expect(low("vllm", .low, .transferred) == 0.7)
    #expect(low("vllm", .middle, .transferred) == 0.6)
    #expect(low("vllm", .low, .prior) == 0.5)
    #expect(intervals.band(.ttft, framework: "vllm", load: .low, evidence: .measured) == nil)
  }

  /// Measured kernels don't help where the framework around them was never measured.
  @Test func anUnknownFrameworkIsAtBestTransferred() {
    #expect(low("sglang", .low, .measured) == 0.7)
    #expect(low("sglang", .low, .prior) == 0.5)
  }

  @Test(arguments: [(1.0, "1-8"), (8, "1-8"), (9, "9-64"), (64, "9-64"), (65, "65-"), (1e4, "65-")])
  func loadRegions(_ requests: Double, _ name: String) {
    #expect(PredictionIntervals.LoadRegion(requestsInFlight: requests).rawValue == name)
  }

  @Test func intervalsAroundAPrediction() {
    #expect(band(nil, nil, nil, 0.5).interval(around: 10) == 5...15)
  }

  @Test func theFileReadsBackAsItWasWritten() throws {
    let text = intervals.text
    #expect(try PredictionIntervals.decode(Data(text.utf8), file: "intervals.json") == intervals)
    #expect(try PredictionIntervals.decode(Data(text.utf8), file: "intervals.json").text == text)
  }

  @Test func badFiles() {
    func message(_ text: String) -> String {
      do throws(Problems) {
        _ = try PredictionIntervals.decode(Data(text.utf8), file: "i.json")
        return ""
      } catch { return error.all.map(\.description).joined() }
    }
    #expect(message("{}").hasPrefix("i.json: is not a file of intervals"))
    let newer = intervals.text.replacing("\"version\": 1", with: "\"version\": 2")
    #expect(message(newer).contains("version: found '2'") || message(newer).contains("version: found 2"))
    let turned = PredictionIntervals(
      provenance: [], folds: 0, widening: [:],
      bands: [
        .init(figure: .tpot, framework: nil, load: nil, evidence: nil, rows: 30, low: 2, high: 1)
      ])
    #expect(message(turned.text).contains("is no range of ratios"))
  }

  /// What the project carries: every figure has a last resort, and bands hold the ratio that they were made from.
  @Test func whatComesWithTheProject() throws {
    let found = try EfficiencyTable.load().intervals
    #expect(found.version == PredictionIntervals.currentVersion)
    for figure in [PredictionIntervals.Figure.ttft, .tpot, .throughput] {
      #expect(found.bands.contains { $0.figure == figure && $0.framework == nil && $0.evidence == nil })
      #expect(found.bands.allSatisfy { $0.low < $0.high })
    }
  }
}
