import Documents
import Facility
import Hardware
import Quantities

/// Reads `site.economics:`.
struct EconomicsReader {
  /// What the scenario says, before the size of the site is known.
  struct Draft {
    let field: Field
    let perAccelerator: Double?
    let perRack: Double?
    let sitePerMegawatt: Double
    let operatingShare: Double
    let dollarsPerKilowattHour: Double?
    /// Lives and prices.
    let costs: Economics
    let echo: [(String, JSONValue)]
  }

  private static let years = 0.1...100.0
  private static let dollars = 0...1e12

  /// The constants; nil where the scenario has none, or wrong ones.
  func read(_ field: Field, hasPrice: Bool, problems: ProblemCollector) -> Draft? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    let before = problems.problems.count
    let perAccelerator = money(reader.optional("it_capital_per_accelerator"))
    let rackField = reader.optional("it_capital_per_rack")
    let perRack = money(rackField)
    if rackField.isPresent, reader.has("it_capital_per_accelerator") {
      rackField.refuse(
        "the capital is stated twice", allowed: "it_capital_per_accelerator or it_capital_per_rack")
    }
    var settings = Settings()
    var costs = Economics()
    costs.itLifeYears = settings.number(
      "it_life_years", reader.optional("it_life_years").double(in: Self.years), costs.itLifeYears,
      "Google, Microsoft and CoreWeave account for six")
    let perMegawatt = settings.number(
      "site_capital_dollars_per_megawatt", money(reader.optional("site_capital_per_megawatt")),
      Economics.siteDollarsPerMegawatt,
      "derived from Bernstein's split of a GB200 NVL72 rack: 2.5 M$ for 132 kW; of the racks' nameplate")
    costs.siteLifeYears = settings.number(
      "site_life_years", reader.optional("site_life_years").double(in: Self.years), costs.siteLifeYears,
      "an assumption")
    let rate = reader.optional("discount_rate").quantity(Ratio.self, in: Ratio(si: 0)...Ratio(si: 1))
    costs.discountRate = settings.number("discount_rate", rate?.si, 0, "a straight line")
    costs.capacityDollarsPerMegawattDay = settings.number(
      "capacity_dollars_per_megawatt_day",
      reader.optional("capacity_dollars_per_megawatt_day").double(in: 0...1e6),
      costs.capacityDollarsPerMegawattDay, "PJM's price for 2026/27")
    costs.demandDollarsPerKilowattMonth = settings.number(
      "demand_dollars_per_kilowatt_month",
      reader.optional("demand_dollars_per_kilowatt_month").double(in: 0...1e6), 0,
      "no source was found for one")
    let share = reader.optional("operating_share").quantity(Ratio.self, in: Ratio(si: 0)...Ratio(si: 1))
    let operatingShare = settings.number("operating_share", share?.si, 0, "no source was found for one")
    costs.operatingDollarsPerYear = settings.number(
      "operating_dollars_per_year", reader.optional("operating_dollars_per_year").double(in: Self.dollars), 0,
      "no source was found for one")
    let priceField = reader.optional("energy_price")
    let price = priceField.quantity(DollarsPerMegawattHour.self).map { $0.dollarsPerMegawattHour / 1000 }
    reader.finish()
    if hasPrice {
      priceField.refuse("site.facility.price says what energy costs", hint: "leave one of them out")
    } else if !priceField.isPresent {
      field.refuse("nobody says what energy costs", allowed: "energy_price, or site.facility.price")
    }
    settings.echo.append(("energy_dollars_per_kwh", .optional(price)))
    guard problems.problems.count == before else { return nil }
    return Draft(
      field: field, perAccelerator: perAccelerator, perRack: perRack, sitePerMegawatt: perMegawatt,
      operatingShare: operatingShare, dollarsPerKilowattHour: price, costs: costs, echo: settings.echo)
  }

  private func money(_ field: Field) -> Double? {
    field.quantity(Dollars.self, in: Dollars(si: 0)...Dollars(si: 1e12))?.si
  }
}

extension EconomicsReader.Draft {
  /// The constants of a site with their echo; nil where nobody knows what its accelerators cost.
  func economics(of site: ResolvedSite) -> (economics: SiteEconomics, echo: JSONValue)? {
    var capital = 0.0
    var nameplate = 0.0
    for part in site.parts {
      let racks = Double(part.nodes) / Double(part.system.nodesPerRack)
      nameplate += racks * part.system.rack.power.si
      if let perRack {
        capital += racks * perRack
        continue
      }
      guard let each = perAccelerator ?? part.system.cost.pricePerAccelerator?.si else {
        field.refuse(
          "the catalogue has no price of \(part.system.id)",
          allowed: "it_capital_per_accelerator or it_capital_per_rack")
        return nil
      }
      capital += Double(part.accelerators) * each
    }
    var costs = costs
    costs.itCapitalDollars = capital
    costs.siteCapitalDollars = nameplate / 1e6 * sitePerMegawatt
    let members: [(String, JSONValue)] = [
      ("it_capital_dollars", .double(capital)),
      (
        "it_capital_source",
        Settings.source(
          isStated: perAccelerator != nil || perRack != nil, "the catalogue's price of an accelerator")
      ), ("it_nameplate_watts", .double(nameplate)),
      ("site_capital_dollars", .double(costs.siteCapitalDollars)),
    ]
    return (
      SiteEconomics(
        costs: costs, operatingShare: operatingShare, dollarsPerKilowattHour: dollarsPerKilowattHour),
      .object(members + echo)
    )
  }
}
