import Simulation

/// A part of a run, in nanoseconds since its reported part began.
public struct RunSpan: Sendable, Equatable {
  /// Its first instant.
  public var startNanoseconds: Int64
  /// The instant after it.
  public var endNanoseconds: Int64

  /// A span; `start` <= `end`.
  public init(startNanoseconds: Int64, endNanoseconds: Int64) {
    self.startNanoseconds = startNanoseconds
    self.endNanoseconds = max(startNanoseconds, endNanoseconds)
  }

  /// Its length in seconds.
  public var seconds: Double { Double(endNanoseconds - startNanoseconds) * 1e-9 }
  /// Its start in seconds.
  public var startSeconds: Double { Double(startNanoseconds) * 1e-9 }
  /// Its end in seconds.
  public var endSeconds: Double { Double(endNanoseconds) * 1e-9 }

  /// The parts of equal width that hold it, a partly covered one at the end included.
  func cells(ofWidth width: Int64) -> Range<Int> {
    let first = Int(startNanoseconds / width)
    return first..<max(first, Int((endNanoseconds + width - 1) / width))
  }
}

/// The part of a run that is reported as its steady state, and why it is that part.
///
/// Windows that a scenario can ask for begin and end where epochs of the run do (an epoch is 1/16 of the time that the
/// series covers, thus at most 1/8 of the run), because latencies are kept by epoch: throughput and latency are of the
/// same requests.
///
/// The automatic window minimises White's marginal standard error (K. P. White, "An effective truncation heuristic
/// for bias reduction in simulation output", Simulation 69, 1997) over means of five buckets of the output-token
/// rate (MSER-5), with the start in the first half of the run. A run that drains also loses its end to the same
/// criterion, with the end in the second half: start and end are sought together, since a slow end would hide a slow
/// start. The window holds at least a quarter of the run, and its rate is at least half of the whole run's,
/// so that an idle stretch, which varies least, is not taken for the steady state. Where the criterion is smallest
/// at a limit of its search, the run holds no steady state, and the window is the whole run.
public struct SteadyWindow: Sendable, Equatable {
  /// The window.
  public var span: RunSpan
  /// How it was found, in words.
  public var rule: String

  /// Finds the window of a run.
  ///
  /// - Parameters:
  ///   - policy: what the scenario asks for.
  ///   - series: what happened when.
  ///   - run: the whole run, from 0.
  ///   - isDrained: whether the run went on until every request was done.
  public init(_ policy: WindowPolicy, series: TimeSeries, run: RunSpan, isDrained: Bool) {
    let epoch = series.widthNanoseconds * Int64(TimeSeries.capacity / TimeSeries.epochs)
    switch policy {
    case .wholeRun:
      self.init(span: run, rule: "whole run")
    case .after(let seconds):
      let wanted = Int64(min(max(seconds, 0) * 1e9, 9e18))
      let start = wanted > run.endNanoseconds ? wanted : (wanted + epoch - 1) / epoch * epoch
      guard start < run.endNanoseconds else {
        self.init(span: run, rule: "whole run: no epoch begins after the warm-up")
        return
      }
      self.init(
        span: RunSpan(startNanoseconds: start, endNanoseconds: run.endNanoseconds),
        rule: "from the first epoch after the warm-up")
    case .between(let wanted):
      let width = series.widthNanoseconds
      let start = (wanted.startNanoseconds + width - 1) / width * width
      let end = min(wanted.endNanoseconds, run.endNanoseconds) / width * width
      guard start < end else {
        self.init(span: run, rule: "whole run: the window is shorter than a bucket of the series")
        return
      }
      self.init(span: RunSpan(startNanoseconds: start, endNanoseconds: end), rule: "between two instants")
    case .automatic:
      self = Self.automatic(series: series, run: run, epoch: epoch, isDrained: isDrained)
    }
  }

  init(span: RunSpan, rule: String) {
    self.span = span
    self.rule = rule
  }

  private static func automatic(
    series: TimeSeries, run: RunSpan, epoch: Int64, isDrained: Bool
  ) -> SteadyWindow {
    let batches = batchSums(of: series, until: run.endNanoseconds)
    guard batches.count >= minimumBatches else {
      return SteadyWindow(span: run, rule: "whole run: too short for a steady-state test")
    }
    guard let steady = steadyRange(of: batches, cutsEnd: isDrained) else {
      return SteadyWindow(span: run, rule: "whole run: no steady state found")
    }
    let batch = series.widthNanoseconds * Int64(bucketsPerBatch)
    let start = (Int64(steady.lowerBound) * batch + epoch - 1) / epoch * epoch
    let keepsEnd = steady.upperBound == batches.count
    let end = keepsEnd ? run.endNanoseconds : Int64(steady.upperBound) * batch / epoch * epoch
    guard end - start >= run.endNanoseconds / 4 else {
      return SteadyWindow(span: run, rule: "whole run: the steady part is shorter than a quarter")
    }
    return SteadyWindow(
      span: RunSpan(startNanoseconds: start, endNanoseconds: end), rule: "steady-state test (MSER-5)")
  }

  static let bucketsPerBatch = 5
  static let minimumBatches = 20

  /// Output tokens of each run of five whole buckets; completed requests where nothing produces tokens.
  private static func batchSums(of series: TimeSeries, until end: Int64) -> [Double] {
    let whole = min(Int(end / series.widthNanoseconds), TimeSeries.capacity)
    let buckets = series.buckets
    let usesTokens = buckets.contains { $0.outputTokens > 0 }
    return (0..<whole / bucketsPerBatch).map { batch in
      var sum: Int64 = 0
      for index in batch * bucketsPerBatch..<(batch + 1) * bucketsPerBatch where index < buckets.count {
        sum += usesTokens ? buckets[index].outputTokens : buckets[index].completed
      }
      return Double(sum)
    }
  }

  /// The range of values whose mean has the smallest marginal standard error.
  ///
  /// - Parameters:
  ///   - values: batch sums, at least `minimumBatches`.
  ///   - cutsEnd: whether values at the end may be left out, too.
  /// - Returns: the range; nil where it is at a limit of the search.
  static func steadyRange(of values: [Double], cutsEnd: Bool) -> Range<Int>? {
    let count = values.count
    let mean = values.reduce(0, +) / Double(count)
    guard mean > 0 else { return nil }
    // Sums of deviations from the mean, so that squares don't cancel.
    var sums = [0.0]
    var squares = [0.0]
    for (index, value) in values.enumerated() {
      sums.append(sums[index] + (value - mean))
      squares.append(squares[index] + (value - mean) * (value - mean))
    }
    var best: (error: Double, range: Range<Int>)?
    for start in 0...count / 2 {
      for end in stride(from: count, through: cutsEnd ? count / 2 : count, by: -1) {
        let length = Double(end - start)
        guard 4 * (end - start) >= count else { continue }
        let sum = sums[end] - sums[start]
        guard sum / length >= -mean / 2 else { continue }
        let deviation = max(0, squares[end] - squares[start] - sum * sum / length)
        let error = deviation / (length * length)
        if error < best?.error ?? .infinity { best = (error, start..<end) }
      }
    }
    guard let range = best?.range, range.lowerBound < count / 2 else { return nil }
    guard !cutsEnd || range.upperBound > count / 2 else { return nil }
    return range
  }
}
