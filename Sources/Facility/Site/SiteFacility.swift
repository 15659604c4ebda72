/// What stands between the racks of a site and its grid connection, ready to account for a run.
public struct SiteFacility: Sendable, Equatable {
  /// The chain and the cooling.
  public var plant: SitePlant
  /// Outdoor temperature.
  public var climate: Climate
  /// Seconds from the start of the year at which the reported part of the run begins.
  ///
  /// Climate, prices, carbon and events of the policy are read by it.
  public var startSeconds: Double
  /// The battery and its policy at the start; nil where there are neither.
  public var grid: GridController?
  /// Price of energy in dollars per kWh, by hours of the year; nil for none.
  public var price: HourlySeries?
  /// Carbon of energy in grams of CO2 per kWh, by hours of the year; nil for none.
  public var carbon: HourlySeries?
  /// The outdoor temperature that the plant is made for, in °C.
  public var designCelsius: Double?
  /// How accelerators in use smooth their power; nil: they don't.
  public var smoothing: SmoothingPolicy?

  /// A facility.
  ///
  /// - Parameters:
  ///   - plant: The chain and the cooling.
  ///   - climate: Outdoor temperature.
  ///   - startSeconds: Seconds from the start of the year at which the reported part of the run begins.
  ///   - grid: The battery and its policy at the start; nil for neither.
  ///   - price: Price of energy in dollars per kWh; nil for none.
  ///   - carbon: Carbon of energy in grams of CO2 per kWh; nil for none.
  public init(
    plant: SitePlant, climate: Climate, startSeconds: Double = 0, grid: GridController? = nil,
    price: HourlySeries? = nil, carbon: HourlySeries? = nil
  ) {
    self.plant = plant
    self.climate = climate
    self.startSeconds = startSeconds
    self.grid = grid
    self.price = price
    self.carbon = carbon
  }

  /// Windows whose means are compared for the largest change of the draw, in seconds.
  public static let rampWindowSeconds = 60.0

  /// An account of a part of the run.
  ///
  /// - Parameters:
  ///   - partNames: Names of the parts of the IT load.
  ///   - grid: The battery and its policy when the part of the run begins.
  /// - Returns: An account without any interval.
  public func account(partNames: [String], grid: GridController?) -> SiteEnergy {
    do {
      return try SiteEnergy(
        plant: plant, climate: climate, partNames: partNames, grid: grid, price: price, carbon: carbon,
        rampWindowSeconds: Self.rampWindowSeconds)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}
