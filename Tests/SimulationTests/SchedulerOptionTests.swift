import CostModel
import Testing
import Workload

@testable import Simulation

/// When a request was scheduled, had its first token and was done, in nanoseconds.
struct RequestTimes: Equatable, CustomStringConvertible {
  var stream: Int32 = 0
  let index: UInt64
  let scheduled: Int64
  let firstToken: Int64
  let completed: Int64

  init(stream: Int32 = 0, _ index: UInt64, _ scheduled: Int64, _ firstToken: Int64, _ completed: Int64) {
    (self.stream, self.index, self.scheduled) = (stream, index, scheduled)
    (self.firstToken, self.completed) = (firstToken, completed)
  }

  var description: String { "\(stream).\(index): \(scheduled) \(firstToken) \(completed)" }
}

/// Runs a deployment in stretches and in single steps against times worked out by hand.
@discardableResult
func expect(
  _ plan: DeploymentPlan, _ times: [RequestTimes], sourceLocation: SourceLocation = #_sourceLocation
) async -> DeploymentOutcome {
  var run = RunPlan(recordsRequests: true)
  let outcome = await Simulation.run(plan, run)
  run.macroSteps = false
  let single = await Simulation.run(plan, run)
  for (outcome, how) in [(outcome, "in stretches"), (single, "in single steps")] {
    let found = outcome.observations.records.map {
      RequestTimes(
        stream: $0.stream, $0.index, $0.scheduled.nanoseconds, $0.firstToken.nanoseconds,
        $0.completed.nanoseconds)
    }
    #expect(found == times, "\(how)", sourceLocation: sourceLocation)
  }
  #expect(differences(outcome, single).isEmpty, sourceLocation: sourceLocation)
  return outcome
}

/// INV-7: what each option of a scheduler does, worked out by hand.
///
/// Times are in nanoseconds. A step takes 1000 and 10 for each token that it processes.
@Suite("INV-7: options of schedulers, worked out by hand")
struct SchedulerOptionTests {
  private let costs = NanosecondCosts(step: 1000, token: 10)

  private func plan(
    batch: Int = 8, tokens: Int = 8192, blocks: Int = 1_000_000, policy: CapacityPolicy = .currentUse,
    maximumOutput: Int = 1000, _ streams: [(arrival: Int64, input: Int32, output: Int32)]...
  ) -> DeploymentPlan {
    deployment(
      batch: batch, tokens: tokens, policy: policy, blocks: blocks, blockTokens: 1, cost: costs.table(),
      streams: streams.map { listedRequests($0, maximumOutput: maximumOutput) })
  }

  @Test("priority: the lowest value starts first, whoever came first")
  func priority() async {
    // One at a time. 0: stream 1's first, prompt to 1100, decode to 2110. Meanwhile stream 0's (value 5) came, then
    // stream 1's second (value 1), which goes first: 2110 to 3210. Then stream 0's: 3210 to 4310.
    var plan = plan(batch: 1, [(100, 10, 1)], [(0, 10, 2), (200, 10, 1)])
    plan.engine.queueOrder = .priority
    plan.streams[0].priority = 5
    plan.streams[1].priority = 1
    await expect(
      plan,
      [
        .init(stream: 0, 0, 3210, 4310, 4310), .init(stream: 1, 0, 0, 1100, 2110),
        .init(stream: 1, 1, 2110, 3210, 3210),
      ])
  }

  @Test("shortest job first: the shortest prompt that waits starts first")
  func shortestPrompt() async {
    // 0: R0, to 1100. R2 (5 tokens), to 2150; R1 (20), to 3350.
    var plan = plan(batch: 1, [(0, 10, 1), (100, 20, 1), (200, 5, 1)])
    plan.engine.queueOrder = .shortestPrompt
    await expect(plan, [.init(0, 0, 1100, 1100), .init(1, 2150, 3350, 3350), .init(2, 1100, 2150, 2150)])
  }

  @Test("priority: who has to make room is the one with the highest value, not the latest")
  func priorityVictim() async {
    // 24 blocks of a token. Both prompts of 10 start together, to 1200: 20 blocks. Two steps of two, 1020 each, to 3240.
    // 3240: no block left. Stream 0's request has value 5: it gives up 12. The other one decodes alone, to 4250 and 5260
    // (done: 5 tokens). 5260: stream 0's computes 12 and its 3 tokens' first two again: 10 + 3 = 13 tokens, to 6390, and
    // has its fourth token; one decode more, to 7400.
    var plan = plan(blocks: 24, maximumOutput: 5, [(0, 10, 5)], [(0, 10, 5)])
    plan.engine.queueOrder = .priority
    plan.streams[0].priority = 5
    let outcome = await expect(
      plan, [.init(stream: 0, 0, 0, 1200, 7400), .init(stream: 1, 0, 0, 1200, 5260)])
    #expect(outcome.observations.records.map(\.preemptions) == [1, 0])
    #expect(outcome.observations.counts.recomputedTokens == 12)
  }

  @Test("swap: blocks go to the host and come back, and steps wait for both copies")
  func swap() async {
    // As above, first come first served: R1 gives up 12 blocks at 3240, which are copied in 12 x 100.
    // 3240: R0 decodes, 1010 + 1200, to 5450; then to 6460 (done). R1's 12 blocks come back and it decodes: 1010 + 1200,
    // to 8670; then to 9680 (done).
    var plan = plan(blocks: 24, maximumOutput: 5, [(0, 10, 5), (0, 10, 5)])
    plan.engine.preemption = .swap(SwapSpace(blocks: 100, secondsPerBlock: 100e-9))
    let outcome = await expect(plan, [.init(0, 0, 1200, 6460), .init(1, 0, 1200, 9680)])
    #expect(outcome.observations.counts.recomputedTokens == 0)
    #expect(outcome.observations.counts.swappedTokens == 12)
    // Gaps: R0 1020, 1020, 2210, 1010; R1 1020, 1020, 8670 - 3240, 1010.
    var gaps = LatencyHistogram()
    for gap in [1020, 1020, 2210, 1010, 1020, 1020, 5430, 1010] as [Int64] { gaps.record(gap) }
    #expect(outcome.observations.latencies(epochs: 0..<TimeSeries.epochs).interTokenLatency == gaps)
  }

  @Test("swap: what the host has no room for is computed again")
  func fullSwapSpace() async {
    var swapping = plan(blocks: 24, maximumOutput: 5, [(0, 10, 5), (0, 10, 5)])
    let recomputing = await Simulation.run(swapping, RunPlan(recordsRequests: true))
    swapping.engine.preemption = .swap(SwapSpace(blocks: 11, secondsPerBlock: 100e-9))
    let outcome = await Simulation.run(swapping, RunPlan(recordsRequests: true))
    #expect(differences(outcome, recomputing).isEmpty)
    #expect(outcome.observations.counts.recomputedTokens == 12)
  }

  @Test("long-prefill threshold: a long prompt leaves room in each step for others")
  func longPrefillThreshold() async {
    // Budget 24, threshold 16. 0: 16 of R0's 40 and 8 of R1's 20, to 1240. 1240: 16 of R0's and 8 of R1's, to 2480.
    // 2480: 8 of R0's (done) and 4 of R1's (done), to 3600.
    var plan = plan(tokens: 24, [(0, 40, 1), (0, 20, 1)])
    plan.engine.longPrefillThreshold = 16
    await expect(plan, [.init(0, 0, 3600, 3600), .init(1, 0, 3600, 3600)])
    // Without: 24 of R0's, to 1240; 16 and 8 of R1's, to 2480; 12, to 3600.
    plan.engine.longPrefillThreshold = .max
    await expect(plan, [.init(0, 0, 2480, 2480), .init(1, 1240, 3600, 3600)])
  }

  @Test("long-prefill threshold: a prompt in parts loses its blocks to one that was admitted before it")
  func thresholdAndMemory() async {
    // 24 blocks of a token, budget 20, threshold 8. 0: 8 of R0's 12 and 8 of R1's 12, to 1160: 16 blocks.
    // 1160: R0's 4 (done), to 20 blocks; R1's 4, 24 blocks, to 2240: both have their first token.
    // 2240: each needs a block, none is free: R1 gives up 12. R0 decodes, to 3250 (done).
    // 3250: R1 computes 8 of its 13 again, to 4330; 5, to 5380 (done).
    var plan = plan(tokens: 20, blocks: 24, maximumOutput: 2, [(0, 12, 2), (0, 12, 2)])
    plan.engine.longPrefillThreshold = 8
    await expect(plan, [.init(0, 0, 2240, 3250), .init(1, 0, 2240, 5380)])
  }

  @Test("static batching: a batch begins when the one before it is over, and is padded until then")
  func staticBatching() async {
    // Two at a time. 0: R0's and R1's prompts, 20 tokens, to 1200. Three decode steps over two sequences, 1020 each:
    // R0 is done at 2220, R1 at 4260. R2, which came at 100, and R3 start then: 20 tokens, to 5460 (done).
    var plan = plan(batch: 2, policy: .reserveToEnd, [(0, 10, 2), (0, 10, 4), (100, 10, 1), (100, 10, 1)])
    plan.engine.batching = .static
    await expect(
      plan,
      [
        .init(0, 0, 1200, 2220), .init(1, 0, 1200, 4260), .init(2, 4260, 5460, 5460),
        .init(3, 4260, 5460, 5460),
      ]
    )
    // In flight R2 starts at 2220 beside R1.
    plan.engine.batching = .inFlight
    let outcome = await Simulation.run(plan, RunPlan(recordsRequests: true))
    #expect(outcome.observations.records[2].scheduled.nanoseconds == 2220)
  }

  @Test("a request that finds the queue full is refused")
  func fullQueue() async {
    // One at a time, one waits: R2 comes too late, R3 after R1 has started.
    var plan = plan(batch: 1, [(0, 10, 1), (100, 10, 1), (200, 10, 1), (1200, 10, 1)])
    plan.engine.maximumQueuedRequests = 1
    for router in [RouterPolicy.roundRobin, .leastOutstanding] {
      plan.router = router
      let outcome = await expect(
        plan, [.init(0, 0, 1100, 1100), .init(1, 1100, 2200, 2200), .init(3, 2200, 3300, 3300)])
      #expect(outcome.observations.counts.refusedByQueue == 1)
      #expect(outcome.observations.counts.rejected == 1)
    }
  }

  @Test("hidden tokens: the answer's first token is out after them")
  func thinking() async {
    // 2 hidden tokens and an answer of 3: tokens at 1100, 2110, 3120, 4130, 5140.
    var plan = plan([(0, 10, 3)])
    plan.streams[0].thinking = RequestLengths(input: .fixed(1), output: .fixed(2), seed: 1)
    let outcome = await expect(plan, [.init(0, 0, 1100, 5140)])
    let latencies = outcome.observations.latencies(epochs: 0..<TimeSeries.epochs)
    #expect(latencies.timeToFirstAnswerToken.count == 1)
    #expect(latencies.timeToFirstAnswerToken.sum == 3120)
    // An answer that the limit leaves no token of never begins.
    plan.streams[0].maximumOutputTokens = 2
    let cut = await expect(plan, [.init(0, 0, 1100, 2110)])
    #expect(cut.observations.latencies(epochs: 0..<TimeSeries.epochs).timeToFirstAnswerToken.count == 0)
  }

  @Test("hidden tokens: a preemption among them delays the answer")
  func thinkingPreempted() async {
    // As `priorityVictim`, R1 giving way: tokens at 1200, 2220, 3240, 6390 and 7400, the fourth of which is the answer's
    // first for R1. R0's fourth is out at 4250.
    var plan = plan(blocks: 24, maximumOutput: 5, [(0, 10, 2), (0, 10, 2)])
    plan.streams[0].thinking = RequestLengths(input: .fixed(1), output: .fixed(3), seed: 1)
    let outcome = await expect(plan, [.init(0, 0, 1200, 5260), .init(1, 0, 1200, 7400)])
    let latencies = outcome.observations.latencies(epochs: 0..<TimeSeries.epochs)
    #expect(latencies.timeToFirstAnswerToken.count == 2)
    #expect(latencies.timeToFirstAnswerToken.sum == 4250 + 6390)
  }
}
