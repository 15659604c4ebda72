/// A floor and ramp limits of the power of accelerators, as NVIDIA's power smoothing sets them.
///
/// Where work draws less than the floor, or falls faster than allowed, accelerators burn the difference.
/// Where work would draw more than the rise allows it is held back and runs slower. The controls are those of
/// NVML on Blackwell (floor, ramp up, ramp down, hysteresis); figures are for a whole group of accelerators
/// that do the same.
public struct PowerSmoothing: Sendable, Equatable {
  /// The least power, in watts, >= 0.
  public let floorWatts: Double
  /// How fast power may rise, in watts per second; nil for any rate, so that nothing is held back.
  public let rampUpWattsPerSecond: Double?
  /// How fast power may fall, in watts per second; nil for any rate.
  public let rampDownWattsPerSecond: Double?
  /// How long work must draw less before power begins to fall, in seconds, >= 0.
  public let hysteresisSeconds: Double
  private var previousWatts: Double?
  private var secondsBelow = 0.0

  /// A smoother.
  ///
  /// - Parameters:
  ///   - floorWatts: The least power, in watts, >= 0.
  ///   - rampUpWattsPerSecond: How fast power may rise, in W/s, >= 0; nil for any rate.
  ///   - rampDownWattsPerSecond: How fast power may fall, in W/s, >= 0; nil for any rate.
  ///   - hysteresisSeconds: How long work must draw less before power begins to fall, in seconds, >= 0.
  /// - Throws: `FacilityError` where a figure is out of range.
  public init(
    floorWatts: Double, rampUpWattsPerSecond: Double? = nil, rampDownWattsPerSecond: Double? = nil,
    hysteresisSeconds: Double = 0
  ) throws(FacilityError) {
    try FacilityError.check(floorWatts, "floor of the power")
    if let rampUpWattsPerSecond { try FacilityError.check(rampUpWattsPerSecond, "rise of the power") }
    if let rampDownWattsPerSecond { try FacilityError.check(rampDownWattsPerSecond, "fall of the power") }
    try FacilityError.check(hysteresisSeconds, "hysteresis")
    self.floorWatts = floorWatts
    self.rampUpWattsPerSecond = rampUpWattsPerSecond
    self.rampDownWattsPerSecond = rampDownWattsPerSecond
    self.hysteresisSeconds = hysteresisSeconds
  }

  /// Power in one interval: `outputWatts` = wanted − `heldBackWatts` + `burnWatts`.
  public struct Interval: Sendable, Equatable {
    /// What the accelerators draw, in watts.
    public var outputWatts = 0.0
    /// What they draw for no work, in watts, >= 0.
    public var burnWatts = 0.0
    /// What work would draw beyond what the rise allows, in watts, >= 0; 0 without a limit of the rise.
    public var heldBackWatts = 0.0
  }

  /// Takes the next interval.
  ///
  /// Power is constant within an interval, at what its end is allowed, so intervals should be shorter than
  /// the ramps of interest. The first interval follows no ramp.
  ///
  /// - Parameters:
  ///   - wantedWatts: What work draws by itself, in watts, >= 0.
  ///   - seconds: Length of the interval, above 0.
  /// - Returns: What is drawn, burnt and held back.
  public mutating func step(wantedWatts: Double, seconds: Double) -> Interval {
    var granted = wantedWatts
    var least = floorWatts
    if let previousWatts {
      if let rise = rampUpWattsPerSecond {
        granted = min(wantedWatts, max(floorWatts, previousWatts + rise * seconds))
      }
      if granted < previousWatts {
        let waited = secondsBelow
        secondsBelow += seconds
        let falling = min(seconds, max(0, secondsBelow - max(hysteresisSeconds, waited)))
        if falling < seconds || rampDownWattsPerSecond != nil {
          let fall = falling > 0 ? (rampDownWattsPerSecond ?? .infinity) * falling : 0
          least = max(floorWatts, previousWatts - fall)
        }
      } else {
        secondsBelow = 0
      }
    }
    let output = max(granted, least)
    previousWatts = output
    return Interval(
      outputWatts: output, burnWatts: output - granted, heldBackWatts: wantedWatts - granted)
  }
}

/// Power smoothing as it is set on each accelerator.
public struct SmoothingPolicy: Sendable, Equatable {
  /// The least power as a share of the power limit, in 0...1.
  public let floorShare: Double
  /// How fast an accelerator's power may fall, in watts per second, >= 0; nil for any rate.
  public let rampDownWattsPerSecond: Double?
  /// How long work must draw less before power begins to fall, in seconds, >= 0.
  public let hysteresisSeconds: Double

  /// A policy; see the properties.
  public init(floorShare: Double, rampDownWattsPerSecond: Double? = nil, hysteresisSeconds: Double = 0) {
    self.floorShare = floorShare
    self.rampDownWattsPerSecond = rampDownWattsPerSecond
    self.hysteresisSeconds = hysteresisSeconds
  }

  /// The smoother of many accelerators that do the same.
  ///
  /// - Parameters:
  ///   - accelerators: how many, >= 0.
  ///   - limitWatts: the sum of their power limits, >= 0.
  /// - Returns: a smoother; nil where a figure of the policy is out of range.
  public func smoother(accelerators: Int, limitWatts: Double) -> PowerSmoothing? {
    try? PowerSmoothing(
      floorWatts: floorShare * limitWatts,
      rampDownWattsPerSecond: rampDownWattsPerSecond.map { $0 * Double(accelerators) },
      hysteresisSeconds: hysteresisSeconds)
  }
}
