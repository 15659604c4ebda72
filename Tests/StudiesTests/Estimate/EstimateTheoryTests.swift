import CostModel
import Simulation
import Testing
import Workload

@testable import Studies

/// Parts of the estimate against closed forms.
struct EstimateTheoryTests {
  /// A server for each request: the number is Poisson, whatever the service time.
  @Test func serversForAll() {
    let batch = BatchDistribution(
      BatchDistribution.Queue(
        requestsPerSecond: 4, steps: 100, places: 200, evenness: 1, tailEvenness: 1,
        stepSeconds: { _ in 0.02 }, utilisation: 0.04))
    #expect(abs(batch.mean - 8) < 1e-9)
    let second = batch.mean { $0 * $0 }
    #expect(abs(second - 64 - 8) < 1e-6)
    #expect(batch.waitingShare < 1e-12)
  }

  /// One processor that is shared: E[N] = ρ / (1 − ρ).
  @Test(arguments: [0.2, 0.6, 0.9])
  func sharedProcessor(utilisation: Double) {
    let batch = BatchDistribution(
      BatchDistribution.Queue(
        requestsPerSecond: utilisation, steps: 10, places: 2000, evenness: 1, tailEvenness: 1,
        stepSeconds: { Double($0) * 0.1 }, utilisation: utilisation))
    #expect(abs(batch.mean - utilisation / (1 - utilisation)) < 1e-6)
  }

  /// M/M/c: who finds all servers busy waits, by Erlang's formula.
  @Test(arguments: [(1, 0.7), (4, 0.8), (16, 0.9)])
  func severalServers(servers: Int, utilisation: Double) {
    let batch = BatchDistribution(
      BatchDistribution.Queue(
        requestsPerSecond: Double(servers) * utilisation, steps: 1, places: servers, evenness: 1,
        tailEvenness: 1, stepSeconds: { _ in 1 }, utilisation: utilisation))
    let expected = QueueingSuite.erlangC(servers: servers, utilisation: utilisation)
    #expect(abs(batch.waitingShare - expected) < 1e-9)
    #expect(abs(batch.meanWaiting - expected * utilisation / (1 - utilisation)) < 1e-9)
  }

  /// However even a router makes the load, as many requests are done as come.
  @Test(arguments: [0.5, 1, 4, 1000])
  func throughputIsKept(evenness: Double) {
    func seconds(_ n: Int) -> Double { 0.01 + 0.001 * Double(n) }
    let batch = BatchDistribution(
      BatchDistribution.Queue(
        requestsPerSecond: 2, steps: 100, places: 64, evenness: evenness, tailEvenness: evenness,
        stepSeconds: seconds, utilisation: 2 / (64 / (100 * seconds(64)))))
    let done = batch.mean { $0 > 0 ? $0 / (100 * seconds(Int($0))) : 0 }
    #expect(abs(done - 2) < 1e-6)
  }

  /// A replica that takes one prompt of constant length at a time is M/D/1: the wait is ρ / 2(1 − ρ) services.
  @Test(arguments: [0.1, 0.3, 0.6])
  func onePromptAtATime(utilisation: Double) {
    let service = 0.05
    let model = StepModel(cost: constantSteps(service), engine: engine(batch: 1, tokens: 1), mix: prompts(1))
    #expect(PromptQueue.most(model) == 1)
    #expect(abs(PromptQueue.capacity(model) - 1 / service) < 1e-9)
    let queue = PromptQueue(model, requestsPerSecond: utilisation / service)
    #expect(abs(queue.idleShare - (1 - utilisation)) < 1e-3)
    var wait = 0.0
    for (index, sample) in model.mix.samples.enumerated() {
      wait += sample.weight * queue.times(of: index).wait
    }
    let expected = utilisation / (2 * (1 - utilisation)) * service
    #expect(abs(wait / expected - 1) < 0.05)
  }

  /// Where a step holds whatever waits, the capacity is that of full steps.
  @Test func promptsThatShareSteps() {
    let model = StepModel(cost: constantSteps(0.05), engine: engine(batch: 8, tokens: 64), mix: prompts(8))
    #expect(PromptQueue.most(model) == 8)
    #expect(abs(PromptQueue.capacity(model) - 160) < 1e-9)
  }

  /// Steps with prompts come as often as Poisson arrivals make them, and no oftener than there are prompts.
  @Test func stepsWithPrompts() {
    let mix = RequestMix(
      [RequestMix.Sample(prompt: 4, uncached: 4, output: 11, maximumOutput: 11, thinking: 0, weight: 1)],
      speculation: nil, bound: .none)
    let model = StepModel(cost: constantSteps(0.01), engine: engine(batch: 16, tokens: 64), mix: mix)
    let cycle = model.cycle(decodes: 4, arrivals: .perSecond(10))
    #expect(abs(cycle.seconds - 0.01) < 1e-12)
    #expect(abs(cycle.promptSteps - (1 - exponential(-0.1))) < 1e-9)
    var pausing = model
    pausing = StepModel(cost: model.cost, engine: engine(batch: 16, tokens: 64, .prefillFirst), mix: mix)
    let paused = pausing.cycle(decodes: 4, arrivals: .perSecond(10))
    #expect(paused.seconds > 0.01 && paused.promptSteps > 0.1)
    #expect(abs(paused.seconds - 0.01 * (1 + paused.promptSteps)) < 1e-9)
  }

  /// The mean passage that `Simulation` draws from: with one draft that is always kept, two tokens a step.
  @Test func stepsUnderSpeculation() {
    let always = SpeculationSteps(Speculation(draftTokens: 1, acceptanceLength: 2))
    #expect(abs(always.tokensPerStep - 2) < 1e-9)
    #expect(abs(always.steps(forTokens: 100) - 50.25) < 1e-6)
    let none = SpeculationSteps(nil)
    #expect(none.steps(forTokens: 7) == 7 && none.steps(forTokens: 0) == 0)
  }

  @Test func quantiles() {
    #expect(abs(normalQuantile(0.975) - 1.959964) < 1e-5)
    #expect(abs(normalQuantile(0.001) + 3.090232) < 1e-5)
    #expect(poissonQuantile(mean: 3, share: 0.5) == 3)
    #expect(arrivalQuantile(mean: 0.5, share: 0.5, regularity: 32) == 0)
    #expect(abs(arrivalShare(mean: 0.5, regularity: 1) - (1 - exponential(-0.5))) < 1e-12)
    // Arrivals like clockwork: one in every other interval of half a gap.
    #expect(abs(arrivalShare(mean: 0.5, regularity: 32) - 0.5) < 0.01)
  }

  private func prompts(_ tokens: Double) -> RequestMix {
    let sample = RequestMix.Sample(
      prompt: tokens, uncached: tokens, output: 1, maximumOutput: 1, thinking: 0, weight: 1)
    return RequestMix(Array(repeating: sample, count: 2048), speculation: nil, bound: .none)
  }

  private func engine(batch: Int, tokens: Int, _ policy: PrefillPolicy = .mixed) -> EngineOptions {
    var options = EngineOptions(
      maximumBatchSize: batch, maximumBatchTokens: tokens, chunkedPrefill: true, capacityPolicy: .currentUse,
      maximumContextTokens: 1000)
    options.prefillPolicy = policy
    return options
  }

  private func constantSteps(_ seconds: Double) -> StepCostTable {
    var cost = CostVector.zero
    cost[.time] = seconds
    cost[.launch] = seconds
    cost[.framework] = seconds
    let none = KnotTable(maximum: 64, bits: 3) { _ in .zero }
    return StepCostTable(
      decodeBase: cost, mixedBase: cost, tokens: none, sequences: none, rows: none,
      context: ContextGrid(maximumSequences: 64, maximumContext: 1000) { _, _ in .zero },
      chunk: KnotTable(maximum: 1 << 16, bits: 3) { _ in .zero })
  }
}
