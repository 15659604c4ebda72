import Documents
import Hardware
import Quantities

/// What a facility takes on top of IT power where a scenario doesn't say.
enum FacilityDefaults {
  /// Share of the power at the grid connection that reaches racks.
  static let conversionEfficiency = 0.95
  static let conversionSource = "double-conversion UPS, 95 to 96 % (Schneider Galaxy VX)"

  /// Watts of cooling and the like for each watt of IT power, so that with the conversion above the site has the
  /// published power usage effectiveness.
  static func overhead(_ cooling: Cooling?) -> (value: Double, source: String) {
    switch cooling {
    case .liquid:
      (
        0.16,
        "liquid cooling at a PUE of 1.22, the middle of direct-to-chip sites (AI Infra Map PUE tool): 1.22 x 0.95 - 1"
      )
    case .air:
      (
        0.48,
        "air cooling at a PUE of 1.56, the industry's average (Uptime Institute survey 2024): 1.56 x 0.95 - 1"
      )
    case nil:
      (
        0.48,
        "cooling not known, taken as air at a PUE of 1.56 (Uptime Institute survey 2024): 1.56 x 0.95 - 1"
      )
    }
  }
}

/// Reads `site:` and works its size out.
struct SiteReader {
  let systems: SystemCatalogue
  let problems: ProblemCollector

  private static let sizes = ["racks", "nodes", "accelerators", "power"]
  private static let most = 100_000_000

  /// The site with what the echo says of it; nil where something is wrong.
  func read(_ field: Field) -> (site: ResolvedSite, echo: JSONValue)? {
    guard var reader = field.mapping() else { return nil }
    let system = systems.system(reader.required("system"))
    let given = Self.sizes.filter { reader.has($0) }
    let racks = reader.optional("racks").int(in: 1...Self.most)
    let nodes = reader.optional("nodes").int(in: 1...Self.most)
    let accelerators = reader.optional("accelerators").int(in: 1...Self.most)
    let powerField = reader.optional("power")
    let power = powerField.quantity(Watts.self, above: Watts(si: 0))
    if given.count != 1 {
      field.refuse(
        given.isEmpty
          ? "the site has no size" : "the site has \(given.count) sizes: \(given.joined(separator: ", "))",
        allowed: "exactly one of racks, nodes, accelerators, power")
    }
    let efficiency = reader.optional("conversion_efficiency").share()
    let overhead = reader.optional("overhead").quantity(Ratio.self, in: Ratio(si: 0)...Ratio(si: 10))
    reader.finish()
    guard let system, given.count == 1 else { return nil }
    let facility = Facility(efficiency: efficiency, overhead: overhead?.si, cooling: system.rack.cooling)
    var site = ResolvedSite(
      system: system, accelerators: 0, nodes: 0, racks: 0, conversionEfficiency: facility.efficiency,
      overheadPerITWatt: facility.overhead)
    if let racks {
      fill(&site, racks: racks)
    } else if let nodes {
      site.nodes = nodes
      site.racks = ceilDivide(nodes, system.nodesPerRack)
      site.accelerators = nodes * system.node.accelerators
      site.arithmetic = [
        "\(counted(nodes, "node")) x \(counted(system.node.accelerators, "accelerator")) = \(site.accelerators)"
      ]
    } else if let accelerators {
      site.accelerators = accelerators
      site.nodes = ceilDivide(accelerators, system.node.accelerators)
      site.racks = ceilDivide(site.nodes, system.nodesPerRack)
      site.arithmetic = [
        "\(counted(accelerators, "accelerator")) in \(counted(site.nodes, "node")) of \(system.node.accelerators), "
          + counted(site.racks, "rack")
      ]
    } else if let power {
      guard size(&site, power: power, field: powerField) else { return nil }
    } else {
      return nil
    }
    return (site, echo(site, facility))
  }

  private func fill(_ site: inout ResolvedSite, racks: Int) {
    site.racks = racks
    site.nodes = racks * site.system.nodesPerRack
    site.accelerators = racks * site.system.rack.accelerators
    site.arithmetic.append(
      "\(counted(racks, "rack")) x \(counted(site.system.rack.accelerators, "accelerator")) = \(site.accelerators)"
    )
  }

  /// As many racks as the grid connection carries at nameplate, conversion and cooling included.
  private func size(_ site: inout ResolvedSite, power: Watts, field: Field) -> Bool {
    let nameplate = site.system.rack.power
    let perRack = nameplate * site.sitePowerPerITWatt
    let racks = (power / perRack).rounded(.down)
    let rack =
      "one rack: \(nameplate) nameplate x (1 + \(plain(site.overheadPerITWatt))) / "
      + "\(plain(site.conversionEfficiency)) = \(perRack) at the grid connection"
    guard racks >= 1 else {
      field.reject("less than a rack needs; \(rack)", allowed: "at least \(perRack)")
      return false
    }
    guard racks <= Double(Self.most) else {
      field.reject("more than \(Self.most) racks; \(rack)")
      return false
    }
    site.powerLimit = power
    site.arithmetic = [rack, "\(power) / \(perRack) = \(Int(racks)) whole racks"]
    fill(&site, racks: Int(racks))
    return true
  }

  private func echo(_ site: ResolvedSite, _ facility: Facility) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("system", .string(site.system.id)), ("racks", .int(site.racks)), ("nodes", .int(site.nodes)),
      ("accelerators", .int(site.accelerators)),
      ("conversion_efficiency", .double(facility.efficiency)),
      ("conversion_efficiency_source", .string(facility.efficiencySource)),
      ("overhead", .double(facility.overhead)), ("overhead_source", .string(facility.overheadSource)),
      ("rack_nameplate_watts", .double(site.system.rack.power.si)),
    ]
    if let limit = site.powerLimit { members.append(("power_watts", .double(limit.si))) }
    members.append(("arithmetic", .array(site.arithmetic.map { .string($0) })))
    return .object(members)
  }

  private func ceilDivide(_ value: Int, _ divisor: Int) -> Int { (value + divisor - 1) / divisor }

  /// Conversion and cooling with where the figures come from.
  private struct Facility {
    let efficiency: Double
    let efficiencySource: String
    let overhead: Double
    let overheadSource: String

    init(efficiency: Double?, overhead: Double?, cooling: Cooling?) {
      let stated = "stated in the scenario"
      let standard = FacilityDefaults.overhead(cooling)
      self.efficiency = efficiency ?? FacilityDefaults.conversionEfficiency
      efficiencySource = efficiency == nil ? "default: " + FacilityDefaults.conversionSource : stated
      self.overhead = overhead ?? standard.value
      overheadSource = overhead == nil ? "default: " + standard.source : stated
    }
  }
}
