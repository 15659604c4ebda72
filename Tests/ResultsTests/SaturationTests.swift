import CostModel
import Documents
import Testing
import Workload

@testable import Results
@testable import Simulation

/// One server, first come first served, a service of 1 s: ten steps of 0.1 s, or ten on average.
enum OneServer {
  static let meanSteps = 10
  static let tenths = constantCosts(step: 0.1)
  static let hundredths = constantCosts(step: 0.01)

  static func report(
    _ processes: [(ArrivalProcess, Int)], exponential: Bool = false, seed: UInt64 = 1, horizon: Double? = nil,
    steps: Int = meanSteps, batch: Int = 1, cost: StepCostTable? = nil, window: WindowPolicy = .automatic,
    load: LoadKind = .open
  ) async -> RunReport {
    let output: LengthDistribution =
      exponential
      ? .gamma(mean: Double(steps), coefficientOfVariation: 1, minimum: 1, maximum: 29_000) : .fixed(steps)
    let plan = DeploymentPlan(
      name: "test", replicas: 1, acceleratorsPerReplica: 1,
      engine: EngineOptions(
        maximumBatchSize: batch, maximumBatchTokens: 8192, chunkedPrefill: true, capacityPolicy: .currentUse,
        maximumContextTokens: 30_000),
      cache: KVCacheOptions(blocks: 10_000_000, blockTokens: 16),
      cost: cost ?? (steps == meanSteps ? tenths : hundredths),
      streams: processes.map { process, requests in
        StreamPlan(
          arrivals: process, requests: requests,
          lengths: RequestLengths(input: .fixed(1), output: output, seed: seed), maximumOutputTokens: 29_000)
      })
    let run = await Simulation.run(
      plan, RunPlan(seed: seed, horizon: horizon.map { .zero + SimDuration(seconds: $0) }))
    let deployment = DeploymentContext(name: "test", replicas: 1, accelerators: 1, load: load)
    return RunReport(
      context(deployments: [deployment], isDrained: horizon == nil, window: window), [run])
  }

  /// Arrivals whose rate goes from `from` to `to` each second, in a straight line over `seconds`.
  static func ramp(from: Double, to: Double, seconds: Double) -> (ArrivalProcess, Int) {
    var times: [Int64] = []
    // The n-th comes when the integral of the rate, from t + (to - from) t² / 2 seconds, is n.
    let slope = (to - from) / seconds
    var number = 1.0
    while true {
      let time = slope == 0 ? number / from : ((from * from + 2 * slope * number).squareRoot() - from) / slope
      guard time <= seconds else { break }
      times.append(Int64(time * 1e9))
      number += 1
    }
    return (.trace(arrivalsNanoseconds: times), times.count)
  }

  /// A step as long as its batch is large: what is in service shares the server.
  static func shared(secondsPerToken: Double) -> StepCostTable {
    func cost(_ seconds: Double) -> CostVector {
      var vector = CostVector.zero
      vector[.time] = seconds
      vector[.memory] = seconds
      vector[.gemm] = seconds
      return vector
    }
    let nothing = KnotTable(maximum: 65536, bits: 3) { _ in CostVector.zero }
    return StepCostTable(
      decodeBase: .zero, mixedBase: .zero,
      tokens: KnotTable(maximum: 65536, bits: 4) { cost(secondsPerToken * Double($0)) }, sequences: nothing,
      rows: nothing, context: ContextGrid(maximumSequences: 4096, maximumContext: 65536) { _, _ in .zero },
      chunk: KnotTable(maximum: 65536 * 4, bits: 3) { _ in .zero })
  }
}

@Suite("what a run says of its own load")
struct SaturationTests {
  #if DEBUG
    private let seeds: UInt64 = 1
  #else
    private let seeds: UInt64 = 10
  #endif

  private func poisson(_ rate: Double, _ requests: Int) -> (ArrivalProcess, Int) {
    (.poisson(requestsPerSecond: rate), requests)
  }

  /// Nothing grows for good below full load, however long the run.
  @Test(arguments: [0.5, 0.8, 0.95], [2000, 4000, 8000])
  func belowFullLoad(load: Double, requests: Int) async {
    for seed in 1...seeds as ClosedRange<UInt64> {
      let found = await OneServer.report([poisson(load, requests)], seed: seed).site.saturation
      #expect(found.verdict == .stable, "\(seed): \(found)")
      #expect(abs((found.arrivalsPerSecond ?? 0) - load) < 0.1)
    }
  }

  /// Of M/D/1 at a load ρ > 1 the queue grows by ρ − 1 requests in each second.
  @Test(arguments: [1.1, 1.5, 4], [4000, 8000])
  func aboveFullLoad(load: Double, requests: Int) async throws {
    for seed in 1...seeds as ClosedRange<UInt64> {
      let found = await OneServer.report([poisson(load, requests)], seed: seed).site.saturation
      #expect(found.verdict == .overloaded, "\(seed): \(found)")
      let growth = try #require(found.queueGrowthPerSecond)
      let error = try #require(found.queueGrowthError)
      #expect(abs(growth - (load - 1)) < 2 * error)
      #expect(abs((found.departuresPerSecond ?? 0) - 1) < 0.01)
    }
  }

  @Test func cutOffWhereItGrows() async {
    let found = await OneServer.report([poisson(1.2, .max)], horizon: 5000).site.saturation
    #expect(found.verdict == .overloaded)
  }

  @Test("more than the series resolves: all come in a moment, the server takes an hour")
  func flood() async {
    let found = await OneServer.report([poisson(1000, 3600)]).site.saturation
    #expect(found.verdict == .overloaded)
    #expect(found.reason.contains("still waited when the last came"))
  }

  /// At a load of 0.5 a burst of 1,000 takes 2,000 s to drain: 1,000 of the 4,000 other requests come meanwhile.
  @Test(arguments: [0.4, 0.7] as [Double])
  func aBurstThatDrains(at share: Double) async throws {
    for seed in 1...seeds as ClosedRange<UInt64> {
      let burst = Array(repeating: Int64(share * 8000e9), count: 1000)
      let found = await OneServer.report(
        [poisson(0.5, 4000), (.trace(arrivalsNanoseconds: burst), 1000)], seed: seed, window: .wholeRun
      ).site.saturation
      #expect(found.verdict == .backlogged, "\(seed): \(found)")
      #expect(try #require(found.backloggedShare) > 0.25)
    }
  }

  @Test("a burst of 20 at a load of 0.5 is gone before anyone can call it a backlog")
  func aSmallBurst() async {
    let burst = Array(repeating: Int64(4000e9), count: 20)
    let found = await OneServer.report([poisson(0.5, 4000), (.trace(arrivalsNanoseconds: burst), 20)]).site
      .saturation
    #expect(found.verdict == .stable)
  }

  /// From half a load to one and a half: in the later half more comes than goes.
  ///
  /// From 0.3 to 0.9 never.
  @Test func ramps() async {
    let above = await OneServer.report([OneServer.ramp(from: 0.5, to: 1.5, seconds: 5000)]).site.saturation
    #expect(above.verdict == .overloaded, "\(above)")
    let below = await OneServer.report([OneServer.ramp(from: 0.3, to: 0.9, seconds: 5000)]).site.saturation
    #expect(below.verdict == .stable, "\(below)")
  }

  /// A peak of 1.3 for a tenth of the run leaves 150 requests, which take as long to go at a load of 0.7.
  @Test func aPeakThatDrains() async {
    let peak = OneServer.ramp(from: 0.6, to: 0.6, seconds: 500)
    guard case .trace(let times) = peak.0 else { return }
    let found = await OneServer.report(
      [poisson(0.7, 3500), (.trace(arrivalsNanoseconds: times.map { $0 + Int64(2000e9) }), times.count)],
      window: .wholeRun
    ).site.saturation
    #expect(found.verdict == .backlogged, "\(found)")
  }

  @Test("a queue from before the window that only holds")
  func aQueueFromBefore() async {
    // 1,000 at once, then exactly as many as the server takes.
    let burst = Array(repeating: Int64(0), count: 1000)
    let found = await OneServer.report([
      (.deterministic(requestsPerSecond: 1), 4000), (.trace(arrivalsNanoseconds: burst), 1000),
    ]).site.saturation
    #expect(found.verdict == .backlogged)
    #expect(found.backloggedShare == 1)
  }

  /// No queue where all share the server: who is in flight rises instead, ρ − 1 parts of ρ of those that come.
  @Test func processorSharing() async {
    let cost = OneServer.shared(secondsPerToken: 0.001)
    func verdict(_ load: Double, _ requests: Int) async -> Saturation {
      await OneServer.report(
        [poisson(load, requests)], exponential: true, steps: 1000, batch: 4096, cost: cost
      ).site.saturation
    }
    let below = await verdict(0.7, 2000)
    #expect(below.verdict == .stable, "\(below)")
    let above = await verdict(1.1, 4000)
    #expect(above.verdict == .overloaded, "\(above)")
  }

  /// With room for all, twice the rate makes twice as many in flight: no overload.
  @Test func moreInFlightIsNoOverloadWhereThereIsRoom() async {
    let found = await OneServer.report(
      [OneServer.ramp(from: 0.5, to: 2, seconds: 4000)], steps: 100, batch: 4096, cost: constantCosts(step: 1)
    ).site.saturation
    #expect(found.verdict == .stable, "\(found)")
  }

  @Test func whoIsFullByDesignIsNotJudged() async {
    let closed = await OneServer.report(
      [(.closedLoop(concurrency: 8, thinkTimeSeconds: 0), 500)], load: .closedLoop)
    #expect(closed.site.saturation.verdict == .closedLoop)
    let offline = await OneServer.report([(.offline(requests: 500), 500)], load: .offline)
    #expect(offline.site.saturation.verdict == .offline)
    #expect(!offline.text().contains("OVERLOADED"))
  }

  @Test func aFewRequestsProveNothing() async {
    let found = await OneServer.report([poisson(0.9, 50)]).site.saturation
    #expect(found.verdict == .undetermined)
  }

  @Test func theWorstOfTheSite() {
    let verdicts = [Saturation.Verdict.stable, .overloaded, .offline].map { Saturation($0) }
    #expect(Saturation.worst(verdicts).verdict == .overloaded)
    #expect(Saturation.worst([Saturation(.closedLoop), Saturation(.stable)]).verdict == .stable)
  }

  @Test func whatAReaderSees() async {
    let report = await OneServer.report([poisson(1.5, 4000)])
    #expect(report.text().contains("OVERLOADED: the queue grows as long as requests come, 1."))
    #expect(report.json.number(at: "saturation.queue_growth_per_second") != nil)
    #expect(report.json["saturation"]?["verdict"] == .string("overloaded"))
    let stable = await OneServer.report([poisson(0.5, 4000)])
    #expect(!stable.text().contains("OVERLOADED"))
    #expect(stable.json["saturation"]?["verdict"] == .string("stable"))
  }
}
