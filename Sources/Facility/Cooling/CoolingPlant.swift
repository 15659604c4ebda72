/// What cooling draws at one moment.
public struct CoolingDraw: Sendable, Equatable {
  /// Fans of air handlers and dry coolers, in watts.
  public var fanWatts = 0.0
  /// Pumps, in watts.
  public var pumpWatts = 0.0
  /// Chillers, in watts.
  public var chillerWatts = 0.0
  /// A constant overhead that is not split further, in watts.
  public var overheadWatts = 0.0
  /// Water used, in litres per second.
  public var litresPerSecond = 0.0
  /// Heat that the plant is too small to remove, in watts; temperatures rise while it is above 0.
  public var unremovedWatts = 0.0

  /// A plant that draws nothing.
  public init() {}

  /// All electrical power, in watts.
  public var watts: Double { fanWatts + pumpWatts + chillerWatts + overheadWatts }
}

/// What removes the heat of a site.
public struct CoolingPlant: Sendable, Equatable {
  /// How heat is removed.
  public enum Method: Sendable, Equatable {
    /// Electrical power as a fixed share of the heat, >= 0: 0.09 with a lossless chain is a PUE of 1.09.
    case constantOverhead(Double)
    /// Air.
    case air(AirCooling)
    /// Liquid, with air for a share of the heat.
    case liquid(LiquidCooling)
  }

  /// How heat is removed.
  public let method: Method
  /// The heat that the plant is designed for, in watts.
  public let designHeatWatts: Double

  /// A plant.
  ///
  /// - Parameters:
  ///   - method: How heat is removed.
  ///   - designHeatWatts: The heat that the plant is designed for, in watts, above 0.
  /// - Throws: `FacilityError` where a figure is out of range.
  public init(method: Method, designHeatWatts: Double) throws(FacilityError) {
    try FacilityError.checkPositive(designHeatWatts, "design heat")
    switch method {
    case .constantOverhead(let share): try FacilityError.check(share, "overhead")
    case .air(let cooling): try cooling.check()
    case .liquid(let cooling): try cooling.check()
    }
    self.method = method
    self.designHeatWatts = designHeatWatts
  }

  /// What the plant draws.
  ///
  /// Heat above the design heat is not removed. Power rises with the heat and with the outdoor temperature as
  /// long as all heat is removed.
  ///
  /// - Parameters:
  ///   - heatWatts: Heat to remove, in watts, >= 0.
  ///   - outdoorCelsius: Outdoor dry-bulb temperature, in °C.
  /// - Returns: Power by part, water, and heat that is left.
  public func draw(heatWatts: Double, outdoorCelsius: Double) -> CoolingDraw {
    let heat = min(heatWatts, designHeatWatts)
    var draw: CoolingDraw
    switch method {
    case .constantOverhead(let share):
      draw = CoolingDraw()
      draw.overheadWatts = heatWatts * share
      return draw
    case .air(let cooling):
      draw = cooling.draw(
        heatWatts: heat, designHeatWatts: designHeatWatts, outdoorCelsius: outdoorCelsius)
    case .liquid(let cooling):
      draw = cooling.draw(
        heatWatts: heat, designHeatWatts: designHeatWatts, outdoorCelsius: outdoorCelsius)
    }
    draw.unremovedWatts += heatWatts - heat
    return draw
  }
}
