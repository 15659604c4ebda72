import Documents
import Results
import Simulation

extension SteadyStateEstimate {
  /// The summary: keys and units of a run's wherever a figure is the same, the same bytes for the same scenario.
  ///
  /// A figure that the estimate can't give (latencies of a queue that grows, dollars without a price) is null.
  public var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("tokenmill", 1), ("estimate", .bool(true)), ("scenario", .string(scenario)),
      ("seed", Int(exactly: seed).map { .int($0) } ?? .string(String(seed))),
      ("gpus", .int(mean.accelerators)), ("racks", .int(racks)),
    ]
    members += mean.members
    members.append(("deployments", .array(mean.deploymentMembers)))
    members.append(
      ("at_peak", peak.map { .object($0.members + [("deployments", .array($0.deploymentMembers))]) } ?? .null)
    )
    members.append(("outdoor_celsius", .optional(outdoorCelsius)))
    members.append(("notes", .array(notes.map { .string($0) })))
    members.append(("stated_error", statedErrors))
    members.append(("configuration", configuration))
    return .object(members)
  }

  /// The errors that nine of ten estimates kept to, figure by figure.
  private var statedErrors: JSONValue {
    let load = mean.fullest.load
    return .object(
      Self.figures.map { figure in
        (figure, ["p90_percent": .optional(errors.statedPercent(figure, load: load))])
      } + [("provenance", .string(errors.provenance))])
  }

  /// Figures whose errors are known, by their paths in the summary.
  public static let figures = [
    "capacity_requests_per_second", "throughput.requests_per_second", "throughput.output_tokens_per_second",
    "latency_seconds.ttft.mean", "latency_seconds.ttft.p50", "latency_seconds.ttft.p99",
    "latency_seconds.tpot.mean", "latency_seconds.tpot.p50", "latency_seconds.tpot.p99",
    "latency_seconds.e2e.mean", "power_watts.gpu_mean",
  ]
}

extension SteadyState {
  /// The blocks of the site.
  fileprivate var members: [(String, JSONValue)] {
    let images = deployments.filter(\.producesImages).reduce(0) { $0 + $1.requestsPerSecond }
    return [
      ("capacity_requests_per_second", .double(capacityRequestsPerSecond)),
      ("binding_limit", .string(fullest.limit.rawValue)), ("utilisation", .double(fullest.utilisation)),
      ("overloaded", .bool(deployments.contains(where: \.isOverloaded))),
      (
        "throughput",
        throughput(
          output: outputTokensPerSecond, input: inputTokensPerSecond, requests: requestsPerSecond,
          images: deployments.contains(where: \.producesImages) ? images : nil, gpus: accelerators)
      ),
      ("latency_seconds", latencies?.json ?? LatencyEstimates.missing),
    ] + power.members + [("step_time", stepTime.json)]
  }

  /// The blocks of each deployment.
  fileprivate var deploymentMembers: [JSONValue] {
    zip(deployments, deploymentPower).map { .object($0.members + $1.members + $0.lastMembers) }
  }
}

/// The block `throughput`, with the keys of a run's.
private func throughput(
  output: Double?, input: Double?, requests: Double, images: Double?, gpus: Int
) -> JSONValue {
  let all = output.flatMap { output in input.map { output + $0 } }
  return [
    "output_tokens_per_second": .optional(output), "input_tokens_per_second": .optional(input),
    "requests_per_second": .double(requests),
    "output_tokens_per_second_per_gpu": .optional(output.map { $0 / Double(gpus) }),
    "total_tokens_per_second_per_gpu": .optional(all.map { $0 / Double(gpus) }),
    "images_per_second": .optional(images),
  ]
}

extension DeploymentEstimate {
  /// What comes before power and energy.
  fileprivate var members: [(String, JSONValue)] {
    [
      ("name", .string(name)), ("gpus", .int(accelerators)), ("load", .string(load.rawValue)),
      ("capacity_requests_per_second", .double(capacityRequestsPerSecond)),
      ("offered_requests_per_second", .double(offeredRequestsPerSecond)),
      ("binding_limit", .string(limit.rawValue)), ("utilisation", .double(utilisation)),
      ("overloaded", .bool(isOverloaded)), ("mean_batch", .double(meanBatch)),
      ("requests_in_flight", .optional(requestsInFlight)),
      ("prefix_hit_rate", cachedShare > 0 ? .double(cachedShare) : .null),
      (
        "throughput",
        throughput(
          output: outputTokensPerSecond, input: inputTokensPerSecond, requests: requestsPerSecond,
          images: producesImages ? requestsPerSecond : nil, gpus: accelerators)
      ),
      ("latency_seconds", latencies?.json ?? LatencyEstimates.missing),
    ]
  }

  /// What comes after them.
  fileprivate var lastMembers: [(String, JSONValue)] {
    [
      ("step_time", StepTimeFigures(costPerSecond, replicaSeconds: Double(replicas)).json),
      ("pools", .array(pools.map(\.json))),
    ]
  }
}

extension PoolEstimate {
  fileprivate var json: JSONValue {
    [
      "role": .string(role.rawValue), "replicas": .int(replicas), "gpus": .int(accelerators),
      "capacity_requests_per_second": .double(capacityRequestsPerSecond),
      "binding_limit": .string(limit.rawValue), "utilisation": .double(busyShare),
      "step_time": StepTimeFigures(costPerSecond, replicaSeconds: Double(replicas)).json,
    ]
  }
}

extension SteadyPower {
  fileprivate var members: [(String, JSONValue)] {
    [
      (
        "power_watts",
        [
          "gpu_mean": .optional(power.gpuMean), "it_mean": .optional(power.itMean),
          "site_mean": .optional(power.siteMean),
        ]
      ),
      (
        "energy",
        [
          "gpu_joules_per_output_token": .optional(energy.gpuJoulesPerOutputToken),
          "site_joules_per_output_token": .optional(energy.siteJoulesPerOutputToken),
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

extension LatencyEstimates {
  /// The block where there are no latencies.
  fileprivate static var missing: JSONValue {
    .object(["ttft", "tpot", "e2e", "queue"].map { ($0, LatencyEstimate.json(nil)) })
  }

  fileprivate var json: JSONValue {
    [
      "ttft": LatencyEstimate.json(timeToFirstToken), "tpot": LatencyEstimate.json(timePerOutputToken),
      "e2e": LatencyEstimate.json(endToEnd), "queue": LatencyEstimate.json(queue),
    ]
  }
}

extension LatencyEstimate {
  fileprivate static func json(_ latency: LatencyEstimate?) -> JSONValue {
    [
      "mean": .optional(latency?.mean), "p50": .optional(latency?.p50), "p99": .optional(latency?.p99),
    ]
  }
}
