import Simulation

extension RunReport {
  /// The report for a person, at most 80 columns wide: what matters first, a newline at the end.
  ///
  /// - Parameter style: how text is marked; plain where the reader is no terminal.
  /// - Returns: the headline, then latencies, power, where the time went, published figures, configuration.
  public func text(style: TextStyle = TextStyle()) -> String {
    var sections = [headline(style), throughputSection(style), latencySection(style), powerSection(style)]
    if let course { sections.append(courseSection(course, style)) }
    if site.window.facility != nil { sections.append(facilitySection(style)) }
    if site.window.economics != nil { sections.append(economicsSection(style)) }
    if !site.classes.isEmpty { sections.append(classSection(style)) }
    if let powerControl { sections.append(powerControlSection(powerControl, style)) }
    if site.confidence.contains(where: { $0.limits != nil }) { sections.append(confidenceSection(style)) }
    if !site.intervals.isEmpty { sections.append(intervalSection(style)) }
    sections.append(timeSection(style))
    if deployments.count > 1 { sections.append(deploymentSection(style)) }
    if deployments.contains(where: { $0.pools.count > 1 }) { sections.append(poolSection(style)) }
    if !context.references.isEmpty { sections.append(referenceSection(style)) }
    sections.append(configurationSection(style))
    return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  private func headline(_ style: TextStyle) -> [String] {
    let requests = site.requests
    var counts = [
      "\(Numbers.text(requests.completed)) of \(Numbers.text(requests.arrived)) requests done in "
        + "\(Numbers.seconds(simulatedSeconds)) of simulated time"
    ]
    if requests.rejected > 0 { counts.append("\(Numbers.text(requests.rejected)) rejected") }
    if requests.cancelled > 0 {
      counts.append("\(Numbers.text(requests.cancelled)) cancelled by their clients")
    }
    if requests.failed > 0 { counts.append("\(Numbers.text(requests.failed)) lost to failures") }
    if requests.inFlight > 0 {
      // A drained run ends with requests in flight only where nothing can go on.
      let why = context.isDrained ? ", their KV caches wait for links that are out of service" : ""
      counts.append("\(Numbers.text(requests.inFlight)) in flight\(why)")
    }
    if requests.preemptions > 0 { counts.append("\(Numbers.text(requests.preemptions)) preemptions") }
    if requests.cachedTokens > 0 {
      counts.append("\(Numbers.text(100 * requests.cachedShare)) % of prompt tokens cached")
    }
    if let share = requests.adapterHitShare {
      counts.append(
        "\(Numbers.text(requests.adapterLoads)) adapter loads, \(Numbers.text(100 * share)) % of starts without one"
      )
    }
    if let fleet = site.fleet {
      counts.append(
        "\(Numbers.text(fleet.meanReplicas)) replicas on average, \(Numbers.text(Int64(fleet.peakReplicas))) at most"
      )
    }
    if site.faults.failures > 0 {
      counts.append(
        "\(Numbers.text(site.faults.failures)) failures of replicas, "
          + "\(Numbers.text(100 * site.faults.availability)) % available"
          + (site.faults.takeovers > 0 ? ", \(Numbers.text(site.faults.takeovers)) taken over by spares" : "")
      )
    }
    let gpus = site.accelerators
    let racks = context.site.racks
    let size =
      "\(Numbers.text(Int64(gpus))) GPU\(gpus == 1 ? "" : "s")"
      + " in \(Numbers.text(Int64(racks))) rack\(racks == 1 ? "" : "s")"
    var asides = [
      "\(size), seed \(context.seed): \(counts.joined(separator: ", "))",
      "steady window: \(Numbers.seconds(window.span.startSeconds)) to "
        + "\(Numbers.seconds(window.span.endSeconds)) (\(window.rule))",
    ]
    if let sampledShare {
      asides.append(
        "a sample: at most \(Numbers.text(100 * sampledShare)) % of the replicas of a deployment were simulated, "
          + "for all of them")
    }
    var lines = Self.wrapped(context.scenario, indent: 2).map { style.strong($0) }
    lines += asides.flatMap { Self.wrapped($0, indent: 2) }.map { style.aside($0) }
    lines += saturationLines(style)
    return lines
  }

  private func throughputSection(_ style: TextStyle) -> [String] {
    var table = TextTable([.init("throughput", .leading), .init("steady window"), .init("whole run")])
    func row(_ name: String, _ figure: (SpanFigures) -> Double?) {
      guard let whole = figure(site.wholeRun) else { return }
      table.add([name, Numbers.text(figure(site.window)), Numbers.text(whole)])
    }
    row("output tokens/s") { $0.throughput.outputTokensPerSecond }
    row("  per GPU") { $0.throughput.outputTokensPerSecondPerGPU }
    row("  per user (1/median TPOT)") { figures in
      figures.latency.timePerOutputToken.p50.flatMap { $0 > 0 ? 1 / $0 : nil }
    }
    row("input tokens/s") { $0.throughput.inputTokensPerSecond }
    row("images/s") { $0.throughput.imagesPerSecond }
    row("requests/s") { $0.throughput.requestsPerSecond }
    row("  within latency targets") { $0.throughput.goodputRequestsPerSecond }
    return table.lines(style: style)
  }

  private func latencySection(_ style: TextStyle) -> [String] {
    var table = TextTable([
      .init("steady-state latency", .leading), .init("mean"), .init("p50"), .init("p90"), .init("p95"),
      .init("p99"), .init("max"),
    ])
    let names = [
      "ttft": "time to first token", "tpot": "time an output token", "itl": "between tokens",
      "e2e": "end to end", "queue": "in the queue", "ttfat": "time to answer token",
    ]
    for (name, value) in site.window.latency.named where value.count > 0 {
      table.add(
        [names[name] ?? name]
          + [value.mean, value.p50, value.p90, value.p95, value.p99, value.max].map(Numbers.seconds))
    }
    if table.rows.isEmpty { table.add(["no request got that far"]) }
    return table.lines(style: style)
  }

  private func powerSection(_ style: TextStyle) -> [String] {
    let figures = site.window
    var table = TextTable([.init("power, steady window", .leading), .init("mean"), .init("peak")])
    table.add([
      "one GPU in use", Numbers.watts(figures.power.gpuMean), Numbers.watts(figures.power.gpuPeak),
    ])
    table.add(["IT", Numbers.watts(figures.power.itMean), Numbers.watts(figures.power.itPeak)])
    table.add([
      "site, at the grid connection", Numbers.watts(figures.power.siteMean),
      Numbers.watts(figures.power.sitePeak),
    ])
    var lines = table.lines(style: style)
    let nodes = figures.power.nodeParts.reduce(0) { $0 + $1.watts }
    if nodes > 0 {
      let parts = figures.power.nodeParts.map { "\($0.name) \(Numbers.percent($0.watts / nodes))" }
      lines += Self.wrapped(
        "nodes beside their GPUs, mean \(Numbers.watts(nodes)): " + parts.joined(separator: ", "), indent: 8)
    }
    var energy = TextTable([.init("", .leading), .init("")])
    func row(_ name: String, _ value: Double?, _ text: (Double?) -> String) {
      if value != nil { energy.add([name, text(value)]) }
    }
    row("GPU energy for an output token", figures.energy.gpuJoulesPerOutputToken, Numbers.joules)
    row("site energy for an output token", figures.energy.siteJoulesPerOutputToken, Numbers.joules)
    row("output tokens/s for a site megawatt", figures.cost.outputTokensPerSecondPerMegawatt, Numbers.text)
    row("for a million output tokens", figures.cost.dollarsPerMillionOutputTokens, Numbers.dollars)
    lines += energy.lines(style: style)
    return lines
  }

  private func courseSection(_ course: RunCourse, _ style: TextStyle) -> [String] {
    var table = TextTable([
      .init("whole run", .leading), .init("0 s to \(Numbers.seconds(course.seconds))", .leading),
      .init("low"),
      .init("high"),
    ])
    for figure in course.figures {
      let text = figure.isPower ? Numbers.watts : { Numbers.text($0) }
      table.add([
        figure.name, Sparkline.text(figure.values), text(figure.values.min()), text(figure.values.max()),
      ])
    }
    return table.lines(style: style)
  }

  private func timeSection(_ style: TextStyle) -> [String] {
    let total = site.stepTime.totalSeconds
    let limits = site.stepTime.byLimit.filter { $0.seconds > 0 && total > 0 }
    var lines = [
      style.aside("all time:") + " "
        + limits.map { "\($0.name) \(Numbers.percent($0.seconds / total))" }.joined(separator: ", ")
    ]
    let busy = site.stepTime.busySeconds
    let operators = site.stepTime.byOperator.filter { $0.seconds > 0.0005 * busy }
    lines.append(
      style.aside("busy time:") + " "
        + operators.map { "\($0.name) \(Numbers.percent($0.seconds / busy))" }.joined(separator: ", "))
    if let limit = site.stepTime.bindingLimit {
      lines.insert("binding limit: " + style.strong(limit), at: 0)
    }
    return lines.flatMap { Self.wrapped($0, indent: 8) }
  }

  private func deploymentSection(_ style: TextStyle) -> [String] {
    var table = TextTable([
      .init("deployment", .leading, maximumWidth: 24), .init("GPUs"), .init("tok/s"), .init("tok/s/GPU"),
      .init("TTFT p50"), .init("TPOT p50"), .init("W/GPU"), .init("limit", .leading),
    ])
    for part in deployments {
      table.add([
        part.name, Numbers.text(Int64(part.accelerators)),
        Numbers.text(part.window.throughput.outputTokensPerSecond),
        Numbers.text(part.window.throughput.outputTokensPerSecondPerGPU),
        Numbers.seconds(part.window.latency.timeToFirstToken.p50),
        Numbers.seconds(part.window.latency.timePerOutputToken.p50), Numbers.text(part.window.power.gpuMean),
        part.stepTime.bindingLimit ?? Numbers.missing,
      ])
    }
    return table.lines(style: style)
  }

  private func poolSection(_ style: TextStyle) -> [String] {
    var table = TextTable([
      .init("pool, whole run", .leading, maximumWidth: 36), .init("replicas"), .init("GPUs"), .init("busy"),
      .init("steps"), .init("W/GPU"), .init("KV peak"), .init("limit", .leading),
    ])
    for part in deployments where part.pools.count > 1 {
      for pool in part.pools {
        table.add([
          deployments.count > 1 ? "\(part.name), \(pool.role.rawValue)" : pool.role.rawValue,
          Numbers.text(Int64(pool.replicas)), Numbers.text(Int64(pool.accelerators)),
          Numbers.percent(pool.utilisation), Numbers.text(pool.steps), Numbers.text(pool.gpuMeanWatts),
          Numbers.percent(pool.peakCacheUtilisation), pool.stepTime.bindingLimit ?? Numbers.missing,
        ])
      }
    }
    return table.lines(style: style)
  }

  private func referenceSection(_ style: TextStyle) -> [String] {
    var table = TextTable([
      .init("published figure", .leading, maximumWidth: 46), .init("published"), .init("predicted"),
      .init("deviation"),
    ])
    var lines: [String] = []
    for comparison in comparisons {
      table.add([
        comparison.reference.figure, Numbers.text(comparison.reference.value),
        Numbers.text(comparison.predicted),
        Numbers.deviation(percent: comparison.deviationPercent),
      ])
    }
    lines += table.lines(style: style)
    for source in context.references.map(\.source) where !source.isEmpty {
      let wrapped = Self.wrapped("source: " + source, indent: 8)
      if !lines.contains(wrapped[0]) { lines += wrapped }
    }
    return lines
  }

  private func configurationSection(_ style: TextStyle) -> [String] {
    var lines: [String] = []
    for deployment in context.deployments {
      lines.append(style.aside("deployment " + deployment.name))
      var table = TextTable([.init("", .leading), .init("", .leading, maximumWidth: 72)])
      for highlight in deployment.highlights { table.add([highlight.label, highlight.value]) }
      lines += table.lines(style: style, indent: 2)
    }
    if !context.site.arithmetic.isEmpty {
      lines.append(style.aside("site"))
      lines += context.site.arithmetic.flatMap { Self.wrapped("  " + $0, indent: 4) }
    }
    let shares = site.calibration
    lines.append(
      style.aside("operator costs: ")
        + "measured \(Numbers.percent(shares.measured)), transferred \(Numbers.percent(shares.transferred)), "
        + "generic prior \(Numbers.percent(shares.prior))")
    return lines
  }

  /// A line broken at spaces to `width` columns, what follows the first indented; a unit stays with its number.
  public static func wrapped(_ line: String, indent: Int, width: Int = 80) -> [String] {
    let margin = line.prefix { $0 == " " }
    var lines: [String] = []
    var current = String(margin)
    var isEmpty = true
    for word in line.dropFirst(margin.count).replacing(" %", with: "\u{A0}%").split(separator: " ") {
      if !isEmpty, current.count + 1 + word.count > width {
        lines.append(current)
        current = String(repeating: " ", count: indent)
        isEmpty = true
      }
      current += (isEmpty ? "" : " ") + word
      isEmpty = false
    }
    return (lines + [current]).map { $0.replacing("\u{A0}", with: " ") }
  }
}
