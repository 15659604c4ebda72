import Synchronization
import Workload

/// Runs a deployment whose router knows the loads of replicas as they were at the last of regular reports.
///
/// Between two reports no replica can change what the router does, and the router looks at none: it first sends the
/// requests that arrive before the next report, then every partition takes its replicas there, each on its own, on as
/// many threads as there are partitions. What each replica does, and so every result, is the same for any number of them.
struct WindowedDriver {
  private let run: RunPlan
  private let deployment: DeploymentPlan
  private let router: IndependentRouter
  private let window: SimDuration
  private let sources: [RequestSource]
  private let engine: Engine
  let partitions: [WindowPartition]
  private var known: LoadTree
  private var merge: StreamMerge
  private var next: StreamMerge.Arrival?
  /// Requests that reached the router.
  private var routed: UInt64 = 0
  /// Windows that partitions have been taken through.
  private var windows: Int64 = 0

  init(_ deployment: DeploymentPlan, _ run: RunPlan, progress: RunProgress) {
    self.deployment = deployment
    self.run = run
    let window = SimDuration(seconds: deployment.loadReportSeconds)
    self.window = window
    router = IndependentRouter(
      policy: deployment.router, replicas: deployment.replicas, streams: deployment.streams, seed: run.seed,
      run: run.replication, name: deployment.name)
    let count = min(run.threads, deployment.replicas)
    partitions = (0..<count).map {
      WindowPartition(
        PartitionWindows(deployment, run, number: $0, of: count, window: window, progress: progress))
    }
    sources = deployment.sources
    engine = deployment.engine(run)
    known = LoadTree(replicas: deployment.replicas)
    merge = StreamMerge(
      generators: deployment.streams.indices.map { deployment.generator(stream: $0, run) },
      numbering: deployment.streams.map(\.numbering))
    next = merge.next()
  }

  /// Sends requests up to the next report.
  ///
  /// - Returns: the window to whose beginning all partitions have to be taken before this is called again; nil when no
  ///   request is left.
  mutating func sendUntilReport() -> Int64? {
    let horizon = run.horizon ?? .never
    guard let first = next, first.time < horizon else { return nil }
    let count = first.time.nanoseconds / window.nanoseconds
    if count > windows {
      // Reports of windows without arrivals change nothing that anyone looks at.
      windows = count
      return windows
    }
    readLoads()
    let end = SimTime(nanoseconds: (count + 1) * window.nanoseconds)
    var sent: [[Sent]] = Array(repeating: [], count: partitions.count)
    while let arrival = next, arrival.time < end, arrival.time < horizon {
      send(arrival, &sent)
      next = merge.next()
    }
    for (partition, requests) in zip(partitions, sent) { partition.state.withLock { $0.inbox = requests } }
    windows = count + 1
    return windows
  }

  private mutating func send(_ arrival: StreamMerge.Arrival, _ sent: inout [[Sent]]) {
    let request = sources[arrival.stream].request(
      stream: Int32(arrival.stream), index: arrival.index, arrival: arrival.time)
    let number = routed
    routed += 1
    guard engine.accepts(input: Int(request.input), maximumOutput: Int(request.maximumOutput)) else {
      // Whoever records it: it reaches no replica.
      sent[0].append(Sent(request: request, replica: 0))
      return
    }
    let target: Int
    switch deployment.router {
    case .powerOfTwo:
      let (one, other) = router.twoReplicas(ofRequest: number)
      target = known[other] < known[one] ? other : one
    default: target = known.least
    }
    known.add(1, to: target)
    sent[target % partitions.count].append(
      Sent(request: request, replica: Int32(target / partitions.count)))
  }

  private mutating func readLoads() {
    let loads = partitions.map { $0.state.withLock { $0.loads } }
    known.set({ loads[$0 % loads.count][$0 / loads.count] }, replicas: deployment.replicas)
  }
}

/// A request that the router has sent, and the number of its replica in its partition.
struct Sent {
  let request: Request
  let replica: Int32
}

/// A partition as threads share it: one at a time.
final class WindowPartition: Sendable {
  let state: Mutex<PartitionWindows>

  init(_ windows: consuming sending PartitionWindows) { state = Mutex(windows) }
}

/// The replicas of a partition, from report to report.
struct PartitionWindows {
  /// Requests that were sent here since the last window.
  var inbox: [Sent] = []
  /// Requests of each replica, those included that its front end has.
  private(set) var loads: [Int32]
  private var partition: Partition
  private let window: SimDuration
  private let horizon: SimTime
  /// Windows that are over.
  private var windows: Int64 = 0
  /// Requests in front ends, by the window in which their schedulers see them; the first is that of the next window.
  private var buckets: [[Ready]] = []
  private var sorted: [Ready] = []
  private var starts: [Int32]
  private var end = SimTime.zero

  private struct Ready {
    let time: SimTime
    let slot: Int32
    let replica: Int32
  }

  init(
    _ deployment: DeploymentPlan, _ run: RunPlan, number: Int, of partitions: Int, window: SimDuration,
    progress: RunProgress
  ) {
    self.window = window
    horizon = run.horizon ?? .never
    partition = Partition(
      deployment, run, replicas: stride(from: number, to: deployment.replicas, by: partitions),
      progress: progress)
    loads = Array(repeating: 0, count: partition.replicas.count)
    starts = Array(repeating: 0, count: partition.replicas.count + 1)
  }

  /// What was done; after ``finish()``.
  var outcome: PartitionOutcome {
    PartitionOutcome(partition.shop, partition.replicas, end: end, onTheWay: 0)
  }

  /// Takes every replica to the beginning of a window, the requests that were sent here included.
  mutating func advance(untilWindow target: Int64) {
    takeIn()
    while windows < target {
      // Windows in which no scheduler sees a request are taken at once.
      if buckets.isEmpty { windows = target - 1 }
      sweep(until: SimTime(nanoseconds: (windows + 1) * window.nanoseconds))
      windows += 1
    }
  }

  /// Takes every replica to the end of the run.
  mutating func finish() {
    takeIn()
    while !buckets.isEmpty {
      let until = SimTime(nanoseconds: (windows + 1) * window.nanoseconds)
      guard until <= horizon else { break }
      sweep(until: until)
      windows += 1
    }
    // Requests whose schedulers would see them after the horizon stay on their way.
    for bucket in buckets { for ready in bucket where ready.time <= horizon { deliver(ready) } }
    buckets.removeAll()
    end = partition.finish()
  }

  /// Requests enter the front ends of their replicas.
  private mutating func takeIn() {
    for sent in inbox where partition.accepts(sent.request) {
      let index = Int(sent.replica)
      let time = partition.handOverTime(sent.request, to: index)
      let bucket = Int(time.nanoseconds / window.nanoseconds - windows)
      while buckets.count <= bucket { buckets.append([]) }
      let slot = partition.shop.requests.insert(sent.request)
      buckets[bucket].append(Ready(time: time, slot: slot, replica: sent.replica))
      loads[index] += 1
    }
    inbox.removeAll(keepingCapacity: true)
  }

  /// One window: each replica in turn sees its requests and goes to the end.
  private mutating func sweep(until end: SimTime) {
    if !buckets.isEmpty { sort(buckets.removeFirst()) } else { sorted.removeAll(keepingCapacity: true) }
    let until = min(end, horizon)
    var next = 0
    for index in partition.replicas.indices {
      while next < sorted.count, sorted[next].replica == index {
        // Who would be seen after the horizon stays on the way.
        if sorted[next].time <= horizon { deliver(sorted[next]) }
        next += 1
      }
      partition.advance(index, until: until, inclusive: false)
      loads[index] = Int32(partition.replicas[index].outstanding)
    }
    // Who is still in a front end counts.
    for bucket in buckets { for ready in bucket { loads[Int(ready.replica)] += 1 } }
  }

  private mutating func deliver(_ ready: Ready) {
    let index = Int(ready.replica)
    partition.advance(index, until: ready.time, inclusive: false)
    guard partition.admits(partition.shop.requests[ready.slot], to: index, at: ready.time) else {
      partition.shop.requests.remove(ready.slot)
      return
    }
    partition.deliver(ready.slot, to: index, at: ready.time)
  }

  /// Requests by replica, those of one in their order: what a replica holds is then looked at once.
  private mutating func sort(_ requests: [Ready]) {
    for index in starts.indices { starts[index] = 0 }
    for ready in requests { starts[Int(ready.replica) + 1] += 1 }
    for index in 1..<starts.count { starts[index] += starts[index - 1] }
    sorted = requests
    for ready in requests {
      sorted[Int(starts[Int(ready.replica)])] = ready
      starts[Int(ready.replica)] += 1
    }
  }
}
