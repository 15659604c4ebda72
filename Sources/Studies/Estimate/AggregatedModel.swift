import CostModel
import Simulation

/// Replicas that work on prompts and answers, in steady state.
struct AggregatedModel {
  private let deployment: DeploymentModel
  private let capacity: ReplicaCapacity
  private let replicas: Double

  init(_ deployment: DeploymentModel, _ capacity: ReplicaCapacity) {
    self.deployment = deployment
    self.capacity = capacity
    replicas = deployment.replicas
  }

  /// Replicas at some rate.
  private struct State {
    var cycles: CycleTable
    var batch: BatchDistribution
    var firstToken: FirstTokenModel
  }

  private var places: Int { max(Int(capacity.decodes), 1) }
  private var points: EvenPoints { EvenPoints(dimensions: 2) }

  /// Replicas whose requests come by chance.
  private func open(_ requestsPerSecond: Double) -> State {
    let cycles = CycleTable(
      deployment.model, requestsPerSecond: requestsPerSecond, upTo: max(capacity.decodes, 1))
    let evenness = deployment.evenness(deployment.plan.router, replicas: replicas)
    let batch = BatchDistribution(
      BatchDistribution.Queue(
        requestsPerSecond: requestsPerSecond, steps: deployment.model.stepsPerRequest, places: places,
        evenness: evenness.batch, tailEvenness: evenness.tail,
        stepSeconds: { n in cycles.value(at: Double(n)) { $0.seconds } },
        utilisation: requestsPerSecond / capacity.requestsPerSecond))
    return state(requestsPerSecond, cycles, batch)
  }

  /// Replicas whose number of requests does not change.
  private func constant(_ requestsPerSecond: Double) -> State {
    let number = deployment.constantBatch(requestsPerSecond, upTo: capacity.decodes)
    let cycle = deployment.model.cycle(decodes: number, arrivals: .perSecond(requestsPerSecond))
    return state(requestsPerSecond, CycleTable(cycle, at: number), BatchDistribution(constant: number))
  }

  /// Replicas all of whose places are taken.
  private var full: State {
    var found = state(
      capacity.requestsPerSecond, CycleTable(capacity.cycle, at: capacity.decodes),
      BatchDistribution(constant: capacity.decodes))
    // Requests begin when another one ends.
    found.firstToken.placeSeconds = 1e-9...1e-9
    return found
  }

  private func state(_ rate: Double, _ cycles: CycleTable, _ batch: BatchDistribution) -> State {
    State(
      cycles: cycles, batch: batch,
      firstToken: FirstTokenModel(
        model: deployment.model, frontEnd: deployment.frontEnd, requestsPerSecond: rate, cycles: cycles,
        batch: batch))
  }

  /// The estimate.
  func estimate() -> DeploymentEstimate {
    let most = capacity.requestsPerSecond
    switch deployment.kind {
    case .open where deployment.offered.clients == 0:
      let offered = deployment.offered.requestsPerSecond / replicas
      guard offered < most else { return estimate(full, rate: most, offered: offered) }
      return estimate(open(max(offered, 1e-12)), rate: offered, offered: offered)
    case .open, .closedLoop:
      let (all, seconds) = deployment.closedLoop(capacity: most * replicas) { rate, isFull in
        let found = isFull ? full : constant(rate / replicas)
        return firstTokenSeconds(found, every: 8) + decodeSeconds(found, rate / replicas)
      }
      var found = seconds > 0 ? full : constant(all / replicas)
      if seconds > 0 { found.firstToken.placeSeconds = seconds...seconds }
      return estimate(found, rate: all / replicas, offered: all / replicas)
    case .offline:
      var found = full
      // Requests begin one after the other until the last one does.
      let span = max(deployment.offered.offlineRequests / replicas - found.batch.mean, 0) / most
      found.firstToken.placeSeconds = 0...span
      return estimate(found, rate: most, offered: most)
    }
  }

  /// Mean seconds from the first token to the last, by Little's law.
  private func decodeSeconds(_ state: State, _ rate: Double) -> Double { state.batch.mean / rate }

  /// Mean time to first token, from one in `every` requests of the mix.
  private func firstTokenSeconds(_ state: State, every: Int) -> Double {
    var sum = 0.0
    var weight = 0.0
    for index in stride(from: 0, to: deployment.mix.samples.count, by: every) {
      sum += deployment.mix.samples[index].weight * state.firstToken.times(of: index).firstToken
      weight += deployment.mix.samples[index].weight
    }
    return sum / weight
  }

  private func estimate(_ state: State, rate: Double, offered: Double) -> DeploymentEstimate {
    let mix = deployment.mix
    let decode = decodeSeconds(state, rate)
    let pace = DecodePace(
      state.batch, state.cycles, mean: decode / deployment.model.stepsPerRequest, deployment.model,
      requestsPerSecond: rate, isClosed: state.batch.isConstant)
    let points = points
    let requests = mix.samples.indices.map { index in
      let sample = mix.samples[index]
      let first = state.firstToken.times(of: index)
      let steps = mix.pace.steps(forTokens: sample.output - 1)
      let seconds = deployment.decodeSeconds(steps, pace, place: points.coordinate(index, 0))
      return RequestTimes(
        weight: sample.weight, queue: first.queue, firstToken: first.firstToken, decode: seconds,
        perToken: sample.output > 1 ? seconds / (sample.output - 1) : nil)
    }
    var cost = state.cycles.costPerSecond(state.batch)
    // Prompts that find nothing to decode.
    let alone = state.batch.mean { $0 < 0.5 ? 1 : 0 }
    if alone > 0 { cost += PromptQueue.cost(deployment.model, prompts: 1) * (alone * rate) }
    let pool = PoolEstimate(
      role: .aggregated, replicas: Int(replicas),
      accelerators: Int(replicas) * deployment.plan.acceleratorsPerReplica,
      capacityRequestsPerSecond: capacity.requestsPerSecond * replicas, limit: capacity.limit,
      costPerSecond: cost * replicas)
    return deployment.estimate(
      rate: rate * replicas, offered: offered * replicas,
      capacity: (pool.capacityRequestsPerSecond, capacity.limit),
      meanBatch: state.batch.mean, decodeSeconds: decode, pace: pace.mean, requests: requests, pools: [pool])
  }
}
