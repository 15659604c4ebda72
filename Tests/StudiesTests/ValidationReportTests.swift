import Documents
import Foundation
import Scenario
import Testing

@testable import Studies

@Suite struct ValidationReportTests {
  /// A report on made-up predictions: ratios 1.1 and 0.8 with vLLM, none with another framework.
  private func report() throws -> ValidationReport {
    func result(_ id: String, _ framework: String, _ measured: String, _ predicted: Double?) throws
      -> PointResult
    {
      var point = try benchmarkPoint([
        ("id", id), ("suite", "x"), ("system", "s"), ("accelerators", "8"), ("framework", framework),
        ("model", "m"),
        ("tpot_mean_s", measured),
      ])
      point.split = "fit"
      var values = ColumnValues()
      values[.tpotMean] = predicted
      return PointResult(
        point: point, assumptions: [], predicted: predicted == nil ? nil : values,
        reason: predicted == nil ? "not modelled" : nil, resolved: [])
    }
    return ValidationReport([
      try result("a", "vllm", "0.01", 0.011), try result("b", "vllm", "0.02", 0.016),
      try result("c", "other", "0.03", nil),
    ])
  }

  @Test func jsonOfPoints() throws {
    let json = try report().json
    guard case .object(let members) = json else {
      Issue.record("no object")
      return
    }
    #expect(members.map(\.0) == ["points", "errors"])
    func expected(
      _ id: String, _ measured: Double, _ predicted: JSONValue, _ reason: JSONValue, framework: String
    ) -> JSONValue {
      [
        "id": .string(id), "column": "tpot_mean_s", "measured": .double(measured), "predicted": predicted,
        "reason": reason, "interval": nil, "split": "fit", "suite": "x", "system": "s", "accelerators": 8,
        "framework": .string(framework), "model": "m", "weights": "", "mode": "agg", "concurrency": nil,
      ]
    }
    #expect(
      json["points"]
        == .array([
          expected("a", 0.01, 0.011, nil, framework: "vllm"),
          expected("b", 0.02, 0.016, nil, framework: "vllm"),
          expected("c", 0.03, nil, "not modelled", framework: "other"),
        ]))
  }

  @Test func jsonOfErrors() throws {
    guard case .array(let errors)? = try report().json["errors"] else {
      Issue.record("no errors")
      return
    }
    let found = errors.first { $0["partition"] == ["split": "fit", "framework": "vllm"] }
    let vllm = try #require(found)
    #expect(vllm["column"] == "tpot_mean_s" && vllm["rows"] == 2 && vllm["rows_predicted"] == 2)
    #expect(vllm["coverage"] == 1.0)
    guard case .double(let mape)? = vllm["mape_percent"], case .double(let bias)? = vllm["bias_ratio"] else {
      Issue.record("no figures")
      return
    }
    #expect(abs(mape - 15) < 1e-9)
    #expect(abs(bias - 0.95) < 1e-9)
    let other = try #require(errors.first { $0["partition"] == ["split": "fit", "framework": "other"] })
    #expect(other["rows_predicted"] == 0 && other["mape_percent"] == .null && other["coverage"] == 0.0)
  }

  @Test func worstRowsAndReasons() throws {
    let report = try report()
    #expect(report.worst(5, of: .tpotMean).map(\.point.id) == ["b", "a"])
    #expect(report.unpredicted.map(\.reason) == ["not modelled"])
    #expect(report.unpredicted.map(\.points) == [1])
    let text = report.text(ValidationReport.Layout(dimensions: [[.framework]], worst: 1))
    #expect(
      text.contains(
        "\nfit · vllm      2          2  15.0 %   15.0 %   19.0 %   -5.0 %  0.95          -\n"))
    #expect(
      report.markdown().contains("| fit · vllm | 2 | 2 | 15.0 % | 15.0 % | 19.0 % | -5.0 % | 0.95 | - |"))
  }

  @Test func anUnknownPointHasNoExplanation() throws {
    let report = try report()
    #expect(throws: Problems.self) { try report.explanation(of: "z") }
    #expect(try report.explanation(of: "c").contains("not predicted: not modelled"))
  }
}

@Suite struct ValidationStudyTests {
  private func points() throws -> [BenchmarkPoint] {
    var points: [BenchmarkPoint] = []
    for (index, concurrency) in [64, 4, 16].enumerated() {
      for (model, count) in [("llama-3.1-8b", 1), ("llama-3.1-70b", 4)] {
        var settings = inferenceX("h100-sxm", count, "vllm", model, "fp8", concurrency: concurrency)
        settings += [("id", "\(model)-\(index)"), ("ttft_mean_s", "0.1"), ("tpot_mean_s", "0.01")]
        points.append(try benchmarkPoint(settings))
      }
    }
    points.append(try benchmarkPoint([("system", "none"), ("accelerators", "1"), ("model", "m")]))
    return points
  }

  /// The same bytes for any number of threads, and in the order of the points.
  @Test func threadsChangeNothing() async throws {
    let study = ValidationStudy(try points(), with: try ScenarioCatalogue.load())
    let one = ValidationReport(await study.run(threads: 1))
    let many = ValidationReport(await study.run(threads: 5))
    #expect(one.results.map(\.point.id) == study.points.map(\.id))
    #expect(one.json.text() == many.json.text())
    #expect(one.results.count { $0.predicted != nil } == 6)
    #expect(one.results.last?.reason == "system 'none' is not in the catalogue")
  }

  /// Laws that hold whatever the calibration: more users wait longer for each token, and get more out of a GPU.
  @Test func sweepsRise() async throws {
    let study = ValidationStudy(try points(), with: try ScenarioCatalogue.load())
    let results = await study.run(threads: 2)
    func column(_ column: MeasuredColumn, _ id: String) throws -> Double {
      try #require(results.first { $0.point.id == id }?.predicted?[column])
    }
    for model in ["llama-3.1-8b", "llama-3.1-70b"] {
      let tpots = try ["\(model)-1", "\(model)-2", "\(model)-0"].map { try column(.tpotMean, $0) }
      let throughputs = try ["\(model)-1", "\(model)-2", "\(model)-0"].map {
        try column(.outputTokensPerSecondPerGPU, $0)
      }
      #expect(tpots == tpots.sorted() && tpots[0] < tpots[2])
      #expect(throughputs == throughputs.sorted())
      // Weights of one byte a parameter over four (one) H100 of 3.35 TB/s: no token comes sooner.
      let floor = model == "llama-3.1-8b" ? 7.5e9 / 3.35e12 : 69e9 / 4 / 3.35e12
      #expect(tpots[0] > floor && tpots[0] < 5 * floor)
    }
  }

  /// Points measured by others, where they are at hand: each has a prediction or says why not.
  @Test(.enabled(if: SharedPoints.isThere, SharedPoints.comment))
  func everyMeasuredPointIsPredictedOrSaysWhy() async throws {
    let points = try PointFile.read(path: SharedPoints.path("inferencex-fit.csv"))
    #expect(points.count > 1000)
    let results = await ValidationStudy(points, with: try ScenarioCatalogue.load()).run(threads: 2)
    #expect(results.count == points.count)
    #expect(results.allSatisfy { ($0.predicted == nil) == ($0.reason != nil) })
    let report = ValidationReport(results)
    let gate = Gate(
      suite: "inferencex", split: nil, labels: [], column: .tpotMean, statistic: .medianAPE, atMost: 0.25,
      atLeast: nil)
    guard case .passed = gate.verdict(on: report) else {
      Issue.record("median APE of TPOT: \(gate.verdict(on: report))")
      return
    }
  }
}

/// Measured data beside the package, which the project does not carry.
enum SharedPoints {
  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("../shared/data/points/\(name)").path
  }

  static var isThere: Bool { FileManager.default.fileExists(atPath: path("inferencex-fit.csv")) }

  static let comment: Comment = "needs ../shared/data/points beside the package"
}
