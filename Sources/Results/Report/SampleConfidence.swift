import Documents
import Simulation

extension RunReport {
  /// How sure the figures of a sampled run are: where the figures of a run of the whole site lie.
  ///
  /// By the jackknife over cells (M. H. Quenouille 1956; J. W. Tukey 1958; of groups: J. Shao, D. Tu, "The Jackknife and
  /// Bootstrap", 1995, chapter 2.3): the report is made anew from all cells but one, for each of them. How much a figure then
  /// moves says how much it depends on chance, whatever it is: a mean, a percentile, a peak of the site's power.
  /// Percentiles may in addition be off by what cells of histograms hide, in both runs.
  /// - Parameters:
  ///   - report: the estimate.
  ///   - cells: the estimates that all cells but one make.
  ///   - factor: the error of the difference between the estimate and a run of the whole site, as a multiple of the error
  ///     of what all cells would give.
  /// - Returns: 95 % intervals of the site's figures and of each deployment's.
  static func sampleConfidence(
    _ report: RunReport, without cells: [RunReport], factor: Double
  ) -> (site: [ConfidenceInterval], deployments: [[ConfidenceInterval]]) {
    func intervals(_ part: (RunReport) -> PartReport) -> [ConfidenceInterval] {
      let whole = part(report).summary
      let others = cells.map { part($0).summary }
      return SampleFigures.paths.compactMap { path in
        guard let value = whole.number(at: path) else { return nil }
        var made = ConfidenceInterval(figure: path)
        let values = others.compactMap { $0.number(at: path) }
        guard values.count == others.count, values.count >= 2 else { return made }
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let error = ((count - 1) / count * squares).squareRoot() * factor
        var half = StudentT.quantile975(degreesOfFreedom: values.count - 1) * error
        if path.hasPrefix("latency_seconds"), !path.hasSuffix("mean") {
          half += 2 * LatencyHistogram.relativeError * value
        }
        // None of the figures is below 0.
        made.limits = (max(0, value - half), value + half)
        made.batches = values.count
        return made
      }
    }
    return (
      intervals { $0.site }, report.deployments.indices.map { index in intervals { $0.deployments[index] } }
    )
  }
}

/// The figures of a sampled run that have limits.
enum SampleFigures {
  /// Paths in the JSON summary.
  static let paths: [String] = {
    let latencies = ["ttft", "tpot", "e2e"].flatMap { name in
      ["mean", "p50", "p99"].map { "latency_seconds.\(name).\($0)" }
    }
    return [
      "throughput.output_tokens_per_second", "throughput.requests_per_second",
      "throughput.goodput_requests_per_second",
    ] + latencies + [
      "power_watts.gpu_mean", "power_watts.site_mean", "power_watts.site_peak",
      "energy.site_joules_per_output_token", "cost.output_tokens_per_second_per_megawatt",
      "facility.grid_watts.p99", "facility.ramp_watts.largest_rise", "facility.ramp_watts.largest_fall",
    ]
  }()
}
