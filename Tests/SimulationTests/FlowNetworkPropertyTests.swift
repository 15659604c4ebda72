import Testing

@testable import Simulation

/// A random network and what happens on it.
struct NetworkCase {
  var cases: CaseGenerator
  var capacities: [Double]
  var withTies: Bool

  init(_ seed: Int) {
    cases = CaseGenerator(seed)
    withTies = seed % 3 == 0
    let ties = withTies
    let count = cases.int(1...12)
    capacities = []
    for _ in 0..<count {
      capacities.append(ties ? 1e9 * Double(cases.int(1...3)) : cases.double(1e8...2e10))
    }
  }

  mutating func route() -> [Int] {
    var route: [Int] = []
    for _ in 0..<cases.int(1...min(5, capacities.count)) {
      let link = cases.int(0...(capacities.count - 1))
      if !route.contains(link) { route.append(link) }
    }
    return route
  }

  mutating func cap() -> Double {
    guard cases.int(0...3) == 0 else { return .infinity }
    return withTies ? 1e8 * Double(cases.int(1...10)) : cases.double(1e7...5e9)
  }
}

@Suite("Max-min fair flows against the plain way")
struct FlowNetworkPropertyTests {
  @Test("rates of many flows at once, as they come and go", arguments: 0..<300)
  func rates(seed: Int) {
    var world = NetworkCase(seed)
    var network = FlowNetwork(capacitiesBytesPerSecond: world.capacities)
    var flows: [(id: FlowID, route: [Int], cap: Double)] = []
    for step in 0..<60 {
      let time = SimTime(nanoseconds: Int64(step))
      if world.cases.int(0...2) > 0 || flows.isEmpty {
        let route = world.route()
        let cap = world.cap()
        let id = network.start(
          route: route.map { LinkID(index: Int32($0)) }, bytes: 1e15, rateCap: cap, at: time)
        flows.append((id, route, cap))
      } else {
        network.cancel(flows.remove(at: world.cases.int(0...(flows.count - 1))).id, at: time)
      }
      let expected = NaiveFlowNetwork.rates(
        capacities: world.capacities, routes: flows.map(\.route), caps: flows.map(\.cap))
      for (flow, rate) in zip(flows, expected) {
        #expect(abs(network.rateBytesPerSecond(flow.id) - rate) <= 1e-9 * rate)
      }
    }
  }

  @Test("ends of flows, cancelled ones' bytes and capacities that change", arguments: 0..<300)
  func ends(seed: Int) {
    var world = NetworkCase(seed + 1000)
    var network = FlowNetwork(capacitiesBytesPerSecond: world.capacities)
    var naive = NaiveFlowNetwork(capacities: world.capacities)
    var ids: [FlowID] = []
    var time: Int64 = 0
    for step in 0..<80 {
      time += Int64(world.cases.int(0...3)) * Int64(world.cases.int(0...20_000_000))
      if step == 79 { time = .max / 4 }
      while network.nextCompletion.nanoseconds <= time,
        let (flow, payload) = network.popCompleted(at: network.nextCompletion)
      {
        #expect(ids[Int(payload)] == flow)
        // The other one goes on from this end, so that a rounding doesn't grow from flow to flow.
        let end = network.now.nanoseconds
        let expected = naive.end(Int(payload), at: end) ?? .max
        #expect(abs(end - expected) <= 1, "flow \(payload) ends at \(end) ns, not at \(expected) ns")
      }
      #expect(naive.nextEnd >= time)
      naive.now = max(naive.now, time)
      if step < 79 { change(&world, &network, &naive, &ids, at: time) }
    }
    let stalled = naive.flows.filter { $0 != nil }.count
    #expect(network.flowCount == stalled)
  }

  private func change(
    _ world: inout NetworkCase, _ network: inout FlowNetwork, _ naive: inout NaiveFlowNetwork,
    _ ids: inout [FlowID], at time: Int64
  ) {
    let instant = SimTime(nanoseconds: time)
    switch world.cases.int(0...9) {
    case 0 where !ids.isEmpty:
      let number = world.cases.int(0...(ids.count - 1))
      if naive.flows[number] != nil, network.isUnderWay(ids[number]) {
        let left = network.cancel(ids[number], at: instant)
        let expected = naive.cancel(number) ?? -1
        #expect(abs(left - expected) <= 100)
      }
    case 1:
      let link = world.cases.int(0...(world.capacities.count - 1))
      // Failed, restored or changed.
      let capacity = world.cases.pick([0, world.capacities[link], world.capacities[link] * 0.3])
      network.setCapacity(LinkID(index: Int32(link)), bytesPerSecond: capacity, at: instant)
      naive.setCapacity(link, capacity)
    default:
      let route = world.route()
      let cap = world.cap()
      let bytes = world.cases.pick([0, 1, 1e3, 1e6, 1e8, 1e8, 1e9]) * Double(world.cases.int(1...9))
      ids.append(
        network.start(
          route: route.map { LinkID(index: Int32($0)) }, bytes: bytes, rateCap: cap,
          payload: Int64(ids.count), at: instant))
      naive.start(route: route, bytes: bytes, cap: cap)
    }
  }
}
