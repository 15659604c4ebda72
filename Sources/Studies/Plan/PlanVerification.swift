import CostModel
import Documents
import Facility
import Logging
import Results
import Scenario
import Simulation
import Workload

/// Simulates a candidate: whole, or so many units of each deployment at the same load.
struct PlanVerification: Sendable {
  let candidate: PlanCandidate
  let document: PlanDocument
  let section: PlanSection
  /// Called with each simulation that is done.
  let progress: @Sendable () -> Void

  /// The highest rate is found to a hundredth.
  private static let tolerance = 1.01
  /// Requests of a deployment at least, so that a 99th percentile rests on some dozens.
  private static let fewestRequests = 4000.0
  private static let mostRequests = 400_000.0
  /// A run lasts for so many mean times of a request.
  private static let lengths = 14.0

  /// What is simulated, and for how long.
  private struct Model {
    var scenario: PlanLoad
    /// Units that are simulated, of all.
    var units: [Int]
    var shares: [Double]
    /// Seconds for which requests come.
    var seconds: Double
  }

  /// One simulation.
  private struct Run {
    var factor: Double
    var result: RunResult
    var isGood: Bool
  }

  /// The highest rate that simulations sustain, starting from the estimate's; nil where none of them does.
  func highest() async throws(Problems) -> PlanSimulated? {
    let model = try self.model(at: candidate.estimated.factor)
    var count = 0
    func run(_ factor: Double) async -> Run {
      count += 1
      return await simulate(model, at: factor)
    }
    var good: Run?
    var bad: Double?
    var factor = candidate.estimated.factor
    var step = 1.06
    while count < 14, good == nil || bad == nil {
      let tried = await run(factor)
      if tried.isGood {
        good = tried
        factor *= step
      } else {
        bad = factor
        if good == nil { factor /= step }
      }
      step = min(step * 1.3, 3)
    }
    while let low = good, let high = bad, high > Self.tolerance * low.factor, count < 24 {
      let middle = (low.factor * high).squareRoot()
      let tried = await run(middle)
      if tried.isGood { good = tried } else { bad = middle }
    }
    return good.map { simulated($0, model, runs: count) }
  }

  /// What a simulation says at one rate, and whether it keeps all targets there.
  func at(_ factor: Double) async throws(Problems) -> (simulated: PlanSimulated, isGood: Bool) {
    let model = try self.model(at: factor)
    let run = await simulate(model, at: factor)
    return (simulated(run, model, runs: 1), run.isGood)
  }

  private func model(at factor: Double) throws(Problems) -> Model {
    let all = candidate.parts.map(\.units)
    let units = candidate.parts.map {
      min($0.units, max(section.simulatedReplicas / $0.option.replicas, 1))
    }
    var scenario = candidate.load.scenario
    if units != all {
      scenario = try document.scaleModel(zip(candidate.parts, units).map { ($0.option, $1) })
    }
    scenario.run.sample = nil
    scenario.run.horizon = nil
    scenario.warmUp = .automatic
    let shares = zip(units, all).map { Double($0) / Double($1) }
    let load = PlanLoad(scenario, carbon: section.carbonGramsPerKilowattHour)
    let state = candidate.load.state(at: factor)
    var seconds = 0.0
    var most = Double.infinity
    for (index, deployment) in state.deployments.enumerated() {
      let rate = max(load.arrivals[index] * factor * shares[index], 1e-9)
      let mean = deployment.latencies?.endToEnd.mean ?? deployment.decodeSeconds
      seconds = max(seconds, Self.lengths * mean, Self.fewestRequests / rate)
      most = min(most, Self.mostRequests / rate)
    }
    return Model(scenario: load, units: units, shares: shares, seconds: min(seconds, most))
  }

  private func simulate(_ model: Model, at factor: Double) async -> Run {
    var scenario = model.scenario.scaled(by: model.shares.map { $0 * factor })
    for index in scenario.deployments.indices {
      for stream in scenario.deployments[index].plan.streams.indices {
        let arrivals = scenario.deployments[index].plan.streams[stream].arrivals
        if case .trace = arrivals { continue }
        let rate = arrivals.meanRequestsPerSecond ?? 0
        scenario.deployments[index].plan.streams[stream].requests = max(Int(rate * model.seconds), 100)
      }
    }
    let quiet = Logger(label: "tokenmill") { _ in SwiftLogNoOpLogHandler() }
    let result = await RunStudy(scenario, logger: quiet).run()
    progress()
    let report = result.report
    let keepsUp = report.deployments.allSatisfy {
      $0.saturation.verdict != .overloaded && $0.saturation.verdict != .backlogged
    }
    let meets = model.scenario.targets.allSatisfy { target in
      target.value(report).map { $0 <= target.seconds } ?? false
    }
    let isGood = keepsUp && meets && report.site.requests.rejected == 0
    return Run(factor: factor, result: result, isGood: isGood)
  }

  /// The figures of the whole site, all of whose replicas do as the simulated ones.
  private func simulated(_ run: Run, _ model: Model, runs: Int) -> PlanSimulated {
    let report = run.result.report
    let site = candidate.load.scenario.site
    let full = candidate.load.scenario.deployments
    var parts: [SteadyPower.Part] = []
    var tokens = 0.0
    for (index, deployment) in report.deployments.enumerated() {
      let rates = deployment.window.throughput
      let share = model.shares[index]
      let own = (rates.outputTokensPerSecond ?? rates.imagesPerSecond ?? 0) / share
      let system = SiteContext(site).systems[0]
      let watts = (deployment.window.power.gpuMean ?? 0) - system.acceleratorIdleWatts
      tokens += own
      parts.append(
        SteadyPower.Part(
          acceleratorsBySystem: full[index].acceleratorsBySystem(of: site),
          wattsAboveIdle: watts * Double(full[index].plan.accelerators), outputTokensPerSecond: own))
    }
    let facility = site.facility
    let celsius = facility?.designCelsius ?? facility?.climate.celsius(atSeconds: facility?.startSeconds ?? 0)
    let power = SteadyPower.of(parts, on: SiteContext(site), outdoorCelsius: celsius).site
    let load = candidate.load
    var figures = PlanFigures(
      factor: run.factor, arrivals: load.arrivals.reduce(0, +), power: power, tokens: tokens,
      accelerators: site.accelerators, carbon: load.carbon,
      targets: load.targets.map {
        PlanReached(name: $0.name, limitSeconds: $0.seconds, seconds: $0.value(report))
      })
    load.addLimits(
      to: &figures, load.judged(at: run.factor), stepTime: report.site.stepTime,
      cacheHeadroom: 1 - report.site.peakCacheUtilisation)
    func sum(_ limits: [(low: Double, high: Double)?]) -> (low: Double, high: Double)? {
      guard limits.allSatisfy({ $0 != nil }) else { return nil }
      return limits.enumerated().reduce((0, 0)) { sum, item in
        let share = model.shares[item.offset]
        return (sum.0 + (item.element?.low ?? 0) / share, sum.1 + (item.element?.high ?? 0) / share)
      }
    }
    let path = "throughput.output_tokens_per_second"
    let replicas = zip(candidate.parts, model.units).reduce(0) { $0 + $1.0.option.replicas * $1.1 }
    return PlanSimulated(
      figures: figures, replicas: replicas,
      confidence: sum(report.deployments.map { $0.confidence.first { $0.figure == path }?.limits }),
      measured: sum(
        report.deployments.map { part in
          part.intervals.first { $0.figure == path }.map { ($0.low, $0.high) }
        }), runs: runs, result: run.result)
  }
}
