import CostModel
import Scenario
import Simulation
import Testing

@testable import Studies

@Suite("Points of disaggregated serving")
struct PoolPlannerTests {
  private let planner: PointPlanner

  init() throws { planner = PointPlanner(try ScenarioCatalogue.load()) }

  /// One prefill worker of four and four decode workers of eight, 36 clients.
  private let row: [(String, String)] = [
    ("suite", "inferencex"), ("system", "gb300-nvl72"), ("accelerators", "36"),
    ("framework", "tensorrt-llm"), ("model", "deepseek-ai/DeepSeek-V3"), ("weights", "fp8"),
    ("mode", "disagg"), ("prefill_workers", "1"), ("prefill_tp", "1"), ("prefill_ep", "4"),
    ("prefill_attention_dp", "4"), ("decode_workers", "4"), ("decode_tp", "8"), ("decode_ep", "8"),
    ("decode_attention_dp", "1"), ("load", "closed_loop"), ("concurrency", "36"), ("isl", "8192"),
    ("osl", "1024"), ("lengths", "inferencex-random"),
  ]

  private func plan(_ changes: [(String, String)] = []) throws -> PlannedPoint {
    let kept = row.filter { field in !changes.contains { $0.0 == field.0 } }
    return try planner.plan(try benchmarkPoint(kept + changes))
  }

  @Test func poolsOfARow() throws {
    let point = try plan()
    let prefill = try #require(point.prefill)
    #expect(prefill.replicas == 1 && point.replicas == 4)
    #expect(prefill.design.parallel == Parallelism(expert: 4, attentionData: 4))
    #expect(point.design.parallel == Parallelism(tensor: 8, expert: 8))
    // Two prompts a group; the largest batch of the recipes that nine clients a worker fill.
    #expect(prefill.engine.maximumBatchSize == 8 && prefill.engine.maximumBatchTokens == 4 * 16_384)
    #expect(point.engine.maximumBatchSize == 8)
  }

  @Test("tp may be that of one attention group or of the whole worker")
  func conventions() throws {
    let point = try plan([("prefill_tp", "4")])
    #expect(point.prefill?.design.parallel == Parallelism(expert: 4, attentionData: 4))
  }

  @Test func whatCanNotBePredicted() throws {
    func reason(_ changes: [(String, String)]) -> String? {
      do {
        _ = try plan(changes)
        return nil
      } catch { return (error as? Unpredictable)?.reason }
    }
    #expect(reason([("prefill_workers", "")]) == "worker counts are not stated")
    #expect(
      reason([("accelerators", "40")])
        == "workers of the stated layouts do not add up to the accelerators")
  }

  @Test("all accelerators count, and the figures of both pools are there")
  func prediction() async throws {
    let point = try plan([("concurrency", "4")])
    let cost = point.stepCosts(kernels: point.kernelCosts())
    #expect(point.deployment(cost: cost).accelerators == 36)
    #expect(point.design.overheadGroup.kernels == point.design.kernelClass + " disaggregated")
    var slower = point
    slower.prefillOverhead.mixedStepSeconds += 1
    let other = slower.stepCosts(kernels: point.kernelCosts())
    #expect(other.own.mixedBase == cost.own.mixedBase && other.prefill?.mixedBase != cost.prefill?.mixedBase)
    let result = await point.predict(cost: cost)
    let ttft = try #require(result.predicted?[.ttftMean])
    #expect(ttft > 0.1 && ttft < 2)
  }
}
