@preconcurrency import CGSL

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How long prompts or answers are, in tokens.
///
/// Every draw is a whole number of at least 1. Where a distribution is continuous, its draw is rounded to the
/// nearest whole number and then moved into [minimum, maximum]; ``mean`` accounts for both, the `mean` of a case
/// for neither.
public enum LengthDistribution: Sendable, Equatable {
  /// One length.
  case fixed(Int)
  /// Whole numbers from minimum to maximum, both included, equally likely.
  case uniform(minimum: Int, maximum: Int)
  /// Lognormal with this mean and coefficient of variation (standard deviation over mean).
  case lognormal(mean: Double, coefficientOfVariation: Double, minimum: Int, maximum: Int)
  /// Gamma with this mean and coefficient of variation (standard deviation over mean).
  case gamma(mean: Double, coefficientOfVariation: Double, minimum: Int, maximum: Int)
  /// Lengths as often as a table says.
  case empirical(EmpiricalLengths)

  /// The longest length that any case may name: 2^31 − 1 tokens.
  public static let longest = Int(Int32.max)

  /// The lengths of the InferenceX client: whole numbers uniform over [⌊ratio · length⌋, length].
  /// - Parameters:
  ///   - length: the nominal length in tokens, >= 1.
  ///   - ratio: the shortest over the nominal length; 0.8 in the benchmark.
  /// - Returns: the uniform distribution.
  public static func inferenceX(length: Int, ratio: Double = 0.8) -> LengthDistribution {
    .uniform(minimum: max(Int(Double(length) * ratio), 1), maximum: length)
  }

  /// The mean of what is drawn, in tokens, with rounding and limits.
  public var mean: Double {
    switch self {
    case .fixed(let length):
      return Double(length)
    case .uniform(let minimum, let maximum):
      return (Double(minimum) + Double(maximum)) / 2
    case .lognormal(let mean, let variation, let minimum, let maximum):
      let (logMean, logDeviation) = Self.lognormalParameters(mean: mean, coefficientOfVariation: variation)
      return Self.clampedMean(
        minimum: minimum, maximum: maximum,
        probabilityAbove: { gsl_cdf_lognormal_Q($0, logMean, logDeviation) },
        // E[X; X <= x] of a lognormal is its mean times the CDF of the lognormal shifted by the variance.
        meanBelow: { mean * gsl_cdf_lognormal_P($0, logMean + logDeviation * logDeviation, logDeviation) })
    case .gamma(let mean, let variation, let minimum, let maximum):
      let (shape, scale) = Self.gammaParameters(mean: mean, coefficientOfVariation: variation)
      return Self.clampedMean(
        minimum: minimum, maximum: maximum,
        probabilityAbove: { gsl_cdf_gamma_Q($0, shape, scale) },
        // E[X; X <= x] of a gamma is its mean times the CDF of the gamma of the next shape.
        meanBelow: { mean * gsl_cdf_gamma_P($0, shape + 1, scale) })
    case .empirical(let table):
      return table.mean
    }
  }

  /// The shortest and the longest length that can be drawn, in tokens.
  public var limits: ClosedRange<Int> {
    switch self {
    case .fixed(let length): length...length
    case .uniform(let minimum, let maximum), .lognormal(_, _, let minimum, let maximum),
      .gamma(_, _, let minimum, let maximum):
      minimum...maximum
    case .empirical(let table): table.minimum...table.maximum
    }
  }

  /// What keeps the distribution from being used, in the words of a scenario file; empty when it can be.
  public func problems() -> [String] {
    switch self {
    case .fixed(let length):
      return length >= 1 && length <= Self.longest
        ? [] : ["length is \(length); allowed: 1 to \(Self.longest) tokens"]
    case .uniform(let minimum, let maximum):
      return Self.problems(minimum: minimum, maximum: maximum)
    case .lognormal(let mean, let variation, let minimum, let maximum),
      .gamma(let mean, let variation, let minimum, let maximum):
      var problems = Self.problems(minimum: minimum, maximum: maximum)
      if !(mean > 0 && mean <= Double(Self.longest)) {
        problems.append("mean is \(mean); allowed: above 0, up to \(Self.longest) tokens")
      }
      if !(variation > 0 && variation <= 100) {
        problems.append("coefficient_of_variation is \(variation); allowed: above 0, up to 100")
      }
      return problems
    case .empirical:
      return []
    }
  }

  private static func problems(minimum: Int, maximum: Int) -> [String] {
    var problems: [String] = []
    if minimum < 1 || minimum > longest {
      problems.append("minimum is \(minimum); allowed: 1 to \(longest) tokens")
    }
    if maximum < minimum || maximum > longest {
      problems.append("maximum is \(maximum); allowed: the minimum, \(minimum), to \(longest) tokens")
    }
    return problems
  }
}

extension LengthDistribution {
  /// The parameters of the logarithm that give a lognormal its mean and coefficient of variation.
  static func lognormalParameters(
    mean: Double, coefficientOfVariation: Double
  ) -> (logMean: Double, logStandardDeviation: Double) {
    let logVariance = log1p(coefficientOfVariation * coefficientOfVariation)
    return (log(mean) - logVariance / 2, logVariance.squareRoot())
  }

  /// The shape and scale that give a gamma distribution its mean and coefficient of variation.
  static func gammaParameters(
    mean: Double, coefficientOfVariation: Double
  ) -> (shape: Double, scale: Double) {
    let variance = coefficientOfVariation * coefficientOfVariation
    return (1 / variance, mean * variance)
  }

  /// The mean of min(max(round(X), minimum), maximum): minimum plus the sum over k of P(X > k + ½).
  ///
  /// The first terms are summed as they are; beyond them the sum is the integral of P(X > x), whose
  /// difference (the midpoint rule's) vanishes as the distribution is wide against one token there.
  private static func clampedMean(
    minimum: Int, maximum: Int, probabilityAbove: (Double) -> Double, meanBelow: (Double) -> Double
  ) -> Double {
    let summed = min(maximum, minimum + 4096)
    var mean = Double(minimum)
    for length in minimum..<summed {
      mean += probabilityAbove(Double(length) + 0.5)
    }
    if summed < maximum {
      let from = Double(summed)
      let to = Double(maximum)
      mean += to * probabilityAbove(to) - from * probabilityAbove(from) + meanBelow(to) - meanBelow(from)
    }
    return mean
  }
}
