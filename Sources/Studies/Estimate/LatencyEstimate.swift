/// A latency in steady state, in seconds.
public struct LatencyEstimate: Sendable, Equatable {
  /// The mean.
  public var mean: Double
  /// The median.
  public var p50: Double
  /// The 99th percentile.
  public var p99: Double

  /// A latency by its mean and by values with weights, at least one.
  init(mean: Double, _ values: [(value: Double, weight: Double)]) {
    let sorted = values.sorted { $0.value < $1.value }
    let total = sorted.reduce(0) { $0 + $1.weight }
    func quantile(_ share: Double) -> Double {
      var sum = 0.0
      for value in sorted {
        sum += value.weight
        if sum >= share * total { return value.value }
      }
      return sorted.last?.value ?? mean
    }
    self.mean = mean
    p50 = quantile(0.5)
    p99 = quantile(0.99)
  }

  /// A latency by values with weights, at least one.
  init(_ values: [(value: Double, weight: Double)]) {
    let total = values.reduce(0) { $0 + $1.weight }
    self.init(mean: values.reduce(0) { $0 + $1.value * $1.weight } / total, values)
  }
}

/// What a request of a mix goes through in steady state.
struct RequestTimes: Sendable {
  /// Share of the requests that it stands for.
  var weight: Double
  /// From its arrival to the first step that works on it, in seconds.
  var queue: Double
  /// From its arrival to its first token.
  var firstToken: Double
  /// From its first token to its last.
  var decode: Double
  /// The same for each token after the first; nil where there is none.
  var perToken: Double?
}

/// The latencies of requests in steady state.
public struct LatencyEstimates: Sendable, Equatable {
  /// Arrival to first token; nil of images.
  public var timeToFirstToken: LatencyEstimate?
  /// Mean time per output token of each request with more than one; nil where all have one.
  public var timePerOutputToken: LatencyEstimate?
  /// Arrival to last token.
  public var endToEnd: LatencyEstimate
  /// Arrival to the first step that works on the request.
  public var queue: LatencyEstimate

  /// Latencies of requests with the same weights.
  ///
  /// - Parameters:
  ///   - requests: what they go through, at least one.
  ///   - decodeSeconds: the mean from the first token to the last.
  ///   - perToken: the mean time per output token; nil where all answers have one token.
  ///   - areImages: whether requests are images, which have no tokens.
  init(_ requests: [RequestTimes], decodeSeconds: Double, perToken: Double?, areImages: Bool) {
    let first = LatencyEstimate(requests.map { ($0.firstToken, $0.weight) })
    if !areImages { timeToFirstToken = first }
    queue = LatencyEstimate(requests.map { ($0.queue, $0.weight) })
    // The mean is Little's: what is in flight over what is done each second.
    endToEnd = LatencyEstimate(
      mean: first.mean + decodeSeconds, requests.map { ($0.firstToken + $0.decode, $0.weight) })
    let tokens = requests.compactMap { request in request.perToken.map { ($0, request.weight) } }
    if let perToken, !tokens.isEmpty, !areImages {
      timePerOutputToken = LatencyEstimate(mean: perToken, tokens)
    }
  }
}
