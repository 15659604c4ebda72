import CostModel
import Foundation
import Testing
import Workload

@testable import Simulation

private let tracePath = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("shared/data/traces/mooncake-conversation.jsonl").path

@Suite("Mooncake's conversation trace")
struct TraceReplayTests {
  @Test(
    "a cache with room for all finds what the names of blocks say",
    .enabled(if: FileManager.default.fileExists(atPath: tracePath), "../shared/data/traces is not there"))
  func replay() async throws {
    let trace = try TraceReader(format: .mooncake).read(path: tracePath)
    // Played so slowly that each request is done before the next one comes.
    let slow = trace.scaled(rateScale: 1e-3)
    var stream = StreamPlan(
      arrivals: slow.arrivals, lengths: RequestLengths(rows: trace.lengths, order: .cyclic, seed: 1),
      maximumOutputTokens: 4096)
    stream.prompts = PromptContent(of: trace, name: "mooncake")
    var plan = deployment(
      tokens: 200_000, blocks: 100_000_000,
      cost: linearCosts(step: 1e-6, maximumTokens: 200_000, maximumContext: 200_000),
      streams: [stream])
    plan.engine.maximumContextTokens = 200_000
    plan.prefixCache = PrefixCacheOptions()
    let outcome = await Simulation.run(plan, RunPlan())

    var seen: Set<UInt64> = []
    var expected: Int64 = 0
    var index = 0
    while index < trace.count {
      // Those of one instant start in one step: none finds what another computes.
      let instant = trace.arrivalsNanoseconds[index]
      let group = (index..<trace.count).prefix { trace.arrivalsNanoseconds[$0] == instant }
      for member in group {
        let most = (Int(trace.inputTokens[member]) - 1) / 512
        let found = trace.blockHashes(ofRequest: member).prefix(most).prefix { seen.contains($0) }
        expected += Int64(found.count * 512)
      }
      for member in group {
        let whole = Int(trace.inputTokens[member]) / 512
        seen.formUnion(trace.blockHashes(ofRequest: member).prefix(whole))
      }
      index = group.endIndex
    }
    #expect(outcome.observations.counts.completed == Int64(trace.count))
    #expect(outcome.observations.counts.cachedTokens == expected)
    let share = Double(expected) / Double(outcome.observations.counts.inputTokens)
    #expect(share > 0.3 && share < 0.5)
  }
}
