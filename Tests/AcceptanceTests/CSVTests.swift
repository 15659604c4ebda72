import Foundation
import Testing

/// `--csv` of every command that has rows.
@Suite struct CSVTests {
  private let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.write(
      Folder.chat
        + """
        sweep:
          axes:
            - { name: gpus, path: "deployments[0].parallel.tensor", values: [1, 3] }
            - path: workload[0].arrivals.rate
              values: [10 req/s, 40 req/s]

        """, to: "sweep.yaml")
  }

  /// The fields of a line, those in quotes without them.
  private func fields(_ line: Substring) -> [String] {
    var fields = [""]
    var isQuoted = false
    for character in line {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted: fields.append("")
      default: fields[fields.count - 1].append(character)
      }
    }
    return fields
  }

  /// The rows as dictionaries; no field of these has a line break or a quote of its own.
  private func rows(_ text: String) throws -> [[String: String]] {
    let lines = text.split(separator: "\n").map(fields)
    let header = try #require(lines.first)
    #expect(Set(header).count == header.count, "columns of one name")
    return try lines.dropFirst().map { line in
      try #require(line.count == header.count)
      return Dictionary(uniqueKeysWithValues: zip(header, line))
    }
  }

  private func csv(_ line: String) throws -> [[String: String]] {
    let result = try Command.shell("$tokenmill \(line) --csv - -q", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.isEmpty)
    return try rows(result.output)
  }

  @Test func aRunHasItsSiteAndItsDeployments() throws {
    let rows = try csv("run chat.yaml --json run.json")
    #expect(rows.map { $0["kind"] } == ["site", "deployment"])
    #expect(rows.map { $0["name"] } == ["", "chat"])
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(folder.text("run.json").utf8)) as? [String: Any])
    for path in ["throughput.output_tokens_per_second", "latency_seconds.ttft.p99", "power_watts.site_mean"] {
      let value = path.split(separator: ".").reduce(json as Any?) { ($0 as? [String: Any])?[String($1)] }
      // Foundation rounds the last bit of what it reads.
      let (own, other) = (Double(rows[0][path] ?? "") ?? 0, value as? Double ?? -1)
      #expect(abs(own / other - 1) < 1e-12, "\(path)")
    }
    #expect(rows[0]["throughput.images_per_second"] == "")
  }

  @Test func aSweepHasItsAxesFirst() throws {
    let rows = try csv("sweep sweep.yaml")
    #expect(rows.count == 4)
    #expect(rows.map { $0["at.gpus"] } == ["1", "1", "3", "3"])
    #expect(rows[1]["workload[0].arrivals.rate"] == "40 req/s")
    #expect(rows[0]["gpus"] == "2")
    #expect(rows[2]["throughput.requests_per_second"] == "")
    #expect(rows[2]["problems"]?.contains("does not divide") == true)
  }

  @Test func theOthers() throws {
    let estimate = try csv("estimate chat.yaml")
    #expect(estimate.map { $0["kind"] } == ["site", "deployment"])
    #expect(Double(estimate[0]["capacity_requests_per_second"] ?? "") ?? 0 > 0)
    let compare = try csv("compare chat.yaml --with site.system=h200-sxm")
    #expect(compare.map { $0["label"] } == ["A", "B"])
    #expect(compare.map { $0["settings"] } == ["", "site.system=h200-sxm"])
    let effects = try csv("compare chat.yaml --sensitivity 20%")
    #expect(Set(effects.compactMap { $0["direction"] }) == ["lower", "higher"])
    let points = try csv("validate --suite queueing")
    #expect(points.contains { $0["id"] == "queueing:M/M/1" && Double($0["predicted"] ?? "") != nil })
  }

  @Test func aStoreIsListed() throws {
    #expect(try Command.run("sweep", "sweep.yaml", "--results", "s.sqlite", "-q", in: folder).status == 0)
    #expect(try Command.run("run", "chat.yaml", "--results", "s.sqlite", "-q", in: folder).status == 0)
    let rows = try csv("results list s.sqlite")
    // Points that can't run are no runs.
    #expect(rows.map { $0["index"] } == ["0", "1", ""])
    #expect(rows.compactMap { $0["run"] }.sorted() == ["1", "2", "3"])
    let text = try Command.run("results", "list", "s.sqlite", in: folder)
    #expect(text.output.contains("A small chat"))
    let json = try Command.run("results", "list", "s.sqlite", "--json", "-", "-q", in: folder)
    let value = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    #expect((value?["runs"] as? [Any])?.count == 3)
  }

  @Test func tablesForAPersonMakeRoom() throws {
    let result = try Command.run("run", "chat.yaml", "--csv", "-", in: folder)
    #expect(result.output.hasPrefix("scenario,seed,kind,name,gpus,"))
    #expect(result.errors.hasPrefix("A small chat\n"))
  }

  @Test func oneStreamCarriesOneThing() throws {
    let both = try Command.run("run", "chat.yaml", "--csv", "-", "--json", "-", in: folder)
    #expect(both.status == 2)
    #expect(both.output.isEmpty)
    #expect(both.errors.contains("--json and --csv can't both go to standard output"))
    let missing = try Command.run("estimate", "chat.yaml", "--csv", "nowhere/a.csv", in: folder)
    #expect(missing.status == 2)
    #expect(
      missing.errors.contains("the folder 'nowhere' does not exist") || missing.errors.contains("nowhere"))
    #expect(missing.output.isEmpty, "a file that can't be written is found before anything runs")
  }
}
