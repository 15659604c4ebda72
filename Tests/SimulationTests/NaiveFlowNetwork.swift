@testable import Simulation

/// Max-min fair flows the plain way: every change fills all links from zero.
struct NaiveFlowNetwork {
  struct Flow {
    var route: [Int]
    var cap: Double
    var left: Double
    var rate = 0.0
    var anchor: Int64
    var earliest: Int64
    var end = Int64.max
  }

  var capacities: [Double]
  /// By number of flow; nil when it has ended.
  var flows: [Flow?] = []
  var now: Int64 = 0

  /// When the next flow ends; never: `.max`.
  var nextEnd: Int64 { flows.compactMap { $0?.end }.min() ?? .max }

  /// Takes a flow out at an instant, and tells when it should have ended.
  mutating func end(_ number: Int, at time: Int64) -> Int64? {
    let end = flows[number]?.end
    now = time
    flows[number] = nil
    share()
    return end
  }

  mutating func start(route: [Int], bytes: Double, cap: Double) {
    flows.append(Flow(route: route, cap: cap, left: bytes, anchor: now, earliest: now + 1))
    share()
  }

  mutating func cancel(_ number: Int) -> Double? {
    guard let flow = flows[number] else { return nil }
    flows[number] = nil
    let left = flow.end <= now ? 0 : max(0, flow.left - flow.rate * Double(now - flow.anchor) * 1e-9)
    share()
    return left
  }

  mutating func setCapacity(_ link: Int, _ capacity: Double) {
    capacities[link] = capacity
    share()
  }

  /// Rates by progressive filling: all rise together; a flow stops at its cap or at a link that is full.
  static func rates(capacities: [Double], routes: [[Int]], caps: [Double]) -> [Double] {
    var rates = Array(repeating: 0.0, count: routes.count)
    var open = Array(repeating: true, count: routes.count)
    var left = capacities
    while open.contains(true) {
      var counts = Array(repeating: 0, count: capacities.count)
      for flow in routes.indices where open[flow] { for link in routes[flow] { counts[link] += 1 } }
      // The next level at which something stops.
      var level = Double.infinity
      for link in capacities.indices where counts[link] > 0 {
        level = min(level, max(0, left[link]) / Double(counts[link]))
      }
      for flow in routes.indices where open[flow] { level = min(level, caps[flow]) }
      let full = capacities.indices.map {
        counts[$0] > 0 && max(0, left[$0]) / Double(counts[$0]) <= level * (1 + 1e-13)
      }
      for flow in routes.indices where open[flow] {
        guard caps[flow] <= level || routes[flow].contains(where: { full[$0] }) else { continue }
        rates[flow] = level
        open[flow] = false
        for link in routes[flow] { left[link] -= level }
      }
    }
    return rates
  }

  private mutating func share() {
    let alive = flows.indices.filter { flows[$0] != nil }
    let rates = Self.rates(
      capacities: capacities, routes: alive.map { flows[$0]?.route ?? [] },
      caps: alive.map { flows[$0]?.cap ?? 0 })
    for (index, number) in alive.enumerated() {
      guard var flow = flows[number] else { continue }
      if flow.end <= now {
        flow.left = 0
      } else {
        flow.left = max(0, flow.left - flow.rate * Double(now - flow.anchor) * 1e-9)
      }
      flow.rate = rates[index]
      flow.anchor = now
      let seconds = flow.left == 0 ? 0 : flow.left / flow.rate
      flow.end = seconds < 9e9 ? max(flow.earliest, now + Int64(seconds * 1e9 + 0.5)) : .max
      flows[number] = flow
    }
  }
}
