import Documents
import Foundation
import Results
import Scenario
import Simulation
import Testing

@testable import Studies

/// Traces of what replicas do.
@Suite struct TimelineTests {
  private func scenario(_ deployment: String) -> String {
    """
    tokenmill: 1
    name: A timeline
    site: { system: h100-sxm, nodes: 1 }
    deployments:
      - { name: chat, model: llama-3.1-8b, engine: { framework: vllm, max_batch_size: 16 }, \(deployment) }
    workload:
      - arrivals: { process: poisson, rate: 20 /s, requests: 100 }
        lengths: { input: 200, output: 30 }
    run: { seed: 3 }
    """
  }

  private func trace(_ deployment: String, replicas: Range<Int>) async throws -> (
    events: [[String: Any]], run: RunResult
  ) {
    var options = ResolutionOptions(recordsRequests: true)
    options.timeline = TimelinePlan(replicas: replicas)
    let document = try Document.parse(text: scenario(deployment), file: "t.yaml")
    let study = RunStudy(
      try ScenarioFile(document: document).resolve(with: try ScenarioCatalogue.load(), options: options))
    let run = await study.run()
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try study.timeline(of: run, replicas: replicas).write(to: try OutputFile(checking: path))
    let data = try #require(FileManager.default.contents(atPath: path))
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    return (try #require(object["traceEvents"] as? [[String: Any]]), run)
  }

  private func sum(_ events: [[String: Any]], _ key: String) -> Double {
    events.reduce(0) { sum, event in
      sum + (((event["args"] as? [String: Any])?[key] as? NSNumber)?.doubleValue ?? 0)
    }
  }

  /// Steps and prompt tokens of the trace are those of the run, and stretches of a replica don't overlap.
  @Test func allStepsAreThere() async throws {
    let (events, run) = try await trace("replicas: 2", replicas: 0..<2)
    let stretches = events.filter { $0["ph"] as? String == "X" }
    #expect(sum(stretches, "steps") == Double(run.report.steps))
    #expect(sum(stretches, "prompt_tokens") == 100 * 200)
    for thread in [1, 2] {
      let own = stretches.filter { ($0["tid"] as? NSNumber)?.intValue == thread }
      let times = own.compactMap { event -> (Double, Double)? in
        guard let start = event["ts"] as? NSNumber, let length = event["dur"] as? NSNumber else { return nil }
        return (start.doubleValue, start.doubleValue + length.doubleValue)
      }
      #expect(!times.isEmpty)
      for (a, b) in zip(times, times.dropFirst()) { #expect(b.0 >= a.1 - 1e-3) }
    }
    let begun = events.filter { $0["ph"] as? String == "b" }.count
    #expect(begun == events.filter { $0["ph"] as? String == "e" }.count && begun == 400)
  }

  @Test func otherReplicasAreLeftOut() async throws {
    let (events, _) = try await trace("replicas: 2", replicas: 1..<2)
    let threads = events.filter { $0["ph"] as? String == "X" }.compactMap {
      ($0["tid"] as? NSNumber)?.intValue
    }
    #expect(!threads.isEmpty && threads.allSatisfy { $0 == 2 })
  }

  /// Every cache that a decode replica fetches is on its way for as long as its hand-off takes.
  @Test func transfersAreThere() async throws {
    let (events, _) = try await trace(
      "pools: [{ role: prefill, replicas: 1 }, { role: decode, replicas: 1 }]", replicas: 0..<4)
    let transfers = events.filter { $0["cat"] as? String == "transfer" }
    #expect(transfers.count == 200)
  }
}
