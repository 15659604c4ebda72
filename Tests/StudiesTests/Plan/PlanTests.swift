import CostModel
import Documents
import Hardware
import Quantities
import Results
import Scenario
import Testing

@testable import Studies

@Suite struct PlanTests {
  private let catalogue: ScenarioCatalogue

  init() throws { catalogue = try ScenarioCatalogue.load() }

  private func study(
    _ plan: String, site: String = "system: h100-sxm, nodes: 1",
    targets: String = "ttft_p99: 1 s, tpot_p99: 30 ms",
    jobs: Int = 2
  ) throws -> PlanStudy {
    let text = """
      tokenmill: 1
      name: A plan
      site: { \(site) }
      deployments:
        - { name: chat, model: llama-3.1-8b, engine: { framework: vllm, max_context_tokens: 4096 } }
      workload:
        - arrivals: { process: poisson, rate: 10 req/s, requests: 2000 }
          lengths: { input: 400, output: 60 }
          targets: { \(targets) }
      plan: { \(plan), layouts: [{ tensor: 1 }], max_batch_size: [64], modes: [aggregated] }
      """
    let file = try ScenarioFile(document: try Document.parse(text: text, file: "plan.yaml"))
    return try PlanStudy(file, with: catalogue, jobs: jobs)
  }

  /// Binomial tails that a table has: with 10 replicas of which each is out 1 % of the time, 10 of 11 are in service for
  /// 0.99¹¹ + 11 · 0.01 · 0.99¹⁰ = 99.48 % of it.
  @Test func sparesFollowTheBinomialLaw() {
    #expect(abs(PlanSpares.inService(10, of: 11, down: 0.01) - 0.99482) < 1e-5)
    let availability = PlanAvailability(target: 0.99, acceleratorHours: 99, repairHours: 1)
    #expect(PlanSpares.count(availability, replicas: 10, accelerators: 1) == 1)
    #expect(PlanSpares.count(nil, replicas: 10, accelerators: 1) == 0)
    // Of many replicas no term fits into a number until the mean, 500 that are out, is near.
    let many = PlanSpares.count(
      PlanAvailability(target: 0.999, acceleratorHours: 99, repairHours: 1), replicas: 49_500, accelerators: 1
    )
    #expect((560...580).contains(many), "\(many)")
  }

  @Test func poolsGetTheRatioOfTheirRates() {
    let ratio = PlanDocument.ratio(decode: (rate: 3, accelerators: 1), prefill: (rate: 1, accelerators: 1))
    #expect(ratio == (3, 1))
    #expect(PlanDocument.ratio(decode: (1, 4), prefill: (2, 1)) == (1, 2))
  }

  @Test func replicasFitIntoDomains() throws {
    let system = try #require(catalogue.systems.system("gb300-nvl72"))
    let wide = Parallelism(expert: 16, attentionData: 16)
    #expect(system.room(for: wide, on: 144) == 8)
    #expect(system.accelerators(for: wide) == 18)
    #expect(system.accelerators(forReplicas: 5, of: wide) == 144)
    #expect(system.room(for: Parallelism(tensor: 4), on: 10) == 2)
  }

  /// The same plan for one thread and for several, to the byte.
  @Test func samePlanForAnyNumberOfThreads() async throws {
    let one = try await study("finalists: 2, systems: [h100-sxm, h200-sxm]", jobs: 1).run()
    let two = try await study("finalists: 2, systems: [h100-sxm, h200-sxm]", jobs: 3).run()
    #expect(one.json == two.json)
    #expect(one.isFeasible && one.best?.figures.limits.contains { $0.name == "hbm_bandwidth" } == true)
  }

  /// The smallest site that serves a traffic: one replica fewer does not.
  @Test func theSmallestSiteServesTheTraffic() async throws {
    let most = try await study("finalists: 1", site: "system: h100-sxm, accelerators: 8").run()
    let rate = try #require(most.best?.figures.arrivalsPerSecond) * 0.7
    let report = try await study("finalists: 1, traffic: { rate: \(rate) /s }").run()
    let best = try #require(report.best)
    #expect(abs(best.figures.arrivalsPerSecond / rate - 1) < 1e-9)
    #expect((5...7).contains(best.replicas))
    #expect(best.figures.targets.filter { !$0.isMet }.isEmpty)
  }

  @Test func budgetsBoundTheSite() async throws {
    let system = try #require(catalogue.systems.system("h100-sxm"))
    let price = try #require(system.cost.perAcceleratorHour?.dollarsPerHour)
    let report = try await study(
      "finalists: 1, budget: { per_hour: \(price * 17) $/h }", site: "system: h100-sxm"
    ).run()
    #expect(report.best?.accelerators == 16)
  }

  @Test func sparesTakePlacesOfReplicas() async throws {
    let report = try await study(
      "finalists: 1, availability: { target: 99 %, accelerator_mtbf: 99 h, repair: 1 h }"
    ).run()
    #expect(report.best?.replicas == 7)
    #expect(report.best?.accelerators == 8)
  }

  /// What can't be done has the nearest that can.
  @Test func whatIsNotFeasibleHasTheNearest() async throws {
    let late = try await study("finalists: 1", targets: "tpot_p99: 1 ms").run()
    #expect(!late.isFeasible && late.best == nil)
    #expect(late.bindingLimit == "tpot_p99")
    #expect(late.nearest?.targets.first?.seconds.map { $0 > 0.001 } == true)
    let small = try await study("finalists: 1, traffic: { rate: 100000 /s }").run()
    #expect(!small.isFeasible)
    let nearest = try #require(small.json["nearest"])
    #expect((nearest.number(at: "gpus_needed") ?? 0) > 8)
    #expect((nearest.number(at: "arrivals_per_second") ?? 0) > 10)
  }

  /// More racks fit where accelerators are held back.
  @Test func heldBackAcceleratorsLeaveRoomForMore() async throws {
    let report = try await study(
      "finalists: 1, power_limits: [100 %, 70 %], simulated_replicas: 4",
      site: "system: h100-sxm, power: 2 MW"
    ).run()
    let racks = report.candidates.map { ($0.parts[0].option.powerLimit, $0.racks) }
    let full = try #require(racks.first { $0.0 == 1 }?.1)
    let held = try #require(racks.first { $0.0 == 0.7 }?.1)
    #expect(held > full)
    for candidate in report.candidates { #expect(candidate.figures.siteWatts <= 2e6) }
  }

  /// A plan of a node of H100 for deployments of a small model, each with its arrivals and lengths.
  private func node(_ streams: [(name: String, arrivals: String, lengths: String)]) async throws -> PlanReport
  {
    let deployments = streams.map {
      "  - { name: \($0.name), model: llama-3.1-8b, engine: { framework: vllm, max_context_tokens: 4096 } }"
    }
    let workload = streams.map {
      "  - { deployment: \($0.name), arrivals: \($0.arrivals), lengths: \($0.lengths), targets: { tpot_p99: 30 ms } }"
    }
    let text = """
      tokenmill: 1
      name: A plan
      site: { system: h100-sxm, nodes: 1 }
      deployments:
      \(deployments.joined(separator: "\n"))
      workload:
      \(workload.joined(separator: "\n"))
      run: { seed: 1, duration: 30 s }
      plan: { finalists: 1, layouts: [{ tensor: 1 }], max_batch_size: [64], modes: [aggregated] }
      """
    let file = try ScenarioFile(document: try Document.parse(text: text, file: "plan.yaml"))
    return try await PlanStudy(file, with: catalogue, jobs: 2).run()
  }

  /// A curve of arrivals is planned for at its highest rate: as steady arrivals are.
  @Test func curvesArePlannedForAtTheirPeak() async throws {
    func rate(_ arrivals: String) async throws -> Double {
      let report = try await node([("chat", arrivals, "{ input: 400, output: 60 }")])
      return try #require(report.best?.figures.arrivalsPerSecond)
    }
    let steady = try await rate("{ process: poisson, rate: 10 /s }")
    let curve = try await rate(
      "{ process: diurnal, curve: [{ at: 0 h, rate: 2 /s }, { at: 12 h, rate: 10 /s }] }")
    #expect(abs(curve / steady - 1) < 0.02)
  }

  /// Two deployments share the accelerators of a site as their traffic needs, and both keep their targets.
  @Test func deploymentsShareASite() async throws {
    let arrivals = "{ process: poisson, rate: 10 /s }"
    let report = try await node([
      ("short", arrivals, "{ input: 100, output: 50 }"), ("long", arrivals, "{ input: 800, output: 400 }"),
    ])
    let best = try #require(report.best)
    #expect(best.parts.map(\.name) == ["short", "long"])
    #expect(best.parts[1].units > best.parts[0].units && best.replicas <= 8 && best.replicas >= 7)
    #expect(best.figures.targets.count == 2 && best.figures.targets.filter { !$0.isMet }.isEmpty)
  }

  /// By carbon the best is what takes least energy for a token, whatever it costs.
  @Test func carbonFollowsEnergy() async throws {
    let plan = "finalists: 1, systems: [h100-sxm, h200-sxm, b200-sxm], carbon_grams_per_kwh: 400, objective: "
    let byCarbon = try await study(plan + "carbon_per_million_tokens").run()
    let byEnergy = try await study(plan + "tokens_per_megawatt_hour").run()
    #expect(byCarbon.best?.system.id == byEnergy.best?.system.id)
    let best = try #require(byCarbon.best?.figures)
    let kilograms = best.siteWatts / best.outputTokensPerSecond * 1e6 / 3.6e6 * 0.4
    #expect(abs(try #require(best.carbonPerMillionTokens) / kilograms - 1) < 1e-9)
  }
}
