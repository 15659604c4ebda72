import CostModel
import Documents

/// Where the measured value of a figure of a run is expected, in eight of ten cases.
public struct FigureInterval: Sendable, Equatable {
  /// The figure's path in the JSON summary: `throughput.output_tokens_per_second`.
  public var figure: String
  /// A tenth of measured values lies below, in the unit of the path.
  public var low: Double
  /// A tenth of measured values lies above, in the unit of the path.
  public var high: Double

  /// `[low, high]`.
  var json: JSONValue { .array([.double(low), .double(high)]) }
}

extension Array where Element == FigureInterval {
  /// Keeps the limits of a figure to what is possible.
  mutating func bound(_ figure: String, to range: ClosedRange<Double>) {
    for index in indices where self[index].figure == figure {
      self[index].low = Swift.min(Swift.max(self[index].low, range.lowerBound), range.upperBound)
      self[index].high = Swift.min(Swift.max(self[index].high, range.lowerBound), range.upperBound)
    }
  }
}

extension SpanFigures {
  /// Mean requests in flight on a replica, waiting ones included, by Little's law; nil where none completed.
  public func requestsInFlight(replicas: Int) -> Double? {
    guard let rate = throughput.requestsPerSecond, let seconds = latency.endToEnd.mean else { return nil }
    return rate * seconds / Double(replicas)
  }

  /// The headline figures with their groups, paths and values.
  private var headlines: [(figure: PredictionIntervals.Figure, path: String, value: Double?)] {
    [
      (.throughput, "throughput.output_tokens_per_second", throughput.outputTokensPerSecond),
      (.throughput, "throughput.output_tokens_per_second_per_gpu", throughput.outputTokensPerSecondPerGPU),
      (.ttft, "latency_seconds.ttft.mean", latency.timeToFirstToken.mean),
      (.ttft, "latency_seconds.ttft.p50", latency.timeToFirstToken.p50),
      (.tpot, "latency_seconds.tpot.mean", latency.timePerOutputToken.mean),
      (.tpot, "latency_seconds.tpot.p50", latency.timePerOutputToken.p50),
      (.power, "power_watts.gpu_mean", power.gpuMean),
    ]
  }

  /// The intervals of the headline figures.
  ///
  /// - Parameter bands: the bands of a group of figures, one for each deployment: of several the widest limits hold.
  /// - Returns: an interval for each figure that has a value and a band.
  func intervals(_ bands: (PredictionIntervals.Figure) -> [PredictionIntervals.Band]) -> [FigureInterval] {
    headlines.compactMap { headline in
      let found = bands(headline.figure)
      guard let value = headline.value, let low = found.map(\.low).min(),
        let high = found.map(\.high).max()
      else { return nil }
      return FigureInterval(figure: headline.path, low: value * low, high: value * high)
    }
  }
}

extension RunContext {
  /// The band of a deployment's figures; nil where it produces images, or no run like it was measured.
  func band(
    _ figure: PredictionIntervals.Figure, of deployment: DeploymentContext, in span: SpanFigures
  ) -> PredictionIntervals.Band? {
    guard !deployment.producesImages,
      let requests = span.requestsInFlight(replicas: deployment.replicas)
    else { return nil }
    return intervals.band(
      figure, framework: deployment.framework,
      load: PredictionIntervals.LoadRegion(requestsInFlight: requests), evidence: deployment.evidence)
  }
}
