import CostModel

/// What the cells of a deployment did, beside the model from which its outcome is an estimate.
public struct SampleOutcome: Sendable {
  /// The cells, as they ran.
  public var cells: [DeploymentOutcome]
  /// How large model and cells are.
  public var plan: SampleCells

  /// The estimate that all cells but one make; for how much an estimate depends on chance.
  public func leavingOut(_ cell: Int) -> DeploymentOutcome {
    var others = cells
    others.remove(at: cell)
    return DeploymentOutcome(
      estimatedFrom: others, replicas: plan.cell.replicas * others.count, cells: others, plan)
  }

  /// The error of the model's estimate, as a multiple of that of the cells together: it has more replicas.
  public var errorOfModel: Double {
    (Double(plan.count * plan.cell.replicas) / Double(plan.model.replicas)).squareRoot()
  }
}

/// The number that something is multiplied with: whole numbers stay whole, and sums of parts stay within one of the whole.
struct SampleScale {
  let replicas: Int
  let simulated: Int

  init(replicas: Int, simulated: Int) {
    self.replicas = replicas
    self.simulated = simulated
  }

  var factor: Double { Double(replicas) / Double(simulated) }

  func callAsFunction(_ value: Double) -> Double { value * factor }
  func callAsFunction(_ value: Int) -> Int { Int(self(Int64(value))) }

  func callAsFunction(_ value: Int64) -> Int64 {
    Int64((Int128(value) * Int128(replicas) + Int128(simulated / 2)) / Int128(simulated))
  }

  func callAsFunction(_ value: Int128) -> Int128 { value * Int128(replicas) / Int128(simulated) }
}

extension DeploymentPlan {
  /// The model and the cells of a sample, with how they run.
  func parts(of cells: SampleCells, _ run: RunPlan) -> [(plan: DeploymentPlan, run: RunPlan)] {
    cells.parts.map {
      (part($0, of: cells, seed: run.seed, replication: run.replication), run.ofPart($0.number))
    }
  }
}

extension DeploymentOutcome {
  /// What a deployment did, estimated from its model; cells say how sure that is.
  init(model: DeploymentOutcome, cells: [DeploymentOutcome], _ plan: SampleCells) {
    self.init(estimatedFrom: [model], replicas: plan.model.replicas, cells: cells, plan)
    events += cells.reduce(0) { $0 + $1.events }
    var cells = cells
    for index in cells.indices { cells[index].observations.records = [] }
    sample = SampleOutcome(cells: cells, plan: plan)
  }

  /// What a deployment did, estimated from parts of it.
  ///
  /// Sums are multiplied by replicas over replicas simulated; energy over time is first cleared of what chance adds to
  /// a small sum (``SampledEnergy``). ``events`` are those that were handled.
  /// - Parameters:
  ///   - parts: what they did, at least one.
  ///   - simulated: replicas of all of them.
  ///   - cells: what cells did, which tell chance from what is common; they may be the parts.
  ///   - plan: how the deployment was cut.
  init(
    estimatedFrom parts: [DeploymentOutcome], replicas simulated: Int, cells: [DeploymentOutcome],
    _ plan: SampleCells
  ) {
    let scale = SampleScale(replicas: plan.siteReplicas, simulated: simulated)
    var observations = parts[0].observations
    for part in parts.dropFirst() { observations.add(part.observations) }
    observations.records.sort { ($0.stream, $0.index) < ($1.stream, $1.index) }
    observations.steady(
      as: SampledEnergy(
        of: observations, replicas: simulated, cells: cells.map(\.observations), plan))
    observations.scale(by: scale)
    let counts = observations.counts
    self.init(
      name: parts[0].name, observations: observations,
      cost: parts.reduce(CostVector.zero) { $0 + $1.cost } * scale.factor,
      end: parts.map(\.end).max() ?? .zero,
      inFlight: counts.arrived - counts.completed - counts.rejected - counts.cancelled - counts.failed,
      peakInFlight: scale(parts.reduce(0) { $0 + $1.peakInFlight }),
      peakCacheUtilisation: parts.map(\.peakCacheUtilisation).max() ?? 0,
      steps: scale(parts.reduce(0) { $0 + $1.steps }), events: parts.reduce(0) { $0 + $1.events })
    for part in parts { faults.add(part.faults) }
    faults.scale(by: scale)
    for other in parts.compactMap(\.fleet) {
      if fleet == nil { fleet = other } else { fleet?.add(other) }
    }
    fleet?.scale(by: scale)
    pools = parts[0].pools.indices.map { index in
      var pool = parts[0].pools[index]
      for part in parts.dropFirst() { pool.add(part.pools[index]) }
      pool.scale(by: scale)
      return pool
    }
  }
}

extension Observations {
  /// Multiplies everything that adds up.
  fileprivate mutating func scale(by scale: SampleScale) {
    scaleSeries { $0.scale(by: scale) }
    scaleEpochs { $0.scale(by: scale) }
    counts.scale(by: scale)
    for index in classes.indices { classes[index].scale(by: scale) }
    scaleOrigin { scale($0) }
  }
}

extension TimeSeries {
  /// Multiplies what happened; the sum of any first buckets is within one of the product of their sum.
  mutating func scale(by scale: SampleScale) {
    var before = BucketSums()
    var after = BucketSums()
    mapBuckets { bucket in
      before.add(bucket)
      let wanted = before.map { scale($0) }
      let scaled = wanted.less(after)
      after = wanted
      return scaled
    }
  }
}

/// Sums of buckets, which may exceed 64 bits.
private struct BucketSums {
  private var sums = Array(repeating: Int128(0), count: TimeSeries.Bucket.fieldCount)

  mutating func add(_ bucket: TimeSeries.Bucket) {
    for (index, value) in bucket.fields.enumerated() { sums[index] += Int128(value) }
  }

  func map(_ body: (Int128) -> Int128) -> BucketSums {
    var mapped = self
    for index in sums.indices { mapped.sums[index] = body(sums[index]) }
    return mapped
  }

  /// A bucket that holds the difference.
  func less(_ other: BucketSums) -> TimeSeries.Bucket {
    TimeSeries.Bucket(fields: zip(sums, other.sums).map { Int64($0 - $1) })
  }
}

extension LatencyHistograms {
  fileprivate mutating func scale(by scale: SampleScale) {
    timeToFirstToken.scale(by: scale)
    timeToFirstAnswerToken.scale(by: scale)
    timePerOutputToken.scale(by: scale)
    interTokenLatency.scale(by: scale)
    endToEnd.scale(by: scale)
    queue.scale(by: scale)
  }
}

extension ClassObservations {
  fileprivate mutating func scale(by scale: SampleScale) {
    arrived = scale(arrived)
    completed = scale(completed)
    rejected = scale(rejected)
    cancelled = scale(cancelled)
    failed = scale(failed)
    good = scale(good)
    outputTokens = scale(outputTokens)
    goodOutputTokens = scale(goodOutputTokens)
    timeToFirstToken.scale(by: scale)
    timePerOutputToken.scale(by: scale)
    endToEnd.scale(by: scale)
  }
}

extension RequestCounts {
  fileprivate mutating func scale(by scale: SampleScale) {
    arrived = scale(arrived)
    completed = scale(completed)
    rejected = scale(rejected)
    refusedByQueue = scale(refusedByQueue)
    refusedByLimit = scale(refusedByLimit)
    shed = scale(shed)
    cancelled = scale(cancelled)
    failed = scale(failed)
    preemptions = scale(preemptions)
    good = scale(good)
    inputTokens = scale(inputTokens)
    cachedTokens = scale(cachedTokens)
    recomputedTokens = scale(recomputedTokens)
    swappedTokens = scale(swappedTokens)
    cancelledTokens = scale(cancelledTokens)
    outputTokens = scale(outputTokens)
    adapterStarts = scale(adapterStarts)
    adapterLoads = scale(adapterLoads)
  }
}

extension FaultOutcome {
  fileprivate mutating func scale(by scale: SampleScale) {
    failures = scale(failures)
    downSeconds = scale(downSeconds)
    interrupted = scale(interrupted)
    lostTokens = scale(lostTokens)
    takeovers = scale(takeovers)
    slowSeconds = scale(slowSeconds)
  }
}

extension FleetOutcome {
  fileprivate mutating func add(_ other: FleetOutcome) {
    onSeconds += other.onSeconds
    acceleratorSeconds += other.acceleratorSeconds
    peak += other.peak
    starts += other.starts
    drains += other.drains
  }

  fileprivate mutating func scale(by scale: SampleScale) {
    onSeconds = scale(onSeconds)
    acceleratorSeconds = scale(acceleratorSeconds)
    peak = scale(peak)
    starts = scale(starts)
    drains = scale(drains)
  }
}

extension PoolOutcome {
  fileprivate mutating func add(_ other: PoolOutcome) {
    replicas += other.replicas
    cost += other.cost
    steps += other.steps
    peakInFlight += other.peakInFlight
    peakCacheUtilisation = max(peakCacheUtilisation, other.peakCacheUtilisation)
  }

  fileprivate mutating func scale(by scale: SampleScale) {
    replicas = scale(replicas)
    cost *= scale.factor
    steps = scale(steps)
    peakInFlight = scale(peakInFlight)
  }
}
