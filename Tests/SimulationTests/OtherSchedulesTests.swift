import CostModel
import Testing
import Workload

@testable import Simulation

/// INV-7: more schedules worked out by hand: SGLang, and TensorRT-LLM's waits of prompts.
///
/// Times are in nanoseconds. A step takes 1000 and 10 for each token that it processes.
@Suite("INV-7: schedules of SGLang and of fuller batches, worked out by hand")
struct OtherSchedulesTests {
  private let costs = NanosecondCosts(step: 1000, token: 10)

  private func sglang(
    tokens: Int = 8192, blocks: Int = 1_000_000, interval: Int = 1, conservativeness: Double = 1,
    policy: PrefillPolicy = .prefillFirst, maximumOutput: Int = 1000,
    _ requests: [(arrival: Int64, input: Int32, output: Int32)]
  ) -> DeploymentPlan {
    var plan = deployment(
      batch: 8, tokens: tokens, blocks: blocks, blockTokens: 1, cost: costs.table(),
      streams: [listedRequests(requests, maximumOutput: maximumOutput)])
    plan.engine.prefillPolicy = policy
    plan.engine.receiveInterval = interval
    plan.engine.outputEstimate = OutputEstimate(conservativeness: conservativeness)
    return plan
  }

  @Test("SGLang: decodes pause while a prompt is processed")
  func prefillFirst() async {
    //     0: R0's prompt.    10 tokens, to 1100: R0
    //  1100: R0 decodes, R1 comes at 1500.  To 2110: R0
    //  2110: R1's prompt, R0 pauses.        20 tokens, to 3310: R1
    //  3310: both decode.                    2 tokens, to 4330: R0 R1 (done)
    //  4330: R0 decodes.                     1 token,  to 5340: R0 (done)
    _ = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [1100, 2110, 4330, 5340]),
        .init(arrival: 1500, scheduled: 2110, tokens: [3310, 4330]),
      ], steps: 5
    ).check(sglang([(0, 10, 4), (1500, 20, 2)]), costs)
  }

  @Test("SGLang with mixed chunks: decodes go on")
  func mixedChunk() async {
    //  2110: R1's prompt, R0 decodes.       21 tokens, to 3320: R0 R1
    _ = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [1100, 2110, 3320, 4340]),
        .init(arrival: 1500, scheduled: 2110, tokens: [3320, 4340]),
      ], steps: 4
    ).check(sglang(policy: .mixed, [(0, 10, 4), (1500, 20, 2)]), costs)
  }

  @Test("SGLang: the scheduler looks for requests every third decode step")
  func receiveInterval() async {
    //     0: R0's prompt, to 1100. Decode steps to 2110, 3120, 4130: then R1 is received.
    //  4130: R1's prompt, to 5230: R1 (done). Decode steps to 6240, 7250, 8260, 9270.
    _ = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [1100, 2110, 3120, 4130, 6240, 7250, 8260, 9270]),
        .init(arrival: 1500, scheduled: 4130, tokens: [5230]),
      ], steps: 9
    ).check(sglang(interval: 3, [(0, 10, 8), (1500, 10, 1)]), costs)
  }

  @Test("SGLang: the chunks of a long prompt follow one another, other prompts fill the last one")
  func chunks() async {
    //     0: R0's prompt, to 1100.
    //  1100: 16 of R1's 40, to 2260; 16, to 3420; 8 and R2's 5, to 4550: R1 R2 (both done)
    //  4550: R0 decodes, to 5560 and 6570.
    _ = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [1100, 5560, 6570]),
        .init(arrival: 500, scheduled: 1100, tokens: [4550]),
        .init(arrival: 500, scheduled: 3420, tokens: [4550]),
      ], steps: 6
    ).check(sglang(tokens: 16, [(0, 10, 3), (500, 40, 1), (500, 5, 1)]), costs)
  }

  @Test("SGLang: the latest request is put back to the end of the queue when memory runs out")
  func retraction() async {
    // 25 blocks of a token, answers of at most 8, almost nothing expected of running requests.
    //     0: R0's prompt, to 1100. 15 blocks free.
    //  1100: R1 needs 5 + 8 of them; its prompt, to 2150. 10 free.
    //  2150: five steps of two, to 7250. None free.
    //  7250: R1 gives up its 10. R0 decodes alone, to 8260. 9 free, of R0 the last token is expected.
    //  8260: R1 would need 5 + 6 and 2 more: no. R0 decodes, to 9270 (done).
    //  9270: R1 computes 11 tokens again, to 10380; decodes, to 11390 (done).
    let plan = sglang(
      blocks: 25, conservativeness: 0.01, maximumOutput: 8, [(0, 10, 8), (500, 5, 8)])
    let outcome = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [1100, 3170, 4190, 5210, 6230, 7250, 8260, 9270]),
        .init(
          arrival: 500, scheduled: 1100, tokens: [2150, 3170, 4190, 5210, 6230, 7250, 10_380, 11_390],
          preemptions: 1),
      ], steps: 11
    ).check(plan, costs)
    #expect(outcome.observations.counts.recomputedTokens == 10)
  }

  @Test("SGLang: 70 % of the output that running requests may still generate is expected at first")
  func estimate() async {
    // 40 blocks of a token, answers of at most 10.
    //     0: R0's prompt of 10, to 1100. Of its 9 to come 6.3 are expected: 30 - 6.3 are left.
    //  1100: R1 would need 14 + 10: no. Nobody tries again before R0 is done. R0 decodes, to 2110 and 3120 (done).
    //  3120: R1's prompt, to 4260 (done).
    _ = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [1100, 2110, 3120]),
        .init(arrival: 500, scheduled: 3120, tokens: [4260]),
      ], steps: 4
    ).check(sglang(blocks: 40, maximumOutput: 10, [(0, 10, 3), (500, 14, 1)]), costs)
  }

  @Test("TensorRT-LLM: prompts wait for some steps while others decode", arguments: [0.04, 1])
  func batchWait(share: Double) async {
    // Budget 256. With a share of 1 R1 waits three steps; with 0.04 its 10 tokens and R0's 1 are enough.
    //     0: R0's prompt, to 1100; it decodes, to 2110.
    //  2110: it decodes alone to 3120, 4130, 5140.
    //  5140: it decodes beside R1's prompt.   11 tokens, to 6250: R0 R1 (done)
    var plan = deployment(
      batch: 8, tokens: 256, chunked: false, policy: .reserveToEnd, cost: costs.table(),
      streams: [listedRequests([(0, 10, 8), (1500, 10, 1)], maximumOutput: 100)])
    plan.engine.batchWait = BatchWait(steps: 3, share: share)
    let waits = HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [1100, 2110, 3120, 4130, 5140, 6250, 7260, 8270]),
        .init(arrival: 1500, scheduled: 5140, tokens: [6250]),
      ], steps: 8)
    let starts = HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [1100, 2110, 3220, 4230, 5240, 6250, 7260, 8270]),
        .init(arrival: 1500, scheduled: 2110, tokens: [3220]),
      ], steps: 8)
    _ = await (share == 1 ? waits : starts).check(plan, costs)
  }

  /// Two attention groups: a prompt beside two decoding requests waits for a second one, or for the third step.
  @Test(arguments: [false, true])
  func promptsWaitForAllGroups(another: Bool) async {
    //     0: R0's and R1's prompts.  20 tokens, to 1200: R0 R1
    //  1200: both decode.             2 tokens, to 2220; R2 comes at 1500: the first step without prompts for both.
    //  2220: R2 waits, the second.              to 3240
    //  3240: alone, R2 has waited:   12 tokens, to 4360: R2
    //        R3 came at 2500: both groups have a prompt, and wait one step for more, to 4260.
    //  4260: R2's and R3's prompts.  22 tokens, to 5480: R2 R3
    let first: [Int64] = [1200, 2220, 3240] + (another ? [4260, 5480, 6500] : [4360, 5380, 6400])
    let both = HandSchedule.Row(arrival: 0, scheduled: 0, tokens: first)
    let third = HandSchedule.Row(
      arrival: 1500, scheduled: another ? 4260 : 3240, tokens: [another ? 5480 : 4360])
    let fourth = HandSchedule.Row(arrival: 2500, scheduled: 4260, tokens: [5480])
    var requests: [(arrival: Int64, input: Int32, output: Int32)] = [(0, 10, 6), (0, 10, 6), (1500, 10, 1)]
    if another { requests.append((2500, 10, 1)) }
    var plan = deployment(
      batch: 8, tokens: 256, chunked: false, policy: .reserveToEnd, cost: costs.table(),
      streams: [listedRequests(requests, maximumOutput: 100)])
    plan.engine.attentionBalance = AttentionBalance(groups: 2, timeoutSteps: 3, batchingSteps: 1)
    let rows = [both, both, third] + (another ? [fourth] : [])
    _ = await HandSchedule(rows: rows, steps: 6).check(plan, costs)
  }
}
