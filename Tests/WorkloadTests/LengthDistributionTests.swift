import Testing
import Workload

@Suite struct LengthDistributionTests {
  /// The prompt lengths of the first requests.
  static func draws(_ distribution: LengthDistribution, count: Int = 200_000) -> [Double] {
    let lengths = RequestLengths(input: distribution, output: .fixed(1), seed: 12)
    return (0..<count).map { Double(lengths.lengths(ofRequest: UInt64($0)).input) }
  }

  @Test("fixed and uniform lengths")
  func simple() {
    #expect(Set(Self.draws(.fixed(17), count: 100)) == [17])
    #expect(LengthDistribution.fixed(17).mean == 17)
    let uniform = Self.draws(.uniform(minimum: 3, maximum: 7))
    let observed = (3...7).map { value in uniform.count { $0 == Double(value) } }
    let result = Statistics.chiSquared(observed: observed, expected: [Double](repeating: 40_000, count: 5))
    #expect(observed.reduce(0, +) == 200_000)
    #expect(result.statistic < result.critical)
    #expect(LengthDistribution.uniform(minimum: 3, maximum: 7).mean == 5)
  }

  @Test("the InferenceX client draws whole numbers of [0.8·L, L], the lower end rounded down")
  func inferenceX() {
    #expect(LengthDistribution.inferenceX(length: 1024) == .uniform(minimum: 819, maximum: 1024))
    #expect(LengthDistribution.inferenceX(length: 8192) == .uniform(minimum: 6553, maximum: 8192))
    #expect(LengthDistribution.inferenceX(length: 1) == .uniform(minimum: 1, maximum: 1))
    #expect(LengthDistribution.inferenceX(length: 1000, ratio: 0.5) == .uniform(minimum: 500, maximum: 1000))
  }

  @Test("wide limits leave a lognormal its mean and coefficient of variation", arguments: [0.3, 1.2])
  func lognormal(variation: Double) {
    let samples = Self.draws(
      .lognormal(mean: 700, coefficientOfVariation: variation, minimum: 1, maximum: 1_000_000))
    // 4 sigma of the mean; the variance's tail is heavy: a tenth either way at cv 1.2.
    #expect(abs(Statistics.mean(samples) / 700 - 1) < 4 * variation / 447)
    let ratio = Statistics.variance(samples).squareRoot() / Statistics.mean(samples) / variation
    #expect(abs(ratio - 1) < (variation < 1 ? 0.02 : 0.1))
    // The median of a lognormal is mean/√(1 + cv²).
    let median = 700 / (1 + variation * variation).squareRoot()
    let below = Double(samples.count { $0 <= median }) / 200_000
    #expect(abs(below - 0.5) < 0.006)
  }

  @Test("wide limits leave a gamma its mean and coefficient of variation", arguments: [0.3, 1])
  func gamma(variation: Double) {
    let samples = Self.draws(
      .gamma(mean: 500, coefficientOfVariation: variation, minimum: 1, maximum: 1_000_000))
    #expect(abs(Statistics.mean(samples) / 500 - 1) < 4 * variation / 447)
    let ratio = Statistics.variance(samples).squareRoot() / Statistics.mean(samples) / variation
    #expect(abs(ratio - 1) < 0.02)
  }

  @Test(
    "the stated mean is that of the draws, with rounding and limits",
    arguments: [
      LengthDistribution.lognormal(mean: 1.2, coefficientOfVariation: 1, minimum: 1, maximum: 50),
      .lognormal(mean: 900, coefficientOfVariation: 2, minimum: 100, maximum: 4_096),
      .lognormal(mean: 9_000, coefficientOfVariation: 0.8, minimum: 1, maximum: 20_000),
      .gamma(mean: 2, coefficientOfVariation: 1.5, minimum: 1, maximum: 10),
      .gamma(mean: 30_000, coefficientOfVariation: 1, minimum: 1_000, maximum: 40_000),
      .uniform(minimum: 6_553, maximum: 8_192),
    ])
  func mean(distribution: LengthDistribution) {
    let samples = Self.draws(distribution)
    let sigma = (Statistics.variance(samples) / Double(samples.count)).squareRoot()
    #expect(abs(Statistics.mean(samples) - distribution.mean) < 4 * sigma)
    #expect(samples.allSatisfy { distribution.limits.contains(Int($0)) })
    #expect(samples.contains(Double(distribution.limits.lowerBound)) || distribution.limits.lowerBound == 1)
  }

  @Test("a limit that always binds gives that limit")
  func bindingLimits() {
    let low = LengthDistribution.gamma(mean: 1e-6, coefficientOfVariation: 1, minimum: 5, maximum: 9)
    #expect(Set(Self.draws(low, count: 100)) == [5])
    #expect(abs(low.mean - 5) < 1e-12)
    let high = LengthDistribution.lognormal(
      mean: 2e9, coefficientOfVariation: 0.1, minimum: 5, maximum: 9_000)
    #expect(Set(Self.draws(high, count: 100)) == [9_000])
    #expect(abs(high.mean - 9_000) < 1e-6)
  }

  @Test("a table's lengths come as often as it counts them")
  func empirical() throws {
    let table = try #require(EmpiricalLengths(values: [1, 4, 9, 1000], counts: [10, 1, 500, 89]))
    let samples = Self.draws(.empirical(table))
    let observed = table.values.map { value in samples.count { $0 == Double(value) } }
    let result = Statistics.chiSquared(
      observed: observed, expected: table.counts.map { Double($0) * 200_000 / 600 })
    #expect(observed.reduce(0, +) == 200_000)
    #expect(result.statistic < result.critical)
    // (10 + 4 + 4,500 + 89,000) / 600
    #expect(abs(table.mean - 93_514.0 / 600) < 1e-9)
    #expect(LengthDistribution.empirical(table).limits == 1...1000)
    #expect([0, 0.016, 0.0167, 0.5, 0.851, 0.852, 1].map(table.quantile) == [1, 1, 4, 9, 9, 1000, 1000])
  }

  @Test("a table of samples counts them; what is no table is refused")
  func tables() throws {
    let table = try #require(EmpiricalLengths(samples: [5, 2, 5, 9, 5]))
    #expect(table.values == [2, 5, 9])
    #expect(table.counts == [1, 3, 1])
    #expect(table.sampleCount == 5)
    // Mean 5.2, variance (3.2² + 3·0.2² + 3.8²)/5 = 4.96.
    #expect(abs(table.coefficientOfVariation - 4.96.squareRoot() / 5.2) < 1e-12)
    #expect(EmpiricalLengths(samples: []) == nil)
    #expect(EmpiricalLengths(samples: [1, 0]) == nil)
    #expect(EmpiricalLengths(values: [1, 1], counts: [1, 1]) == nil)
    #expect(EmpiricalLengths(values: [1, 2], counts: [1]) == nil)
    #expect(EmpiricalLengths(values: [1, 2], counts: [1, 0]) == nil)
  }

  @Test("a table is scaled to another mean, within its limit")
  func rescaled() throws {
    let table = try #require(EmpiricalLengths(values: [100, 200, 400], counts: [1, 1, 2]))
    #expect(table.rescaled(toMean: 550, maximum: 10_000).values == [200, 400, 800])
    // 400 is held at 500: 150 and 300 leave (450 + 1000)/4.
    let limited = table.rescaled(toMean: 362.5, maximum: 500)
    #expect(limited.values == [150, 300, 500])
    #expect(limited.counts == [1, 1, 2])
    #expect(table.rescaled(toMean: 1, maximum: 500).values == [1])
    #expect(table.rescaled(toMean: 500, maximum: 500).values == [500])
  }

  @Test("what can't be used is named, all of it")
  func problems() {
    #expect(LengthDistribution.fixed(1).problems() == [])
    #expect(LengthDistribution.fixed(0).problems() == ["length is 0; allowed: 1 to 2147483647 tokens"])
    #expect(
      LengthDistribution.uniform(minimum: 0, maximum: -1).problems() == [
        "minimum is 0; allowed: 1 to 2147483647 tokens",
        "maximum is -1; allowed: the minimum, 0, to 2147483647 tokens",
      ])
    #expect(
      LengthDistribution.gamma(mean: .nan, coefficientOfVariation: 0, minimum: 1, maximum: 1 << 31).problems()
        == [
          "maximum is 2147483648; allowed: the minimum, 1, to 2147483647 tokens",
          "mean is nan; allowed: above 0, up to 2147483647 tokens",
          "coefficient_of_variation is 0.0; allowed: above 0, up to 100",
        ])
  }
}
