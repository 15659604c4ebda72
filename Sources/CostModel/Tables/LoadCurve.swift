#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A figure by the number of tokens or requests in a step, between knots linear in the number's logarithm.
public struct LoadCurve: Sendable, Equatable {
  /// Where the figure is known, ascending, each >= 1.
  public let knots: [Int]
  /// The figure there.
  public let values: [Double]

  /// A curve through values at knots.
  public init(knots: [Int], values: [Double]) {
    precondition(
      knots.count == values.count && !knots.isEmpty && knots[0] >= 1
        && zip(knots, knots.dropFirst()).allSatisfy { $0 < $1 }, "knots out of order")
    self.knots = knots
    self.values = values
  }

  /// Knots that a curve up to `maximum` >= 1 needs: all small numbers, then a few an octave.
  public static func knots(upTo maximum: Int) -> [Int] {
    var knots = [1]
    var octave = 1
    while let last = knots.last, last < maximum {
      let next =
        octave < 4
        ? [last + 1]
        : octave < 32
          ? [octave * 5 / 4, octave * 3 / 2, octave * 7 / 4, octave * 2] : [octave * 3 / 2, octave * 2]
      knots += next
      octave = knots[knots.count - 1]
    }
    return knots
  }

  /// The figure at a number of tokens or requests; beyond the knots that of the nearest one.
  public func value(at count: Double) -> Double {
    guard let next = knots.firstIndex(where: { Double($0) >= count }) else { return values[values.count - 1] }
    guard next > 0, count < Double(knots[next]) else { return values[next] }
    let low = log(Double(knots[next - 1]))
    let share = (log(count) - low) / (log(Double(knots[next])) - low)
    return values[next - 1] + (values[next] - values[next - 1]) * share
  }
}

/// How the load of the busiest rank of a layer's experts compares with the one that calibrated costs hold, by tokens.
public struct ExpertLoads: Sendable, Equatable {
  /// A figure of the busiest rank / the same in the calibration.
  public struct Ratio: Sendable, Equatable {
    /// The mean ratio.
    public var mean: LoadCurve
    /// Its standard deviation from one step and layer to the next.
    public var deviation: LoadCurve

    /// A ratio; see the properties.
    public init(mean: LoadCurve, deviation: LoadCurve) {
      self.mean = mean
      self.deviation = deviation
    }

    /// The ratio of a step of so many tokens, `shift` standard deviations from the mean; never below 0.
    func value(at tokens: Double, shift: Double) -> Double {
      max(0, mean.value(at: tokens) + (shift == 0 ? 0 : shift * deviation.value(at: tokens)))
    }
  }

  /// Routed experts of the layers that these loads are of.
  public var experts: Int
  /// Experts of a token in those layers.
  public var perToken: Int
  /// Tokens that the busiest rank multiplies.
  public var tokens: Ratio
  /// Experts whose weights the busiest rank reads.
  public var touched: Ratio
  /// Tokens that come to the busiest rank and go back.
  public var received: Ratio

  /// Loads; see the properties.
  public init(experts: Int, perToken: Int, tokens: Ratio, touched: Ratio, received: Ratio) {
    self.experts = experts
    self.perToken = perToken
    self.tokens = tokens
    self.touched = touched
    self.received = received
  }
}

/// What the busiest attention group of a replica holds, by decoding requests of the replica.
public struct GroupLoads: Sendable, Equatable {
  /// Its requests.
  public var sequences: LoadCurve
  /// Its contexts added up, in mean contexts of all requests.
  public var context: LoadCurve

  /// Loads; see the properties.
  public init(sequences: LoadCurve, context: LoadCurve) {
    self.sequences = sequences
    self.context = context
  }
}
