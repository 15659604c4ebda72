import Workload

@testable import Simulation

/// A slow and obvious simulator of a deployment: looks at everything at every instant at which anything happens.
///
/// It knows the arrivals and lengths of `Workload`, which has its own tests, and nothing of the engine under test but
/// the plan's types. At one instant steps end first, in order of replicas; then the measured part of a closed loop
/// begins, if it is time; then requests arrive, in order of streams; then the front ends hand over what is due; then
/// requests and then caches of the prefill pool reach the decode pool; then replicas without a step start one.
final class NaiveSimulator {
  final class Client {
    var generator: ArrivalGenerator
    /// When requests will be sent, in order.
    var toSend: [Int64] = []
    var next = 0
    var isClosedLoop = false
    var thinkTime: Int64 = 0
    var concurrency = 0
    /// Requests to send in this phase, and of the warm-up: to complete.
    var left = 0
    var warmingUp = 0
    init(_ generator: ArrivalGenerator) { self.generator = generator }
  }

  let plan: DeploymentPlan
  let run: RunPlan
  /// Those of the prefill pool first.
  let replicas: [NaiveReplica]
  let prefillReplicas: Int
  let prefillRouter: IndependentRouter
  /// Requests and caches on their way to decode replicas, in the order of their departure.
  var handOvers: [(time: Int64, target: Int, request: NaiveRequest)] = []
  var transfers: [(time: Int64, target: Int, request: NaiveRequest)] = []
  var linkFree: [Int64]
  var transfersOf: [Int]
  var handedOver = 0
  let clients: [Client]
  let sources: [RequestSource]
  let router: IndependentRouter
  /// What the front end of each replica works on, in order.
  var onTheWay: [[(visible: Int64, request: NaiveRequest)]]
  var lastVisible: [Int64]
  var routed = 0
  var arrived = 0
  var rejected = 0
  var done: [NaiveRequest] = []
  /// Every request that found a replica, whenever.
  var all: [NaiveRequest] = []
  var origin: Int64 = 0
  /// Output tokens before the measured part.
  var countedBefore = 0
  var now: Int64 = 0
  var lastStep: Int64 = 0
  private var beginsMeasuring = false

  init(_ plan: DeploymentPlan, _ costs: NanosecondCosts, prefill: NanosecondCosts? = nil, _ run: RunPlan) {
    self.plan = plan
    self.run = run
    let law = plan.engine.speculation.map {
      SpeculationLaw(
        $0, seed: run.seed, run: run.replication, name: plan.name, streams: plan.streams.count)
    }
    let pool = plan.prefill
    prefillReplicas = pool?.replicas ?? 0
    linkFree = Array(repeating: 0, count: prefillReplicas * (pool?.handOff.links ?? 1))
    transfersOf = Array(repeating: 0, count: prefillReplicas)
    replicas =
      (0..<prefillReplicas).compactMap { _ in pool.map { NaiveReplica($0, prefill ?? costs) } }
      + (0..<plan.replicas).map { _ in NaiveReplica(plan, costs, law) }
    prefillRouter = IndependentRouter(
      policy: pool?.router ?? plan.router, replicas: max(prefillReplicas, 1), streams: plan.streams,
      seed: run.seed,
      run: run.replication, name: plan.name + ".prefill")
    clients = plan.streams.indices.map { Client(plan.generator(stream: $0, run)) }
    sources = plan.sources
    router = IndependentRouter(
      policy: plan.router, replicas: plan.replicas, streams: plan.streams, seed: run.seed,
      run: run.replication, name: plan.name)
    onTheWay = Array(repeating: [], count: replicas.count)
    lastVisible = Array(repeating: 0, count: replicas.count)
  }

  func simulate() {
    open()
    let horizon = run.horizon?.nanoseconds ?? .max
    while let next = nextInstant(), next <= horizon {
      now = next
      for index in replicas.indices where replicas[index].stepEnd == now { complete(replicas[index]) }
      while true {
        if beginsMeasuring { beginMeasuring() }
        if let stream = clients.indices.first(where: { sendsNow(clients[$0]) }) {
          arrive(stream)
        } else {
          break
        }
      }
      for index in replicas.indices { handOver(index) }
      moveOn()
      for index in replicas.indices where replicas[index].stepEnd == nil {
        replicas[index].schedule(at: now)
        for request in replicas[index].fetched { transfer(request, to: index) }
        replicas[index].fetched = []
      }
    }
  }

  var inFlight: Int { arrived - rejected - done.count }

  /// What the requests' latencies add up to.
  func latencies() -> LatencyHistograms {
    var sum = LatencyHistograms()
    for request in done {
      guard let first = request.tokens.first, let last = request.tokens.last, let start = request.scheduled
      else {
        continue
      }
      sum.timeToFirstToken.record(first - request.sent)
      sum.queue.record(start - request.sent)
      sum.endToEnd.record(last - request.sent)
      let gaps = Int64(request.output) - 1
      if gaps > 0 {
        sum.timePerOutputToken.record(Int64((Double(last - first) / Double(gaps)).rounded()))
      }
    }
    for request in all {
      for (before, after) in zip(request.tokens, request.tokens.dropFirst()) where after > origin {
        sum.interTokenLatency.record(after - before)
      }
    }
    return sum
  }

  /// Output tokens of the measured part.
  var outputTokens: Int {
    replicas.reduce(0) { sum, replica in sum + replica.counted + replica.handOffs.count { $0 > origin } }
      - countedBefore
  }

  /// Completed requests as the engine under test records them, by stream and number.
  func records() -> [RequestRecord] {
    done.sorted { ($0.stream, $0.index) < ($1.stream, $1.index) }.map {
      RequestRecord(
        stream: Int32($0.stream), index: UInt64($0.index), replica: Int32($0.replica),
        inputTokens: Int32($0.input), outputTokens: Int32($0.output), arrival: SimTime(nanoseconds: $0.sent),
        scheduled: SimTime(nanoseconds: $0.scheduled ?? -1),
        firstToken: SimTime(nanoseconds: $0.tokens.first ?? -1),
        completed: SimTime(nanoseconds: $0.tokens.last ?? -1), preemptions: Int32($0.preemptions))
    }
  }

  private func sendsNow(_ client: Client) -> Bool {
    guard let time = client.toSend.first, time == now else { return false }
    // An open stream ends at the horizon, it does not include it.
    return client.isClosedLoop || time < run.horizon?.nanoseconds ?? .max
  }

  private func nextInstant() -> Int64? {
    var instants = replicas.compactMap(\.stepEnd) + onTheWay.compactMap(\.first?.visible)
    instants += handOvers.map(\.time) + transfers.map(\.time)
    let horizon = run.horizon?.nanoseconds ?? .max
    for client in clients {
      if let time = client.toSend.first, client.isClosedLoop || time < horizon { instants.append(time) }
    }
    return instants.min()
  }

  private func open() {
    for (stream, client) in clients.enumerated() {
      let stream = plan.streams[stream]
      if case .closedLoop(let concurrency, let thinkTimeSeconds) = stream.arrivals {
        client.isClosedLoop = true
        client.concurrency = concurrency
        client.thinkTime = Int64((thinkTimeSeconds * 1e9).rounded())
        client.warmingUp = stream.warmUpRequests
        client.left = stream.warmUpRequests > 0 ? stream.warmUpRequests : stream.requests ?? .max
        burst(client)
      } else {
        while let time = client.generator.next() {
          client.toSend.append(time)
          if time > run.horizon?.nanoseconds ?? .max { break }
        }
      }
    }
  }

  private func burst(_ client: Client) {
    let count = min(client.concurrency, client.left)
    client.left -= count
    client.toSend += Array(repeating: now, count: count)
  }

  private func arrive(_ stream: Int) {
    let client = clients[stream]
    client.toSend.removeFirst()
    let drawn = sources[stream].lengths.lengths(ofRequest: UInt64(client.next))
    let limit = plan.streams[stream].maximumOutputTokens
    let request = NaiveRequest(
      stream: stream, index: client.next, sent: now, input: drawn.input, output: min(drawn.output, limit),
      maximumOutput: limit)
    client.next += 1
    let number = routed
    routed += 1
    arrived += 1
    let target = pick(number, request)
    guard fits(request) else {
      rejected += 1
      answer(stream)
      return
    }
    request.replica = target
    all.append(request)
    var seconds = plan.frontEnd.seconds
    if case .offline = plan.streams[stream].arrivals {
    } else {
      seconds += plan.frontEnd.secondsPerInputToken * Double(request.input)
    }
    let visible = max(lastVisible[target], now + Int64((seconds * 1e9).rounded()))
    lastVisible[target] = visible
    onTheWay[target].append((visible, request))
  }

  private func fits(_ request: NaiveRequest) -> Bool {
    let longest = request.input + request.maximumOutput
    if let pool = plan.prefill {
      guard request.input < pool.engine.maximumContextTokens,
        replicas[0].blocks(request.input) <= pool.cache.blocks,
        pool.engine.chunkedPrefill || request.input <= pool.engine.maximumBatchTokens
      else { return false }
      let decode = replicas[prefillReplicas]
      if decode.law != nil, plan.engine.capacityPolicy == .currentUse {
        // Its cache comes with room for what the first step may yield.
        let tokens = plan.cache.blockTokens
        let first = (decode.queries + tokens - 1) / tokens
        if decode.blocks(request.input) + first > plan.cache.blocks { return false }
      }
    }
    return longest <= plan.engine.maximumContextTokens
      && replicas[prefillReplicas].blocks(longest) <= plan.cache.blocks
      && (plan.prefill != nil || plan.engine.chunkedPrefill
        || request.input <= plan.engine.maximumBatchTokens)
  }

  private func pick(_ number: Int, _ request: NaiveRequest) -> Int {
    guard plan.prefill != nil else { return pickAnswering(number, request) }
    return pick(prefillRouter, 0..<prefillReplicas, number, request)
  }

  private func pickAnswering(_ number: Int, _ request: NaiveRequest) -> Int {
    pick(router, prefillReplicas..<replicas.count, number, request)
  }

  private func pick(
    _ router: IndependentRouter, _ range: Range<Int>, _ number: Int, _ request: NaiveRequest
  ) -> Int {
    switch router.policy {
    case .roundRobin: return range.lowerBound + number % range.count
    case .random, .sessionSticky, .prefixHash:
      return range.lowerBound
        + router.replica(ofRequest: UInt64(number), stream: request.stream, index: UInt64(request.index))
    case .adapterAffinity:
      let home =
        range.lowerBound
        + router.replica(ofRequest: UInt64(number), stream: request.stream, index: UInt64(request.index))
      let all = range.reduce(0) { $0 + inFlight($1).count }
      let mine = inFlight(home).count
      return mine > 8 && Double(mine) > 1.5 * Double(all) / Double(range.count)
        ? least(range) { $0.count } : home
    case .leastOutstanding: return least(range) { $0.count }
    // Without anything in common the cheapest prompt is where the fewest tokens are.
    case .leastTokens, .prefixAware: return least(range) { $0.reduce(0) { $0 + $1.input } }
    case .powerOfTwo:
      let (one, other) = router.twoReplicas(ofRequest: UInt64(number))
      let first = range.lowerBound
      return inFlight(first + other).count < inFlight(first + one).count ? first + other : first + one
    }
  }

  /// Requests that a replica was sent and that it has not done.
  private func inFlight(_ index: Int) -> [NaiveRequest] {
    let replica = replicas[index]
    return replica.running + Array(replica.waiting) + replica.inbox + replica.inbound
      + onTheWay[index].map(\.request) + handOvers.filter { $0.target == index }.map(\.request)
  }

  private func least(_ range: Range<Int>, _ load: ([NaiveRequest]) -> Int) -> Int {
    let loads = range.map { load(inFlight($0)) }
    return range.lowerBound + (loads.firstIndex(of: loads.min() ?? 0) ?? 0)
  }

  /// What is due on the way from the prefill pool to the decode pool.
  private func moveOn() {
    for (time, target, request) in handOvers where time == now {
      request.isHandedOver = true
      request.replica = target
      replicas[target].deliver(request)
    }
    handOvers.removeAll { $0.time == now }
    for (time, target, request) in transfers where time == now {
      request.source?.release(request)
      request.hasLanded = true
      // In the order of their coming.
      replicas[target].inbound.removeAll { $0 === request }
      replicas[target].inbound.append(request)
    }
    transfers.removeAll { $0.time == now }
  }

  /// A decode replica fetches a cache: links of prefill replicas take one transfer at a time.
  private func transfer(_ request: NaiveRequest, to target: Int) {
    guard let handOff = plan.prefill?.handOff,
      let source = replicas.firstIndex(where: { $0 === request.source })
    else { return }
    let seconds = handOff.latencySeconds + handOff.secondsPerToken * Double(request.input)
    let link = source * handOff.links + transfersOf[source] % handOff.links
    transfersOf[source] += 1
    linkFree[link] = max(now, linkFree[link]) + max(1, Int64((seconds * 1e9).rounded()))
    transfers.append((linkFree[link], target, request))
  }

  private func handOver(_ index: Int) {
    while let first = onTheWay[index].first, first.visible == now {
      onTheWay[index].removeFirst()
      replicas[index].deliver(first.request)
    }
  }

  private func complete(_ replica: NaiveReplica) {
    lastStep = now
    let done = replica.complete()
    for request in replica.parked where request.source == nil {
      request.source = replica
      let delay = Int64(((plan.prefill?.handOff.delaySeconds ?? 0) * 1e9).rounded())
      handOvers.append((now + delay, pickAnswering(handedOver, request), request))
      handedOver += 1
    }
    for request in done {
      self.done.append(request)
      answer(request.stream)
    }
  }

  private func answer(_ stream: Int) {
    let client = clients[stream]
    guard client.isClosedLoop else { return }
    if client.warmingUp > 0 {
      client.warmingUp -= 1
      if client.warmingUp == 0 && clients.allSatisfy({ $0.warmingUp == 0 }) { beginsMeasuring = true }
    }
    guard client.left > 0 else { return }
    client.left -= 1
    client.toSend.append(now + client.thinkTime)
  }

  /// All warm-ups are over: what was done is forgotten, who is in flight stays.
  private func beginMeasuring() {
    beginsMeasuring = false
    origin = now
    arrived = inFlight
    rejected = 0
    done = []
    for replica in replicas { replica.busy = 0 }
    countedBefore = replicas.reduce(0) { $0 + $1.counted }
    for (stream, client) in clients.enumerated() where plan.streams[stream].warmUpRequests > 0 {
      guard client.isClosedLoop else { continue }
      client.left = plan.streams[stream].requests ?? .max
      burst(client)
    }
  }
}
