import Testing

@testable import Simulation

private func at(_ nanoseconds: Int64) -> SimTime { SimTime(nanoseconds: nanoseconds) }
private func links(_ numbers: Int32...) -> [LinkID] { numbers.map { LinkID(index: $0) } }

/// Every end until the last one, as payload and nanoseconds.
private func drain(_ network: inout FlowNetwork) -> [(payload: Int64, end: Int64)] {
  var ends: [(payload: Int64, end: Int64)] = []
  while network.nextCompletion < .never, let done = network.popCompleted(at: network.nextCompletion) {
    ends.append((done.payload, network.now.nanoseconds))
  }
  return ends
}

@Suite("Flows share links, worked by hand")
struct FlowNetworkHandTests {
  @Test("one link: a flow alone, then two that share")
  func oneLink() {
    var network = FlowNetwork(capacitiesBytesPerSecond: [1e9])
    let first = network.start(route: links(0), bytes: 3000, payload: 1, at: at(0))
    #expect(network.nextCompletion == at(3000))
    let second = network.start(route: links(0), bytes: 1000, payload: 2, at: at(1000))
    // 2,000 bytes left against 1,000, at half a byte/ns each.
    #expect(network.rateBytesPerSecond(first) == 0.5e9)
    #expect(network.rateBytesPerSecond(second) == 0.5e9)
    let ends = drain(&network)
    #expect(ends.map(\.payload) == [2, 1])
    #expect(ends.map(\.end) == [3000, 4000])
    #expect(network.bytesCarried(LinkID(index: 0), at: at(4000)) == 4000)
    #expect(network.busyTime(LinkID(index: 0), at: at(9000)).nanoseconds == 4000)
  }

  @Test("the parking lot: a long flow and one on each of its two links")
  func parkingLot() {
    var network = FlowNetwork(capacitiesBytesPerSecond: [1e9, 2e9])
    let long = network.start(route: links(0, 1), bytes: 1e6, at: at(0))
    let onFirst = network.start(route: links(0), bytes: 1e6, at: at(0))
    let onSecond = network.start(route: links(1), bytes: 1e6, at: at(0))
    #expect(network.rateBytesPerSecond(long) == 0.5e9)
    #expect(network.rateBytesPerSecond(onFirst) == 0.5e9)
    #expect(network.rateBytesPerSecond(onSecond) == 1.5e9)
    // The second link's flow ends at 667 µs; the two others share the first link to the end.
    #expect(drain(&network).map(\.end) == [666_667, 2_000_000, 2_000_000])
  }

  @Test("what a capped flow leaves, the others share")
  func caps() {
    var network = FlowNetwork(capacitiesBytesPerSecond: [1e9])
    let capped = network.start(route: links(0), bytes: 1e6, rateCap: 0.1e9, at: at(0))
    let free = (0..<2).map { _ in network.start(route: links(0), bytes: 1e6, at: at(0)) }
    #expect(network.rateBytesPerSecond(capped) == 0.1e9)
    for flow in free { #expect(abs(network.rateBytesPerSecond(flow) - 0.45e9) < 1) }
    // A cap above the fair share holds nothing.
    let loose = network.start(route: links(0), bytes: 1e6, rateCap: 0.5e9, at: at(0))
    #expect(abs(network.rateBytesPerSecond(loose) - 0.3e9) < 1)
  }

  @Test("a capacity that changes half way")
  func capacity() {
    var network = FlowNetwork(capacitiesBytesPerSecond: [1e9])
    let flow = network.start(route: links(0), bytes: 1000, at: at(0))
    network.setCapacity(LinkID(index: 0), bytesPerSecond: 0.25e9, at: at(500))
    #expect(network.bytesLeft(flow, at: at(900)) == 400)
    #expect(network.nextCompletion == at(2500))
  }

  @Test("a link that fails holds its flows, lets others go, and goes on where it stopped")
  func failure() {
    var network = FlowNetwork(capacitiesBytesPerSecond: [1e9, 1e9])
    let held = network.start(route: links(0, 1), bytes: 1000, payload: 1, at: at(0))
    network.start(route: links(1), bytes: 1000, payload: 2, at: at(0))
    network.setCapacity(LinkID(index: 0), bytesPerSecond: 0, at: at(400))
    #expect(network.rateBytesPerSecond(held) == 0)
    #expect(network.nextCompletion == at(1200))
    #expect(network.popCompleted(at: at(1200))?.payload == 2)
    #expect(network.nextCompletion == .never)
    #expect(network.popCompleted(at: at(5000)) == nil)
    network.setCapacity(LinkID(index: 0), bytesPerSecond: 1e9, at: at(10_000))
    #expect(drain(&network).map(\.end) == [10_800])
    #expect(network.busyTime(LinkID(index: 0), at: at(20_000)).nanoseconds == 400 + 800)
  }

  @Test("a flow that is cancelled gives back what it hasn't moved")
  func cancel() {
    var network = FlowNetwork(capacitiesBytesPerSecond: [1e9])
    let first = network.start(route: links(0), bytes: 1000, at: at(0))
    network.start(route: links(0), bytes: 1000, at: at(0))
    #expect(network.cancel(first, at: at(600)) == 700)
    #expect(!network.isUnderWay(first))
    // The other one has 700 left, too, at full rate.
    #expect(network.nextCompletion == at(1300))
    #expect(network.bytesCarried(LinkID(index: 0), at: at(1000)) == 1000)
  }

  @Test("flows that end together leave in the order in which they started")
  func together() {
    var network = FlowNetwork(capacitiesBytesPerSecond: [3e9])
    let early = network.start(route: links(0), bytes: 1, at: at(0))
    network.cancel(early, at: at(0))
    for payload in [7, 5, 9] as [Int64] {
      network.start(route: links(0), bytes: 1000, payload: payload, at: at(10))
    }
    #expect(network.nextCompletion == at(1010))
    var payloads: [Int64] = []
    while let done = network.popCompleted(at: at(1010)) { payloads.append(done.payload) }
    #expect(payloads == [7, 5, 9])
  }

  @Test("a flow takes at least a nanosecond, on no link too")
  func shortest() {
    var network = FlowNetwork(capacitiesBytesPerSecond: [1e12])
    network.start(route: links(0), bytes: 0, at: at(5))
    network.start(route: [], bytes: 1e9, at: at(5))
    network.start(route: [], bytes: 1000, rateCap: 1e9, at: at(5))
    #expect(drain(&network).map(\.end) == [6, 6, 1005])
  }

  @Test("the rest of a flow takes another way")
  func reroute() {
    var network = FlowNetwork(capacitiesBytesPerSecond: [1e9, 0.5e9])
    let flow = network.start(route: links(0), bytes: 1000, at: at(0))
    #expect(network.nextCompletion == at(1000))
    network.setCapacity(LinkID(index: 0), bytesPerSecond: 0, at: at(400))
    network.reroute(flow, links(1), at: at(500))
    #expect(drain(&network).map(\.end) == [1700])
    #expect(network.bytesCarried(LinkID(index: 0), at: at(1700)) == 400)
    #expect(network.bytesCarried(LinkID(index: 1), at: at(1700)) == 600)
    #expect(network.busyTime(LinkID(index: 0), at: at(1700)).nanoseconds == 400)
    #expect(network.busyTime(LinkID(index: 1), at: at(1700)).nanoseconds == 1200)
  }

  @Test("background traffic takes a share, of a repaired link too")
  func background() {
    var network = FlowNetwork(capacitiesBytesPerSecond: [1e9])
    let link = LinkID(index: 0)
    network.setBackground(link, share: 0.25, at: at(0))
    let flow = network.start(route: [link], bytes: 1e6, at: at(0))
    #expect(network.rateBytesPerSecond(flow) == 0.75e9)
    network.setCapacity(link, bytesPerSecond: 0, at: at(10))
    network.setCapacity(link, bytesPerSecond: 1e9, at: at(20))
    #expect(network.rateBytesPerSecond(flow) == 0.75e9)
  }

  @Test("a passed completion, a clock that runs backwards, an ended flow, a loop: each ends the process")
  func preconditions() async {
    await #expect(processExitsWith: .failure) {
      var network = FlowNetwork(capacitiesBytesPerSecond: [1e9])
      network.start(route: [LinkID(index: 0)], bytes: 10, at: SimTime(nanoseconds: 0))
      network.start(route: [LinkID(index: 0)], bytes: 10, at: SimTime(nanoseconds: 11))
    }
    await #expect(processExitsWith: .failure) {
      var network = FlowNetwork(capacitiesBytesPerSecond: [1e9])
      network.start(route: [LinkID(index: 0)], bytes: 10, at: SimTime(nanoseconds: 5))
      network.setCapacity(LinkID(index: 0), bytesPerSecond: 1, at: SimTime(nanoseconds: 4))
    }
    await #expect(processExitsWith: .failure) {
      var network = FlowNetwork(capacitiesBytesPerSecond: [1e9])
      let flow = network.start(route: [LinkID(index: 0)], bytes: 10, at: SimTime(nanoseconds: 5))
      network.cancel(flow, at: SimTime(nanoseconds: 5))
      network.start(route: [LinkID(index: 0)], bytes: 10, at: SimTime(nanoseconds: 5))
      network.cancel(flow, at: SimTime(nanoseconds: 5))
    }
    await #expect(processExitsWith: .failure) {
      var network = FlowNetwork(capacitiesBytesPerSecond: [1e9])
      network.start(route: [LinkID(index: 0), LinkID(index: 0)], bytes: 10, at: SimTime(nanoseconds: 5))
    }
  }
}

@Suite("Laws of flows that share links")
struct FlowNetworkLawTests {
  /// Random flows on a network of pairs of links, and when they end.
  private func run(
    _ seed: Int, scale: Double = 1, network: inout FlowNetwork, offset: Int32 = 0,
    alongside: (inout FlowNetwork, Int64) -> Void = { _, _ in }
  ) -> [Int64: Int64] {
    var cases = CaseGenerator(seed)
    var time: Int64 = 0
    var ends: [Int64: Int64] = [:]
    for number in 0..<60 {
      time += Int64(cases.int(0...2000))
      note(&network, until: time, &ends)
      alongside(&network, time)
      let up = Int32(cases.int(0...3))
      let down = Int32(cases.int(4...7))
      network.start(
        route: [LinkID(index: offset + up), LinkID(index: offset + down)],
        bytes: scale * Double(cases.int(1...20_000)), payload: Int64(number), at: at(time))
      // As a driver asks after each of its events.
      _ = network.nextCompletion
    }
    note(&network, until: .max / 2, &ends)
    return ends
  }

  private func note(_ network: inout FlowNetwork, until time: Int64, _ ends: inout [Int64: Int64]) {
    while network.nextCompletion.nanoseconds <= time,
      let done = network.popCompleted(at: network.nextCompletion)
    {
      if done.payload >= 0 { ends[done.payload] = network.now.nanoseconds }
    }
  }

  @Test("what happens elsewhere makes no difference at all", arguments: 0..<50)
  func independence(seed: Int) {
    let capacities = (0..<8).map { 1e9 * Double($0 % 3 + 1) / 1.7 }
    var alone = FlowNetwork(capacitiesBytesPerSecond: capacities)
    let expected = run(seed, network: &alone)
    // The same links behind eight others, on which flows come and go at the same instants and in between.
    var both = FlowNetwork(capacitiesBytesPerSecond: capacities + capacities)
    var cases = CaseGenerator(seed + 77)
    let ends = run(seed, network: &both, offset: 8) { network, time in
      for _ in 0..<cases.int(0...3) {
        network.start(
          route: links(Int32(cases.int(0...3)), Int32(cases.int(4...7))),
          bytes: Double(cases.int(1...20_000)), payload: -1, at: at(time))
      }
      if cases.int(0...5) == 0 {
        network.setCapacity(LinkID(index: 2), bytesPerSecond: cases.double(1e8...1e9), at: at(time))
      }
    }
    #expect(ends == expected)
    #expect(expected.count == 60)
  }

  @Test("the same calls give the same ends", arguments: 0..<10)
  func determinism(seed: Int) {
    var first = FlowNetwork(capacitiesBytesPerSecond: Array(repeating: 1.1e9, count: 8))
    var second = first
    #expect(run(seed, network: &first) == run(seed, network: &second))
  }

  @Test("every byte that started is carried, left or given back, on each link", arguments: 0..<100)
  func conservation(seed: Int) {
    var cases = CaseGenerator(seed)
    var network = FlowNetwork(capacitiesBytesPerSecond: (0..<6).map { _ in cases.double(1e8...3e9) })
    var time: Int64 = 0
    var flows: [(id: FlowID, route: [LinkID], bytes: Double)] = []
    var ended = Array(repeating: 0.0, count: 6)
    for _ in 0..<100 {
      time += Int64(cases.int(0...1000))
      while network.nextCompletion.nanoseconds <= time,
        let done = network.popCompleted(at: network.nextCompletion)
      {
        guard let index = flows.firstIndex(where: { $0.id == done.flow }) else { continue }
        let flow = flows.remove(at: index)
        for link in flow.route { ended[Int(link.index)] += flow.bytes }
      }
      if cases.int(0...4) == 0 && !flows.isEmpty {
        let flow = flows.remove(at: cases.int(0...(flows.count - 1)))
        let left = network.cancel(flow.id, at: at(time))
        for link in flow.route { ended[Int(link.index)] += flow.bytes - left }
      } else {
        let first = Int32(cases.int(0...4))
        let route = links(first, Int32(cases.int(Int(first) + 1...5)))
        let bytes = Double(cases.int(1...5_000))
        flows.append((network.start(route: route, bytes: bytes, at: at(time)), route, bytes))
      }
    }
    for link in 0..<6 {
      let id = LinkID(index: Int32(link))
      var expected = ended[link]
      for flow in flows where flow.route.contains(id) {
        expected += flow.bytes - network.bytesLeft(flow.id, at: at(time))
      }
      #expect(abs(network.bytesCarried(id, at: at(time)) - expected) <= 1e-9 * expected)
      let busy = network.busyTime(id, at: at(time))
      #expect(busy.nanoseconds <= time)
      #expect(expected <= network.capacityBytesPerSecond(id) * (busy.seconds + 100e-9))
    }
    _ = drain(&network)
    #expect(network.flowCount == 0)
  }

  @Test("whole bytes are carried to the last one")
  func exactBytes() {
    var network = FlowNetwork(capacitiesBytesPerSecond: [0.7e9, 1.3e9])
    for bytes in 1...500 {
      network.start(route: bytes % 3 == 0 ? links(0, 1) : links(0), bytes: Double(bytes), at: at(0))
    }
    let end = drain(&network).last?.end ?? 0
    #expect(network.bytesCarried(LinkID(index: 0), at: at(end)) == 125_250)
  }

  @Test("twice the capacity and twice the bytes end at the same instants", arguments: 0..<20)
  func scale(seed: Int) {
    var small = FlowNetwork(capacitiesBytesPerSecond: (0..<8).map { 1e9 + 1e8 * Double($0) })
    var large = FlowNetwork(capacitiesBytesPerSecond: (0..<8).map { 2e9 + 2e8 * Double($0) })
    #expect(run(seed, network: &small) == run(seed, scale: 2, network: &large))
  }

  @Test("twice the capacity takes half the time", arguments: 0..<20)
  func halfTime(seed: Int) {
    var cases = CaseGenerator(seed)
    var slow = FlowNetwork(capacitiesBytesPerSecond: Array(repeating: 1e9, count: 4))
    var fast = FlowNetwork(capacitiesBytesPerSecond: Array(repeating: 2e9, count: 4))
    for _ in 0..<30 {
      let route = links(Int32(cases.int(0...1)), Int32(cases.int(2...3)))
      let bytes = 2e6 * Double(cases.int(1...500))
      slow.start(route: route, bytes: bytes, at: at(0))
      fast.start(route: route, bytes: bytes, at: at(0))
    }
    for (a, b) in zip(drain(&slow), drain(&fast)) { #expect(abs(a.end - 2 * b.end) <= 4) }
  }

  /// Not so in general: a flow that slows another one down may speed up a third that shares a link with that one.
  @Test("where all share one link, one more flow ends none of the others sooner", arguments: 0..<30)
  func oneBottleneck(seed: Int) {
    var cases = CaseGenerator(seed)
    var without = FlowNetwork(capacitiesBytesPerSecond: [1e9, 5e9])
    for number in 0..<20 {
      without.start(
        route: number % 2 == 0 ? links(0) : links(0, 1), bytes: Double(cases.int(1...100_000)),
        rateCap: number % 5 == 0 ? 2e7 : .infinity, payload: Int64(number), at: at(0))
    }
    var with = without
    with.start(route: links(0), bytes: Double(cases.int(1...100_000)), payload: 99, at: at(0))
    var ends: [Int64: Int64] = [:]
    for done in drain(&with) { ends[done.payload] = done.end }
    for done in drain(&without) { #expect(ends[done.payload] ?? 0 >= done.end - 1) }
  }

  @Test("many links that tie, and many flows on one link: rates settle")
  func ties() {
    var network = FlowNetwork(capacitiesBytesPerSecond: Array(repeating: 1e9, count: 30))
    var cases = CaseGenerator(4)
    for number in 0..<3000 {
      let first = Int32(cases.int(0...9))
      let route = links(first, Int32(cases.int(10...19)), Int32(cases.int(20...29)))
      network.start(route: route, bytes: 1e6, at: at(Int64(number)))
    }
    #expect(drain(&network).count == 3000)
    #expect(network.relevelings < 3000 * 30 * 4)
  }
}
