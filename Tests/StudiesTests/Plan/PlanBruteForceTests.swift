import Documents
import Quantities
import Results
import Scenario
import Simulation
import Testing

@testable import Studies

/// Plans of small sites against simulating every configuration at rates of its own.
@Suite struct PlanBruteForceTests {
  /// A site, what it serves, and what may be chosen: each choice as the overrides that make it.
  struct Site: Sendable, CustomTestStringConvertible {
    var name: String
    var site: String
    var model: String
    var lengths: String
    var targets: String
    var plan: String
    var choices: [[String]]
    var objective: PlanObjective

    var testDescription: String { name }

    var text: String {
      """
      tokenmill: 1
      name: \(name)
      site: { \(site) }
      deployments:
        - name: chat
          \(model)
          engine: { framework: vllm, max_context_tokens: 8192 }
      workload:
        - arrivals: { process: poisson, rate: 4 req/s, requests: 4000 }
          lengths: { \(lengths) }
          targets: { \(targets) }
      run: { seed: 7 }
      plan: { \(plan), modes: [aggregated], objective: \(objective.rawValue) }
      """
    }
  }

  private static func set(_ pairs: (String, String)...) -> [String] { pairs.map { "\($0.0)=\($0.1)" } }
  private static let chat = "deployments[0]"

  static let sites = [
    Site(
      name: "Two H100", site: "system: h100-sxm, accelerators: 2", model: "model: llama-3.1-8b",
      lengths: "input: 600, output: 150", targets: "ttft_p99: 500 ms, tpot_p99: 20 ms",
      plan: "layouts: [{ tensor: 1 }, { tensor: 2 }], max_batch_size: [32, 256]",
      choices: [1, 2].flatMap { tensor in
        [32, 256].map { batch in
          set(
            ("\(chat).parallel", "{ tensor: \(tensor) }"), ("\(chat).engine.max_batch_size", "\(batch)"),
            ("\(chat).replicas", "\(2 / tensor)"))
        }
      }, objective: .tokensPerSecond),
    Site(
      name: "A node of either generation", site: "system: h100-sxm, nodes: 1",
      model: "model: llama-3.1-70b\n    precision: { weights: fp8, kv_cache: fp8 }",
      lengths: "input: 500, output: { lognormal: { mean: 120, coefficient_of_variation: 0.6, max: 600 } }",
      targets: "ttft_p95: 1 s, tpot_p95: 40 ms",
      plan: "systems: [h100-sxm, h200-sxm], layouts: [{ tensor: 2 }, { tensor: 4 }], max_batch_size: [128]",
      choices: ["h100-sxm", "h200-sxm"].flatMap { system in
        [2, 4].map { tensor in
          set(
            ("site.system", system), ("\(chat).parallel", "{ tensor: \(tensor) }"),
            ("\(chat).engine.max_batch_size", "128"), ("\(chat).replicas", "\(8 / tensor)"))
        }
      }, objective: .dollarsPerMillionTokens),
    Site(
      name: "A node held back or not", site: "system: h200-sxm, accelerators: 4",
      model: "model: llama-3.1-8b", lengths: "input: 300, output: 200", targets: "tpot_p99: 15 ms",
      plan: "layouts: [{ tensor: 1 }, { tensor: 2 }], max_batch_size: [128], power_limits: [100 %, 60 %]",
      choices: [1, 2].flatMap { tensor in
        ["700 W", "420 W"].map { watts in
          set(
            ("\(chat).parallel", "{ tensor: \(tensor) }"), ("\(chat).engine.max_batch_size", "128"),
            ("\(chat).replicas", "\(4 / tensor)"), ("\(chat).power_limit", watts))
        }
      }, objective: .tokensPerMegawattHour),
  ]

  private let catalogue: ScenarioCatalogue

  init() throws { catalogue = try ScenarioCatalogue.load() }

  /// A choice at a rate: its objective, and whether it keeps the targets.
  private func run(_ site: Site, _ choice: [String], rate: Double) async throws -> (
    value: Double, isGood: Bool
  ) {
    let file = try ScenarioFile(
      document: try Document.parse(text: site.text, file: "site.yaml"),
      overrides: choice + ["plan=", "workload[0].arrivals.rate=\(rate) /s"])
    let scenario = try file.resolve(with: catalogue)
    let report = await RunStudy(scenario).run().report
    let part = report.deployments[0]
    let targets = scenario.deployments[0].percentileTargets[0]
    let meets = targets.allSatisfy { target in
      let latency =
        target.metric == .timeToFirstToken
        ? part.window.latency.timeToFirstToken : part.window.latency.timePerOutputToken
      let reached = target.share == 0.95 ? latency.p95 : latency.p99
      return (reached ?? .infinity) <= target.limit.si
    }
    let window = report.site.window
    let value =
      switch site.objective {
      case .tokensPerSecond: window.throughput.outputTokensPerSecond
      case .dollarsPerMillionTokens: window.cost.dollarsPerMillionOutputTokens
      default: window.cost.outputTokensPerSecondPerMegawatt.map { $0 * 3600 }
      }
    let keepsUp = ![.overloaded, .backlogged].contains(part.saturation.verdict)
    return (try #require(value), meets && keepsUp)
  }

  /// The objective of a choice at the highest rate that keeps the targets; nil where none does.
  private func best(_ site: Site, _ choice: [String]) async throws -> Double? {
    var (low, high) = (0.5, 1.0)
    var value: Double?
    while high < 2000 {
      let tried = try await run(site, choice, rate: high)
      guard tried.isGood else { break }
      value = tried.value
      (low, high) = (high, high * 2)
    }
    while high > low * 1.008 {
      let middle = (low * high).squareRoot()
      let tried = try await run(site, choice, rate: middle)
      if tried.isGood { (low, value) = (middle, tried.value) } else { high = middle }
    }
    return value
  }

  @Test("The plan is within 2 % of the best of all configurations", arguments: sites)
  func matchesBruteForce(site: Site) async throws {
    let file = try ScenarioFile(document: try Document.parse(text: site.text, file: "site.yaml"))
    let report = try await PlanStudy(file, with: catalogue, jobs: 2).run()
    let found = try #require(report.best?.simulated?.figures.value(site.objective))
    #expect(report.search.tried == site.choices.count)
    var values: [Double] = []
    for choice in site.choices {
      if let value = try await best(site, choice) { values.append(value) }
    }
    let most = try #require(site.objective.isMaximised ? values.max() : values.min())
    let lost = site.objective.isMaximised ? 1 - found / most : found / most - 1
    #expect(lost < 0.02, "plan \(found), all configurations \(values)")
    #expect(lost > -0.02, "plan \(found), all configurations \(values)")
  }
}
