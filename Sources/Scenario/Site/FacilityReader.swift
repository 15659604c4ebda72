import Documents
import Facility
import Hardware
import Quantities

/// Reads `site.facility:`, section by section.
struct FacilityReader {
  let paths: PathBase
  let problems: ProblemCollector
  /// What cools the racks, where all of them are cooled alike.
  let racks: Cooling?

  /// The facility; nil where something is wrong.
  func read(_ field: Field) -> FacilityDraft? {
    guard var reader = field.mapping() else { return nil }
    let before = problems.problems.count
    let series = SeriesReader(paths: paths, problems: problems)
    let coolingField = reader.optional("cooling")
    let electrical = reader.optional("electrical")
    let stages = StageReader(problems: problems).read(electrical)
    let above = mechanicalAbove(reader.optional("mechanical_above"), stages)
    var settings = Settings()
    let climate = series.climate(reader.optional("climate"))
    settings.echo.append(("climate", climate.echo))
    let design = settings.number(
      "design_celsius", reader.optional("design_celsius").double(in: -60...60), climate.hottestCelsius,
      "the hottest that the climate gets")
    let hour = settings.number(
      "start_hour", reader.optional("start_hour").double(in: 0...8759), 0, "the start of the year")
    var limits = LimitsReader().limits(reader.optional("limits"), startSeconds: hour * 3600)
    let battery = LimitsReader().battery(reader.optional("battery"), limits)
    limits.policy.recoveryWatts = battery?.recoveryWatts
    let price = series.price(reader.optional("price"))
    let carbon = series.carbon(reader.optional("carbon_grams_per_kwh"))
    let smoothing = LimitsReader().smoothing(reader.optional("smoothing"))
    let other = reader.optional("other_load").quantity(Watts.self, in: Watts(si: 0)...Watts(si: 1e12))?.si
    reader.finish()
    let cooling = CoolingReader(racks: racks, designCelsius: design).read(coolingField)
    guard problems.problems.count == before, let cooling else { return nil }
    if let battery { settings.echo.append(("battery", battery.echo)) }
    if let price { settings.echo.append(("price", price.echo)) }
    if let carbon { settings.echo.append(("carbon_grams_per_kwh", carbon.echo)) }
    if let smoothing { settings.echo.append(("smoothing", smoothing.echo)) }
    _ = settings.number("other_load_watts", other, 0, "no source was found for one")
    return FacilityDraft(
      field: field, cooling: cooling.method, stages: stages, mechanicalAbove: above, climate: climate.climate,
      designCelsius: design, startSeconds: hour * 3600, battery: battery?.battery, limits: limits,
      price: price?.series, carbon: carbon?.series, otherWatts: other ?? 0,
      smoothing: smoothing?.policy,
      echo: [("cooling", cooling.echo)] + settings.echo)
  }

  /// Above which stage mechanical load joins; nil where it passes all of them.
  private func mechanicalAbove(_ field: Field, _ stages: [StageDraft]) -> String? {
    let names = stages.map(\.name)
    guard field.isPresent else { return names.contains("ups") ? "ups" : nil }
    return field.choice(names)
  }
}

/// Settings with what the echo says of them.
struct Settings {
  var echo: [(String, JSONValue)] = []

  static func source(isStated: Bool, _ standard: String) -> JSONValue {
    .string(isStated ? "stated in the scenario" : "default: " + standard)
  }

  /// A number, or its default with where that comes from.
  mutating func number(_ key: String, _ stated: Double?, _ standard: Double, _ source: String) -> Double {
    echo.append((key, .double(stated ?? standard)))
    echo.append((key + "_source", Self.source(isStated: stated != nil, source)))
    return stated ?? standard
  }

  /// Whether something is there, by default it is.
  mutating func isThere(_ key: String, _ stated: Bool?) -> Bool {
    echo.append((key, .bool(stated ?? true)))
    return stated ?? true
  }
}

/// `cooling:` of a facility.
struct CoolingReader {
  /// What cools the racks, where all of them are cooled alike.
  let racks: Cooling?
  let designCelsius: Double

  private static let methods = ["liquid", "air", "constant"]

  /// The method, which no size has yet, with its echo; nil where something is wrong.
  func read(_ field: Field) -> (method: CoolingPlant.Method, echo: JSONValue)? {
    var reader = field.mapping()
    let methodField = reader?.optional("method")
    let stated = methodField?.choice(Self.methods)
    if methodField?.isPresent == true, stated == nil { return nil }
    if field.isPresent, reader == nil { return nil }
    let name = stated ?? (racks == .liquid ? "liquid" : "air")
    var settings = Settings()
    settings.echo.append(("method", .string(name)))
    settings.echo.append(
      (
        "method_source",
        Settings.source(
          isStated: stated != nil,
          racks == .liquid
            ? "the racks are liquid-cooled"
            : racks == .air
              ? "the racks are air-cooled" : "racks are not all liquid-cooled, or it is not known")
      ))
    let method: CoolingPlant.Method
    switch name {
    case "constant":
      let overhead = reader?.optional("overhead").quantity(Ratio.self, in: Ratio(si: 0)...Ratio(si: 10))
      let standard = FacilityDefaults.overhead(racks)
      method = .constantOverhead(
        settings.number("overhead", overhead?.si, standard.value, standard.source))
    case "air":
      method = .air(air(&reader, &settings))
    default:
      method = .liquid(liquid(&reader, &settings))
    }
    reader?.finish()
    do {
      _ = try CoolingPlant(method: method, designHeatWatts: 1)
    } catch {
      field.refuse(error.message)
      return nil
    }
    return (method, .object(settings.echo))
  }

  private func liquid(_ reader: inout MappingReader?, _ settings: inout Settings) -> LiquidCooling {
    var cooling = LiquidCooling()
    cooling.supplyCelsius = settings.number(
      "supply_celsius", reader?.optional("supply_celsius").double(in: 5...70), cooling.supplyCelsius,
      "the middle of what operators design for, 27 to 32 °C (Lenovo LP2018)")
    cooling.approachKelvin = settings.number(
      "approach_kelvin", reader?.optional("approach_kelvin").double(in: 0...50), cooling.approachKelvin,
      "an assumption")
    cooling.airShare = settings.number(
      "air_share", share(reader?.optional("air_share")), cooling.airShare,
      "OCP MGX's target for GB200; Lenovo LP2357 states 0.1 for GB300")
    cooling.dryCoolerFanShare = settings.number(
      "dry_cooler_fan_share", share(reader?.optional("dry_cooler_fan_share")), cooling.dryCoolerFanShare,
      "an assumption")
    cooling.litresPerKilowattHour = settings.number(
      "litres_per_kwh", reader?.optional("litres_per_kwh").double(in: 0...100), cooling.litresPerKilowattHour,
      "dry coolers use no water")
    var chiller = Chiller(condenser: .air)
    chiller.designOutdoorCelsius = max(chiller.designOutdoorCelsius, designCelsius)
    cooling.trimChiller =
      settings.isThere("trim_chiller", reader?.optional("trim_chiller").bool()) ? chiller : nil
    cooling.air = air(&reader, &settings)
    return cooling
  }

  private func air(_ reader: inout MappingReader?, _ settings: inout Settings) -> AirCooling {
    var cooling = AirCooling()
    cooling.fanShare = settings.number(
      "fan_share", share(reader?.optional("fan_share")), cooling.fanShare, "an assumption")
    cooling.hasEconomiser = settings.isThere("economiser", reader?.optional("economiser").bool())
    cooling.economiserAllBelowCelsius = settings.number(
      "economiser_all_below_celsius", reader?.optional("economiser_all_below_celsius").double(in: -60...60),
      cooling.economiserAllBelowCelsius, "an assumption")
    cooling.economiserNoneAboveCelsius = settings.number(
      "economiser_none_above_celsius", reader?.optional("economiser_none_above_celsius").double(in: -60...60),
      cooling.economiserNoneAboveCelsius, "an assumption")
    let condenser = reader?.optional("condenser").choice(["air", "water"]) ?? "air"
    settings.echo.append(("condenser", .string(condenser)))
    cooling.chiller = Chiller(condenser: condenser == "air" ? .air : .water)
    cooling.chiller.designOutdoorCelsius = max(cooling.chiller.designOutdoorCelsius, designCelsius)
    return cooling
  }

  private func share(_ field: Field?) -> Double? {
    field?.quantity(Ratio.self, in: Ratio(si: 0)...Ratio(si: 1))?.si
  }
}
