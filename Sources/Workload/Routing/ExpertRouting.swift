#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How the tokens of a step choose among the experts of a layer.
public enum RoutingLaw: Sendable, Equatable {
  /// Every expert is as likely as any other: a token chooses its experts at random, without repetition.
  case balanced
  /// The r-th most popular expert (r from 1) has weight r^−exponent; a token chooses one expert after another by weight,
  /// without repetition.
  ///
  /// The same as taking the largest of log weight + Gumbel noise (Plackett–Luce). An exponent of 0 is ``balanced``.
  case powerLaw(exponent: Double)
  /// How the measured kernel tables were made (NVIDIA AIConfigurator, `power_law`): tokens of an expert are in proportion
  /// to a draw from the density x^−exponent on 1 … 0.8 × tokens, or on 0.01 … 2 where there are fewer choices than
  /// experts, and rounded.
  case table(exponent: Double)

  /// The law that the kernels behind the calibration were measured under; the busiest rank's time is what tables hold.
  public static let measured = RoutingLaw.table(exponent: 1.2)
}

/// Where experts are held.
public enum PlacementPolicy: String, Sendable, CaseIterable {
  /// In the order of their numbers, which says nothing of how popular they are.
  case fixed
  /// By their load: the hottest ones are copied, and copies are dealt to ranks so that loads are even.
  ///
  /// As DeepSeek's expert-parallel load balancer does; loads are taken to be known.
  case byLoad = "by-load"
}

/// A layer of experts spread over ranks, and how tokens come to them.
public struct ExpertRouting: Sendable, Equatable {
  /// Experts of the layer, >= 1.
  public var experts: Int
  /// Experts of a token, in 1...experts.
  public var perToken: Int
  /// Ranks that share the experts, >= 1; divides `experts` + `redundantExperts`.
  public var ranks: Int
  /// How tokens choose.
  public var law: RoutingLaw
  /// Copies of hot experts beyond one of each, >= 0.
  public var redundantExperts: Int
  /// Where experts are held.
  public var placement: PlacementPolicy

  /// A layer; see the properties for ranges.
  public init(
    experts: Int, perToken: Int, ranks: Int, law: RoutingLaw, redundantExperts: Int = 0,
    placement: PlacementPolicy = .fixed
  ) {
    precondition((1...experts).contains(perToken) && ranks >= 1, "a layer without experts or ranks")
    precondition((experts + redundantExperts) % ranks == 0, "ranks that hold different numbers of experts")
    precondition(redundantExperts == 0 || placement == .byLoad, "copies of experts whose load nobody knows")
    self.experts = experts
    self.perToken = perToken
    self.ranks = ranks
    self.law = law
    self.redundantExperts = redundantExperts
    self.placement = placement
  }

  /// Copies of experts of all ranks.
  public var slots: Int { experts + redundantExperts }

  /// Weights of experts by popularity, the largest first; nil where they are drawn anew each time.
  var weights: [Double]? {
    switch law {
    case .balanced: [Double](repeating: 1, count: experts)
    case .powerLaw(let exponent): (1...experts).map { pow(Double($0), -exponent) }
    case .table: nil
    }
  }
}

/// Chances of experts to be among those that a token chooses.
enum ChoiceProbabilities {
  /// The chance of each expert, from weights; they add up to `perToken`.
  ///
  /// Each expert has an exponential clock whose rate is its weight, and the first `perToken` to ring are chosen. So the
  /// chance is ∫ w·e^(−wt)·P(fewer than perToken of the others have rung by t) dt, by the trapezoidal rule in log t; how
  /// many of the others have rung is the exact Poisson-binomial distribution.
  ///
  /// O(nodes · experts · perToken).
  static func of(weights: [Double], perToken: Int) -> [Double] {
    let experts = weights.count
    guard perToken < experts else { return [Double](repeating: 1, count: experts) }
    if weights.allSatisfy({ $0 == weights[0] }) {
      return [Double](repeating: Double(perToken) / Double(experts), count: experts)
    }
    let nodes = 160
    // From where nobody has rung to where surely enough have.
    let sum = weights.reduce(0, +)
    let first = log(1e-4 / sum)
    let last = log(latest(weights, perToken))
    var chances = [Double](repeating: 0, count: experts)
    for node in 0...nodes {
      let time = exp(first + (last - first) * Double(node) / Double(nodes))
      let step = (last - first) / Double(nodes) * time * (node == 0 || node == nodes ? 0.5 : 1)
      let rung = weights.map { 1 - exp(-$0 * time) }
      let all = fewest(rung, limit: perToken)
      for expert in 0..<experts {
        chances[expert] +=
          step * weights[expert] * (1 - rung[expert])
          * chanceOfFewer(all, without: rung[expert])
      }
    }
    let total = chances.reduce(0, +)
    return chances.map { min($0 * Double(perToken) / total, 1) }
  }

  /// A time by which more than `perToken` clocks have rung but for a chance of some 1e-9.
  private static func latest(_ weights: [Double], _ perToken: Int) -> Double {
    let enough = min(
      Double(perToken) + 8 * Double(perToken).squareRoot() + 12, Double(weights.count) - 1e-3)
    var time = 1 / weights.reduce(0, +)
    while weights.reduce(0, { $0 + 1 - exp(-$1 * time) }) < enough { time *= 1.5 }
    return time
  }

  /// Chances that exactly 0 … limit − 1 of independent events happen.
  private static func fewest(_ chances: [Double], limit: Int) -> [Double] {
    var exactly = [Double](repeating: 0, count: limit)
    exactly[0] = 1
    for chance in chances {
      for count in stride(from: limit - 1, to: 0, by: -1) {
        exactly[count] = exactly[count] * (1 - chance) + exactly[count - 1] * chance
      }
      exactly[0] *= 1 - chance
    }
    return exactly
  }

  /// The chance that no more than the last of `exactly` happen once an event of chance `chance` is taken out.
  private static func chanceOfFewer(_ exactly: [Double], without chance: Double) -> Double {
    // Taking out multiplies errors by chance / (1 - chance) for each count: at most from 1e-16 to 1e-6. What is more
    // certain than that weighs next to nothing.
    let odds = pow(10, 10 / Double(exactly.count))
    let chance = min(chance, odds / (1 + odds))
    var previous = 0.0
    var sum = 0.0
    for value in exactly {
      previous = max(0, (value - chance * previous) / (1 - chance))
      sum += previous
    }
    return min(sum, 1)
  }
}
