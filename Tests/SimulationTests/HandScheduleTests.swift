import CostModel
import Testing
import Workload

@testable import Simulation

/// INV-7: schedules worked out by hand, for each scheduler.
///
/// Times are in nanoseconds. Unless a test says otherwise a step takes 100 and 10 for each token that it processes.
@Suite("INV-7: schedules worked out by hand")
struct HandScheduleTests {
  private let costs = NanosecondCosts(step: 100, token: 10)

  @Test("vLLM: chunked prefill in one token budget, decodes first")
  func chunkedPrefill() async {
    // Budget 8 tokens, 4 requests at once.
    //     0: R0's chunk of 8 of 10.                                    8 tokens, to  180
    //   180: R0's last 2, R1's 4, 2 of R2's 3.                         8 tokens, to  360: R0, R1
    //   360: R0 and R1 decode, R2's last 1, 5 of R3's 9.               8 tokens, to  540: R0, R1 (done), R2
    //   540: R0 and R2 decode, R3's last 4.                            6 tokens, to  700: R0, R2, R3 (all done)
    let plan = deployment(
      batch: 4, tokens: 8, cost: costs.table(),
      streams: [listedRequests([(0, 10, 3), (0, 4, 2), (150, 3, 2), (150, 9, 1)], maximumOutput: 10)])
    let outcome = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [360, 540, 700]),
        .init(arrival: 0, scheduled: 180, tokens: [360, 540]),
        .init(arrival: 150, scheduled: 180, tokens: [540, 700]),
        .init(arrival: 150, scheduled: 360, tokens: [700]),
      ], steps: 4
    ).check(plan, costs)
    #expect(outcome.end.nanoseconds == 700)
    #expect(outcome.observations.counts.inputTokens == 26)
  }

  @Test("vLLM: the latest admitted request is preempted, and recomputed when there is room")
  func preemption() async {
    // 6 blocks of 4 tokens. Blocks held at the start of a step, after what the step takes:
    //     0: prompts of 7, 6, 3: blocks 2 + 2 + 1.                    16 tokens, to  260: R0 R1 R2
    //   260: positions 8, 7, 4 need none.                              3 tokens, to  390: R0 R1 R2
    //   390: R0's 9th and R2's 5th need a block each, 1 is free: R2, admitted last, gives up its own; nobody is
    //        admitted in this step. Blocks 3 + 2.                      2 tokens, to  510: R0 R1
    //   510: R1's 9th takes the last block. R2 would need 2 for its 3 + 2 tokens.
    //                                                                  2 tokens, to  630: R0 R1
    //   630: no room for R2.                                           2 tokens, to  750: R0 R1 (done, 3 blocks)
    //   750: R0 decodes, R2 recomputes 3 + 2 tokens.                   6 tokens, to  910: R0 (done), R2
    //   910: R2 decodes.                                               1 token,  to 1020: R2 (done)
    let plan = deployment(
      batch: 4, tokens: 64, blocks: 6, blockTokens: 4, cost: costs.table(),
      streams: [listedRequests([(0, 7, 6), (0, 6, 5), (0, 3, 4)], maximumOutput: 10)])
    let outcome = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [260, 390, 510, 630, 750, 910]),
        .init(arrival: 0, scheduled: 0, tokens: [260, 390, 510, 630, 750]),
        .init(arrival: 0, scheduled: 0, tokens: [260, 390, 910, 1020], preemptions: 1),
      ], steps: 7
    ).check(plan, costs)
    #expect(outcome.observations.counts.preemptions == 1)
    // The prompt of 3 and the first answer token were cached.
    #expect(outcome.observations.counts.recomputedTokens == 4)
    #expect(outcome.peakCacheUtilisation == 1)
  }

  @Test("TensorRT-LLM guaranteed_no_evict: max_output_tokens are reserved, prompts are not split")
  func guaranteedNoEvict() async {
    // 10 blocks of 4 tokens, answers of at most 6, budget 16: R0 reserves 3 blocks (6 + 6 tokens), R1 4, R2 2, R3 2,
    // R4 5.
    //     0: R0 and R1 reserve 7. R2's prompt of 2 exceeds the budget left, 1, and is not split.
    //                                                                 15 tokens, to  250: R0 R1
    //   250: R2 reserves 2, 1 block is left: R3 must wait though its prompt would fit.
    //                                                                  4 tokens, to  390: R0 R1 R2 (R0, R2 done)
    //   390: R3 reserves 2, 4 are left: R4 must wait.                  2 tokens, to  510: R1 R3 (both done)
    //   510: R4.                                                      14 tokens, to  750: R4
    //   750:                                                           1 token,  to  860: R4 (done)
    let plan = deployment(
      batch: 8, tokens: 16, chunked: false, policy: .reserveToEnd, blocks: 10, blockTokens: 4,
      cost: costs.table(),
      streams: [
        listedRequests([(0, 6, 2), (0, 9, 3), (0, 2, 1), (0, 1, 1), (0, 14, 2)], maximumOutput: 6)
      ])
    let outcome = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [250, 390]),
        .init(arrival: 0, scheduled: 0, tokens: [250, 390, 510]),
        .init(arrival: 0, scheduled: 250, tokens: [390]),
        .init(arrival: 0, scheduled: 390, tokens: [510]),
        .init(arrival: 0, scheduled: 510, tokens: [750, 860]),
      ], steps: 5
    ).check(plan, costs)
    #expect(outcome.peakCacheUtilisation == 0.9)
  }

  @Test("TensorRT-LLM max_utilization: admits what fits now, and splits only what no step could hold")
  func maximumUtilisation() async {
    // 4 blocks of 4 tokens, budget 6, 2 requests at once.
    //     0: prompts of 1 and 5: blocks 1 + 2.                         6 tokens, to  160: R0 R1
    //   160, 280, 400: no blocks needed.                               2 tokens, to  280, 400, 520: R0 R1
    //   520: positions 5 and 9 need 2 blocks, 1 is free: R1 is preempted. Blocks 2.
    //                                                                  1 token,  to  630: R0
    //   630: R1's 5 + 4 tokens exceed any step: it starts with the 5 that the budget leaves. Blocks 2 + 2.
    //                                                                  6 tokens, to  790: R0
    //   790: its other 4 need a third block: R1 is preempted again.    1 token,  to  900: R0
    //   900: R1 starts over with 5.                                    6 tokens, to 1060: R0 (done, 2 blocks)
    //  1060: R1's other 4.                                             4 tokens, to 1200: R1
    //  1200:                                                           1 token,  to 1310: R1 (done)
    let plan = deployment(
      batch: 2, tokens: 6, chunked: false, policy: .currentUse, blocks: 4, blockTokens: 4,
      cost: costs.table(),
      streams: [listedRequests([(0, 1, 8), (0, 5, 6)], maximumOutput: 8)])
    let outcome = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [160, 280, 400, 520, 630, 790, 900, 1060]),
        .init(arrival: 0, scheduled: 0, tokens: [160, 280, 400, 520, 1200, 1310], preemptions: 2),
      ], steps: 10
    ).check(plan, costs)
    // 8 cached tokens the first time, 5 the second.
    #expect(outcome.observations.counts.recomputedTokens == 13)
  }

  @Test("the watermark keeps blocks free while anything runs")
  func watermark() async {
    // 5 blocks of 4 tokens, of which admission leaves 1 free.
    //     0: prompts of 7 and 7: blocks 2 + 2. R2's block is the watermark's.   14 tokens, to 240: R0 R1
    //   240:                                                                     2 tokens, to 360: R0 R1 (done)
    //   360: nothing runs: R2. R3 needs all 5.                                   4 tokens, to 500: R2 (done)
    //   500: nothing runs: R3 may take the last block too.                      17 tokens, to 770: R3 (done)
    let plan = deployment(
      batch: 8, tokens: 64, blocks: 5, blockTokens: 4, watermark: 1, cost: costs.table(),
      streams: [listedRequests([(0, 7, 2), (0, 7, 2), (0, 4, 1), (0, 17, 1)], maximumOutput: 3)])
    _ = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [240, 360]),
        .init(arrival: 0, scheduled: 0, tokens: [240, 360]),
        .init(arrival: 0, scheduled: 360, tokens: [500]),
        .init(arrival: 0, scheduled: 500, tokens: [770]),
      ], steps: 4
    ).check(plan, costs)
  }

  @Test("a closed loop of 2 clients: warm-up drains, then the report begins")
  func closedLoop() async throws {
    // Prompt and answer by number: 2+2, 4+3 (warm-up), 3+2, 1+4, 5+1; 50 from an answer to the next request.
    //     0: 0 and 1.                                                  6 tokens, to  160: 0 1
    //   160:                                                           2 tokens, to  280: 0 (done) 1
    //   280: nothing new: the warm-up was 2 requests.                  1 token,  to  390: 1 (done)
    //   390: the report begins; 2 and 3 are sent at once.              4 tokens, to  530: 2 3
    //   530:                                                           2 tokens, to  650: 2 (done) 3
    //   650: 4 is sent at 700.                                         1 token,  to  760: 3
    //   760: 4's prompt.                                               6 tokens, to  920: 3 4 (both done)
    let rows = try #require(PairedLengths(inputs: [2, 4, 3, 1, 5], outputs: [2, 3, 2, 4, 1]))
    let plan = deployment(
      batch: 8, tokens: 64, cost: costs.table(),
      streams: [
        StreamPlan(
          arrivals: .closedLoop(concurrency: 2, thinkTimeSeconds: 50e-9), requests: 3,
          lengths: RequestLengths(rows: rows, order: .cyclic, seed: 1), maximumOutputTokens: 10,
          warmUpRequests: 2)
      ])
    let outcome = await HandSchedule(
      rows: [
        .init(arrival: 390, scheduled: 390, tokens: [530, 650]),
        .init(arrival: 390, scheduled: 390, tokens: [530, 650, 760, 920]),
        .init(arrival: 700, scheduled: 760, tokens: [920]),
      ], firstIndex: 2, steps: 7
    ).check(plan, costs)
    #expect(outcome.observations.origin.nanoseconds == 390)
    #expect(outcome.observations.counts.arrived == 3)
    #expect(outcome.observations.counts.outputTokens == 7)
    #expect(abs(outcome.cost[.time] - 530e-9) < 1e-15)
  }

  @Test("least-outstanding: completions of an instant come first, ties go to the lowest replica")
  func leastOutstanding() async {
    // Steps of 100, one request at a time.
    //     0: R0 to replica 0, R1 to replica 1.   10: both have 1: R2 to 0.   20: 2 and 1: R3 to 1.
    //   200: R1 is done at this instant: 2 and 1: R4 to 1.
    //   500: R0 and R4 are done at this instant: 1 and 0: R5 to 1.
    // Replica 0: R0 0-500, R2 500-600. Replica 1: R1 0-200, R3 200-400, R4 400-500, R5 500-600.
    let costs = NanosecondCosts(step: 100)
    let plan = deployment(
      replicas: 2, batch: 1, cost: costs.table(), router: .leastOutstanding,
      streams: [
        listedRequests(
          [(0, 1, 5), (0, 1, 2), (10, 1, 1), (20, 1, 2), (200, 1, 1), (500, 1, 1)], maximumOutput: 10)
      ])
    _ = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [100, 200, 300, 400, 500]),
        .init(arrival: 0, scheduled: 0, tokens: [100, 200], replica: 1),
        .init(arrival: 10, scheduled: 500, tokens: [600]),
        .init(arrival: 20, scheduled: 200, tokens: [300, 400], replica: 1),
        .init(arrival: 200, scheduled: 400, tokens: [500], replica: 1),
        .init(arrival: 500, scheduled: 500, tokens: [600], replica: 1),
      ], steps: 12
    ).check(plan, costs)
  }

  @Test("least-outstanding counts requests that are still in a front end")
  func leastOutstandingFrontEnd() async {
    // The front end takes 50, and 10 for each prompt token; it hands requests over in order.
    //     0: R0 (5 tokens) to replica 0, ready at 100.   10: R1 (1 token) to replica 1, ready at 70.
    //    20: both have 1: R2 (1 token) to 0, ready at 80, but R0 goes first: at 100.
    //    30: 2 and 1: R3 (2 tokens) to 1, at 100.
    // Replica 0: R0 100-200, R2 200-300. Replica 1: R1 70-170, R3 170-270.
    let costs = NanosecondCosts(step: 100)
    let plan = deployment(
      replicas: 2, batch: 1, cost: costs.table(), router: .leastOutstanding,
      frontEnd: FrontEnd(seconds: 50e-9, secondsPerInputToken: 10e-9),
      streams: [listedRequests([(0, 5, 1), (10, 1, 1), (20, 1, 1), (30, 2, 1)], maximumOutput: 10)])
    _ = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 100, tokens: [200]),
        .init(arrival: 10, scheduled: 70, tokens: [170], replica: 1),
        .init(arrival: 20, scheduled: 200, tokens: [300]),
        .init(arrival: 30, scheduled: 170, tokens: [270], replica: 1),
      ], steps: 4
    ).check(plan, costs)
  }

  // A step takes 100, 5 for each (query, key) pair of a prompt and 10 for each token of context of a decoding
  // request, in layers that see at most 4 tokens. The budget is 4: R0's prompt of 6 is split 4 + 2.

  @Test("a sliding window of 4 tokens")
  func slidingWindow() async {
    //     0: R0's tokens 1-4 see 1 + 2 + 3 + 4 = 10.                             150, to 150
    //   150: R0's tokens 5, 6 see 4 + 4, R1's prompt 1.                 100 + 5 x 9, to 295: R0 R1
    //   295: R0's 7th sees 4, R1's 2nd 2.                                        160, to 455: R0 R1
    //   455: R0's 8th sees 4, R1's 3rd 3.                                        170, to 625: R0 R1 (done)
    //   625: R0's 9th sees 4.                                                    140, to 765: R0 (done)
    let costs = NanosecondCosts(step: 100, bounded: 10, boundedPair: 5, bound: .window(tokens: 4))
    _ = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [295, 455, 625, 765]),
        .init(arrival: 0, scheduled: 150, tokens: [295, 455, 625]),
      ], steps: 5
    ).check(bounded(costs, [(0, 6, 4), (0, 1, 3)]), costs)
  }

  @Test("attention in chunks of 4 tokens")
  func chunkedAttention() async {
    //     0: R0's tokens 1-4 see 1 + 2 + 3 + 4 = 10.                             150, to 150
    //   150: R0's tokens 5, 6 see 1 + 2, R1's prompt 1.                 100 + 5 x 4, to 270: R0 R1
    //   270: R0's 7th sees 3, R1's 2nd 2.                                        150, to 420: R0 R1
    //   420: R0's 8th sees 4, R1's 3rd 3.                                        170, to 590: R0 R1 (done)
    //   590: R0's 9th sees 1.                                                    110, to 700: R0 (done)
    let costs = NanosecondCosts(step: 100, bounded: 10, boundedPair: 5, bound: .chunk(tokens: 4))
    _ = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [270, 420, 590, 700]),
        .init(arrival: 0, scheduled: 150, tokens: [270, 420, 590]),
      ], steps: 5
    ).check(bounded(costs, [(0, 6, 4), (0, 1, 3)]), costs)
  }

  @Test("an answer that ends with its chunk leaves nothing behind")
  func chunkEnds() async {
    //     0: prompt of 2 sees 1 + 2.   115, to  115; its 3rd sees 3: 130, to 245; its 4th sees 4: 140, to 385 (done)
    //  1000: prompt of 1 sees 1.       105, to 1105; its 2nd sees 2: 120, to 1225 (done)
    let costs = NanosecondCosts(step: 100, bounded: 10, boundedPair: 5, bound: .chunk(tokens: 4))
    _ = await HandSchedule(
      rows: [
        .init(arrival: 0, scheduled: 0, tokens: [115, 245, 385]),
        .init(arrival: 1000, scheduled: 1000, tokens: [1105, 1225]),
      ], steps: 5
    ).check(bounded(costs, [(0, 2, 3), (1000, 1, 2)]), costs)
  }

  private func bounded(
    _ costs: NanosecondCosts, _ requests: [(arrival: Int64, input: Int32, output: Int32)]
  ) -> DeploymentPlan {
    deployment(
      batch: 4, tokens: 4, cost: costs.table(), streams: [listedRequests(requests, maximumOutput: 10)])
  }
}
