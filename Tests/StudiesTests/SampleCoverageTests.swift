import Documents
import Results
import Scenario
import Simulation
import Testing

@testable import Studies

/// Intervals of sampled runs hold what runs of the whole site give, at three sizes.
struct SampleCoverageTests {
  private func scenario(accelerators: Int, seed: UInt64, sample: String) throws -> ResolvedScenario {
    let text = """
      tokenmill: 1
      name: A site
      site: { system: h100-sxm, accelerators: \(accelerators) }
      deployments:
        - name: chat
          model: llama-3.1-8b
          engine: { framework: vllm, max_num_seqs: 64 }
          router: { policy: least-outstanding, view_delay: 50 ms }
          replicas: fill
      workload:
        - arrivals: { process: poisson, rate: \(12 * accelerators) /s }
          lengths: { input: { lognormal: { mean: 500, coefficient_of_variation: 1, max: 4000 } }, output: { lognormal: { mean: 150, coefficient_of_variation: 1, max: 1000 } } }
      run: { seed: \(seed), duration: 20 s, warm_up: 6 s\(sample) }
      """
    let file = try ScenarioFile(document: try Document.parse(text: text, file: "site.yaml"))
    return try file.resolve(with: try ScenarioCatalogue.load())
  }

  /// How often the limits of each figure hold the site's, of so many pairs of runs.
  private func hits(accelerators: Int, pairs: Int) async throws -> [(figure: String, hits: Int)] {
    var hits: [(figure: String, hits: Int)] = []
    for pair in 0..<pairs {
      let seed = UInt64(1 + pair)
      let site = await RunStudy(try scenario(accelerators: accelerators, seed: seed, sample: "")).run().report
      let sample = await RunStudy(
        try scenario(
          accelerators: accelerators, seed: 1000 + seed,
          sample: ", sample: { share: 1 %, cells: 10, least_replicas: 80 }")
      ).run().report
      for interval in sample.site.confidence {
        guard let limits = interval.limits, let value = site.json.number(at: interval.figure) else {
          continue
        }
        if !hits.contains(where: { $0.figure == interval.figure }) { hits.append((interval.figure, 0)) }
        for index in hits.indices where hits[index].figure == interval.figure {
          if limits.low <= value, value <= limits.high { hits[index].hits += 1 }
        }
      }
    }
    return hits
  }

  /// Of twelve pairs, each figure is held nine times at least (with 95 % a time, fewer are as rare as one in five thousand)
  /// and all figures together in nine of ten cases.
  @Test(arguments: [200, 400, 800])
  func limitsHold(accelerators: Int) async throws {
    let pairs = 12
    let hits = try await hits(accelerators: accelerators, pairs: pairs)
    #expect(hits.count >= 15)
    for (figure, count) in hits { #expect(count >= 9, "\(figure) at \(accelerators): \(count) of \(pairs)") }
    let all = hits.reduce(0) { $0 + $1.hits }
    #expect(Double(all) >= 0.9 * Double(pairs * hits.count))
  }
}
