import CostModel
import Documents
import Hardware
import Models
import Quantities
import Simulation
import Workload

/// How many replicas a deployment asks for.
enum ReplicaCount: Equatable {
  /// As many as fit beside the others.
  case fill
  /// So many.
  case exactly(Int)
}

/// A deployment as its mapping states it; what could not be read is nil.
struct DeploymentDraft {
  let node: Node
  var name: String?
  var model: Model?
  /// What its replicas run on; those of the decode pool where there are pools.
  var system: SystemSpecification?
  var precision: Precision?
  var engine: EngineDraft?
  var parallel: Parallelism?
  var replicas: ReplicaCount?
  var replicasField: Field
  var router: RouterChoice
  var frontEndSeconds: Double?
  var frontEndSecondsPerInputToken: Double?
  /// The pool that works on prompts, where engine, layout and replicas above are those of the decode pool.
  var prefill: PoolDraft?
  var handOff = HandOffDraft()
  /// How tokens come to experts; nil: as calibrated.
  var experts: ExpertsDraft?
  /// How requests come to attention groups.
  var attentionBalance = GroupAssignment.even
  /// What fails; nil: nothing.
  var faults: FaultsDraft?
  /// What its accelerators are held to; those of the decode pool where there are pools.
  var clocks = ClocksDraft()
  /// Lower ones give power first.
  var powerPriority = 0
  /// What the router lets in; nil: everything.
  var admission: AdmissionDraft?
  /// How the replicas in service change.
  var fleet = FleetDraft()
  /// Where engine, layout and replicas are stated.
  var layoutNode: Node
}

/// Which system of the site a deployment or a pool stands on.
struct SystemChoice {
  /// Those of the site.
  let systems: [SystemSpecification]
  let problems: ProblemCollector

  /// The system that is named, or the only one; nil where none is or a wrong one.
  ///
  /// `owner` is what has to name it; nil where it need not.
  func read(_ field: Field, owner: Node?) -> SystemSpecification? {
    guard field.isPresent else {
      if systems.count > 1, let owner {
        problems.record(
          below: owner, at: ["system"], found: "",
          message: "required, because the site has several systems, but missing", allowed: names)
      }
      return systems.count == 1 ? systems[0] : nil
    }
    guard let name = field.string() else { return nil }
    if let system = systems.first(where: { $0.id == name }) { return system }
    // A site that is wrong itself is reported where it is read.
    if !systems.isEmpty { field.reject("the site has no such system", allowed: names) }
    return nil
  }

  /// The system that the decode pool states; nil where there is no such pool, or it states none.
  func ofDecodePool(_ pools: Field) -> SystemSpecification? {
    let pool = pools.node?.elements?.first { $0["role"]?.scalar?.text == "decode" }
    return systems.first { $0.id == pool?["system"]?.scalar?.text }
  }

  private var names: String { systems.map(\.id).joined(separator: ", ") }
}

/// Reads the elements of `deployments:`.
struct DeploymentReader {
  let models: ModelReader
  /// Those of the site.
  let systems: [SystemSpecification]
  let problems: ProblemCollector

  /// One deployment; nil where it is no mapping.
  func read(_ field: Field) -> DeploymentDraft? {
    guard var reader = field.elementMapping() else { return nil }
    let nameField = reader.optional("name")
    let modelField = reader.required("model")
    let model = models.model(modelField)
    let poolsField = reader.optional("pools")
    let choice = SystemChoice(systems: systems, problems: problems)
    let system = choice.read(
      reader.optional("system"), owner: poolsField.isPresent ? nil : reader.node)
    let precision = models.precision(
      reader.optional("precision"), model: model, system: system ?? choice.ofDecodePool(poolsField))
    let engineField = poolsField.isPresent ? reader.optional("engine") : reader.required("engine")
    let parallelField = reader.optional("parallel")
    let replicasField = reader.optional("replicas")
    let routerField = reader.optional("router")
    let handOffField = reader.optional("hand_off")
    let frontEnd = self.frontEnd(reader.optional("front_end"))
    let experts = ExpertsReader().read(reader.optional("experts"))
    let attentionBalance = ExpertsReader().balance(reader.optional("attention_balance"))
    let faults = FaultsReader().read(reader.optional("faults"), hasPools: poolsField.isPresent)
    let autoscaleField = reader.optional("autoscale")
    let plannerField = reader.optional("planner")
    let update = FleetReader().update(reader.optional("update"))
    let admission = AdmissionReader().read(reader.optional("admission"))
    let clocks = ClocksDraft(&reader)
    let powerPriority = reader.optional("power_priority").int(in: -1000...1000)
    reader.finish()
    var draft = DeploymentDraft(
      node: reader.node, name: nameField.isPresent ? nameField.string() : model?.id, model: model,
      system: system,
      precision: precision, replicasField: replicasField, router: RouterChoice(),
      frontEndSeconds: frontEnd.seconds, frontEndSecondsPerInputToken: frontEnd.perToken,
      layoutNode: reader.node)
    (draft.faults, draft.admission, draft.fleet.update) = (faults, admission, update)
    draft.experts = experts
    (draft.attentionBalance, draft.clocks) = (attentionBalance, clocks)
    draft.powerPriority = powerPriority ?? 0
    if poolsField.isPresent {
      for field in [parallelField, replicasField, routerField, autoscaleField] {
        field.refuse("each pool states its own", hint: "move it into the pools")
      }
      let pools = PoolReader(
        problems: problems, engineField: engineField, systems: choice, ofDeployment: system)
      draft.handOff = pools.handOff(handOffField)
      guard let (prefill, decode) = pools.read(poolsField) else { return draft }
      draft.fleet.planner = FleetReader().planner(plannerField)
      (draft.fleet.autoscale, draft.fleet.prefillAutoscale) = (decode.autoscale, prefill.autoscale)
      draft.prefill = prefill
      draft.prefill?.clocks = prefill.clocks.or(clocks)
      draft.clocks = decode.clocks.or(clocks)
      draft.system = decode.system
      draft.engine = decode.engine
      draft.parallel = decode.parallel
      draft.replicas = decode.replicas.map { .exactly($0) }
      draft.replicasField = decode.replicasField
      draft.router = decode.router
      draft.layoutNode = decode.node
      draft.experts = decode.experts ?? experts
      draft.prefill?.experts = prefill.experts ?? experts
    } else {
      plannerField.refuse("only pools have something to give each other", hint: "state pools, or autoscale")
      draft.fleet.autoscale = FleetReader().autoscale(autoscaleField)
      handOffField.refuse("only requests of pools are handed over", hint: "state pools, or leave it out")
      draft.engine = EngineReader(problems: problems).read(engineField)
      draft.parallel = Self.parallel(parallelField)
      draft.replicas = self.replicas(replicasField)
      draft.router = RouterReader().read(routerField)
    }
    return draft
  }

  /// The layout; only a pool that works on prompts can share each of them (`takesContext`).
  static func parallel(_ field: Field, takesContext: Bool = false) -> Parallelism? {
    guard field.isPresent else { return Parallelism() }
    guard var reader = field.mapping() else { return nil }
    let degrees = ["tensor", "pipeline", "expert", "attention_data"].map { name in
      let degree = reader.optional(name)
      return degree.isPresent ? degree.int(in: 1...65_536) : 1
    }
    let contextField = reader.optional("context")
    let context = contextField.isPresent ? contextField.int(in: 1...65_536) : 1
    reader.finish()
    if let context, context > 1 {
      if !takesContext {
        contextField.reject("only prompts are shared by groups", allowed: "1, or a pool with role: prefill")
        return nil
      }
      if degrees[3] ?? 1 > 1 {
        contextField.reject(
          "groups either share prompts or take their own", allowed: "1, or attention_data: 1")
        return nil
      }
    }
    guard let context, let tensor = degrees[0], let pipeline = degrees[1], let expert = degrees[2],
      let data = degrees[3]
    else { return nil }
    return Parallelism(
      tensor: tensor, pipeline: pipeline, expert: expert, attentionData: data, context: context)
  }

  private func replicas(_ field: Field) -> ReplicaCount? {
    guard let scalar = field.node?.scalar else {
      field.reject("a number of replicas, or fill, is needed")
      return field.isPresent ? nil : .fill
    }
    if scalar.text == "fill" { return .fill }
    guard let count = scalar.int, count >= 1 else {
      field.reject("a number of replicas, or fill, is needed", allowed: "at least 1, or fill")
      return nil
    }
    return .exactly(count)
  }

  private func frontEnd(_ field: Field) -> (seconds: Double?, perToken: Double?) {
    guard var reader = field.mapping() else { return (nil, nil) }
    let limit = Seconds(si: 0)...Seconds(si: 3600)
    let seconds = reader.optional("delay").quantity(Seconds.self, in: limit)
    let perToken = reader.optional("delay_per_input_token").quantity(
      Seconds.self, in: Seconds(si: 0)...Seconds(si: 1))
    reader.finish()
    return (seconds?.si, perToken?.si)
  }
}
