import CostModel
import Facility
import Hardware
import Quantities
import Scenario
import Simulation

extension ResolvedScenario {
  /// The limits of power that the site's accelerators have to keep; nil where it has none.
  public var powerControl: PowerControl? {
    guard let capping = site.capping else { return nil }
    var groups: [PowerControl.Group] = []
    var racks: [Int?] = []
    for (index, deployment) in deployments.enumerated() {
      let plan = deployment.plan
      for role in plan.prefill == nil ? [PoolRole.aggregated] : [.prefill, .decode] {
        let isPrefill = role == .prefill
        let design = isPrefill ? deployment.prefillDesign ?? deployment.design : deployment.design
        let each = isPrefill ? plan.prefill?.acceleratorsPerReplica ?? 1 : plan.acceleratorsPerReplica
        let first = plan.prefill?.replicas ?? 0
        let pool = isPrefill ? 0..<first : first..<plan.allReplicas
        let parts = capping.hasPlaces ? Self.byRack(deployment, pool) : [(nil, pool.count, nil)]
        for (replicas, count, rack) in parts {
          groups.append(
            PowerControl.Group(
              deployment: index, role: role, replicas: replicas, accelerators: count * each,
              idleWatts: design.system.accelerator.idlePower.si, priority: deployment.powerPriority))
          racks.append(rack)
        }
      }
    }
    return PowerControl(
      policy: capping.policy, intervalSeconds: capping.intervalSeconds, groups: groups,
      root: root(capping, groups, racks))
  }

  /// The replicas of a pool by the rack that they begin on, with how many they are, in order of racks.
  private static func byRack(
    _ deployment: ResolvedDeployment, _ pool: Range<Int>
  ) -> [(replicas: [Int]?, count: Int, rack: Int?)] {
    var parts: [(replicas: [Int]?, count: Int, rack: Int?)] = []
    for replica in pool {
      let rack = deployment.racks[replica]
      if parts.last?.rack == rack, let last = parts.indices.last {
        parts[last].replicas?.append(replica)
        parts[last].count += 1
      } else {
        parts.append(([replica], 1, rack))
      }
    }
    return parts
  }

  /// The feed with rows and racks behind it.
  private func root(
    _ capping: SiteCapping, _ groups: [PowerControl.Group], _ racks: [Int?]
  ) -> PowerControl.Point {
    let feed = capping.feedWatts.map { feedLimits($0) } ?? [(0, .infinity)]
    guard capping.hasPlaces else {
      return PowerControl.Point(name: "feed", limits: feed, groups: Array(groups.indices))
    }
    let numbers = Set(racks.compactMap { $0 }).sorted()
    let ofRacks = numbers.map { rack in
      let behind = groups.indices.filter { racks[$0] == rack }
      let limit = capping.rackWatts.map { acceleratorWatts($0, racks: 1, groups: behind.map { groups[$0] }) }
      return PowerControl.Point(
        name: "rack \(rack)", limits: [(0, limit ?? .infinity)], groups: Array(behind))
    }
    guard let rowWatts = capping.rowWatts else {
      return PowerControl.Point(name: "feed", limits: feed, children: ofRacks)
    }
    var rows: [PowerControl.Point] = []
    for row in Set(numbers.map { $0 / site.racksPerRow }).sorted() {
      let own = zip(numbers, ofRacks).filter { $0.0 / site.racksPerRow == row }.map(\.1)
      let behind = own.flatMap(\.groups).map { groups[$0] }
      let limit = acceleratorWatts(rowWatts, racks: site.racksPerRow, groups: behind)
      rows.append(PowerControl.Point(name: "row \(row)", limits: [(0, limit)], children: own))
    }
    return PowerControl.Point(name: "feed", limits: feed, children: rows)
  }

  /// What accelerators may draw under the limit of some racks: the rest is what nodes and accelerators without work draw.
  ///
  /// The racks' system is that of their first group.
  private func acceleratorWatts(_ watts: Double, racks: Int, groups: [PowerControl.Group]) -> Double {
    guard let group = groups.first else { return watts }
    let deployment = deployments[group.deployment]
    let design = group.role == .prefill ? deployment.prefillDesign ?? deployment.design : deployment.design
    let part = SitePart(
      system: design.system, accelerators: racks * design.system.rack.accelerators,
      nodes: racks * design.system.nodesPerRack, racks: racks)
    return ITLoad([part]).acceleratorWatts(itWatts: watts, used: groups)
  }

  /// What accelerators may draw under the limit of the feed, hour by hour where the weather or the grid's wishes differ.
  private func feedLimits(_ watts: Double) -> [(seconds: Double, watts: Double)] {
    let load = ITLoad(site.parts)
    let groups = deployments.enumerated().flatMap { index, deployment -> [PowerControl.Group] in
      let idle = deployment.design.system.accelerator.idlePower.si
      return [
        PowerControl.Group(
          deployment: index, role: .aggregated, accelerators: deployment.plan.accelerators, idleWatts: idle)
      ]
    }
    guard let facility = site.facility else {
      return [(0, load.acceleratorWatts(itWatts: watts / site.sitePowerPerITWatt, used: groups))]
    }
    let events = facility.grid?.policy.events ?? []
    var times: [Double] = [0]
    for event in events {
      times += [event.startSeconds, event.endSeconds].map { $0 - facility.startSeconds }
    }
    let length = run.horizon?.seconds ?? 0
    times += stride(from: 3600.0, to: max(length, 3600), by: 3600)
    var limits: [(seconds: Double, watts: Double)] = []
    for time in Set(times.filter { $0 >= 0 }).sorted() {
      let moment = facility.startSeconds + time
      let allowed = events.filter { $0.startSeconds <= moment && moment < $0.endSeconds }
        .reduce(watts) { min($0, $1.limitWatts) }
      // The hotter end of the hour counts.
      let celsius = max(
        facility.climate.celsius(atSeconds: moment), facility.climate.celsius(atSeconds: moment + 3600))
      let itWatts = facility.plant.rackWatts(feedWatts: allowed, outdoorCelsius: celsius)
      limits.append((time, load.acceleratorWatts(itWatts: itWatts, used: groups)))
    }
    return limits
  }
}

/// What nodes and accelerators of some racks draw, as power accounts have it: nodes follow the work of accelerators.
private struct ITLoad {
  private let idleWatts: Double
  private let dynamicWatts: Double
  private let nodeIdleWatts: Double
  private let nodeDynamicWatts: Double

  init(_ parts: [SitePart]) {
    func sum(_ watts: (SitePart) -> Double) -> Double { parts.reduce(0) { $0 + watts($1) } }
    idleWatts = sum { Double($0.accelerators) * $0.system.accelerator.idlePower.si }
    dynamicWatts =
      sum { Double($0.accelerators) * $0.system.accelerator.thermalDesignPower.si } - idleWatts
    nodeIdleWatts = sum { Double($0.nodes) * $0.system.node.idlePower.si }
    nodeDynamicWatts = sum { Double($0.nodes) * $0.system.node.peakPower.si } - nodeIdleWatts
  }

  /// What accelerators in use may draw, idle power included, so that everything draws `itWatts`; below 0 where that
  /// is less than what is drawn without work.
  func acceleratorWatts(itWatts: Double, used: [PowerControl.Group]) -> Double {
    let aboveIdle = (itWatts - idleWatts - nodeIdleWatts) / (1 + nodeDynamicWatts / dynamicWatts)
    return aboveIdle + used.reduce(0) { $0 + Double($1.accelerators) * $1.idleWatts }
  }
}
