import Facility

/// Power, energy and cost of a steady state, by the rules that a run's are computed by.
///
/// Nothing changes, so there are no peaks; energy is that of a token, not of a span.
public struct SteadyPower: Sendable, Equatable {
  /// Power in watts, without peaks.
  public var power = PowerFigures()
  /// Energy for each output token.
  public var energy = EnergyFigures()
  /// Cost and yield.
  public var cost = CostFigures()

  /// A part of a site in a steady state.
  public struct Part: Sendable {
    /// Its accelerators in use, by the position of their system in ``SiteContext/systems``.
    public var acceleratorsBySystem: [Int]
    /// What they draw above idle, in watts.
    public var wattsAboveIdle: Double
    /// Output tokens each second; nil where there are none.
    public var outputTokensPerSecond: Double?

    /// A part; see the properties.
    public init(acceleratorsBySystem: [Int], wattsAboveIdle: Double, outputTokensPerSecond: Double?) {
      self.acceleratorsBySystem = acceleratorsBySystem
      self.wattsAboveIdle = wattsAboveIdle
      self.outputTokensPerSecond = outputTokensPerSecond
    }
  }

  /// The figures of a site and of each of its parts.
  ///
  /// - Parameters:
  ///   - parts: what stands on the site, at least one.
  ///   - site: where they stand.
  ///   - outdoorCelsius: outdoor temperature that a facility is at, in °C; without one the site's constant holds.
  /// - Returns: the site's figures, idle accelerators included, and those of each part.
  public static func of(
    _ parts: [Part], on site: SiteContext, outdoorCelsius: Double?
  ) -> (site: SteadyPower, parts: [SteadyPower]) {
    var all = site.systems.map { PowerAccount.Holding(system: $0, inUse: 0, all: $0.accelerators) }
    for part in parts {
      for (index, count) in part.acceleratorsBySystem.enumerated() {
        all[index].inUse += count
        all[index].all = max(all[index].all, all[index].inUse)
      }
    }
    let watts = parts.reduce(0) { $0 + $1.wattsAboveIdle }
    let tokens = parts.compactMap(\.outputTokensPerSecond)
    var perITWatt = site.siteWattsPerITWatt
    if let facility = site.facility, let outdoorCelsius,
      let itWatts = figures(all, watts, nil, siteWattsPerITWatt: 1).power.itMean, itWatts > 0
    {
      let draw = facility.plant.draw(rackWatts: itWatts, outdoorCelsius: outdoorCelsius)
      perITWatt = draw.feedWatts / itWatts
    }
    let ofSite = figures(
      all, watts, tokens.isEmpty ? nil : tokens.reduce(0, +), siteWattsPerITWatt: perITWatt)
    let ofParts = parts.map { part in
      let holdings = zip(site.systems, part.acceleratorsBySystem).map {
        PowerAccount.Holding(system: $0, inUse: $1, all: $1)
      }
      return figures(
        holdings, part.wattsAboveIdle, part.outputTokensPerSecond, siteWattsPerITWatt: perITWatt)
    }
    return (ofSite, ofParts)
  }

  private static func figures(
    _ holdings: [PowerAccount.Holding], _ wattsAboveIdle: Double, _ tokensPerSecond: Double?,
    siteWattsPerITWatt: Double
  ) -> SteadyPower {
    // Long enough that whole tokens are no rounding of their rate.
    let seconds = 1e6
    let account = PowerAccount(
      siteWattsPerITWatt: siteWattsPerITWatt, holdings: holdings, wattsAboveIdle: wattsAboveIdle,
      seconds: seconds)
    let tokens = tokensPerSecond.map { Int64(($0 * seconds).rounded()) }
    var power = account.figures
    (power.gpuPeak, power.itPeak, power.sitePeak) = (nil, nil, nil)
    var energy = account.energy(outputTokens: tokens)
    energy.siteMegawattHours = nil
    return SteadyPower(power: power, energy: energy, cost: account.cost(outputTokens: tokens))
  }
}
