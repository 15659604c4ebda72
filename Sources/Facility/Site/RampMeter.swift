#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The largest change of the mean power from one window of time to the next.
struct RampMeter: Sendable, Equatable {
  let windowSeconds: Double
  /// Largest rise and fall, in watts from window to window.
  private(set) var largestRiseWatts = 0.0
  private(set) var largestFallWatts = 0.0
  private var previousMean: Double?
  private var joules = 0.0
  private var filledSeconds = 0.0

  init(windowSeconds: Double) { self.windowSeconds = windowSeconds }

  mutating func add(watts: Double, seconds: Double) {
    var rest = seconds
    if filledSeconds > 0 {
      let part = min(rest, windowSeconds - filledSeconds)
      joules += watts * part
      filledSeconds += part
      rest -= part
      guard filledSeconds >= windowSeconds * (1 - 1e-9) else { return }
      close(mean: joules / filledSeconds)
    }
    // What is left begins a window; whole windows of one power differ from the one before only at the first.
    if rest >= windowSeconds {
      close(mean: watts)
      rest -= floor(rest / windowSeconds) * windowSeconds
    }
    filledSeconds = max(0, rest)
    joules = watts * filledSeconds
  }

  private mutating func close(mean: Double) {
    if let previousMean {
      largestRiseWatts = max(largestRiseWatts, mean - previousMean)
      largestFallWatts = max(largestFallWatts, previousMean - mean)
    }
    previousMean = mean
  }
}
