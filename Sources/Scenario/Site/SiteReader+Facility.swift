import Documents
import Facility
import Hardware
import Quantities

extension SiteReader {
  /// What cools the racks of all these systems; nil where they differ or it is not known.
  static func cooling(of systems: [SystemSpecification]) -> Cooling? {
    guard let first = systems.first?.rack.cooling else { return nil }
    return systems.allSatisfy { $0.rack.cooling == first } ? first : nil
  }

  /// As many racks as the grid connection carries at nameplate with the plant that they need; nil where it is none.
  ///
  /// `carried` is what they may draw: more than the connection's power where that is oversubscribed.
  func size(
    _ system: SystemSpecification, power: Watts, carried: Watts, field: Field, with draft: FacilityDraft
  ) -> ResolvedSite? {
    let nameplate = system.rack.power
    let outdoors = "at \(plain(draft.designCelsius)) °C outdoors"
    do {
      let racks = try draft.racks(gridWatts: carried.si, nameplateWatts: nameplate.si, most: Self.most)
      let one = Watts(si: try draft.gridWatts(rackWatts: nameplate.si))
      guard racks >= 1 else {
        field.reject(
          "less than a rack needs; one rack: \(nameplate) nameplate, with its plant \(one) at the grid connection "
            + outdoors, allowed: "at least \(one)")
        return nil
      }
      let watts = Watts(si: Double(racks) * nameplate.si)
      let more = Watts(si: try draft.gridWatts(rackWatts: watts.si + nameplate.si))
      let drawn = Watts(si: try draft.gridWatts(rackWatts: watts.si))
      return ResolvedSite(
        parts: [Self.full(system, racks: racks)], conversionEfficiency: 1, overheadPerITWatt: 0,
        powerLimit: power,
        arithmetic: [
          "\(counted(racks, "rack")) x \(nameplate) nameplate = \(watts): the plant draws \(drawn) of "
            + (carried == power ? "\(power)" : "\(power), oversubscribed \(carried),") + " \(outdoors)",
          "one rack more would draw \(more)", Self.text(system, racks: racks),
        ])
    } catch {
      draft.field.refuse(error.message)
      return nil
    }
  }

  /// The site with its facility, made for all racks at nameplate, and the facility's echo.
  func equipped(_ site: ResolvedSite, _ draft: FacilityDraft) -> (site: ResolvedSite, echo: JSONValue)? {
    let watts = site.parts.reduce(0) {
      $0 + Double($1.nodes) / Double($1.system.nodesPerRack) * $1.system.rack.power.si
    }
    do {
      let (facility, echo) = try draft.facility(rackWatts: watts, connection: site.powerLimit)
      let drawn = try draft.gridWatts(rackWatts: watts)
      var site = site
      site.facility = facility
      site.conversionEfficiency = 1
      site.overheadPerITWatt = drawn / watts - 1
      if site.powerLimit == nil {
        site.arithmetic.append(
          "the plant draws \(Watts(si: drawn)) for \(Watts(si: watts)) of racks at nameplate, "
            + "at \(plain(draft.designCelsius)) °C outdoors")
      }
      return (site, echo)
    } catch {
      draft.field.refuse(error.message)
      return nil
    }
  }
}
