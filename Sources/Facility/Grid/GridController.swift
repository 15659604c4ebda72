/// What was drawn from the grid in one interval, and what the battery did.
public struct GridInterval: Sendable, Equatable {
  /// Draw from the grid, in watts: load - battery.
  public var gridWatts = 0.0
  /// What the battery did; above 0 it discharges into the site.
  public var battery = Battery.Use()
  /// Draw above the policy's limit and events, in watts, >= 0.
  public var excessWatts = 0.0
  /// Draw outside what the limits of its change allow, in watts, >= 0.
  public var rampExcessWatts = 0.0

  /// An interval without a draw.
  public init() {}
}

/// A battery that follows a policy, interval by interval.
public struct GridController: Sendable, Equatable {
  /// What the battery is for.
  public let policy: GridPolicy
  /// The battery as it is now.
  public private(set) var battery: Battery
  private var previousWatts: Double?

  /// A battery that follows a policy.
  ///
  /// - Parameters:
  ///   - battery: The battery at the start.
  ///   - policy: What it is for.
  /// - Throws: `FacilityError` where a figure of the policy is out of range.
  public init(battery: Battery, policy: GridPolicy) throws(FacilityError) {
    try policy.check()
    self.battery = battery
    self.policy = policy
  }

  /// Takes the next interval.
  ///
  /// The battery returns to rest as far as the limits allow, and otherwise keeps the draw within them. The
  /// first interval has no limit of change.
  ///
  /// - Parameters:
  ///   - loadWatts: What the site draws without the battery, in watts, >= 0.
  ///   - startSeconds: Start of the interval, in seconds.
  ///   - seconds: Its length, above 0.
  /// - Returns: What was drawn and what could not be kept.
  public mutating func step(loadWatts: Double, startSeconds: Double, seconds: Double) -> GridInterval {
    let allowed = policy.allowedWatts(startSeconds: startSeconds, seconds: seconds)
    // Nothing flows back into the grid.
    var lowest = 0.0
    var highest = Double.infinity
    if let previousWatts {
      if let fall = policy.rampDownWattsPerSecond { lowest = max(0, previousWatts - fall * seconds) }
      if let rise = policy.rampUpWattsPerSecond { highest = previousWatts + rise * seconds }
    }
    let approach = max(lowest, policy.approachWatts(endSeconds: startSeconds + seconds))
    let ceiling = min(allowed, highest, approach)
    let wanted = min(max(loadWatts - restWatts(seconds: seconds), lowest), ceiling)
    var interval = GridInterval()
    interval.battery = battery.use(watts: loadWatts - wanted, seconds: seconds)
    interval.gridWatts = loadWatts - interval.battery.watts
    // A difference within rounding is not an excess.
    let rounding = 1e-12 * max(loadWatts, interval.gridWatts)
    interval.excessWatts = Self.above(rounding, interval.gridWatts - allowed)
    interval.rampExcessWatts = Self.above(
      rounding, max(interval.gridWatts - highest, lowest - interval.gridWatts))
    previousWatts = interval.gridWatts
    return interval
  }

  /// What the battery would do if nothing were asked of it, in watts at its terminals.
  private func restWatts(seconds: Double) -> Double {
    let wanted = battery.watts(
      towards: policy.restingStateOfCharge * battery.capacityJoules, seconds: seconds)
    let recovery = policy.recoveryWatts ?? .infinity
    return wanted > 0
      ? min(wanted, recovery, battery.maximumDischargeWatts)
      : -min(-wanted, recovery, battery.maximumChargeWatts)
  }

  private static func above(_ rounding: Double, _ excess: Double) -> Double {
    excess > rounding ? excess : 0
  }
}
