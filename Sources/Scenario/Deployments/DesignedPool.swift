import CostModel
import Documents
import Hardware
import Models
import Simulation
import Workload

/// A prefill pool with everything settled but what its steps cost.
struct DesignedPool {
  let design: ReplicaDesign
  let engine: EngineChoice
  let cache: KVCacheOptions
  let cacheArithmetic: String
  let router: RouterChoice
  var handOff: HandOff
  /// What the scenario states of the hand-off.
  let stated: HandOffDraft
  /// How tokens come to experts.
  var experts = ExpertsDraft()
  var replicas = 0
  var places: ReplicaPlaces?

  /// The pool as the simulation runs it; tabulates the costs of its steps, at all power levels where asked for.
  func resolved(hasLevels: Bool) -> PrefillPool {
    let options = engine.replicaOptions(design)
    var design = design
    design.schedulesAhead = engine.schedulesAhead
    design.sampler = engine.sampler
    experts.apply(to: &design, tokens: options.maximumBatchTokens)
    @Sendable func tabulate(_ design: ReplicaDesign) -> StepCostTable {
      design.stepCosts(
        maximumBatchSize: options.maximumBatchSize, maximumBatchTokens: options.maximumBatchTokens,
        maximumContextTokens: options.maximumContextTokens)
    }
    var pool = PrefillPool(
      replicas: replicas, acceleratorsPerReplica: design.parallel.accelerators, engine: options, cache: cache,
      cost: tabulate(design), router: router.policy, handOff: handOff)
    if hasLevels { pool.powerLevels = design.powerLevels(tabulate) }
    return pool
  }
}

extension DesignedDeployment {
  /// Accelerators of all pools.
  var accelerators: Int {
    (fleet?.planner?.initial.decode ?? replicas) * design.parallel.accelerators
      + (prefill.map { (fleet?.planner?.initial.prefill ?? $0.replicas) * $0.design.parallel.accelerators }
        ?? 0)
  }
}

extension ScenarioResolver {
  /// Settles the prefill pool of a deployment whose own replicas are `decode`.
  func design(
    _ pool: PoolDraft, of draft: DeploymentDraft, decode: ReplicaDesign, streams: [DesignedStream]
  ) -> DesignedPool? {
    guard let model = draft.model, let system = pool.system, let engineDraft = pool.engine,
      let parallel = pool.parallel,
      let engine = engineDraft.resolved(
        model: model, system: system, node: pool.node, problems: problems)
    else { return nil }
    var design = ReplicaDesign(
      model: model, system: system, precision: decode.precision, parallel: parallel,
      framework: engineDraft.framework, frameworkVersion: engineDraft.version, isDisaggregated: true,
      efficiencies: catalogue.efficiencies)
    let experts = pool.experts ?? ExpertsDraft()
    design.redundantExperts = experts.redundantExperts
    design.clocks = pool.clocks.limits(of: system)
    let wrong = design.problems()
    for problem in wrong {
      problems.record(
        below: pool.node, at: problem.path.split(separator: ".").map(String.init), found: problem.found,
        message: problem.message, allowed: problem.allowed)
    }
    guard wrong.isEmpty, let (cache, arithmetic) = cache(design, engine, engineDraft, pool.node) else {
      return nil
    }
    if let transport = draft.handOff.transport, transport.usesScaleUp, system.id != decode.system.id {
      problems.record(
        below: draft.node, at: ["hand_off", "transport"], found: "",
        message: "no scale-up domain joins \(system.id) and \(decode.system.id)",
        allowed: "a transport over network adapters")
    }
    for stream in streams { checkPrompt(stream, engine: engine, cache: cache, design: design) }
    let transfer = design.cacheTransfer(
      to: decode, bytesPerSecond: draft.handOff.flowBytesPerSecond(from: design, to: decode),
      overlaps: draft.handOff.overlaps)
    let framework = design.handOff
    var handOff = HandOff(
      delaySeconds: draft.handOff.seconds ?? framework.seconds, latencySeconds: transfer.latencySeconds,
      secondsPerToken: transfer.secondsPerToken, links: transfer.links,
      firstToken: draft.handOff.firstToken ?? framework.firstToken)
    handOff.localPrefillBelow = draft.handOff.localPrefillBelow
    return DesignedPool(
      design: design, engine: engine, cache: cache, cacheArithmetic: arithmetic, router: pool.router,
      handOff: handOff, stated: draft.handOff, experts: experts)
  }

  /// A prompt must fit into a prefill replica.
  private func checkPrompt(
    _ stream: DesignedStream, engine: EngineChoice, cache: KVCacheOptions, design: ReplicaDesign
  ) {
    let input = stream.lengths.longestInput ?? Int(stream.lengths.lengths.meanInput.rounded(.up))
    let path = stream.draft.lengthsField.isPresent ? ["lengths"] : ["arrivals"]
    if !engine.options.chunkedPrefill, input > engine.options.maximumBatchTokens {
      problems.record(
        below: stream.draft.node, at: path, found: "",
        message:
          "a prompt of \(input) tokens does not fit into a prefill step of \(engine.options.maximumBatchTokens) tokens",
        allowed: "chunked_prefill: true, or a larger max_batch_tokens")
    }
    let needed = cache.blocks(forTokens: input)
    let perGroup = cache.blocks / design.parallel.requestGroups
    if needed > perGroup {
      problems.record(
        below: stream.draft.node, at: path, found: "",
        message:
          "a prompt of \(input) tokens needs \(needed) KV blocks, a prefill replica has \(perGroup) for it",
        allowed: "shorter lengths, or more accelerators a replica (parallel)")
    }
  }
}
