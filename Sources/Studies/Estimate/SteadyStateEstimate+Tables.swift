import Results
import Simulation

extension SteadyStateEstimate {
  /// The estimate for a person, at most 80 columns wide, a newline at the end.
  ///
  /// - Parameter style: how text is marked; plain where the reader is no terminal.
  /// - Returns: headline, capacity and throughput, latencies, power, where the time goes, notes.
  public func text(style: TextStyle = TextStyle()) -> String {
    var sections = [headline(style), throughputSection(style), latencySection(style), powerSection(style)]
    sections.append(timeSection(style))
    if mean.deployments.count > 1 { sections.append(deploymentSection(style)) }
    if mean.deployments.contains(where: { $0.pools.count > 1 }) { sections.append(poolSection(style)) }
    if !notes.isEmpty { sections.append(noteSection(style)) }
    return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  private static let width = 80

  private func headline(_ style: TextStyle) -> [String] {
    let gpus = mean.accelerators
    let size =
      "\(Numbers.text(Int64(gpus))) GPU\(gpus == 1 ? "" : "s") in \(Numbers.text(Int64(racks))) "
      + "rack\(racks == 1 ? "" : "s")"
    var lines = wrapped(scenario, indent: 2).map { style.strong($0) }
    lines += wrapped("an estimate of the steady state, nothing is simulated; \(size)", indent: 2)
      .map { style.aside($0) }
    for deployment in mean.deployments where deployment.isOverloaded {
      let name = mean.deployments.count > 1 ? "\(deployment.name): " : ""
      lines += wrapped(
        name + style.strong("OVERLOADED")
          + ": \(Numbers.text(deployment.offeredRequestsPerSecond)) requests/s come, "
          + "\(Numbers.text(deployment.capacityRequestsPerSecond)) can be done", indent: 2)
    }
    return lines
  }

  /// What nine of ten estimates of a figure were within.
  private func error(_ figure: String) -> String {
    errors.statedPercent(figure, load: mean.fullest.load).map { "± \(Numbers.text($0)) %" } ?? Numbers.missing
  }

  private func throughputSection(_ style: TextStyle) -> [String] {
    let levels = [mean] + (peak.map { [$0] } ?? [])
    var table = TextTable(
      [.init("throughput", .leading), .init(peak == nil ? "steady state" : "mean rate")]
        + (peak == nil ? [] : [.init("peak rate")]) + [.init("9 of 10 within")])
    func row(_ name: String, _ figure: String?, _ value: (SteadyState) -> String?) {
      guard value(mean) != nil else { return }
      table.add([name] + levels.map { value($0) ?? Numbers.missing } + [figure.map(error) ?? ""])
    }
    row("requests/s, capacity", "capacity_requests_per_second") {
      Numbers.text($0.capacityRequestsPerSecond)
    }
    row("  bound by", nil) { $0.fullest.limit.words }
    row("  utilisation", nil) { Numbers.percent($0.fullest.utilisation) }
    row("requests/s", "throughput.requests_per_second") { Numbers.text($0.requestsPerSecond) }
    row("output tokens/s", "throughput.output_tokens_per_second") {
      $0.outputTokensPerSecond.map { Numbers.text($0) }
    }
    row("  per GPU", "throughput.output_tokens_per_second") { state in
      state.outputTokensPerSecond.map { Numbers.text($0 / Double(state.accelerators)) }
    }
    row("input tokens/s", nil) { $0.inputTokensPerSecond.map { Numbers.text($0) } }
    if mean.deployments.count == 1, mean.deployments[0].meanBatch > 0 {
      row("sequences a replica decodes", nil) { Numbers.text($0.deployments[0].meanBatch) }
    }
    return table.lines(style: style)
  }

  private func latencySection(_ style: TextStyle) -> [String] {
    var table = TextTable([
      .init("latency" + (peak == nil ? "" : ", mean rate"), .leading), .init("mean"), .init("p50"),
      .init("p99"), .init("9 of 10 means within"),
    ])
    func rows(_ latencies: LatencyEstimates?) {
      guard let latencies else {
        table.add(["grow as long as requests come"])
        return
      }
      func row(_ name: String, _ key: String?, _ value: LatencyEstimate?) {
        guard let value else { return }
        table.add(
          [name] + [value.mean, value.p50, value.p99].map(Numbers.seconds)
            + [key.map { error("latency_seconds.\($0).mean") } ?? ""])
      }
      row("time to first token", "ttft", latencies.timeToFirstToken)
      row("time per output token", "tpot", latencies.timePerOutputToken)
      row("end to end", "e2e", latencies.endToEnd)
      row("in the queue", nil, latencies.queue)
    }
    rows(mean.latencies)
    if let peak {
      table.add(["at the peak rate"])
      rows(peak.latencies)
    }
    return table.lines(style: style)
  }

  private func powerSection(_ style: TextStyle) -> [String] {
    let levels = [mean.power] + (peak.map { [$0.power] } ?? [])
    var table = TextTable(
      [.init("power", .leading), .init(peak == nil ? "steady state" : "mean rate")]
        + (peak == nil ? [] : [.init("peak rate")]) + [.init("9 of 10 within")])
    func row(
      _ name: String, _ figure: String?, _ value: (SteadyPower) -> Double?, _ text: (Double?) -> String
    ) {
      guard value(mean.power) != nil else { return }
      table.add([name] + levels.map { text(value($0)) } + [figure.map(error) ?? ""])
    }
    row("one GPU in use", "power_watts.gpu_mean", { $0.power.gpuMean }, Numbers.watts)
    row("IT", nil, { $0.power.itMean }, Numbers.watts)
    row("site, at the grid connection", nil, { $0.power.siteMean }, Numbers.watts)
    row("GPU energy for an output token", nil, { $0.energy.gpuJoulesPerOutputToken }, Numbers.joules)
    row("site energy for an output token", nil, { $0.energy.siteJoulesPerOutputToken }, Numbers.joules)
    row(
      "output tokens/s for a site megawatt", nil, { $0.cost.outputTokensPerSecondPerMegawatt }, Numbers.text)
    row("for a million output tokens", nil, { $0.cost.dollarsPerMillionOutputTokens }, Numbers.dollars)
    return table.lines(style: style)
  }

  private func timeSection(_ style: TextStyle) -> [String] {
    let time = mean.stepTime
    let total = time.totalSeconds
    guard total > 0 else { return [] }
    let limits = time.byLimit.filter { $0.seconds > 0.0005 * total }
    let operators = time.byOperator.filter { $0.seconds > 0.0005 * time.busySeconds }
    return wrapped(
      style.aside("all time:") + " "
        + limits.map { "\($0.name) \(Numbers.percent($0.seconds / total))" }.joined(separator: ", "),
      indent: 8)
      + wrapped(
        style.aside("busy time:") + " "
          + operators.map { "\($0.name) \(Numbers.percent($0.seconds / time.busySeconds))" }
          .joined(separator: ", "), indent: 8)
  }

  private func deploymentSection(_ style: TextStyle) -> [String] {
    var table = TextTable([
      .init("deployment", .leading, maximumWidth: 18), .init("GPUs"), .init("of capacity"), .init("tok/s"),
      .init("TTFT"), .init("TPOT"), .init("limit", .leading, maximumWidth: 12),
    ])
    for part in mean.deployments {
      table.add([
        part.name, Numbers.text(Int64(part.accelerators)), Numbers.percent(part.utilisation),
        Numbers.text(part.outputTokensPerSecond), Numbers.seconds(part.latencies?.timeToFirstToken?.mean),
        Numbers.seconds(part.latencies?.timePerOutputToken?.mean), part.limit.words,
      ])
    }
    return table.lines(style: style)
  }

  private func poolSection(_ style: TextStyle) -> [String] {
    var table = TextTable([
      .init("pool", .leading, maximumWidth: 28), .init("replicas"), .init("GPUs"), .init("busy"),
      .init("requests/s at most"), .init("limit", .leading),
    ])
    for part in mean.deployments where part.pools.count > 1 {
      for pool in part.pools {
        table.add([
          mean.deployments.count > 1 ? "\(part.name), \(pool.role.rawValue)" : pool.role.rawValue,
          Numbers.text(Int64(pool.replicas)), Numbers.text(Int64(pool.accelerators)),
          Numbers.percent(pool.busyShare), Numbers.text(pool.capacityRequestsPerSecond), pool.limit.words,
        ])
      }
    }
    return table.lines(style: style)
  }

  private func noteSection(_ style: TextStyle) -> [String] {
    [style.aside("what it leaves out of account, and how")] + notes.flatMap { wrapped("- " + $0, indent: 2) }
  }

  private func wrapped(_ line: String, indent: Int) -> [String] {
    RunReport.wrapped(line, indent: indent, width: Self.width)
  }
}

extension CapacityLimit {
  /// What it is in words.
  var words: String {
    switch self {
    case .batchSlots: "batch slots"
    case .cacheMemory: "KV memory"
    case .tokenBudget: "token budget"
    case .stepTime: "step time"
    case .prefillPool: "prefill pool"
    case .decodePool: "decode pool"
    case .transfer: "transfer"
    }
  }
}
