/// What a site draws besides the battery, at one moment.
public struct SiteDraw: Sendable, Equatable {
  /// Power through the electrical chain.
  public var flow = ElectricalChain.Flow()
  /// What cooling draws.
  public var cooling = CoolingDraw()

  /// A site that draws nothing.
  public init() {}

  /// What the feed supplies, in watts.
  public var feedWatts: Double { flow.feedWatts }
}

/// The electrical chain and the cooling of a site.
public struct SitePlant: Sendable, Equatable {
  /// From the racks to the feed.
  public let chain: ElectricalChain
  /// What removes the heat.
  public let cooling: CoolingPlant
  /// Lights, offices, controls: a constant load that joins the chain with the mechanical load, in watts.
  public let otherWatts: Double

  /// A plant.
  ///
  /// - Parameters:
  ///   - chain: From the racks to the feed.
  ///   - cooling: What removes the heat.
  ///   - otherWatts: A constant load that joins with the mechanical load, in watts, >= 0.
  /// - Throws: `FacilityError` where the constant load is out of range.
  public init(chain: ElectricalChain, cooling: CoolingPlant, otherWatts: Double = 0) throws(FacilityError) {
    try FacilityError.check(otherWatts, "other load")
    self.chain = chain
    self.cooling = cooling
    self.otherWatts = otherWatts
  }

  /// What the site draws at a load.
  ///
  /// Heat is what the racks draw and what the cooled stages lose.
  ///
  /// - Parameters:
  ///   - rackWatts: What the racks draw, in watts, >= 0.
  ///   - outdoorCelsius: Outdoor temperature, in °C.
  /// - Returns: Power through the chain and of the cooling.
  public func draw(rackWatts: Double, outdoorCelsius: Double) -> SiteDraw {
    var draw = SiteDraw()
    let heat = rackWatts + chain.cooledLossWatts(rackWatts: rackWatts)
    draw.cooling = cooling.draw(heatWatts: heat, outdoorCelsius: outdoorCelsius)
    draw.flow = chain.flow(rackWatts: rackWatts, mechanicalWatts: draw.cooling.watts + otherWatts)
    return draw
  }

  /// What the racks may draw under a limit of the feed.
  ///
  /// - Parameters:
  ///   - feedWatts: The limit of the feed, in watts.
  ///   - outdoorCelsius: Outdoor temperature, in °C.
  /// - Returns: The largest power at the racks, in watts, within 1e-12 of the limit; 0 where the plant alone
  ///   needs more.
  public func rackWatts(feedWatts: Double, outdoorCelsius: Double) -> Double {
    var low = 0.0
    var high = max(0, feedWatts)
    while high - low > 1e-12 * feedWatts {
      let middle = low + (high - low) / 2
      if draw(rackWatts: middle, outdoorCelsius: outdoorCelsius).feedWatts <= feedWatts {
        low = middle
      } else {
        high = middle
      }
    }
    return low
  }
}
