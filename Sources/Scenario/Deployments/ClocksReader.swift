import CostModel
import Documents
import Hardware
import Quantities

/// What accelerators are held to, as stated.
struct ClocksDraft {
  private var powerLimit: Watts?
  private var powerField: Field?
  private var clock: Double?

  /// Nothing is stated.
  init() {}

  /// Reads `power_limit` and `clock_limit` of a deployment or a pool.
  init(_ reader: inout MappingReader) {
    let power = reader.optional("power_limit")
    powerLimit = power.quantity(Watts.self, above: .zero)
    powerField = power.isPresent ? power : nil
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
    return ClockLimits(powerLimitWatts: powerLimit?.si, clock: clock ?? 1)
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
