import Testing

@testable import Studies

@Suite struct ErrorStatisticsTests {
  /// Ratios 0.5, 0.9, 1.0, 1.2, 2.0 and a row without prediction, worked by hand.
  private let statistics = ErrorStatistics([
    (measured: 10, predicted: 5), (measured: 100, predicted: 90), (measured: 7, predicted: 7),
    (measured: 1, predicted: nil), (measured: 50, predicted: 60), (measured: 3, predicted: 6),
  ])

  @Test func byHand() throws {
    #expect(statistics.rows == 6)
    #expect(statistics.predicted == 5)
    #expect(abs(statistics.coverage - 5.0 / 6) < 1e-12)
    // APE: 0, 0.1, 0.2, 0.5, 1.
    #expect(abs(try #require(statistics.meanAPE) - 0.36) < 1e-12)
    #expect(abs(try #require(statistics.medianAPE) - 0.2) < 1e-12)
    // 0.9 · 4 = 3.6: six tenths of the way from 0.5 to 1.
    #expect(abs(try #require(statistics.p90APE) - 0.8) < 1e-12)
    #expect(abs(try #require(statistics.meanSignedError) - 0.12) < 1e-12)
    #expect(statistics.bias == 1)
  }

  @Test func withoutPredictions() {
    let none = ErrorStatistics([(measured: 1, predicted: nil)])
    #expect(none.coverage == 0 && none.rows == 1)
    #expect(none.meanAPE == nil && none.medianAPE == nil && none.bias == nil)
    #expect(ErrorStatistics([]).coverage == 0)
  }

  @Test(arguments: [
    (4.0, "001-004"), (4.5, "005-016"), (16, "005-016"), (64, "017-064"), (100, "065-256"), (512, "257-"),
  ])
  func concurrencyBuckets(_ concurrency: Double, _ label: String) {
    #expect(Dimension.bucket(concurrency) == label)
  }

  /// A straight line in logarithms: throughput 100 / interactivity.
  @Test func interpolationAtEqualInteractivity() throws {
    let curve = [10.0, 20, 40].map { EqualInteractivity.Place(interactivity: $0, throughput: 1000 / $0) }
    let found = try #require(EqualInteractivity.throughput(at: 30, on: curve))
    #expect(abs(found - 1000.0 / 30) < 1e-9)
    #expect(EqualInteractivity.throughput(at: 10, on: curve) == 100)
    #expect(EqualInteractivity.throughput(at: 9.9, on: curve) == nil)
    #expect(EqualInteractivity.throughput(at: 41, on: curve) == nil)
    #expect(EqualInteractivity.throughput(at: 10, on: [curve[0]]) == nil)
  }

  /// Erlang C from tables: four servers at 3.2 erlangs, 0.5964; one server waits with probability ρ.
  @Test func erlangC() {
    #expect(abs(QueueingSuite.erlangC(servers: 4, utilisation: 0.8) - 0.5964) < 5e-5)
    #expect(abs(QueueingSuite.erlangC(servers: 1, utilisation: 0.7) - 0.7) < 1e-12)
  }

  /// The engine keeps to theory; a tenth of the suite's requests leaves a few per cent of noise.
  @Test func queuesKeepToTheory() async {
    let report = ValidationReport(await QueueingSuite.run(threads: 2, requests: 40_000))
    #expect(report.comparisons.count == 6)
    for comparison in report.comparisons {
      #expect(abs(comparison.error ?? .nan) < 0.1, "\(comparison.point.id)")
    }
  }
}
