import Documents
import Foundation
import Hardware
import Quantities
import Scenario
import Simulation
import Testing

@Suite("The examples of the reference page")
struct ReferencePageTests {
  /// The YAML blocks of the page, in order: a scenario, and sections to add to it.
  private func blocks() throws -> [String] {
    let page = try String(
      contentsOf: packageRoot.appendingPathComponent("docs/scenario-reference.md"), encoding: .utf8)
    return page.components(separatedBy: "```yaml\n").dropFirst().compactMap {
      $0.components(separatedBy: "```").first
    }
  }

  @Test func resolve() throws {
    let blocks = try blocks()
    try #require(blocks.count == 4)
    let catalogue = try Catalogue.shared.get()
    let plain = try Document.parse(text: blocks[0], file: "example.yaml")
    let scenario = try ScenarioFile(document: plain).resolve(with: catalogue)
    #expect(scenario.deployments.first?.plan.replicas == 4)
    // A closed loop has the concurrency that the sweep of the page varies.
    let all = try Document.parse(text: blocks.prefix(3).joined(), file: "example.yaml")
    let file = try ScenarioFile(
      document: all,
      overrides: ["site.system=h100-hbm4", "workload[0].arrivals={ process: closed-loop, concurrency: 1 }"])
    #expect(file.sweepPoints.count == 20)
    let last = try #require(file.sweepPoints.last)
    #expect(last.settings.map(\.value) == ["512", "8", "512"])
    let point = try file.resolve(point: last, with: catalogue)
    #expect(point.site.parts[0].system.accelerator.memory == Bytes(si: 120e9))
    #expect(point.deployments[0].plan.engine.maximumBatchSize == 512)
    // Named variants, in the block that comes last.
    let variants = try ScenarioFile(
      document: try Document.parse(text: blocks[0] + blocks[3], file: "example.yaml"),
      overrides: ["workload[0].arrivals={ process: closed-loop, concurrency: 1 }"])
    let labels = variants.sweepPoints.map(\.label)
    #expect(labels.count == 8)
    #expect(labels.last == "layout=tensor-8 workload[0].arrivals.concurrency=64")
    let wide = try variants.resolve(point: variants.sweepPoints.last, with: catalogue)
    #expect(wide.deployments[0].plan.engine.maximumBatchSize == 512)
  }
}
