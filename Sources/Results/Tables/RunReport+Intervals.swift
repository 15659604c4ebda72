extension RunReport {
  /// How sure the simulation is of its own figures: of means over time, or, of a sample, of what all would give.
  func confidenceSection(_ style: TextStyle) -> [String] {
    let names: [(path: String, name: String, text: (Double?) -> String)] = [
      ("throughput.output_tokens_per_second", "output tokens/s", { Numbers.text($0) }),
      ("cost.output_tokens_per_second_per_megawatt", "  for a site megawatt", { Numbers.text($0) }),
      ("latency_seconds.ttft.mean", "time to first token, mean", Numbers.seconds),
      ("latency_seconds.ttft.p99", "  p99", Numbers.seconds),
      ("latency_seconds.tpot.mean", "time per output token, mean", Numbers.seconds),
      ("latency_seconds.tpot.p99", "  p99", Numbers.seconds),
      ("latency_seconds.e2e.mean", "end to end, mean", Numbers.seconds),
      ("power_watts.site_mean", "site, mean", Numbers.watts),
      ("power_watts.site_peak", "  peak", Numbers.watts),
      ("facility.grid_watts.p99", "  p99", Numbers.watts),
    ]
    let title = sampledShare == nil ? "endless runs like this one, 95 %" : "the whole site, 95 %"
    var table = TextTable([.init(title, .leading), .init("low"), .init("high")])
    for (path, name, text) in names {
      guard let found = site.confidence.first(where: { $0.figure == path })?.limits else { continue }
      table.add([name, text(found.low), text(found.high)])
    }
    return table.lines(style: style)
  }

  /// Where measured values of the headline figures are expected; no lines where no interval is known.
  func intervalSection(_ style: TextStyle) -> [String] {
    guard !site.intervals.isEmpty else { return [] }
    let names: [(path: String, name: String, text: (Double?) -> String)] = [
      ("throughput.output_tokens_per_second", "output tokens/s", { Numbers.text($0) }),
      ("throughput.output_tokens_per_second_per_gpu", "  per GPU", { Numbers.text($0) }),
      ("latency_seconds.ttft.mean", "time to first token, mean", Numbers.seconds),
      ("latency_seconds.tpot.mean", "time per output token, mean", Numbers.seconds),
      ("power_watts.gpu_mean", "one GPU in use, mean", Numbers.watts),
    ]
    var table = TextTable([
      .init("8 of 10 measurements lie between", .leading), .init("low"), .init("high"),
    ])
    for (path, name, text) in names {
      guard let found = site.intervals.first(where: { $0.figure == path }) else { continue }
      table.add([name, text(found.low), text(found.high)])
    }
    return table.lines(style: style)
  }
}
