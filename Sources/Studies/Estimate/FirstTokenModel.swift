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
  /// Whether requests come when answers end, at the end of a step.
  var comesWithAnswers = false
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
      let (step, residual) = stepUnderWay(n, cycle, place: point(2), front: front)
      wait += residual
      before = poissonQuantile(mean: requestsPerSecond * (step - residual), share: point(3))
      others = poissonQuantile(mean: requestsPerSecond * residual, share: point(4))
      if cycle.heldSteps > 1 { wait += point(4) * (cycle.heldSteps - 1) * cycle.decodeSeconds }
    }
    if cycle.heldSteps > 1 { before = max(before, cycle.chunksPerStep - 1) }
    let backlog = backlog(cycle, budget: budget)
    var ahead = before * model.mix.meanUncached
    if point(5) < backlog.share { ahead += -backlog.meanTokens * logarithm(point(5) / backlog.share) }
    let own = promptSeconds(sample, decodes: n, ahead: ahead, others: others, budget: budget)
    return (front + wait + own.wait, front + wait + own.wait + own.seconds)
  }

  /// The step under way when a request comes to the scheduler, and what is left of it.
  private func stepUnderWay(
    _ n: Double, _ cycle: StepModel.Cycle, place: Double, front: Double
  ) -> (seconds: Double, residual: Double) {
    guard n >= 0.5 else { return (0, 0) }
    let decodes = model.pausesDecodes ? 1 : 1 - cycle.promptSteps
    let inPrompts = cycle.promptSteps * cycle.promptSeconds
    let share = inPrompts / max(inPrompts + decodes * cycle.decodeSeconds, 1e-300)
    if comesWithAnswers {
      guard front > 0 else { return (0, 0) }
      // Since the step that ended with the answer, whole steps pass until the request is at the scheduler.
      let step = cycle.seconds / (model.pausesDecodes ? 1 + cycle.promptSteps : 1)
      return (step, step * (front / step).rounded(.up) - front)
    }
    // The first part of the interval stands for steps with prompts, the rest for the others.
    return place < share
      ? (cycle.promptSeconds, place / share * cycle.promptSeconds)
      : (cycle.decodeSeconds, (place - share) / (1 - share) * cycle.decodeSeconds)
  }

  /// Tokens of prompts that the steps before had no room for.
  ///
  /// Steps take T tokens, of those that came during the step before; what is left over is the maximum of a random walk,
  /// with normal increments by Spitzer's identity: E = Σ E[S_k⁺] / k, P(0) = exp(−Σ P(S_k > 0) / k) (F. Spitzer, "A
  /// combinatorial lemma", Trans. AMS 82, 1956).
  private func backlog(_ cycle: StepModel.Cycle, budget: Double) -> Backlog {
    let step = model.pausesDecodes ? cycle.promptSeconds : cycle.seconds
    let room = model.engine.chunkedPrefill ? budget : max(budget - model.mix.meanUncached / 2, budget / 2)
    let rate = requestsPerSecond * step
    let variance = rate * model.mix.uncachedSecondMoment
    let spare = room - rate * model.mix.meanUncached
    guard variance > 0 else { return Backlog() }
    let deviation = variance.squareRoot()
    let drift = max(spare / deviation, 0.02)
    guard drift < 5 else { return Backlog() }
    var mean = 0.0
    var never = 0.0
    for k in 1...2000 {
      let root = Double(k).squareRoot()
      let above = normalShare(below: -drift * root)
      guard above > 1e-9 else { break }
      let density = exponential(-drift * drift * Double(k) / 2) * 0.3989422804014327
      mean += (root * density - Double(k) * drift * above) / Double(k)
      never += above / Double(k)
    }
    let share = 1 - exponential(-never)
    return Backlog(share: share, meanTokens: share > 0 ? deviation * mean / share : 0)
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
    let beside = min(last + others * mean, budget)
    let fullSeconds = waited + full > 0 ? step(budget) : 0
    return (waited * fullSeconds, full * fullSeconds + step(beside))
  }
}
