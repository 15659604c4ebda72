import CostModel
import Simulation

/// The engine steps of one replica in a steady state: from tables of step costs to the time between two tokens.
struct StepModel: Sendable {
  let cost: StepCostTable
  let engine: EngineOptions
  let mix: RequestMix
  /// What a mean prompt's own attention costs, over all of its chunks.
  let attention: CostVector
  /// Decode steps of a mean answer, > 0.
  ///
  /// One more than tokens that follow the first where the first one takes a step too.
  var stepsPerRequest: Double
  /// How regularly requests arrive: gaps are sums of so many equal exponential ones; 1 for Poisson arrivals.
  var regularity = 1.0

  /// The steps of an engine for a mix of requests.
  init(cost: StepCostTable, engine: EngineOptions, mix: RequestMix) {
    self.cost = cost
    self.engine = engine
    self.mix = mix
    stepsPerRequest = mix.meanSteps
    var attention = CostVector.zero
    for sample in mix.samples {
      attention += Self.attention(of: sample, cost: cost, engine: engine) * sample.weight
    }
    self.attention = attention
  }

  /// What attention of a prompt costs, chunk by chunk.
  private static func attention(
    of sample: RequestMix.Sample, cost: StepCostTable, engine: EngineOptions
  ) -> CostVector {
    let chunk = engine.chunkedPrefill ? min(engine.maximumBatchTokens, engine.longPrefillThreshold) : Int.max
    var past = Int(sample.prompt - sample.uncached)
    let end = Int(sample.prompt)
    var sum = CostVector.zero
    while past < end {
      let new = min(chunk, end - past)
      sum += cost.chunkCost(new: new, past: past)
      past += new
    }
    return sum
  }

  /// Squared coefficients of variation of answers below which they count as equally long.
  static let equalAnswers = 1e-3

  /// What arrives while a replica runs.
  enum Arrivals: Sendable {
    /// So many requests each second.
    case perSecond(Double)
    /// So many requests from one token to the next: those that take the places of requests that are done.
    case perStep(Double)
  }

  /// What happens from one token of the decoding sequences to the next, on average.
  struct Cycle: Sendable {
    /// Seconds.
    var seconds: Double
    /// All lanes.
    var cost: CostVector
    /// Seconds of a step that only decodes.
    var decodeSeconds: Double
    /// Seconds of a step with prompts.
    var promptSeconds: Double
    /// Steps with prompts.
    var promptSteps: Double
    /// Prompts, or parts of them, in a step that has some.
    var chunksPerStep: Double
    /// Seconds of such steps by the length of their longest prompt, ascending, in parts of equal weight.
    var promptSecondsByPart: [Double]
    /// Seconds of a step that is full of prompts; 0 where none come.
    var fullSeconds = 0.0
    /// Steps that prompts are held back for others.
    var heldSteps: Double
    /// Whether prompts come faster than steps can take them.
    var isOverrun = false
  }

  /// Whether decoding sequences pause while prompts are processed.
  var pausesDecodes: Bool { engine.prefillPolicy == .prefillFirst }

  /// Prompt tokens that a step has room for beside `n` decoding sequences, >= 1.
  func promptBudget(beside n: Double) -> Double {
    let decodes = pausesDecodes ? 0 : n * Double(cost.queries)
    return max(Double(engine.maximumBatchTokens) - decodes, 1)
  }

  /// A cost between those at the two nearest whole numbers of sequences, within the tables.
  private func interpolated(_ n: Double, from least: Int, _ cost: (Int) -> CostVector) -> CostVector {
    let n = min(max(n, Double(least)), Double(self.cost.context.maximumSequences))
    let low = Int(n)
    let first = cost(low)
    return n > Double(low) ? first + (cost(low + 1) - first) * (n - Double(low)) : first
  }

  /// A step that only decodes.
  func decodeStep(_ n: Double) -> CostVector {
    interpolated(n, from: 1) { count in
      cost.decodeRun(
        sequences: count, contextSum: Double(count) * mix.meanContext,
        boundedSum: Double(count) * mix.meanBoundedContext, boundedGrowth: 0
      ).first
    }
  }

  /// A step with prompts.
  ///
  /// - Parameters:
  ///   - n: decoding sequences in it.
  ///   - tokens: prompt tokens in it.
  ///   - chunks: prompts, or parts of them, in it.
  ///   - ending: prompts that end in it.
  ///   - longest: tokens of the longest of them.
  ///   - attention: what their attention costs together.
  /// - Returns: all lanes.
  func promptStep(
    decodes n: Double, tokens: Double, chunks: Double, ending: Double, longest: Double, attention: CostVector
  ) -> CostVector {
    let groups = Double(cost.attentionGroups)
    var attended = attention * (1 / groups)
    if !cost.splitsPrompts, chunks < groups { attended = attention * (1 / max(chunks, 1)) }
    let limit = cost.mixedTokens.maximum - Int(n.rounded(.up)) * cost.queries
    let tokens = min(max(Int(tokens.rounded()), 1), max(limit, 1))
    let prompts = max(Int(chunks.rounded()), 1)
    return interpolated(n, from: 0) { count in
      let rows = min(count * cost.queries + max(Int(ending.rounded()), 1), cost.rows.maximum)
      let mixed = cost.mixedCost(
        sequences: count, contextSum: Double(count) * mix.meanContext,
        boundedSum: Double(count) * mix.meanBoundedContext, chunkTokens: tokens, rows: rows,
        largestChunk: min(Int(longest.rounded()), tokens), prompts: prompts)
      return cost.completed(mixed + attended, sequences: count)
    }
  }

  /// The mean step with prompts, which has `chunks` of them out of prompts of all lengths.
  ///
  /// - Parameters:
  ///   - n: decoding sequences in it.
  ///   - chunks: prompts, or parts of them, in it, >= 1.
  ///   - tokens: mean prompt tokens in it, at most the budget.
  ///   - budget: prompt tokens that it has room for.
  /// - Returns: its cost, and its seconds by the length of one of its prompts.
  func meanPromptStep(
    decodes n: Double, chunks: Double, tokens: Double, budget: Double
  ) -> (cost: CostVector, secondsByPart: [Double]) {
    let perPrompt = chunkCount(budget)
    let perChunk = mix.meanUncached / perPrompt
    let few = chunks < 24
    let prompts = few ? mix.promptParts : [mix.meanUncached]
    // A prompt in several parts is in as many steps.
    let counts = prompts.map { max(($0 / budget).rounded(.up), 1) }
    var held = zip(prompts, counts).map { min((chunks - 1) * perChunk + $0 / $1, budget) }
    let weights = few ? counts : [1]
    let total = weights.reduce(0, +)
    // Steps with short prompts take what those with long ones have no room for.
    for _ in 0..<3 {
      let missing = min(tokens, budget) - zip(held, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
      let room = zip(held, weights).reduce(0) { $0 + ($1.0 < budget ? $1.1 : 0) } / total
      guard missing > 0.5, room > 0 else { break }
      for index in held.indices where held[index] < budget {
        held[index] = min(held[index] + missing / room, budget)
      }
    }
    var sum = CostVector.zero
    var seconds: [Double] = []
    for (index, prompt) in prompts.enumerated() {
      let longest = min(max(prompt / counts[index], mix.longestPrompt(of: chunks) / perPrompt), held[index])
      let step = promptStep(
        decodes: n, tokens: held[index], chunks: chunks, ending: chunks / perPrompt, longest: longest,
        attention: attention * (max(tokens, 1) / max(mix.meanUncached, 1)))
      sum += step * weights[index]
      seconds.append(step[.time])
    }
    return (sum * (1 / total), seconds)
  }

  /// Steps that a mean prompt is spread over when it is alone.
  func chunkCount(_ budget: Double) -> Double {
    let parts = mix.promptParts
    return parts.reduce(0) { $0 + max(($1 / budget).rounded(.up), 1) } / Double(parts.count)
  }

  /// From one token of `n` decoding sequences to the next while prompts arrive.
  ///
  /// Prompts that arrive during a step are in the next one (a Poisson number of them), so that the share of steps with
  /// prompts is f = 1 − e^(−chunks for each step), at least what their tokens need of the budget. Where decodes pause,
  /// steps with prompts come between: after a step of t seconds one follows with probability 1 − e^(−λt).
  func cycle(decodes n: Double, arrivals: Arrivals) -> Cycle {
    let decode = decodeStep(n)
    let budget = promptBudget(beside: n)
    let perPrompt = chunkCount(budget)
    var cycle = Cycle(
      seconds: decode[.time], cost: decode, decodeSeconds: decode[.time], promptSeconds: 0, promptSteps: 0,
      chunksPerStep: 0, promptSecondsByPart: [], heldSteps: 0)
    for _ in 0..<60 {
      let before = cycle.seconds
      let prompts: Double
      switch arrivals {
      case .perSecond(let rate): prompts = rate * before
      case .perStep(let number): prompts = number
      }
      guard prompts > 1e-12 else { return cycle }
      var steps = promptSteps(
        prompts * perPrompt, decodes: n, arrivals: arrivals, cycle: cycle, budget: budget)
      let needed = prompts * mix.meanUncached / budget
      cycle.heldSteps = heldSteps(chunks: prompts * perPrompt, decodes: n, budget: budget)
      if cycle.heldSteps > 1 { steps = min(steps, 1 / cycle.heldSteps) }
      steps = max(steps, needed)
      if !pausesDecodes {
        cycle.isOverrun = steps > 1
        steps = min(steps, 1)
      }
      let chunks = max(prompts * perPrompt / steps, 1)
      let mean = meanPromptStep(
        decodes: pausesDecodes ? 0 : n, chunks: chunks, tokens: prompts * mix.meanUncached / steps,
        budget: budget)
      cycle.promptSteps = steps
      cycle.chunksPerStep = chunks
      cycle.promptSecondsByPart = mean.secondsByPart
      cycle.promptSeconds = mean.cost[.time]
      cycle.cost = decode * (pausesDecodes ? 1 : 1 - steps) + mean.cost * steps
      let next = cycle.cost[.time]
      if next > 1e4 * decode[.time] || !next.isFinite {
        cycle.isOverrun = true
        break
      }
      // Halfway: the share of steps with prompts rises with their length, which rises with the share.
      cycle.seconds = abs(next - before) < 1e-9 * next ? next : before + (next - before) * 0.7
      if abs(next - before) < 1e-9 * next { break }
    }
    cycle.seconds = cycle.cost[.time]
    cycle.fullSeconds =
      meanPromptStep(
        decodes: pausesDecodes ? 0 : n, chunks: max(budget * perPrompt / mix.meanUncached, 1), tokens: budget,
        budget: budget
      ).cost[.time]
    return cycle
  }

  /// Steps with prompts from one token to the next, as far as arrivals bring them about.
  private func promptSteps(
    _ chunks: Double, decodes n: Double, arrivals: Arrivals, cycle: Cycle, budget: Double
  ) -> Double {
    guard pausesDecodes, case .perSecond = arrivals, cycle.promptSeconds > 0 else {
      // Answers of equal length that began together end together: the next prompts fill their steps.
      if pausesDecodes, case .perStep = arrivals, mix.stepsVariation < Self.equalAnswers { return 0 }
      return arrivalShare(mean: chunks, regularity: regularity)
    }
    let perSecond = chunks / cycle.seconds
    let first = arrivalShare(mean: perSecond * cycle.decodeSeconds, regularity: regularity)
    // A step with prompts is followed by another one unless none has come meanwhile.
    return min(first * exponential(min(perSecond * cycle.promptSeconds, 50)), chunks)
  }

  /// Steps that pass from one with prompts to the next because TensorRT-LLM holds prompts back; 1 where it doesn't.
  private func heldSteps(chunks: Double, decodes n: Double, budget: Double) -> Double {
    if let balance = engine.attentionBalance {
      guard n >= Double(balance.groups) else { return 1 }
      let full = Double(balance.groups) / chunks + Double(balance.batchingSteps)
      return max(min(full, Double(balance.timeoutSteps)), 1)
    }
    guard let wait = engine.batchWait else { return 1 }
    let wanted = wait.share * Double(engine.maximumBatchTokens) - n * Double(cost.queries)
    guard wanted > mix.meanUncached else { return 1 }
    return max(min(wanted / (chunks * mix.meanUncached), Double(wait.steps)), 1)
  }
}
