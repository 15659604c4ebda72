import Results
import Simulation

/// Which part of a simulated run is compared with a measured one.
enum PointWindow: Sendable, Equatable {
  /// All of it.
  case wholeRun
  /// From the first token of the `firstTokens`-th request that gets one to the last of the `finished`-th that is done,
  /// as a client measures that counts both; both >= 1.
  case counted(firstTokens: Int, finished: Int)

  /// Whether finding it takes the times of every request.
  var needsRecords: Bool {
    if case .counted = self { true } else { false }
  }

  /// The window of a run.
  func policy(_ observations: Observations) -> WindowPolicy {
    switch self {
    case .wholeRun: return .wholeRun
    case .counted(let firstTokens, let finished):
      let origin = observations.origin.nanoseconds
      let first = observations.records.map { $0.firstToken.nanoseconds - origin }.sorted()
      let last = observations.records.map { $0.completed.nanoseconds - origin }.sorted()
      guard firstTokens <= first.count, finished <= last.count else { return .wholeRun }
      return .between(
        RunSpan(startNanoseconds: first[firstTokens - 1], endNanoseconds: last[finished - 1]))
    }
  }
}

extension Observations {
  /// Requests between their first step and their last token, on average over a span; recorded ones alone.
  func meanRunning(over span: RunSpan) -> Double? {
    guard span.seconds > 0, !records.isEmpty else { return nil }
    let nanoseconds = records.reduce(into: Int64(0)) { sum, record in
      let start = max(record.scheduled.nanoseconds - origin.nanoseconds, span.startNanoseconds)
      let end = min(record.completed.nanoseconds - origin.nanoseconds, span.endNanoseconds)
      sum += max(0, end - start)
    }
    return Double(nanoseconds) * 1e-9 / span.seconds
  }
}
