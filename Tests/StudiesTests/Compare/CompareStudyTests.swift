import Documents
import Foundation
import Results
import Scenario
import Testing

@testable import Studies

/// Scenario files of a small chat in a folder of their own, gone after the test.
final class CompareFolder {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("compare-" + UUID().uuidString)

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Writes a closed loop and returns its path.
  func chat(_ name: String = "chat.yaml", system: String = "h100-sxm", seed: Int = 5, more: String = "")
    throws
    -> String
  {
    let text = """
      tokenmill: 1
      name: A small chat
      site: { system: \(system), nodes: 1 }
      deployments:
        - name: chat
          model: llama-3.1-8b
          engine: { framework: vllm, max_batch_size: 64 }
          replicas: 2
      workload:
        - arrivals: { process: closed-loop, concurrency: 16, requests: 100 }
          lengths: { input: { lognormal: { mean: 300, coefficient_of_variation: 1 } }, output: 20 }
      run: { seed: \(seed), warm_up: none }
      \(more)
      """
    let path = url.appendingPathComponent(name).path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }
}

@Suite struct CompareStudyTests {
  private let folder: CompareFolder
  private let catalogue: ScenarioCatalogue

  init() throws {
    folder = try CompareFolder()
    catalogue = try ScenarioCatalogue.load()
  }

  private func report(_ inputs: [CompareInput], seed: UInt64? = nil, jobs: Int = 2) async throws
    -> CompareReport
  {
    try await CompareStudy(with: catalogue, seed: seed, jobs: jobs).run(inputs)
  }

  @Test("figures stand side by side, with ratios to the first; faster memory shows in what memory bounds")
  func ratios() async throws {
    let inputs = try CompareInput.read([try folder.chat()], variants: ["site.system=h200-sxm"])
    let report = try await report(inputs)
    #expect(report.runs.map(\.label) == ["A", "B"])
    #expect(report.runs[1].settings == ["site.system=h200-sxm"])
    let tokens = try #require(report.figures.first { $0.name == "throughput.output_tokens_per_second" })
    let (first, second) = (try #require(tokens.values[0]), try #require(tokens.values[1]))
    #expect(tokens.ratios == [1, second / first] && second > first)
    // 3.35 TB/s and 4.8 TB/s: memory's part of the time falls by as much, but for different efficiencies.
    let memory = try #require(report.limits.first { $0.name == "memory" })
    let ratio = try #require(memory.ratios[1])
    #expect(ratio > 0.9 * 3.35 / 4.8 && ratio < 1.1 * 3.35 / 4.8)
    #expect(report.hardware.contains { $0.difference.path == "accelerator.memory_bandwidth" })
    let bandwidth = try #require(
      report.hardware.first { $0.difference.path == "accelerator.memory_bandwidth" })
    #expect(bandwidth.difference.values == [.string("3.35 TB/s"), .string("4.8 TB/s")])
    #expect(report.differences.contains { $0.path == "site.system" })
    #expect(!report.differences.contains { $0.path == "deployments[0].model" })
  }

  @Test("accelerator time for a token adds up to the inverse of tokens/s for each accelerator in use")
  func timeAddsUp() async throws {
    let path = try folder.chat()
    let report = try await report(try CompareInput.read([path, path]))
    for run in report.runs {
      let summary = try #require(run.summary)
      let time = try #require(run.time)
      let rate = try #require(summary.number(at: "whole_run.throughput.output_tokens_per_second"))
      // Two of the node's eight accelerators are in use.
      #expect(abs(time.total * rate / 2 - 1) < 1e-6)
      let busy = time.byOperator.reduce(0) { $0 + $1.seconds }
      let idle = try #require(time.byLimit.first { $0.name == "idle" }?.seconds)
      #expect(abs((busy + idle) / time.total - 1) < 1e-6)
    }
    // The same twice differs in nothing.
    #expect(report.differences.isEmpty && report.hardware.isEmpty)
    #expect(report.figures.allSatisfy { $0.values[0] == $0.values[1] })
  }

  @Test("all scenarios take the seed of the first, or the one that is asked for")
  func oneSeed() async throws {
    let paths = [try folder.chat("a.yaml", seed: 7), try folder.chat("b.yaml", seed: 8)]
    let inputs = try CompareInput.read(paths)
    #expect(try await report(inputs).runs.map(\.seed) == ["7", "7"])
    let asked = try await report(inputs, seed: 9)
    #expect(asked.runs.map(\.seed) == ["9", "9"] && asked.seed == "9")
    #expect(asked.differences.isEmpty)
  }

  @Test("the same bytes for any number of cores")
  func anyNumberOfCores() async throws {
    let inputs = try CompareInput.read(
      [try folder.chat()],
      variants: ["deployments[0].parallel.tensor=2", "workload[0].arrivals.concurrency=4"])
    let one = try await report(inputs, jobs: 1)
    let many = try await report(inputs, jobs: 8)
    #expect(one.json.text() == many.json.text() && one.text() == many.text())
  }

  @Test("a scenario that can't run stands beside one that can, and says why")
  func infeasible() async throws {
    let inputs = try CompareInput.read(
      [try folder.chat()], variants: ["deployments[0].model=llama-3.1-405b"])
    let report = try await report(inputs)
    #expect(report.runs[1].summary == nil)
    #expect(report.runs[1].problems.contains { $0.contains("does not fit") })
    #expect(report.figures.allSatisfy { $0.values[1] == nil })
    #expect(report.text().contains("can't run: "))
    await #expect(throws: Problems.self) {
      try await self.report(
        try CompareInput.read([try self.folder.chat()], variants: ["deployments[0].model=llama-3.1-405b"])
          .suffix(1))
    }
  }

  @Test("a key that the format does not know ends the comparison")
  func unknownKey() async throws {
    let inputs = try CompareInput.read([try folder.chat()], variants: ["deployments[0].parallel.tensr=2"])
    await #expect(throws: Problems.self) { try await self.report(inputs) }
  }

  @Test("hardware that a scenario defines is echoed by its runs, and compared")
  func echoedHardware() async throws {
    let path = try folder.chat(
      system: "fast",
      more: "hardware: { fast: { based_on: h100-sxm, accelerator: { memory_bandwidth: 8000 GB/s } } }")
    let report = try await report(
      try CompareInput.read([path], variants: ["hardware.fast.accelerator.memory_bandwidth=8 TB/s"]))
    #expect(report.hardware.isEmpty, "the same value, written otherwise")
    let echo = report.runs[0].summary?["configuration"]?["hardware"]?["fast"]
    #expect(echo?["accelerator.memory_bandwidth"] == .string("8000 GB/s"))
    #expect(echo?["accelerator.tdp"] == .string("700 W"))
  }

  @Test("what binds each pool stands below what binds the whole")
  func pools() async throws {
    let pools = """
      deployments[0].pools=[{role: prefill, replicas: 1}, {role: decode, replicas: 1}]; deployments[0].replicas=
      """
    let report = try await report(try CompareInput.read([try folder.chat()], variants: [pools]))
    #expect(report.pools.map(\.name) == ["chat prefill", "chat decode"])
    #expect(report.pools.allSatisfy { $0.limits[0] == nil && $0.limits[1] != nil })
    // The prefill pool waits for most of the time.
    #expect(report.pools[0].limits[1] == "idle")
    #expect(report.text().contains("  chat decode"))
  }

  @Test("tables of two and of three runs fit a terminal")
  func width() async throws {
    let path = try folder.chat()
    let variants = ["site.system=gb200-nvl72; site.nodes=1", "deployments[0].parallel.tensor=2"]
    for count in 1...2 {
      let text = try await report(try CompareInput.read([path], variants: Array(variants.prefix(count))))
        .text()
      for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }
  }
}

@Suite struct ConfigurationDifferenceTests {
  @Test("only what differs is found, in the order of the documents, lists of values as one")
  func differences() {
    let a: JSONValue = [
      "name": "A", "site": ["x": 1, "y": 2], "list": [["k": 1], ["k": 2]], "values": [1, 2],
    ]
    let b: JSONValue = ["name": "B", "site": ["x": 1, "y": 3], "list": [["k": 1]], "values": [1, 3]]
    let found = ConfigurationDifference.between([a, b])
    #expect(found.map(\.path) == ["site.y", "list[1].k", "values"])
    #expect(found[0].values == [.int(2), .int(3)])
    #expect(found[1].values == [.int(2), nil])
    #expect(found[2].values == [[1, 2], [1, 3]])
  }

  @Test("a run that could not run takes no part")
  func withoutOne() {
    #expect(ConfigurationDifference.between([["a": 1], nil]).isEmpty)
    #expect(
      ConfigurationDifference.between([["a": 1], nil, ["a": 2]]).first?.values == [.int(1), nil, .int(2)])
  }
}
