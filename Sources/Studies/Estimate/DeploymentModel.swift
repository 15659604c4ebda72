import CostModel
import Simulation
import Workload

/// A deployment in steady state: what its streams offer, what its replicas make of it.
struct DeploymentModel: Sendable {
  let plan: DeploymentPlan
  let producesImages: Bool
  let mix: RequestMix
  let offered: OfferedLoad
  let kind: EstimatedLoad
  /// The steps of replicas that answer.
  let model: StepModel
  /// The most that one of them does; nil where there is nothing to decode.
  let capacity: ReplicaCapacity?

  /// A deployment at a level of its load; `producesImages` tells whether requests are images.
  init(_ plan: DeploymentPlan, producesImages: Bool, level: OfferedLoad.Level) {
    let (mix, requests) = RequestMix.draw(plan, level: level)
    self.plan = plan
    self.producesImages = producesImages
    self.mix = mix
    offered = OfferedLoad(plan.streams, requests: requests, level: level)
    kind =
      offered.offlineRequests > 0
      ? .offline : offered.requestsPerSecond > 0 || offered.clients == 0 ? .open : .closedLoop
    var model = StepModel(cost: plan.cost, engine: plan.engine, mix: mix)
    guard mix.meanSteps > 0 else {
      self.model = model
      capacity = nil
      return
    }
    let replicas = Double(plan.replicas)
    if kind == .open, plan.router == .roundRobin {
      // Every so many-th arrival comes to a replica.
      let gaps = offered.gapVariation / replicas
      model.regularity = min(max((1 / max(gaps, 0.01)).rounded(), 1), 32)
    }
    if let handOff = plan.prefill?.handOff {
      if handOff.firstToken == .decode {
        model.stepsPerRequest = mix.mean { mix.pace.steps(forTokens: $0.output) }
      }
      capacity = ReplicaCapacity(
        model, cache: plan.cache, processesPrompts: false,
        inboundSeconds: handOff.latencySeconds + handOff.secondsPerToken * mix.meanPrompt)
    } else {
      capacity = ReplicaCapacity(model, cache: plan.cache)
    }
    self.model = model
  }

  /// The estimate.
  func estimate() -> DeploymentEstimate {
    guard let capacity else { return PromptOnlyModel(self).estimate() }
    guard let prefill = plan.prefill else {
      let inStep = LockstepModel(self, capacity)?.estimate()
      return inStep ?? AggregatedModel(self, capacity).estimate()
    }
    return DisaggregatedModel(self, capacity, prefill).estimate()
  }

  /// An estimate from its parts.
  ///
  /// - Parameters:
  ///   - rate: requests each second that are done.
  ///   - offered: requests each second that come.
  ///   - capacity: the most, and what binds.
  ///   - meanBatch: sequences that a replica decodes.
  ///   - decodeSeconds: mean seconds from the first token to the last.
  ///   - pace: mean seconds of a decode step, of a token where `isPerToken`; nil where nothing decodes.
  ///   - requests: what the requests of the mix go through.
  ///   - pools: the pools.
  ///   - isPerToken: whether `pace` is of a token.
  /// - Returns: the estimate; without latencies where more comes than can be done.
  func estimate(
    rate: Double, offered: Double, capacity: (requestsPerSecond: Double, limit: CapacityLimit),
    meanBatch: Double, decodeSeconds: Double, pace: Double?, requests: [RequestTimes],
    pools: [PoolEstimate], isPerToken: Bool = false
  ) -> DeploymentEstimate {
    let isOverloaded = kind == .open && offered >= capacity.requestsPerSecond
    var perToken = pace
    if let pace, !isPerToken {
      let several = mix.mean { $0.output > 1 ? 1 : 0 }
      perToken =
        several > 0
        ? pace * mix.mean { $0.output > 1 ? mix.pace.steps(forTokens: $0.output - 1) / ($0.output - 1) : 0 }
          / several : nil
    }
    return DeploymentEstimate(
      name: plan.name, accelerators: plan.accelerators, replicas: plan.standingReplicas,
      producesImages: producesImages, load: kind, capacityRequestsPerSecond: capacity.requestsPerSecond,
      limit: capacity.limit, offeredRequestsPerSecond: offered, requestsPerSecond: rate,
      meanInputTokens: mix.meanPrompt, meanOutputTokens: mix.meanOutput,
      cachedShare: 1 - mix.meanUncached / mix.meanPrompt, meanBatch: meanBatch,
      latencies: isOverloaded
        ? nil
        : LatencyEstimates(
          requests, decodeSeconds: decodeSeconds, perToken: perToken, areImages: producesImages),
      decodeSeconds: decodeSeconds, pools: pools, requests: isOverloaded ? [] : requests)
  }

  /// Replicas that a planner's pools have at the start, or all.
  var replicas: Double { Double(plan.fleet?.planner?.initial.decode ?? plan.replicas) }

  /// What a request of the mix spends in the front end.
  var frontEnd: FrontEnd {
    var frontEnd = plan.frontEnd
    if kind == .offline { frontEnd.secondsPerInputToken = 0 }
    return frontEnd
  }

  /// How even a router makes the load of its replicas, as κ of ``BatchDistribution``.
  ///
  /// Who sees all replicas makes one queue of them; round-robin takes every R-th arrival; any other rule that looks at
  /// nothing splits at random. Two choices level out most of what one queue does (M. Mitzenmacher, IEEE TPDS 12(10),
  /// 2001): they count as a queue of four replicas.
  func evenness(_ router: RouterPolicy, replicas: Double) -> (batch: Double, tail: Double, gaps: Double) {
    var gaps = offered.gapVariation
    var together = 1.0
    switch router {
    case .leastOutstanding, .leastTokens, .prefixAware: together = replicas
    case .powerOfTwo: together = min(replicas, 4)
    case .roundRobin: gaps /= replicas
    case .random, .sessionSticky, .prefixHash, .adapterAffinity: gaps = 1 + (gaps - 1) / replicas
    }
    // What varies in the number of busy servers without limit, over what does with Poisson arrivals (Eckberg, 1983).
    let peakedness = max(1 + (gaps - 1) / (1 + model.mix.stepsVariation), 0.05)
    let tail = 2 / max(gaps + model.mix.stepsVariation, 0.05)
    return (together / peakedness, together * tail, gaps)
  }

  /// The number of sequences that decode while `requestsPerSecond` are done on a replica: n = λ g τ(n).
  func constantBatch(_ requestsPerSecond: Double, upTo most: Double) -> Double {
    let work = requestsPerSecond * model.stepsPerRequest
    guard work * seconds(most, requestsPerSecond) < most else { return most }
    return bisect(0, between: 0, and: most) { $0 - work * seconds($0, requestsPerSecond) }
  }

  private func seconds(_ n: Double, _ requestsPerSecond: Double) -> Double {
    let processes = plan.prefill == nil ? requestsPerSecond : 0
    return model.cycle(decodes: n, arrivals: .perSecond(processes)).seconds
  }

  /// The rate at which a closed loop of all clients runs: where as many requests are in flight as there are clients.
  ///
  /// - Parameters:
  ///   - capacity: requests each second that are done at most.
  ///   - endToEnd: the mean time of a request, of which `requestsPerSecond` are done; where replicas are full without
  ///     the wait for a place, which follows.
  /// - Returns: requests each second, those of open streams included, and seconds that each waits for a place.
  func closedLoop(
    capacity: Double, endToEnd: (_ requestsPerSecond: Double, _ isFull: Bool) -> Double
  ) -> (requestsPerSecond: Double, placeSeconds: Double) {
    let open = min(offered.requestsPerSecond, 0.999 * capacity)
    let most = 0.9999 * capacity
    func clients(_ rate: Double, isFull: Bool) -> Double {
      (rate - open) * (endToEnd(rate, isFull) + offered.thinkSeconds)
    }
    let atMost = clients(most, isFull: true)
    guard atMost > offered.clients else {
      return (most, (offered.clients - atMost) / (most - open))
    }
    return (bisect(offered.clients, between: open, and: most) { clients($0, isFull: false) }, 0)
  }

  /// What requests go through while they decode.
  ///
  /// A request's mean step varies with the prompts that come meanwhile, a Poisson number of all lengths, and with the
  /// batch, which it meets as long as that stays as it is: correlations fall by e in a mean decode time.
  /// - Parameters:
  ///   - steps: its decode steps.
  ///   - pace: the pace of steps.
  ///   - place: which part of the distribution it stands for, in (0, 1).
  /// - Returns: seconds.
  func decodeSeconds(_ steps: Double, _ pace: DecodePace, place: Double) -> Double {
    guard steps > 0 else { return 0 }
    let u = steps / model.stepsPerRequest
    let kept = u < 1e-3 ? 1 : 2 / (u * u) * (u - 1 + exponential(-u))
    let variance = pace.stepVariance / steps + pace.batchVariance * kept
    let seconds = pace.mean + variance.squareRoot() * normalQuantile(place)
    return steps * min(max(seconds, pace.mean / 2), pace.mostSeconds)
  }
}

/// The time between two tokens of a request.
struct DecodePace: Sendable {
  /// Its mean.
  var mean: Double
  /// Variance from one step to the next.
  var stepVariance: Double
  /// Variance that the batch makes.
  var batchVariance: Double
  /// Seconds of the longest step that tokens can be apart on average.
  var mostSeconds = Double.infinity

  /// The pace of a batch.
  ///
  /// - Parameters:
  ///   - batch: how many sequences decode.
  ///   - cycles: mean steps.
  ///   - mean: seconds between two tokens as Little's law has them.
  ///   - model: the steps.
  ///   - requestsPerSecond: requests each second whose prompts come between.
  ///   - isClosed: whether requests begin when others end.
  init(
    _ batch: BatchDistribution, _ cycles: CycleTable, mean: Double, _ model: StepModel,
    requestsPerSecond: Double, isClosed: Bool
  ) {
    let pausesDecodes = model.pausesDecodes
    // Of what prompts cost, over its mean squared; of regular arrivals only the cost varies.
    let size = model.mix.uncachedSecondMoment / (model.mix.meanUncached * model.mix.meanUncached)
    // Of as many requests as others end, the number varies as answers do.
    let number = isClosed ? min(model.mix.stepsVariation, 1) : 1 / model.regularity
    let promptVariation = size - 1 + number
    self.mean = mean
    var weight = 0.0
    var steps = 0.0
    var square = 0.0
    var longest = 0.0
    for state in batch.states where state.number > 0 {
      // Tokens come in proportion to sequences, over the length of a step.
      let seconds = cycles.value(at: state.number) { $0.seconds }
      let part = state.share * state.number / seconds
      let cycle = cycles.cycle(at: state.number)
      let longer = pausesDecodes ? cycle.promptSeconds : cycle.promptSeconds - cycle.decodeSeconds
      let perStep = cycle.promptSteps * longer
      let prompts = max(requestsPerSecond * seconds, 1e-12)
      // A longer time meets more prompts, which make it longer.
      let rest = isClosed ? 1 : max(1 - perStep / seconds, 0.1)
      // Where decodes go on, prompts that meet in a step cost little more than one.
      let met = pausesDecodes ? 1 / prompts : min(1 / prompts, 1 / max(cycle.promptSteps, 1e-12) - 1)
      steps += part * perStep * perStep * max(met, 0) * promptVariation / (rest * rest)
      if !pausesDecodes { longest = max(longest, cycle.promptSecondsByPart.max() ?? 0) }
      square += part * (seconds - mean) * (seconds - mean)
      weight += part
    }
    if longest > mean { mostSeconds = longest }
    stepVariance = weight > 0 ? steps / weight : 0
    batchVariance = weight > 0 ? square / weight : 0
  }
}
