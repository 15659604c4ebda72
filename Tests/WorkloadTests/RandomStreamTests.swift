@preconcurrency import CGSL
import Testing
import Workload

@Suite struct RandomStreamTests {
  @Test("SplitMix64 from state 0 and 1234567 gives the published words")
  func referenceWords() {
    // Vigna's splitmix64.c; the second row is the one that Rosetta Code prints.
    var zero = RandomStream(state: 0)
    #expect(zero.next() == 0xe220_a839_7b1d_cdaf)
    #expect(zero.next() == 0x6e78_9e6a_a1b9_65f4)
    #expect(zero.next() == 0x06c4_5d18_8009_454f)
    var other = RandomStream(state: 1_234_567)
    #expect(
      (0..<5).map { _ in other.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }

  @Test("a stream depends on each part of its key, and on nothing else")
  func keys() {
    let base = RandomStream(seed: 1, run: 0, "arrivals", index: 0)
    #expect(base == RandomStream(seed: 1, run: 0, "arrivals", index: 0))
    let others = [
      RandomStream(seed: 2, run: 0, "arrivals", index: 0),
      RandomStream(seed: 1, run: 1, "arrivals", index: 0),
      RandomStream(seed: 1, run: 0, "arrivalr", index: 0),
      RandomStream(seed: 1, run: 0, "arrivals", index: 1),
      RandomStream(seed: 0, run: 1, "arrivals", index: 0), RandomStream(seed: 1, run: 0, "", index: 0),
    ]
    for (position, other) in others.enumerated() {
      #expect(other != base)
      #expect(!others.dropFirst(position + 1).contains(other))
    }
  }

  @Test("a family's n-th stream is the stream of index n")
  func family() {
    let family = RandomStreamFamily(seed: 9, run: 3, "lengths.input")
    for index: UInt64 in [0, 1, 2, 1 << 40, .max] {
      #expect(family.stream(index: index) == RandomStream(seed: 9, run: 3, "lengths.input", index: index))
    }
  }

  @Test("the draws of a key do not change from one version to the next")
  func pinnedDraws() {
    var stream = RandomStream(seed: 42, run: 7, "arrivals", index: 3)
    // Worked out apart, in Python.
    #expect(stream.next() == 893_161_814_441_486_959)
    #expect(stream.next() == 1_931_697_837_220_834_241)
  }

  @Test(
    "uniform draws fill (0, 1) evenly, over one stream and over the first draws of many", arguments: 0..<4)
  func uniform(seed: UInt64) {
    var stream = RandomStream(seed: seed, "uniform")
    let family = RandomStreamFamily(seed: seed, "uniform")
    let along = (0..<100_000).map { _ in stream.uniform() }
    let across = (0..<100_000).map { index in
      var stream = family.stream(index: UInt64(index))
      return stream.uniform()
    }
    for samples in [along, across] {
      #expect(samples.allSatisfy { $0 > 0 && $0 < 1 })
      let distance = Statistics.kolmogorovDistance(samples) { $0 }
      #expect(distance < Statistics.kolmogorovCriticalDistance(samples: samples.count))
      // Neighbours: a correlation beyond 4 sigma of 1/sqrt(n) would be one in 16,000.
      var products = 0.0
      for (left, right) in zip(samples, samples.dropFirst()) { products += (left - 0.5) * (right - 0.5) }
      #expect(abs(products * 12 / Double(samples.count)) < 4 / Double(samples.count).squareRoot())
    }
  }

  @Test("whole numbers are equally likely, both ends included", arguments: [2, 3, 7, 10, 1000])
  func uniformInteger(count: Int) {
    var stream = RandomStream(seed: 5, "integers", index: UInt64(count))
    var observed = [Int](repeating: 0, count: count)
    for _ in 0..<200_000 {
      observed[stream.uniformInteger(in: -3...(count - 4)) + 3] += 1
    }
    let result = Statistics.chiSquared(
      observed: observed, expected: [Double](repeating: 200_000 / Double(count), count: count))
    #expect(result.statistic < result.critical)
  }

  @Test("a range of three quarters of all words shows no bias")
  func wideRange() {
    var stream = RandomStream(seed: 5, "wide")
    let bound: UInt64 = 3 << 62
    var inLowestThird = 0
    var multiplesOfThree = 0
    for _ in 0..<100_000 {
      let number = stream.uniformInteger(below: bound)
      if number < bound / 3 { inLowestThird += 1 }
      if number % 3 == 0 { multiplesOfThree += 1 }
    }
    // The remainder of a word would put half of the draws into the lowest third, a bare multiplication half
    // of them on multiples of three; 5 sigma of a third is 745.
    #expect(abs(inLowestThird - 33_333) < 745)
    #expect(abs(multiplesOfThree - 33_333) < 745)
    #expect((Int.min...Int.max).contains(stream.uniformInteger(in: Int.min...Int.max)))
    #expect(stream.uniformInteger(in: 4...4) == 4)
  }

  @Test("exponential draws follow GSL's distribution function", arguments: [0.25, 1, 3000])
  func exponential(rate: Double) {
    var stream = RandomStream(seed: 11, "exponential")
    let samples = (0..<100_000).map { _ in stream.exponential(rate: rate) }
    let distance = Statistics.kolmogorovDistance(samples) { gsl_cdf_exponential_P($0, 1 / rate) }
    #expect(distance < Statistics.kolmogorovCriticalDistance(samples: samples.count))
  }
}
