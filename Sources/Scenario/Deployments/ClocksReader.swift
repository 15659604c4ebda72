import CostModel
import Documents
import Hardware
import Quantities

/// What accelerators are held to, as stated.
struct ClocksDraft {
  private var powerLimit: Watts?
  private var powerField: Field?
  private var clock: Double?
  private var thermal: ThermalDraft?

  /// Nothing is stated.
  init() {}

  /// Reads `power_limit` and `clock_limit` of a deployment or a pool.
  init(_ reader: inout MappingReader) {
    let power = reader.optional("power_limit")
    powerLimit = power.quantity(Watts.self, above: .zero)
    powerField = power.isPresent ? power : nil
    thermal = ThermalDraft(reader.optional("thermal"))
    clock = reader.optional("clock_limit").quantity(Ratio.self, in: Ratio(si: 0.1)...Ratio(si: 1))?.si
  }

  /// What a pool states, else the deployment.
  func or(_ deployment: ClocksDraft) -> ClocksDraft {
    var draft = self
    if powerField == nil {
      draft.powerLimit = deployment.powerLimit
      draft.powerField = deployment.powerField
    }
    draft.clock = clock ?? deployment.clock
    draft.thermal = thermal ?? deployment.thermal
    return draft
  }

  /// The limits of accelerators of a system, which have to be able to keep them.
  func limits(of system: SystemSpecification) -> ClockLimits {
    let (idle, most) = (system.accelerator.idlePower, system.accelerator.thermalDesignPower)
    if let limit = powerLimit, limit <= idle || limit > most {
      powerField?.reject(
        "no power controller of \(system.name) can keep it", allowed: "more than \(idle), at most \(most)")
      return ClockLimits()
    }
    var limits = ClockLimits(powerLimitWatts: powerLimit?.si, clock: clock ?? 1)
    if let thermal, let watts = thermal.watts(of: system), watts < limits.powerLimitWatts ?? most.si {
      limits.powerLimitWatts = watts
    }
    return limits
  }
}

/// How heat leaves an accelerator, as stated: what its power controller then holds it to.
///
/// In steady state the junction is `coolant + P × resistance` warm; the controller throttles the clock where that reaches its
/// limit, as under a power limit of `(junction limit − coolant) / resistance`.
private struct ThermalDraft {
  let field: Field
  let coolantCelsius: Double
  let junctionCelsius: Double
  let kelvinPerWatt: Double

  /// Nil where nothing, or something wrong, is stated.
  init?(_ field: Field) {
    guard var reader = field.mapping() else { return nil }
    let coolant = reader.required("coolant_celsius").double(in: -40...120)
    let junctionField = reader.required("junction_celsius")
    let junction = junctionField.double(in: 0...150)
    let resistance = reader.required("kelvin_per_watt").double(in: 1e-6...100)
    reader.finish()
    guard let coolant, let junction, let resistance else { return nil }
    guard junction > coolant else {
      junctionField.reject("the junction can't be kept colder than its coolant, \(coolant) °C")
      return nil
    }
    self.field = field
    coolantCelsius = coolant
    junctionCelsius = junction
    kelvinPerWatt = resistance
  }

  /// What heat can leave, in watts; nil, with the reason recorded, where the accelerator can't even idle.
  func watts(of system: SystemSpecification) -> Double? {
    let watts = (junctionCelsius - coolantCelsius) / kelvinPerWatt
    guard watts > system.accelerator.idlePower.si else {
      field.refuse(
        "\(Int(watts.rounded())) W can leave at the junction's limit, and \(system.name) idles at "
          + "\(system.accelerator.idlePower)")
      return nil
    }
    return watts
  }
}

extension ClockLimits {
  /// For results, where anything is held to anything.
  var echo: [(String, JSONValue)] {
    var members: [(String, JSONValue)] = []
    if let powerLimitWatts { members.append(("power_limit_watts", .double(powerLimitWatts))) }
    if clock < 1 { members.append(("clock_limit", .double(clock))) }
    return members
  }
}
