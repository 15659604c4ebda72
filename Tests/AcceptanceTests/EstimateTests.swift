import Foundation
import Testing

@Suite struct EstimateTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func tablesFitATerminal() throws {
    let result = try Command.run("estimate", "chat.yaml", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.hasPrefix("A small chat\nan estimate of the steady state, nothing is simulated; "))
    for text in ["requests/s, capacity", "bound by", "time to first token", "one GPU in use", "9 of 10"] {
      #expect(result.output.contains(text))
    }
    #expect(result.errors.hasSuffix(" of wall time\n"))
    for line in result.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }

  @Test func jsonHasTheKeysOfARun() throws {
    let estimate = try Command.run("estimate", "chat.yaml", "--json", "-", "-q", in: folder)
    let run = try Command.run("run", "chat.yaml", "--json", "-", "-q", in: folder)
    #expect(estimate.status == 0 && estimate.errors.isEmpty, "\(estimate.errors)")
    let (found, ran) = (try json(estimate.output), try json(run.output))
    #expect(found["estimate"] as? Bool == true)
    #expect(
      Set(found.keys) == [
        "tokenmill", "estimate", "scenario", "seed", "gpus", "racks", "capacity_requests_per_second",
        "binding_limit", "utilisation", "overloaded", "throughput", "latency_seconds", "power_watts",
        "energy",
        "cost", "step_time", "deployments", "at_peak", "outdoor_celsius", "notes", "stated_error",
        "configuration",
      ])
    for block in ["throughput", "power_watts", "energy", "cost", "step_time"] {
      let own = try #require(found[block] as? [String: Any])
      let theirs = try #require(ran[block] as? [String: Any])
      #expect(Set(own.keys).isSubset(of: Set(theirs.keys)), "\(block)")
    }
    let latencies = try #require(found["latency_seconds"] as? [String: [String: Any]])
    let simulated = try #require(ran["latency_seconds"] as? [String: [String: Any]])
    for (name, latency) in latencies {
      let theirs = try #require(simulated[name])
      #expect(Set(latency.keys).isSubset(of: Set(theirs.keys)))
    }
    let errors = try #require(found["stated_error"] as? [String: Any])
    let first = try #require(errors["latency_seconds.ttft.mean"] as? [String: Any])
    #expect(first["p90_percent"] is Double)
    let deployments = try #require(found["deployments"] as? [[String: Any]])
    #expect(deployments[0]["mean_batch"] is Double && deployments[0]["pools"] is [Any])
    #expect(found["gpus"] as? Int == 2)
  }

  @Test func whatChangesIsEstimated() throws {
    func capacity(_ arguments: String) throws -> Double {
      let result = try Command.shell("$tokenmill estimate chat.yaml --json - -q \(arguments)", in: folder)
      return try #require(try json(result.output)["capacity_requests_per_second"] as? Double)
    }
    let (more, few) = (try capacity("--set site.accelerators=4"), try capacity(""))
    #expect(more > 1.9 * few)
  }

  /// Mistakes are those that a run reports, word for word.
  @Test func mistakesAreThoseOfARun() throws {
    try folder.write(
      Folder.chat.replacing("h100-sxm", with: "h100-sxn").replacing("seed: 3", with: "seed: -3"),
      to: "wrong.yaml")
    for name in ["wrong.yaml", "chta.yaml"] {
      let estimate = try Command.run("estimate", name, in: folder)
      let run = try Command.run("run", name, in: folder)
      #expect(estimate.status == 2 && estimate.output.isEmpty)
      #expect(estimate.errors == run.errors)
    }
    let output = try Command.run("estimate", "chat.yaml", "--json", "none/file", in: folder)
    #expect(output.status == 2 && output.errors.hasPrefix("error: none/file: the folder '"))
    let arguments = try Command.run("estimate", in: folder)
    #expect(arguments.status == 2 && arguments.errors.hasPrefix("Error: "))
  }

  @Test func errorsCanOnlyBeWrittenOfEstimates() throws {
    let result = try Command.run(
      "validate", "--suite", "queueing", "--write-estimate-errors", "errors.json", "-q", in: folder)
    #expect(result.status == 2)
    #expect(result.errors.contains("add --suite estimate"))
  }

  @Test func quietSaysNothing() throws {
    let result = try Command.run("estimate", "chat.yaml", "-q", in: folder)
    #expect(result.status == 0 && result.output.isEmpty && result.errors.isEmpty)
  }
}
