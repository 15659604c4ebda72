import CostModel
import Synchronization
import Workload

/// Counts completed requests for whoever draws a progress line; it has no influence on the run.
public final class RunProgress: Sendable {
  private let requests = Atomic<Int>(0)

  /// Nothing is done yet.
  public init() {}

  /// Requests that are done.
  public var completedRequests: Int { requests.load(ordering: .relaxed) }

  func add(_ count: Int) { requests.add(count, ordering: .relaxed) }
}

/// Runs deployments: a pure function of plan and seed, whatever the number of threads.
public enum Simulation {
  /// Simulates the deployments of a site: all of each, or the cells that a sample asks for.
  ///
  /// Deployments that nothing looks at together run one after the other.
  /// - Parameters:
  ///   - deployments: what runs, each on accelerators of its own.
  ///   - power: limits of what their accelerators draw; nil for none.
  ///   - metering: what of their draw is recorded; nil for nothing.
  ///   - run: how.
  ///   - progress: counts completed requests as they complete.
  /// - Returns: what they did, in their order.
  public static func run(
    _ deployments: [DeploymentPlan], power: PowerControl? = nil, metering: PowerMetering? = nil,
    _ run: RunPlan, progress: RunProgress = RunProgress()
  ) async -> SiteOutcome {
    if power != nil || metering != nil {
      return await together(deployments, power, metering, run, progress: progress)
    }
    var outcomes: [DeploymentOutcome] = []
    for deployment in deployments {
      if let cells = run.sample?.cells(of: deployment) {
        outcomes.append(await sample(deployment, cells, run, progress: progress))
      } else {
        outcomes.append(await Simulation.run(deployment, run, progress: progress))
      }
    }
    return SiteOutcome(deployments: outcomes)
  }

  /// Simulates deployments whose accelerators share limits of power, or whose draw is recorded, in lockstep.
  private static func together(
    _ deployments: [DeploymentPlan], _ power: PowerControl?, _ metering: PowerMetering?, _ run: RunPlan,
    progress: RunProgress
  ) async -> SiteOutcome {
    let cells = deployments.map { run.sample?.cells(of: $0) }
    let parts = zip(deployments, cells).map { deployment, cells in
      cells.map { deployment.parts(of: $0, run) } ?? [(plan: deployment, run: run)]
    }
    var lockstep = Lockstep(
      deployments, parts: parts, power: power, metering: metering, progress: progress)
    let done = await outcomes(of: &lockstep, run)
    let outcomes = deployments.indices.map { index in
      let outcomes = zip(done[lockstep.unitsOf[index]], parts[index]).map { merge([$0], $1.plan, $1.run) }
      guard let cells = cells[index] else { return outcomes[0] }
      return DeploymentOutcome(model: outcomes[0], cells: Array(outcomes.dropFirst()), cells)
    }
    return SiteOutcome(deployments: outcomes, power: lockstep.powerOutcome, readings: lockstep.readings)
  }

  /// Simulates cells of a deployment, side by side.
  private static func sample(
    _ deployment: DeploymentPlan, _ cells: SampleCells, _ run: RunPlan, progress: RunProgress
  ) async -> DeploymentOutcome {
    let parts = deployment.parts(of: cells, run)
    let outcomes: [DeploymentOutcome]
    if parts.contains(where: { $0.plan.fleet?.isSteered == true }) {
      var lockstep = Lockstep([deployment], parts: [parts], progress: progress)
      outcomes = zip(await self.outcomes(of: &lockstep, run), parts).map { merge([$0], $1.plan, $1.run) }
    } else {
      outcomes = await sideBySide(parts, threads: run.threads, progress: progress)
    }
    return DeploymentOutcome(model: outcomes[0], cells: Array(outcomes.dropFirst()), cells)
  }

  /// Takes deployments in lockstep to the end, from one look at all of them to the next.
  private static func outcomes(of lockstep: inout Lockstep, _ run: RunPlan) async -> [PartitionOutcome] {
    await onAll(lockstep, threads: run.threads) { $0.begin() }
    while true {
      let next = lockstep.nextStop
      guard next != .never, next <= run.horizon ?? .never else { break }
      await onAll(lockstep, threads: run.threads) { $0.advance(before: next) }
      guard lockstep.goesOn else { break }
      lockstep.stop(at: next)
    }
    await onAll(lockstep, threads: run.threads) { $0.advance(before: .never) }
    lockstep.closeMeters()
    await onAll(lockstep, threads: run.threads) { $0.finish() }
    return lockstep.outcomes
  }

  /// Does something to every unit, each on one of the threads.
  private static func onAll(
    _ lockstep: Lockstep, threads: Int, _ body: @escaping @Sendable (inout CoupledDriver) -> Void
  ) async {
    let (units, order) = (lockstep.units, lockstep.largestFirst)
    let workers = min(threads, units.count)
    guard workers > 1 else {
      for unit in units { unit.driver.withLock { body(&$0) } }
      return
    }
    let next = SharedCounter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<workers {
        group.addTask {
          while let position = next.next(below: order.count) {
            units[order[position]].driver.withLock { body(&$0) }
          }
        }
      }
    }
  }

  /// Simulates deployments that have nothing to do with one another, on so many threads.
  private static func sideBySide(
    _ parts: [(plan: DeploymentPlan, run: RunPlan)], threads: Int, progress: RunProgress
  ) async -> [DeploymentOutcome] {
    let workers = min(threads, parts.count)
    return await withTaskGroup(of: [(Int, DeploymentOutcome)].self) { group in
      let next = SharedCounter()
      for _ in 0..<workers {
        group.addTask {
          var done: [(Int, DeploymentOutcome)] = []
          while let index = next.next(below: parts.count) {
            done.append(
              (index, await Simulation.run(parts[index].plan, parts[index].run, progress: progress)))
          }
          return done
        }
      }
      var outcomes = [DeploymentOutcome?](repeating: nil, count: parts.count)
      for await done in group {
        for (index, outcome) in done { outcomes[index] = outcome }
      }
      return outcomes.compactMap { $0 }
    }
  }

  /// Simulates one deployment, all of it.
  ///
  /// Where the router looks at nothing but request numbers, replicas share nothing and run on all threads; where it
  /// looks at loads that replicas report at intervals, they run on all threads from report to report; else one event
  /// queue drives them.
  /// - Parameters:
  ///   - deployment: what runs.
  ///   - run: how.
  ///   - progress: counts completed requests as they complete.
  /// - Returns: what it did.
  public static func run(
    _ deployment: DeploymentPlan, _ run: RunPlan, progress: RunProgress = RunProgress()
  ) async -> DeploymentOutcome {
    let parts: [PartitionOutcome]
    if deployment.runsIndependently {
      let count = min(run.threads, deployment.replicas)
      parts = await withTaskGroup(of: (Int, PartitionOutcome).self) { group in
        for index in 0..<count {
          group.addTask {
            var driver = IndependentDriver(
              deployment, run, partition: index, of: count, progress: progress)
            return (index, driver.simulate())
          }
        }
        var outcomes = [PartitionOutcome?](repeating: nil, count: count)
        for await (index, outcome) in group { outcomes[index] = outcome }
        return outcomes.compactMap { $0 }
      }
    } else if deployment.runsFromReportToReport {
      var driver = WindowedDriver(deployment, run, progress: progress)
      while let window = driver.sendUntilReport() {
        await onAll(driver.partitions) { $0.advance(untilWindow: window) }
      }
      await onAll(driver.partitions) { $0.finish() }
      parts = driver.partitions.map { $0.state.withLock { $0.outcome } }
    } else {
      var driver = CoupledDriver(deployment, run, progress: progress)
      parts = [driver.simulate()]
    }
    return merge(parts, deployment, run)
  }

  /// Does something to every partition, on a thread each.
  private static func onAll(
    _ partitions: [WindowPartition], _ body: @escaping @Sendable (inout PartitionWindows) -> Void
  ) async {
    guard partitions.count > 1 else { return partitions[0].state.withLock { body(&$0) } }
    await withTaskGroup(of: Void.self) { group in
      for partition in partitions { group.addTask { partition.state.withLock { body(&$0) } } }
    }
  }

  static func merge(
    _ parts: [PartitionOutcome], _ deployment: DeploymentPlan, _ run: RunPlan
  ) -> DeploymentOutcome {
    var observations = parts[0].observations
    for part in parts.dropFirst() { observations.add(part.observations) }
    observations.records.sort { ($0.stream, $0.index) < ($1.stream, $1.index) }
    // Sums of real numbers are taken in the order of replicas, whoever ran them.
    let replicas = parts.flatMap(\.replicas).sorted { $0.id < $1.id }
    let cost = replicas.reduce(CostVector.zero) { $0 + $1.cost }
    let end = parts.map(\.end).max() ?? .zero
    // Caches may wait for links that never come back.
    let network = deployment.prefill?.handOff.network
    let mayStall = network?.outages.isEmpty == false || network?.backgrounds.isEmpty == false
    precondition(
      run.horizon != nil || mayStall || parts.allSatisfy { $0.inSlots == 0 && $0.unborn == 0 },
      "a drained run left requests in flight")
    return DeploymentOutcome(
      name: deployment.name, observations: observations, cost: cost, end: end,
      inFlight: parts.reduce(0) { $0 + Int64($1.inSlots) + $1.unborn },
      peakInFlight: replicas.reduce(0) { $0 + $1.peakOutstanding },
      peakCacheUtilisation: replicas.map(\.peakCacheUtilisation).max() ?? 0,
      steps: parts.reduce(0) { $0 + $1.steps }, events: parts.reduce(0) { $0 + $1.events },
      faults: parts.reduce(into: FaultOutcome()) { $0.add($1.faults) }, fleet: parts.first?.fleet,
      pools: pools(of: deployment, replicas, transfers: parts.first?.transfers))
  }

  private static func pools(
    of deployment: DeploymentPlan, _ replicas: [PartitionOutcome.ReplicaOutcome], transfers: TransferOutcome?
  ) -> [PoolOutcome] {
    func pool(_ role: PoolRole, _ accelerators: Int, _ part: ArraySlice<PartitionOutcome.ReplicaOutcome>)
      -> PoolOutcome
    {
      PoolOutcome(
        role: role, replicas: part.count, acceleratorsPerReplica: accelerators,
        cost: part.reduce(CostVector.zero) { $0 + $1.cost }, steps: part.reduce(0) { $0 + $1.steps },
        peakInFlight: part.reduce(0) { $0 + $1.peakOutstanding },
        peakCacheUtilisation: part.map(\.peakCacheUtilisation).max() ?? 0)
    }
    guard let prefill = deployment.prefill else {
      return [pool(.aggregated, deployment.acceleratorsPerReplica, replicas[...])]
    }
    var decode = pool(.decode, deployment.acceleratorsPerReplica, replicas[prefill.replicas...])
    decode.transfers = transfers
    return [pool(.prefill, prefill.acceleratorsPerReplica, replicas[..<prefill.replicas]), decode]
  }
}

extension DeploymentPlan {
  /// Whether replicas share nothing: the router looks at nothing, and no client waits for an answer.
  var runsIndependently: Bool { router.isIndependent && answersChangeNothing }

  /// Whether replicas share nothing between two reports on their loads.
  var runsFromReportToReport: Bool {
    router.looksAtRequests && loadReportSeconds > 0 && answersChangeNothing
  }

  /// Whether nothing but a router's view of loads depends on what replicas do.
  private var answersChangeNothing: Bool {
    prefill == nil && faults == nil && fleet == nil && tenants.isEmpty
      && shedding.isEmpty
      && !streams.contains {
        if case .closedLoop = $0.arrivals { return true }
        return $0.conversations != nil || $0.graph != nil || $0.patience != nil || $0.deferral != nil
          || $0.samples > 1
      }
  }

  /// The request sources of the streams.
  var sources: [RequestSource] {
    streams.map { RequestSource($0, frontEnd: frontEnd) }
  }

  func engine(_ run: RunPlan) -> Engine {
    precondition(
      engine.outputEstimate == nil ? engine.prefillPolicy == .mixed : engine.capacityPolicy == .currentUse,
      "pausing decodes go with SGLang's admission, and that with the current use of the KV cache")
    precondition(
      cost.queries == 1 + engine.draftTokens, "costs of other steps than the engine takes")
    precondition(
      engine.adapters == nil
        || prefill == nil && engine.speculation == nil && engine.batchWait == nil
          && engine.attentionBalance == nil,
      "adapters go with neither pools, speculation nor waits for fuller batches")
    precondition(
      engine.adapters != nil || streams.allSatisfy { $0.adapters == nil }, "adapters that nothing holds")
    return engine(
      engine, cache, cost, run, role: prefill == nil ? .aggregated : .decode, router: router)
  }

  /// The engine that sees requests first.
  func firstEngine(_ run: RunPlan) -> Engine {
    guard let prefill else { return engine(run) }
    return engine(
      prefill.engine, prefill.cache, prefill.cost, run, role: .prefill, router: prefill.router)
  }

  /// The engine of a pool whose accelerators are held to a level.
  func engine(heldTo level: Int, isPrefill: Bool, _ run: RunPlan) -> Engine {
    if isPrefill, let prefill {
      return engine(
        prefill.engine, prefill.cache, prefill.powerLevels[level].cost, run, role: .prefill,
        router: prefill.router)
    }
    return engine(
      engine, cache, powerLevels[level].cost, run, role: prefill == nil ? .aggregated : .decode,
      router: router)
  }

  /// The engine of one pool.
  private func engine(
    _ options: EngineOptions, _ cache: KVCacheOptions, _ cost: StepCostTable, _ run: RunPlan, role: PoolRole,
    router: RouterPolicy
  ) -> Engine {
    let keepsPrompts =
      role != .decode && prefixCache != nil && streams.contains { $0.prompts != nil }
    let isAtMean = cost.loadDeviation == nil && cost.mixedLoadDeviation == nil
    let speculation = role == .prefill ? nil : options.speculation
    return Engine(
      options: options, cache: cache, cost: cost,
      speculation: speculation.map {
        SpeculationLaw($0, seed: run.seed, run: run.replication, name: name, streams: streams.count)
      },
      targets: streams.map(\.targets), macroSteps: run.macroSteps, recordsRequests: run.recordsRequests,
      role: role, firstToken: prefill?.handOff.firstToken ?? .handOff,
      prefixCache: keepsPrompts ? prefixCache : nil, prompts: keepsPrompts ? streams.map(\.prompts) : [],
      loadDraws: isAtMean
        ? nil : RandomStreamFamily(seed: run.seed, run: run.replication, "experts." + name),
      publishesPrefixes: keepsPrompts && router == .prefixAware,
      adapters: options.adapters.map { EngineAdapters($0, streams: streams.map(\.adapters)) },
      timeline: run.timeline?.replicas ?? 0..<0)
  }

  /// The arrivals of a stream.
  func generator(stream: Int, _ run: RunPlan) -> ArrivalGenerator {
    ArrivalGenerator(
      process: streams[stream].arrivals, requests: streams[stream].requests, seed: run.seed,
      run: run.replication, name: "arrivals." + name, index: UInt64(stream))
  }
}

/// What one partition of a deployment did.
struct PartitionOutcome: Sendable {
  struct ReplicaOutcome: Sendable {
    let id: Int32
    let cost: CostVector
    let peakCacheUtilisation: Double
    let peakOutstanding: Int
    let steps: Int64
  }

  let observations: Observations
  /// Requests in flight that have a slot.
  let inSlots: Int
  let steps: Int64
  let events: Int64
  let replicas: [ReplicaOutcome]
  let end: SimTime
  /// Requests that arrived but have no slot: in a front end, or waiting outside memory.
  let unborn: Int64
  var faults = FaultOutcome()
  var fleet: FleetOutcome?
  var transfers: TransferOutcome?

  init(_ shop: Shop, _ replicas: [Replica], end: SimTime, onTheWay: Int64) {
    var backlog: Int64 = 0
    for replica in replicas { backlog += replica.backlog?.remaining ?? 0 }
    unborn = backlog + onTheWay
    observations = shop.observations
    inSlots = shop.requests.inFlight
    steps = shop.steps
    events = shop.events
    self.end = end
    self.replicas = replicas.map {
      ReplicaOutcome(
        id: $0.id, cost: $0.cost,
        peakCacheUtilisation: Double($0.cache.peakUsed) / Double($0.cache.capacity),
        peakOutstanding: $0.peakOutstanding, steps: $0.steps)
    }
  }
}
