import Documents
import Foundation
import Results
import Scenario
import Testing

@testable import Studies

@Suite struct SensitivityTests {
  private let folder: CompareFolder
  private let catalogue: ScenarioCatalogue

  init() throws {
    folder = try CompareFolder()
    catalogue = try ScenarioCatalogue.load()
  }

  private func report(_ path: String, share: String = "10 %", jobs: Int = 2) async throws -> SensitivityReport
  {
    let input = try CompareInput.read([path])[0]
    return try await SensitivityStudy(input, share: share, with: catalogue, jobs: jobs).run()
  }

  private func effect(_ report: SensitivityReport, _ path: String) throws -> SensitivityReport.Effect {
    try #require(report.effects.first { $0.variation.path == path })
  }

  @Test("less bandwidth slows tokens down, more speeds them up, neither by more than the change itself")
  func bandwidth() async throws {
    let report = try await report(try folder.chat())
    #expect(report.share == 0.1)
    let bandwidth = try effect(report, "accelerator.memory_bandwidth")
    let (lower, higher) = (try #require(bandwidth.lower.change(2)), try #require(bandwidth.higher?.change(2)))
    #expect(lower > 0 && lower < 1 / 0.9 - 1 && higher < 0 && higher > 1 / 1.1 - 1)
    // A closed loop takes what it gets.
    #expect(report.ranking == 0)
    #expect(try #require(bandwidth.lower.change(0)) < 0)
    // The largest effect stands first.
    let sizes = report.effects.map { $0.size(0) }
    #expect(sizes == sizes.sorted(by: >))
  }

  @Test("a figure that nothing depends on changes nothing")
  func noEffect() async throws {
    let report = try await report(try folder.chat())
    // One accelerator a replica: nothing crosses a link.
    for path in ["scale_out.bandwidth", "scale_up.bandwidth"] {
      #expect(try effect(report, path).all.allSatisfy { $0 == 0 })
    }
    #expect(report.text().contains("no effect of 0.05 %: "))
    // Idle power of nodes is felt at the grid connection alone.
    let node = try effect(report, "node.idle_power")
    #expect(try #require(node.higher?.change(3)) > 0 && node.higher?.change(0) == 0)
  }

  @Test("a clock can only be lower; what can't run says so")
  func oneSided() async throws {
    let path = try folder.chat(
      more: """
        hardware: { h100-sxm: { accelerator: { memory: 26 GB } } }
        """)
    let report = try await report(path)
    let clock = try effect(report, "clock")
    #expect(clock.higher == nil && clock.variation.lower == ["deployments[0].clock_limit=0.9"])
    // 16 GB of weights beside 4 GB of runtime leave nothing of 0.9 x 0.9 x 26 GB that 40 % less could give.
    let small = try await self.report(path, share: "40 %")
    let memory = try effect(small, "accelerator.memory")
    #expect(memory.canFail)
    #expect(small.text().contains("can't run"))
  }

  @Test("where the load sets the throughput, the time of a token ranks")
  func openLoop() async throws {
    let path = try folder.chat(more: "description: open")
    let text = try String(contentsOfFile: path, encoding: .utf8)
      .replacing(
        "process: closed-loop, concurrency: 16, requests: 100",
        with: "process: poisson, rate: 20 /s, requests: 400")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    let report = try await report(path)
    #expect(report.ranking == 2)
    guard case .object(let members) = report.json else { return }
    #expect(members.first { $0.0 == "ranked_by" }?.1 == .string("latency_seconds.tpot.mean"))
  }

  @Test("the same bytes for any number of cores, 80 columns wide")
  func stable() async throws {
    let path = try folder.chat()
    let (one, many) = (try await report(path, jobs: 1), try await report(path, jobs: 8))
    #expect(one.json.text() == many.json.text())
    for line in one.text().split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }

  @Test(arguments: ["", "ten", "0", "-10 %", "100 %", "2"])
  func wrongShare(share: String) throws {
    let input = try CompareInput.read([try folder.chat()])[0]
    #expect(throws: Problems.self) { try SensitivityStudy(input, share: share, with: catalogue) }
  }
}
