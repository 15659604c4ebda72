import CostModel
import Scenario

/// Predicts measured runs: each point is simulated, points of equal design share their table of step costs.
public struct ValidationStudy: Sendable {
  /// The measured runs.
  public let points: [BenchmarkPoint]
  private let planner: PointPlanner

  /// A study of points with the systems, models and efficiencies of a catalogue.
  public init(_ points: [BenchmarkPoint], with catalogue: ScenarioCatalogue) {
    self.points = points
    planner = PointPlanner(catalogue)
  }

  /// Points that share a table, in order.
  private struct Batch: Sendable {
    var indices: [Int]
    var plans: [PlannedPoint]
  }

  /// Predicts every point.
  ///
  /// - Parameters:
  ///   - threads: batches to work on at once, >= 1; results are the same.
  ///   - done: called with the number of points that are done, in any order.
  /// - Returns: a result for each point, in their order.
  public func run(threads: Int, done: @escaping @Sendable (Int) -> Void = { _ in }) async -> [PointResult] {
    var results = [PointResult?](repeating: nil, count: points.count)
    var batches: [Batch] = []
    var batchOfKey: [String: Int] = [:]
    for (index, point) in points.enumerated() {
      do {
        let plan = try planner.plan(point)
        let key = plan.costKey
        if let batch = batchOfKey[key] {
          batches[batch].indices.append(index)
          batches[batch].plans.append(plan)
        } else {
          batchOfKey[key] = batches.count
          batches.append(Batch(indices: [index], plans: [plan]))
        }
      } catch {
        results[index] = PointResult(
          point: point, assumptions: [], predicted: nil, reason: error.reason, resolved: [])
        done(1)
      }
    }
    await withTaskGroup(of: [(Int, PointResult)].self) { group in
      var next = 0
      func launch() {
        guard next < batches.count else { return }
        let batch = batches[next]
        next += 1
        group.addTask { await Self.predict(batch, done) }
      }
      for _ in 0..<max(1, threads) { launch() }
      for await finished in group {
        for (index, result) in finished { results[index] = result }
        launch()
      }
    }
    return results.compactMap { $0 }
  }

  private static func predict(_ batch: Batch, _ done: @Sendable (Int) -> Void) async -> [(Int, PointResult)] {
    guard let first = batch.plans.first else { return [] }
    let kernels = first.kernelCosts()
    var overheads = (first.overhead, first.prefillOverhead)
    var cost = first.stepCosts(kernels: kernels)
    var finished: [(Int, PointResult)] = []
    for (index, plan) in zip(batch.indices, batch.plans) {
      // Points of one key may differ in the framework's version and so in its overheads.
      if overheads != (plan.overhead, plan.prefillOverhead) {
        overheads = (plan.overhead, plan.prefillOverhead)
        cost = plan.stepCosts(kernels: kernels)
      }
      finished.append((index, await plan.predict(cost: cost)))
      done(1)
    }
    return finished
  }
}
