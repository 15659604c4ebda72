import Documents
import Foundation
import Testing

@testable import Studies

@Suite struct AccuracyPageTests {
  /// One fit point predicted at 1.1 and two test points at 0.8 and without prediction.
  private func report(_ factor: Double = 0.8) throws -> ValidationReport {
    func result(_ id: String, _ split: String, _ predicted: Double?) throws -> PointResult {
      var point = try benchmarkPoint([
        ("id", id), ("suite", "inferencex"), ("system", "s"), ("accelerators", "8"), ("framework", "vllm"),
        ("model", "m"), ("tpot_mean_s", "1"), ("notes", "a note of \(id)"), ("split", split),
      ])
      point.flag = id == "b" ? "non_monotone" : ""
      var values = ColumnValues()
      values[.tpotMean] = predicted
      return PointResult(
        point: point, assumptions: [Assumption("kv_cache", "fp8", because: "x")],
        predicted: predicted == nil ? nil : values, reason: predicted == nil ? "not modelled" : nil,
        resolved: [])
    }
    return ValidationReport([
      try result("a", "fit", 1.1), try result("b", "test", factor), try result("c", "test", nil),
    ])
  }

  @Test func halvesStandSideBySide() throws {
    let page = AccuracyPage(try report(), label: "2").markdown(since: AccuracyHistory())
    #expect(page.hasPrefix("# Accuracy\n"))
    #expect(page.contains("| all | 1 | 1 | 10.0 % | 10.0 % | 1.1 | - | 2 | 1 | 20.0 % | 20.0 % | 0.8 | - |"))
    #expect(page.contains("There is no earlier version to compare with."))
    #expect(page.contains("| InferenceX, aggregated | test | 2 | 1 | 50.0 % |"))
    #expect(page.contains("| not modelled | 1 |"))
  }

  @Test func theWorstPointsSayWhatIsKnown() throws {
    let page = AccuracyPage(try report(), label: "2").markdown(since: AccuracyHistory())
    #expect(
      page.contains(
        "1. `b` (test): measured 1, predicted 0.8, -20.0 %; flag: non_monotone; notes: a note of b; "
          + "assumed: kv_cache fp8"))
    #expect(page.contains("2. `a` (fit): measured 1, predicted 1.1, +10.0 %"))
  }

  @Test func whatChangedSinceTheLastVersion() throws {
    let history = AccuracyHistory().adding(AccuracyPage(try report(), label: "1").entry)
    let same = AccuracyPage(try report(), label: "2").markdown(since: history)
    #expect(same.contains("Nothing since version 1."))
    let better = AccuracyPage(try report(0.9), label: "2").markdown(since: history)
    #expect(
      better.contains(
        "| inferencex agg test tpot_mean_s | 1 of 2 → 1 of 2 | 20.0 % → 10.0 % | 20.0 % → 10.0 % | 0.8 → 0.9 | - → - |"
      ))
    // A version is not compared with itself.
    let again = AccuracyPage(try report(0.9), label: "1").markdown(since: history)
    #expect(again.contains("There is no earlier version to compare with."))
  }

  @Test func historyReadsBack() throws {
    let first = AccuracyPage(try report(), label: "1").entry
    let second = AccuracyPage(try report(0.9), label: "2").entry
    let history = AccuracyHistory().adding(first).adding(second).adding(first)
    #expect(history.entries.map(\.label) == ["2", "1"])
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("h-\(UUID().uuidString).json")
      .path
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(try AccuracyHistory.read(path: path) == AccuracyHistory())
    try history.text.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try AccuracyHistory.read(path: path) == history)
    try "[]".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(throws: Problems.self) { try AccuracyHistory.read(path: path) }
  }

  @Test func pointsWithoutTheirOwnModel() throws {
    let page = AccuracyPage(try report(), leftOut: [(.model, try report(0.5))], label: "2")
    let text = page.markdown(since: AccuracyHistory())
    #expect(text.contains("## Without its own model"))
    #expect(text.contains("| m | 1 | 1 | 10.0 % | 10.0 % | 1.1 | - | 2 | 1 | 50.0 % | 50.0 % | 0.5 | - |"))
    let figure = page.entry.figures.first { $0.name == "without own model tpot_mean_s" }
    #expect(figure?.rows == 3 && figure?.predicted == 2)
  }
}
