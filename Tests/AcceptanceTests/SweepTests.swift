import Foundation
import Testing

@Suite struct SweepTests {
  private let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.write(
      Folder.chat
        + """
        sweep:
          axes:
            - path: deployments[0].parallel.tensor
              values: [1, 2, 3]
            - path: workload[0].arrivals.rate
              values: [10 req/s, 40 req/s]

        """, to: "sweep.yaml")
  }

  @Test func everyPointIsARow() throws {
    let result = try Command.run("sweep", "sweep.yaml", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n")
    #expect(lines[0] == "A small chat  6 points, * on the Pareto front")
    #expect(result.output.contains("tensor") && result.output.contains("TTFT p50"))
    for line in lines { #expect(line.count <= 80, "\(line)") }
    // Three accelerators can't share 32 query heads: the rows say so, the sweep goes on.
    #expect(lines.count { $0.contains("req/s") } == 6)
    #expect(lines.count { $0.contains("req/s") && $0.hasSuffix("can't run") } == 2)
    let reason = try #require(lines.first { $0.hasPrefix("2 points can't run: ") })
    #expect(reason.contains("does not divide the 32 query heads"))
    #expect(result.output.contains("*"))
  }

  @Test func sameBytesWhateverTheJobs() throws {
    let one = try Command.run("sweep", "sweep.yaml", "--jobs", "1", "--json", "-", "-q", in: folder)
    let two = try Command.run("sweep", "sweep.yaml", "--jobs", "2", "--json", "-", "-q", in: folder)
    #expect(one.status == 0, "\(one.errors)")
    #expect(one.output == two.output)
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(one.output.utf8)) as? [String: Any])
    let points = try #require(json["points"] as? [[String: Any]])
    #expect(points.count == 6)
    #expect(points.map { $0["index"] as? Int } == [0, 1, 2, 3, 4, 5])
    #expect(
      points.map { ($0["result"] as? [String: Any])?["problems"] == nil } == [
        true, true, true, true, false, false,
      ])
    #expect(
      points[1]["settings"] as? [String: String]
        == ["deployments[0].parallel.tensor": "1", "workload[0].arrivals.rate": "40 req/s"])
    #expect((points[1]["at"] as? [String: Any])?["deployments[0].parallel.tensor"] as? Int == 1)
  }

  /// A point of a sweep is the run with its values set.
  @Test func aPointIsTheRunWithItsSettings() throws {
    let sweep = try Command.run("sweep", "sweep.yaml", "--json", "-", "-q", in: folder)
    let run = try Command.run(
      "run", "chat.yaml", "--json", "-", "-q", "--set", "deployments[0].parallel.tensor=2", "--set",
      "workload[0].arrivals.rate=40 req/s", in: folder)
    let points = try #require(
      try JSONSerialization.jsonObject(with: Data(sweep.output.utf8)) as? [String: Any])["points"]
    let summary = try #require((points as? [[String: Any]])?[3]["result"] as? [String: Any])
    let alone = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    for key in ["throughput", "latency_seconds", "power_watts", "step_time"] {
      #expect(summary[key] as? NSDictionary == alone[key] as? NSDictionary, "\(key)")
    }
  }

  @Test func storesEveryPointThatRan() throws {
    let result = try Command.run("sweep", "sweep.yaml", "-q", "--results", "s.sqlite", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(folder.names == ["chat.yaml", "s.sqlite", "sweep.yaml"])
  }
}
