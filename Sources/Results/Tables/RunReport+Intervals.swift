extension RunReport {
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
