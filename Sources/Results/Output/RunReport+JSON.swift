import Documents

extension RunReport {
  /// The JSON summary: stable keys, SI units in their names, the same bytes for the same run.
  ///
  /// A figure that means nothing for the run (time per output token of images, dollars without a price) is null.
  public var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("tokenmill", 1),
      ("scenario", .string(context.scenario)),
      ("seed", Int(exactly: context.seed).map { .int($0) } ?? .string(String(context.seed))),
      ("simulated_seconds", .double(simulatedSeconds)),
      ("window_seconds", .double(window.span.seconds)),
      (
        "window",
        [
          "start_seconds": .double(window.span.startSeconds), "end_seconds": .double(window.span.endSeconds),
          "rule": .string(window.rule),
        ]
      ),
      ("events", .int(Int(events))),
      ("steps", .int(Int(steps))),
      ("gpus", .int(site.accelerators)),
      ("racks", .int(context.site.racks)), ("sampled_share", .optional(sampledShare)),
      ("power_control", powerControl.map { powerControlJSON($0) } ?? .null),
      ("power_points", powerSeries?.json ?? .null),
    ]
    members += site.members
    members.append(("deployments", .array(deployments.map(\.json))))
    members.append(
      ("references", .array(comparisons(in: .object(members)).map(\.json))))
    members.append(("configuration", context.configuration))
    return .object(members)
  }

  /// Each published figure beside the run's own.
  public var comparisons: [Comparison] { comparisons(in: .object(site.members)) }

  private func comparisons(in summary: JSONValue) -> [Comparison] {
    context.references.map {
      Comparison(reference: $0, predicted: summary.number(at: $0.figure))
    }
  }
}

/// A published figure beside the run's own.
public struct Comparison: Sendable, Equatable {
  /// The published figure.
  public var reference: PublishedFigure
  /// The run's own; nil where the run has none by that path.
  public var predicted: Double?

  /// (predicted − published) / published in percent; nil where either is missing.
  public var deviationPercent: Double? {
    guard let predicted, reference.value != 0 else { return nil }
    return (predicted - reference.value) / reference.value * 100
  }

  var json: JSONValue {
    [
      "figure": .string(reference.figure), "published": .double(reference.value),
      "predicted": .optional(predicted), "deviation_percent": .optional(deviationPercent),
      "source": .string(reference.source),
    ]
  }
}

extension JSONValue {
  /// The value under a path of object keys with dots between them; nil where there is none.
  public func value(at path: String) -> JSONValue? {
    var value = self
    for key in path.split(separator: ".") {
      guard let next = value[String(key)] else { return nil }
      value = next
    }
    return value
  }

  /// The number under a path of object keys with dots between them; nil where there is none.
  public func number(at path: String) -> Double? {
    switch value(at: path) {
    case .int(let number): return Double(number)
    case .double(let number): return number
    default: return nil
    }
  }
}

extension RunReport.PartReport {
  /// The blocks as one object.
  var summary: JSONValue { .object(members) }

  /// The blocks that the site and every deployment have alike.
  fileprivate var members: [(String, JSONValue)] {
    [("requests", requests.json)] + members(of: window) + [
      ("whole_run", .object([("seconds", .double(wholeRun.span.seconds))] + members(of: wholeRun))),
      (
        "kv_cache",
        [
          "peak_utilisation": .double(peakCacheUtilisation),
          "prefix_hit_rate": requests.cachedTokens > 0 ? .double(requests.cachedShare) : .null,
        ]
      ),
      (
        "faults",
        [
          "failures": .int(Int(faults.failures)), "interrupted_requests": .int(Int(faults.interrupted)),
          "lost_tokens": .int(Int(faults.lostTokens)), "takeovers": .int(Int(faults.takeovers)),
          "slow_replica_seconds": .double(faults.slowSeconds), "availability": .double(faults.availability),
        ]
      ),
      ("fleet", fleet?.json ?? .null), ("classes", .array(classes.map(\.json))),
      ("intervals", .object(intervals.map { ($0.figure, $0.json) })),
      ("saturation", saturation.json),
      ("confidence_95", .object(confidence.map { ($0.figure, $0.json) })),
      ("step_time", stepTime.json),
      ("binding_limit", stepTime.bindingLimit.map { .string($0) } ?? .null),
      (
        "calibration",
        [
          "measured": .double(calibration.measured), "transferred": .double(calibration.transferred),
          "prior": .double(calibration.prior),
        ]
      ),
    ]
  }

  /// The blocks of a span; the site's say what its facility did and what it costs.
  private func members(of span: SpanFigures) -> [(String, JSONValue)] {
    guard name.isEmpty else { return span.members }
    let rental = span.cost.dollarsPerMillionOutputTokens
    return span.members + [
      ("facility", span.facility?.json ?? .null),
      ("economics", span.economics?.json(rental: rental) ?? .null),
    ]
  }

  fileprivate var json: JSONValue {
    .object(
      [("name", .string(name)), ("gpus", .int(accelerators))] + members
        + [("pools", .array(pools.map(\.json)))])
  }
}

extension SpanFigures {
  fileprivate var members: [(String, JSONValue)] {
    [
      (
        "throughput",
        [
          "output_tokens_per_second": .optional(throughput.outputTokensPerSecond),
          "input_tokens_per_second": .optional(throughput.inputTokensPerSecond),
          "requests_per_second": .optional(throughput.requestsPerSecond),
          "output_tokens_per_second_per_gpu": .optional(throughput.outputTokensPerSecondPerGPU),
          "total_tokens_per_second_per_gpu": .optional(throughput.totalTokensPerSecondPerGPU),
          "goodput_requests_per_second": .optional(throughput.goodputRequestsPerSecond),
          "images_per_second": .optional(throughput.imagesPerSecond),
        ]
      ),
      ("latency_seconds", .object(latency.named.map { ($0.name, $0.value.json) })),
      (
        "power_watts",
        [
          "gpu_mean": .optional(power.gpuMean), "gpu_peak": .optional(power.gpuPeak),
          "it_mean": .optional(power.itMean), "it_peak": .optional(power.itPeak),
          "site_mean": .optional(power.siteMean), "site_peak": .optional(power.sitePeak),
          "node_parts": .object(power.nodeParts.map { ($0.name, .double($0.watts)) }),
        ]
      ),
      (
        "energy",
        [
          "gpu_joules_per_output_token": .optional(energy.gpuJoulesPerOutputToken),
          "site_joules_per_output_token": .optional(energy.siteJoulesPerOutputToken),
          "site_megawatt_hours": .optional(energy.siteMegawattHours),
        ]
      ),
      (
        "cost",
        [
          "dollars_per_million_output_tokens": .optional(cost.dollarsPerMillionOutputTokens),
          "output_tokens_per_second_per_megawatt": .optional(cost.outputTokensPerSecondPerMegawatt),
        ]
      ),
    ]
  }
}

extension LatencyDistribution {
  fileprivate var json: JSONValue {
    [
      "mean": .optional(mean), "p50": .optional(p50), "p90": .optional(p90), "p95": .optional(p95),
      "p99": .optional(p99), "max": .optional(max),
    ]
  }
}

extension RequestFigures {
  fileprivate var json: JSONValue {
    [
      "arrived": .int(Int(arrived)), "completed": .int(Int(completed)), "rejected": .int(Int(rejected)),
      "cancelled": .int(Int(cancelled)), "failed": .int(Int(failed)), "in_flight": .int(Int(inFlight)),
      "preemptions": .int(Int(preemptions)), "input_tokens": .int(Int(inputTokens)),
      "cached_input_tokens": .int(Int(cachedTokens)),
      "rejected_by_queue": .int(Int(refusedByQueue)), "rejected_by_limit": .int(Int(refusedByLimit)),
      "shed": .int(Int(shed)), "recomputed_tokens": .int(Int(recomputedTokens)),
      "swapped_tokens": .int(Int(swappedTokens)), "cancelled_output_tokens": .int(Int(cancelledTokens)),
      "adapter_loads": .int(Int(adapterLoads)), "adapter_hit_rate": .optional(adapterHitShare),
    ]
  }
}

extension ClassFigures {
  fileprivate var json: JSONValue {
    [
      "class": .string(name),
      "requests": [
        "arrived": .int(Int(arrived)), "completed": .int(Int(completed)), "rejected": .int(Int(rejected)),
        "cancelled": .int(Int(cancelled)), "failed": .int(Int(failed)), "in_flight": .int(Int(inFlight)),
        "good": .int(Int(good)),
      ],
      "goodput_requests_per_second": .optional(goodputRequestsPerSecond),
      "goodput_output_tokens_per_second": .optional(goodputOutputTokensPerSecond),
      "latency_seconds": [
        "ttft": timeToFirstToken.json, "tpot": timePerOutputToken.json, "e2e": endToEnd.json,
      ],
    ]
  }
}

extension FleetFigures {
  fileprivate var json: JSONValue {
    [
      "mean_replicas": .double(meanReplicas), "peak_replicas": .int(peakReplicas),
      "starts": .int(Int(starts)),
      "drains": .int(Int(drains)), "gpu_hours": .double(acceleratorHours),
    ]
  }
}

extension Saturation {
  fileprivate var json: JSONValue {
    [
      "verdict": .string(verdict.rawValue), "reason": .string(reason),
      "start_seconds": .optional(span?.startSeconds), "end_seconds": .optional(span?.endSeconds),
      "arrivals_per_second": .optional(arrivalsPerSecond),
      "departures_per_second": .optional(departuresPerSecond),
      "queue_growth_per_second": .optional(queueGrowthPerSecond),
      "queue_growth_error_per_second": .optional(queueGrowthError),
      "queue_at_end": queueAtEnd.map { .int(Int($0)) } ?? .null,
      "backlogged_share": .optional(backloggedShare),
    ]
  }
}

extension StepTimeFigures {
  /// Replica-seconds by operator and by limit, and their shares of busy and of all time.
  public var json: JSONValue {
    [
      "by_operator": Self.json(byOperator), "by_limit": Self.json(byLimit),
      "by_operator_share": Self.json(byOperator, total: busySeconds),
      "by_limit_share": Self.json(byLimit, total: totalSeconds),
    ]
  }

  private static func json(_ parts: [Part], total: Double = 1) -> JSONValue {
    .object(parts.map { ($0.name, .double(total > 0 ? $0.seconds / total : 0)) })
  }
}
