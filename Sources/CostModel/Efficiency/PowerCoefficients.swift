#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What kernels of a class draw, as shares of the range between idle and thermal design power.
public struct KernelPower: Sendable, Equatable {
  /// Share for running a kernel at all.
  public var busy: Double
  /// Share for each share of the peak FLOP/s.
  public var compute: Double
  /// Share for each share of the peak bandwidth.
  public var memory: Double

  /// Coefficients; see the properties.
  public init(busy: Double, compute: Double, memory: Double) {
    self.busy = busy
    self.compute = compute
    self.memory = memory
  }
}

/// How much of the range between idle and thermal design power an accelerator draws.
public struct PowerCoefficients: Sendable, Equatable {
  /// Dense products; classes that `classes` leaves out take these where they multiply matrices.
  public var gemm: KernelPower
  /// Other classes by their own; those that are left out take decode attention's, or `gemm`'s.
  public var classes: [OperatorClass: KernelPower]
  /// Share while kernels are launched, and in what a framework adds to its steps.
  public var launch: Double
  /// Share while accelerators wait for a host that is slower than they are.
  public var host: Double
  /// Share while exchanging with other accelerators.
  public var exchange: Double
  /// Share while logits are sorted.
  public var sort: Double
  /// Share that power controllers hold the mean of kernels to, in (0, 1].
  public var limit: Double

  /// Coefficients; see the properties.
  public init(
    gemm: KernelPower, classes: [OperatorClass: KernelPower] = [:], launch: Double, host: Double,
    exchange: Double, sort: Double, limit: Double
  ) {
    self.gemm = gemm
    self.classes = classes
    self.launch = launch
    self.host = host
    self.exchange = exchange
    self.sort = sort
    self.limit = limit
  }

  /// The coefficients of a class: kernels that pass over memory are taken to be like decode attention.
  public func kernel(_ operatorClass: OperatorClass) -> KernelPower {
    if let own = classes[operatorClass] { return own }
    switch operatorClass {
    case .elementwise, .sparseIndexer, .linearAttention: return classes[.decodeAttention] ?? gemm
    case .gemm, .experts, .prefillAttention, .decodeAttention, .diffusion: return gemm
    }
  }

  /// How sharply power bends where it nears the limit: the exponent of a smooth minimum.
  static let sharpness = 8.0
  /// Share of the highest core voltage below which clocks fall without it.
  ///
  /// Assumption: 0.6; boards down to half their limit then lose a fifth of their clock, as measured on an RTX PRO 6000 that
  /// serves dense and mixture models (throughput 0.75 to 0.81 at half the limit).
  static let leastVoltage = 0.6

  /// The share of a kernel that reaches these shares of the peak FLOP/s and bandwidth, each in 0...1.
  ///
  /// Above 1 where a kernel would draw more than the limit if others beside it did not draw less.
  ///
  /// - Parameters:
  ///   - operatorClass: what kernel it is.
  ///   - computeShare: of the FLOP/s at the full clock.
  ///   - memoryShare: of the bandwidth.
  ///   - clock: share of the full core clock, which the voltage follows: clock trees and leakage draw clock × voltage²,
  ///     an operation voltage². Memory has a clock of its own.
  /// - Returns: the share, >= 0.
  public func share(
    _ operatorClass: OperatorClass, compute computeShare: Double, memory memoryShare: Double,
    clock: Double = 1
  ) -> Double {
    let kernel = kernel(operatorClass)
    let voltage = max(clock, Self.leastVoltage)
    return kernel.busy * Self.drop(atClock: clock) + kernel.compute * computeShare * voltage * voltage
      + kernel.memory * memoryShare
  }

  /// A share as controllers hold it that see nothing else for as long as they average over.
  ///
  /// Boards don't stay below the limit and then at it: what is near it is sometimes held.
  public func held(_ share: Double) -> Double {
    guard share > 0 else { return 0 }
    return share / pow(1 + pow(share / limit, Self.sharpness), 1 / Self.sharpness)
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
