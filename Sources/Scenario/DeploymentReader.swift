import CostModel
import Documents
import Hardware
import Models
import Quantities
import Simulation

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
  var precision: Precision?
  var engine: EngineDraft?
  var parallel: Parallelism?
  var replicas: ReplicaCount?
  var replicasField: Field
  var router: RouterPolicy
  var frontEndSeconds: Double?
  var frontEndSecondsPerInputToken: Double?
}

/// Reads the elements of `deployments:`.
struct DeploymentReader {
  let models: ModelReader
  let system: SystemSpecification?
  let problems: ProblemCollector

  /// One deployment; nil where it is no mapping.
  func read(_ field: Field) -> DeploymentDraft? {
    guard var reader = field.elementMapping() else { return nil }
    let nameField = reader.optional("name")
    let modelField = reader.required("model")
    let model = models.model(modelField)
    let precision = models.precision(reader.optional("precision"), model: model, system: system)
    let engineField = reader.required("engine")
    let engine = EngineReader(problems: problems).read(engineField)
    let parallelField = reader.optional("parallel")
    let parallel = self.parallel(parallelField)
    let replicasField = reader.optional("replicas")
    let replicas = self.replicas(replicasField)
    let pools = reader.optional("pools")
    pools.refuse("disaggregated pools are not modelled yet", hint: "give replicas instead")
    let router = self.router(reader.optional("router"))
    let frontEnd = self.frontEnd(reader.optional("front_end"))
    reader.finish()
    let name = nameField.isPresent ? nameField.string() : model?.id
    return DeploymentDraft(
      node: reader.node, name: name, model: model, precision: precision, engine: engine, parallel: parallel,
      replicas: replicas, replicasField: replicasField, router: router, frontEndSeconds: frontEnd.seconds,
      frontEndSecondsPerInputToken: frontEnd.perToken)
  }

  private func parallel(_ field: Field) -> Parallelism? {
    guard field.isPresent else { return Parallelism() }
    guard var reader = field.mapping() else { return nil }
    let degrees = ["tensor", "pipeline", "expert", "attention_data"].map { name in
      let degree = reader.optional(name)
      return degree.isPresent ? degree.int(in: 1...65_536) : 1
    }
    reader.finish()
    guard let tensor = degrees[0], let pipeline = degrees[1], let expert = degrees[2], let data = degrees[3]
    else { return nil }
    return Parallelism(tensor: tensor, pipeline: pipeline, expert: expert, attentionData: data)
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

  private func router(_ field: Field) -> RouterPolicy {
    guard var reader = field.mapping() else { return .roundRobin }
    let policy = reader.optional("policy").choice(RouterPolicy.self)
    reader.finish()
    return policy ?? .roundRobin
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
