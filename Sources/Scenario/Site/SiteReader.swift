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
  let paths: PathBase
  let problems: ProblemCollector

  private static let counts = ["racks", "nodes", "accelerators"]
  static let most = 100_000_000
  /// Racks of a row where a scenario doesn't say: a scalable unit of NVIDIA's DGX SuperPOD with GB200 systems has eight.
  static let racksPerRow = 8

  /// The site with what the echo says of it; nil where something is wrong.
  func read(_ field: Field) -> (site: ResolvedSite, echo: JSONValue)? {
    guard var reader = field.mapping() else { return nil }
    let systemsField = reader.optional("systems")
    let size = systemsField.isPresent ? nil : SizeFields(&reader, systems, takesPower: true)
    let efficiencyField = reader.optional("conversion_efficiency")
    let efficiency = efficiencyField.share()
    let overheadField = reader.optional("overhead")
    let overhead = overheadField.quantity(Ratio.self, in: Ratio(si: 0)...Ratio(si: 10))
    let facilityField = reader.optional("facility")
    let oversubscriptionField = reader.optional("oversubscription")
    let oversubscription = oversubscriptionField.quantity(Ratio.self, in: Ratio(si: 0)...Ratio(si: 2))
    if oversubscriptionField.isPresent, size?.power == nil {
      oversubscriptionField.refuse("only a grid connection is oversubscribed", allowed: "with power")
    }
    let row = reader.optional("racks_per_row").int(in: 1...1_000_000)
    let cappingField = reader.optional("capping")
    let capping = CappingReader().read(cappingField, connection: size?.power)
    let metering = MeteringReader().read(reader.optional("metering"))
    let basisField = reader.optional("price_basis")
    let basis = basisField.choice(PriceBasis.allCases.map(\.rawValue)).flatMap { PriceBasis(rawValue: $0) }
    let economics = EconomicsReader().read(
      reader.optional("economics"), hasPrice: facilityField.node?["price"] != nil, problems: problems)
    reader.finish()
    let extras = SiteExtras(
      capping: capping, metering: metering, economics: economics, basisField: basisField, basis: basis,
      racksPerRow: row ?? Self.racksPerRow,
      oversubscription: oversubscription?.si ?? 0)
    let constant = { (parts: [SitePart]) in
      ConstantFacility(efficiency: efficiency, overhead: overhead?.si, parts: parts)
    }
    let counted = size == nil ? together(systemsField, constant) : nil
    guard facilityField.isPresent else {
      let site = size.map { alone($0, field, constant, extras) } ?? counted
      return site.map { finished($0, extras, constant($0.parts).echo) }
    }
    for field in [efficiencyField, overheadField] {
      field.refuse("the facility works it out", hint: "leave it out, or leave out 'facility'")
    }
    let known = size.map { [$0.system].compactMap { $0 } } ?? counted?.parts.map(\.system) ?? []
    let draft = FacilityReader(paths: paths, problems: problems, racks: Self.cooling(of: known))
      .read(facilityField)
    guard let site = size.map({ alone($0, field, constant, extras, draft) }) ?? counted, let draft,
      let found = equipped(site, draft)
    else { return nil }
    return finished(found.site, extras, [("facility", found.echo)])
  }

  /// What a site states beside its systems, its size and its plant.
  private struct SiteExtras {
    let capping: SiteCapping?
    let metering: SiteMetering?
    let economics: EconomicsReader.Draft?
    let basisField: Field
    let basis: PriceBasis?
    let racksPerRow: Int
    /// Share of the connection by which racks at nameplate, with their plant, may exceed it.
    let oversubscription: Double
  }

  /// A site with everything, and its echo.
  private func finished(
    _ site: ResolvedSite, _ extras: SiteExtras, _ facility: [(String, JSONValue)]
  ) -> (site: ResolvedSite, echo: JSONValue) {
    var site = site
    site.capping = extras.capping
    site.metering = extras.metering
    site.racksPerRow = extras.racksPerRow
    var more = facility
    if extras.oversubscription > 0 { more.append(("oversubscription", .double(extras.oversubscription))) }
    if extras.capping != nil || extras.metering?.hasPlaces == true {
      more.append(("racks_per_row", .int(extras.racksPerRow)))
    }
    if let capping = extras.capping { more.append(("capping", capping.echo)) }
    if let metering = extras.metering { more.append(("metering", metering.echo)) }
    if let found = extras.economics?.economics(of: site) {
      site.economics = found.economics
      more.append(("economics", found.echo))
    }
    if let basis = extras.basis {
      site.priceBasis = basis
      more.append(("price_basis", .string(basis.rawValue)))
      for part in site.parts where part.system.cost.perHour(basis) == nil {
        extras.basisField.reject("the catalogue has no such price of \(part.system.id)")
      }
    }
    return (site, echo(site, more))
  }

  /// A site of one system.
  private func alone(
    _ size: SizeFields, _ field: Field, _ facility: ([SitePart]) -> ConstantFacility, _ extras: SiteExtras,
    _ draft: FacilityDraft? = nil
  ) -> ResolvedSite? {
    guard size.check(field), let system = size.system else { return nil }
    let carried = 1 + extras.oversubscription
    if let power = size.power, let draft {
      return self.size(
        system, power: power, carried: power * carried, field: size.powerField, with: draft)
    }
    guard let power = size.power else {
      return part(of: size).map { part in
        let facility = facility([part.part])
        return ResolvedSite(
          parts: [part.part], conversionEfficiency: facility.efficiency,
          overheadPerITWatt: facility.overhead, arithmetic: [part.arithmetic])
      }
    }
    let one = SitePart(system: system, accelerators: 0, nodes: 0, racks: 0)
    let known = facility([one])
    var site = ResolvedSite(
      parts: [one], conversionEfficiency: known.efficiency, overheadPerITWatt: known.overhead)
    return self.size(&site, power: power, carried: power * carried, field: size.powerField) ? site : nil
  }

  /// A site of several systems, each counted.
  private func together(_ field: Field, _ facility: ([SitePart]) -> ConstantFacility) -> ResolvedSite? {
    let elements = field.node?.elements?.count ?? 0
    let found = field.list { element -> (part: SitePart, arithmetic: String)? in
      guard var reader = element.elementMapping() else { return nil }
      let size = SizeFields(&reader, systems, takesPower: false)
      reader.finish()
      return size.check(element) ? part(of: size) : nil
    }
    guard let found, !found.isEmpty, found.count == elements else {
      if field.node?.elements?.isEmpty == true { field.reject("at least one system is needed") }
      return nil
    }
    for (index, item) in found.enumerated()
    where found[..<index].contains(where: { $0.part.system.id == item.part.system.id }) {
      field.refuse("\(item.part.system.id) stands there twice", hint: "add up its counts")
      return nil
    }
    let parts = found.map(\.part)
    let known = facility(parts)
    return ResolvedSite(
      parts: parts, conversionEfficiency: known.efficiency, overheadPerITWatt: known.overhead,
      arithmetic: found.map { "\($0.part.system.id): \($0.arithmetic)" })
  }

  /// The accelerators of a counted system, and how they were counted.
  private func part(of size: SizeFields) -> (part: SitePart, arithmetic: String)? {
    guard let system = size.system else { return nil }
    if let racks = size.racks {
      return (Self.full(system, racks: racks), Self.text(system, racks: racks))
    }
    if let nodes = size.nodes {
      let accelerators = nodes * system.node.accelerators
      return (
        SitePart(
          system: system, accelerators: accelerators, nodes: nodes,
          racks: ceilDivide(nodes, system.nodesPerRack)),
        "\(counted(nodes, "node")) x \(counted(system.node.accelerators, "accelerator")) = \(accelerators)"
      )
    }
    guard let accelerators = size.accelerators else { return nil }
    let nodes = ceilDivide(accelerators, system.node.accelerators)
    let racks = ceilDivide(nodes, system.nodesPerRack)
    return (
      SitePart(system: system, accelerators: accelerators, nodes: nodes, racks: racks),
      "\(counted(accelerators, "accelerator")) in \(counted(nodes, "node")) of \(system.node.accelerators), "
        + counted(racks, "rack")
    )
  }

  static func full(_ system: SystemSpecification, racks: Int) -> SitePart {
    SitePart(
      system: system, accelerators: racks * system.rack.accelerators, nodes: racks * system.nodesPerRack,
      racks: racks)
  }

  static func text(_ system: SystemSpecification, racks: Int) -> String {
    "\(counted(racks, "rack")) x \(counted(system.rack.accelerators, "accelerator")) = "
      + "\(racks * system.rack.accelerators)"
  }

  /// As many racks as the grid connection carries at nameplate, conversion and cooling included.
  ///
  /// `carried` is what racks at nameplate may draw: more than the connection's power where that is oversubscribed.
  private func size(_ site: inout ResolvedSite, power: Watts, carried: Watts, field: Field) -> Bool {
    let system = site.parts[0].system
    let nameplate = system.rack.power
    let perRack = nameplate * site.sitePowerPerITWatt
    let racks = (carried / perRack).rounded(.down)
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
    site.parts = [Self.full(system, racks: Int(racks))]
    site.arithmetic = [
      rack,
      (carried == power ? "\(power)" : "\(power), oversubscribed \(carried)")
        + " / \(perRack) = \(Int(racks)) whole racks", Self.text(system, racks: Int(racks)),
    ]
    return true
  }

  private func echo(_ site: ResolvedSite, _ facility: [(String, JSONValue)]) -> JSONValue {
    var members: [(String, JSONValue)] =
      site.parts.count == 1
      ? [("system", .string(site.parts[0].system.id))]
      : [
        (
          "systems",
          .array(
            site.parts.map {
              .object([
                ("system", .string($0.system.id)), ("racks", .int($0.racks)), ("nodes", .int($0.nodes)),
                ("accelerators", .int($0.accelerators)),
                ("rack_nameplate_watts", .double($0.system.rack.power.si)),
              ])
            })
        )
      ]
    members += [
      ("racks", .int(site.racks)), ("nodes", .int(site.nodes)),
      ("accelerators", .int(site.accelerators)),
    ]
    members += facility
    if site.parts.count == 1 {
      members.append(("rack_nameplate_watts", .double(site.parts[0].system.rack.power.si)))
    }
    if let limit = site.powerLimit { members.append(("power_watts", .double(limit.si))) }
    members.append(("arithmetic", .array(site.arithmetic.map { .string($0) })))
    return .object(members)
  }

  private func ceilDivide(_ value: Int, _ divisor: Int) -> Int { (value + divisor - 1) / divisor }

  /// A system and how much of it there is, as stated.
  private struct SizeFields {
    let system: SystemSpecification?
    let given: [String]
    let racks: Int?
    let nodes: Int?
    let accelerators: Int?
    let powerField: Field
    let power: Watts?
    private let allowed: [String]

    init(_ reader: inout MappingReader, _ systems: SystemCatalogue, takesPower: Bool) {
      system = systems.system(reader.required("system"))
      let sizes = SiteReader.counts + (takesPower ? ["power"] : [])
      allowed = sizes
      given = sizes.filter { reader.has($0) }
      racks = reader.optional("racks").int(in: 1...SiteReader.most)
      nodes = reader.optional("nodes").int(in: 1...SiteReader.most)
      accelerators = reader.optional("accelerators").int(in: 1...SiteReader.most)
      powerField = reader.optional("power")
      power = takesPower ? powerField.quantity(Watts.self, above: Watts(si: 0)) : nil
      if !takesPower {
        powerField.refuse("a grid connection is divided among systems by nobody", allowed: "their counts")
      }
    }

    /// Exactly one size must be there.
    func check(_ field: Field) -> Bool {
      guard given.count != 1 else { return true }
      field.refuse(
        given.isEmpty
          ? "the site has no size" : "the site has \(given.count) sizes: \(given.joined(separator: ", "))",
        allowed: "exactly one of \(allowed.joined(separator: ", "))")
      return false
    }
  }

  /// Conversion and cooling with where the figures come from.
  private struct ConstantFacility {
    let efficiency: Double
    let efficiencySource: String
    let overhead: Double
    let overheadSource: String

    init(efficiency: Double?, overhead: Double?, parts: [SitePart]) {
      let stated = "stated in the scenario"
      let standard = Self.overhead(parts)
      self.efficiency = efficiency ?? FacilityDefaults.conversionEfficiency
      efficiencySource = efficiency == nil ? "default: " + FacilityDefaults.conversionSource : stated
      self.overhead = overhead ?? standard.value
      overheadSource = overhead == nil ? "default: " + standard.source : stated
    }

    var echo: [(String, JSONValue)] {
      [
        ("conversion_efficiency", .double(efficiency)),
        ("conversion_efficiency_source", .string(efficiencySource)),
        ("overhead", .double(overhead)), ("overhead_source", .string(overheadSource)),
      ]
    }

    /// The overhead of what stands there; of several systems the mean, weighted by the nameplates of their racks.
    private static func overhead(_ parts: [SitePart]) -> (value: Double, source: String) {
      let each = parts.map { FacilityDefaults.overhead($0.system.rack.cooling) }
      guard parts.count > 1 else { return each[0] }
      let watts = parts.map { Double($0.racks) * $0.system.rack.power.si }
      let total = watts.reduce(0, +)
      return (
        zip(watts, each).reduce(0) { $0 + $1.0 / total * $1.1.value },
        "mean over nameplates of "
          + zip(parts, each).map { "\($0.system.id): \($1.source)" }.joined(separator: "; ")
      )
    }
  }
}
