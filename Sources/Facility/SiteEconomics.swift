/// What a site costs a year, before a run says what it draws.
public struct SiteEconomics: Sendable, Equatable {
  /// Capital, lives and prices; energy and peak are those of a run.
  public var costs: Economics
  /// Operation as a share of all capital a year, >= 0, beside ``Economics/operatingDollarsPerYear``.
  public var operatingShare: Double
  /// Price of energy in dollars per kilowatt-hour; nil where the facility has one.
  public var dollarsPerKilowattHour: Double?

  /// Constants of a site; see the properties.
  public init(costs: Economics, operatingShare: Double = 0, dollarsPerKilowattHour: Double? = nil) {
    self.costs = costs
    self.operatingShare = operatingShare
    self.dollarsPerKilowattHour = dollarsPerKilowattHour
  }

  /// What a year of 8760 hours costs that is all like a span of a run.
  ///
  /// - Parameters:
  ///   - meanWatts: Mean draw from the grid, in watts, >= 0.
  ///   - peakWatts: The peak that capacity is paid for, in watts, >= 0.
  ///   - energyDollars: What the span's energy cost where the facility has a price, in dollars.
  ///   - seconds: Length of the span, in seconds, above 0.
  /// - Returns: Dollars a year by part.
  public func annualCost(
    meanWatts: Double, peakWatts: Double, energyDollars: Double?, seconds: Double
  ) -> Economics.AnnualCost {
    var costs = costs
    costs.peakWatts = peakWatts
    costs.operatingDollarsPerYear += operatingShare * (costs.itCapitalDollars + costs.siteCapitalDollars)
    if let dollarsPerKilowattHour {
      costs.energyDollarsPerYear = Economics.energyDollarsPerYear(
        meanWatts: meanWatts, dollarsPerKilowattHour: dollarsPerKilowattHour)
    } else {
      costs.energyDollarsPerYear = (energyDollars ?? 0) / seconds * Self.secondsPerYear
    }
    return costs.annualCost
  }

  /// Seconds of a year of 8760 hours.
  public static let secondsPerYear = 8760.0 * 3600
}
