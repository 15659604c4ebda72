import Testing

@testable import Results
@testable import Simulation

struct SteadyWindowTests {
  /// A series of whole buckets with a rate by the share of the run that is over, and noise of a tenth of it.
  private func series(seed: UInt64 = 1, noise: Double = 0.1, _ rate: (Double) -> Double) -> TimeSeries {
    var series = TimeSeries()
    var state = seed
    for index in 0..<1000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let draw = Double(state >> 40) / Double(1 << 24) - 0.5
      let tokens = 10_000 * rate(Double(index) / 1000) * (1 + 2 * noise * draw)
      series.withBucket(index) { $0.outputTokens = Int64(tokens) }
    }
    return series
  }

  private func run(_ series: TimeSeries) -> RunSpan {
    RunSpan(startNanoseconds: 0, endNanoseconds: 1000 * series.widthNanoseconds)
  }

  /// The window as shares of the run.
  private func shares(_ window: SteadyWindow, _ series: TimeSeries) -> (start: Double, end: Double) {
    let end = Double(run(series).endNanoseconds)
    return (Double(window.span.startNanoseconds) / end, Double(window.span.endNanoseconds) / end)
  }

  @Test(arguments: 1..<20 as Range<UInt64>)
  func cutsWarmUpAndDrain(seed: UInt64) {
    let series = series(seed: seed) { $0 < 0.15 ? $0 / 0.15 : $0 > 0.85 ? (1 - $0) / 0.15 : 1 }
    let window = SteadyWindow(.automatic, series: series, run: run(series), isDrained: true)
    let (start, end) = shares(window, series)
    // At most an epoch (6.4 % of this run) and some batches inside what is steady, nearly nothing outside.
    #expect((0.11...0.30).contains(start), "starts at \(start)")
    #expect((0.70...0.89).contains(end), "ends at \(end)")
    #expect(window.rule == "steady-state test (MSER-5)")
  }

  @Test func aRunToAHorizonKeepsItsEnd() {
    let series = series { $0 < 0.2 ? 0.1 : 1 }
    let window = SteadyWindow(.automatic, series: series, run: run(series), isDrained: false)
    let (start, end) = shares(window, series)
    #expect((0.19...0.27).contains(start))
    #expect(end == 1)
  }

  @Test func aSteadyRunKeepsItsStart() {
    let series = series(noise: 0) { _ in 1 }
    let window = SteadyWindow(.automatic, series: series, run: run(series), isDrained: true)
    #expect(window.span == run(series))
  }

  @Test func aRunThatOnlyGrowsHasNoSteadyState() {
    let series = series(noise: 0.01) { $0 }
    let window = SteadyWindow(.automatic, series: series, run: run(series), isDrained: false)
    #expect(window.span == run(series))
    #expect(window.rule == "whole run: no steady state found")
  }

  /// Nothing varies less than nothing: an idle stretch must not win.
  @Test func anIdleStretchIsNotTheSteadyState() {
    let series = series(noise: 0.5) { $0 < 0.35 || $0 > 0.65 ? 1 : 0 }
    let window = SteadyWindow(.automatic, series: series, run: run(series), isDrained: true)
    let tokens = series.buckets[window.span.cells(ofWidth: series.widthNanoseconds).clamped(to: 0..<1000)]
      .reduce(0) { $0 + $1.outputTokens }
    #expect(Double(tokens) / Double(window.span.cells(ofWidth: series.widthNanoseconds).count) > 3000)
  }

  @Test func aShortRunIsItsOwnWindow() {
    var series = TimeSeries()
    for index in 0..<90 { series.withBucket(index) { $0.outputTokens = 5 } }
    let run = RunSpan(startNanoseconds: 0, endNanoseconds: 90 * series.widthNanoseconds)
    let window = SteadyWindow(.automatic, series: series, run: run, isDrained: true)
    #expect(window.span == run)
    #expect(window.rule == "whole run: too short for a steady-state test")
  }

  @Test func aRunWithoutTokensIsItsOwnWindow() {
    let series = TimeSeries()
    let run = RunSpan(startNanoseconds: 0, endNanoseconds: 500 * series.widthNanoseconds)
    let window = SteadyWindow(.automatic, series: series, run: run, isDrained: true)
    #expect(window.span == run)
  }

  @Test func imagesHaveAWindowByCompletions() {
    var series = TimeSeries()
    for index in 200..<1000 { series.withBucket(index) { $0.completed = 3 } }
    let run = RunSpan(startNanoseconds: 0, endNanoseconds: 1000 * series.widthNanoseconds)
    let window = SteadyWindow(.automatic, series: series, run: run, isDrained: false)
    #expect(window.span.startNanoseconds == 256 * series.widthNanoseconds)
  }

  /// An epoch is 64 buckets of 2^20 ns here: 67.1 ms.
  @Test func aGivenWarmUpEndsWhereAnEpochBegins() {
    let series = series { _ in 1 }
    let run = run(series)
    let window = SteadyWindow(.after(seconds: 0.1), series: series, run: run, isDrained: false)
    #expect(window.span.startNanoseconds == 2 * 64 << 20)
    #expect(window.span.endNanoseconds == run.endNanoseconds)
    #expect(SteadyWindow(.after(seconds: 0), series: series, run: run, isDrained: false).span == run)
    let late = SteadyWindow(.after(seconds: 1e12), series: series, run: run, isDrained: false)
    #expect(late.span == run)
    #expect(late.rule == "whole run: no epoch begins after the warm-up")
  }

  @Test("a window between two instants is of whole buckets inside")
  func betweenInstants() {
    let series = series { _ in 1 }
    let width = series.widthNanoseconds
    func window(_ start: Int64, _ end: Int64) -> SteadyWindow {
      SteadyWindow(
        .between(RunSpan(startNanoseconds: start, endNanoseconds: end)), series: series, run: run(series),
        isDrained: true)
    }
    let inside = window(10 * width + 1, 20 * width - 1)
    #expect(inside.span == RunSpan(startNanoseconds: 11 * width, endNanoseconds: 19 * width))
    #expect(inside.rule == "between two instants")
    #expect(window(990 * width, 2000 * width).span.endNanoseconds == 1000 * width)
    #expect(window(10 * width + 1, 11 * width - 1).span == run(series))
  }
}
