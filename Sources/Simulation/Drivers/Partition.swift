/// Some replicas of a deployment, of which none can tell what another does: each is taken forward on its own.
struct Partition {
  let engine: Engine
  let run: RunPlan
  private(set) var replicas: [Replica]
  /// When an idle replica may start a step, by replica; `.never` while one is in progress or nothing waits.
  var due: [SimTime]
  /// When the front end handed over its latest request, by replica.
  private var lastVisible: [SimTime]
  private let sources: [RequestSource]
  var shop = Shop()
  private let progress: RunProgress
  private var reported: Int64 = 0

  /// The replicas with these numbers.
  init(_ deployment: DeploymentPlan, _ run: RunPlan, replicas ids: some Sequence<Int>, progress: RunProgress)
  {
    let engine = deployment.engine(run)
    self.engine = engine
    self.run = run
    self.progress = progress
    sources = deployment.sources
    replicas = ids.map { Replica(id: Int32($0), engine: engine) }
    due = Array(repeating: .never, count: replicas.count)
    lastVisible = Array(repeating: .zero, count: replicas.count)
    shop.observations.recordClasses(deployment.streams.map(\.serviceClass))
  }

  /// An arrival becomes a request, unless the engine can't take it.
  mutating func request(of arrival: StreamMerge.Arrival) -> Request? {
    let request = sources[arrival.stream].request(
      stream: Int32(arrival.stream), index: arrival.index, arrival: arrival.time)
    return accepts(request) ? request : nil
  }

  /// Whether the engine can take a request; one that it can't is refused.
  mutating func accepts(_ request: Request) -> Bool {
    shop.observations.countArrivals(sent: request.arrival, of: request.stream)
    shop.events += 1
    guard engine.accepts(input: Int(request.input), maximumOutput: Int(request.maximumOutput)) else {
      shop.observations.refuse(request.stream, .misfit, at: request.arrival)
      return false
    }
    return true
  }

  /// When the scheduler of a replica sees a request: the front end hands those of a replica over in order.
  mutating func handOverTime(_ request: Request, to index: Int) -> SimTime {
    let ready = request.arrival + sources[Int(request.stream)].frontEndDelay(of: request)
    lastVisible[index] = max(lastVisible[index], ready)
    return lastVisible[index]
  }

  /// Whether a replica's queue has room; a request that finds none is refused.
  mutating func admits(_ request: Request, to index: Int, at time: SimTime) -> Bool {
    guard replicas[index].isQueueFull(engine.options.maximumQueuedRequests) else { return true }
    shop.observations.refuse(request.stream, .queue, at: time)
    return false
  }

  /// A request that has a slot reaches the scheduler of a replica, which was taken forward until then.
  mutating func deliver(_ slot: Int32, to index: Int, at time: SimTime) {
    _ = replicas[index].deliver(slot, at: time, engine: engine, shop: &shop)
    if !replicas[index].isBusy && due[index] == .never { due[index] = time }
  }

  /// Requests that wait outside memory, of a replica.
  mutating func give(_ backlog: Backlog, to index: Int, at time: SimTime) {
    replicas[index].backlog = backlog
    shop.observations.countArrivals(backlog.remaining, sent: .zero, of: 0)
    due[index] = time
  }

  /// Takes a replica forward: steps that end by `time`, and starts before it (or at it, when `inclusive`).
  mutating func advance(_ index: Int, until time: SimTime, inclusive: Bool) {
    while true {
      if replicas[index].isBusy {
        let end = replicas[index].plannedEnd
        guard end <= time else { return }
        replicas[index].completeSteps(engine: engine, shop: &shop)
        due[index] = end
        if shop.observations.counts.completed & 1023 == 0 { report() }
      }
      guard due[index] != .never, due[index] < time || inclusive && due[index] == time else { return }
      replicas[index].startStep(at: due[index], engine: engine, shop: &shop)
      due[index] = .never
    }
  }

  /// Takes all replicas to the end of the run.
  ///
  /// - Returns: the end of the last step, or the horizon.
  mutating func finish() -> SimTime {
    for index in replicas.indices {
      advance(index, until: run.horizon ?? .never, inclusive: true)
      if let horizon = run.horizon {
        replicas[index].stop(at: horizon, engine: engine, shop: &shop)
      } else {
        replicas[index].closeRegime()
      }
    }
    report()
    return run.horizon ?? shop.lastStep
  }

  private mutating func report() {
    let done = shop.observations.counts.completed
    progress.add(Int(done - reported))
    reported = done
  }
}
