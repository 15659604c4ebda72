import Documents
import Testing
import Workload

@testable import Results
@testable import Simulation

@Suite("how sure a run is of its means")
struct ConfidenceTests {
  /// Tables of Student's t: 2.262 at 9, 2.045 at 29 degrees of freedom.
  @Test func student() {
    #expect(abs(StudentT.quantile975(degreesOfFreedom: 9) - 2.262) < 0.0005)
    #expect(abs(StudentT.quantile975(degreesOfFreedom: 29) - 2.045) < 0.0005)
  }

  /// Totals 1, 2, 3, 6 over equal weights: mean 3, squared deviations 4, 1, 0, 9, so the variance is 14/3 and the
  /// error of the mean √(14/12) = 1.0801; t at 3 degrees of freedom is 3.182.
  @Test func byHand() {
    let means = BatchMeans([1, 2, 3, 6].map { BatchMeans.Batch(total: $0, weight: 1) })
    #expect(means.mean == 3)
    #expect(abs(means.halfWidth - 3.182 * 1.0801) < 0.001)
    // Residuals -2, -1, 0, 3: (2 + 0 + 0) / 14.
    #expect(abs(means.neighbourCorrelation - 1.0 / 7) < 1e-12)
  }

  @Test func groupsLoseNothing() {
    let batches = (0..<103).map { BatchMeans.Batch(total: Double($0 * $0 % 17), weight: Double($0 % 3)) }
    let whole = BatchMeans(batches)
    let grouped = whole.grouped(by: 10)
    #expect(grouped.batches.count == 10)
    #expect(abs(grouped.mean - whole.mean) < 1e-12)
  }

  @Test func fewBucketsGiveNoInterval() {
    let few = BatchMeans((0..<39).map { BatchMeans.Batch(total: Double($0 % 7), weight: 1) })
    #expect(few.interval(leastWeight: 0) == nil)
    let enough = BatchMeans((0..<40).map { BatchMeans.Batch(total: Double($0 * 5 % 7), weight: 1) })
    #expect(enough.interval(leastWeight: 0)?.batches == 10)
    #expect(enough.interval(leastWeight: 4.1) == nil)
  }

  @Test("what rises all the time has no mean to be sure of")
  func aTrend() {
    let rising = BatchMeans((0..<900).map { BatchMeans.Batch(total: Double($0), weight: 1) })
    #expect(rising.interval(leastWeight: 0) == nil)
  }

  /// M/M/1 at a load of 0.5: a mean time in system of E[S] / (1 − ρ).
  ///
  /// Of 200 runs 95 % should hold it; the share itself
  /// has a standard error of √(0.95 · 0.05 / 200) = 1.5 %.
  ///
  /// Services are whole steps: of a gamma distribution rounded to steps of 1/100 of its mean.
  @Test("of 200 runs of M/M/1 about 95 % hold the true mean")
  func coverage() async throws {
    let load = 0.5
    #if DEBUG
      let runs = 25
    #else
      let runs = 200
    #endif
    var inside = 0
    var throughputInside = 0
    var found = 0
    for seed in 1...UInt64(runs) {
      let report = await OneServer.report(
        [(.poisson(requestsPerSecond: load), 2000)], exponential: true, seed: seed, horizon: 3500, steps: 100,
        window: .after(seconds: 400))
      func limits(_ figure: String) -> (low: Double, high: Double)? {
        report.site.confidence.first { $0.figure == figure }?.limits
      }
      if let limits = limits("latency_seconds.e2e.mean") {
        found += 1
        if limits.low <= 1 / (1 - load), 1 / (1 - load) <= limits.high { inside += 1 }
      }
      if let limits = limits("throughput.output_tokens_per_second") {
        // Rounded to whole tokens of at least one, a gamma of mean 100 keeps its mean within 0.1 %.
        if limits.low <= 100 * load, 100 * load <= limits.high { throughputInside += 1 }
      }
    }
    #expect(found > runs * 9 / 10)
    let share = Double(inside) / Double(found)
    #expect((0.88...0.99).contains(share), "\(share)")
    #expect((0.88...0.995).contains(Double(throughputInside) / Double(runs)), "\(throughputInside)")
  }

  @Test func theIntervalHoldsTheReportedMean() async throws {
    let report = await OneServer.report(
      [(.poisson(requestsPerSecond: 0.5), 3000)], exponential: true, window: .after(seconds: 500))
    let window = report.site.window
    for (figure, mean) in [
      ("latency_seconds.ttft.mean", window.latency.timeToFirstToken.mean),
      ("latency_seconds.tpot.mean", window.latency.timePerOutputToken.mean),
      ("latency_seconds.e2e.mean", window.latency.endToEnd.mean),
      ("throughput.output_tokens_per_second", window.throughput.outputTokensPerSecond),
    ] {
      let limits = try #require(report.site.confidence.first { $0.figure == figure }?.limits)
      let middle = (limits.low + limits.high) / 2
      #expect(abs(middle - (try #require(mean))) <= 0.005 * middle, "\(figure)")
      #expect(report.json["confidence_95"]?[figure] == .array([.double(limits.low), .double(limits.high)]))
    }
  }
}
