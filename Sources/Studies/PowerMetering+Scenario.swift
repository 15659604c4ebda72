import CostModel
import Hardware
import Results
import Scenario
import Simulation

extension ResolvedScenario {
  /// What of the site's draw is recorded, and what stands where it is; nil where the scenario asks for nothing.
  public var powerMeters: (metering: PowerMetering, points: [PowerPoint])? {
    guard let metering = site.metering else { return nil }
    let found =
      switch metering.level {
      case .system: systemMeters
      case .pool: poolMeters
      case .row: placeMeters("row", racks: site.racksPerRow)
      case .rack: placeMeters("rack", racks: 1)
      }
    return (
      PowerMetering(intervalSeconds: metering.intervalSeconds, points: found.map(\.members)),
      found.map(\.point)
    )
  }

  private typealias Meter = (point: PowerPoint, members: [PowerMetering.Member])

  /// A pool of a deployment: where it stands, and the accelerators that it has at the start.
  private typealias Pool = (deployment: Int, role: PoolRole, part: Int, accelerators: Int)

  private var pools: [Pool] {
    deployments.enumerated().flatMap { index, deployment -> [Pool] in
      func part(_ design: ReplicaDesign) -> Int {
        site.parts.firstIndex { $0.system.id == design.system.id } ?? 0
      }
      let plan = deployment.plan
      let own = part(deployment.design)
      guard plan.prefill != nil else { return [(index, .aggregated, own, plan.ownAccelerators)] }
      return [
        (index, .prefill, part(deployment.prefillDesign ?? deployment.design), plan.prefillAccelerators),
        (index, .decode, own, plan.ownAccelerators),
      ]
    }
  }

  private func counts(_ accelerators: Int, ofPart part: Int) -> [Int] {
    site.parts.indices.map { $0 == part ? accelerators : 0 }
  }

  private var systemMeters: [Meter] {
    site.parts.enumerated().map { index, part in
      (
        PowerPoint(
          name: part.system.id, acceleratorsBySystem: counts(part.accelerators, ofPart: index)),
        pools.filter { $0.part == index }.map {
          PowerMetering.Member(deployment: $0.deployment, role: $0.role)
        }
      )
    }
  }

  private var poolMeters: [Meter] {
    var names: Set<String> = []
    return pools.map { pool in
      let deployment = deployments[pool.deployment].plan.name
      var name = pool.role == .aggregated ? deployment : deployment + " " + pool.role.rawValue
      // A deployment may be called like another one's pool.
      while !names.insert(name).inserted { name += "'" }
      return (
        PowerPoint(name: name, acceleratorsBySystem: counts(pool.accelerators, ofPart: pool.part)),
        [PowerMetering.Member(deployment: pool.deployment, role: pool.role)]
      )
    }
  }

  /// Racks, so many together, with what of replicas stands on them.
  private func placeMeters(_ name: String, racks: Int) -> [Meter] {
    var meters: [Meter] = (0..<(site.racks + racks - 1) / racks).map {
      (PowerPoint(name: "\(name) \($0)", acceleratorsBySystem: counts(0, ofPart: 0)), [])
    }
    var first = 0
    for (index, part) in site.parts.enumerated() {
      let size = part.system.rack.accelerators
      for rack in 0..<part.racks {
        let accelerators = max(0, min(size, part.accelerators - rack * size))
        meters[(first + rack) / racks].point.acceleratorsBySystem[index] += accelerators
      }
      first += part.racks
    }
    for (index, deployment) in deployments.enumerated() {
      for (replica, shares) in deployment.rackShares.enumerated() {
        let role: PoolRole =
          deployment.plan.prefill.map { replica < $0.replicas ? .prefill : .decode } ?? .aggregated
        let total = shares.reduce(0) { $0 + $1.accelerators }
        for share in joined(shares, racks: racks) {
          add(
            replica,
            PowerMetering.Member(
              deployment: index, role: role, replicas: [],
              share: Double(share.accelerators) / Double(total)), to: &meters[share.rack].members)
        }
      }
    }
    return meters
  }

  /// Shares of so many racks together, in order.
  private func joined(_ shares: [RackShare], racks: Int) -> [RackShare] {
    var joined: [RackShare] = []
    for share in shares {
      let group = share.rack / racks
      if let index = joined.firstIndex(where: { $0.rack == group }) {
        joined[index].accelerators += share.accelerators
      } else {
        joined.append(RackShare(rack: group, accelerators: share.accelerators))
      }
    }
    return joined
  }

  /// Adds a replica to the last of some members if it is like that one, else as a member of its own.
  private func add(
    _ replica: Int, _ member: PowerMetering.Member, to members: inout [PowerMetering.Member]
  ) {
    if let last = members.indices.last, members[last].deployment == member.deployment,
      members[last].role == member.role, members[last].share == member.share
    {
      members[last].replicas?.append(replica)
    } else {
      var member = member
      member.replicas = [replica]
      members.append(member)
    }
  }
}
