import Testing
import Workload

@Suite struct RequestLengthsTests {
  static let wide = LengthDistribution.gamma(
    mean: 1000, coefficientOfVariation: 1, minimum: 1, maximum: 100_000)

  @Test("a request's lengths depend on its number, not on the order or number of questions")
  func keyed() {
    let lengths = RequestLengths(input: Self.wide, output: Self.wide, seed: 3, run: 2)
    let forward = (0..<1000).map { lengths.lengths(ofRequest: UInt64($0)) }
    let again = RequestLengths(input: Self.wide, output: Self.wide, seed: 3, run: 2)
    for n in (0..<1000).reversed() {
      #expect(again.lengths(ofRequest: UInt64(n)) == forward[n])
      #expect(again.lengths(ofRequest: UInt64(n)) == forward[n])
    }
    let otherRun = RequestLengths(input: Self.wide, output: Self.wide, seed: 3, run: 3)
    let otherName = RequestLengths(input: Self.wide, output: Self.wide, seed: 3, run: 2, name: "other")
    for other in [otherRun, otherName] {
      let same = (0..<1000).count { other.lengths(ofRequest: UInt64($0)) == forward[$0] }
      #expect(same < 5)
    }
  }

  @Test("another distribution of answers leaves the prompts as they were")
  func streamsApart() {
    let first = RequestLengths(input: Self.wide, output: Self.wide, seed: 3)
    let second = RequestLengths(input: Self.wide, output: .fixed(4), seed: 3)
    for n: UInt64 in 0..<100 {
      #expect(first.lengths(ofRequest: n).input == second.lengths(ofRequest: n).input)
    }
    #expect(second.meanOutput == 4)
  }

  @Test("prompts and answers of one distribution are uncorrelated")
  func uncorrelated() {
    let lengths = RequestLengths(
      input: .uniform(minimum: 1, maximum: 1_000_001), output: .uniform(minimum: 1, maximum: 1_000_001),
      seed: 9)
    var products = 0.0
    for n: UInt64 in 0..<100_000 {
      let (input, output) = lengths.lengths(ofRequest: n)
      products += (Double(input) - 500_001) * (Double(output) - 500_001)
    }
    // The variance of either is 10^12/12; 4 sigma of 1/√n.
    #expect(abs(products / 100_000 * 12e-12) < 4 / 316.2)
  }

  @Test("rows in order come as often as they count, and start over")
  func cyclic() throws {
    let pairs = try #require(PairedLengths(inputs: [5, 6, 7], outputs: [50, 60, 70], counts: [1, 3, 1]))
    let lengths = RequestLengths(rows: pairs, order: .cyclic, seed: 1)
    let inputs = (0..<12).map { lengths.lengths(ofRequest: $0).input }
    #expect(inputs == [5, 6, 6, 6, 7, 5, 6, 6, 6, 7, 5, 6])
    #expect(lengths.lengths(ofRequest: .max).output == 50)  // 2^64 − 1 is a multiple of 5.
    #expect(lengths.meanInput == 6)
    #expect(lengths.meanOutput == 60)
    let trace = try #require(PairedLengths(inputs: [5, 6, 7], outputs: [50, 60, 70]))
    let traced = RequestLengths(rows: trace, order: .cyclic, seed: 1)
    #expect((0..<5).map { traced.lengths(ofRequest: $0).output } == [50, 60, 70, 50, 60])
  }

  @Test("drawn rows keep prompts with their answers, as often as they count")
  func drawn() throws {
    let pairs = try #require(PairedLengths(inputs: [5, 6, 7], outputs: [50, 60, 70], counts: [1, 3, 1]))
    let lengths = RequestLengths(rows: pairs, order: .independent, seed: 1)
    var observed = [0, 0, 0]
    var mismatches = 0
    for n: UInt64 in 0..<50_000 {
      let (input, output) = lengths.lengths(ofRequest: n)
      if output != input * 10 { mismatches += 1 }
      observed[input - 5] += 1
    }
    #expect(mismatches == 0)
    let result = Statistics.chiSquared(observed: observed, expected: [10_000, 30_000, 10_000])
    #expect(result.statistic < result.critical)
  }

  @Test("what are no pairs is refused, and margins count both columns")
  func pairs() throws {
    #expect(PairedLengths(inputs: [], outputs: []) == nil)
    #expect(PairedLengths(inputs: [1], outputs: [0]) == nil)
    #expect(PairedLengths(inputs: [1], outputs: [1, 2]) == nil)
    #expect(PairedLengths(inputs: [1], outputs: [1], counts: [0]) == nil)
    let pairs = try #require(PairedLengths(inputs: [7, 6, 7], outputs: [2, 2, 1], counts: [4, 3, 1]))
    #expect(pairs.inputTable == EmpiricalLengths(values: [6, 7], counts: [3, 5]))
    #expect(pairs.outputTable == EmpiricalLengths(values: [1, 2], counts: [1, 7]))
    #expect(pairs.requestCount == 8)
    #expect(pairs.counts == [4, 3, 1])
    #expect(pairs.rescaledOutputs(toMean: 7.5, maximum: 8).outputs == [8, 8, 4])
  }
}
