import CostModel
import Documents
import Hardware
import Models
import Quantities
import Simulation
import Workload

/// A deployment with everything settled but what its steps cost.
struct DesignedDeployment {
  let name: String
  let design: ReplicaDesign
  let engine: EngineChoice
  let cache: KVCacheOptions
  let cacheArithmetic: String
  let router: RouterChoice
  let frontEnd: FrontEnd
  let streams: [DesignedStream]
  /// How tokens come to experts.
  var experts = ExpertsDraft()
  /// How requests come to attention groups.
  var attentionBalance = GroupAssignment.even
  /// The pool that works on prompts, where the replicas above only decode.
  var prefill: DesignedPool?
  var replicas = 0
  var places: ReplicaPlaces?
  var replicasSource = ""
  /// What fails; nil: nothing.
  var faults: FaultPlan?
  /// How the replicas in service change; nil: all are, always.
  var fleet: FleetPlan?
  /// What the router lets in; nil: everything.
  var admission: AdmissionDraft?
  /// Lower ones give power first.
  var powerPriority = 0

  /// The deployment as the simulation runs it; tabulates the costs of its steps, at all power levels where the site holds
  /// accelerators to some.
  func resolved(capping: SiteCapping? = nil, metering: SiteMetering? = nil) -> ResolvedDeployment {
    let options = engine.replicaOptions(design)
    var design = design
    design.schedulesAhead = engine.schedulesAhead
    design.sampler = engine.sampler
    experts.apply(
      to: &design,
      tokens: max(options.maximumBatchTokens, options.maximumBatchSize * (1 + options.draftTokens)))
    attentionBalance.apply(to: &design, sequences: options.maximumBatchSize, streams: streams)
    @Sendable func tabulate(_ design: ReplicaDesign) -> StepCostTable {
      design.stepCosts(
        maximumBatchSize: options.maximumBatchSize, maximumBatchTokens: options.maximumBatchTokens,
        maximumContextTokens: options.maximumContextTokens, draftTokens: options.draftTokens)
    }
    let cost = tabulate(design)
    var plan = DeploymentPlan(
      name: name, replicas: replicas, acceleratorsPerReplica: design.parallel.accelerators, engine: options,
      cache: cache, cost: cost, router: router.policy, frontEnd: frontEnd,
      streams: streams.map { $0.plan(blockTokens: cacheEngine.blockTokens) },
      prefill: prefill?.resolved(hasLevels: capping != nil))
    if capping != nil { plan.powerLevels = design.powerLevels(tabulate) }
    plan.cacheView = prefill?.router.view ?? router.view
    plan.loadReportSeconds = router.loadReportSeconds
    plan.prefixCache = prefixCache
    plan.faults = faults
    plan.fleet = fleet
    plan.tenants = admission?.tenants ?? []
    plan.shedding = admission?.shedding ?? []
    var resolved = ResolvedDeployment(
      plan: plan, design: design, prefillDesign: prefill?.design,
      producesImages: design.model.diffusion != nil,
      percentileTargets: streams.map(\.draft.percentileTargets))
    resolved.powerPriority = powerPriority
    if capping?.hasPlaces == true {
      resolved.racks = [prefill?.places, places].compactMap { $0 }.flatMap { $0.units(.rack).map { $0[0] } }
    }
    if metering?.hasPlaces == true {
      resolved.rackShares = [prefill?.places, places].compactMap { $0 }.flatMap(\.rackShares)
    }
    return resolved
  }
}

extension DesignedDeployment {
  /// The engine that keeps prompts: that of the pool that works on them.
  var cacheEngine: EngineChoice { prefill?.engine ?? engine }

  /// What its replicas keep of prompts; nil where they keep nothing, or prompts have nothing in common.
  var prefixCache: PrefixCacheOptions? {
    guard cacheEngine.prefixCaching, streams.contains(where: { $0.isShared }) else { return nil }
    let own = prefill?.design ?? design
    return PrefixCacheOptions(
      tiers: cacheEngine.cacheTiers.compactMap { $0.resolved(own, blockTokens: cacheEngine.blockTokens) })
  }
}

/// A stream with its lengths settled.
struct DesignedStream {
  let draft: StreamDraft
  let lengths: StreamLengths
  let arrivals: ArrivalsDraft
  let seed: UInt64
  /// The name of its random streams.
  let name: String
  /// Its tenant's position in the deployment's.
  let tenant: Int?

  /// Whether prompts of it, or of others of its trace, begin alike.
  var isShared: Bool {
    draft.prompts.isShared || draft.client.samples > 1
      || arrivals.trace.map { $0.rows.blockTokens > 0 } ?? false
  }

  /// Prompts that a scenario makes up are told apart in blocks of at least so many tokens.
  private static let leastChainTokens = 16

  /// The stream as the simulation runs it, under an engine whose KV blocks have `blockTokens` tokens.
  func plan(blockTokens: Int) -> StreamPlan {
    var plan = StreamPlan(
      arrivals: arrivals.process, requests: arrivals.requests, lengths: lengths.lengths,
      maximumOutputTokens: lengths.maximumOutputTokens, targets: draft.targets,
      warmUpRequests: arrivals.warmUpRequests)
    addClients(to: &plan)
    plan.graph = arrivals.trace?.rows.graph
    let prompts = draft.prompts
    guard prompts.isShared || draft.client.samples > 1 else {
      plan.prompts = arrivals.trace.flatMap { PromptContent(of: $0.rows, name: $0.path) }
      return plan
    }
    let system = SystemPrompts(
      tokens: prompts.systemTokens, count: prompts.systemPrompts, seed: seed, name: name)
    let chain = (Self.leastChainTokens + blockTokens - 1) / blockTokens * blockTokens
    plan.systemPrompts = system
    plan.prompts = PromptContent(
      systemPrompts: system,
      kin: draft.client.samples > 1 ? .samples : prompts.conversations == nil ? .none : .turns,
      blockTokens: chain, seed: seed,
      name: name)
    plan.conversations = prompts.conversations.map {
      Conversations(turns: $0.turns, pause: $0.pause, systemPrompts: system, seed: seed, name: name)
    }
    return plan
  }

  /// Who sends its requests.
  private func addClients(to plan: inout StreamPlan) {
    let client = draft.client
    plan.priority = client.priority
    plan.serviceClass = client.serviceClass
    plan.samples = client.samples
    plan.thinking = client.thinking.map {
      RequestLengths(
        input: .fixed(1), output: $0.make(lengths.maximumOutputTokens), seed: seed, name: name + ".thinking")
    }
    plan.patience = client.patience(seed: seed, name: name)
    plan.tenant = tenant
    plan.deferral = client.deferral
    plan.adapters = adapterDraws
  }
}

extension ScenarioResolver {
  /// Settles one deployment; records what keeps it from running and returns nil.
  func design(
    _ draft: DeploymentDraft, streams: [StreamDraft], seed: UInt64
  ) -> DesignedDeployment? {
    guard let name = draft.name, let model = draft.model, let system = draft.system,
      let engineDraft = draft.engine
    else {
      return nil
    }
    let engine = engineDraft.resolved(
      model: model, system: system, node: draft.layoutNode, problems: problems)
    let tenants = tenants(streams, draft.admission)
    let settled = engine.map { settle(streams, tenants, model: model, engine: $0, name: name, seed: seed) }
    guard let precision = draft.precision, let parallel = draft.parallel else { return nil }
    var design = ReplicaDesign(
      model: model, system: system, precision: precision, parallel: parallel,
      framework: engineDraft.framework, frameworkVersion: engineDraft.version,
      isDisaggregated: draft.prefill != nil, efficiencies: catalogue.efficiencies)
    let experts = draft.experts ?? ExpertsDraft()
    design.redundantExperts = experts.redundantExperts
    design.adapters = engineDraft.lora?.design
    design.clocks = draft.clocks.limits(of: system)
    checkAdapters(draft, streams, design)
    engineDraft.checkAttentionBalance(design)
    if design.mixtures.isEmpty { draft.experts?.field?.refuse("\(model.id) has no experts") }
    let wrong = design.problems()
    for problem in wrong {
      problems.record(
        below: draft.layoutNode, at: problem.path.split(separator: ".").map(String.init),
        found: problem.found,
        message: problem.message, allowed: problem.allowed)
    }
    if model.diffusion != nil, parallel != Parallelism() || draft.prefill != nil {
      problems.record(
        below: draft.layoutNode, at: ["parallel"],
        found: "\(counted(parallel.accelerators, "accelerator")) a replica",
        message: "an image model runs on one accelerator", allowed: "1 in each direction")
      return nil
    }
    guard wrong.isEmpty, let engine, let settled else { return nil }
    guard let (cache, arithmetic) = cache(design, engine, engineDraft, draft.layoutNode) else { return nil }
    for stream in settled.compactMap({ $0 }) {
      check(
        stream, engine: engine, cache: cache, design: design, takesPrompts: draft.prefill == nil)
    }
    let streams = settled.compactMap { $0 }
    guard streams.count == settled.count else { return nil }
    var prefill: DesignedPool?
    if let pool = draft.prefill {
      prefill = self.design(pool, of: draft, decode: design, streams: streams)
      if prefill == nil { return nil }
    }
    var designed = DesignedDeployment(
      name: name, design: design, engine: engine, cache: cache, cacheArithmetic: arithmetic,
      router: draft.router,
      frontEnd: FrontEnd(
        seconds: draft.frontEndSeconds ?? design.frontEndSeconds,
        secondsPerInputToken: draft.frontEndSecondsPerInputToken ?? design.frontEndSecondsPerInputToken),
      streams: streams, experts: experts, attentionBalance: draft.attentionBalance, prefill: prefill)
    designed.admission = draft.admission
    checkPrefixes(designed)
    checkSwap(designed)
    return designed
  }

  /// Blocks that a trace names must fill whole KV blocks; tiers must hold one.
  private func checkPrefixes(_ item: DesignedDeployment) {
    let engine = item.cacheEngine
    guard engine.prefixCaching else { return }
    for stream in item.streams {
      guard let trace = stream.arrivals.trace?.rows, trace.blockTokens > 0,
        trace.blockTokens % engine.blockTokens != 0
      else { continue }
      problems.record(
        below: stream.draft.node, at: ["arrivals"], found: "",
        message:
          "the trace names blocks of \(trace.blockTokens) tokens, which fill no whole KV blocks of \(engine.blockTokens)",
        allowed: "block_tokens that divide \(trace.blockTokens), or prefix_caching: false")
    }
    let own = item.prefill?.design ?? item.design
    for tier in engine.cacheTiers where tier.resolved(own, blockTokens: engine.blockTokens) == nil {
      guard tier.bandwidth(own) != nil else {
        engine.cacheTiersField?.reject(
          "tier \(tier.name) has no bandwidth, and the catalogue knows no link to the host of \(own.system.id)",
          allowed: "a bandwidth")
        continue
      }
      engine.cacheTiersField?.reject(
        "tier \(tier.name) holds no KV block of \(engine.blockTokens) tokens", allowed: "a larger capacity")
    }
  }

  /// Space for swapping must hold a block.
  private func checkSwap(_ item: DesignedDeployment) {
    let pools = [(item.engine, item.design)] + (item.prefill.map { [($0.engine, $0.design)] } ?? [])
    for (engine, design) in pools {
      guard let swap = engine.swap, swap.resolved(design, blockTokens: engine.blockTokens) == nil else {
        continue
      }
      swap.field.refuse(
        "swap_space holds no KV block of \(engine.blockTokens) tokens, or the catalogue knows no link to the host of "
          + design.system.id, allowed: "a larger swap_space, and swap_bandwidth")
    }
  }

  /// The streams with their lengths; nil where a stream has none.
  private func settle(
    _ streams: [StreamDraft], _ tenants: [Int?], model: Model, engine: EngineChoice, name: String,
    seed: UInt64
  ) -> [DesignedStream?] {
    streams.enumerated().map { index, draft in
      let key = "lengths.\(name).\(index)"
      let lengths: StreamLengths
      if let diffusion = model.diffusion {
        draft.lengthsField.reject("\(model.id) makes images, which have no lengths in tokens")
        draft.maximumOutputField.reject("\(model.id) makes images, which have no lengths in tokens")
        draft.client.thinkingField?.refuse("\(model.id) makes images, which nobody thinks about in tokens")
        lengths = draft.imageLengths(steps: diffusion.denoisingSteps, seed: seed, name: key)
      } else {
        let context = engine.options.maximumContextTokens
        guard let settled = draft.settledLengths(context: context, seed: seed, name: key) else {
          // Wrong lengths, and lengths that a wrong trace would have brought, are reported where they are read.
          if !draft.lengthsField.isPresent, draft.arrivals != nil {
            problems.record(below: draft.node, at: ["lengths"], found: "", message: "required, but missing")
          }
          return nil
        }
        lengths = settled
      }
      guard let arrivals = draft.arrivals else { return nil }
      return DesignedStream(
        draft: draft, lengths: lengths, arrivals: arrivals, seed: seed, name: key, tenant: tenants[index])
    }
  }

  /// The KV cache and how it was found; nil where there is no room for one.
  func cache(
    _ design: ReplicaDesign, _ engine: EngineChoice, _ engineDraft: EngineDraft, _ node: Node
  ) -> (KVCacheOptions, String)? {
    let tokens = engine.blockTokens
    if let diffusion = design.model.diffusion {
      // Images keep no cache; so many blocks never bound the batch.
      let perImage = (1 + diffusion.denoisingSteps + tokens - 1) / tokens
      let blocks = perImage * engine.options.maximumBatchSize
      return (
        KVCacheOptions(blocks: blocks, blockTokens: tokens),
        "images keep no KV cache: max_batch_size bounds the batch"
      )
    }
    func capacity(_ fraction: Double) -> KeyValueCapacity {
      design.keyValueCache(
        memoryFraction: fraction, blockTokens: tokens, maximumBatchTokens: engine.options.maximumBatchTokens)
    }
    let found = capacity(engine.memoryFraction)
    let memory = CacheArithmetic(design: design, engine: engine, capacity: found)
    var blocks = found.blocks
    var arithmetic = memory.text
    if let stated = engineDraft.blocks.value {
      let most = capacity(1).blocks
      guard stated <= most else {
        engineDraft.blocks.field?.reject(
          "more blocks of \(tokens) tokens than the memory holds", allowed: "at most \(max(most, 0))")
        return nil
      }
      (blocks, arithmetic) = (stated, "stated in the scenario")
    }
    guard blocks >= 1 else {
      problems.record(
        below: node, at: ["model"], found: "'\(design.model.id)'",
        message: "no room for the KV cache: \(memory.text)",
        allowed:
          "more accelerators a replica (parallel), narrower weights (precision), a larger memory_fraction or a smaller max_batch_tokens"
      )
      return nil
    }
    let watermark = Int((Double(blocks) * engine.watermark).rounded(.up))
    return (
      KVCacheOptions(
        blocks: blocks, blockTokens: tokens, fixedBlocksPerRequest: found.fixedBlocksPerRequest,
        watermarkBlocks: watermark), arithmetic
    )
  }

  /// What a request needs must be there: context, token budget, KV blocks.
  private func check(
    _ stream: DesignedStream, engine: EngineChoice, cache: KVCacheOptions, design: ReplicaDesign,
    takesPrompts: Bool
  ) {
    let options = engine.options
    let lengths = stream.lengths
    let input = lengths.longestInput ?? Int(lengths.lengths.meanInput.rounded(.up))
    let which = lengths.longestInput == nil ? "a request of mean length" : "the longest request"
    let output = lengths.maximumOutputTokens
    let request = "\(which) (\(input) input + \(output) output tokens)"
    func reject(_ message: String, _ allowed: String) {
      let node = stream.draft.node
      let path = stream.draft.lengthsField.isPresent ? ["lengths"] : ["arrivals"]
      problems.record(below: node, at: path, found: "", message: message, allowed: allowed)
    }
    if let unreachable = lengths.unreachableMean {
      reject(unreachable, "a smaller mean, another max_output_tokens or a larger max_context_tokens")
      return
    }
    if input + output > options.maximumContextTokens {
      reject(
        "\(request) is longer than the engine's context of \(options.maximumContextTokens) tokens",
        "shorter lengths, a smaller max_output_tokens or a larger max_context_tokens")
      return
    }
    if takesPrompts, !options.chunkedPrefill, input > options.maximumBatchTokens {
      let prompt = lengths.longestInput == nil ? "a prompt of mean length" : "the longest prompt"
      reject(
        "\(prompt) (\(input) tokens) does not fit into a step of \(options.maximumBatchTokens) tokens",
        "chunked_prefill: true, or a larger max_batch_tokens")
    }
    let needed = cache.blocks(forTokens: input + output)
    // An attention group holds its own requests: no request can use the blocks of another group.
    let perGroup = cache.blocks / design.parallel.requestGroups
    if needed > perGroup {
      reject(
        "\(request) needs \(needed) KV blocks of \(cache.blockTokens) tokens, a replica has "
          + "\(perGroup) for it",
        "shorter lengths, a smaller max_output_tokens, or more accelerators a replica (parallel)")
    }
  }
}
