import CostModel
import Testing
import Workload

@testable import Simulation

/// A schedule worked out by hand, in nanoseconds: what a run must do, token by token.
struct HandSchedule {
  struct Row {
    var arrival: Int64
    var scheduled: Int64
    /// When each output token is out.
    var tokens: [Int64]
    var preemptions: Int32 = 0
    var replica: Int32 = 0
  }

  /// Rows by number in the stream, from `firstIndex`.
  var rows: [Row]
  var firstIndex = 0
  var steps: Int64

  /// Runs the engine, in stretches and in single steps, and the naive one, against the schedule.
  ///
  /// - Returns: the outcome, for what else a test has to say about it.
  func check(
    _ plan: DeploymentPlan, _ costs: NanosecondCosts, sourceLocation: SourceLocation = #_sourceLocation
  ) async -> DeploymentOutcome {
    var run = RunPlan(recordsRequests: true)
    let outcome = await Simulation.run(plan, run)
    verify(outcome, "in stretches", sourceLocation)
    run.macroSteps = false
    verify(await Simulation.run(plan, run), "in single steps", sourceLocation)
    let naive = NaiveSimulator(plan, costs, run)
    naive.simulate()
    for (offset, row) in rows.enumerated() {
      let request = naive.done.first { $0.index == firstIndex + offset }
      #expect(
        request?.tokens == row.tokens, "naive, request \(firstIndex + offset)", sourceLocation: sourceLocation
      )
    }
    return outcome
  }

  private func verify(_ outcome: DeploymentOutcome, _ how: Comment, _ location: SourceLocation) {
    let records = outcome.observations.records
    #expect(
      records.map(\.index) == rows.indices.map { UInt64(firstIndex + $0) }, how, sourceLocation: location)
    #expect(records.map(\.arrival.nanoseconds) == rows.map(\.arrival), how, sourceLocation: location)
    #expect(records.map(\.scheduled.nanoseconds) == rows.map(\.scheduled), how, sourceLocation: location)
    #expect(records.map(\.firstToken.nanoseconds) == rows.map { $0.tokens[0] }, how, sourceLocation: location)
    #expect(
      records.map(\.completed.nanoseconds) == rows.compactMap(\.tokens.last), how, sourceLocation: location)
    #expect(records.map(\.outputTokens) == rows.map { Int32($0.tokens.count) }, how, sourceLocation: location)
    #expect(records.map(\.preemptions) == rows.map(\.preemptions), how, sourceLocation: location)
    #expect(records.map(\.replica) == rows.map(\.replica), how, sourceLocation: location)
    #expect(outcome.steps == steps, how, sourceLocation: location)
    var gaps = LatencyHistogram()
    for row in rows {
      for (before, after) in zip(row.tokens, row.tokens.dropFirst()) { gaps.record(after - before) }
    }
    let measured = outcome.observations.latencies(epochs: 0..<TimeSeries.epochs).interTokenLatency
    #expect(measured == gaps, how, sourceLocation: location)
  }
}

/// A stream with listed requests: arrival in nanoseconds, prompt tokens, answer tokens.
func listedRequests(
  _ requests: [(arrival: Int64, input: Int32, output: Int32)], maximumOutput: Int
) -> StreamPlan {
  guard let rows = PairedLengths(inputs: requests.map(\.input), outputs: requests.map(\.output)) else {
    preconditionFailure("requests without tokens")
  }
  return StreamPlan(
    arrivals: .trace(arrivalsNanoseconds: requests.map(\.arrival)),
    lengths: RequestLengths(rows: rows, order: .cyclic, seed: 1), maximumOutputTokens: maximumOutput)
}
