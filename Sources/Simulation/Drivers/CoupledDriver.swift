import DequeModule
import Workload

/// Runs all replicas of a deployment on one event queue: routers that look at load, clients that wait for answers, pools
/// that hand requests on.
struct CoupledDriver {
  let engine: Engine
  let run: RunPlan
  let deployment: DeploymentPlan
  let router: IndependentRouter
  /// Where prompts and answers are worked on in different pools: the engine and the router of the first, and how many
  /// replicas it has, which come first in all lists; else those of the deployment and 0.
  let prefillEngine: Engine
  let prefillRouter: IndependentRouter
  let prefillReplicas: Int
  /// The engines of the pool that answers, and of the prefill pool, at each level below the full one that was needed.
  var heldEngines: [[Engine?]] = [[], []]
  /// The level that each replica is held to.
  var levels: [UInt8]
  /// Energy above idle of steps before the reported part of the run, by replica.
  var forgottenJoules: [Double]
  let sources: [RequestSource]
  private let progress: RunProgress
  var replicas: [Replica]
  var generations: [UInt32]
  /// Whether a replica's next start is in the queue already.
  private var startQueued: [Bool]
  var clients: [Client]
  private var frontEnds: [ReplicaFrontEnd]
  /// What the router lets in; nil where that is everything.
  var admission: AdmissionState?
  /// Requests that replicas were sent and have not completed.
  var inService = 0
  /// What each replica was sent and has not completed.
  var loads: [Load]
  /// What a router that looks at requests in flight knows of them; nil where none does, or two.
  var loadView: LoadView?
  /// What the router knows of the prefix caches; nil where it doesn't look.
  var view: PrefixView?
  /// When the links of the prefill replicas are free again, and which of its own each takes next.
  var linkFree: [SimTime]
  /// When caches that are on their way left, of replicas that keep a timeline.
  var fetchStarts: [Int32: SimTime] = [:]
  var nextLink: [Int]
  /// Whether requests spend time in the front end at all.
  private let hasFrontEnd: Bool
  /// Transfers over shared links; nil where replicas have links of their own.
  var transfers: TransferState?
  /// Which replicas are in service; nil where that doesn't change.
  var fleet: FleetState?
  /// Requests that wait for any replica to be in service, with whether they wait for the pool that answers.
  var parked: [(slot: Int32, answers: Bool)] = []
  /// Whether all replicas are in service, always.
  let alwaysServes: Bool
  /// What has failed; nil where nothing can.
  var faults: FaultState?
  var queue: EventQueue
  var shop = Shop()
  /// Streams whose warm-up is not over.
  var warmUps = 0
  /// Requests that reached the router.
  var routed: UInt64 = 0
  /// Requests that a prefill replica has handed over.
  var handedOver: UInt64 = 0
  private var reported: Int64 = 0
  /// Whether nothing was left to do but to fail.
  private var hasEnded = false
  private var end = SimTime.zero

  /// Requests in flight, and the tokens of their prompts.
  struct Load {
    var requests = 0
    var tokens = 0
  }

  /// The sender of one stream's requests.
  struct Client {
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
    /// Conversations that go on, by their numbers.
    var conversations: [UInt64: Conversation] = [:]
    /// Rows of a graph: how many others each still waits for, and when those let it be sent.
    var waits: [Int32] = []
    var ready: [SimTime] = []
    /// Samples of prompts that have yet to end, by the numbers of the prompts.
    var samplesLeft: [UInt64: Int] = [:]
  }

  /// Where a conversation stands.
  struct Conversation {
    /// The turn that was sent last, or is about to be.
    var turn = 0
    let turns: Int
    /// Tokens that its next prompt begins with.
    var history: Int
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
      policy: deployment.router, replicas: deployment.replicas, streams: deployment.streams, seed: run.seed,
      run: run.replication, name: deployment.name)
    let first = deployment.firstEngine(run)
    let prefill = deployment.prefill?.replicas ?? 0
    prefillEngine = first
    prefillReplicas = prefill
    prefillRouter = IndependentRouter(
      policy: deployment.prefill?.router ?? deployment.router, replicas: max(prefill, 1),
      streams: deployment.streams, seed: run.seed, run: run.replication, name: deployment.name + ".prefill")
    let count = deployment.allReplicas
    levels = Array(repeating: 0, count: count)
    forgottenJoules = Array(repeating: 0, count: count)
    replicas = (0..<count).map { Replica(id: Int32($0), engine: $0 < prefill ? first : engine) }
    generations = Array(repeating: 0, count: count)
    startQueued = Array(repeating: false, count: count)
    linkFree = Array(repeating: .zero, count: prefill * (deployment.prefill?.handOff.links ?? 1))
    nextLink = Array(repeating: 0, count: prefill)
    clients = deployment.streams.indices.map {
      Client(
        generator: deployment.generator(stream: $0, run), next: deployment.streams[$0].numbering.first)
    }
    frontEnds = Array(repeating: ReplicaFrontEnd(), count: count)
    loads = Array(repeating: Load(), count: count)
    if first.publishesPrefixes {
      view = PrefixView(replicas: count, delaySeconds: deployment.cacheView.delaySeconds)
    }
    if prefill == 0, deployment.router.looksAtRequests {
      loadView = LoadView(replicas: count, intervalSeconds: deployment.loadReportSeconds)
    }
    admission = AdmissionState(deployment)
    hasFrontEnd = deployment.frontEnd != FrontEnd()
    alwaysServes = deployment.fleet == nil && deployment.faults == nil
    fleet = deployment.fleet.map {
      FleetState(
        $0, prefill: prefill, count: count,
        accelerators: (0..<count).map {
          $0 < prefill ? deployment.prefill?.acceleratorsPerReplica ?? 1 : deployment.acceleratorsPerReplica
        })
    }
    faults = deployment.faults.map {
      FaultState($0, replicas: count, deployment: deployment.name, seed: run.seed, run: run.replication)
    }
    transfers = deployment.prefill?.handOff.network.map { TransferState($0) }
    queue = EventQueue(
      entities: [
        count, deployment.streams.count, deployment.faults?.domains.count ?? 0,
        deployment.prefill?.handOff.network?.outages.count ?? 0,
        deployment.prefill?.handOff.network?.backgrounds.count ?? 0, deployment.tenants.count,
      ].max() ?? count)
    shop.reportsCompletions = true
    shop.observations.recordClasses(deployment.streams.map(\.serviceClass))
  }

  mutating func simulate() -> PartitionOutcome {
    begin()
    advance(before: .never)
    finish()
    return outcome
  }

  /// Puts what happens of itself into the queue.
  mutating func begin() {
    for stream in clients.indices { open(stream) }
    openFaults()
    openFleet()
    openLinks()
  }

  /// Whether anything happens from now on.
  var goesOn: Bool {
    guard !hasEnded, let time = queue.nextTime else { return false }
    return time <= run.horizon ?? .never
  }

  /// Handles what happens before `limit`, and not after the end of the run.
  mutating func advance(before limit: SimTime) {
    let horizon = run.horizon ?? .never
    while let time = queue.nextTime, time < limit, time <= horizon, let entry = queue.popEntry() {
      if case .stepsCompleted(let replica, let generation) = entry.event,
        generations[Int(replica)] != generation
      {
        continue  // The stretch was cut short; its new end is in the queue.
      }
      if case .flowsCompleted(let generation) = entry.event, transfers?.generation != generation { continue }
      if isOver {
        hasEnded = true
        break
      }
      queue.advanceClock(to: entry.time)
      switch entry.event {
      case .stepsCompleted(let replica, _):
        complete(Int(replica), at: entry.time)
      case .reportBegun: beginReport(at: entry.time)
      case .fleetDue(let pool): lookAtLoad(Int(pool), at: entry.time)
      case .replicaStarted(let replica): startServing(Int(replica), at: entry.time)
      case .updateBegun: beginUpdate(at: entry.time)
      case .faultBegun(let domain, let ofItself):
        failDomain(Int(domain), ofItself: ofItself, at: entry.time)
      case .faultOver(let domain, let ofItself):
        repairDomain(Int(domain), ofItself: ofItself, at: entry.time)
      case .spareReady(let replica, let epoch): takeOver(Int(replica), epoch: epoch, at: entry.time)
      case .clientLeaves(let stream, let slot, let withoutToken):
        leave(slot, stream: stream, withoutToken: withoutToken, at: entry.time)
      case .tenantReady(let tenant): releaseLimited(Int(tenant), at: entry.time)
      case .deferralOver(let stream): endDeferral(Int(stream), at: entry.time)
      case .requestArrived(let stream): arrive(Int(stream), at: entry.time)
      case .turnDue(let stream, let conversation):
        sendTurn(Int(stream), UInt64(conversation), at: entry.time)
      case .requestReady(let replica):
        if let request = frontEnds[Int(replica)].requests.popFirst() {
          handOver(request, to: Int(replica), at: entry.time)
        }
      case .requestHandedOver(let replica, let slot): receive(slot, by: Int(replica), at: entry.time)
      case .cacheTransferred(let replica, let slot): land(slot, on: Int(replica), at: entry.time)
      case .flowsCompleted: completeFlows(at: entry.time)
      case .linkChanged(let outage, let isFailed):
        changeLink(Int(outage), isFailed: isFailed, at: entry.time)
      case .backgroundChanged(let index, let isOn): changeBackground(Int(index), isOn: isOn, at: entry.time)
      case .stepDue(let replica): start(Int(replica), at: entry.time)
      }
    }
  }

  /// Closes the account when nothing goes on.
  mutating func finish() {
    end = run.horizon ?? shop.lastStep
    for index in replicas.indices {
      replicas[index].stop(at: end, engine: engine(of: index), shop: &shop)
    }
    report()
  }

  /// What was done; after ``finish()``.
  var outcome: PartitionOutcome {
    var outcome = PartitionOutcome(shop, replicas, end: end, onTheWay: onTheWay)
    outcome.transfers = transfers?.outcome
    outcome.faults = closeFaults(at: end)
    outcome.fleet = fleet?.closed(at: end)
    return outcome
  }

  /// Requests in front ends, and those that the router holds back.
  private var onTheWay: Int64 {
    frontEnds.reduce(0) { $0 + Int64($1.requests.count) } + (admission?.held ?? 0)
  }

  /// A request reaches the router, which refuses it or sends it to a replica's front end.
  mutating func arrive(_ request: Request, at time: SimTime) {
    shop.observations.countArrivals(sent: time, of: request.stream)
    shop.events += 1
    guard accepts(request) else {
      routed += 1
      shop.observations.refuse(request.stream, .misfit, at: time)
      refused(request, at: time)
      return
    }
    if admits(request, at: time) { send(request, at: time) }
  }

  /// The router sends a request to a replica's front end.
  mutating func send(_ request: Request, at time: SimTime) {
    let number = routed
    routed += 1
    guard let target = pick(number, request, at: time) else {
      park(shop.requests.insert(request), answers: false, at: time)
      return
    }
    burden(target, with: request)
    guard hasFrontEnd else {
      handOver(request, to: target, at: time)
      return
    }
    let delay = sources[Int(request.stream)].frontEndDelay(of: request)
    let ready = max(frontEnds[target].lastReady, time + delay)
    frontEnds[target].lastReady = ready
    frontEnds[target].requests.append(request)
    queue.push(.requestReady(replica: Int32(target)), at: ready)
  }

  /// Whether a request can run on every pool that it needs.
  func accepts(_ request: Request) -> Bool {
    let input = Int(request.input)
    let output = Int(request.maximumOutput)
    return engine.accepts(input: input, maximumOutput: output)
      && (prefillReplicas == 0 || prefillEngine.accepts(input: input, maximumOutput: output))
  }

  /// A replica's scheduler sees a request.
  mutating func handOver(_ request: Request, to target: Int, at time: SimTime) {
    // Looked up beforehand: a replica that is being read meanwhile would be copied.
    let mostQueued = engine(of: target).options.maximumQueuedRequests
    guard !replicas[target].isQueueFull(mostQueued) else {
      shop.observations.refuse(request.stream, .queue, at: time)
      lighten(target, by: request)
      refused(request, isTurnedAway: true, at: time)
      return
    }
    let slot = shop.requests.insert(request)
    watch(slot, at: time)
    guard isOn(target) else {
      lighten(target, by: request)
      place(slot, answers: false, at: time)
      return
    }
    deliver(slot, to: target, at: time)
  }

  /// A replica's scheduler sees a request that is in flight.
  mutating func deliver(_ slot: Int32, to target: Int, at time: SimTime) {
    shop.requests[slot].place = Int32(target)
    if replicas[target].deliver(slot, at: time, engine: engine(of: target), shop: &shop) {
      queueCompletion(target)
    }
    if !replicas[target].isBusy { queueStart(target, at: time) }
  }

  /// What a replica runs.
  @inline(__always)
  func engine(of replica: Int) -> Engine {
    let isFirst = replica < prefillReplicas
    let level = Int(levels[replica])
    guard level > 0, let held = heldEngines[isFirst ? 1 : 0][level - 1] else {
      return isFirst ? prefillEngine : engine
    }
    return held
  }

  /// A request counts to the load of a replica.
  mutating func burden(_ replica: Int, with request: Request) {
    inService += 1
    loadView?.send(to: replica)
    loads[replica].requests += 1
    loads[replica].tokens += Int(request.input)
  }

  /// It no longer does.
  mutating func lighten(_ replica: Int, by request: Request) {
    inService -= 1
    loadView?.leave(replica, at: queue.now)
    loads[replica].requests -= 1
    loads[replica].tokens -= Int(request.input)
  }

  private mutating func complete(_ index: Int, at time: SimTime) {
    let processed = !replicas[index].chunks.isEmpty
    if index < prefillReplicas {
      let streamed = streamedSlots(of: index)
      replicas[index].completeSteps(engine: prefillEngine, shop: &shop)
      if !streamed.isEmpty { releaseLayers(of: streamed, at: time) }
      sendOn(from: index, at: time)
    } else {
      replicas[index].completeSteps(engine: engine, shop: &shop)
    }
    if processed || !shop.completed.isEmpty { announce(index, at: time) }
    queueStart(index, at: time)
    if !shop.forking.isEmpty { fork(to: index, at: time) }
    var next = 0
    while next < shop.completed.count {
      let done = shop.completed[next]
      inService -= 1
      loadView?.leave(index, at: time)
      loads[index].requests -= 1
      loads[index].tokens -= Int(done.input)
      noteLatency(done)
      answered(done, at: time)
      next += 1
    }
    if fleet != nil { retire(index, at: time) }
    if !shop.completed.isEmpty { releaseDeferred(at: time) }
    shop.completed.removeAll(keepingCapacity: true)
    if shop.observations.counts.completed & 1023 == 0 { report() }
  }

  /// Forgets what was recorded so far, keeps who is in flight, and sends the requests that waited for it.
  private mutating func beginReport(at time: SimTime) {
    report()
    shop.observations.restart(at: time)
    let waiting = shop.requests.slots.count { $0.state != .free && $0.scheduled == .never }
    shop.observations.carryOver(
      inFlight: Int64(shop.requests.inFlight) + onTheWay, waiting: Int64(waiting) + onTheWay)
    reported = 0
    for index in replicas.indices {
      let before = replicas[index].joules(at: time)
      replicas[index].forgetCost(upTo: time)
      forgottenJoules[index] += before - replicas[index].joules(at: time)
    }
    for stream in clients.indices
    where clients[stream].isClosedLoop && deployment.streams[stream].warmUpRequests > 0 {
      clients[stream].left = deployment.streams[stream].requests ?? .max
      sendBurst(stream, at: time)
    }
  }

  private mutating func start(_ index: Int, at time: SimTime) {
    startQueued[index] = false
    guard isOn(index) else { return }
    let leaving = transfers == nil ? [] : replicas[index].cancelled
    replicas[index].startStep(at: time, engine: engine(of: index), shop: &shop)
    if !replicas[index].chunks.isEmpty {
      announce(index, at: time)
      if index < prefillReplicas { streamChunks(of: index, at: time) }
    }
    if !shop.fetches.isEmpty { beginTransfers(to: index, at: time) }
    for slot in leaving where shop.requests[slot].state == .free {
      dropStream(slot, lightens: index < prefillReplicas, at: time)
    }
    if !shop.cancelled.isEmpty { settleCancelled(of: index, at: time) }
    if replicas[index].isBusy { queueCompletion(index) }
    if transfers != nil { countExchange(of: index, at: time) }
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
