import Documents
import Testing

@testable import Studies

@Suite struct GateTests {
  private func gates(_ text: String) throws(Problems) -> [Gate] {
    try Gate.read(try Document.parse(text: text, file: "gates.yaml"))
  }

  @Test func aFile() throws {
    let found = try gates(
      """
      - { suite: inferencex, split: fit, column: tpot_mean_s, statistic: median_ape, at_most: 20 % }
      - suite: mlperf
        partition: { framework: vllm, model: llama-2-70b }
        column: output_tokens_per_s
        statistic: bias
        at_least: 0.9
        at_most: 1.1
      """)
    #expect(found.count == 2)
    #expect(found[0].name == "inferencex fit tpot_mean_s median_ape")
    #expect(found[0].atMost == 0.2 && found[0].atLeast == nil)
    #expect(found[1].name == "mlperf model=llama-2-70b framework=vllm output_tokens_per_s bias")
    #expect(found[1].atLeast == 0.9 && found[1].atMost == 1.1 && found[1].split == nil)
  }

  @Test func everyMistake() {
    do throws(Problems) {
      _ = try gates(
        """
        - { suite: inferencx, column: tpot_mean, statistic: median_ape, at_most: 20 % }
        - { suite: mlperf, column: tpot_mean_s, statistic: median_ape }
        - { suite: mlperf, column: tpot_mean_s, statistic: mean, at_most: 20 s, limit: 3 }
        """)
      Issue.record("nothing wrong")
    } catch {
      let lines = error.all.map(\.description)
      #expect(lines.count == 6)
      #expect(lines[0].hasPrefix("gates.yaml:1: [0].suite: found 'inferencx', "))
      #expect(lines[0].hasSuffix("did you mean 'inferencex'?"))
      #expect(lines[1].hasPrefix("gates.yaml:1: [0].column: found 'tpot_mean', "))
      #expect(lines[2].hasPrefix("gates.yaml:2: [1]: "))
      #expect(lines[2].contains("bounds nothing; allowed: at_most, at_least or both"))
      #expect(lines[3].hasPrefix("gates.yaml:3: [2].statistic: found 'mean', "))
      #expect(lines[4].hasPrefix("gates.yaml:3: [2].at_most: found '20 s', "))
      #expect(lines[5].hasPrefix("gates.yaml:3: [2].limit: "))
    }
  }

  /// One row of suite mlperf, predicted 30 % too high.
  private func report() throws -> ValidationReport {
    var point = try benchmarkPoint([
      ("suite", "mlperf"), ("system", "s"), ("accelerators", "1"), ("model", "m"), ("tpot_mean_s", "0.1"),
      ("ttft_mean_s", "1"),
    ])
    point.split = "test"
    var values = ColumnValues()
    values[.tpotMean] = 0.13
    return ValidationReport([
      PointResult(point: point, assumptions: [], predicted: values, reason: nil, resolved: [])
    ])
  }

  private func verdict(_ gate: String) throws -> Gate.Verdict {
    let gate = try #require(try gates("- { \(gate) }").first)
    return try gate.verdict(on: report())
  }

  @Test func verdicts() throws {
    guard
      case .passed(let value) = try verdict(
        "suite: mlperf, column: tpot_mean_s, statistic: median_ape, at_most: 31 %")
    else {
      Issue.record("not passed")
      return
    }
    #expect(abs(value - 0.3) < 1e-9)
    guard
      case .failed = try verdict("suite: mlperf, column: tpot_mean_s, statistic: median_ape, at_most: 29 %")
    else {
      Issue.record("not failed")
      return
    }
    let other = "column: tpot_mean_s, statistic: median_ape, at_most: 31 %"
    #expect(try verdict("suite: inferencex, \(other)") == .skipped)
    #expect(try verdict("suite: mlperf, split: fit, \(other)") == .empty)
    #expect(try verdict("suite: mlperf, partition: { model: n }, \(other)") == .empty)
    // A column that the simulation does not yield is covered by no row: its median is nothing to judge.
    #expect(
      try verdict("suite: mlperf, column: ttft_mean_s, statistic: median_ape, at_most: 31 %") == .empty)
    #expect(
      try verdict("suite: mlperf, column: ttft_mean_s, statistic: coverage, at_least: 50 %") == .failed(0))
  }

  @Test func wordsOfAFailure() throws {
    let gate = try #require(
      try gates("- { suite: mlperf, column: tpot_mean_s, statistic: median_ape, at_most: 29 % }").first)
    #expect(
      GateTable.failure(gate, try gate.verdict(on: report()))
        == "gate failed: mlperf tpot_mean_s median_ape is 30.0 %, allowed: at most 29.0 %")
  }
}
