import Documents
import Simulation

/// The 95 % confidence interval of a mean of the steady window: where the mean of endless runs like this one lies.
///
/// It says how sure the simulation is of its own figure, not how near that is to a measured one.
public struct ConfidenceInterval: Sendable, Equatable {
  /// The figure's path in the JSON summary: `latency_seconds.ttft.mean`.
  public var figure: String
  /// The limits, in the unit of the path; nil where the window holds too few batches that are independent.
  public var limits: (low: Double, high: Double)?
  /// Batches that the limits come from; 0 without limits.
  public var batches = 0

  /// Whether figures and limits agree.
  public static func == (a: ConfidenceInterval, b: ConfidenceInterval) -> Bool {
    a.figure == b.figure && a.limits?.low == b.limits?.low && a.limits?.high == b.limits?.high
      && a.batches == b.batches
  }

  /// Completed requests that a batch of latencies holds at least, on average.
  static let fewestRequests = 10.0

  /// The intervals of throughput and of mean latencies.
  ///
  /// - Parameters:
  ///   - series: what happened when.
  ///   - window: the steady window.
  ///   - tokens: whether output tokens mean anything; else only the time from arrival to end has an interval.
  ///   - siteWatts: what the site draws at what accelerators draw above idle, of the whole site; nil of a part of it.
  /// - Returns: one for each figure, with or without limits.
  static func all(
    _ series: TimeSeries, in window: RunSpan, tokens: Bool, siteWatts: ((Double) -> Double)? = nil
  ) -> [ConfidenceInterval] {
    let width = series.widthNanoseconds
    // A bucket that the window or the run cuts says nothing of a rate.
    let first = Int((window.startNanoseconds + width - 1) / width)
    let last = max(first, Int(window.endNanoseconds / width))
    let buckets = (first..<last).map { index in
      index < series.buckets.count ? series.buckets[index] : TimeSeries.Bucket()
    }
    func interval(
      _ figure: String, least: Double, _ batch: (TimeSeries.Bucket) -> BatchMeans.Batch
    ) -> ConfidenceInterval {
      var made = ConfidenceInterval(figure: figure)
      guard let found = BatchMeans(buckets.map(batch)).interval(leastWeight: least) else { return made }
      made.limits = (found.low, found.high)
      made.batches = found.batches
      return made
    }
    let endToEnd = interval("latency_seconds.e2e.mean", least: fewestRequests) {
      .init(total: Double($0.endToEndMicroseconds) * 1e-6, weight: Double($0.completed))
    }
    guard tokens else { return [endToEnd] }
    var intervals = [
      interval("throughput.output_tokens_per_second", least: 0) {
        .init(total: Double($0.outputTokens), weight: series.widthSeconds)
      },
      interval("latency_seconds.ttft.mean", least: fewestRequests) {
        .init(total: Double($0.timeToFirstTokenMicroseconds) * 1e-6, weight: Double($0.completed))
      },
      interval("latency_seconds.tpot.mean", least: fewestRequests) {
        .init(
          total: Double($0.timePerOutputTokenMicroseconds) * 1e-6, weight: Double($0.withTimePerOutputToken))
      },
      endToEnd,
    ]
    if let siteWatts {
      intervals.append(
        interval("cost.output_tokens_per_second_per_megawatt", least: 0) {
          let aboveIdle = Double($0.microjoulesAboveIdle) * 1e-6 / series.widthSeconds
          return .init(
            total: Double($0.outputTokens), weight: siteWatts(aboveIdle) * 1e-6 * series.widthSeconds)
        })
    }
    return intervals
  }

  /// `[low, high]`, or null.
  var json: JSONValue { limits.map { .array([.double($0.low), .double($0.high)]) } ?? .null }
}
