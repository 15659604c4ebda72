import DequeModule
import Workload

/// Runs all replicas of a deployment on one event queue: routers that look at load, clients that wait for answers, pools
/// that hand requests on.
struct CoupledDriver {
  let engine: Engine
  private let run: RunPlan
  let deployment: DeploymentPlan
  private let router: IndependentRouter
  /// Where prompts and answers are worked on in different pools: the engine and the router of the first, and how many
  /// replicas it has, which come first in all lists; else those of the deployment and 0.
  let prefillEngine: Engine
  private let prefillRouter: IndependentRouter
  let prefillReplicas: Int
  private let sources: [RequestSource]
  private let progress: RunProgress
  var replicas: [Replica]
  private var generations: [UInt32]
  /// Whether a replica's next start is in the queue already.
  private var startQueued: [Bool]
  private var clients: [Client]
  private var frontEnds: [ReplicaFrontEnd]
  /// Requests that each replica was sent and has not completed.
  var loads: [Int]
  /// When the links of the prefill replicas are free again, and which of its own each takes next.
  var linkFree: [SimTime]
  var nextLink: [Int]
  /// Whether requests spend time in the front end at all.
  private let hasFrontEnd: Bool
  var queue: EventQueue
  var shop = Shop()
  /// Streams whose warm-up is not over.
  private var warmUps = 0
  /// Requests that reached the router.
  private var routed: UInt64 = 0
  /// Requests that a prefill replica has handed over.
  var handedOver: UInt64 = 0
  private var reported: Int64 = 0

  /// The sender of one stream's requests.
  private struct Client {
    var generator: ArrivalGenerator
    /// The number of the next request.
    var next: UInt64 = 0
    /// Closed loop: requests still to send in this phase.
    var left = 0
    var concurrency = 0
    /// Closed loop: from an answer to the next request.
    var thinkTime = SimDuration.zero
    var isClosedLoop = false
    /// Requests of the warm-up that are still to complete.
    var warmingUp = 0
  }

  /// Requests on their way from the router to the scheduler of one replica, in order.
  private struct ReplicaFrontEnd {
    var requests = Deque<Request>()
    /// When the latest of them is handed over.
    var lastReady = SimTime.zero
  }

  init(_ deployment: DeploymentPlan, _ run: RunPlan, progress: RunProgress) {
    self.deployment = deployment
    self.run = run
    self.progress = progress
    let engine = deployment.engine(run)
    self.engine = engine
    sources = deployment.sources
    router = IndependentRouter(
      policy: deployment.router, replicas: deployment.replicas, seed: run.seed, run: run.replication,
      name: deployment.name)
    let first = deployment.firstEngine(run)
    let prefill = deployment.prefill?.replicas ?? 0
    prefillEngine = first
    prefillReplicas = prefill
    prefillRouter = IndependentRouter(
      policy: deployment.prefill?.router ?? deployment.router, replicas: max(prefill, 1), seed: run.seed,
      run: run.replication, name: deployment.name + ".prefill")
    let count = deployment.allReplicas
    replicas = (0..<count).map { Replica(id: Int32($0), engine: $0 < prefill ? first : engine) }
    generations = Array(repeating: 0, count: count)
    startQueued = Array(repeating: false, count: count)
    linkFree = Array(repeating: .zero, count: prefill * (deployment.prefill?.handOff.links ?? 1))
    nextLink = Array(repeating: 0, count: prefill)
    clients = deployment.streams.indices.map { Client(generator: deployment.generator(stream: $0, run)) }
    frontEnds = Array(repeating: ReplicaFrontEnd(), count: count)
    loads = Array(repeating: 0, count: count)
    hasFrontEnd = deployment.frontEnd != FrontEnd()
    queue = EventQueue(entities: max(count, deployment.streams.count))
    shop.reportsCompletions = true
  }

  mutating func simulate() -> PartitionOutcome {
    for stream in clients.indices { open(stream) }
    let horizon = run.horizon ?? .never
    var lastStep = SimTime.zero
    while let time = queue.nextTime, time <= horizon, let entry = queue.popEntry() {
      if case .stepsCompleted(let replica, let generation) = entry.event,
        generations[Int(replica)] != generation
      {
        continue  // The stretch was cut short; its new end is in the queue.
      }
      queue.advanceClock(to: entry.time)
      switch entry.event {
      case .stepsCompleted(let replica, _):
        lastStep = entry.time
        complete(Int(replica), at: entry.time)
      case .reportBegun: beginReport(at: entry.time)
      case .requestArrived(let stream): arrive(Int(stream), at: entry.time)
      case .requestReady(let replica):
        if let request = frontEnds[Int(replica)].requests.popFirst() {
          handOver(request, to: Int(replica), at: entry.time)
        }
      case .requestHandedOver(let replica, let slot): receive(slot, by: Int(replica), at: entry.time)
      case .cacheTransferred(let replica, let slot): land(slot, on: Int(replica), at: entry.time)
      case .stepDue(let replica): start(Int(replica), at: entry.time)
      }
    }
    for index in replicas.indices {
      if index < prefillReplicas {
        replicas[index].stop(at: run.horizon ?? lastStep, engine: prefillEngine, shop: &shop)
      } else {
        replicas[index].stop(at: run.horizon ?? lastStep, engine: engine, shop: &shop)
      }
    }
    report()
    return PartitionOutcome(shop, replicas, end: run.horizon ?? lastStep, onTheWay: onTheWay)
  }

  /// Requests in front ends.
  private var onTheWay: Int64 { frontEnds.reduce(0) { $0 + Int64($1.requests.count) } }

  /// Sends a stream's first requests.
  private mutating func open(_ stream: Int) {
    let plan = deployment.streams[stream]
    if case .closedLoop(let concurrency, let thinkTimeSeconds) = plan.arrivals {
      clients[stream].isClosedLoop = true
      clients[stream].concurrency = concurrency
      clients[stream].thinkTime = SimDuration(seconds: thinkTimeSeconds)
      clients[stream].warmingUp = plan.warmUpRequests
      if plan.warmUpRequests > 0 { warmUps += 1 }
      clients[stream].left = plan.warmUpRequests > 0 ? plan.warmUpRequests : plan.requests ?? .max
      sendBurst(stream, at: .zero)
    } else {
      sendNext(stream)
    }
  }

  /// Sends the next request of a stream that waits for no answers; the stream ends before the horizon.
  private mutating func sendNext(_ stream: Int) {
    guard let time = clients[stream].generator.next(), run.horizon.map({ time < $0.nanoseconds }) ?? true
    else {
      return
    }
    queue.push(.requestArrived(stream: Int32(stream)), at: SimTime(nanoseconds: time))
  }

  /// A closed-loop client sends its first requests, or its first after the warm-up, all at once.
  private mutating func sendBurst(_ stream: Int, at time: SimTime) {
    for _ in 0..<min(clients[stream].concurrency, clients[stream].left) {
      clients[stream].left -= 1
      queue.push(.requestArrived(stream: Int32(stream)), at: time)
    }
  }

  /// A request reaches the router, which refuses it or sends it to a replica's front end.
  private mutating func arrive(_ stream: Int, at time: SimTime) {
    let index = clients[stream].next
    clients[stream].next += 1
    if !clients[stream].isClosedLoop { sendNext(stream) }
    shop.observations.countArrival(sent: time)
    shop.events += 1
    let request = sources[stream].request(stream: Int32(stream), index: index, arrival: time)
    let number = routed
    routed += 1
    guard accepts(request) else {
      shop.observations.counts.rejected += 1
      answered(stream, at: time)
      return
    }
    let target = pick(number)
    loads[target] += 1
    guard hasFrontEnd else {
      handOver(request, to: target, at: time)
      return
    }
    let ready = max(frontEnds[target].lastReady, time + sources[stream].frontEndDelay(of: request))
    frontEnds[target].lastReady = ready
    frontEnds[target].requests.append(request)
    queue.push(.requestReady(replica: Int32(target)), at: ready)
  }

  /// Whether a request can run on every pool that it needs.
  private func accepts(_ request: Request) -> Bool {
    let input = Int(request.input)
    let output = Int(request.maximumOutput)
    return engine.accepts(input: input, maximumOutput: output)
      && (prefillReplicas == 0 || prefillEngine.accepts(input: input, maximumOutput: output))
  }

  /// A replica's scheduler sees a request.
  private mutating func handOver(_ request: Request, to target: Int, at time: SimTime) {
    let slot = shop.requests.insert(request)
    if replicas[target].deliver(slot, at: time, engine: target < prefillReplicas ? prefillEngine : engine) {
      queueCompletion(target)
    }
    if !replicas[target].isBusy { queueStart(target, at: time) }
  }

  /// The replica that is to see a new request first.
  private func pick(_ number: UInt64) -> Int {
    guard let prefill = deployment.prefill else { return pickAnswering(number) }
    guard prefill.router == .leastOutstanding else { return prefillRouter.replica(ofRequest: number) }
    return leastLoaded(0..<prefillReplicas)
  }

  /// The replica that is to answer the n-th request that needs one.
  func pickAnswering(_ number: UInt64) -> Int {
    guard deployment.router == .leastOutstanding else {
      return prefillReplicas + router.replica(ofRequest: number)
    }
    return leastLoaded(prefillReplicas..<loads.count)
  }

  private func leastLoaded(_ range: Range<Int>) -> Int {
    var best = range.lowerBound
    for index in range where loads[index] < loads[best] { best = index }
    return best
  }

  private mutating func complete(_ index: Int, at time: SimTime) {
    if index < prefillReplicas {
      replicas[index].completeSteps(engine: prefillEngine, shop: &shop)
      sendOn(from: index, at: time)
    } else {
      replicas[index].completeSteps(engine: engine, shop: &shop)
    }
    loads[index] -= shop.completedStreams.count
    queueStart(index, at: time)
    var next = 0
    while next < shop.completedStreams.count {
      answered(Int(shop.completedStreams[next]), at: time)
      next += 1
    }
    shop.completedStreams.removeAll(keepingCapacity: true)
    if shop.observations.counts.completed & 1023 == 0 { report() }
  }

  /// A client has its answer: a closed loop sends the next request; after all warm-ups the report begins.
  private mutating func answered(_ stream: Int, at time: SimTime) {
    guard clients[stream].isClosedLoop else { return }
    if clients[stream].warmingUp > 0 {
      clients[stream].warmingUp -= 1
      if clients[stream].warmingUp == 0 {
        warmUps -= 1
        if warmUps == 0 { queue.push(.reportBegun, at: time) }
      }
    }
    guard clients[stream].left > 0 else { return }
    clients[stream].left -= 1
    queue.push(.requestArrived(stream: Int32(stream)), at: time + clients[stream].thinkTime)
  }

  /// Forgets what was recorded so far, keeps who is in flight, and sends the requests that waited for it.
  private mutating func beginReport(at time: SimTime) {
    report()
    shop.observations.restart(at: time)
    shop.observations.counts.arrived = Int64(shop.requests.inFlight) + onTheWay
    reported = 0
    for index in replicas.indices { replicas[index].forgetCost(upTo: time) }
    for stream in clients.indices
    where clients[stream].isClosedLoop && deployment.streams[stream].warmUpRequests > 0 {
      clients[stream].left = deployment.streams[stream].requests ?? .max
      sendBurst(stream, at: time)
    }
  }

  private mutating func start(_ index: Int, at time: SimTime) {
    startQueued[index] = false
    if index < prefillReplicas {
      replicas[index].startStep(at: time, engine: prefillEngine, shop: &shop)
    } else {
      replicas[index].startStep(at: time, engine: engine, shop: &shop)
      if !shop.fetches.isEmpty { beginTransfers(to: index, at: time) }
    }
    if replicas[index].isBusy { queueCompletion(index) }
  }

  mutating func queueStart(_ index: Int, at time: SimTime) {
    guard !startQueued[index] else { return }
    startQueued[index] = true
    queue.push(.stepDue(replica: Int32(index)), at: time)
  }

  mutating func queueCompletion(_ index: Int) {
    generations[index] &+= 1
    queue.push(
      .stepsCompleted(replica: Int32(index), generation: generations[index]), at: replicas[index].plannedEnd)
  }

  private mutating func report() {
    let done = shop.observations.counts.completed
    progress.add(Int(done - reported))
    reported = done
  }
}
