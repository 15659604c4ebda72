import Documents
import Foundation
import Results
import Scenario
import Simulation
import Testing

@testable import Studies

/// What a page asks to be simulated.
@Suite struct ExplorerSimulationTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("explorer-\(UUID())")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  private func explorer(_ text: String = ExplorerTests.chat, store: ResultStore? = nil) throws -> (
    Explorer, String
  ) {
    let path = folder.appendingPathComponent("chat.yaml").path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return (try Explorer(try ExplorerScenario.all(in: [path]), store: store, cores: 2), path)
  }

  private static let rate = "workload[0].arrivals.rate"

  @Test func aSimulationIsTheRun() async throws {
    let store = try ResultStore(path: folder.appendingPathComponent("tried.sqlite").path)
    let (explorer, path) = try explorer(store: store)
    let answer = try await explorer.simulate(path, settings: ["\(Self.rate)=25"])
    let file = try ScenarioFile.read(path: path, overrides: ["\(Self.rate)=25 req/s"])
    let run = await RunStudy(try file.resolve(with: try ScenarioCatalogue.load())).run().report.json
    for key in ["throughput", "latency_seconds", "power_watts", "confidence_95", "events"] {
      #expect(answer["simulation"]?[key] == run[key], "\(key)")
    }
    #expect(answer["simulated"] == true && answer["simulation_note"] == .null)
    guard case .string(let pictures)? = answer["run"], case .string(let figures)? = answer["figures"] else {
      Issue.record("no pictures")
      return
    }
    #expect(pictures.contains("share of requests below") && figures.contains("95 % interval"))
    #expect(try store.runs().count == 1)

    // It stands on the curve that it lies on, also seen from elsewhere on it, and on no other.
    func curve(_ settings: [String], axis: String? = nil) async throws -> String {
      guard
        case .string(let text)? = try await explorer.curve(path, settings: settings, axis: axis)["pictures"]
      else { return "" }
      return text
    }
    #expect(try await curve(["\(Self.rate)=10"]).contains("simulation"))
    #expect(try await !curve(["site.system=h200-sxm"]).contains("simulation"))
    #expect(try await curve(["\(Self.rate)=25"], axis: "deployments[0].power_limit").contains("simulation"))
    #expect(try await !curve(["\(Self.rate)=10"], axis: "deployments[0].power_limit").contains("simulation"))
    // The same question has its answer.
    #expect(try await explorer.estimate(path, settings: ["\(Self.rate)=25"])["simulated"] == true)
    _ = try await explorer.simulate(path, settings: ["\(Self.rate)=25"])
    #expect(try store.runs().count == 1)
    // An edit shows.
    let (_, _) = try self.explorer(ExplorerTests.chat.replacing("output: 50", with: "output: 60"))
    #expect(try await explorer.estimate(path, settings: ["\(Self.rate)=25"])["simulated"] == false)
  }

  @Test func onlyTheLatestOfThoseThatWaitBegins() async throws {
    let (explorer, path) = try explorer(
      ExplorerTests.chat.replacing("requests: 400", with: "requests: 200000"))
    func ask(_ rate: Int) -> Task<JSONValue, any Error> {
      Task { try await explorer.simulate(path, settings: ["\(Self.rate)=\(rate)"]) }
    }
    func wait(for asked: Int) async throws {
      while await explorer.asked < asked { try await Task.sleep(for: .milliseconds(1)) }
    }
    let first = ask(21)
    try await wait(for: 1)
    let second = ask(22)
    try await wait(for: 2)
    let third = ask(23)
    #expect(try await first.value["simulated"] == true)
    await #expect(throws: Explorer.Superseded.self) { _ = try await second.value }
    #expect(try await third.value["simulated"] == true)
  }

  private func plan(_ text: String) throws -> ExplorerRun? {
    let file = try ScenarioFile(document: try Document.parse(text: text, file: "large.yaml"))
    let scenario = try file.resolve(with: try ScenarioCatalogue.load())
    return ExplorerRun(scenario, try SteadyStateEstimate(scenario))
  }

  private static let large = ExplorerTests.chat.replacing("accelerators: 2", with: "accelerators: 40000")
    .replacing("replicas: 2", with: "replicas: fill").replacing(
      "rate: 20 req/s, requests: 400", with: "rate: 400000 /s"
    )
    .replacing("warm_up: none", with: "duration: 1 h")

  @Test func longRunsAreCut() throws {
    let long = ExplorerTests.chat.replacing("requests: 400", with: "requests: 4000000")
    let run = try #require(try plan(long))
    #expect(run.scenario.deployments[0].plan.streams[0].requests == 20_000)
    #expect(run.note == "1000 s of requests")
    let timed = try #require(
      try plan(
        ExplorerTests.chat.replacing(", requests: 400", with: "").replacing(
          "warm_up: none", with: "duration: 90 h")))
    #expect(timed.note == "1000 s of requests instead of 90 h")
    #expect(timed.scenario.run.horizon == SimTime.zero + SimDuration(seconds: 1000))
  }

  @Test func aFewReplicasStandForManyElseTheRunIsRefused() throws {
    let run = try #require(try plan(Self.large))
    #expect(run.scenario.run.sample != nil)
    #expect(try #require(run.note).hasSuffix("24 of 40,000 replicas stand for all"))
    // No part of the site takes two of its replicas out at once.
    let updated = Self.large.replacing(
      "replicas: fill", with: "replicas: fill\n    update: { at: 30 min, at_once: 2, start: 75 s }")
    #expect(try plan(updated) == nil)
  }

  @Test func mistakesAreSaidInTheWordsOfTheCommandLine() async throws {
    let (explorer, path) = try explorer()
    func problems(_ settings: [String], of scenario: String? = nil) async -> [String] {
      do {
        _ = try await explorer.estimate(scenario ?? path, settings: settings)
        return []
      } catch { return error.all.map(\.description) }
    }
    let file = try ScenarioFile.read(
      path: path, overrides: ["\(Self.rate)=-4 req/s", "site.system=h100-sxn"])
    let catalogue = try ScenarioCatalogue.load()
    let own = #expect(throws: Problems.self) { try file.resolve(with: catalogue) }
    #expect(await problems(["\(Self.rate)=-4", "site.system=h100-sxn"]) == own?.all.map(\.description))
    #expect(
      await problems(["workload[0].arrivals.rat=4"]).first?.contains("did you mean '\(Self.rate)'?") == true)
    #expect(await problems(["\(Self.rate)=fast"]).first?.contains("a number is needed") == true)
    #expect(await problems(["site.system={ a: 1 }"]).first?.contains("a name is needed") == true)
    #expect(await problems(["nothing"]).first?.contains("has no '='") == true)
    #expect(await problems([], of: "other.yaml").first?.contains("is no scenario here") == true)
  }
}
