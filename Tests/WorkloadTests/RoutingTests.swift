#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
import Testing

@testable import Workload

@Suite("Where experts are held")
struct ExpertPlacementTests {
  /// Loads 8, 4, 2, 2 and two more copies.
  ///
  /// The first goes to expert 0 (8 a copy, then 4), and so does the second: 4 ties with
  /// expert 1, and the lower number wins. Copies then have 8/3, 4, 2, 2, 8/3, 8/3 to do. Dealt to three ranks of two,
  /// the heaviest first: 4 to rank 0; 8/3 to 1; 8/3 to 2; 8/3 to 1, which is full at 16/3; 2 to rank 2 (8/3 < 4), full; 2 to 0.
  @Test func copiesByHand() {
    let placement = ExpertPlacement.byLoad([8, 4, 2, 2], redundant: 2, ranks: 3)
    #expect(placement.expert == [0, 1, 2, 3, 0, 0])
    #expect(placement.copies == [3, 1, 1, 1])
    #expect(placement.rank == [1, 0, 2, 0, 2, 1])
  }

  @Test func everyRankHoldsAsMany() {
    var stream = RandomStream(seed: 7, "test")
    for _ in 0..<20 {
      let loads = (0..<24).map { _ in stream.uniform() }
      let placement = ExpertPlacement.byLoad(loads, redundant: 8, ranks: 4)
      for rank in 0..<4 { #expect(placement.rank.filter { $0 == rank }.count == 8) }
      for expert in 0..<24 {
        #expect(placement.expert.filter { $0 == expert }.count == placement.copies[expert])
      }
    }
  }

  @Test func inOrder() {
    #expect(ExpertPlacement.fixed(experts: 6, ranks: 3).rank == [0, 0, 1, 1, 2, 2])
  }
}

@Suite("Chances of experts")
struct ChoiceProbabilityTests {
  /// Two of three with weights 2, 1, 1.
  ///
  /// Expert 0 is first with 1/2; else (1/2) one of the others was, and it is second with
  /// 2/3: 1/2 + 1/3 = 5/6. The others share what is left of 2: 7/12 each.
  @Test func byHand() {
    let chances = ChoiceProbabilities.of(weights: [2, 1, 1], perToken: 2)
    #expect(abs(chances[0] - 5.0 / 6) < 1e-4)
    #expect(abs(chances[1] - 7.0 / 12) < 1e-4 && abs(chances[2] - 7.0 / 12) < 1e-4)
  }

  @Test func edges() {
    #expect(ChoiceProbabilities.of(weights: [3, 1], perToken: 2) == [1, 1])
    #expect(ChoiceProbabilities.of(weights: [1, 1, 1, 1], perToken: 1) == [0.25, 0.25, 0.25, 0.25])
  }

  /// With one expert a token the chance is the weight's share.
  @Test func oneOfMany() {
    let weights = (1...20).map { 1 / Double($0) }
    let sum = weights.reduce(0, +)
    for (chance, weight) in zip(ChoiceProbabilities.of(weights: weights, perToken: 1), weights) {
      #expect(abs(chance / (weight / sum) - 1) < 1e-4)
    }
  }
}

@Suite("The busiest rank")
struct BusiestRankTests {
  /// One token, two of four experts, two ranks of two: both on one rank with 1/3 (of the three others one is beside the first),
  /// so the busiest rank has 4/3 on average.
  @Test func oneToken() {
    let routing = ExpertRouting(experts: 4, perToken: 2, ranks: 2, law: .balanced)
    let busiest = routing.busiestRank(tokens: [1])[0]
    // 800 draws of a variable whose variance is 2/9: standard error 0.017.
    #expect(abs(busiest.tokens.mean - 4.0 / 3) < 0.06)
    #expect(busiest.touched == busiest.tokens && busiest.received.mean == 1)
  }

  /// Many tokens, two ranks: the number n of one is nearly normal, and the other has the rest, so that the larger one is
  /// T + σ·√(2/π).
  ///
  /// A token puts a hypergeometric number of its 2 choices on a rank: 2·½·½·14/15 is its variance.
  @Test func manyTokens() {
    let routing = ExpertRouting(experts: 16, perToken: 2, ranks: 2, law: .balanced)
    let excess = routing.busiestRank(tokens: [4096])[0].tokens.mean - 4096
    let expected = (4096 * 7.0 / 15 * 2 / Double.pi).squareRoot()
    // 800 half-normal draws: a standard error of 2.7 %; experts are drawn independently given their sum: 3 % less.
    #expect(abs(excess / expected - 0.97) < 0.1)
  }

  @Test("agrees with tokens drawn one by one from noisy scores", arguments: [0, 0.6, 1.2])
  func bruteForce(exponent: Double) {
    let routing = ExpertRouting(
      experts: 32, perToken: 4, ranks: 4, law: exponent == 0 ? .balanced : .powerLaw(exponent: exponent))
    let sizes = [1, 6, 40, 100]
    let found = routing.busiestRank(tokens: sizes)
    for (size, expected) in zip(sizes, naive(routing, exponent: exponent, sizes: sizes)) {
      let busiest = found[sizes.firstIndex(of: size) ?? 0]
      // Means of some 800 and 600 draws, each with a standard error of 1 % of a few tokens.
      let error = size < 10 ? 0.045 : 0.02
      #expect(abs(busiest.tokens.mean / expected[0] - 1) < error, "tokens of \(size)")
      #expect(abs(busiest.touched.mean / expected[1] - 1) < error, "experts of \(size)")
      // Expected numbers vary less than numbers that are drawn, and so do their maxima: a few per cent of a few tokens.
      #expect(abs(busiest.received.mean / expected[2] - 1) < (size < 10 ? 0.06 : 0.02), "received of \(size)")
    }
  }

  /// Each token takes the experts with the largest log popularity + Gumbel noise; popularity is dealt anew each time.
  private func naive(_ routing: ExpertRouting, exponent: Double, sizes: [Int]) -> [[Double]] {
    var sums = sizes.map { _ in [0.0, 0.0, 0.0] }
    let runs = 600
    for run in 0..<runs {
      var stream = RandomStream(seed: 11, "naive", index: UInt64(run))
      var logs = (1...routing.experts).map { -exponent * log(Double($0)) }
      for last in stride(from: logs.count - 1, to: 0, by: -1) {
        logs.swapAt(last, Int(stream.uniformInteger(below: UInt64(last + 1))))
      }
      var counts = [Int](repeating: 0, count: routing.experts)
      var received = [Double](repeating: 0, count: routing.ranks)
      let held = routing.experts / routing.ranks
      for token in 1...(sizes.last ?? 0) {
        let scores = logs.map { $0 - log(-log(stream.uniform())) }
        let cut = scores.sorted(by: >)[routing.perToken - 1]
        var hit = [Bool](repeating: false, count: routing.ranks)
        for expert in scores.indices where scores[expert] >= cut {
          counts[expert] += 1
          hit[expert / held] = true
        }
        for rank in hit.indices where hit[rank] { received[rank] += 1 }
        guard let knot = sizes.firstIndex(of: token) else { continue }
        let ranks = (0..<routing.ranks).map { counts[$0 * held..<($0 + 1) * held] }
        sums[knot][0] += Double(ranks.map { $0.reduce(0, +) }.max() ?? 0)
        sums[knot][1] += Double(ranks.map { part in part.filter { $0 > 0 }.count }.max() ?? 0)
        sums[knot][2] += received.max() ?? 0
      }
    }
    return sums.map { $0.map { $0 / Double(runs) } }
  }

  @Test("copies of hot experts bring the busiest rank near the mean")
  func copies() {
    func busiest(_ redundant: Int, _ placement: PlacementPolicy) -> BusiestRank {
      ExpertRouting(
        experts: 64, perToken: 4, ranks: 8, law: .powerLaw(exponent: 0.8), redundantExperts: redundant,
        placement: placement
      ).busiestRank(tokens: [2048])[0]
    }
    let mean = 2048.0 * 4 / 8
    let fixed = busiest(0, .fixed).tokens.mean
    let packed = busiest(0, .byLoad).tokens.mean
    let copied = busiest(16, .byLoad).tokens.mean
    #expect(fixed > packed && packed > copied)
    // Noise alone: the largest of eight sums of some 1,024 independent choices is 1.42 / √1024 = 4.5 % over the mean.
    #expect(copied > mean && copied < mean * 1.06)
    #expect(fixed > mean * 1.3)
    // Whoever is slow in one step is slow in all of them: steps differ less than placements do.
    #expect(busiest(0, .fixed).tokens.deviation < 0.04 * mean)
  }

  /// α = 1.2 of measured tables: shares are those of the density x^−1.2, largest at the bound, and all choices are dealt.
  @Test(arguments: [1, 7, 100, 5000])
  func tables(tokens: Int) {
    let routing = ExpertRouting(experts: 64, perToken: 8, ranks: 8, law: .measured)
    let popularity = (0..<64).map { (Double($0) + 0.5) / 64 }
    let counts = routing.tableCounts(popularity, tokens: tokens)
    #expect(counts.reduce(0, +) == tokens * 8)
    #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 <= $1 })
    if tokens == 5000 {
      // The quantile at the middle: (1 - (1 - 4000^-0.2) / 2)^-5 of the density on 1 … 4000, against the one at 63.5/64.
      func quantile(_ share: Double) -> Double { pow(1 - (1 - pow(4000, -0.2)) * share, -5) }
      let ratio = Double(counts[63]) / Double(counts[31])
      #expect(abs(ratio / (quantile(63.5 / 64) / quantile(31.5 / 64)) - 1) < 0.02)
    }
  }

  @Test("a rank that holds everything waits for nobody")
  func oneRank() {
    let busiest = ExpertRouting(experts: 16, perToken: 2, ranks: 1, law: .powerLaw(exponent: 1))
      .busiestRank(tokens: [1, 100])
    #expect(busiest.map(\.tokens.mean).elementsEqual([2, 200]) { abs($0 / $1 - 1) < 0.01 })
    #expect(busiest[0].touched.mean == 2 && busiest[1].touched.mean > 12 && busiest[1].touched.mean < 16)
  }
}

@Suite("The busiest attention group")
struct BusiestGroupTests {
  private func busiest(_ sequences: Int, groups: Int, _ assignment: GroupAssignment, variation: Double)
    -> BusiestGroup
  {
    BusiestGroup.of(
      sequences: [sequences], groups: groups, assignment: assignment, contextVariation: variation)[0]
  }

  @Test func even() {
    #expect(busiest(9, groups: 4, .even, variation: 1) == BusiestGroup(sequences: 3, context: 2.25))
    #expect(busiest(2, groups: 4, .even, variation: 1) == BusiestGroup(sequences: 1, context: 1))
  }

  /// Equal counts and equal contexts: nothing but the remainder.
  @Test func equalContexts() {
    let group = busiest(9, groups: 4, .equalCounts, variation: 0)
    #expect(group.sequences == 3 && abs(group.context - 3) < 1e-9)
  }

  /// Two groups of m requests each: half of the difference of their sums is normal, σ = CV·√(m/2), so the larger sum is
  /// m + σ·√(2/π).
  ///
  /// With m = 128 and CV 0.5: 4·0.798 = 3.19.
  @Test func twoGroups() {
    let group = busiest(256, groups: 2, .equalCounts, variation: 0.5)
    #expect(group.sequences == 128)
    #expect(abs((group.context - 128) / 3.19 - 1) < 0.1)
  }

  /// At random each group has a binomial number: with two groups the larger one of n is n/2 + ½·√n·√(2/π).
  @Test(arguments: [100, 4000])
  func random(sequences: Int) {
    let group = busiest(sequences, groups: 2, .random, variation: 0)
    let excess = (Double(sequences) * 2 / Double.pi).squareRoot() / 2
    #expect(abs((group.sequences - Double(sequences) / 2) / excess - 1) < 0.1)
    #expect(abs(group.context / group.sequences - 1) < 1e-9)
  }

  /// 32 requests at random in 32 groups: the largest count is 3.53 on average (P(max ≤ m) summed over all ways).
  @Test func fewRequests() {
    var stream = RandomStream(seed: 3, "test")
    var sum = 0
    for _ in 0..<4000 {
      var counts = [Int](repeating: 0, count: 32)
      for _ in 0..<32 { counts[Int(stream.uniformInteger(below: 32))] += 1 }
      sum += counts.max() ?? 0
    }
    let group = busiest(32, groups: 32, .random, variation: 0.6)
    #expect(abs(group.sequences / (Double(sum) / 4000) - 1) < 0.03)
    #expect(group.context > group.sequences, "the longest contexts and the largest count add up")
  }
}
