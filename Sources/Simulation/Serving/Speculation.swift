import Workload

/// Speculative decoding: each step drafts tokens and keeps those that the model agrees with.
///
/// Of d drafts the first j are all kept with probability p^j: what a step yields is a geometric number cut off at
/// d + 1, and p is what makes its mean the acceptance length.
public struct Speculation: Sendable, Equatable {
  /// Tokens drafted in a step, >= 1 (TensorRT-LLM `num_nextn_predict_layers`, vLLM `num_speculative_tokens`).
  public var draftTokens: Int
  /// Mean tokens that a step yields, the model's own included, in 1...draftTokens + 1.
  public var acceptanceLength: Double

  /// Speculation; see the properties for ranges.
  public init(draftTokens: Int, acceptanceLength: Double) {
    precondition(draftTokens >= 1, "speculation without a draft")
    precondition(
      acceptanceLength >= 1 && acceptanceLength <= Double(draftTokens + 1),
      "steps yield from one token to one more than the drafts")
    self.draftTokens = draftTokens
    self.acceptanceLength = acceptanceLength
  }
}

/// How many steps answers take under speculative decoding, drawn once for each by the request's number.
struct SpeculationLaw: Sendable {
  /// The most tokens of a step.
  private let most: Int
  /// The probability that one more draft is kept.
  let acceptance: Double
  /// The mean of what a step yields, E[X(X − 1)] and the variance.
  let mean: Double
  private let pairs: Double
  let variance: Double
  /// Draws, by stream.
  private let draws: [RandomStreamFamily]

  /// Answers of up to so many tokens are drawn step by step.
  private static let longestExact = 64

  /// The law of a deployment's requests.
  init(_ speculation: Speculation, seed: UInt64, run: UInt64, name: String, streams: Int) {
    most = speculation.draftTokens + 1
    let target = speculation.acceptanceLength
    func yield(_ p: Double) -> Double {
      var sum = 1.0
      var power = 1.0
      for _ in 1..<(speculation.draftTokens + 1) {
        power *= p
        sum += power
      }
      return sum
    }
    // The mean grows with p: bisection, as far as doubles go.
    var low = 0.0
    var high = 1.0
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if yield(middle) < target { low = middle } else { high = middle }
    }
    acceptance = high
    // E[X(X − 1)] = 2 Σ k P(X > k).
    var pairs = 0.0
    var power = 1.0
    for k in 1..<most {
      power *= high
      pairs += 2 * Double(k) * power
    }
    mean = yield(high)
    self.pairs = pairs
    variance = pairs + mean - mean * mean
    draws = (0..<streams).map {
      RandomStreamFamily(seed: seed, run: run, "speculation.\(name).\($0)")
    }
  }

  /// Steps that the rest of the answer of a request with `tokens` output tokens takes.
  func steps(of request: Request, having tokens: Int32) -> Int {
    steps(
      forTokens: Int(request.output - tokens), stream: Int(request.stream), request: request.index)
  }

  /// Steps in which the `tokens` >= 1 tokens that a request has to come are out.
  ///
  /// The first n for which n draws reach `tokens`: drawn one by one for short answers, from the normal law of that
  /// passage for long ones (mean T/a + E[X(X − 1)]/2a², variance T·σ²/a³).
  func steps(forTokens tokens: Int, stream: Int, request: UInt64) -> Int {
    var draw = draws[stream].stream(index: request)
    guard tokens > Self.longestExact else {
      var left = tokens
      var steps = 0
      while left > 0 {
        let threshold = draw.uniform()
        var yielded = 1
        var power = acceptance
        while yielded < most, threshold < power {
          yielded += 1
          power *= acceptance
        }
        left -= yielded
        steps += 1
      }
      return steps
    }
    let count = Double(tokens)
    let normal = draw.normal(
      mean: count / mean + pairs / (2 * mean * mean),
      standardDeviation: (count * variance / (mean * mean * mean)).squareRoot())
    return min(max(Int(normal.rounded()), (tokens + most - 1) / most), tokens)
  }
}
