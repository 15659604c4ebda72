import Workload

/// Runs the replicas of one partition of a deployment whose router looks at nothing but request numbers.
///
/// No replica can tell what another does, so each is taken forward only when a request reaches it: there is no event
/// queue. Every partition draws all arrivals and keeps those of its replicas, `id % partitions == partition`.
struct IndependentDriver {
  private let run: RunPlan
  private let deployment: DeploymentPlan
  private let router: IndependentRouter
  private let number: Int
  private let partitions: Int
  private(set) var partition: Partition
  /// Requests that were still in a front end at the horizon.
  private var onTheWay: Int64 = 0

  init(
    _ deployment: DeploymentPlan, _ run: RunPlan, partition number: Int, of partitions: Int,
    progress: RunProgress
  ) {
    self.deployment = deployment
    self.run = run
    self.number = number
    self.partitions = partitions
    router = IndependentRouter(
      policy: deployment.router, replicas: deployment.replicas, streams: deployment.streams, seed: run.seed,
      run: run.replication,
      name: deployment.name)
    partition = Partition(
      deployment, run, replicas: stride(from: number, to: deployment.replicas, by: partitions),
      progress: progress)
  }

  mutating func simulate() -> PartitionOutcome {
    if !deliverBacklog() { deliverArrivals() }
    let end = partition.finish()
    return PartitionOutcome(partition.shop, partition.replicas, end: end, onTheWay: onTheWay)
  }

  /// An offline stream waits outside memory: each replica takes its requests when it has room for them.
  private mutating func deliverBacklog() -> Bool {
    guard deployment.streams.count == 1, case .offline(let count) = deployment.streams[0].arrivals,
      deployment.router == .roundRobin, partition.engine.options.queueOrder == .firstCome
    else { return false }
    let total = UInt64(min(count, deployment.streams[0].requests ?? count))
    let visible = SimTime.zero + deployment.frontEnd.delay(inputTokens: 0)
    let lengths = deployment.sources[0]
    let numbering = deployment.streams[0].numbering
    for index in partition.replicas.indices {
      let backlog = Backlog(
        stream: 0, arrival: .zero, first: numbering.number(ofArrival: UInt64(partition.replicas[index].id)),
        end: numbering.number(ofArrival: total), stride: UInt64(deployment.replicas) * numbering.stride,
        lengths: lengths)
      partition.give(backlog, to: index, at: visible)
    }
    return true
  }

  /// Hands every request of the merged streams to its replica, in order of arrival.
  private mutating func deliverArrivals() {
    var merge = StreamMerge(
      generators: deployment.streams.indices.map { deployment.generator(stream: $0, run) },
      numbering: deployment.streams.map(\.numbering))
    var number: UInt64 = 0
    while let next = merge.next() {
      if let horizon = run.horizon, next.time >= horizon { break }
      let target = router.replica(ofRequest: number, stream: next.stream, index: next.index)
      number += 1
      guard target % partitions == self.number, let request = partition.request(of: next) else { continue }
      let index = target / partitions
      let visible = partition.handOverTime(request, to: index)
      if let horizon = run.horizon, visible > horizon {
        onTheWay += 1
        continue
      }
      partition.advance(index, until: visible, inclusive: false)
      guard partition.admits(request, to: index, at: visible) else { continue }
      let slot = partition.shop.requests.insert(request)
      partition.deliver(slot, to: index, at: visible)
    }
  }
}
