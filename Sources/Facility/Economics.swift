#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a site costs a year, and what a million tokens cost with it.
///
/// annual = IT capital / IT life + site capital / site life + energy + capacity + operation (straight line;
/// with a discount rate the capital is an annuity instead).
public struct Economics: Sendable, Equatable {
  /// Capital of the IT equipment, in dollars, >= 0.
  public var itCapitalDollars = 0.0
  /// Useful life of the IT equipment, in years, above 0.
  ///
  /// 6 as Google, Microsoft and CoreWeave account for it; others take 4 to 5.5 (medium confidence).
  public var itLifeYears = 6.0
  /// Capital of the site, in dollars, >= 0; see `siteDollarsPerMegawatt`.
  public var siteCapitalDollars = 0.0
  /// Useful life of the site, in years, above 0.
  ///
  /// 15 is an assumption.
  public var siteLifeYears = 15.0
  /// Interest on capital a year, >= 0; 0 spreads capital in a straight line.
  public var discountRate = 0.0
  /// Energy from the grid a year, in dollars, >= 0.
  public var energyDollarsPerYear = 0.0
  /// The peak that capacity is paid for, in watts, >= 0.
  public var peakWatts = 0.0
  /// Price of capacity, in dollars per megawatt and day, >= 0.
  ///
  /// 329.17 is PJM's for 2026/27 (medium confidence).
  public var capacityDollarsPerMegawattDay = 329.17
  /// Demand charge of the utility, in dollars per kilowatt and month, >= 0; no source was found for one.
  public var demandDollarsPerKilowattMonth = 0.0
  /// Staff, maintenance, water and what else is paid a year, in dollars, >= 0.
  public var operatingDollarsPerYear = 0.0

  /// The default figures, without capital, energy and peak.
  public init() {}

  /// Power, cooling and building of an AI site per megawatt of IT: 2.5 M$ for a rack of 132 kW.
  ///
  /// Derived from Bernstein's split of a GB200 NVL72 rack; illustrative figures elsewhere are 9-12 M$ (low
  /// confidence).
  public static let siteDollarsPerMegawatt = 18.9e6

  /// What is paid a year, in dollars.
  public struct AnnualCost: Sendable, Equatable {
    /// Capital of the IT equipment.
    public var itCapital = 0.0
    /// Capital of the site.
    public var siteCapital = 0.0
    /// Energy.
    public var energy = 0.0
    /// Capacity and demand charge.
    public var demand = 0.0
    /// Operation.
    public var operating = 0.0

    /// All of it.
    public var total: Double { itCapital + siteCapital + energy + demand + operating }

    /// Cost of a million tokens.
    ///
    /// - Parameter tokensPerYear: Tokens served a year, above 0.
    /// - Returns: Dollars per million tokens.
    public func dollarsPerMillionTokens(tokensPerYear: Double) -> Double { total / (tokensPerYear / 1e6) }
  }

  /// What is paid a year.
  public var annualCost: AnnualCost {
    AnnualCost(
      itCapital: itCapitalDollars * recovery(years: itLifeYears),
      siteCapital: siteCapitalDollars * recovery(years: siteLifeYears), energy: energyDollarsPerYear,
      demand: peakWatts / 1e6 * capacityDollarsPerMegawattDay * 365
        + peakWatts / 1e3 * demandDollarsPerKilowattMonth * 12,
      operating: operatingDollarsPerYear)
  }

  /// Share of the capital that is paid each year: 1 / n, or the annuity r / (1 − (1 + r)^−n).
  private func recovery(years: Double) -> Double {
    discountRate > 0 ? discountRate / (1 - pow(1 + discountRate, -years)) : 1 / years
  }

  /// Energy of a year at a constant power and price.
  ///
  /// - Parameters:
  ///   - meanWatts: Mean draw from the grid, in watts.
  ///   - dollarsPerKilowattHour: Price of energy.
  /// - Returns: Dollars for 8760 hours.
  public static func energyDollarsPerYear(meanWatts: Double, dollarsPerKilowattHour: Double) -> Double {
    meanWatts / 1e3 * 8760 * dollarsPerKilowattHour
  }

  /// Cost of a million tokens at a price per accelerator and hour.
  ///
  /// - Parameters:
  ///   - dollarsPerAcceleratorHour: Price of an accelerator, in dollars an hour.
  ///   - accelerators: How many are paid for.
  ///   - tokensPerSecond: Tokens that they serve together, above 0.
  /// - Returns: Dollars per million tokens.
  public static func dollarsPerMillionTokens(
    dollarsPerAcceleratorHour: Double, accelerators: Int, tokensPerSecond: Double
  ) -> Double {
    dollarsPerAcceleratorHour * Double(accelerators) / (tokensPerSecond * 3600 / 1e6)
  }

  /// Tokens a second for a megawatt of provisioned utility power.
  ///
  /// - Parameters:
  ///   - tokensPerSecond: Tokens that the accelerators serve together.
  ///   - accelerators: How many there are, above 0.
  ///   - provisionedWatts: Utility power for each, in watts, such as 2100 for GB200 (InferenceX), above 0.
  /// - Returns: Tokens a second and megawatt.
  public static func tokensPerSecondPerMegawatt(
    tokensPerSecond: Double, accelerators: Int, provisionedWatts: Double
  ) -> Double {
    tokensPerSecond / (Double(accelerators) * provisionedWatts / 1e6)
  }
}
