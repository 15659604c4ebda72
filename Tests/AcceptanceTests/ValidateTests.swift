import Foundation
import Testing

@Suite struct ValidateTests {
  private let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.write(
      """
      id,suite,system,accelerators,framework,model,weights,tp,load,concurrency,isl,osl,lengths,ttft_mean_s,tpot_mean_s
      one,inferencex,h100-sxm,1,vllm,llama-3.1-8b,fp8,1,closed_loop,8,1024,256,inferencex-random,0.1,0.004
      two,inferencex,h100-sxm,1,vllm,llama-3.1-8b,fp8,1,closed_loop,16,1024,256,inferencex-random,0.1,0.004
      three,inferencex,h100-sxm,1,lmdeploy,llama-3.1-8b,fp8,1,closed_loop,16,1024,256,inferencex-random,0.1,0.004

      """, to: "points.csv")
  }

  private func gate(_ bound: String) throws {
    try folder.write(
      "- { suite: inferencex, column: tpot_mean_s, statistic: median_ape, \(bound) }\n", to: "gates.yaml")
  }

  @Test func jsonHasEveryFigure() throws {
    let result = try Command.run("validate", "--points", "points.csv", "--json", "-", "-q", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(Set(json.keys) == ["points", "errors"])
    let points = try #require(json["points"] as? [[String: Any]])
    let keys: Set = [
      "id", "column", "measured", "predicted", "reason", "interval", "split", "suite", "system",
      "accelerators", "framework", "model", "weights", "mode", "concurrency",
    ]
    #expect(points.allSatisfy { Set($0.keys) == keys })
    #expect(
      points.prefix(3).map { $0["column"] as? String } == [
        "ttft_mean_s", "tpot_mean_s", "derived_output_tokens_per_s_per_gpu",
      ])
    // 8 · 256 / (0.1 + 0.004 · 255) tokens/s on one GPU.
    let derived = try #require(points[2]["measured"] as? Double)
    #expect(abs(derived - 2048 / 1.12) < 1e-6)
    #expect(points[0]["predicted"] is Double && points[0]["reason"] is NSNull)
    let missing = try #require(points.first { $0["id"] as? String == "three" })
    #expect(missing["predicted"] is NSNull)
    #expect(missing["reason"] as? String == "framework 'lmdeploy' is not modelled yet")
  }

  @Test func sameBytesWhateverTheThreads() throws {
    let one = try Command.run(
      "validate", "--points", "points.csv", "--json", "-", "-q", "--threads", "1", in: folder)
    let three = try Command.run(
      "validate", "--points", "points.csv", "--json", "-", "-q", "--threads", "3", in: folder)
    #expect(one.status == 0 && one.output == three.output)
  }

  /// The points that come with the project keep to their bounds; they take seconds.
  @Test func theSampleKeepsToItsGates() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    func path(_ name: String) -> String { root.appendingPathComponent(name).path }
    let result = try Command.run(
      "validate", "--points", path("calibration/points/inferencex-sample.csv"), "--gate",
      path("calibration/gates/sample.yaml"), "-q", in: folder)
    #expect(result.status == 0, "\(result.errors)")
  }

  @Test func intervalsAreDerivedFromTheFitHalf() throws {
    let points = try folder.text("points.csv").split(separator: "\n")
    let rows = points.enumerated().map { $1 + ($0 == 0 ? ",split" : ",fit") }
    try folder.write(rows.joined(separator: "\n") + "\n", to: "fit.csv")
    let result = try Command.run(
      "validate", "--points", "fit.csv", "--write-intervals", "intervals.json", "--refit-every", "0",
      "--json",
      "-", "-q", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let text = try folder.text("intervals.json")
    let file = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(file["version"] as? Int == 1 && file["folds"] as? Int == 0)
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let first = try #require((json["points"] as? [[String: Any]])?.first)
    #expect((first["interval"] as? [Double])?.count == 2)
    // Points of neither half leave nothing to derive from.
    let none = try Command.run(
      "validate", "--points", "points.csv", "--write-intervals", "none.json", "-q", in: folder)
    #expect(none.status == 2 && none.errors.contains("no point of the fit half"))
    #expect(!folder.names.contains("none.json"))
  }

  @Test func aPageOfAccuracyAndItsHistory() throws {
    func page(_ label: String) throws -> String {
      let result = try Command.run(
        "validate", "--points", "points.csv", "--accuracy", "page.md", "--history", "history.json", "--label",
        label, "-q", in: folder)
      #expect(result.status == 0, "\(result.errors)")
      return try folder.text("page.md")
    }
    #expect(try page("one").contains("There is no earlier version to compare with."))
    #expect(try page("two").contains("Nothing since version one."))
    #expect(try folder.text("history.json").contains("\"label\" : \"two\""))
    let alone = try Command.run("validate", "--points", "points.csv", "--history", "history.json", in: folder)
    #expect(alone.status == 2)
  }

  @Test func aGateThatHolds() throws {
    try gate("at_most: 1000 %")
    let result = try Command.run("validate", "--points", "points.csv", "--gate", "gates.yaml", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("inferencex tpot_mean_s median_ape"))
    #expect(result.output.contains("passed"))
  }

  @Test func aBrokenGate() throws {
    try gate("at_least: 1000 %")
    let result = try Command.run(
      "validate", "--points", "points.csv", "--gate", "gates.yaml", "-q", in: folder)
    #expect(result.status == 1)
    #expect(result.errors.hasPrefix("error: gate failed: inferencex tpot_mean_s median_ape is "))
    #expect(result.errors.hasSuffix(" %, allowed: at least 1000.0 %\n"))
    #expect(result.output.isEmpty)
  }

  @Test func aGateOfNothing() throws {
    try folder.write(
      "- { suite: mlperf, column: tpot_mean_s, statistic: median_ape, at_most: 1 % }\n", to: "gates.yaml")
    let result = try Command.run(
      "validate", "--points", "points.csv", "--gate", "gates.yaml", "-q", in: folder)
    #expect(result.status == 2)
    #expect(result.errors == "error: none of the gates is about what was validated\n")
  }

  @Test func aSuiteWithoutData() throws {
    let result = try Command.run("validate", "--suite", "inferencex", in: folder)
    #expect(result.status == 2)
    #expect(
      result.errors
        == "error: suite inferencex: has no data here; run 'make measurements', which builds "
        + "calibration/measurements.sqlite, or name a file with --points\n")
  }

  @Test func badRows() throws {
    try folder.write("id,system,accelerators,model,tpot_mean_s\na,s,x,m,0.1\nb,s,1,m,slow\n", to: "bad.csv")
    let result = try Command.run("validate", "--points", "bad.csv", in: folder)
    #expect(result.status == 2)
    #expect(
      result.errors
        == "error: bad.csv:2: accelerators: found 'x', is no count; allowed: a whole number from 0\n"
        + "error: bad.csv:3: tpot_mean_s: found 'slow', is no such figure; allowed: a number above 0, or nothing\n"
    )
  }

  @Test func anExplanation() throws {
    let result = try Command.run("validate", "--points", "points.csv", "--explain", "one", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    for text in ["max_batch_tokens", "vLLM's default on this device", "kv_cache", "tpot_mean_s"] {
      #expect(result.output.contains(text))
    }
    let unknown = try Command.run("validate", "--points", "points.csv", "--explain", "onee", in: folder)
    #expect(unknown.status == 2)
    #expect(unknown.errors.hasPrefix("error: --explain: found 'onee', no such point; did you mean 'one'?"))
  }
}
