import Documents
import Scenario
import Testing

@testable import Studies

struct SweepReportTests {
  @Test func theFrontIsWhatNothingBeats() {
    let front = ParetoFront.marks([
      (1, 10), (2, 8), (1.5, 8), (3, 3), nil, (3, 3), (0.5, 10), (4, 1),
    ])
    #expect(front == [true, true, false, true, false, true, false, true])
  }

  @Test func noPointNoFront() {
    #expect(ParetoFront.marks([]) == [])
    #expect(ParetoFront.marks([nil]) == [false])
  }

  /// The front by definition: every pair compared.
  @Test(arguments: 0..<50) func theFrontIsThatOfEveryPair(seed: Int) {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    func draw() -> Double {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Double(state % 12)
    }
    let points = (0..<40).map { _ -> (Double, Double)? in draw() == 0 ? nil : (draw(), draw()) }
    let naive = points.map { point -> Bool in
      guard let point else { return false }
      return !points.contains { other in
        guard let other else { return false }
        return other.0 >= point.0 && other.1 >= point.1 && other != point
      }
    }
    #expect(ParetoFront.marks(points) == naive)
  }

  @Test(arguments: [("1/1", 1, 1), ("4/4", 4, 4), ("02/3", 2, 3)])
  func shards(text: String, number: Int, count: Int) {
    #expect(SweepShard(text) == SweepShard(number: number, of: count))
  }

  @Test(arguments: ["0/4", "5/4", "1", "1/0", "a/b", "1/2/3", "", "-1/4", "/"])
  func noShards(text: String) { #expect(SweepShard(text) == nil) }
}

/// Knees and saturation of curves whose answer is known.
struct SweepCurveTests {
  private func sweep(_ axes: String) throws -> Sweep {
    let text = """
      name: curves
      workload: [{ arrivals: {} }]
      deployments: [{ name: a }]
      sweep: { axes: [\(axes)] }
      """
    return try #require(try ScenarioFile(document: try Document.parse(text: text, file: "s.yaml")).sweep)
  }

  private static let clients = "{ path: \"workload[0].arrivals.concurrency\", values: [1, 2, 4, 8, 16, 32] }"
  private static let rates = "{ path: \"workload[0].arrivals.rate\", values: [300 /min, 1 /s, 2 /s, 10 /s] }"

  private func summary(rate: Double, seconds: Double, verdict: String) -> JSONValue {
    [
      "scenario": "curves", "events": 1,
      "throughput": [
        "output_tokens_per_second": .double(rate * 100), "requests_per_second": .double(rate),
        "output_tokens_per_second_per_gpu": .double(rate * 100),
      ],
      "latency_seconds": ["e2e": ["mean": .double(seconds)], "tpot": ["p50": .double(seconds / 100)]],
      "saturation": ["verdict": .string(verdict)],
    ]
  }

  private func report(
    _ axes: String, _ figures: (SweepPoint) -> (rate: Double, seconds: Double, verdict: String)?
  ) throws -> SweepReport {
    let sweep = try sweep(axes)
    let points = sweep.points.map { point -> SweptPoint in
      guard let found = figures(point) else {
        return SweptPoint(point, problems: ["--set a=1 b: x.y: found 3, does not fit"])
      }
      return SweptPoint(
        point, summary: summary(rate: found.rate, seconds: found.seconds, verdict: found.verdict))
    }
    return SweepReport(name: "curves", sweep: sweep, points: points)
  }

  /// X / R is largest where the asymptotic bounds of a closed network meet.
  ///
  /// N clients of a server that takes 1 s for a request alone and completes at most 8 a second: X = min(N, 8) and
  /// R = N / X (Denning and Buzen, 1978), which meet at N = 8.
  @Test func aClosedLoopHasItsKneeWhereTheBoundsMeet() throws {
    let loads = [1.0, 2, 4, 8, 16, 32]
    let report = try report(Self.clients) { point in
      let rate = min(loads[point.index], 8)
      return (rate, loads[point.index] / rate, "closed_loop")
    }
    let curve = try #require(report.curves.first)
    #expect(report.curves.count == 1)
    #expect(curve.knee?.step?.load == 8 && curve.knee?.isBracketed == true)
    #expect(curve.rule == .mostThroughput)
    #expect(curve.saturation?.step?.load == 8 && curve.saturation?.isBracketed == true)
    #expect(curve.cells == ["8", "98 % from 8"])
  }

  @Test func aCurveThatStillRisesIsNotSaturated() throws {
    let report = try report(Self.clients) { (Double($0.index + 1), 1, "closed_loop") }
    #expect(report.curves[0].cells == ["32 or more", "not reached"])
    #expect(report.curves[0].saturation?.isBracketed == false)
  }

  /// M/M/1 with 6 a second: X / R = λ (μ − λ) is largest at μ / 2 (Kleinrock), which 2 and 5 are nearest to.
  @Test func openLoadIsSortedAndJudgedByItsQueue() throws {
    let rates = [5.0, 1, 2, 10]
    let report = try report(Self.rates) { point in
      let rate = rates[point.index]
      return rate < 6 ? (rate, 1 / (6 - rate), "stable") : (6, 100, "overloaded")
    }
    let curve = try #require(report.curves.first)
    #expect(curve.steps.map(\.load) == [1, 2, 5, 10])
    #expect(curve.knee?.step?.label == "2 /s")
    #expect(curve.rule == .stableQueue)
    #expect(curve.cells == ["2 /s", "stable to 300 /min"])
  }

  @Test func overloadFromTheFirst() throws {
    let report = try report(Self.rates) { _ in (6, 100, "overloaded") }
    #expect(report.curves[0].cells[1] == "below 1 /s")
    #expect(report.curves[0].json(report.sweep, report.points)["saturation"]?["load"] == .null)
  }

  /// Other axes make a curve each; points that can't run are left out; what moves with the load belongs to it.
  @Test func aCurveForEachOtherValue() throws {
    let report = try report("{ name: layout, variants: { a: {}, b: {} } }, \(Self.clients)") { point in
      point.index == 11 ? nil : (1, 1, "closed_loop")
    }
    #expect(report.curves.map(\.label) == ["layout=a", "layout=b"])
    #expect(report.curves.map(\.steps.count) == [6, 5])
    #expect(report.text().contains("does not fit"))
  }

  @Test func otherAxesAreNoLoad() throws {
    let report = try report("{ path: \"deployments[0].replicas\", values: [1, 2, 4] }") { _ in
      (1, 1, "stable")
    }
    #expect(report.curves.isEmpty)
  }
}
