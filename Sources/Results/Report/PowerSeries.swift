import Simulation

/// Accelerators whose draw was recorded together, in use or not.
public struct PowerPoint: Sendable, Equatable {
  /// What results call it: `gb300-nvl72`, `chat`, `chat prefill`, `row 3`, `rack 17`.
  public var name: String
  /// Accelerators of each system of the site, by its position in ``SiteContext/systems``, >= 0.
  public var acceleratorsBySystem: [Int]

  /// A point; see the properties.
  public init(name: String, acceleratorsBySystem: [Int]) {
    self.name = name
    self.acceleratorsBySystem = acceleratorsBySystem
  }
}

/// What was recorded of the draw of a site, point by point and interval by interval, over the whole run.
///
/// By the rules of ``PowerAccount``: accelerators draw idle power and what was read above it, and the nodes, or shares of
/// nodes, that hold a point's accelerators follow their dynamic utilisation.
public struct PowerSeries: Sendable {
  /// The points, in order.
  public let points: [PowerPoint]
  private let readings: PowerReadings
  private let holdings: [[PowerAccount.Holding]]
  private let idleWatts: [Double]

  init(_ readings: PowerReadings, points: [PowerPoint], on site: SiteContext) {
    self.readings = readings
    self.points = points
    holdings = points.map { point in
      zip(site.systems, point.acceleratorsBySystem).filter { $0.1 > 0 }.map {
        PowerAccount.Holding(system: $0, inUse: $1, all: $1)
      }
    }
    idleWatts = holdings.map { $0.reduce(0) { $0 + Double($1.all) * $1.system.acceleratorIdleWatts } }
  }

  /// Seconds of an interval; the last one may be shorter.
  public var intervalSeconds: Double { readings.intervalSeconds }
  /// Intervals from the start of the run to its end.
  public var intervals: Int { readings.wattsAboveIdle.count }
  /// The start of an interval in seconds since the run began.
  public func startSeconds(of interval: Int) -> Double { Double(interval) * readings.intervalSeconds }
  /// The length of an interval in seconds.
  public func seconds(of interval: Int) -> Double { readings.seconds(of: interval) }
  /// Accelerators of a point.
  public func accelerators(of point: Int) -> Int { holdings[point].reduce(0) { $0 + $1.all } }

  /// Mean draw of the accelerators of a point in an interval, in watts, idle power included.
  public func gpuWatts(of point: Int, in interval: Int) -> Double {
    idleWatts[point] + readings.wattsAboveIdle[interval][point]
  }

  /// Mean draw of the accelerators of a point and of the nodes that hold them in an interval, in watts.
  public func itWatts(of point: Int, in interval: Int) -> Double {
    let aboveIdle = readings.wattsAboveIdle[interval][point]
    return idleWatts[point] + aboveIdle + PowerAccount.nodeWatts(of: holdings[point], aboveIdle: aboveIdle)
  }

  /// A point's draw over the whole run, in watts.
  public struct Figures: Sendable, Equatable {
    /// Mean by time.
    public var mean: Double
    /// The largest mean of an interval.
    public var peak: Double
    /// What 99 % of the intervals don't exceed.
    public var p99: Double
    /// The largest rise from one interval to the next, >= 0; nil where there are less than two.
    public var largestRise: Double?

    /// Mean over peak, in 0...1; 0 where nothing was drawn.
    public var loadFactor: Double { peak > 0 ? mean / peak : 0 }
  }

  /// What accelerators of a point drew; nil where the run had no length.
  public func gpuFigures(of point: Int) -> Figures? { figures { gpuWatts(of: point, in: $0) } }

  /// What accelerators of a point and their nodes drew; nil where the run had no length.
  public func itFigures(of point: Int) -> Figures? { figures { itWatts(of: point, in: $0) } }

  private func figures(_ watts: (Int) -> Double) -> Figures? {
    guard intervals > 0 else { return nil }
    let all = (0..<intervals).map(watts)
    let lengths = (0..<intervals).map(seconds(of:))
    let mean = zip(all, lengths).reduce(0) { $0 + $1.0 * $1.1 } / lengths.reduce(0, +)
    // What the end of the run cuts off is shorter than what peaks are means of.
    let isCut = intervals > 1 && readings.lastSeconds < readings.intervalSeconds
    let whole = isCut ? Array(all.dropLast()) : all
    let sorted = whole.sorted()
    let rank = Int((0.99 * Double(sorted.count)).rounded(.up)) - 1
    return Figures(
      mean: mean, peak: sorted[sorted.count - 1], p99: sorted[max(rank, 0)],
      largestRise: zip(whole, whole.dropFirst()).map { max(0, $1 - $0) }.max())
  }
}
