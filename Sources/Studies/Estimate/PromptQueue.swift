import CostModel
import Simulation

/// A replica that only works on prompts, in steady state: requests that wait are served together, as many as a step holds.
///
/// A queue with bulk service whose length depends on the number served (M. F. Neuts, "A general class of bulk queues with
/// Poisson input", Annals of Mathematical Statistics 38, 1967): the number that waits when a step ends is a Markov chain,
/// since it follows from the Poisson number that came during the step.
struct PromptQueue: Sendable {
  let model: StepModel
  /// Requests each second that come to the replica.
  let requestsPerSecond: Double
  /// The most prompts of a step.
  let most: Int
  /// Seconds of a step by its prompts, from 1; several steps where one prompt needs several.
  private let seconds: [Double]
  /// Shares of steps by the number that waits at their end.
  private let waiting: [Double]
  /// By how much shorter waits are than those of a replica that gets requests by chance.
  var waitFactor = 1.0
  /// The share of time in which no step is under way.
  let idleShare: Double

  private static let points = EvenPoints(dimensions: 6)
  /// Requests that wait at most in the chain.
  private static let longest = 192

  /// The cost of the steps that work on `count` mean prompts together.
  static func cost(_ model: StepModel, prompts count: Double) -> CostVector {
    let budget = model.promptBudget(beside: 0)
    let steps = max(count * model.mix.meanUncached / budget, model.chunkCount(budget), 1)
    let chunks = max(count * model.chunkCount(budget) / steps, 1)
    return model.meanPromptStep(
      decodes: 0, chunks: chunks, tokens: count * model.mix.meanUncached / steps, budget: budget
    ).cost * steps
  }

  /// The most prompts of a step.
  static func most(_ model: StepModel) -> Int {
    let budget = model.promptBudget(beside: 0)
    // Without chunks a step ends with the last prompt that fits whole; with them the last one begins in it.
    let room = (budget / model.mix.meanUncached).rounded(model.engine.chunkedPrefill ? .up : .down)
    return max(min(Int(room), model.engine.maximumBatchSize), 1)
  }

  /// Requests each second that a replica sustains: those of the fullest steps.
  static func capacity(_ model: StepModel) -> Double {
    let count = Double(most(model))
    return count / cost(model, prompts: count)[.time]
  }

  /// The steady state at a rate below the capacity.
  init(_ model: StepModel, requestsPerSecond: Double) {
    self.model = model
    self.requestsPerSecond = requestsPerSecond
    let most = min(Self.most(model), Self.longest)
    self.most = most
    let seconds = (1...most).map { Self.cost(model, prompts: Double($0))[.time] }
    self.seconds = seconds
    let size = Self.longest + 1
    // Transitions differ only by the prompts of the next step and by what it leaves.
    let arrivals = seconds.map { Self.arrivals(mean: requestsPerSecond * $0, upTo: size) }
    var shares = Array(repeating: 0.0, count: size)
    shares[0] = 1
    for _ in 0..<400 {
      var next = Array(repeating: 0.0, count: size)
      for (number, share) in shares.enumerated() where share > 1e-12 {
        let served = min(max(number, 1), most)
        let left = max(number - served, 0)
        for (count, part) in arrivals[served - 1].enumerated() {
          next[min(left + count, size - 1)] += share * part
        }
      }
      let change = zip(shares, next).reduce(0) { $0 + abs($1.0 - $1.1) }
      shares = next
      if change < 1e-9 { break }
    }
    waiting = shares
    var busy = 0.0
    for (number, share) in shares.enumerated() { busy += share * seconds[min(max(number, 1), most) - 1] }
    let idle = requestsPerSecond > 0 ? shares[0] / requestsPerSecond : 1
    idleShare = idle / (idle + busy)
  }

  private static func arrivals(mean: Double, upTo size: Int) -> [Double] {
    var parts: [Double] = []
    var logarithmOfTerm = -mean
    var sum = 0.0
    for count in 0..<size {
      if count > 0 { logarithmOfTerm += logarithm(max(mean, 1e-300) / Double(count)) }
      let part = exponential(logarithmOfTerm)
      parts.append(part)
      sum += part
      if Double(count) > mean, part < 1e-9 { break }
    }
    // What is cut off came too.
    parts[parts.count - 1] += max(1 - sum, 0)
    return parts
  }

  /// Mean prompts of a step.
  var meanServed: Double {
    waiting.enumerated().reduce(0) { $0 + $1.element * Double(min(max($1.offset, 1), most)) }
  }

  /// Seconds of lanes that pass each second.
  var costPerSecond: CostVector {
    var cost = CostVector.zero
    var served = 0.0
    for (number, share) in waiting.enumerated() where share > 1e-9 {
      let count = min(max(number, 1), most)
      cost += Self.cost(model, prompts: Double(count)) * share
      served += share * Double(count)
    }
    return cost * (requestsPerSecond / served)
  }

  /// What the request at `index` of the mix waits for, and how long the steps take that its prompt is in, in seconds.
  func times(of index: Int) -> (wait: Double, seconds: Double) {
    let sample = model.mix.samples[index]
    func point(_ dimension: Int) -> Double { Self.points.coordinate(index, dimension) }
    let mean = max(model.mix.meanUncached, 1)
    /// The steps of `count` prompts, of which this one is one.
    func step(_ count: Double) -> Double {
      let budget = model.promptBudget(beside: 0)
      let tokens = (count - 1) * mean + sample.uncached
      let steps = max((tokens / budget).rounded(.up), 1)
      let longest = min(max(sample.uncached, model.mix.longestPrompt(of: count)), tokens / steps)
      let one = model.promptStep(
        decodes: 0, tokens: tokens / steps, chunks: max(count / steps, 1), ending: max(count / steps, 1),
        longest: longest, attention: model.attention * (tokens / mean / steps))
      return one[.time] * steps
    }
    guard point(0) >= idleShare else { return (0, step(1)) }
    // The step that it falls into, longer ones more often.
    let target = (point(0) - idleShare) / (1 - idleShare)
    let weights = waiting.enumerated().map { $0.element * seconds[min(max($0.offset, 1), most) - 1] }
    let total = weights.reduce(0, +)
    var sum = 0.0
    var number = 0
    for (index, weight) in weights.enumerated() {
      sum += weight / total
      number = index
      if sum >= target { break }
    }
    let served = min(max(number, 1), most)
    let length = seconds[served - 1]
    let residual = point(1) * length
    let came = poissonQuantile(mean: requestsPerSecond * (length - residual), share: point(2))
    let ahead = Double(max(number - served, 0)) + came
    let batches = (ahead / Double(most)).rounded(.down)
    let wait = residual + batches * seconds[most - 1]
    let after = poissonQuantile(mean: requestsPerSecond * wait, share: point(3))
    let together = min(ahead - batches * Double(most) + after + 1, Double(most))
    return (wait * waitFactor, step(together))
  }
}
