@preconcurrency import CGSL

/// Distributions that GSL samples, on our own generator.
///
/// Each call lends GSL a generator that lives on the stack and whose state is the stream itself: nothing is
/// allocated, nothing is shared, and the draws continue the stream.
extension RandomStream {
  /// A number from the normal distribution (polar Box–Muller).
  /// - Parameters:
  ///   - mean: any number.
  ///   - standardDeviation: >= 0, in the unit of the mean.
  /// - Returns: a number in the unit of the mean.
  public mutating func normal(mean: Double, standardDeviation: Double) -> Double {
    mean + withGSL { gsl_ran_gaussian($0, standardDeviation) }
  }

  /// A number from the lognormal distribution.
  /// - Parameters:
  ///   - logMean: the mean of the logarithm.
  ///   - logStandardDeviation: the standard deviation of the logarithm, >= 0.
  /// - Returns: a number > 0.
  public mutating func lognormal(logMean: Double, logStandardDeviation: Double) -> Double {
    withGSL { gsl_ran_lognormal($0, logMean, logStandardDeviation) }
  }

  /// A number from the gamma distribution (Marsaglia–Tsang).
  /// - Parameters:
  ///   - shape: > 0; the coefficient of variation is 1/√shape.
  ///   - scale: > 0; the mean is shape · scale.
  /// - Returns: a number >= 0, in the unit of the scale.
  public mutating func gamma(shape: Double, scale: Double) -> Double {
    withGSL { gsl_ran_gamma($0, shape, scale) }
  }

  /// A number from the beta distribution.
  /// - Parameters:
  ///   - alpha: > 0.
  ///   - beta: > 0; the mean is alpha / (alpha + beta).
  /// - Returns: a number in [0, 1].
  public mutating func beta(alpha: Double, beta: Double) -> Double {
    withGSL { gsl_ran_beta($0, alpha, beta) }
  }

  /// A number from the Weibull distribution.
  /// - Parameters:
  ///   - scale: > 0, the unit of the result.
  ///   - shape: > 0; below 1 things fail early, above 1 they wear out.
  /// - Returns: a number >= 0, in the unit of the scale.
  public mutating func weibull(scale: Double, shape: Double) -> Double {
    withGSL { gsl_ran_weibull($0, scale, shape) }
  }

  /// A number from the Pareto distribution.
  /// - Parameters:
  ///   - exponent: > 0; the mean is finite above 1.
  ///   - minimum: > 0, the least value and the unit of the result.
  /// - Returns: a number >= minimum.
  public mutating func pareto(exponent: Double, minimum: Double) -> Double {
    withGSL { gsl_ran_pareto($0, exponent, minimum) }
  }

  /// A count from the Poisson distribution.
  /// - Parameter mean: in 0..<2^31, beyond which GSL's counts overflow.
  /// - Returns: a count >= 0.
  public mutating func poisson(mean: Double) -> Int {
    Int(withGSL { gsl_ran_poisson($0, mean) })
  }

  /// A count of successes from the binomial distribution.
  /// - Parameters:
  ///   - probability: of one success, in 0...1.
  ///   - trials: how many independent tries.
  /// - Returns: a count in 0...trials.
  public mutating func binomial(probability: Double, trials: UInt32) -> Int {
    Int(withGSL { gsl_ran_binomial($0, probability, trials) })
  }

  /// Lends GSL this stream as a `gsl_rng` for the length of one call.
  private mutating func withGSL<Value>(_ body: (UnsafePointer<gsl_rng>) -> Value) -> Value {
    withUnsafeMutablePointer(to: &self) { state in
      withUnsafePointer(to: RandomStream.gslType) { type in
        withUnsafePointer(to: gsl_rng(type: type, state: UnsafeMutableRawPointer(state)), body)
      }
    }
  }

  /// How GSL calls the generator: whole range of a 64-bit word, doubles in (0, 1).
  private static let gslType: gsl_rng_type = {
    let name: StaticString = "tokenmill-splitmix64"
    return gsl_rng_type(
      name: UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self),
      max: UInt.max, min: 0, size: MemoryLayout<RandomStream>.size,
      set: { state, seed in
        state?.storeBytes(of: RandomStream(state: UInt64(seed)), as: RandomStream.self)
      },
      get: { state in
        guard let stream = state?.assumingMemoryBound(to: RandomStream.self) else { return 0 }
        return UInt(stream.pointee.next())
      },
      get_double: { state in
        guard let stream = state?.assumingMemoryBound(to: RandomStream.self) else { return 0.5 }
        return stream.pointee.uniform()
      })
  }()
}
