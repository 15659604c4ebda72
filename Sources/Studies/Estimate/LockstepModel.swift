import CostModel
import Simulation

/// Clients of a closed loop that stay in step, because all answers take equally many steps.
///
/// All requests of a replica come at once: M steps work on their prompts, then all decode together, and end together.
/// Where decodes pause for prompts that goes on for ever. Where they don't, those whose prompts came first are done a
/// step before the next ones, and only those meet again that end while the front end has the first: S of the M steps.
struct LockstepModel {
  private let deployment: DeploymentModel
  private let capacity: ReplicaCapacity
  private let replicas: Double
  /// Clients of a replica.
  private let clients: Double
  /// Steps with prompts, and of those the ones that follow each other.
  private let promptSteps: Double
  private let together: Double
  /// A step with prompts and one that decodes.
  private let prompt: CostVector
  private let decode: CostVector
  private let budget: Double
  private let frontSeconds: Double
  /// Steps of a request that only decode.
  private let decodeSteps: Double

  /// Nil where clients do not stay in step, or find no place.
  init?(_ deployment: DeploymentModel, _ capacity: ReplicaCapacity) {
    let model = deployment.model
    let mix = deployment.mix
    guard deployment.kind == .closedLoop, deployment.offered.thinkSeconds == 0,
      mix.stepsVariation < StepModel.equalAnswers
    else { return nil }
    let clients = deployment.offered.clients / deployment.replicas
    guard clients > 1, clients <= capacity.decodes else { return nil }
    let pauses = model.pausesDecodes
    let beside = pauses ? 0 : clients / 2
    budget = model.promptBudget(beside: beside)
    let steps = max((clients * mix.meanUncached / budget).rounded(.up), 1)
    let tokens = clients * mix.meanUncached / steps
    let chunks = max(clients * model.chunkCount(budget) / steps, 1)
    self.deployment = deployment
    self.capacity = capacity
    replicas = deployment.replicas
    self.clients = clients
    promptSteps = steps
    prompt = model.meanPromptStep(decodes: beside, chunks: chunks, tokens: tokens, budget: budget).cost
    decode = model.decodeStep(clients)
    let frontEnd = deployment.frontEnd
    frontSeconds = frontEnd.seconds + frontEnd.secondsPerInputToken * mix.meanPrompt
    together = pauses ? steps : min(steps, 1 + frontSeconds / decode[.time])
    decodeSteps = max(model.stepsPerRequest - (pauses ? 0 : (steps - 1) / 2), 0)
  }

  /// The estimate.
  func estimate() -> DeploymentEstimate {
    let mix = deployment.mix
    let round = frontSeconds + promptSteps * prompt[.time] + decodeSteps * decode[.time]
    let rate = clients / round
    let points = EvenPoints(dimensions: 2)
    let own = max(promptSteps > 1 ? deployment.model.chunkCount(budget) : 1, 1)
    var first = 0.0
    let requests = mix.samples.indices.map { index in
      let sample = mix.samples[index]
      let steps = (points.coordinate(index, 0) * together).rounded(.down)
      let before = steps * prompt[.time]
      let firstToken = frontSeconds + min(steps + own, promptSteps) * prompt[.time]
      first += sample.weight * firstToken
      return RequestTimes(
        weight: sample.weight, queue: frontSeconds + before, firstToken: firstToken,
        decode: round - firstToken, perToken: (round - firstToken) / max(sample.output - 1, 1))
    }
    let seconds = round - first
    let pool = PoolEstimate(
      role: .aggregated, replicas: Int(replicas),
      accelerators: Int(replicas) * deployment.plan.acceleratorsPerReplica,
      capacityRequestsPerSecond: capacity.requestsPerSecond * replicas, limit: capacity.limit,
      costPerSecond: (prompt * promptSteps + decode * decodeSteps) * (replicas / round))
    return deployment.estimate(
      rate: rate * replicas, offered: rate * replicas,
      capacity: (pool.capacityRequestsPerSecond, capacity.limit), meanBatch: rate * seconds,
      decodeSeconds: seconds, pace: seconds / deployment.model.stepsPerRequest, requests: requests,
      pools: [pool])
  }
}
