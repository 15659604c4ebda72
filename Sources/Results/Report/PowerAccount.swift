import Facility
import Simulation

/// Power and energy of a part of a site over a span: from energy above idle, by way of nodes, to the connection.
///
/// - Accelerators draw idle power and the energy above it that the simulation booked.
/// - A node without its accelerators draws `idle + (peak − idle) · u`, where `u` is the dynamic utilisation of all
///   accelerators of the part, `(P − idle) / (limit − idle)`: fans, processors and network follow the work.
/// - The site draws IT power × (1 + overhead) / conversion efficiency; with a facility, what ``FacilityAccount`` finds.
///
/// Peaks are means over stretches of equal length: the energy of a step is booked when the step ends, so a stretch is
/// the shortest power of two of buckets that holds sixteen mean steps. What booking still adds
/// above the power limit is cut off at the limit.
struct PowerAccount {
  /// Accelerators of the part, system by system.
  let holdings: [Holding]
  let siteWattsPerITWatt: Double
  /// Peak at the grid connection where a facility says it.
  let gridPeakWatts: Double?
  let seconds: Double
  /// Mean and peak of what the accelerators in use draw above idle, in watts.
  private let meanAboveIdle: Double
  private let peakAboveIdle: Double

  /// Accelerators of one system.
  struct Holding {
    let system: SystemContext
    /// Those that deployments hold.
    var inUse: Int
    /// All of the part.
    var all: Int
  }

  /// Adds up a span; `meanStepSeconds` is 0 where there is no step.
  init(
    siteWattsPerITWatt: Double, gridPeakWatts: Double? = nil, holdings: [Holding], series: TimeSeries,
    span: RunSpan, meanStepSeconds: Double
  ) {
    self.holdings = holdings
    self.siteWattsPerITWatt = siteWattsPerITWatt
    self.gridPeakWatts = gridPeakWatts
    seconds = span.seconds
    let buckets = series.buckets
    let range = span.cells(ofWidth: series.widthNanoseconds)
    // A day of a gigawatt exceeds 64 bits.
    let energy = range.clamped(to: 0..<buckets.count).reduce(Int128(0)) {
      $0 + Int128(buckets[$1].microjoulesAboveIdle)
    }
    let mean = seconds > 0 ? Double(energy) * 1e-6 / seconds : 0
    meanAboveIdle = mean
    let stretch = Self.stretch(of: range, widthSeconds: series.widthSeconds, meanStepSeconds: meanStepSeconds)
    var peak = mean
    for start in stride(from: range.lowerBound, to: range.upperBound, by: stretch)
    where start + stretch <= range.upperBound {
      let energy = (start..<start + stretch).clamped(to: 0..<buckets.count).reduce(Int64(0)) {
        $0 + buckets[$1].microjoulesAboveIdle
      }
      peak = max(peak, Double(energy) * 1e-6 / (series.widthSeconds * Double(stretch)))
    }
    let limit = holdings.reduce(0) { $0 + Double($1.inUse) * $1.system.dynamicWatts }
    peakAboveIdle = max(mean, min(peak, limit))
  }

  /// A steady state: what the accelerators in use draw above idle does not change.
  init(siteWattsPerITWatt: Double, holdings: [Holding], wattsAboveIdle: Double, seconds: Double) {
    self.holdings = holdings
    self.siteWattsPerITWatt = siteWattsPerITWatt
    gridPeakWatts = nil
    self.seconds = seconds
    let limit = holdings.reduce(0) { $0 + Double($1.inUse) * $1.system.dynamicWatts }
    meanAboveIdle = min(wattsAboveIdle, limit)
    peakAboveIdle = meanAboveIdle
  }

  /// Buckets that are taken together: the shortest power of two that holds sixteen mean steps.
  static func stretch(of range: Range<Int>, widthSeconds: Double, meanStepSeconds: Double) -> Int {
    var stretch = 1
    while Double(stretch) * widthSeconds < 16 * meanStepSeconds, stretch < range.count { stretch *= 2 }
    return stretch
  }

  var figures: PowerFigures {
    guard seconds > 0 else { return PowerFigures() }
    return PowerFigures(
      gpuMean: gpuWatts(meanAboveIdle), gpuPeak: gpuWatts(peakAboveIdle), itMean: itWatts(meanAboveIdle),
      itPeak: itWatts(peakAboveIdle), siteMean: itWatts(meanAboveIdle) * siteWattsPerITWatt,
      sitePeak: gridPeakWatts ?? itWatts(peakAboveIdle) * siteWattsPerITWatt, nodeParts: nodeParts)
  }

  func energy(outputTokens: Int64?) -> EnergyFigures {
    let siteJoules = itWatts(meanAboveIdle) * siteWattsPerITWatt * seconds
    var figures = EnergyFigures(siteMegawattHours: siteJoules / 3.6e9)
    if let outputTokens, outputTokens > 0 {
      let gpuJoules = gpuWatts(meanAboveIdle) * inUse * seconds
      figures.gpuJoulesPerOutputToken = gpuJoules / Double(outputTokens)
      figures.siteJoulesPerOutputToken = siteJoules / Double(outputTokens)
    }
    return figures
  }

  func cost(outputTokens: Int64?) -> CostFigures {
    var figures = CostFigures()
    guard let outputTokens, outputTokens > 0, seconds > 0 else { return figures }
    let tokensPerSecond = Double(outputTokens) / seconds
    let prices = holdings.filter { $0.all > 0 }.map { holding in
      holding.system.dollarsPerAcceleratorHour.map { $0 / 3600 * Double(holding.all) }
    }
    if prices.allSatisfy({ $0 != nil }) {
      let perSecond = prices.reduce(0) { $0 + ($1 ?? 0) }
      figures.dollarsPerMillionOutputTokens = perSecond / tokensPerSecond * 1e6
    }
    let megawatts = itWatts(meanAboveIdle) * siteWattsPerITWatt * 1e-6
    if megawatts > 0 { figures.outputTokensPerSecondPerMegawatt = tokensPerSecond / megawatts }
    return figures
  }

  private var inUse: Double { Double(holdings.reduce(0) { $0 + $1.inUse }) }

  /// Watts of one accelerator in use, on average.
  private func gpuWatts(_ aboveIdle: Double) -> Double {
    let idle = holdings.reduce(0) { $0 + Double($1.inUse) * $1.system.acceleratorIdleWatts }
    return (idle + aboveIdle) / inUse
  }

  /// Watts of all accelerators of the part and of the nodes, or the shares of nodes, that hold them.
  private func itWatts(_ aboveIdle: Double) -> Double { Self.itWatts(of: holdings, aboveIdle: aboveIdle) }

  /// Watts of all accelerators and of their nodes, at what the former draw above idle.
  static func itWatts(of holdings: [Holding], aboveIdle: Double) -> Double {
    let utilisation = utilisation(of: holdings, aboveIdle)
    var watts = aboveIdle
    for holding in holdings {
      watts += Double(holding.all) * holding.system.acceleratorIdleWatts
      watts += nodeWatts(of: holding, utilisation)
    }
    return watts
  }

  /// Dynamic utilisation of all accelerators that draw so much above idle.
  private static func utilisation(of holdings: [Holding], _ aboveIdle: Double) -> Double {
    let dynamicRange = holdings.reduce(0) { $0 + Double($1.all) * $1.system.dynamicWatts }
    return dynamicRange > 0 ? min(1, aboveIdle / dynamicRange) : 0
  }

  /// Watts of the nodes, or shares of nodes, that hold accelerators, without these.
  private static func nodeWatts(of holding: Holding, _ utilisation: Double) -> Double {
    let system = holding.system
    let nodes = Double(system.nodes) * Double(holding.all) / Double(system.accelerators)
    return nodes * (system.nodeIdleWatts + (system.nodePeakWatts - system.nodeIdleWatts) * utilisation)
  }

  /// Where the power of the nodes goes, part by part, at the span's mean; none unless the parts of all systems are known.
  var nodeParts: [PowerFigures.NodePart] {
    let work = Self.utilisation(of: holdings, meanAboveIdle)
    var parts: [PowerFigures.NodePart] = []
    for holding in holdings where holding.all > 0 {
      guard let node = holding.system.nodePower else { return [] }
      let nodes = Double(holding.system.nodes) * Double(holding.all) / Double(holding.system.accelerators)
      for (name, watts) in node.breakdown(atWork: work) {
        if let index = parts.firstIndex(where: { $0.name == name }) {
          parts[index].watts += nodes * watts
        } else {
          parts.append(PowerFigures.NodePart(name: name, watts: nodes * watts))
        }
      }
    }
    return parts
  }

  /// Watts of all nodes without their accelerators, at what these draw above idle.
  static func nodeWatts(of holdings: [Holding], aboveIdle: Double) -> Double {
    let utilisation = utilisation(of: holdings, aboveIdle)
    return holdings.reduce(0) { $0 + nodeWatts(of: $1, utilisation) }
  }
}

extension SystemContext {
  /// Watts of an accelerator between idle and its limit.
  var dynamicWatts: Double { acceleratorPeakWatts - acceleratorIdleWatts }
}
