import CostModel
import Documents
import Hardware
import Quantities
import Simulation

/// A pool of replicas as its mapping states it; what could not be read is nil.
struct PoolDraft {
  let node: Node
  /// What its replicas run on.
  var system: SystemSpecification?
  var engine: EngineDraft?
  var parallel: Parallelism?
  var replicas: Int?
  var replicasField: Field
  var router: RouterChoice
  /// How the replicas in service follow the load; nil: they don't.
  var autoscale: AutoscaleDraft?
  /// How tokens come to experts; nil: as the deployment states.
  var experts: ExpertsDraft?
  /// What its accelerators are held to.
  var clocks = ClocksDraft()
}

/// What `hand_off:` states; nil for what the framework does.
struct HandOffDraft {
  var seconds: Double?
  var firstToken: FirstTokenSource?
  /// Whether each layer's cache leaves when the layer is done.
  var overlaps = false
  /// Prompts of fewer tokens stay where they are answered.
  var localPrefillBelow = 0
  /// The engine that moves caches; nil: the prior's share of a link.
  var transport: KVTransferRate.Kind?
  /// Tokens of a page, which of one layer is one descriptor.
  var pageTokens = 64
  /// The links that transfers share; nil: each replica has its own.
  var network: TransferDraft?
}

/// How a cache is sent.
private enum TransferOverlap: String, CaseIterable {
  /// After the prompt.
  case none
  /// Layer by layer while the prompt is worked on.
  case layers
}

/// Reads `pools:` and `hand_off:`.
struct PoolReader {
  let problems: ProblemCollector
  /// The deployment's `engine:`, for pools that state none.
  let engineField: Field
  let systems: SystemChoice
  /// The deployment's, for pools that state none.
  let ofDeployment: SystemSpecification?

  /// The prefill and the decode pool; nil where either is missing or wrong.
  func read(_ field: Field) -> (prefill: PoolDraft, decode: PoolDraft)? {
    guard let elements = field.node?.elements else {
      field.reject("a list of two pools is needed", allowed: "one with role: prefill, one with role: decode")
      return nil
    }
    var pools: [(PoolRole, PoolDraft)] = []
    _ = field.list { element -> Bool? in
      if let pool = self.pool(element) { pools.append(pool) }
      return true
    }
    let prefill = pools.filter { $0.0 == .prefill }
    let decode = pools.filter { $0.0 == .decode }
    if pools.count == elements.count, prefill.count != 1 || decode.count != 1 {
      field.reject(
        "a deployment with pools has two", allowed: "one with role: prefill, one with role: decode")
    }
    guard prefill.count == 1, decode.count == 1, pools.count == 2 else { return nil }
    if let first = prefill[0].1.engine, let second = decode[0].1.engine, first.framework != second.framework {
      problems.record(
        below: prefill[0].1.node, at: ["engine", "framework"], found: "'\(first.framework.rawValue)'",
        message: "both pools run one framework", allowed: second.framework.rawValue)
      return nil
    }
    return (prefill[0].1, decode[0].1)
  }

  private func pool(_ field: Field) -> (PoolRole, PoolDraft)? {
    guard var reader = field.elementMapping() else { return nil }
    let roleField = reader.required("role")
    let role = roleField.choice(PoolRole.self)
    if role == .aggregated {
      roleField.reject(
        "a deployment with one pool states replicas and parallel itself", allowed: "prefill, decode")
    }
    let systemField = reader.optional("system")
    let system =
      systemField.isPresent || ofDeployment == nil
      ? systems.read(systemField, owner: reader.node) : ofDeployment
    let replicasField = reader.required("replicas")
    let replicas = replicasField.int(in: 1...1_000_000)
    let parallel = DeploymentReader.parallel(
      reader.optional("parallel"), takesContext: role == .prefill)
    let own = reader.optional("engine")
    if !own.isPresent, !engineField.isPresent {
      problems.record(
        below: reader.node, at: ["engine"], found: "",
        message: "required here or for the whole deployment, but missing")
    }
    let chosen = own.isPresent ? own : engineField
    let engine = chosen.isPresent ? EngineReader(problems: problems).read(chosen) : nil
    let router = RouterReader(isOfPool: true).read(reader.optional("router"))
    let autoscale = FleetReader().autoscale(reader.optional("autoscale"))
    let experts = ExpertsReader().read(reader.optional("experts"))
    let clocks = ClocksDraft(&reader)
    reader.finish()
    guard let role, role != .aggregated else { return nil }
    return (
      role,
      PoolDraft(
        node: reader.node, system: system, engine: engine, parallel: parallel, replicas: replicas,
        replicasField: replicasField,
        router: router, autoscale: autoscale, experts: experts, clocks: clocks)
    )
  }

  /// What is stated of the way between the pools.
  func handOff(_ field: Field) -> HandOffDraft {
    var draft = HandOffDraft()
    guard var reader = field.mapping() else { return draft }
    draft.seconds =
      reader.optional("delay").quantity(Seconds.self, in: Seconds(si: 0)...Seconds(si: 3600))?.si
    draft.firstToken = reader.optional("first_token").choice(FirstTokenSource.self)
    draft.localPrefillBelow = reader.optional("local_prefill_below").int(in: 0...100_000_000) ?? 0
    draft.transport = reader.optional("transport").choice(KVTransferRate.Kind.self)
    let pages = reader.optional("page_tokens")
    draft.pageTokens = pages.int(in: 1...100_000_000) ?? draft.pageTokens
    if pages.isPresent, draft.transport == nil {
      pages.reject("only a transport that is stated moves pages", hint: "state transport, or leave it out")
    }
    draft.network = TransferReader().read(reader.optional("network"), transport: draft.transport)
    draft.overlaps = reader.optional("overlap").choice(TransferOverlap.self) == .layers
    reader.finish()
    return draft
  }
}
