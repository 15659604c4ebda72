import CostModel
import Documents
import Foundation
import Hardware
import Models
import Quantities
import Scenario
import Simulation
import Testing
import Workload

@Suite("The scenarios that ship")
struct ShippedScenarioTests {
  private static let files: [String] = {
    let folder = packageRoot.appendingPathComponent("scenarios")
    let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    // Those of traces/ name files that don't ship.
    return names.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix("traces/") }.sorted()
  }()

  private func resolved(_ name: String, overrides: [String] = []) throws -> ResolvedScenario {
    let file = try ScenarioFile.read(path: shippedPath(name), overrides: overrides)
    return try file.resolve(with: try Catalogue.shared.get())
  }

  @Test func areSeven() { #expect(Self.files.count >= 7) }

  @Test(arguments: files)
  func resolve(name: String) throws {
    let file = try ScenarioFile.read(path: shippedPath(name))
    let catalogue = try Catalogue.shared.get()
    let scenario = try file.resolve(with: catalogue)
    #expect(!scenario.name.isEmpty)
    let used = scenario.deployments.reduce(0) { $0 + $1.plan.replicas * $1.plan.acceleratorsPerReplica }
    #expect(used <= scenario.site.accelerators && used > 0)
    // The same file gives the same echo, and a point of a sweep differs from it.
    #expect(try file.resolve(with: catalogue).echo.text() == scenario.echo.text())
    for point in file.sweepPoints {
      let echo = try file.resolve(point: point, with: catalogue).echo
      #expect(echo["sweep_point"]?["index"] == .int(point.index))
    }
    let text = try String(contentsOfFile: shippedPath(name), encoding: .utf8)
    #expect(text.hasPrefix("# "), "a scenario says first what it shows")
  }

  /// Each scenario as it ships, with few requests, serves them all.
  @Test(arguments: files)
  func fewRequestsRun(name: String) async throws {
    var overrides = ["workload[0].arrivals.requests=20"]
    if name.contains("closed") || name.contains("hypothetical") {
      overrides += ["workload[0].arrivals.warm_up_requests=0", "workload[0].arrivals.concurrency=8"]
    }
    let scenario = try resolved(name, overrides: overrides)
    let plan = try #require(scenario.deployments.first?.plan)
    let outcome = await Simulation.run(plan, scenario.run)
    let counts = outcome.observations.counts
    let converses = plan.streams.contains { $0.conversations != nil }
    // Impatient clients and limited tenants don't all get their answers, and a run of a day ends in the middle of some.
    guard plan.tenants.isEmpty, scenario.run.horizon == nil else {
      #expect(counts.completed > counts.arrived / 2)
      return
    }
    #expect(counts.completed == counts.arrived && counts.rejected == 0)
    #expect(converses ? counts.completed > 20 : counts.completed == 20)
    #expect(outcome.inFlight == 0 && outcome.end.seconds > 0)
  }

  @Test func rackOfGB300() throws {
    let scenario = try resolved("gb300-nvl72-llama-2-70b-offline.yaml")
    #expect(scenario.site.accelerators == 72 && scenario.site.nodes == 18 && scenario.site.racks == 1)
    let deployment = try #require(scenario.deployments.first)
    #expect(deployment.plan.replicas == 72 && deployment.plan.acceleratorsPerReplica == 1)
    #expect(
      deployment.plan.engine
        == EngineOptions(
          maximumBatchSize: 2048, maximumBatchTokens: 3584, chunkedPrefill: false,
          capacityPolicy: .currentUse,
          maximumContextTokens: 4096))
    // 80 layers x 2 x 8 heads x 128 x 1 byte a token; at least 200 GB of the 288 GB are left for it.
    let tokens = deployment.plan.cache.blocks * deployment.plan.cache.blockTokens
    #expect(tokens * 80 * 2 * 8 * 128 > 200_000_000_000 && tokens * 80 * 2 * 8 * 128 < 288_000_000_000)
    let stream = try #require(deployment.plan.streams.first)
    #expect(stream.arrivals == .offline(requests: 1_769_472) && stream.maximumOutputTokens == 1024)
    // Published of the data set: 222.33 input tokens on average.
    #expect(abs(stream.lengths.meanInput - 222.33) < 0.01)
    #expect(scenario.references.map(\.value) == [1_100_000, 15_200])
    #expect(scenario.run.seed == 1 && scenario.run.horizon == nil && scenario.warmUp == .automatic)
  }

  @Test func chat() throws {
    let scenario = try resolved("h100-llama-3.1-70b-azure-conversation.yaml")
    let deployment = try #require(scenario.deployments.first)
    #expect(deployment.plan.replicas == 4 && deployment.design.parallel.tensor == 2)
    #expect(deployment.plan.router == .leastOutstanding)
    #expect(
      deployment.design.precision.activations == .fp8, "the format of the weights, which H100 multiplies")
    #expect(deployment.plan.engine.maximumBatchTokens == 8192 && deployment.plan.engine.chunkedPrefill)
    let stream = try #require(deployment.plan.streams.first)
    #expect(stream.targets.timeToFirstToken == SimDuration(nanoseconds: 2_000_000_000))
    #expect(stream.targets.timePerOutputToken == SimDuration(nanoseconds: 100_000_000))
    #expect(
      deployment.percentileTargets == [
        [
          PercentileTarget(metric: .timeToFirstToken, share: 0.99, limit: Seconds(si: 2)),
          PercentileTarget(metric: .timePerOutputToken, share: 0.99, limit: Seconds(si: 0.1)),
        ]
      ])
  }

  /// The two overrides that the file's header gives for whoever has the trace.
  @Test func chatOfATrace() throws {
    let trace = try Fixtures.path("good.csv")
    let scenario = try resolved(
      "h100-llama-3.1-70b-azure-conversation.yaml",
      overrides: [
        "workload[0].arrivals={ process: trace, file: \(trace), rate_scale: 4 }", "workload[0].lengths=",
      ])
    let stream = try #require(scenario.deployments.first?.plan.streams.first)
    #expect(stream.arrivals == .trace(arrivalsNanoseconds: [0, 250_000_000, 500_000_000]))
    #expect((0..<3).map { stream.lengths.lengths(ofRequest: $0).input } == [10, 20, 10])
    #expect((0..<3).map { stream.lengths.lengths(ofRequest: $0).output } == [5, 5, 7])
    #expect(stream.maximumOutputTokens == 7)
  }

  @Test(arguments: [1, 64, 512])
  func closedLoop(concurrency: Int) throws {
    let file = try ScenarioFile.read(path: shippedPath("b200-deepseek-r1-closed-loop.yaml"))
    #expect(file.sweepPoints.count == 10)
    let point = try #require(file.sweepPoints.first { $0.settings[0].value == "\(concurrency)" })
    let scenario = try file.resolve(point: point, with: try Catalogue.shared.get())
    let stream = try #require(scenario.deployments.first?.plan.streams.first)
    #expect(stream.arrivals == .closedLoop(concurrency: concurrency, thinkTimeSeconds: 0))
    // The client's own numbers: 2C to warm up, 10C measured, lengths in [819, 1024].
    #expect(stream.requests == 10 * concurrency && stream.warmUpRequests == 2 * concurrency)
    let drawn = (0..<2000).map { stream.lengths.lengths(ofRequest: $0) }
    #expect(drawn.map(\.input).min() == 819 && drawn.map(\.output).max() == 1024)
    #expect(scenario.warmUp == WarmUp.none)
  }

  @Test func longPrompts() throws {
    let scenario = try resolved("mi355x-llama-3.1-405b-offline.yaml")
    let deployment = try #require(scenario.deployments.first)
    #expect(deployment.plan.replicas == 8)
    // 405.85e9 parameters at 4.25 bits are 216 GB; embedding and head at 16 bits add to it.
    #expect(deployment.design.memory.weightBytes > 216e9 && deployment.design.memory.weightBytes < 230e9)
    #expect(deployment.plan.engine.capacityPolicy == .currentUse && deployment.plan.cache.blockTokens == 16)
  }

  @Test func poisson() throws {
    let scenario = try resolved(
      "h100-llama-3.1-8b-poisson.yaml", overrides: ["workload[0].arrivals.rate=16 /s"])
    let deployment = try #require(scenario.deployments.first)
    #expect(deployment.plan.name == "llama-3.1-8b", "the model's name, where none is given")
    let stream = try #require(deployment.plan.streams.first)
    #expect(stream.arrivals == .poisson(requestsPerSecond: 16) && stream.requests == 10_000)
    #expect(stream.lengths.lengths(ofRequest: 7) == (1024, 512))
  }

  @Test func images() throws {
    let scenario = try resolved("stable-diffusion-xl-h100.yaml")
    let deployment = try #require(scenario.deployments.first)
    #expect(deployment.producesImages && deployment.plan.replicas == 8)
    let stream = try #require(deployment.plan.streams.first)
    // MLPerf denoises in 20 steps.
    #expect(stream.lengths.lengths(ofRequest: 3) == (1, 20) && stream.maximumOutputTokens == 20)
    let cache = deployment.plan.cache
    #expect(cache.blocks(forTokens: 21) * 8 <= cache.blocks, "a whole batch fits")
  }

  @Test func hypothetical() throws {
    let scenario = try resolved("hypothetical/gb300-nvl144-hbm4.yaml")
    let base = try #require(try Catalogue.shared.get().systems.system("gb300-nvl72"))
    let system = scenario.site.parts[0].system
    #expect(system.accelerator.memoryBandwidth == BytesPerSecond(si: 16e12))
    #expect(system.scaleUp.worldSize == 144 && system.scaleUp.bandwidth == base.scaleUp.bandwidth)
    #expect(system.accelerator.memory == base.accelerator.memory)
    #expect(scenario.deployments.first?.plan.acceleratorsPerReplica == 128)
    // The same replica does not fit into the domain that exists.
    #expect(throws: Problems.self) {
      try resolved("hypothetical/gb300-nvl144-hbm4.yaml", overrides: ["site.system=gb300-nvl72"])
    }
  }
}
