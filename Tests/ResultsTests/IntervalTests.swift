import CostModel
import Documents
import Testing

@testable import Results
@testable import Simulation

@Suite struct IntervalTests {
  private let intervals = PredictionIntervals(
    provenance: [], folds: 0, widening: [:],
    bands: [
      .init(
        figure: .throughput, framework: "vllm", load: nil, evidence: .measured, rows: 30, low: 0.9, high: 1.2),
      .init(figure: .throughput, framework: nil, load: nil, evidence: nil, rows: 30, low: 0.5, high: 1.1),
      .init(figure: .power, framework: nil, load: nil, evidence: nil, rows: 30, low: 0.8, high: 1.3),
    ])

  /// Requests that take as long as the run, so that Little's law has something to go on.
  private func busyOutcome() -> DeploymentOutcome {
    var outcome = steadyOutcome()
    for request in 0..<10 {
      outcome.observations.withEpoch(at: SimTime(nanoseconds: Int64(request) * 1_000_000_000)) {
        $0.endToEnd.record(2_000_000_000)
      }
    }
    return outcome
  }

  private func report(_ deployments: [DeploymentContext]) -> RunReport {
    var context = context(deployments: deployments)
    context.intervals = intervals
    return RunReport(context, deployments.map { _ in busyOutcome() })
  }

  private func deployment(_ framework: String, _ evidence: Provenance, images: Bool = false)
    -> DeploymentContext
  {
    DeploymentContext(
      name: framework, replicas: 1, accelerators: 1, producesImages: images, evidence: evidence,
      framework: framework)
  }

  private func limits(_ json: JSONValue?, _ figure: String) -> [Double] {
    guard case .array(let numbers)? = json?["intervals"]?[figure] else { return [] }
    return numbers.compactMap { if case .double(let number) = $0 { number } else { nil } }
  }

  /// 1,000 tokens/s on four GPUs.
  @Test func limitsAreThePredictionTimesTheBand() {
    let report = report([deployment("vllm", .measured)])
    let found = limits(report.json, "throughput.output_tokens_per_second")
    #expect(found == [900, 1200])
    #expect(limits(report.json, "throughput.output_tokens_per_second_per_gpu") == [225, 300])
    // No token latency was recorded.
    #expect(limits(report.json, "latency_seconds.tpot.mean").isEmpty)
    let text = report.text()
    #expect(text.contains("8 of 10 measurements lie between"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test func severalDeploymentsHaveTheWidestLimits() {
    let report = report([deployment("vllm", .measured), deployment("other", .prior)])
    #expect(limits(report.json, "throughput.output_tokens_per_second") == [2000 * 0.5, 2000 * 1.2])
    #expect(report.deployments[0].intervals.first?.low == 900)
    #expect(report.deployments[1].intervals.first?.low == 500)
  }

  @Test func imagesHaveNone() {
    #expect(report([deployment("vllm", .measured, images: true)]).site.intervals.isEmpty)
  }

  @Test func withoutBandsThereIsNoSection() {
    let report = RunReport(context(deployments: [deployment("vllm", .measured)]), [busyOutcome()])
    #expect(report.site.intervals.isEmpty && !report.text().contains("8 of 10"))
  }

  @Test func littlesLaw() throws {
    // One request a second that takes two.
    let window = report([deployment("vllm", .measured)]).site.window
    #expect(abs(try #require(window.requestsInFlight(replicas: 1)) - 2) < 1e-9)
    #expect(abs(try #require(window.requestsInFlight(replicas: 4)) - 0.5) < 1e-9)
  }
}
