import CostModel
import Simulation

/// Replicas that have prompts alone to work on: answers of one token, or images.
struct PromptOnlyModel {
  private let deployment: DeploymentModel

  init(_ deployment: DeploymentModel) { self.deployment = deployment }

  /// The estimate.
  func estimate() -> DeploymentEstimate {
    let replicas = deployment.replicas
    let most = PromptQueue.capacity(deployment.model)
    var rate = min(deployment.offered.requestsPerSecond / replicas, 0.9999 * most)
    var places = 0.0...0.0
    let offered: Double
    switch deployment.kind {
    case .open where deployment.offered.clients == 0:
      offered = deployment.offered.requestsPerSecond / replicas
    case .open, .closedLoop:
      let (all, seconds) = deployment.closedLoop(capacity: most * replicas) { rate, isFull in
        mean(PromptQueue(deployment.model, requestsPerSecond: rate / replicas), isFull: isFull)
      }
      rate = all / replicas
      offered = rate
      places = seconds...seconds
    case .offline:
      rate = 0.9999 * most
      offered = most
      places = 0...(deployment.offered.offlineRequests / replicas / most)
    }
    let queue = PromptQueue(deployment.model, requestsPerSecond: max(rate, 1e-12))
    let points = EvenPoints(dimensions: 2)
    let requests = deployment.mix.samples.indices.map { index in
      let (wait, seconds) = queue.times(of: index)
      let place = places.lowerBound + (places.upperBound - places.lowerBound) * points.coordinate(index, 0)
      let front = frontEndSeconds(index)
      return RequestTimes(
        weight: deployment.mix.samples[index].weight, queue: front + place + (place > 0 ? 0 : wait),
        firstToken: front + place + (place > 0 ? 0 : wait) + seconds, decode: 0, perToken: nil)
    }
    let limit: CapacityLimit =
      PromptQueue.most(deployment.model) < deployment.plan.engine.maximumBatchSize
      ? .tokenBudget : .batchSlots
    let pool = PoolEstimate(
      role: .aggregated, replicas: Int(replicas),
      accelerators: Int(replicas) * deployment.plan.acceleratorsPerReplica,
      capacityRequestsPerSecond: most * replicas, limit: limit, costPerSecond: queue.costPerSecond * replicas)
    return deployment.estimate(
      rate: min(offered, most) * replicas, offered: offered * replicas, capacity: (most * replicas, limit),
      meanBatch: 0, decodeSeconds: 0, pace: nil, requests: requests, pools: [pool])
  }

  private func frontEndSeconds(_ index: Int) -> Double {
    let frontEnd = deployment.frontEnd
    return frontEnd.seconds + frontEnd.secondsPerInputToken * deployment.mix.samples[index].prompt
  }

  /// Mean end-to-end time, from one in eight requests of the mix; without waits where the replicas are full.
  private func mean(_ queue: PromptQueue, isFull: Bool) -> Double {
    var sum = 0.0
    var weight = 0.0
    for index in stride(from: 0, to: deployment.mix.samples.count, by: 8) {
      let (wait, seconds) = queue.times(of: index)
      sum += deployment.mix.samples[index].weight * (frontEndSeconds(index) + (isFull ? 0 : wait) + seconds)
      weight += deployment.mix.samples[index].weight
    }
    return sum / weight
  }
}

/// A prefill pool, links, and a decode pool, in steady state.
struct DisaggregatedModel {
  private let deployment: DeploymentModel
  private let capacity: ReplicaCapacity
  private let pool: PrefillPool
  private let prefill: StepModel
  private let prefillReplicas: Double
  private let decodeReplicas: Double
  /// Requests each second that all prefill replicas, all links and all decode replicas sustain.
  private let prefillCapacity: Double
  private let transferCapacity: Double
  private let decodeCapacity: Double

  init(_ deployment: DeploymentModel, _ capacity: ReplicaCapacity, _ pool: PrefillPool) {
    self.deployment = deployment
    self.capacity = capacity
    self.pool = pool
    prefill = StepModel(cost: pool.cost, engine: pool.engine, mix: deployment.mix)
    prefillReplicas = Double(deployment.plan.fleet?.planner?.initial.prefill ?? pool.replicas)
    decodeReplicas = deployment.replicas
    prefillCapacity = PromptQueue.capacity(prefill) * prefillReplicas
    let transfer = pool.handOff.latencySeconds + pool.handOff.secondsPerToken * deployment.mix.meanPrompt
    transferCapacity =
      transfer > 0 ? prefillReplicas * Double(pool.handOff.links) / transfer : .infinity
    decodeCapacity = capacity.requestsPerSecond * decodeReplicas
  }

  /// Both pools at some rate.
  private struct State {
    var prompts: PromptQueue
    var cycles: CycleTable
    var batch: BatchDistribution
    var linkWait: Double
    var placeSeconds = 0.0...0.0
  }

  private static let points = EvenPoints(dimensions: 4)

  private func state(_ rate: Double, isConstant: Bool) -> State {
    let own = rate / decodeReplicas
    let number = deployment.constantBatch(own, upTo: capacity.decodes)
    let cycles =
      isConstant
      ? CycleTable(deployment.model.cycle(decodes: number, arrivals: .perSecond(0)), at: number)
      : CycleTable(deployment.model, requestsPerSecond: 0, upTo: max(capacity.decodes, 1))
    var batch = BatchDistribution(constant: number)
    if !isConstant {
      let evenness = deployment.evenness(deployment.plan.router, replicas: decodeReplicas)
      batch = BatchDistribution(
        BatchDistribution.Queue(
          requestsPerSecond: own, steps: deployment.model.stepsPerRequest,
          places: max(Int(capacity.decodes), 1), evenness: evenness.batch, tailEvenness: evenness.tail,
          stepSeconds: { n in cycles.value(at: Double(n)) { $0.seconds } },
          utilisation: own / capacity.requestsPerSecond))
    }
    var prompts = PromptQueue(prefill, requestsPerSecond: rate / prefillReplicas)
    prompts.waitFactor = waitFactor(busy: rate / prefillCapacity)
    return State(prompts: prompts, cycles: cycles, batch: batch, linkWait: linkWait(rate, prompts))
  }

  /// By how much shorter waits for a prefill replica are than where each has a queue of its own that is fed by chance.
  ///
  /// A router that sees all replicas makes one queue of them: Sakasegawa's approximation for c servers over that for one.
  /// Round-robin takes the variation out of arrivals: (c_a² + c_s²) / (1 + c_s²), by Allen and Cunneen.
  private func waitFactor(busy: Double) -> Double {
    let count = prefillReplicas
    let mix = deployment.mix
    let service = mix.uncachedSecondMoment / (mix.meanUncached * mix.meanUncached) - 1
    let gaps = deployment.offered.gapVariation
    switch pool.router {
    case .leastOutstanding, .leastTokens, .prefixAware, .powerOfTwo:
      let servers = pool.router == .powerOfTwo ? min(count, 4) : count
      let power = (2 * (servers + 1)).squareRoot() - 2
      return exponential(power * logarithm(min(max(busy, 1e-6), 1))) / servers
    case .roundRobin: return (gaps / count + service) / (1 + service)
    case .random, .sessionSticky, .prefixHash, .adapterAffinity:
      return (1 + (gaps - 1) / count + service) / (1 + service)
    }
  }

  /// Mean seconds that a cache waits for a link of its replica.
  ///
  /// Sakasegawa's approximation of a queue with several servers (Annals of the Institute of Statistical Mathematics 29,
  /// 1977), and half of those that left the same step before it.
  private func linkWait(_ rate: Double, _ prompts: PromptQueue) -> Double {
    let handOff = pool.handOff
    let seconds = handOff.latencySeconds + handOff.secondsPerToken * deployment.mix.meanPrompt
    let links = Double(handOff.links)
    let load = min(rate / prefillReplicas * seconds / links, 0.99)
    let power = (2 * (links + 1)).squareRoot() - 1
    let queued = exponential(power * logarithm(max(load, 1e-9))) / (links * (1 - load)) * seconds
    return queued + max(prompts.meanServed - 1, 0) / 2 / links * seconds
  }

  /// The estimate.
  func estimate() -> DeploymentEstimate {
    let most = min(prefillCapacity, transferCapacity, decodeCapacity)
    switch deployment.kind {
    case .open where deployment.offered.clients == 0:
      let offered = deployment.offered.requestsPerSecond
      let isOver = offered >= most
      let rate = max(min(offered, 0.9999 * most), 1e-12)
      return estimate(state(rate, isConstant: isOver), rate: min(offered, most), offered: offered)
    case .open, .closedLoop:
      let (rate, seconds) = deployment.closedLoop(capacity: most) { rate, isFull in
        var found = state(rate, isConstant: true)
        if isFull { found.placeSeconds = 1e-9...1e-9 }
        var sum = 0.0
        var weight = 0.0
        for index in stride(from: 0, to: deployment.mix.samples.count, by: 8) {
          sum += deployment.mix.samples[index].weight * times(of: index, found).joined
          weight += deployment.mix.samples[index].weight
        }
        return sum / weight + found.batch.mean * decodeReplicas / rate
      }
      var found = state(rate, isConstant: true)
      if seconds > 0 { found.placeSeconds = seconds...seconds }
      return estimate(found, rate: rate, offered: rate)
    case .offline:
      var found = state(0.9999 * most, isConstant: true)
      found.placeSeconds = 0...(deployment.offered.offlineRequests / most)
      return estimate(found, rate: most, offered: most)
    }
  }

  /// From a request's arrival until a step works on its prompt, its prompt is done, and it has joined the decode batch.
  private func times(of index: Int, _ state: State) -> (queue: Double, prompt: Double, joined: Double) {
    func point(_ dimension: Int) -> Double { Self.points.coordinate(index, dimension) }
    let sample = deployment.mix.samples[index]
    let frontEnd = deployment.frontEnd
    let handOff = pool.handOff
    let front = frontEnd.seconds + frontEnd.secondsPerInputToken * sample.prompt
    let own = state.prompts.times(of: index)
    let low = state.placeSeconds.lowerBound
    var place = low + (state.placeSeconds.upperBound - low) * point(0)
    // Whichever pool is short makes requests wait: before their prompt, or before a place to decode.
    let waitsForPrefill = decodeCapacity > min(prefillCapacity, transferCapacity)
    let queue = front + (waitsForPrefill ? place : 0) + (waitsForPrefill && place > 0 ? 0 : own.wait)
    if waitsForPrefill { place = 0 }
    let batch = state.batch
    if point(1) < batch.waitingShare, place == 0 {
      let rate = state.prompts.requestsPerSecond * prefillReplicas / decodeReplicas
      place = -batch.meanWaiting / (rate * batch.waitingShare) * logarithm(point(1) / batch.waitingShare)
    }
    let step = state.cycles.value(at: batch.quantile(point(2))) { $0.seconds }
    let transfer = state.linkWait + handOff.latencySeconds + handOff.secondsPerToken * sample.prompt
    // A decode worker takes a request at the end of a step, and what has come at the end of another one.
    let taken = batch.mean < 0.5 ? transfer : point(3) * step + max((transfer / step).rounded(.up), 1) * step
    let prompt = queue + own.seconds
    return (queue, prompt, prompt + handOff.delaySeconds + place + taken)
  }

  private func estimate(_ state: State, rate: Double, offered: Double) -> DeploymentEstimate {
    let mix = deployment.mix
    let decode = state.batch.mean * decodeReplicas / rate
    let pace = DecodePace(
      state.batch, state.cycles, mean: decode / deployment.model.stepsPerRequest, deployment.model,
      requestsPerSecond: rate / decodeReplicas, isClosed: state.batch.isConstant)
    let points = EvenPoints(dimensions: 2)
    var afterFirst = 0.0
    var perToken = 0.0
    var several = 0.0
    let requests = mix.samples.indices.map { index in
      let sample = mix.samples[index]
      let times = times(of: index, state)
      let isLate = pool.handOff.firstToken == .decode
      let steps = mix.pace.steps(forTokens: sample.output - (isLate ? 0 : 1))
      let seconds = deployment.decodeSeconds(steps, pace, place: points.coordinate(index, 0))
      let firstToken =
        switch pool.handOff.firstToken {
        case .prefill: times.prompt
        case .handOff: times.joined
        case .decode: times.joined + pace.mean
        }
      let rest = times.joined + seconds - firstToken
      afterFirst += sample.weight * (times.joined + steps * pace.mean - firstToken)
      if sample.output > 1 {
        perToken += sample.weight * (times.joined + steps * pace.mean - firstToken) / (sample.output - 1)
        several += sample.weight
      }
      return RequestTimes(
        weight: sample.weight, queue: times.queue, firstToken: firstToken, decode: rest,
        perToken: sample.output > 1 ? rest / (sample.output - 1) : nil)
    }
    let limits: [(capacity: Double, limit: CapacityLimit)] = [
      (prefillCapacity, .prefillPool), (decodeCapacity, .decodePool), (transferCapacity, .transfer),
    ]
    let least = limits.min { $0.capacity < $1.capacity } ?? limits[0]
    return deployment.estimate(
      rate: rate, offered: offered, capacity: (least.capacity, least.limit), meanBatch: state.batch.mean,
      decodeSeconds: afterFirst, pace: several > 0 ? perToken / several : nil, requests: requests,
      pools: pools(state), isPerToken: true)
  }

  private func pools(_ state: State) -> [PoolEstimate] {
    let own = PromptQueue.most(prefill) < pool.engine.maximumBatchSize
    return [
      PoolEstimate(
        role: .prefill, replicas: Int(prefillReplicas),
        accelerators: Int(prefillReplicas) * pool.acceleratorsPerReplica,
        capacityRequestsPerSecond: prefillCapacity, limit: own ? .tokenBudget : .batchSlots,
        costPerSecond: state.prompts.costPerSecond * prefillReplicas),
      PoolEstimate(
        role: .decode, replicas: Int(decodeReplicas),
        accelerators: Int(decodeReplicas) * deployment.plan.acceleratorsPerReplica,
        capacityRequestsPerSecond: decodeCapacity, limit: capacity.limit,
        costPerSecond: state.cycles.costPerSecond(state.batch) * decodeReplicas),
    ]
  }
}
