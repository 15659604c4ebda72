#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How much of the range between idle and thermal design power an accelerator draws.
public struct PowerCoefficients: Sendable, Equatable {
  /// Share for running a kernel at all.
  public var busy: Double
  /// Share for each share of the peak FLOP/s.
  public var compute: Double
  /// Share for each share of the peak bandwidth.
  public var memory: Double
  /// Share between launches and in framework work.
  public var launch: Double
  /// Share while exchanging with other accelerators.
  public var exchange: Double
  /// Share that power controllers hold a kernel to, in (0, 1].
  public var limit: Double

  /// How sharply power bends where it nears the limit: the exponent of a smooth minimum.
  static let sharpness = 8.0
  /// Share of the highest core voltage below which clocks fall without it.
  ///
  /// Assumption: 0.6; boards down to half their limit then lose a fifth of their clock, as measured on an RTX PRO 6000 that
  /// serves dense and mixture models (throughput 0.75 to 0.81 at half the limit).
  static let leastVoltage = 0.6

  /// The share of a kernel that reaches these shares of the peak FLOP/s and bandwidth, each in 0...1.
  ///
  /// - Parameters:
  ///   - computeShare: of the FLOP/s at the full clock.
  ///   - memoryShare: of the bandwidth.
  ///   - clock: share of the full core clock, which the voltage follows: clock trees and leakage draw clock × voltage²,
  ///     an operation voltage². Memory has a clock of its own.
  /// - Returns: the share, in 0...1.
  func share(compute computeShare: Double, memory memoryShare: Double, clock: Double = 1) -> Double {
    let voltage = max(clock, Self.leastVoltage)
    let wanted =
      busy * Self.drop(atClock: clock) + compute * computeShare * voltage * voltage + memory * memoryShare
    guard wanted > 0 else { return 0 }
    return wanted / pow(1 + pow(wanted / limit, Self.sharpness), 1 / Self.sharpness)
  }

  /// What clock trees and leakage draw at a share of the full clock / what they draw at that.
  static func drop(atClock clock: Double) -> Double {
    let voltage = max(clock, leastVoltage)
    return clock * voltage * voltage
  }
}

/// What accelerators are held to.
public struct ClockLimits: Sendable, Equatable {
  /// Watts of one accelerator, between idle and its thermal design power; nil: that.
  public var powerLimitWatts: Double?
  /// Share of the full core clock that it is locked to at most, in 0.1...1.
  public var clock: Double

  /// Limits; none unless stated.
  public init(powerLimitWatts: Double? = nil, clock: Double = 1) {
    self.powerLimitWatts = powerLimitWatts
    self.clock = clock
  }
}
