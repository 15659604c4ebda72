import CostModel
import Scenario

/// Measured runs that are simulated again and again with other overheads: planned once, kernels tabulated once.
final class OverheadRuns: Sendable {
  /// One run that can be planned and has a measured TPOT.
  struct Run: Sendable {
    let plan: PlannedPoint
    let group: OverheadGroup
    let measuredTPOT: Double
    let measuredTTFT: Double?
    /// The index of its tables of kernels.
    let table: Int
  }

  /// What a run came to.
  struct Figures: Sendable {
    var tpot: Double?
    var ttft: Double?
  }

  let runs: [Run]
  private let kernels: [PlannedPoint.Costs]
  /// Indices of runs that one task simulates.
  private let batches: [[Int]]
  private let threads: Int

  /// Plans what can be planned of `points` and tabulates its kernels.
  init(_ points: [BenchmarkPoint], with catalogue: ScenarioCatalogue, threads: Int) async {
    let planner = PointPlanner(catalogue)
    var runs: [Run] = []
    var tableOfKey: [String: Int] = [:]
    var designs: [PlannedPoint] = []
    for point in points {
      guard let tpot = point.measured[.tpotMean], tpot > 0, let plan = try? planner.plan(point) else {
        continue
      }
      let table = tableOfKey[plan.costKey] ?? designs.count
      if table == designs.count {
        tableOfKey[plan.costKey] = table
        designs.append(plan)
      }
      runs.append(
        Run(
          plan: plan, group: plan.design.overheadGroup, measuredTPOT: tpot,
          measuredTTFT: point.measured[.ttftMean], table: table))
    }
    self.runs = runs
    self.threads = threads
    let plans = designs
    kernels = await Self.concurrently(plans.count, threads: threads) { plans[$0].kernelCosts() }
    var batches = Array(repeating: [Int](), count: plans.count)
    for (index, run) in runs.enumerated() { batches[run.table].append(index) }
    self.batches = batches
  }

  /// Simulates every run with overheads of its own, the same in both pools; runs without any are left out.
  func figures(overheads: [FrameworkOverhead?]) async -> [Figures] {
    let found = await Self.concurrently(batches.count, threads: threads) { batch in
      await self.simulate(self.batches[batch], overheads: overheads)
    }
    var figures = Array(repeating: Figures(), count: runs.count)
    for (batch, results) in zip(batches, found) {
      for (index, result) in zip(batch, results) { figures[index] = result }
    }
    return figures
  }

  private func simulate(_ indices: [Int], overheads: [FrameworkOverhead?]) async -> [Figures] {
    var results: [Figures] = []
    var known: (overhead: FrameworkOverhead, cost: PlannedPoint.Costs)?
    for index in indices {
      guard let overhead = overheads[index] else {
        results.append(Figures())
        continue
      }
      var plan = runs[index].plan
      plan.overhead = overhead
      plan.prefillOverhead = overhead
      if known?.overhead != plan.overhead {
        known = (plan.overhead, plan.stepCosts(kernels: kernels[runs[index].table]))
      }
      guard let cost = known?.cost, let means = await plan.means(cost: cost) else {
        results.append(Figures())
        continue
      }
      results.append(Figures(tpot: means.tpot, ttft: means.ttft))
    }
    return results
  }

  private static func concurrently<Result: Sendable>(
    _ count: Int, threads: Int, _ work: @escaping @Sendable (Int) async -> Result
  ) async -> [Result] {
    var results = [Result?](repeating: nil, count: count)
    await withTaskGroup(of: (Int, Result).self) { group in
      var next = 0
      func launch() {
        guard next < count else { return }
        let index = next
        next += 1
        group.addTask { (index, await work(index)) }
      }
      for _ in 0..<max(1, threads) { launch() }
      for await (index, result) in group {
        results[index] = result
        launch()
      }
    }
    return results.compactMap { $0 }
  }
}
