import Documents
import Foundation
import Testing

@testable import Studies

/// Validations held against earlier ones, and their page.
@Suite struct BaselineTests {
  private func report(_ predicted: Double) throws -> ValidationReport {
    let results = try ["a", "b", "c"].map { id in
      let point = try benchmarkPoint([
        ("id", id), ("suite", "own"), ("system", "h100-sxm"), ("accelerators", "1"), ("framework", "vllm"),
        ("model", "llama-3.1-8b"), ("load", "offline"),
      ])
      var values = ColumnValues()
      values[.tpotMean] = predicted
      return PointResult(point: point, assumptions: [], predicted: values, reason: nil, resolved: [])
    }
    return ValidationReport(results)
  }

  private func withFile(_ body: (String) throws -> Void) rethrows {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).sqlite").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  @Test func growthIsFound() throws {
    try withFile { path in
      let first = try Baseline(path: path)
      #expect(try first.lastLabel() == nil)
      #expect(try first.changes(to: try report(0.011), tolerance: 0).isEmpty)
      try first.add(try report(0.011), label: "1.0")
      let again = try Baseline(path: path)
      #expect(try again.lastLabel() == "1.0")
      #expect(try again.changes(to: try report(0.011), tolerance: 0).isEmpty)
      #expect(try again.changes(to: try report(0.0111), tolerance: 0.02).isEmpty)
      let worse = try again.changes(to: try report(0.013), tolerance: 0.02)
      let all = try #require(worse.first)
      #expect(abs(all.now - 0.3) < 1e-9 && abs((all.before ?? 0) - 0.1) < 1e-9 && all.rows == 3)
      let better = try again.changes(to: try report(0.01), tolerance: 0.02)
      #expect(!better.isEmpty && better.allSatisfy { $0.now < $0.before ?? 0 })
    }
  }

  @Test func foreignFilesAreRefused() throws {
    try withFile { path in
      try Data("no database at all, whatever it is called".utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: Problems.self) { try Baseline(path: path) }
    }
  }

  @Test func thePageHasPictures() throws {
    let html = ValidationPage(try report(0.012), layout: .init(dimensions: [], worst: 5), gates: "a gate")
      .html
    #expect(html.contains("<svg") && html.contains("tpot_mean_s") && html.contains("a gate"))
    for link in ["http:", "https:", "src=", "href="] { #expect(!html.contains(link)) }
  }
}
