import Workload

/// Runs the replicas of one partition of a deployment whose router looks at nothing but request numbers.
///
/// No replica can tell what another does, so each is taken forward only when a request reaches it: there is no event
/// queue. Every partition draws all arrivals and keeps those of its replicas, `id % partitions == partition`.
struct IndependentDriver {
  private let engine: Engine
  private let run: RunPlan
  private let deployment: DeploymentPlan
  private let router: IndependentRouter
  private let partition: Int
  private let partitions: Int
  private let progress: RunProgress
  private(set) var replicas: [Replica]
  /// When an idle replica may start a step, by replica; `.never` while one is in progress or nothing waits.
  private var due: [SimTime]
  /// When the front end handed over its latest request, by replica.
  private var lastVisible: [SimTime]
  /// Requests that were still in a front end at the horizon.
  private var onTheWay: Int64 = 0
  private var shop = Shop()
  private var reported: Int64 = 0

  init(
    _ deployment: DeploymentPlan, _ run: RunPlan, partition: Int, of partitions: Int, progress: RunProgress
  ) {
    self.deployment = deployment
    self.run = run
    self.partition = partition
    self.partitions = partitions
    self.progress = progress
    let engine = deployment.engine(run)
    self.engine = engine
    router = IndependentRouter(
      policy: deployment.router, replicas: deployment.replicas, streams: deployment.streams, seed: run.seed,
      run: run.replication,
      name: deployment.name)
    let ids = stride(from: partition, to: deployment.replicas, by: partitions)
    replicas = ids.map { Replica(id: Int32($0), engine: engine) }
    due = Array(repeating: .never, count: replicas.count)
    lastVisible = Array(repeating: .zero, count: replicas.count)
    shop.observations.recordClasses(deployment.streams.map(\.serviceClass))
  }

  mutating func simulate() -> PartitionOutcome {
    if !deliverBacklog() { deliverArrivals() }
    var end = SimTime.zero
    for index in replicas.indices {
      end = max(end, advance(index, until: run.horizon ?? .never, inclusive: true))
      if let horizon = run.horizon {
        replicas[index].stop(at: horizon, engine: engine, shop: &shop)
        end = horizon
      } else {
        replicas[index].closeRegime()
      }
    }
    report()
    return PartitionOutcome(shop, replicas, end: end, onTheWay: onTheWay)
  }

  /// An offline stream waits outside memory: each replica takes its requests when it has room for them.
  private mutating func deliverBacklog() -> Bool {
    guard deployment.streams.count == 1, case .offline(let count) = deployment.streams[0].arrivals,
      deployment.router == .roundRobin, engine.options.queueOrder == .firstCome
    else { return false }
    let total = UInt64(min(count, deployment.streams[0].requests ?? count))
    let visible = SimTime.zero + deployment.frontEnd.delay(inputTokens: 0)
    for index in replicas.indices {
      replicas[index].backlog = Backlog(
        stream: 0, arrival: .zero, first: UInt64(replicas[index].id), end: total,
        stride: UInt64(deployment.replicas), lengths: deployment.sources[0])
      shop.observations.countArrivals(replicas[index].backlog?.remaining ?? 0, sent: .zero, of: 0)
      due[index] = visible
    }
    return true
  }

  /// Hands every request of the merged streams to its replica, in order of arrival.
  private mutating func deliverArrivals() {
    let sources = deployment.sources
    var merge = StreamMerge(
      generators: deployment.streams.indices.map { deployment.generator(stream: $0, run) })
    var number: UInt64 = 0
    while let next = merge.next() {
      if let horizon = run.horizon, next.time >= horizon { break }
      let target = router.replica(ofRequest: number, stream: next.stream, index: next.index)
      number += 1
      guard target % partitions == partition else { continue }
      let request = sources[next.stream].request(
        stream: Int32(next.stream), index: next.index, arrival: next.time)
      shop.observations.countArrivals(sent: next.time, of: request.stream)
      shop.events += 1
      guard engine.accepts(input: Int(request.input), maximumOutput: Int(request.maximumOutput)) else {
        shop.observations.refuse(request.stream, .misfit, at: next.time)
        continue
      }
      // The front end hands requests of a replica over in order.
      let index = target / partitions
      let visible = max(lastVisible[index], next.time + sources[next.stream].frontEndDelay(of: request))
      lastVisible[index] = visible
      if let horizon = run.horizon, visible > horizon {
        onTheWay += 1
        continue
      }
      _ = advance(index, until: visible, inclusive: false)
      guard !replicas[index].isQueueFull(engine.options.maximumQueuedRequests) else {
        shop.observations.refuse(request.stream, .queue, at: visible)
        continue
      }
      let slot = shop.requests.insert(request)
      _ = replicas[index].deliver(slot, at: visible, engine: engine, shop: &shop)
      if !replicas[index].isBusy && due[index] == .never { due[index] = visible }
    }
  }

  /// Takes a replica forward: steps that end by `time`, and starts before it (or at it, when `inclusive`).
  ///
  /// - Returns: the end of the last step.
  private mutating func advance(_ index: Int, until time: SimTime, inclusive: Bool) -> SimTime {
    var last = SimTime.zero
    while true {
      if replicas[index].isBusy {
        let end = replicas[index].plannedEnd
        guard end <= time else { return last }
        replicas[index].completeSteps(engine: engine, shop: &shop)
        due[index] = end
        last = end
        if shop.observations.counts.completed & 1023 == 0 { report() }
      }
      guard due[index] != .never, due[index] < time || inclusive && due[index] == time else { return last }
      replicas[index].startStep(at: due[index], engine: engine, shop: &shop)
      due[index] = .never
    }
  }

  private mutating func report() {
    let done = shop.observations.counts.completed
    progress.add(Int(done - reported))
    reported = done
  }
}
