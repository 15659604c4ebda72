import Documents
import Foundation
import Results
import Scenario
import Testing

@testable import Studies

/// One page of a store of results.
@Suite struct StorePageTests {
  private static func scenario(_ more: String = "") -> String {
    """
    tokenmill: 1
    name: Two <deployments>
    site: { system: h100-sxm, nodes: 1, facility: {} }
    deployments:
      - { name: chat, model: llama-3.1-8b, engine: { framework: vllm, max_batch_size: 64 }, replicas: 1 }
      - { name: code, model: llama-3.1-8b, engine: { framework: vllm, max_batch_size: 64 }, replicas: 1 }
    workload:
      - deployment: chat
        arrivals: { process: poisson, rate: 10 /s, requests: 300 }
        lengths: { input: 100, output: 50 }
      - deployment: code
        arrivals: { process: poisson, rate: 10 /s, requests: 300 }
        lengths: { input: 100, output: 50 }
    run: { seed: 5 }
    \(more)
    """
  }

  private func store(_ body: (ResultStore, ScenarioFile) async throws -> Void, more: String = "") async throws
    -> String
  {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).sqlite").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let store = try ResultStore(path: path)
    let document = try Document.parse(text: Self.scenario(more), file: "two.yaml")
    try await body(store, try ScenarioFile(document: document))
    return try StorePage(store, title: "Page").html()
  }

  @Test func aRun() async throws {
    let html = try await store { store, file in
      let run = await RunStudy(try file.resolve(with: try ScenarioCatalogue.load())).run()
      _ = try store.add(run.report, outcomes: run.outcomes)
    }
    #expect(html.contains("Two &lt;deployments&gt;") && !html.contains("<deployments>"))
    for picture in [
      "time to first token: share of requests below", "time per output token", "over the run",
      "power of the site", "where the step time goes", "where the energy goes",
    ] { #expect(html.contains(picture), "\(picture)") }
    for link in ["http:", "https:", "src=", "href=", "<script"] { #expect(!html.contains(link)) }
  }

  @Test func emptyStores() async throws {
    await #expect(throws: Problems.self) { _ = try await store { _, _ in } }
  }
}
