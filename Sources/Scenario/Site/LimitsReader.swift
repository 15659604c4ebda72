import Documents
import Facility
import Quantities

/// Reads `limits:`, `battery:` and `smoothing:` of a facility.
struct LimitsReader {
  /// A policy with its echo; events count from the start of the year.
  struct Limits {
    var policy = GridPolicy()
    var echo: [(String, JSONValue)] = []

    /// Whether the draw may only change so fast.
    var hasRamps: Bool { policy.rampUpWattsPerSecond != nil || policy.rampDownWattsPerSecond != nil }
  }

  private static let power = Watts(si: 0)...Watts(si: 1e15)

  /// The limits; none without the section.
  func limits(_ field: Field, startSeconds: Double) -> Limits {
    var limits = Limits()
    guard var reader = field.mapping() else { return limits }
    limits.policy.limitWatts = reader.optional("draw").quantity(Watts.self, in: Self.power)?.si
    let rates = 0...1e15
    limits.policy.rampUpWattsPerSecond = reader.optional("ramp_up_watts_per_second").double(in: rates)
    limits.policy.rampDownWattsPerSecond = reader.optional("ramp_down_watts_per_second").double(in: rates)
    let events = reader.optional("events").list { event($0, startSeconds: startSeconds) } ?? []
    reader.finish()
    limits.policy.events = events
    limits.echo = [
      ("ramp_up_watts_per_second", .optional(limits.policy.rampUpWattsPerSecond)),
      ("ramp_down_watts_per_second", .optional(limits.policy.rampDownWattsPerSecond)),
      (
        "events",
        .array(
          events.map {
            [
              "at_seconds": .double($0.startSeconds - startSeconds), "for_seconds": .double($0.seconds),
              "draw_watts": .double($0.limitWatts),
            ]
          })
      ),
    ]
    return limits
  }

  /// Power smoothing of each accelerator, with its echo; nil without the section.
  func smoothing(_ field: Field) -> (policy: SmoothingPolicy, echo: JSONValue)? {
    guard var reader = field.mapping() else { return nil }
    let floor = reader.required("floor").quantity(Ratio.self, in: Ratio(si: 0)...Ratio(si: 1))
    let fall = reader.optional("fall_watts_per_second").double(in: 0...1e9)
    let hysteresis = reader.optional("hysteresis").quantity(
      Seconds.self, in: Seconds(si: 0)...Seconds(si: 86_400))
    reader.finish()
    guard let floor else { return nil }
    let policy = SmoothingPolicy(
      floorShare: floor.si, rampDownWattsPerSecond: fall, hysteresisSeconds: hysteresis?.si ?? 0)
    return (
      policy,
      [
        "floor": .double(policy.floorShare), "fall_watts_per_second": .optional(fall),
        "hysteresis_seconds": .double(policy.hysteresisSeconds),
      ]
    )
  }

  private func event(_ field: Field, startSeconds: Double) -> DemandResponseEvent? {
    guard var reader = field.elementMapping() else { return nil }
    let at = reader.required("at").quantity(Seconds.self)
    let length = reader.required("for").quantity(Seconds.self, above: Seconds(si: 0))
    let draw = reader.required("draw").quantity(Watts.self, in: Self.power)
    reader.finish()
    guard let at, let length, let draw else { return nil }
    return DemandResponseEvent(
      startSeconds: startSeconds + at.si, seconds: length.si, limitWatts: draw.si)
  }

  /// A battery with its echo, and how fast it returns to its state of charge.
  func battery(_ field: Field, _ limits: Limits) -> (
    battery: Battery, recoveryWatts: Double?, echo: JSONValue
  )? {
    guard var reader = field.mapping() else { return nil }
    let capacity = reader.required("capacity").quantity(Joules.self, above: Joules(si: 0))
    let power = reader.required("power").quantity(Watts.self, above: Watts(si: 0))
    let efficiency = reader.required("round_trip_efficiency").share()
    let chargeField = reader.optional("state_of_charge")
    let charge = chargeField.quantity(Ratio.self, in: Ratio(si: 0)...Ratio(si: 1))
    let recovery = reader.optional("recovery").quantity(Watts.self, above: Watts(si: 0))
    reader.finish()
    guard let capacity, let power, let efficiency, charge != nil || !chargeField.isPresent else { return nil }
    var settings = Settings()
    settings.echo = [
      ("capacity_joules", .double(capacity.si)), ("power_watts", .double(power.si)),
      ("round_trip_efficiency", .double(efficiency)),
    ]
    let share = settings.number(
      "state_of_charge", charge?.si, limits.hasRamps ? 0.5 : 1,
      limits.hasRamps ? "half, since limits of change need room both ways" : "full")
    _ = settings.number("recovery_watts", recovery?.si, power.si, "as fast as it can")
    do {
      let battery = try Battery(
        capacityJoules: capacity.si, maximumChargeWatts: power.si, maximumDischargeWatts: power.si,
        roundTripEfficiency: efficiency, stateOfCharge: share)
      return (battery, recovery?.si, .object(settings.echo))
    } catch {
      field.refuse(error.message)
      return nil
    }
  }
}
