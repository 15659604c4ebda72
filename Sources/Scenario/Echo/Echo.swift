import CostModel
import Documents
import Hardware
import Models
import Quantities
import Simulation

/// The configuration as it runs, defaults included.
struct Echo {
  let name: String
  let description: String?
  let point: SweepPoint?
  /// Systems on the site that the scenario defines or changes.
  let hardware: [SystemSpecification]
  let site: JSONValue
  let deployments: [DesignedDeployment]
  let run: RunDraft
  let seed: UInt64
  let warmUp: WarmUp
  let references: [Reference]

  var value: JSONValue {
    var members: [(String, JSONValue)] = [("tokenmill", .int(1)), ("name", .string(name))]
    if let description { members.append(("description", .string(description))) }
    if let point {
      members.append(
        (
          "sweep_point",
          .object([("index", .int(point.index))] + point.settings.map { ($0.path, .string($0.value)) })
        ))
    }
    if !hardware.isEmpty {
      members.append(("hardware", .object(hardware.map { ($0.id, Self.echo($0)) })))
    }
    members.append(("site", site))
    members.append(("deployments", .array(deployments.map(deployment))))
    members.append(
      ("workload", .array(deployments.flatMap { item in item.streams.map { stream($0, of: item.name) } })))
    members.append(("run", runEcho))
    if !references.isEmpty {
      members.append(
        (
          "references",
          .array(
            references.map {
              .object([
                ("figure", .string($0.figure)), ("value", .double($0.value)), ("source", .string($0.source)),
              ])
            })
        ))
    }
    return .object(members)
  }

  /// A system's name and every figure of it as it was written.
  private static func echo(_ system: SystemSpecification) -> JSONValue {
    .object(
      [("name", .string(system.name)), ("architecture", .string(system.architecture.description))]
        + system.figures.map { ($0.path, .string($0.value)) })
  }

  private var runEcho: JSONValue {
    var members: [(String, JSONValue)] = [("seed", .int(Int(clamping: seed)))]
    if let duration = run.duration {
      members.append(("duration_seconds", .double(duration.si)))
    } else {
      members.append(("until", "drained"))
    }
    switch warmUp {
    case .none: members.append(("warm_up", "none"))
    case .automatic: members.append(("warm_up", "auto"))
    case .seconds(let seconds): members.append(("warm_up_seconds", .double(seconds)))
    }
    if let sample = run.sample {
      members.append(
        (
          "sample",
          .object([
            ("share", .double(sample.share)), ("cells", .int(sample.cells)),
            ("least_replicas", .int(sample.leastReplicas)),
          ])
        ))
    }
    return .object(members)
  }

  private func deployment(_ item: DesignedDeployment) -> JSONValue {
    let model = item.design.model
    let parallel = item.design.parallel
    var members: [(String, JSONValue)] = [
      ("name", .string(item.name)), ("model", .string(model.id)), ("model_source", .string(model.source)),
    ]
    if !model.notes.isEmpty { members.append(("model_notes", .array(model.notes.map { .string($0) }))) }
    members += [
      ("precision", ModelReader.echo(item.design.precision)),
      ("engine", engine(item.engine, item.design, item.cache, item.cacheArithmetic)),
      ("parallel", Self.echo(parallel)),
      ("replicas", .int(item.replicas)), ("replicas_source", .string(item.replicasSource)),
      ("accelerators_per_replica", .int(parallel.accelerators)),
      ("accelerators", .int(item.accelerators)),
      ("router", item.router.echo),
      (
        "front_end",
        .object([
          ("delay_seconds", .double(item.frontEnd.seconds)),
          ("delay_per_input_token_seconds", .double(item.frontEnd.secondsPerInputToken)),
        ])
      ),
    ]
    members += item.design.clocks.echo
    members += Self.loads(item)
    if let faults = item.faults { members.append(("faults", Self.echo(faults))) }
    if let fleet = item.fleet { members.append(("fleet", Self.echo(fleet))) }
    if let admission = item.admission { members.append(("admission", admission.echo)) }
    return .object(members + pools(item))
  }

  func engine(
    _ engine: EngineChoice, _ design: ReplicaDesign, _ cache: KVCacheOptions, _ arithmetic: String
  ) -> JSONValue {
    let options = engine.options
    let whole = options.ofReplica(groups: design.parallel.requestGroups)
    var members: [(String, JSONValue)] = [
      ("framework", .string(engine.framework.rawValue)), ("version", .string(engine.version)),
      ("max_batch_size", .int(options.maximumBatchSize)),
      ("max_batch_tokens", .int(options.maximumBatchTokens)),
      ("max_batch_size_of_replica", .int(whole.maximumBatchSize)),
      ("max_batch_tokens_of_replica", .int(whole.maximumBatchTokens)),
      ("chunked_prefill", .bool(options.chunkedPrefill)),
      ("capacity_policy", .string(options.capacityPolicy.rawValue)),
      ("max_context_tokens", .int(options.maximumContextTokens)),
      ("memory_fraction", .double(engine.memoryFraction)),
      ("block_tokens", .int(cache.blockTokens)),
      ("kv_blocks", .int(cache.blocks)), ("kv_blocks_source", .string(arithmetic)),
      ("fixed_blocks_per_request", .int(cache.fixedBlocksPerRequest)),
      ("watermark", .double(engine.watermark)), ("watermark_blocks", .int(cache.watermarkBlocks)),
    ]
    members += engine.schedulerEcho(design)
    if let estimate = options.outputEstimate {
      members += [
        ("enable_mixed_chunk", .bool(options.prefillPolicy == .mixed)),
        ("max_prefill_tokens", .int(options.maximumPrefillTokens)),
        ("scheduler_recv_interval", .int(options.receiveInterval)),
        ("schedule_conservativeness", .double(estimate.conservativeness)),
      ]
    }
    if let wait = options.batchWait {
      members += [
        ("batch_wait_timeout_iters", .int(wait.steps)), ("batch_wait_max_tokens_ratio", .double(wait.share)),
      ]
    }
    if let balance = whole.attentionBalance {
      members.append(
        (
          "attention_dp_config",
          .object([
            ("enable_balance", true), ("batching_wait_iters", .int(balance.batchingSteps)),
            ("timeout_iters", .int(balance.timeoutSteps)), ("groups", .int(balance.groups)),
          ])
        ))
    }
    members.append(("prefix_caching", .bool(engine.prefixCaching)))
    if !engine.cacheTiers.isEmpty {
      members.append(("cache_tiers", .array(engine.cacheTiers.map { $0.echo(design) })))
    }
    if let lora = engine.lora { members.append(("lora", lora.echo(design))) }
    if let speculation = options.speculation {
      members.append(
        (
          "speculation",
          .object([
            ("draft_tokens", .int(speculation.draftTokens)),
            ("acceptance_length", .double(speculation.acceptanceLength)),
          ])
        ))
    }
    return .object(members)
  }

  private func stream(_ stream: DesignedStream, of deployment: String) -> JSONValue {
    .object(
      [
        ("deployment", .string(deployment)), ("arrivals", .object(stream.arrivals.echo)),
        ("lengths", .object(stream.lengths.echo)),
        ("max_output_tokens", .int(stream.lengths.maximumOutputTokens)),
        ("max_output_tokens_source", .string(stream.lengths.maximumOutputSource)),
        ("targets", stream.draft.targetsEcho),
      ] + stream.draft.client.echo)
  }
}
