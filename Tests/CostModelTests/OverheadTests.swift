import Foundation
import Testing

@testable import CostModel

@Suite("Overheads of frameworks")
struct OverheadTests {
  private static func overhead(step: Double) -> FrameworkOverhead {
    var overhead = FrameworkOverhead.none
    overhead.stepSeconds = step
    return overhead
  }

  private static func entry(_ group: OverheadGroup, step: Double) -> OverheadTable.Entry {
    OverheadTable.Entry(
      group: group, overhead: overhead(step: step), points: 1, medianErrorOfTPOT: 0, medianErrorOfTTFT: 0)
  }

  private static let narrow = OverheadGroup(
    framework: "vllm", kernels: "gqa-dense fp8", model: "80 x 8192", system: "h200-sxm", version: "0.19.0"
  )

  private static let groups = OverheadGroup.Level.allCases.compactMap { narrow.group(at: $0) }

  @Test("a group belongs to one of each level; one that names no kernels to its framework's alone")
  func levels() {
    let kernels = OverheadGroup(framework: "vllm", kernels: "gqa-dense fp8")
    #expect(Self.groups.count == OverheadGroup.Level.allCases.count)
    #expect(Self.groups[0] == OverheadGroup(framework: "vllm") && Self.groups[1] == kernels)
    #expect(Self.groups[2].model == "80 x 8192" && Self.groups[2].system == nil)
    #expect(Self.groups[3].model != nil && Self.groups[3].system != nil && Self.groups[3].version == nil)
    #expect(Self.groups[4] == Self.narrow)
    #expect(OverheadGroup.Level.allCases.compactMap { kernels.group(at: $0) } == Array(Self.groups[...1]))
  }

  @Test("the narrowest group that has an entry holds; another framework's never does")
  func narrowest() {
    for depth in Self.groups.indices {
      let table = OverheadTable(
        provenance: [],
        entries: Self.groups[...depth].enumerated().map { Self.entry($0.element, step: Double($0.offset)) })
      #expect(table.entry(for: Self.narrow)?.overhead.stepSeconds == Double(depth))
    }
    var elsewhere = Self.narrow
    elsewhere.system = "b200-sxm"
    let known = OverheadTable(
      provenance: [],
      entries: Self.groups.enumerated().map { Self.entry($0.element, step: Double($0.offset)) })
    #expect(known.entry(for: elsewhere)?.group == Self.groups[2])
    elsewhere.model = "64 x 5120"
    #expect(known.entry(for: elsewhere)?.group == Self.groups[1])
    let other = OverheadTable(
      provenance: [], entries: [Self.entry(OverheadGroup(framework: "tensorrt-llm"), step: 1)])
    #expect(other.entry(for: Self.narrow) == nil)
  }

  @Test("a table reads back what it writes, with units in its keys")
  func roundTrip() throws {
    let table = OverheadTable(
      provenance: ["made for a test"], entries: Self.groups.map { Self.entry($0, step: 1e-3) })
    let read = try EfficiencyTable.decode(OverheadTable.self, Data(table.text.utf8), file: "overheads.json")
    #expect(read == table)
    #expect(read.text == table.text)
    #expect(table.text.contains("\"step_seconds\""))
    #expect(throws: (any Error).self) {
      try EfficiencyTable.decode(OverheadTable.self, Data("{}".utf8), file: "overheads.json")
    }
  }

  @Test("scaled kernels keep their lanes in balance: time = operators = limits")
  func scales() {
    var cost = CostVector.zero
    for (index, lane) in CostLane.operators.enumerated() { cost[lane] = Double(index + 1) * 1e-3 }
    cost[.time] = CostLane.operators.reduce(0) { $0 + cost[$1] }
    cost[.compute] = cost[.time] * 0.25
    cost[.memory] = cost[.time] * 0.75
    cost[.energy] = 3
    let scaled = KernelScales(gemm: 2, experts: 0.5, collective: 3).scaled(cost)
    #expect(scaled[.gemm] == 2 * cost[.gemm] && scaled[.experts] == 0.5 * cost[.experts])
    #expect(scaled[.collective] == 3 * cost[.collective] && scaled[.framework] == cost[.framework])
    let operators = CostLane.operators.reduce(0) { $0 + scaled[$1] }
    let limits = CostLane.limits.reduce(0) { $0 + scaled[$1] }
    #expect(abs(scaled[.time] - operators) < 1e-15 && abs(scaled[.time] - limits) < 1e-15)
    #expect(abs(scaled[.energy] / cost[.energy] - scaled[.time] / cost[.time]) < 1e-12)
  }

  @Test("steps cost their kernels, scaled by kind of step, and the framework's seconds")
  func adjusted() throws {
    let design = try design("llama-3.1-8b", on: "h100-sxm")
    let kernels = design.kernelCosts(
      maximumBatchSize: 64, maximumBatchTokens: 2048, maximumContextTokens: 2048)
    let same = design.adjusted(kernels, by: .none)
    let decode = { (table: StepCostTable) in
      table.decodeRun(sequences: 8, contextSum: 8000, boundedSum: 0, boundedGrowth: 0).first[.time]
    }
    let mixed = { (table: StepCostTable) in
      table.mixedCost(sequences: 8, contextSum: 8000, boundedSum: 0, chunkTokens: 512, rows: 9)[.time]
    }
    #expect(decode(same) == decode(kernels) && mixed(same) == mixed(kernels))
    let slower = design.adjusted(
      kernels,
      by: FrameworkOverhead(
        stepSeconds: 1e-3, mixedStepSeconds: 5e-3, layerSeconds: 1e-5, sequenceSeconds: 1e-6,
        frontEndSeconds: 0, frontEndSecondsPerInputToken: 0))
    // 1 ms a step, 32 layers of 10 us, 8 sequences of 1 us; 5 ms more with prompt chunks.
    #expect(abs(decode(slower) - decode(kernels) - 1.328e-3) < 1e-9)
    #expect(abs(mixed(slower) - mixed(kernels) - 6.328e-3) < 1e-9)
    var prefill = FrameworkOverhead.none
    prefill.prefill.gemm = 2
    let heavier = design.adjusted(kernels, by: prefill)
    #expect(decode(heavier) == decode(kernels))
    #expect(mixed(heavier) > mixed(kernels) * 1.3)
  }
}
