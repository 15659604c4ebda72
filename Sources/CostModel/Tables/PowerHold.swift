#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the accelerators of a replica are held to: a controller that lowers clocks until the mean draw of a step fits.
///
/// Board controllers average over milliseconds, so that a kernel may draw more than the limit while those beside it draw
/// less. Times of kernels are as measured under the design limit: held to that, a step draws the limit and takes its time; held
/// to less, what compute bounds takes longer.
@frozen
public struct PowerHold: Sendable, Equatable {
  /// Watts above idle that all accelerators draw under the limit of their thermal design, > 0.
  public let designWatts: Double
  /// Watts above idle that they are held to, in 0...``designWatts``.
  public let watts: Double
  /// Watts of memory while it works at what kernels reach of its bandwidth: core clocks leave them alone.
  public let memoryWatts: Double

  /// A limit; see the properties.
  public init(designWatts: Double, watts: Double, memoryWatts: Double) {
    self.designWatts = designWatts
    self.watts = min(watts, designWatts)
    self.memoryWatts = memoryWatts
  }

  /// Whether it is tighter than the limit that kernels were measured under.
  @inlinable
  var isTight: Bool { watts < designWatts }

  /// Joules that a cost draws beyond the limit in its time, negative where it draws less.
  @inlinable
  func excess(_ cost: CostVector) -> Double { cost[.energy] - watts * cost[.time] }

  /// A cost held to a tight limit where it draws more.
  @usableFromInline
  func held(_ cost: CostVector) -> CostVector {
    guard excess(cost) > 0 else { return cost }
    var held = cost + stretch(of: cost).extra(of: cost)
    held[.energy] = watts * held[.time]
    return held
  }

  /// How costs of one mix of operators stretch under the limit.
  struct Stretch {
    /// What each second more is of: 1 of time, 1 of compute, and 1 spread over operators.
    let share: CostVector
    /// Seconds more for a second that compute bounds.
    let perComputeSecond: Double
    /// Seconds more for a second of any kind.
    let perSecond: Double

    /// What is added to a cost.
    func extra(of cost: CostVector) -> CostVector {
      share * (perComputeSecond * cost[.compute] + perSecond * cost[.time])
    }
  }

  /// Share of the full clock that no controller goes below.
  static let leastClock = 0.1

  /// The clock at which a cost draws no more than the limit, and what it then adds.
  ///
  /// Core power goes with clock × voltage², memory power stays; below the lowest voltage with the clock alone. What the lowest
  /// clock still draws too much is waited for.
  func stretch(of cost: CostVector) -> Stretch {
    let seconds = cost[.time]
    let drawn = min(cost[.energy] / seconds, designWatts)
    let memory = min(memoryWatts * cost[.memory] / seconds, drawn)
    let core = drawn - memory
    let voltage = PowerCoefficients.leastVoltage
    let room = core > 0 ? (watts - memory) / core : 0
    let wanted = room >= voltage * voltage * voltage ? cbrt(room) : room / (voltage * voltage)
    let clock = min(max(wanted, Self.leastClock), 1)
    let least = memory + core * PowerCoefficients.drop(atClock: Self.leastClock)
    let wait = wanted < Self.leastClock ? max(0, least / watts - 1) : 0
    var share = CostVector.zero
    for lane in CostLane.operators { share[lane] = cost[lane] / seconds }
    share[.time] = 1
    share[.compute] = 1
    return Stretch(share: share, perComputeSecond: (1 / clock - 1) * (1 + wait), perSecond: wait)
  }
}

extension StepCostTable {
  /// Holds a run of decode-only steps to the power limit of the accelerators' design: steps that would draw more draw that,
  /// and the run ends where they no longer would, or begin to.
  @inlinable
  func hold(
    to hold: PowerHold, _ first: inout CostVector, _ growth: inout CostVector, _ steps: inout Double
  ) {
    let excess = hold.excess(first)
    let change = hold.excess(growth)
    if excess > 0 {
      first[.energy] = hold.watts * first[.time]
      growth[.energy] = hold.watts * growth[.time]
      if change < 0 { steps = min(steps, (excess / -change).rounded(.up)) }
    } else if change > 0 {
      steps = min(steps, (-excess / change).rounded(.down) + 1)
    }
  }

  /// Holds a run of decode-only steps to a limit below that of the design.
  ///
  /// - Parameters:
  ///   - hold: the limit.
  ///   - first: the first step.
  ///   - growth: what each further one adds.
  ///   - span: steps from the first to the begin and to the end of the linear piece, not whole: the clock is that of the end that
  ///     draws more, so that it is the same wherever in the piece a run begins.
  @usableFromInline
  func hold(
    tightlyTo hold: PowerHold, _ first: inout CostVector, _ growth: inout CostVector, span: (Double, Double)
  ) {
    let begin = first + growth * span.0
    let end = first + growth * span.1
    let most = begin[.energy] * end[.time] > end[.energy] * begin[.time] ? begin : end
    guard hold.excess(most) > 0 else { return }
    let stretch = hold.stretch(of: most)
    first += stretch.extra(of: first)
    growth += stretch.extra(of: growth)
    first[.energy] = hold.watts * first[.time]
    growth[.energy] = hold.watts * growth[.time]
  }
}
