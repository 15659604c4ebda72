import CostModel
import Testing
import Workload

@testable import Simulation

@Suite("Requests that wait for one another")
struct RequestGraphTests {
  private func plan(_ text: String, replicas: Int = 2, router: RouterPolicy = .leastOutstanding) throws
    -> DeploymentPlan
  {
    let trace = try TraceReader(blockTokens: 16).read(contents: text, name: "t")
    var stream = StreamPlan(
      arrivals: trace.arrivals, lengths: RequestLengths(rows: trace.lengths, order: .cyclic, seed: 1),
      maximumOutputTokens: 1000)
    stream.graph = trace.graph
    return deployment(replicas: replicas, cost: linearCosts(step: 0.1), router: router, streams: [stream])
  }

  private func times(_ plan: DeploymentPlan, macro: Bool = true) async -> [[Double]] {
    let outcome = await Simulation.run(plan, RunPlan(macroSteps: macro, recordsRequests: true))
    return outcome.observations.records.sorted { $0.index < $1.index }.map {
      [$0.arrival, $0.completed].map { (Double($0.nanoseconds) / 1e6).rounded() / 1e3 }
    }
  }

  /// Steps of 0.1 s.
  ///
  /// The first has four tokens, done at 0.41 s; the second is sent 0.002 s after it, the third 0.2 s after its answer,
  /// the last when both are answered.
  @Test("by hand", arguments: [true, false])
  func handWorked(macro: Bool) async throws {
    let plan = try plan(
      """
      {"request_id": "p", "not_before_ms": 10, "input_length": 70, "output_length": 4}
      {"request_id": "q", "input_length": 64, "output_length": 2, "dependencies": [{"request_id": "p", "trigger": "dispatch", "delay_ms": 2}]}
      {"request_id": "r", "input_length": 64, "output_length": 1, "wait_for": ["p"], "delay": 200}
      {"request_id": "s", "input_length": 64, "output_length": 3, "wait_for": ["q", "r"]}
      {"request_id": "late", "input_length": 64, "output_length": 1, "not_before_ms": 5000, "wait_for": ["s"]}
      """)
    #expect(
      await times(plan, macro: macro) == [
        [0.01, 0.41], [0.012, 0.212], [0.61, 0.71], [0.71, 1.01], [5, 5.1],
      ])
  }

  @Test("who waits for a request that is refused is never sent")
  func refused() async throws {
    let outcome = await Simulation.run(
      try plan(
        """
        {"request_id": "p", "not_before_ms": 0, "input_length": 2000000, "output_length": 4}
        {"request_id": "q", "input_length": 64, "output_length": 2, "wait_for": ["p"]}
        {"request_id": "r", "not_before_ms": 0, "input_length": 64, "output_length": 2}
        """), RunPlan())
    let counts = outcome.observations.counts
    #expect(counts.arrived == 2 && counts.rejected == 1 && counts.completed == 1)
  }

  @Test("sessions stick to a replica")
  func sticky() async throws {
    let rows = (0..<40).map { row in
      let session = row % 10
      return row < 10
        ? #"{"session_id": \#(session), "timestamp": \#(row * 13), "input_length": 40, "output_length": 3}"#
        : #"{"session_id": \#(session), "delay": 30, "input_length": 20, "output_length": 3}"#
    }
    let outcome = await Simulation.run(
      try plan(rows.joined(separator: "\n"), replicas: 3, router: .sessionSticky),
      RunPlan(recordsRequests: true))
    #expect(outcome.observations.records.count == 40)
    var places: [UInt64: Set<Int32>] = [:]
    for record in outcome.observations.records {
      places[record.index % 10, default: []].insert(record.replica)
    }
    #expect(places.values.allSatisfy { $0.count == 1 } && Set(places.values.flatMap { $0 }).count > 1)
  }
}
