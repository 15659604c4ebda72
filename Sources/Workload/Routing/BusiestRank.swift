@preconcurrency import CGSL

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The load of the busiest of a layer's ranks in a step: the one that the others wait for.
public struct BusiestRank: Sendable, Equatable {
  /// A figure of the busiest rank, over placements of experts and draws of tokens.
  public struct Load: Sendable, Equatable {
    /// Its mean.
    public var mean: Double
    /// How much it varies from step to step while experts stay where they are (standard deviation).
    public var deviation: Double
  }

  /// Tokens of the step, each counted as often as experts of the rank take it.
  public var tokens: Load
  /// Experts of the rank that any token reaches.
  public var touched: Load
  /// Different tokens that come to the rank.
  public var received: Load
}

extension ExpertRouting {
  /// Draws of placement and popularity behind an expected load: two steps are drawn for each.
  static let placements = 400
  /// Steps of up to so many tokens are drawn token by token, larger ones by the number of tokens of each expert.
  static let tokenByToken = 64

  /// The busiest rank for steps of each of `tokens`, ascending, >= 1.
  ///
  /// Monte Carlo over ``placements`` draws with random numbers of their own, so that the same layer has the same loads
  /// wherever it is asked for; all numbers of tokens share them, so that loads are smooth. Standard errors of means are about
  /// 1 %, less where many tokens choose evenly. The three figures are maxima each on
  /// its own: their ranks may differ. Tokens that come are their expected
  /// number, given how many each expert has.
  public func busiestRank(tokens: [Int]) -> [BusiestRank] {
    var sums = [RankSums](repeating: RankSums(), count: tokens.count)
    let draws = RandomStreamFamily(seed: 0, "experts")
    let prepared = PreparedRouting(self)
    for index in 0..<Self.placements {
      var stream = draws.stream(index: UInt64(index))
      let layer = prepared.layer(&stream)
      var first = LayerDraws(layer, of: self, &stream)
      var second = LayerDraws(layer, of: self, &stream)
      for (knot, count) in tokens.enumerated() {
        let figures = first.busiest(tokens: count)
        // Tables have one step for each popularity.
        sums[knot].add(figures, layer.popularity.isEmpty ? second.busiest(tokens: count) : figures)
      }
    }
    return sums.map { $0.result(of: Self.placements) }
  }
}

/// Figures of the busiest rank of one step: tokens, experts touched, tokens received.
typealias RankFigures = SIMD4<Double>

/// Sums over pairs of steps with one placement.
private struct RankSums {
  var sum = RankFigures.zero
  var squares = RankFigures.zero

  mutating func add(_ first: RankFigures, _ second: RankFigures) {
    sum += first + second
    squares += (first - second) * (first - second)
  }

  func result(of pairs: Int) -> BusiestRank {
    let mean = sum / Double(2 * pairs)
    // Half of the mean squared difference of two draws is their variance.
    let deviation = (squares / Double(2 * pairs)).squareRoot()
    func load(_ lane: Int) -> BusiestRank.Load {
      BusiestRank.Load(mean: mean[lane], deviation: deviation[lane])
    }
    return BusiestRank(tokens: load(0), touched: load(1), received: load(2))
  }
}

/// What all draws of a routing have in common.
private struct PreparedRouting {
  let routing: ExpertRouting
  private let weights: [Double]?
  private let chances: [Double]
  /// The placement where it is the same for all draws.
  private let placement: ExpertPlacement?

  init(_ routing: ExpertRouting) {
    self.routing = routing
    weights = routing.weights
    chances = weights.map { ChoiceProbabilities.of(weights: $0, perToken: routing.perToken) } ?? []
    switch routing.placement {
    case .fixed: placement = .fixed(experts: routing.experts, ranks: routing.ranks)
    case .byLoad:
      placement =
        weights == nil
        ? nil : .byLoad(chances, redundant: routing.redundantExperts, ranks: routing.ranks)
    }
  }

  /// A layer: who is popular, and where experts are.
  func layer(_ stream: inout RandomStream) -> DrawnLayer {
    guard let weights else {
      let popularity = (0..<routing.experts).map { _ in stream.uniform() }
      return DrawnLayer(
        popularity: popularity,
        placement: placement
          ?? .byLoad(
            routing.tableCounts(popularity, tokens: 4096).map(Double.init),
            redundant: routing.redundantExperts,
            ranks: routing.ranks))
    }
    var order = Array(0..<routing.experts)
    if routing.placement == .fixed {
      for last in stride(from: order.count - 1, to: 0, by: -1) {
        order.swapAt(last, Int(stream.uniformInteger(below: UInt64(last + 1))))
      }
    }
    return DrawnLayer(
      weights: order.map { weights[$0] }, chances: order.map { chances[$0] },
      placement: placement ?? .fixed(experts: routing.experts, ranks: routing.ranks))
  }
}

/// One draw of popularity and placement.
private struct DrawnLayer {
  private(set) var weights: [Double] = []
  /// Of the law of tables: where each expert lies in the distribution of popularity, in (0, 1).
  private(set) var popularity: [Double] = []
  let placement: ExpertPlacement
  /// The chance of each copy of an expert to be a token's choice.
  private(set) var slotChances: [Double] = []

  init(weights: [Double], chances: [Double], placement: ExpertPlacement) {
    self.weights = weights
    self.placement = placement
    slotChances = placement.expert.map { chances[$0] / Double(placement.copies[$0]) }
  }

  init(popularity: [Double], placement: ExpertPlacement) {
    self.popularity = popularity
    self.placement = placement
  }
}

/// The random numbers of steps of all sizes.
private struct LayerDraws {
  private let layer: DrawnLayer
  private let routing: ExpertRouting
  private var stream: RandomStream
  /// Tokens drawn one by one, and how many came to each slot.
  private var drawn = 0
  private var counts: [Double]
  /// Tokens, experts touched, and the chance that a token touches none, of each rank.
  private var ranks: [SIMD4<Double>]
  /// A standard normal number for each slot, for steps of many tokens.
  private let normals: [Double]
  /// Sums of the weights before each expert.
  private let before: [Double]

  init(_ layer: DrawnLayer, of routing: ExpertRouting, _ stream: inout RandomStream) {
    self.layer = layer
    self.routing = routing
    let needsDraws = layer.popularity.isEmpty
    normals =
      needsDraws ? (0..<routing.slots).map { _ in stream.normal(mean: 0, standardDeviation: 1) } : []
    self.stream = RandomStream(state: stream.next())
    counts = [Double](repeating: 0, count: routing.slots)
    ranks = [SIMD4<Double>](repeating: .zero, count: routing.ranks)
    var sum = 0.0
    before = layer.weights.map {
      sum += $0
      return sum - $0
    }
  }

  /// The busiest rank of a step of so many tokens: no fewer than asked for before.
  mutating func busiest(tokens: Int) -> RankFigures {
    if !layer.popularity.isEmpty { return figures(ofTable: tokens) }
    if tokens <= ExpertRouting.tokenByToken {
      while drawn < tokens { drawToken() }
      return figures(tokens: tokens)
    }
    return figures(ofMany: tokens)
  }

  /// One more token chooses its experts and a copy of each.
  private mutating func drawToken() {
    drawn += 1
    var chosen: [Int] = []
    var left = before.last.map { $0 + layer.weights[layer.weights.count - 1] } ?? 0
    for _ in 0..<routing.perToken {
      // A point in the weights that are left, moved past those that are taken.
      var point = stream.uniform() * left
      for taken in chosen where before[taken] <= point { point += layer.weights[taken] }
      var low = 0
      var high = before.count
      while high - low > 1 {
        let middle = (low + high) / 2
        if before[middle] <= point { low = middle } else { high = middle }
      }
      // Rounding may hit the edge of one that is taken.
      while chosen.contains(low) { low = (low + 1) % before.count }
      left -= layer.weights[low]
      let place = chosen.firstIndex { $0 > low } ?? chosen.count
      chosen.insert(low, at: place)
      counts[slot(of: low)] += 1
    }
  }

  /// One of the slots of an expert, at random.
  private mutating func slot(of expert: Int) -> Int {
    let copies = layer.placement.copies[expert]
    guard copies > 1 else { return expert }
    var which = Int(stream.uniformInteger(below: UInt64(copies)))
    if which == 0 { return expert }
    // The first copy has its expert's number; the others follow all experts.
    for slot in routing.experts..<routing.slots where layer.placement.expert[slot] == expert {
      which -= 1
      if which == 0 { return slot }
    }
    return expert
  }

  /// A step of many tokens: binomial numbers of tokens of each slot that add up to all choices.
  private mutating func figures(ofMany tokens: Int) -> RankFigures {
    let all = Double(tokens)
    var sum = 0.0
    var variance = 0.0
    for slot in 0..<routing.slots {
      let chance = layer.slotChances[slot]
      let drawn = binomial(tokens, chance: chance, normal: normals[slot])
      counts[slot] = drawn
      sum += drawn
      variance += all * chance * (1 - chance)
    }
    // Choices are as many as they are: what is drawn too much is taken back where it is likeliest to come from.
    let excess = variance > 0 ? (sum - all * Double(routing.perToken)) / variance : 0
    return figures(tokens: tokens, excess: excess)
  }

  /// The quantile of the binomial distribution where the standard normal one is `normal`.
  private func binomial(_ tokens: Int, chance: Double, normal: Double) -> Double {
    let mean = Double(tokens) * chance
    if mean >= 12 || chance >= 0.5 {
      return max(0, mean + (mean * (1 - chance)).squareRoot() * normal)
    }
    let target = gsl_cdf_ugaussian_P(normal)
    var probability = gsl_ran_binomial_pdf(0, chance, UInt32(tokens))
    var sum = probability
    var count = 0
    while sum < target, count < tokens {
      probability *= Double(tokens - count) / Double(count + 1) * chance / (1 - chance)
      count += 1
      sum += probability
      if probability < 1e-14, Double(count) > mean { break }
    }
    return Double(count)
  }

  /// A step under the law of tables.
  private mutating func figures(ofTable tokens: Int) -> RankFigures {
    let experts = routing.tableCounts(layer.popularity, tokens: tokens)
    var dealt = [Int](repeating: 0, count: routing.experts)
    for slot in 0..<routing.slots {
      // Copies share their tokens evenly; what is left over goes to the first ones.
      let expert = layer.placement.expert[slot]
      let (each, rest) = experts[expert].quotientAndRemainder(dividingBy: layer.placement.copies[expert])
      counts[slot] = Double(each + (dealt[expert] < rest ? 1 : 0))
      dealt[expert] += 1
    }
    return figures(tokens: tokens)
  }

  /// The busiest rank of the tokens that slots have, of which `excess` × their variance is taken back.
  private mutating func figures(tokens: Int, excess: Double = 0) -> RankFigures {
    let all = Double(tokens)
    for rank in 0..<routing.ranks { ranks[rank] = SIMD4(0, 0, 1, 0) }
    for slot in 0..<routing.slots {
      let drawn = counts[slot]
      guard drawn > 0 else { continue }
      var count = drawn
      if excess != 0 {
        let chance = layer.slotChances[slot]
        count = max(0, drawn - excess * all * chance * (1 - chance))
      }
      let rank = layer.placement.rank[slot]
      ranks[rank][0] += count
      ranks[rank][1] += 1
      ranks[rank][2] *= 1 - min(count / all, 1)
    }
    var busiest = RankFigures.zero
    let perToken = Double(routing.perToken)
    for rank in 0..<routing.ranks {
      let load = ranks[rank][0]
      // That no choice of a token falls on the rank, were experts chosen independently, and given how many it chooses: so
      // many of a Poisson number fall elsewhere (exact for choices with equal chances but for terms of 1 / experts).
      let mean = min(load / all, perToken)
      let none = ranks[rank][2] * exp(mean) * pow(1 - mean / perToken, perToken)
      busiest = busiest.max(with: RankFigures(load, ranks[rank][1], all * (1 - none), 0))
    }
    return busiest
  }
}

extension RankFigures {
  fileprivate func max(with other: RankFigures) -> RankFigures {
    replacing(with: other, where: other .> self)
  }
}

extension ExpertRouting {
  /// Tokens of each expert under the law of tables, from where experts lie in the distribution of popularity.
  func tableCounts(_ popularity: [Double], tokens: Int) -> [Int] {
    guard case .table(let exponent) = law else { return [] }
    let choices = tokens * perToken
    let bounds = choices > experts ? (1.0, max(0.8 * Double(tokens), 1.001)) : (0.01, 2.0)
    let power = 1 - exponent
    let drawn = popularity.map { share -> Double in
      guard abs(power) > 1e-9 else { return bounds.0 * pow(bounds.1 / bounds.0, share) }
      let low = pow(bounds.0, power)
      return pow(low + (pow(bounds.1, power) - low) * share, 1 / power)
    }
    let sum = drawn.reduce(0, +)
    var counts = drawn.map { Int(($0 / sum * Double(choices)).rounded()) }
    var left = choices - counts.reduce(0, +)
    guard left != 0 else { return counts }
    // Rounding is made good from the most popular expert on, or taken from the least popular ones.
    let order = counts.indices.sorted { (drawn[$0], -$0) > (drawn[$1], -$1) }
    var place = 0
    while left > 0 {
      counts[order[place % order.count]] += 1
      left -= 1
      place += 1
    }
    while left < 0 {
      let coldest = order[order.count - 1 - place % order.count]
      counts[counts[coldest] > 0 ? coldest : order[0]] -= 1
      left += 1
      place += 1
    }
    return counts
  }
}
