import Models
import Results
import Scenario
import Testing
import Workload

@testable import Simulation
@testable import Studies

@Suite("ML.ENERGY's runs")
struct EnergyCampaignTests {
  private func point(_ changes: [(String, String)] = []) throws -> BenchmarkPoint {
    var fields = [
      ("id", "p"), ("suite", "mlenergy"), ("system", "h100-sxm"), ("accelerators", "1"),
      ("framework", "vllm"),
      ("framework_version", "0.11.1"), ("model", "Qwen/Qwen3-8B"), ("weights", "bf16"),
      ("load", "closed_loop"),
      ("concurrency", "96"), ("max_batch_size", "96"), ("max_batch_tokens", "8192"), ("osl", "8000"),
      ("lengths", "gpqa"), ("output_tokens_per_s", "3000"),
    ]
    for change in changes {
      fields.removeAll { $0.0 == change.0 }
      fields.append(change)
    }
    return try benchmarkPoint(fields)
  }

  @Test(
    "data sets are sent as often as the campaign's sweeps say",
    arguments: [
      ("gpqa", "Qwen3-8B", "h100-sxm", 128, 198), ("gpqa", "Qwen3-32B", "b200-sxm", 256, 396),
      ("gpqa", "gpt-oss-120b", "b200-sxm", 2048, 2376), ("lm-arena-chat", "Qwen3-8B", "b200-sxm", 1024, 4096),
      ("lm-arena-chat", "Qwen3-14B", "h100-sxm", 512, 1024),
      ("lm-arena-chat", "gemma-3-27b-it", "b200-sxm", 8, 1024),
      ("sourcegraph-fim", "Qwen3-Coder-480B-A35B-Instruct", "b200-sxm", 1536, 6144),
    ])
  func requests(task: String, model: String, system: String, batch: Int, expected: Int) {
    #expect(EnergyCampaign.requests(task: task, model: model, system: system, batch: batch) == expected)
  }

  @Test("batches that the campaign never ran get twice their requests at least", arguments: [5_000, 7_777])
  func unknownBatches(batch: Int) {
    for task in ["gpqa", "lm-arena-chat", "a task of its own"] {
      let requests = EnergyCampaign.requests(task: task, model: "m", system: "b300-sxm", batch: batch)
      #expect(requests >= 2 * batch && requests <= 2 * batch + 1024)
    }
  }

  @Test("all requests come at once, and a window between two counts is compared")
  func plan() throws {
    let plan = try PointPlanner(try ScenarioCatalogue.load()).plan(point())
    #expect(plan.stream.arrivals == .offline(requests: 198) && plan.engine.maximumBatchSize == 96)
    #expect(plan.window == .counted(firstTokens: 96, finished: 101))
    #expect(plan.stream.systemPrompts == nil && plan.stream.prompts == nil)
    let stated = try PointPlanner(try ScenarioCatalogue.load()).plan(point([("requests", "64")]))
    #expect(stated.window == .counted(firstTokens: 64, finished: 1))
    let unknown = try PointPlanner(try ScenarioCatalogue.load()).plan(point([("max_batch_size", "")]))
    #expect(unknown.window == .wholeRun && unknown.stream.warmUpRequests == 192)
  }

  @Test("turns of conversations find their history in the prefix cache")
  func conversations() async throws {
    let chat = try point([("lengths", "lm-arena-chat"), ("osl", "600"), ("max_batch_size", "32")])
    let plan = try PointPlanner(try ScenarioCatalogue.load()).plan(chat)
    #expect(plan.stream.systemPrompts == EnergyCampaign.history)
    let deployment = plan.deployment(cost: plan.stepCosts(kernels: plan.kernelCosts()))
    let counts = await Simulation.run(deployment, RunPlan(seed: 1)).observations.counts
    #expect(counts.rejected == 0 && counts.completed == 1024)
    // Three of four histories were computed for another turn.
    let share = Double(counts.cachedTokens) / Double(counts.inputTokens)
    #expect((0.4...0.6).contains(share), "cached \(share)")
  }

  @Test("contexts still grow in the window of a large batch: it is faster than the steady state")
  func growingContexts() async throws {
    let study = ValidationStudy(
      [try point(), try point([("requests", "2000")])], with: try ScenarioCatalogue.load())
    let rates = await study.run(threads: 2).map { $0.predicted?[.outputTokensPerSecond] ?? 0 }
    #expect(rates[1] > 0 && rates[0] > 1.15 * rates[1], "\(rates)")
  }

  @Test("a window is between the times of two counts, and running requests are those that lie in it")
  func countedWindow() throws {
    var observations = Observations()
    func time(_ seconds: Double) -> SimTime { SimTime(nanoseconds: Int64(seconds * 1e9)) }
    // Two run from 1 s on, a third takes the place of the first that is done.
    for (start, first, end) in [(1.0, 2.0, 6.0), (1, 3, 9), (6, 7, 11)] {
      observations.records.append(
        RequestRecord(
          stream: 0, index: UInt64(observations.records.count), replica: 0, inputTokens: 1, outputTokens: 5,
          arrival: .zero, scheduled: time(start), firstToken: time(first), completed: time(end),
          preemptions: 0))
    }
    let window = PointWindow.counted(firstTokens: 2, finished: 2)
    #expect(window.needsRecords && !PointWindow.wholeRun.needsRecords)
    let span = RunSpan(startNanoseconds: 3_000_000_000, endNanoseconds: 9_000_000_000)
    #expect(window.policy(observations) == .between(span))
    #expect(observations.meanRunning(over: span) == 2)
    #expect(PointWindow.counted(firstTokens: 4, finished: 1).policy(observations) == .wholeRun)
    #expect(Observations().meanRunning(over: span) == nil)
  }
}
