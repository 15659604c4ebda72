import Facility
import Simulation

/// What a site drew from the grid over one interval of a run.
public struct FacilityInterval: Sendable, Equatable {
  /// Its start in seconds since the reported part of the run began.
  public var startSeconds: Double
  /// Its length in seconds.
  public var seconds: Double
  /// Power of the racks.
  public var itWatts: Double
  /// What all stages of the electrical chain lost.
  public var conversionLossWatts: Double
  /// Fans, pumps, chillers and an overhead that is not split.
  public var coolingWatts: Double
  /// The battery at its terminals: above 0 it discharges into the site.
  public var batteryWatts: Double
  /// The draw from the grid.
  public var gridWatts: Double
  /// Outdoor temperature in °C.
  public var outdoorCelsius: Double
}

/// Feeds the power of a run into a site's facility, interval by interval.
///
/// The parts of the IT load are the accelerators of each deployment, the accelerators that none of them holds and
/// everything else of the nodes, by the rules of ``PowerAccount``; what power smoothing burns comes on top. An interval is a stretch of buckets that holds
/// sixteen mean steps; a last stretch that is shorter belongs to the one before. What booking at the end of steps
/// still puts above the accelerators' limit in an interval was used before it, and moves there; no energy is lost.
struct FacilityAccount {
  private let facility: SiteFacility
  private let deployments: [Accelerators]
  private let holdings: [PowerAccount.Holding]
  private let unusedWatts: Double
  private let widthNanoseconds: Int64
  private let meanStepSeconds: Double

  /// The accelerators that a deployment holds.
  private struct Accelerators {
    let name: String
    let idleWatts: Double
    /// Watts between idle and the limit.
    let dynamicWatts: Double
    /// Energy above idle by bucket of the site's series.
    var joules: [Double]
  }

  /// A deployment: its name, its accelerators, its series.
  typealias Deployment = (name: String, holdings: [PowerAccount.Holding], series: TimeSeries)

  /// An account of a run; nil where the site has no facility.
  ///
  /// - Parameters:
  ///   - site: where it ran.
  ///   - deployments: what ran, in order.
  ///   - holdings: accelerators of the site, system by system.
  ///   - series: what happened on the whole site.
  ///   - meanStepSeconds: seconds of a mean step, 0 where there is none.
  init?(
    site: SiteContext, deployments: [Deployment], holdings: [PowerAccount.Holding], series: TimeSeries,
    meanStepSeconds: Double
  ) {
    guard let facility = site.facility else { return nil }
    self.facility = facility
    self.deployments = deployments.map { deployment in
      let own = deployment.series
      var joules = Array(repeating: 0.0, count: series.buckets.count)
      for (index, bucket) in own.buckets.enumerated() where bucket.microjoulesAboveIdle != 0 {
        joules[index >> (series.shift - own.shift)] += Double(bucket.microjoulesAboveIdle) * 1e-6
      }
      return Accelerators(
        name: deployment.name,
        idleWatts: deployment.holdings.reduce(0) { $0 + Double($1.inUse) * $1.system.acceleratorIdleWatts },
        dynamicWatts: deployment.holdings.reduce(0) { $0 + Double($1.inUse) * $1.system.dynamicWatts },
        joules: joules)
    }
    self.holdings = holdings
    unusedWatts = holdings.reduce(0) { $0 + Double($1.all - $1.inUse) * $1.system.acceleratorIdleWatts }
    widthNanoseconds = series.widthNanoseconds
    self.meanStepSeconds = meanStepSeconds
  }

  /// What came of a span.
  struct Use {
    var energy: SiteEnergy
    var intervals: [FacilityInterval] = []
    /// Integral of the outdoor temperature over time.
    var celsiusSeconds = 0.0
    /// Largest draw outside the limits of its change.
    var rampExcessWatts = 0.0

    /// Watts at the grid for each watt of IT power, of which what smoothing burns is no part.
    var gridWattsPerITWatt: Double {
      let working = energy.itEnergyJoules - energy.burntEnergyJoules
      return working > 0 ? energy.gridEnergyJoules / working : 0
    }
  }

  /// Accounts for a span; the battery enters it as the run before left it.
  func use(over span: RunSpan) -> Use {
    var grid = facility.grid
    let first = Int64(span.cells(ofWidth: widthNanoseconds).lowerBound) * widthNanoseconds
    if grid != nil, first > 0 {
      grid = use(over: RunSpan(startNanoseconds: 0, endNanoseconds: first), grid: grid).energy.grid
    }
    return use(over: span, grid: grid)
  }

  private func use(over span: RunSpan, grid: GridController?) -> Use {
    let names = deployments.map { "accelerators of \($0.name)" } + ["accelerators not in use", "nodes"]
    var use = Use(energy: facility.account(partNames: names, grid: grid))
    let spans = stretches(of: span)
    let powers = deployments.map { watts(of: $0, over: spans) }
    var smoother = facility.smoothing?.smoother(
      accelerators: holdings.reduce(0) { $0 + $1.inUse },
      limitWatts: holdings.reduce(0) { $0 + Double($1.inUse) * $1.system.acceleratorPeakWatts })
    for (index, stretch) in spans.enumerated() {
      let aboveIdle = powers.reduce(0) { $0 + $1[index] }
      let parts =
        zip(deployments, powers).map { $0.idleWatts + $1[index] } + [
          unusedWatts, PowerAccount.nodeWatts(of: holdings, aboveIdle: aboveIdle),
        ]
      let seconds = stretch.span.seconds
      let working = parts.prefix(deployments.count).reduce(0, +)
      let burnt = smoother?.step(wantedWatts: working, seconds: seconds).burnWatts ?? 0
      let interval = use.energy.add(
        startSeconds: facility.startSeconds + stretch.span.startSeconds, seconds: seconds, partWatts: parts,
        burnWatts: burnt)
      use.celsiusSeconds += interval.outdoorCelsius * seconds
      use.rampExcessWatts = max(use.rampExcessWatts, interval.grid.rampExcessWatts)
      use.intervals.append(
        FacilityInterval(
          startSeconds: stretch.span.startSeconds, seconds: seconds, itWatts: parts.reduce(burnt, +),
          conversionLossWatts: interval.draw.flow.lossWatts.reduce(0, +),
          coolingWatts: interval.draw.cooling.watts, batteryWatts: interval.grid.battery.watts,
          gridWatts: interval.grid.gridWatts, outdoorCelsius: interval.outdoorCelsius))
    }
    return use
  }

  /// Buckets that are taken together, and the part of the span that they cover.
  private struct Stretch {
    var buckets: Range<Int>
    var span: RunSpan
  }

  private func stretches(of span: RunSpan) -> [Stretch] {
    guard span.seconds > 0 else { return [] }
    let range = span.cells(ofWidth: widthNanoseconds)
    let length = PowerAccount.stretch(
      of: range, widthSeconds: Double(widthNanoseconds) * 1e-9, meanStepSeconds: meanStepSeconds)
    let count = max(1, range.count / length)
    return (0..<count).map { number in
      let start = range.lowerBound + number * length
      let end = number == count - 1 ? range.upperBound : start + length
      return Stretch(
        buckets: start..<end,
        span: RunSpan(
          startNanoseconds: max(span.startNanoseconds, Int64(start) * widthNanoseconds),
          endNanoseconds: min(span.endNanoseconds, Int64(end) * widthNanoseconds)))
    }
  }

  /// Watts above idle of each stretch, at most the limit where the mean over all of them is.
  private func watts(of part: Accelerators, over stretches: [Stretch]) -> [Double] {
    var joules = stretches.map { stretch in
      stretch.buckets.clamped(to: 0..<part.joules.count).reduce(0) { $0 + part.joules[$1] }
    }
    let most = stretches.map { part.dynamicWatts * $0.span.seconds }
    // What is too much was used earlier; at the start of the span, later.
    var rest = 0.0
    for order in [Array(joules.indices.reversed()), Array(joules.indices)] {
      for index in order {
        let wanted = joules[index] + rest
        joules[index] = min(wanted, most[index])
        rest = wanted - joules[index]
      }
    }
    let seconds = stretches.reduce(0) { $0 + $1.span.seconds }
    return zip(joules, stretches).map { $0 / $1.span.seconds + rest / seconds }
  }
}
