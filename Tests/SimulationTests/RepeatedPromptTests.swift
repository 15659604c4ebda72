import CostModel
import Testing
import Workload

@testable import Simulation

/// Prompts that a client sends again, under an engine with a prefix cache.
@Suite("Prompts that come again")
struct RepeatedPromptTests {
  @Test("by hand: a prompt that came before is computed from its last block on")
  func byHand() async {
    // A step takes 1 ms a token: a new prompt of 40 tokens 40 ms, one whose first two blocks of 16 are held 8 ms.
    var requests = listed([(0, 40, 2), (100, 40, 2), (200, 40, 2), (300, 32, 2)])
    requests.repeatedPrompts = RepeatedPrompts(distinct: 2, blockTokens: 16)
    let plan = deployment(cost: linearCosts(token: 0.001), streams: [requests])
    let outcome = await Simulation.run(plan, RunPlan(recordsRequests: true))
    let first = outcome.observations.records.map { ($0.firstToken - $0.arrival).seconds }
    #expect(first.count == 4)
    // Of 32 tokens the last block is computed whole: one token must be left to begin with.
    for (found, expected) in zip(first, [0.040, 0.040, 0.008, 0.016]) {
      #expect(abs(found - expected) < 1e-9)
    }
  }

  @Test("what is left of a prompt may be split over steps, and attends to what was held")
  func split() async {
    var requests = listed([(0, 96, 1), (200, 96, 1)])
    requests.repeatedPrompts = RepeatedPrompts(distinct: 1, blockTokens: 64)
    // 20 tokens a step: five steps for the new prompt, two for the 32 tokens after the first block.
    let plan = deployment(
      batch: 4, tokens: 20, blockTokens: 64, cost: linearCosts(step: 0.001, pair: 1e-6),
      streams: [requests])
    let outcome = await Simulation.run(plan, RunPlan(recordsRequests: true))
    let first = outcome.observations.records.map { ($0.firstToken - $0.arrival).seconds }
    let all: Double = 96 * 97 / 2
    let held: Double = 64 * 65 / 2
    #expect(abs(first[0] - 0.005 - all * 1e-6) < 1e-9)
    #expect(abs(first[1] - 0.002 - (all - held) * 1e-6) < 1e-9)
  }

  @Test("macro-stepped and single-stepped runs agree", arguments: 0..<40)
  func macroSteps(seed: Int) async {
    var plan = randomDeployment(seed: seed)
    var cases = CaseGenerator(seed + 77)
    for index in plan.streams.indices {
      plan.streams[index].repeatedPrompts = RepeatedPrompts(
        distinct: cases.int(1...20), blockTokens: plan.cache.blockTokens)
    }
    var run = RunPlan(seed: 3, recordsRequests: true)
    let macro = await Simulation.run(plan, run)
    run.macroSteps = false
    #expect(differences(macro, await Simulation.run(plan, run)).isEmpty)
  }
}
