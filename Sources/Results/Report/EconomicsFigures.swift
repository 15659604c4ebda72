import Facility

/// What a site costs a year that is all like a span of its run, with the constants of the scenario.
public struct EconomicsFigures: Sendable, Equatable {
  /// Dollars a year, by part.
  public var annual: Economics.AnnualCost
  /// Output tokens of such a year; nil where there are none.
  public var outputTokensPerYear: Double?
  /// Accelerators that are paid for, >= 1.
  public var accelerators: Int

  /// The parts of the cost by their names in results, with the total at the end, in dollars a year.
  public var parts: [(name: String, dollars: Double)] {
    [
      ("it_capital", annual.itCapital), ("site_capital", annual.siteCapital), ("energy", annual.energy),
      ("demand", annual.demand), ("operating", annual.operating), ("total", annual.total),
    ]
  }

  /// What dollars a year are for a million output tokens; nil where there are none.
  public func perMillionTokens(_ dollars: Double) -> Double? {
    guard let tokens = outputTokensPerYear, tokens > 0 else { return nil }
    return dollars / tokens * 1e6
  }

  /// All cost for one accelerator and one hour, in dollars.
  public var dollarsPerAcceleratorHour: Double { annual.total / (8760 * Double(accelerators)) }

  /// The figures of a span; nil without constants or where the span has no length.
  init?(
    _ economics: SiteEconomics?, power: PowerFigures, energyDollars: Double?, outputTokens: Int64?,
    accelerators: Int, seconds: Double
  ) {
    guard let economics, seconds > 0, let mean = power.siteMean, let peak = power.sitePeak else { return nil }
    annual = economics.annualCost(
      meanWatts: mean, peakWatts: peak, energyDollars: energyDollars, seconds: seconds)
    outputTokensPerYear = outputTokens.map { Double($0) / seconds * SiteEconomics.secondsPerYear }
    self.accelerators = accelerators
  }
}
