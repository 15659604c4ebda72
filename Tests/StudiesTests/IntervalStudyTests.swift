import CostModel
import Documents
import Foundation
import Scenario
import Testing

@testable import Studies

@Suite struct IntervalStudyTests {
  private func residual(
    _ logRatio: Double, part: Int, framework: String = "vllm",
    load: PredictionIntervals.LoadRegion = .low, evidence: Provenance = .measured
  ) -> IntervalStudy.Residual {
    IntervalStudy.Residual(
      figure: .tpot, grounds: PredictionGrounds(framework: framework, load: load, evidence: evidence),
      logRatio: logRatio, part: part)
  }

  /// Residuals from 0 to 1 in hundredths, whose quantiles can be told by hand.
  @Test func quantilesOfAClass() throws {
    let residuals = (0...100).map { residual(Double($0) / 100, part: $0 % 5) }
    let found = try #require(IntervalStudy.classes(residuals).first)
    #expect(found.framework == "vllm" && found.load == .low && found.evidence == .measured)
    #expect(found.rows == 101)
    #expect(abs(found.low - 0.1) < 1e-12 && abs(found.median - 0.5) < 1e-12 && abs(found.high - 0.9) < 1e-12)
    let band = found.band(widened: 2)
    #expect(abs(band.low - exp(-0.3)) < 1e-4 && abs(band.high - exp(1.3)) < 1e-4)
  }

  @Test func smallClassesAreLeftToWiderOnes() {
    let residuals =
      (0..<29).map { residual(Double($0), part: $0 % 5) }
      + (0..<31).map { residual(Double($0), part: $0 % 5, load: .high) }
    let classes = IntervalStudy.classes(residuals)
    #expect(!classes.contains { $0.load == .low })
    #expect(classes.contains { $0.framework == "vllm" && $0.load == .high && $0.rows == 31 })
    #expect(classes.contains { $0.framework == "vllm" && $0.load == nil && $0.rows == 60 })
    let few = IntervalStudy.classes(Array(residuals.prefix(3)))
    #expect(few.map(\.rows) == [3])
    #expect(few.allSatisfy { $0.framework == nil && $0.load == nil && $0.evidence == nil })
  }

  /// Parts that are alike need no widening; parts that differ from each other do, and the widened bands hold what they
  /// should.
  @Test func wideningComesFromTheOtherParts() {
    let alike = (0..<500).map { residual(Double($0 / 5) / 100, part: $0 % 5) }
    #expect(IntervalStudy.widening(alike) < 1.02)
    let apart = (0..<500).map { residual(Double($0 / 5) / 100 + 0.5 * Double($0 % 5), part: $0 % 5) }
    let factor = IntervalStudy.widening(apart)
    #expect(factor > 1.1)
    var inside = 0
    for part in 0..<5 {
      let classes = IntervalStudy.classes(apart.filter { $0.part != part })
      for one in apart where one.part == part {
        let center = classes[0]
        let low = center.median - factor * (center.median - center.low)
        let high = center.median + factor * (center.high - center.median)
        if (low...high).contains(one.logRatio) { inside += 1 }
      }
    }
    #expect(abs(Double(inside) / 500 - 0.8) < 0.01)
  }

  private func points(split: String) throws -> [BenchmarkPoint] {
    try [1, 8, 32, 128].enumerated().map { index, concurrency in
      var settings = inferenceX("h100-sxm", 1, "vllm", "llama-3.1-8b", "fp8", concurrency: concurrency)
      settings += [
        ("id", "\(split)-\(index)"), ("ttft_mean_s", "0.1"), ("tpot_mean_s", "0.01"), ("split", split),
      ]
      return try benchmarkPoint(settings)
    }
  }

  /// Whatever the test half holds, the bands are the same; without fit points there are none.
  @Test func testPointsAreNotLookedAt() async throws {
    let catalogue = try ScenarioCatalogue.load()
    var spoiled = try points(split: "test")
    for index in spoiled.indices { spoiled[index].measured[.tpotMean] = 1e6 }
    let fit = try points(split: "fit")
    let alone = await IntervalStudy(fit, with: catalogue, refit: nil).run(threads: 2)
    let both = await IntervalStudy(fit + spoiled, with: catalogue, refit: nil).run(threads: 1)
    #expect(alone == both && !alone.bands.isEmpty && alone.folds == 0)
    #expect(await IntervalStudy(spoiled, with: catalogue, refit: nil).run(threads: 1).bands.isEmpty)
  }

  /// The fit of a part sees the points of the other parts alone.
  @Test func noPartIsFittedToItself() async throws {
    let catalogue = try ScenarioCatalogue.load()
    let points = try points(split: "fit")
    // One configuration is one part: what remains to fit is nothing.
    let refit = OverheadRefit { others, catalogue, _ in
      #expect(others.isEmpty)
      return catalogue
    }
    let found = await IntervalStudy(points, with: catalogue, refit: refit).run(threads: 1)
    #expect(found.folds == IntervalStudy.parts)
  }

  @Test func coverageOfIntervals() throws {
    func comparison(_ measured: Double, _ interval: ClosedRange<Double>?) throws -> Comparison {
      var point = try benchmarkPoint([
        ("suite", "mlperf"), ("system", "s"), ("accelerators", "1"), ("model", "m"), ("tpot_mean_s", "1"),
      ])
      point.split = "test"
      return Comparison(
        point: point, column: .tpotMean, measured: measured, predicted: 1, reason: nil, interval: interval)
    }
    let statistics = ErrorStatistics(of: [
      try comparison(1, 0.9...1.1), try comparison(2, 0.9...1.1), try comparison(0.9, 0.9...1.1),
      try comparison(5, nil),
    ])
    #expect(statistics.withInterval == 3)
    #expect(statistics[.intervalCoverage] == 2.0 / 3)
    #expect(ErrorStatistics(of: [try comparison(5, nil)])[.intervalCoverage] == nil)
  }
}
