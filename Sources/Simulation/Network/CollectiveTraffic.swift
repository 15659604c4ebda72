/// What a collective operation moves between accelerators, phase by phase, when it has the fabric to itself.
///
/// A check on the simulation of its flows, and a lower bound on its time.
struct CollectiveTraffic: Sendable {
  /// Bytes from one accelerator to another, over a whole phase.
  struct Transfer: Hashable, Sendable {
    var source: Int
    var destination: Int
    var bytes: Double
  }

  /// Transfers that run side by side, in steps that each wait for the one before.
  struct Phase: Hashable, Sendable {
    var transfers: [Transfer]
    var steps: Int
  }

  var phases: [Phase]

  /// A ring all-reduce of `bytes` on each accelerator: each passes 2(n - 1) parts of bytes/n on to the next one.
  static func ringAllReduce(_ accelerators: [Int], bytes: Double) -> CollectiveTraffic {
    CollectiveTraffic(phases: [ring(accelerators, bytes: bytes, rounds: 2)].compactMap { $0 })
  }

  /// An all-to-all: each accelerator has `bytes` for all of them together, its own part stays.
  static func allToAll(_ accelerators: [Int], bytes: Double) -> CollectiveTraffic {
    let part = bytes / Double(max(accelerators.count, 1))
    var transfers: [Transfer] = []
    for source in accelerators {
      for destination in accelerators where destination != source {
        transfers.append(Transfer(source: source, destination: destination, bytes: part))
      }
    }
    return CollectiveTraffic(phases: transfers.isEmpty ? [] : [Phase(transfers: transfers, steps: 1)])
  }

  /// An all-reduce of `bytes` over groups of equal size: rings reduce and scatter inside each group, rings across
  /// groups reduce each part, rings gather inside each group.
  static func hierarchicalAllReduce(_ groups: [[Int]], bytes: Double) -> CollectiveTraffic {
    guard let size = groups.first?.count, size > 0 else { return CollectiveTraffic(phases: []) }
    precondition(groups.allSatisfy { $0.count == size }, "groups differ in size")
    let inside = merged(groups.map { ring($0, bytes: bytes, rounds: 1) })
    let across = merged(
      (0..<size).map { place in ring(groups.map { $0[place] }, bytes: bytes / Double(size), rounds: 2) })
    return CollectiveTraffic(phases: [inside, across, inside].compactMap { $0 })
  }

  /// A ring in which each of n passes on `rounds`(n - 1) parts of bytes/n; nil for a ring of one.
  private static func ring(_ members: [Int], bytes: Double, rounds: Int) -> Phase? {
    guard members.count > 1 else { return nil }
    let steps = rounds * (members.count - 1)
    let moved = Double(steps) * bytes / Double(members.count)
    let transfers = members.indices.map {
      Transfer(source: members[$0], destination: members[($0 + 1) % members.count], bytes: moved)
    }
    return Phase(transfers: transfers, steps: steps)
  }

  private static func merged(_ phases: [Phase?]) -> Phase? {
    let phases = phases.compactMap { $0 }
    guard let first = phases.first else { return nil }
    return Phase(transfers: phases.flatMap(\.transfers), steps: first.steps)
  }

  /// The closed form: per phase the bytes on the busiest link / its capacity, and the latency of its steps.
  ///
  /// Reached where the flows of each busiest link end together, as those of a symmetric collective do.
  ///
  /// - Parameters:
  ///   - fabric: what it runs over.
  ///   - latencySecondsPerStep: of one step of a phase.
  /// - Returns: seconds; nil where some pair has no route.
  func seconds(over fabric: Fabric, latencySecondsPerStep: Double = 0) -> Double? {
    var load = Array(repeating: 0.0, count: fabric.linkCount)
    var seconds = 0.0
    for phase in phases {
      for index in load.indices { load[index] = 0 }
      guard phase.addBytes(over: fabric, to: &load) else { return nil }
      var busiest = 0.0
      var index = 0
      for block in fabric.blocks {
        for _ in 0..<block.count {
          busiest = max(busiest, load[index] / block.bytesPerSecond)
          index += 1
        }
      }
      seconds += busiest + Double(phase.steps) * latencySecondsPerStep
    }
    return seconds
  }

  /// The same by simulation: the flows of a phase start together, the next phase when the last one has ended.
  func simulatedSeconds(over fabric: Fabric, latencySecondsPerStep: Double = 0) -> Double? {
    var network = fabric.network()
    var time = SimTime.zero
    var links: [LinkID] = []
    for phase in phases {
      for (number, transfer) in phase.transfers.enumerated() {
        let found = fabric.findRoute(
          from: .accelerator(transfer.source), to: .accelerator(transfer.destination), key: UInt64(number),
          into: &links)
        guard found else { return nil }
        network.start(route: links, bytes: transfer.bytes, at: time)
      }
      while network.nextCompletion < .never {
        time = network.nextCompletion
        while network.popCompleted(at: time) != nil {}
      }
      time = time + SimDuration(seconds: Double(phase.steps) * latencySecondsPerStep)
    }
    return time.seconds
  }
}

extension CollectiveTraffic.Phase {
  /// Adds what crosses each link, by its number; false where some pair has no route.
  ///
  /// - Parameters:
  ///   - fabric: what it runs over.
  ///   - load: bytes by link.
  ///   - isLeftOut: pairs, source first, that use no link of the fabric.
  /// - Returns: whether routes were found.
  func addBytes(
    over fabric: Fabric, to load: inout [Double], except isLeftOut: (Int, Int) -> Bool = { _, _ in false }
  ) -> Bool {
    var links: [LinkID] = []
    for (number, transfer) in transfers.enumerated() where !isLeftOut(transfer.source, transfer.destination) {
      let found = fabric.findRoute(
        from: .accelerator(transfer.source), to: .accelerator(transfer.destination), key: UInt64(number),
        into: &links)
      guard found else { return false }
      for link in links { load[Int(link.index)] += transfer.bytes }
    }
    return true
  }
}
