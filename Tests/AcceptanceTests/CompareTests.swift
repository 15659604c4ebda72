import Foundation
import Testing

@Suite struct CompareTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func schema() throws -> JSONSchema {
    let docs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("docs/compare.schema.json")
    return try JSONSchema(try String(contentsOf: docs, encoding: .utf8))
  }

  @Test func aScenarioBesideItselfAsChanged() throws {
    let result = try Command.run("compare", "chat.yaml", "--with", "site.system=h200-sxm", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.hasPrefix("A  chat.yaml\n   A small chat\nB  chat.yaml\n"))
    for text in [
      "B/A", "output tokens/s", "binding limit", "GPU time an output token", "accelerator.memory_bandwidth",
    ] {
      #expect(result.output.contains(text), "\(text)")
    }
    for line in result.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    #expect(!result.output.contains("\u{1B}"), "no terminal, no colour")
    #expect(result.errors.contains(" of wall time, "))
  }

  /// A scenario, its own JSON and its own run in a store are one and the same.
  @Test func everyKindOfThing() throws {
    let run = try Command.run(
      "run", "chat.yaml", "-q", "--json", "run.json", "--results", "runs.sqlite", in: folder)
    #expect(run.status == 0, "\(run.errors)")
    let result = try Command.run(
      "compare", "run.json", "chat.yaml", "runs.sqlite", "runs.sqlite#1", "-q", "--json", "-", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try schema().findings(in: result.output).isEmpty)
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let runs = try #require(json["runs"] as? [[String: Any]])
    #expect(runs.map { $0["kind"] as? String } == ["run", "scenario", "store", "store"])
    #expect((json["configuration_differences"] as? [Any])?.isEmpty == true)
    let figures = try #require(json["figures"] as? [[String: Any]])
    for figure in figures {
      let values = try #require(figure["values"] as? [Double])
      #expect(Set(values).count == 1, "\(figure)")
    }
  }

  @Test func pointsOfASweep() throws {
    try folder.write(
      Folder.chat + "sweep: { axes: [{ path: \"deployments[0].parallel.tensor\", values: [1, 2, 3] }] }\n",
      to: "sweep.yaml")
    _ = try Command.run("sweep", "sweep.yaml", "-q", "--results", "s.sqlite", in: folder)
    let stored = try Command.run("compare", "s.sqlite", "-q", "--json", "-", in: folder)
    let run = try Command.run("compare", "sweep.yaml#0", "sweep.yaml#1", "-q", "--json", "-", in: folder)
    #expect(stored.status == 0 && run.status == 0, "\(stored.errors)\(run.errors)")
    func values(_ text: String) throws -> [[Double?]] {
      let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
      return try #require(json?["figures"] as? [[String: Any]]).map {
        ($0["values"] as? [Any] ?? []).map { $0 as? Double }
      }
    }
    #expect(try values(stored.output) == values(run.output))
    let name = try Command.run("compare", "s.sqlite#tensor=2", "s.sqlite#0", in: folder)
    #expect(name.status == 0, "\(name.errors)")
    let wrong = try Command.run("compare", "s.sqlite#7", "sweep.yaml#9", "s.sqlite#nothing", in: folder)
    #expect(wrong.status == 2)
    #expect(wrong.errors.contains("s.sqlite#7: has no run of point 7; allowed: 0 to 1"))
    #expect(wrong.errors.contains("sweep.yaml#9: has no point '9'; allowed: 0 to 2"))
    #expect(wrong.errors.contains("has no point called 'nothing'"))
  }

  @Test func whatCantBeCompared() throws {
    try folder.write("{ \"a\": 1 }\n", to: "other.json")
    try folder.write("{ \"a\": \n", to: "broken.json")
    try folder.write("", to: "empty.sqlite")
    _ = try Command.run("run", "chat.yaml", "-q", "--results", "none.sqlite", "--set", "a=1", in: folder)
    let sweep = "{ \"axes\": [], \"points\": [] }"
    try folder.write(sweep, to: "sweep.json")
    for (arguments, message) in [
      ("chat.yaml", "compare takes two things or more"),
      ("", "Missing expected argument"),
      ("chta.yaml chat.yaml", "error: chta.yaml: no such file; did you mean 'chat.yaml'?"),
      ("chat.yaml other.json", "error: other.json: is JSON, but neither a scenario nor what"),
      ("chat.yaml broken.json", "error: broken.json:"),
      ("chat.yaml empty.sqlite", "error: empty.sqlite: is empty"),
      ("chat.yaml sweep.json", "error: sweep.json: is the JSON of a sweep"),
      ("chat.yaml .", "error: .: is a directory"),
      ("chat.yaml chat.yaml --set nonsense", "error: --set nonsense: has no '='"),
      ("chat.yaml chat.yaml --sensitivity 10%", "--sensitivity is of one scenario by itself"),
      (
        "chat.yaml --sensitivity ten",
        "error: --sensitivity: found 'ten', is no share; allowed: 0.1 % to 90 %"
      ),
      ("chat.yaml chat.yaml --json none/a.json", "error: none/a.json: the folder '"),
    ] {
      let result = try Command.shell("$tokenmill compare \(arguments)", in: folder)
      #expect(result.status == 2 && result.output.isEmpty, "\(arguments): \(result.status) \(result.output)")
      #expect(result.errors.contains(message), "\(arguments): \(result.errors)")
    }
    // A store that has no run is no crash.
    if folder.names.contains("none.sqlite") {
      let result = try Command.run("compare", "none.sqlite", "chat.yaml", in: folder)
      #expect(result.status == 2 && result.errors.contains("holds no run"), "\(result.errors)")
    }
  }

  @Test func whatRanStaysAsItWas() throws {
    _ = try Command.run("run", "chat.yaml", "-q", "--json", "run.json", in: folder)
    let set = try Command.run("compare", "run.json", "run.json", "--set", "site.accelerators=4", in: folder)
    #expect(set.status == 2 && set.errors.contains("changes scenarios, and none is compared"))
    let sensitivity = try Command.run("compare", "run.json", "--sensitivity", "10%", in: folder)
    #expect(sensitivity.status == 2 && sensitivity.errors.contains("has run already"))
    let with = try Command.run("compare", "run.json", "--with", "site.accelerators=4", in: folder)
    #expect(with.status == 2 && with.errors.contains("changes the first scenario, but 'run.json' is none"))
    let seed = try Command.run("compare", "run.json", "chat.yaml", "--seed", "9", in: folder)
    #expect(seed.status == 0 && seed.output.contains("seeds differ"), "\(seed.errors)")
  }

  @Test func sensitivity() throws {
    let table = try Command.run("compare", "chat.yaml", "--sensitivity", "10 %", in: folder)
    #expect(table.status == 0, "\(table.errors)")
    for text in ["sensitivity of TPOT", "memory_bandwidth", "change in %", "█", "no effect"] {
      #expect(table.output.contains(text), "\(text)")
    }
    for line in table.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    let json = try Command.run(
      "compare", "chat.yaml", "--sensitivity", "0.1", "-q", "--json", "-", in: folder)
    #expect(json.status == 0 && json.errors.isEmpty, "\(json.errors)")
    #expect(try schema().findings(in: json.output).isEmpty)
  }
}
