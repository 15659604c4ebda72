import CostModel
import Simulation

/// From arrival to first token on a replica that works on prompts and answers.
///
/// A request passes the front end, waits for a place where all are taken, for the end of the step under way, for prompts
/// before it that one step has no room for, and for the steps that its own prompt is in. Each part is evaluated at evenly
/// spread points of its distribution, one for each request of the mix; nothing is taken forward in time.
struct FirstTokenModel: Sendable {
  let model: StepModel
  let frontEnd: FrontEnd
  /// Requests each second that come to the replica.
  let requestsPerSecond: Double
  let cycles: CycleTable
  let batch: BatchDistribution
  /// Seconds that requests wait for a place at least and at most, evenly spread, beside what ``batch`` says.
  var placeSeconds = 0.0...0.0

  private static let points = EvenPoints(dimensions: 6)

  /// Prompts that wait for a step with room, in tokens.
  private struct Backlog {
    var share = 0.0
    var meanTokens = 0.0
  }

  /// What the request at `index` of the mix goes through until its first token.
  func times(of index: Int) -> (queue: Double, firstToken: Double) {
    let sample = model.mix.samples[index]
    func point(_ dimension: Int) -> Double { Self.points.coordinate(index, dimension) }
    let n = batch.quantile(point(0))
    let cycle = cycles.cycle(at: n)
    let front = frontEnd.seconds + frontEnd.secondsPerInputToken * sample.prompt
    let budget = model.promptBudget(beside: n)

    let low = placeSeconds.lowerBound
    var wait = low + (placeSeconds.upperBound - low) * point(1)
    var before = max(cycle.chunksPerStep - 1, 0)
    var others = 0.0
    let draw = point(1)
    if draw < batch.waitingShare {
      let mean = batch.meanWaiting / (requestsPerSecond * batch.waitingShare)
      wait += -mean * logarithm(draw / batch.waitingShare)
    } else if placeSeconds.upperBound == 0 {
      let (step, residual) = stepUnderWay(n, cycle, place: point(2))
      wait += residual
      before = arrivalQuantile(
        mean: requestsPerSecond * (step - residual), share: point(3), regularity: model.regularity)
      others = arrivalQuantile(
        mean: requestsPerSecond * residual, share: point(4), regularity: model.regularity)
      if cycle.heldSteps > 1 { wait += point(4) * (cycle.heldSteps - 1) * cycle.decodeSeconds }
    }
    if cycle.heldSteps > 1 { before = max(before, cycle.chunksPerStep - 1) }
    let backlog = backlog(cycle, budget: budget)
    var ahead = tokens(ofPrompts: before, of: index)
    if point(5) < backlog.share { ahead += -backlog.meanTokens * logarithm(point(5) / backlog.share) }
    let own = promptSeconds(
      sample, decodes: n, ahead: ahead, others: tokens(ofPrompts: others, of: index + 1), budget: budget)
    return (front + wait + own.wait, front + wait + own.wait + own.seconds)
  }

  /// The step under way when a request comes to the scheduler, and what is left of it.
  private func stepUnderWay(
    _ n: Double, _ cycle: StepModel.Cycle, place: Double
  ) -> (seconds: Double, residual: Double) {
    guard n >= 0.5 else { return (0, 0) }
    let decodes = model.pausesDecodes ? 1 : 1 - cycle.promptSteps
    let inPrompts = cycle.promptSteps * cycle.promptSeconds
    let share = inPrompts / max(inPrompts + decodes * cycle.decodeSeconds, 1e-300)
    // The first part of the interval stands for steps with prompts, longer ones more often, the rest for the others.
    guard place < share, !cycle.promptSecondsByPart.isEmpty else {
      return (cycle.decodeSeconds, (place - share) / (1 - share) * cycle.decodeSeconds)
    }
    var left = place / share * cycle.promptSecondsByPart.reduce(0, +)
    for seconds in cycle.promptSecondsByPart {
      if left < seconds { return (seconds, left) }
      left -= seconds
    }
    return (cycle.promptSeconds, cycle.promptSeconds / 2)
  }

  /// Tokens of so many prompts, of lengths that differ with `index`.
  private func tokens(ofPrompts count: Double, of index: Int) -> Double {
    guard count < 12 else { return count * model.mix.meanUncached }
    let samples = model.mix.samples
    var sum = 0.0
    for number in 0..<Int(count) {
      // Any other request of the mix.
      sum += samples[(index + (number + 1) * 797) % samples.count].uncached
    }
    return sum
  }

  /// Tokens of prompts that the steps before had no room for.
  ///
  /// Steps take T tokens, of those that came during the step before; what is left over is the maximum of a random walk,
  /// with normal increments by Spitzer's identity: E = Σ E[S_k⁺] / k, P(0) = exp(−Σ P(S_k > 0) / k) (F. Spitzer, "A
  /// combinatorial lemma", Trans. AMS 82, 1956).
  private func backlog(_ cycle: StepModel.Cycle, budget: Double) -> Backlog {
    let step = cycle.fullSeconds
    let room = model.engine.chunkedPrefill ? budget : max(budget - model.mix.meanUncached / 2, budget / 2)
    let rate = requestsPerSecond * step
    let mean = model.mix.meanUncached
    // Regular arrivals leave the variation of lengths.
    let variance = rate * (model.mix.uncachedSecondMoment - mean * mean * (1 - 1 / model.regularity))
    let spare = room - rate * mean
    guard variance > 0 else { return Backlog() }
    let deviation = variance.squareRoot()
    let drift = max(spare / deviation, 0.02)
    guard drift < 5 else { return Backlog() }
    var over = 0.0
    var never = 0.0
    for k in 1...2000 {
      let root = Double(k).squareRoot()
      let above = normalShare(below: -drift * root)
      guard above > 1e-9 else { break }
      let density = exponential(-drift * drift * Double(k) / 2) * 0.3989422804014327
      over += (root * density - Double(k) * drift * above) / Double(k)
      never += above / Double(k)
    }
    let share = 1 - exponential(-never)
    return Backlog(share: share, meanTokens: share > 0 ? deviation * over / share : 0)
  }

  /// The steps that a prompt of the mix is in, and those that it waits for prompts ahead of it.
  private func promptSeconds(
    _ sample: RequestMix.Sample, decodes n: Double, ahead: Double, others: Double, budget: Double
  ) -> (wait: Double, seconds: Double) {
    let n = model.pausesDecodes ? 0 : n
    let mean = model.mix.meanUncached
    let perPrompt = model.chunkCount(budget)
    func step(_ tokens: Double) -> Double {
      let chunks = max(1, (tokens - min(sample.uncached, tokens)) / mean + 1)
      let longest = min(max(sample.uncached, model.mix.longestPrompt(of: chunks)), tokens)
      let attention = model.attention * (tokens / mean)
      return model.promptStep(
        decodes: n, tokens: tokens, chunks: chunks, ending: chunks / perPrompt, longest: longest,
        attention: attention)[.time]
    }
    let waited = (ahead / budget).rounded(.down)
    let left = ahead - waited * budget
    let all = left + sample.uncached
    let full = (all / budget).rounded(.up) - 1
    let last = all - full * budget
    let beside = min(last + others, budget)
    let fullSeconds = waited + full > 0 ? step(budget) : 0
    return (waited * fullSeconds, full * fullSeconds + step(beside))
  }
}
