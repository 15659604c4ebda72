import CostModel
import Simulation
import Workload

/// The requests of a deployment as a fixed number of them, drawn through the samplers that the simulation uses.
struct RequestMix: Sendable {
  /// One of the requests that stand for all.
  struct Sample: Sendable {
    /// Tokens of the prompt.
    var prompt: Double
    /// Tokens of the prompt that no prefix cache holds.
    var uncached: Double
    /// Output tokens, hidden ones included.
    var output: Double
    /// Output tokens that the client allows.
    var maximumOutput: Double
    /// Output tokens that come before the answer.
    var thinking: Double
    /// Share of the requests that it stands for; all shares add up to 1.
    var weight: Double
  }

  /// Requests that are drawn for all streams together.
  static let draws = 2048

  /// The requests, stream by stream.
  let samples: [Sample]
  /// Mean prompt, in tokens.
  let meanPrompt: Double
  /// Mean of the prompt's tokens that have to be processed.
  let meanUncached: Double
  /// Mean of their square.
  let uncachedSecondMoment: Double
  /// Mean output tokens.
  let meanOutput: Double
  /// Mean decode steps after the first token.
  let meanSteps: Double
  /// Squared coefficient of variation of decode steps, at most 100.
  let stepsVariation: Double
  /// Mean context of a decoding sequence in a step, in tokens: requests count by the steps that they take.
  let meanContext: Double
  /// The same in layers with a bounded context.
  let meanBoundedContext: Double
  /// Decode steps that a token takes, on top of a constant; see ``SpeculationSteps``.
  let pace: SpeculationSteps
  /// Prompts to be processed, ascending, in parts of equal weight: the mean of each part.
  let promptParts: [Double]

  /// A mix of drawn requests, at least one, under an engine's speculation and a model's bound of contexts.
  init(_ samples: [Sample], speculation: Speculation?, bound: ContextBound) {
    precondition(!samples.isEmpty, "a mix of no requests")
    let total = samples.reduce(0) { $0 + $1.weight }
    let samples = samples.map { sample in
      var sample = sample
      sample.weight /= total
      return sample
    }
    func mean(_ value: (Sample) -> Double) -> Double { samples.reduce(0) { $0 + $1.weight * value($1) } }
    let pace = SpeculationSteps(speculation)
    let steps = mean { pace.steps(forTokens: $0.output - 1) }
    self.samples = samples
    self.pace = pace
    meanPrompt = mean(\.prompt)
    meanUncached = mean(\.uncached)
    uncachedSecondMoment = mean { $0.uncached * $0.uncached }
    meanOutput = mean(\.output)
    meanSteps = steps
    if steps > 0 {
      let square = mean { pace.steps(forTokens: $0.output - 1) * pace.steps(forTokens: $0.output - 1) }
      stepsVariation = min(max(square / (steps * steps) - 1, 0), 100)
      meanContext = mean { pace.steps(forTokens: $0.output - 1) * ($0.prompt + $0.output / 2) } / steps
      meanBoundedContext =
        mean { pace.steps(forTokens: $0.output - 1) * Self.boundedContext(of: $0, bound) } / steps
    } else {
      stepsVariation = 0
      meanContext = meanPrompt
      meanBoundedContext = Double(bound.context(at: max(1, Int(meanPrompt))))
    }
    promptParts = Self.parts(samples)
  }

  /// Mean bounded context over the steps of a request: tokens after the prompt attend to pairs of their own.
  private static func boundedContext(of sample: Sample, _ bound: ContextBound) -> Double {
    let decoded = max(1, Int(sample.output) - 1)
    return Double(bound.pairs(new: decoded, past: Int(sample.prompt))) / Double(decoded)
  }

  private static func parts(_ samples: [Sample]) -> [Double] {
    let count = 8
    let sorted = samples.sorted { $0.uncached < $1.uncached }
    var sums = Array(repeating: 0.0, count: count)
    var weights = Array(repeating: 0.0, count: count)
    var seen = 0.0
    for sample in sorted {
      let part = min(Int((seen + sample.weight / 2) * Double(count)), count - 1)
      sums[part] += sample.weight * sample.uncached
      weights[part] += sample.weight
      seen += sample.weight
    }
    return zip(sums, weights).compactMap { $1 > 0 ? $0 / $1 : nil }
  }

  /// The longest of `count` >= 1 prompts, on average: the quantile at count / (count + 1).
  func longestPrompt(of count: Double) -> Double {
    guard promptParts.count > 1 else { return promptParts[0] }
    let position = count / (count + 1) * Double(promptParts.count) - 0.5
    let low = min(max(Int(position), 0), promptParts.count - 2)
    let share = min(max(position - Double(low), 0), 1)
    return promptParts[low] + (promptParts[low + 1] - promptParts[low]) * share
  }

  /// The weighted mean of a figure of requests.
  func mean(_ value: (Sample) -> Double) -> Double { samples.reduce(0) { $0 + $1.weight * value($1) } }
}

/// How many decode steps an answer takes on average.
///
/// Without speculation a token is a step. With it, steps yield a geometric number of tokens cut off at the drafts + 1,
/// and the first passage over T tokens takes T/a + E[X(X − 1)]/2a² steps on average (Wald's identity with the mean
/// excess of renewal theory; the law that `Simulation` draws from).
struct SpeculationSteps: Sendable {
  /// Mean tokens of a step, >= 1.
  let tokensPerStep: Double
  /// Steps that every answer takes beside T/a.
  private let excess: Double
  /// The most tokens of a step.
  private let most: Double

  init(_ speculation: Speculation?) {
    guard let speculation else {
      tokensPerStep = 1
      excess = 0
      most = 1
      return
    }
    let count = speculation.draftTokens + 1
    func moments(_ p: Double) -> (mean: Double, pairs: Double) {
      var power = 1.0
      var mean = 1.0
      var pairs = 0.0
      for k in 1..<count {
        power *= p
        mean += power
        pairs += 2 * Double(k) * power
      }
      return (mean, pairs)
    }
    var low = 0.0
    var high = 1.0
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if moments(middle).mean < speculation.acceptanceLength { low = middle } else { high = middle }
    }
    let found = moments(high)
    tokensPerStep = found.mean
    excess = found.pairs / (2 * found.mean * found.mean)
    most = Double(count)
  }

  /// Mean steps in which `tokens` further tokens are out; 0 for none.
  func steps(forTokens tokens: Double) -> Double {
    guard tokens > 0 else { return 0 }
    return min(max(tokens / tokensPerStep + excess, tokens / most), tokens)
  }
}
