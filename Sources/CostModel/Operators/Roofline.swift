import Hardware
import Models
import Quantities

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Turns work into time and energy on one accelerator type: the roofline with efficiencies.
struct Roofline: Sendable {
  let accelerator: AcceleratorSpecification
  let efficiencies: EfficiencyTable
  /// Accelerators that do the same at the same time; energy counts them all.
  let accelerators: Int
  /// What each is held to.
  var clocks = ClockLimits()

  /// The dense peak for a multiplied type, in FLOP/s; nil where the hardware has none.
  func peak(_ type: Models.ComputeType) -> Double? {
    let hardware = Hardware.ComputeType(rawValue: type.rawValue)
    return hardware.flatMap { accelerator.peakRates[$0]?.si }
  }

  /// The cost of a kernel: (launch + smooth maximum of the time that compute and memory need) × residual.
  ///
  /// Time beyond the launches is shared between compute and memory as they contribute to the smooth maximum.
  /// - Parameters:
  ///   - work: what it does.
  ///   - operatorClass: which efficiency holds.
  ///   - lane: the operator that its time is booked on.
  ///   - withLaunch: whether launches are booked here too.
  /// - Returns: all lanes.
  func cost(
    _ work: KernelWork, _ operatorClass: OperatorClass, lane: CostLane, withLaunch: Bool = true
  ) -> CostVector {
    let surface = efficiencies.surface(operatorClass, format: work.format, type: work.type)
    let parts = RooflineParts(
      work, surface: surface, accelerator: accelerator, peak: rate(work.type), clock: clocks.clock)
    let launch = withLaunch ? parts.launch : 0
    let busy = withLaunch ? parts.busy : max(0, parts.busy + parts.launch - parts.bareLaunch)
    var cost = CostVector.zero
    cost[.time] = launch + busy
    cost[.launch] = launch
    if busy > 0 {
      cost[.compute] = busy * parts.computeShare
      cost[.memory] = busy * (1 - parts.computeShare)
      cost[.energy] = busy * range * share(of: work, operatorClass, busy: busy)
    }
    cost[.energy] += launch * range * waitingShare(nil)
    cost[lane] = cost[.time]
    return cost
  }

  /// The launches alone of a kernel.
  func launch(_ work: KernelWork, _ operatorClass: OperatorClass, lane: CostLane) -> CostVector {
    let surface = efficiencies.surface(operatorClass, format: work.format, type: work.type)
    return waiting(seconds: work.launches * surface.efficiency.launchSeconds, limit: .launch, lane: lane)
  }

  /// The cost of time in which kernels wait: framework work or links.
  func waiting(seconds: Double, limit: CostLane, lane: CostLane) -> CostVector {
    var cost = CostVector.zero
    cost[.time] = seconds
    cost[limit] = seconds
    cost[lane] = seconds
    cost[.energy] = seconds * range * waitingShare(share(ofWaitFor: limit))
    return cost
  }

  /// The cost of sorting keys of 32 bits with their indices.
  ///
  /// Its time does not follow bandwidth (H100 and B200 take alike), nor does its power: passes over shared memory keep all
  /// cores busy.
  func sort(keys: Double, lane: CostLane) -> CostVector {
    let seconds = keys * efficiencies.sortSecondsPerKey
    guard seconds > 0 else { return .zero }
    var cost = CostVector.zero
    cost[.time] = seconds
    cost[.memory] = seconds
    cost[lane] = seconds
    cost[.energy] = seconds * range * waitingShare(efficiencies.power.sort)
    return cost
  }

  /// The cost of time in which accelerators wait for the framework's host.
  func hostWait(seconds: Double) -> CostVector {
    var cost = CostVector.zero
    cost[.time] = seconds
    cost[.launch] = seconds
    cost[.framework] = seconds
    cost[.energy] = seconds * range * waitingShare(efficiencies.power.host)
    return cost
  }

  /// The rate that a type is multiplied at; 16 bits where the hardware has no faster one.
  private func rate(_ type: Models.ComputeType) -> Double { peak(type) ?? accelerator.peakRates.bf16.si }

  /// Share of the range between idle and thermal design power while a kernel lasts `busy` seconds; above 1 for those that
  /// only others beside them let draw as much.
  private func share(of work: KernelWork, _ operatorClass: OperatorClass, busy: Double) -> Double {
    let compute = work.flops / (busy * rate(work.type))
    let memory = (work.weightBytes + work.activationBytes) / (busy * accelerator.memoryBandwidth.si)
    return efficiencies.power.share(
      operatorClass, compute: min(compute, 1), memory: min(memory, 1), clock: clocks.clock)
  }

  private func share(ofWaitFor limit: CostLane) -> Double? {
    limit == .network ? efficiencies.power.exchange : nil
  }

  /// Share of the range while kernels wait, for their launches unless another one is given; no limit makes them wait longer.
  private func waitingShare(_ share: Double?) -> Double {
    let full = share ?? efficiencies.power.launch
    return min(full * PowerCoefficients.drop(atClock: clocks.clock), most ?? 1)
  }

  /// Share of the range that the power limit leaves; nil without one.
  private var most: Double? {
    let idle = accelerator.idlePower.si
    return clocks.powerLimitWatts.map { ($0 - idle) / (accelerator.thermalDesignPower.si - idle) }
  }

  private var range: Double {
    Double(accelerators) * (accelerator.thermalDesignPower.si - accelerator.idlePower.si)
  }

  /// Share of the bandwidth that kernels reach where memory bounds them.
  private static let reachedBandwidth = 0.8

  /// What steps are held to.
  var hold: PowerHold {
    let power = efficiencies.power
    let design = range * power.limit
    return PowerHold(
      designWatts: design, watts: most.map { min($0 * range, design) } ?? design,
      memoryWatts: range * power.gemm.memory * Self.reachedBandwidth)
  }
}

/// The time of a kernel under a surface, in parts.
public struct RooflineParts: Sendable {
  /// Seconds of launches, residual included.
  public let launch: Double
  /// Seconds of launches without the residual.
  public let bareLaunch: Double
  /// Seconds beyond, residual included.
  public let busy: Double
  /// The share of compute in what bounds the busy time, in 0...1.
  public let computeShare: Double

  /// Evaluates a surface.
  ///
  /// - Parameters:
  ///   - work: the kernel.
  ///   - surface: what it reaches of the peaks.
  ///   - accelerator: whose bandwidth and compute units count.
  ///   - peak: dense FLOP/s of the multiplied type.
  ///   - clock: share of the full core clock, in (0, 1].
  public init(
    _ work: KernelWork, surface: OperatorSurface, accelerator: AcceleratorSpecification, peak: Double,
    clock: Double = 1
  ) {
    let efficiency = surface.efficiency
    let bandwidth = accelerator.memoryBandwidth.si
    let compute = work.flops / (peak * efficiency.compute * clock)
    let memory =
      work.weightBytes / (bandwidth * efficiency.memory)
      + work.activationBytes / (bandwidth * efficiency.activation)
    let p = efficiency.sharpness
    // Scaled by the larger one, so that powers of nanoseconds don't underflow.
    let larger = max(compute, memory)
    let sum = larger > 0 ? pow(compute / larger, p) + pow(memory / larger, p) : 0
    let factor = exp(surface.logResidual(of: work))
    bareLaunch = work.launches * efficiency.launchSeconds
    launch = bareLaunch * factor
    busy = larger > 0 ? larger * pow(sum, 1 / p) * factor : 0
    computeShare = sum > 0 ? pow(compute / larger, p) / sum : 0
  }

  /// Launches and the rest.
  public var seconds: Double { launch + busy }
}
