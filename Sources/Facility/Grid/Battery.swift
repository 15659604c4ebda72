/// A battery at the site's connection.
///
/// Half of the round trip's loss (as a factor, its square root) is lost in charging and half in discharging.
public struct Battery: Sendable, Equatable {
  /// Energy that it holds when full, in joules.
  public let capacityJoules: Double
  /// Largest power at its terminals while charging, in watts.
  public let maximumChargeWatts: Double
  /// Largest power at its terminals while discharging, in watts.
  public let maximumDischargeWatts: Double
  /// Energy out over energy in, above 0 and at most 1.
  public let roundTripEfficiency: Double
  private let oneWayEfficiency: Double
  private var stored: CompensatedSum

  /// A battery.
  ///
  /// The round-trip efficiency has no default, since no source was found for one.
  ///
  /// - Parameters:
  ///   - capacityJoules: Energy that it holds when full, in joules, above 0.
  ///   - maximumChargeWatts: Largest power at its terminals while charging, in watts, >= 0.
  ///   - maximumDischargeWatts: Largest power at its terminals while discharging, in watts, >= 0.
  ///   - roundTripEfficiency: Energy out over energy in, above 0 and at most 1.
  ///   - stateOfCharge: Share of the capacity that it holds at first, 0 to 1.
  /// - Throws: `FacilityError` where a figure is out of range.
  public init(
    capacityJoules: Double, maximumChargeWatts: Double, maximumDischargeWatts: Double,
    roundTripEfficiency: Double, stateOfCharge: Double = 1
  ) throws(FacilityError) {
    try FacilityError.checkPositive(capacityJoules, "capacity of the battery")
    try FacilityError.check(maximumChargeWatts, "charging power of the battery")
    try FacilityError.check(maximumDischargeWatts, "discharging power of the battery")
    try FacilityError.checkPositive(roundTripEfficiency, "round-trip efficiency of the battery")
    try FacilityError.check(roundTripEfficiency, "round-trip efficiency of the battery", in: 0...1)
    try FacilityError.check(stateOfCharge, "state of charge", in: 0...1)
    self.capacityJoules = capacityJoules
    self.maximumChargeWatts = maximumChargeWatts
    self.maximumDischargeWatts = maximumDischargeWatts
    self.roundTripEfficiency = roundTripEfficiency
    oneWayEfficiency = roundTripEfficiency.squareRoot()
    stored = CompensatedSum()
    stored += capacityJoules * stateOfCharge
  }

  /// Energy that it holds, in joules.
  public var storedJoules: Double { min(capacityJoules, max(0, stored.value)) }
  /// Share of the capacity that it holds, 0 to 1.
  public var stateOfCharge: Double { storedJoules / capacityJoules }

  /// What happened in one interval.
  public struct Use: Sendable, Equatable {
    /// Power at the terminals in watts: above 0 discharging into the site, below 0 charging from it.
    public var watts = 0.0
    /// Power lost, in watts, >= 0.
    public var lossWatts = 0.0
    /// Rise of the stored energy in watts, below 0 while discharging: `watts + lossWatts + storedWatts` is 0.
    public var storedWatts = 0.0
  }

  /// Discharges or charges, as far as power and energy allow.
  ///
  /// - Parameters:
  ///   - watts: Wanted power at the terminals: above 0 discharging, below 0 charging.
  ///   - seconds: Length of the interval, above 0.
  /// - Returns: What happened.
  public mutating func use(watts: Double, seconds: Double) -> Use {
    var use = Use()
    if watts > 0 {
      use.watts = min(watts, mostDischargeWatts(seconds: seconds))
      use.storedWatts = -use.watts / oneWayEfficiency
      use.lossWatts = use.watts / oneWayEfficiency - use.watts
    } else {
      let charge = min(-watts, mostChargeWatts(seconds: seconds))
      use.watts = -charge
      use.storedWatts = charge * oneWayEfficiency
      use.lossWatts = charge - use.storedWatts
    }
    stored += use.storedWatts * seconds
    return use
  }

  /// What it can give throughout an interval.
  ///
  /// - Parameter seconds: Length of the interval, above 0.
  /// - Returns: Watts at the terminals.
  public func mostDischargeWatts(seconds: Double) -> Double {
    min(maximumDischargeWatts, storedJoules * oneWayEfficiency / seconds)
  }

  /// What it can take throughout an interval.
  ///
  /// - Parameter seconds: Length of the interval, above 0.
  /// - Returns: Watts at the terminals.
  public func mostChargeWatts(seconds: Double) -> Double {
    min(maximumChargeWatts, (capacityJoules - storedJoules) / (oneWayEfficiency * seconds))
  }

  /// Power at the terminals that brings it to an energy within an interval, without regard to its power
  /// limits.
  func watts(towards joules: Double, seconds: Double) -> Double {
    let rise = (joules - storedJoules) / seconds
    return rise > 0 ? -rise / oneWayEfficiency : -rise * oneWayEfficiency
  }
}
