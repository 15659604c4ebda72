@preconcurrency import CGSL
import Testing
import Workload

/// The distributions that GSL samples on our generator, against GSL's distribution functions.
@Suite struct DistributionTests {
  static let count = 30_000

  /// Draws along one stream, and as first draws of many, which is how requests use them.
  static func samples(_ name: String, _ draw: (inout RandomStream) -> Double) -> [[Double]] {
    var stream = RandomStream(seed: 2024, name)
    let along = (0..<count).map { _ in draw(&stream) }
    let family = RandomStreamFamily(seed: 2024, run: 1, name)
    let across = (0..<count).map { index in
      var stream = family.stream(index: UInt64(index))
      return draw(&stream)
    }
    return [along, across]
  }

  static func expectFollows(
    _ name: String, cdf: (Double) -> Double, location: SourceLocation = #_sourceLocation,
    _ draw: (inout RandomStream) -> Double
  ) {
    for samples in samples(name, draw) {
      let distance = Statistics.kolmogorovDistance(samples, cdf)
      #expect(
        distance < Statistics.kolmogorovCriticalDistance(samples: count), sourceLocation: location)
    }
  }

  @Test func normal() {
    Self.expectFollows("normal", cdf: { gsl_cdf_gaussian_P($0 - 3, 0.5) }) {
      $0.normal(mean: 3, standardDeviation: 0.5)
    }
  }

  @Test(arguments: [0.1, 1.5])
  func lognormal(deviation: Double) {
    Self.expectFollows("lognormal", cdf: { gsl_cdf_lognormal_P($0, 5, deviation) }) {
      $0.lognormal(logMean: 5, logStandardDeviation: deviation)
    }
  }

  @Test(
    "gamma, with shapes on either side of 1, where the method changes", arguments: [0.11, 0.9, 1, 1.1, 16])
  func gamma(shape: Double) {
    Self.expectFollows("gamma", cdf: { gsl_cdf_gamma_P($0, shape, 7) }) {
      $0.gamma(shape: shape, scale: 7)
    }
  }

  @Test(arguments: [(0.5, 0.5), (2, 5), (30, 1)])
  func beta(alpha: Double, beta: Double) {
    Self.expectFollows("beta", cdf: { gsl_cdf_beta_P($0, alpha, beta) }) {
      $0.beta(alpha: alpha, beta: beta)
    }
  }

  @Test(arguments: [0.7, 2])
  func weibull(shape: Double) {
    Self.expectFollows("weibull", cdf: { gsl_cdf_weibull_P($0, 40, shape) }) {
      $0.weibull(scale: 40, shape: shape)
    }
  }

  @Test func pareto() {
    Self.expectFollows("pareto", cdf: { gsl_cdf_pareto_P($0, 2.5, 100) }) {
      $0.pareto(exponent: 2.5, minimum: 100)
    }
  }

  @Test("Poisson counts, either side of 10, where the method changes", arguments: [0.8, 4, 35])
  func poisson(mean: Double) {
    for samples in Self.samples("poisson", { Double($0.poisson(mean: mean)) }) {
      expectCounts(samples) { gsl_cdf_poisson_P(UInt32($0), mean) }
    }
  }

  @Test(
    "binomial counts, either side of 14 expected, where the method changes", arguments: [5, 200] as [UInt32])
  func binomial(trials: UInt32) {
    for samples in Self.samples("binomial", { Double($0.binomial(probability: 0.3, trials: trials)) }) {
      expectCounts(samples) { gsl_cdf_binomial_P(UInt32($0), 0.3, trials) }
    }
  }

  /// Compares counts with their distribution function, tails of fewer than ten expected counts lumped together.
  private func expectCounts(_ samples: [Double], cdf: (Int) -> Double) {
    var observed: [Int] = []
    var expected: [Double] = []
    var below = 0.0
    var from = 0
    for value in 0...1000 {
      let expectedCount = (cdf(value) - below) * Double(samples.count)
      let expectedAbove = (1 - cdf(value)) * Double(samples.count)
      if expectedAbove < 10 {
        observed.append(samples.count { Int($0) >= from })
        expected.append((1 - below) * Double(samples.count))
        break
      }
      if expectedCount >= 10 {
        observed.append(samples.count { (from...value).contains(Int($0)) })
        expected.append(expectedCount)
        below = cdf(value)
        from = value + 1
      }
    }
    #expect(observed.reduce(0, +) == samples.count)
    #expect(observed.count > 3)
    let result = Statistics.chiSquared(observed: observed, expected: expected)
    #expect(result.statistic < result.critical)
  }

  @Test("GSL's draws repeat, continue the stream, and leave others alone")
  func reproducible() {
    var first = RandomStream(seed: 7, "gamma")
    var second = RandomStream(seed: 7, "gamma")
    var other = RandomStream(seed: 7, "other")
    let untouched = other
    let before = first
    for _ in 0..<100 {
      let value = first.gamma(shape: 0.5, scale: 2)
      #expect(value == second.gamma(shape: 0.5, scale: 2))
    }
    #expect(first == second)
    #expect(first != before)
    #expect(other == untouched)
    #expect(other.next() != first.next())
  }
}
