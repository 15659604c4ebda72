import Simulation

/// Power and energy of a part of a site over a span: from energy above idle, by way of nodes, to the connection.
///
/// - Accelerators draw idle power and the energy above it that the simulation booked.
/// - A node without its accelerators draws `idle + (peak − idle) · u`, where `u` is the dynamic utilisation of all
///   accelerators of the part, `(P − idle) / (limit − idle)`: fans, processors and network follow the work.
/// - The site draws IT power × (1 + overhead) / conversion efficiency.
///
/// Peaks are means over stretches of equal length: the energy of a step is booked when the step ends, so a stretch is
/// the shortest power of two of buckets that holds sixteen mean steps. What booking still adds
/// above the power limit is cut off at the limit.
struct PowerAccount {
  let site: SiteContext
  /// Accelerators of the part that deployments hold.
  let acceleratorsInUse: Int
  /// All accelerators of the part.
  let accelerators: Int
  let seconds: Double
  /// Mean and peak of what the accelerators in use draw above idle, in watts.
  private let meanAboveIdle: Double
  private let peakAboveIdle: Double

  /// Adds up a span; `meanStepSeconds` is 0 where there is no step.
  init(
    site: SiteContext, acceleratorsInUse: Int, accelerators: Int, series: TimeSeries, span: RunSpan,
    meanStepSeconds: Double
  ) {
    self.site = site
    self.acceleratorsInUse = acceleratorsInUse
    self.accelerators = accelerators
    seconds = span.seconds
    let buckets = series.buckets
    let range = span.cells(ofWidth: series.widthNanoseconds)
    let energy = range.clamped(to: 0..<buckets.count).reduce(Int64(0)) {
      $0 + buckets[$1].microjoulesAboveIdle
    }
    let mean = seconds > 0 ? Double(energy) * 1e-6 / seconds : 0
    meanAboveIdle = mean
    var stretch = 1
    while Double(stretch) * series.widthSeconds < 16 * meanStepSeconds, stretch < range.count { stretch *= 2 }
    var peak = mean
    for start in stride(from: range.lowerBound, to: range.upperBound, by: stretch)
    where start + stretch <= range.upperBound {
      let energy = (start..<start + stretch).clamped(to: 0..<buckets.count).reduce(Int64(0)) {
        $0 + buckets[$1].microjoulesAboveIdle
      }
      peak = max(peak, Double(energy) * 1e-6 / (series.widthSeconds * Double(stretch)))
    }
    let limit = Double(acceleratorsInUse) * (site.acceleratorPeakWatts - site.acceleratorIdleWatts)
    peakAboveIdle = max(mean, min(peak, limit))
  }

  var figures: PowerFigures {
    guard seconds > 0 else { return PowerFigures() }
    return PowerFigures(
      gpuMean: gpuWatts(meanAboveIdle), gpuPeak: gpuWatts(peakAboveIdle), itMean: itWatts(meanAboveIdle),
      itPeak: itWatts(peakAboveIdle), siteMean: itWatts(meanAboveIdle) * site.siteWattsPerITWatt,
      sitePeak: itWatts(peakAboveIdle) * site.siteWattsPerITWatt)
  }

  func energy(outputTokens: Int64?) -> EnergyFigures {
    let siteJoules = itWatts(meanAboveIdle) * site.siteWattsPerITWatt * seconds
    var figures = EnergyFigures(siteMegawattHours: siteJoules / 3.6e9)
    if let outputTokens, outputTokens > 0 {
      let gpuJoules = gpuWatts(meanAboveIdle) * Double(acceleratorsInUse) * seconds
      figures.gpuJoulesPerOutputToken = gpuJoules / Double(outputTokens)
      figures.siteJoulesPerOutputToken = siteJoules / Double(outputTokens)
    }
    return figures
  }

  func cost(outputTokens: Int64?) -> CostFigures {
    var figures = CostFigures()
    guard let outputTokens, outputTokens > 0, seconds > 0 else { return figures }
    let tokensPerSecond = Double(outputTokens) / seconds
    if let price = site.dollarsPerAcceleratorHour {
      figures.dollarsPerMillionOutputTokens = price / 3600 * Double(accelerators) / tokensPerSecond * 1e6
    }
    let megawatts = itWatts(meanAboveIdle) * site.siteWattsPerITWatt * 1e-6
    if megawatts > 0 { figures.outputTokensPerSecondPerMegawatt = tokensPerSecond / megawatts }
    return figures
  }

  /// Watts of one accelerator in use.
  private func gpuWatts(_ aboveIdle: Double) -> Double {
    site.acceleratorIdleWatts + aboveIdle / Double(acceleratorsInUse)
  }

  /// Watts of all accelerators of the part and of the nodes, or the shares of nodes, that hold them.
  private func itWatts(_ aboveIdle: Double) -> Double {
    let dynamicRange = Double(accelerators) * (site.acceleratorPeakWatts - site.acceleratorIdleWatts)
    let utilisation = dynamicRange > 0 ? min(1, aboveIdle / dynamicRange) : 0
    let nodes = Double(site.nodes) * Double(accelerators) / Double(site.accelerators)
    return Double(accelerators) * site.acceleratorIdleWatts + aboveIdle
      + nodes * (site.nodeIdleWatts + (site.nodePeakWatts - site.nodeIdleWatts) * utilisation)
  }
}
