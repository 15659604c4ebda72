import Documents
import Foundation
import Results
import Scenario
import Simulation
import Testing

@testable import Studies

/// What a page asks, answered.
@Suite struct ExplorerTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("explorer-\(UUID())")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  private func write(_ text: String, to name: String = "chat.yaml") throws -> String {
    let path = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: path, atomically: true, encoding: .utf8)
    return path.path
  }

  private func explorer(_ paths: [String]) throws -> Explorer {
    try Explorer(try ExplorerScenario.all(in: paths), cores: 2)
  }

  static let chat = """
    # A small chat.
    # Two lines.
    tokenmill: 1
    name: A chat
    site: { system: h100-sxm, accelerators: 2 }
    deployments:
      - name: chat
        model: llama-3.1-8b
        engine: { framework: vllm, max_num_seqs: 64 }
        parallel: { tensor: 1 }
        replicas: 2
    workload:
      - arrivals: { process: poisson, rate: 20 req/s, requests: 400 }
        lengths: { input: 300, output: 50 }
    run: { seed: 3, warm_up: none }
    """
  private static let rate = "workload[0].arrivals.rate"

  private func knob(_ id: String, of answer: JSONValue) throws -> JSONValue {
    guard case .array(let knobs)? = answer["knobs"] else { throw CocoaError(.featureUnsupported) }
    return try #require(knobs.first { $0["id"] == .string(id) }, "no knob \(id)")
  }

  private func problems(_ body: () async throws -> JSONValue) async -> [String] {
    do {
      _ = try await body()
      return []
    } catch let problems as Problems {
      return problems.all.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }

  @Test func scenariosOfFilesAndFolders() throws {
    let chat = try write(Self.chat)
    _ = try write("a: 1", to: "other.yaml")
    _ = try write("tokenmill: [1", to: "below/broken.yaml")
    _ = try write(Self.chat.replacing("A chat", with: "Below"), to: "below/a.yml")
    let found = try ExplorerScenario.all(in: [folder.path, chat])
    #expect(found.map(\.name) == ["A chat", "Below", folder.path + "/below/broken.yaml"])
    #expect(found[0].description == "A small chat.\nTwo lines.")
    #expect(throws: Problems.self) { try ExplorerScenario.all(in: [folder.path + "/none.yaml"]) }
    let empty = folder.appendingPathComponent("empty")
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
    #expect(throws: Problems.self) { try ExplorerScenario.all(in: [empty.path]) }
  }

  @Test func knobsAreWhatTheFileHas() async throws {
    let path = try write(Self.chat)
    let answer = try await explorer([path]).estimate(path, settings: [])
    let rate = try knob(Self.rate, of: answer)
    #expect(rate["value"] == "20" && rate["unit"] == "req/s" && rate["logarithmic"] == true)
    // The range ends where more than all that can be done would come.
    let capacity = try #require(answer["estimate"]?.number(at: "capacity_requests_per_second"))
    let most = try #require(rate.number(at: "max"))
    #expect(most > capacity && most < 1.3 * capacity)
    #expect(try knob("site.system", of: answer)["value"] == "h100-sxm")
    #expect(try knob("deployments[0].replicas", of: answer).number(at: "max") == 2)
    #expect(try knob("deployments[0].engine.max_num_seqs", of: answer)["value"] == "64")
    let power = try knob("deployments[0].power_limit", of: answer)
    #expect(power["value"] == "700" && power.number(at: "max") == 700)
    guard case .array(let degrees)? = try knob("deployments[0].parallel.tensor", of: answer)["choices"] else {
      Issue.record("no choices")
      return
    }
    #expect(degrees.map { $0["value"] } == ["1", "2", "4", "8"])
    #expect(answer["axis"] == .string(Self.rate))
  }

  @Test func knobsOfPoolsAndOfAClosedLoop() async throws {
    let path = "scenarios/gb200-nvl72-deepseek-r1-disaggregated.yaml"
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../")
    let file = root.appendingPathComponent(path).standardizedFileURL.path
    let answer = try await explorer([file]).estimate(file, settings: [])
    #expect(try knob("workload[0].arrivals.concurrency", of: answer)["value"] == "2048")
    let pool = try knob("deployments[0].pools[0].parallel.expert", of: answer)
    #expect(pool["value"] == "4" && pool["name"] == "prefill: expert parallel")
    #expect(try knob("deployments[0].pools[1].replicas", of: answer)["value"] == "1")
  }

  @Test func severalStreamsTurnTogether() async throws {
    let more =
      "  - arrivals: { process: diurnal, curve: [{ at: 0 h, rate: 4 /s }, { at: 12 h, rate: 8 /s }], requests: 9 }\n"
      + "    lengths: { input: 300, output: 50 }\nrun:"
    let path = try write(Self.chat.replacing("run:", with: more))
    let explorer = try explorer([path])
    let one = try await explorer.estimate(path, settings: [])
    #expect(try knob("load", of: one)["value"] == "1")
    let double = try await explorer.estimate(path, settings: ["load=2"])
    guard case .string(let command)? = double["commands"]?["run"] else {
      Issue.record("no command")
      return
    }
    for text in ["rate=40 req/s'", "curve[0].rate=8 req/s'", "curve[1].rate=16 req/s'"] {
      #expect(command.contains(text), "\(command)")
    }
    let (low, high) = (
      one["estimate"]?.number(at: "throughput.requests_per_second"),
      double["estimate"]?.number(at: "throughput.requests_per_second")
    )
    #expect(abs(try #require(high) / (try #require(low)) - 2) < 1e-9)
  }

  @Test func estimatesAreThoseOfTheCommandLine() async throws {
    let path = try write(Self.chat)
    let settings = [Self.rate + "=31.5", "site.system=h200-sxm", "deployments[0].power_limit=500"]
    let answer = try await explorer([path]).estimate(path, settings: settings)
    let overrides = [Self.rate + "=31.5 req/s", "site.system=h200-sxm", "deployments[0].power_limit=500 W"]
    let file = try ScenarioFile.read(path: path, overrides: overrides)
    let own = try SteadyStateEstimate(file.resolve(with: try ScenarioCatalogue.load())).json
    for key in [
      "capacity_requests_per_second", "throughput", "latency_seconds", "power_watts", "stated_error",
    ] {
      #expect(answer["estimate"]?[key] == own[key], "\(key)")
    }
    #expect(answer["simulated"] == false)
    guard case .string(let html)? = answer["figures"] else { return }
    #expect(html.contains("9 of 10 estimates within") && !html.contains("simulation"))
    #expect(try knob("deployments[0].power_limit", of: answer)["value"] == "500")
  }

  @Test func curvesGoThroughEstimates() async throws {
    let path = try write(Self.chat)
    let explorer = try explorer([path])
    let curve = try await explorer.curve(path, settings: [])
    guard case .array(let points)? = curve["points"] else { throw CocoaError(.featureUnsupported) }
    #expect(curve["axis"] == .string(Self.rate) && points.count > 10)
    for point in [points[2], points[points.count - 1]] {
      let x = try #require(point.number(at: "x"))
      let there = try await explorer.estimate(path, settings: ["\(Self.rate)=\(x)"])
      #expect(there["estimate"]?["latency_seconds"] == point["latency_seconds"])
    }
    let watts = points.compactMap { $0.number(at: "power_watts.site_mean") }
    #expect(watts == watts.sorted())
    guard case .string(let pictures)? = curve["pictures"] else { return }
    #expect(pictures.contains("output tokens/s/user") && pictures.contains("here, estimate"))
    #expect(!pictures.contains("simulation"))
    let along = try await explorer.curve(path, settings: [], axis: "deployments[0].power_limit")
    #expect(along["axis"] == "deployments[0].power_limit")
  }

  @Test func whatCannotRunIsLeftOutOfCurves() async throws {
    let path = try write(Self.chat.replacing("replicas: 2", with: "replicas: 2\n    spare: 1"))
    #expect(await problems { try await self.explorer([path]).curve(path, settings: []) }.count == 1)
    let chat = try write(Self.chat)
    let explorer = try explorer([chat])
    let curve = try await explorer.curve(chat, settings: [], axis: "site.accelerators")
    // Two replicas need two accelerators.
    guard case .string(let pictures)? = curve["pictures"] else { return }
    #expect(pictures.contains("no estimate at 1 of ") && pictures.contains("more than fit"))
  }
}
