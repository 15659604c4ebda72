/// The energy of a site, added up interval by interval.
///
/// Per interval: the parts of the IT load and the burn of power smoothing reach the racks; the plant adds
/// cooling and conversion losses; the battery, at the feed, makes the draw from the grid of it. Sums are
/// compensated, so that millions of intervals add up as exactly as one.
public struct SiteEnergy: Sendable {
  /// The chain and the cooling.
  public let plant: SitePlant
  /// Outdoor temperature.
  public let climate: Climate
  /// Names of the parts of the IT load, in the order of their powers.
  public let partNames: [String]
  /// Price of energy in dollars per kWh, by hours from second 0; nil where none is asked for.
  public let price: HourlySeries?
  /// Carbon of energy in grams of CO2 per kWh, by hours from second 0; nil where none is asked for.
  public let carbon: HourlySeries?
  /// The battery and its policy as they are now; nil where there is none.
  public private(set) var grid: GridController?

  var seconds = CompensatedSum()
  var gridJoules = CompensatedSum()
  var partJoules: [CompensatedSum]
  var burnJoules = CompensatedSum()
  var lossJoules: [CompensatedSum]
  var fanJoules = CompensatedSum()
  var pumpJoules = CompensatedSum()
  var chillerJoules = CompensatedSum()
  var overheadJoules = CompensatedSum()
  var otherJoules = CompensatedSum()
  var batteryJoules = CompensatedSum()
  var waterLitres = CompensatedSum()
  var costDollars = CompensatedSum()
  var carbonGrams = CompensatedSum()
  var unremovedJoules = CompensatedSum()
  var excessJoules = CompensatedSum()
  let storedJoulesAtStart: Double
  var distribution = PowerDistribution()
  var ramp: RampMeter
  /// Largest mean power of an interval at the grid, in watts.
  public private(set) var peakWatts = 0.0
  /// The worst loading that each stage of the chain had, in its order.
  public private(set) var worstLoadings: [ElectricalStage.Loading]

  /// A site at the start of its time.
  ///
  /// - Parameters:
  ///   - plant: The chain and the cooling.
  ///   - climate: Outdoor temperature.
  ///   - partNames: Names of the parts of the IT load.
  ///   - grid: The battery and its policy; nil for none.
  ///   - price: Price of energy in dollars per kWh; nil for none.
  ///   - carbon: Carbon of energy in grams of CO2 per kWh; nil for none.
  ///   - rampWindowSeconds: Windows whose means are compared for the largest ramp, in seconds, above 0.
  /// - Throws: `FacilityError` where the window is out of range.
  public init(
    plant: SitePlant, climate: Climate, partNames: [String], grid: GridController? = nil,
    price: HourlySeries? = nil, carbon: HourlySeries? = nil, rampWindowSeconds: Double = 60
  ) throws(FacilityError) {
    try FacilityError.checkPositive(rampWindowSeconds, "window of ramps")
    self.plant = plant
    self.climate = climate
    self.partNames = partNames
    self.grid = grid
    self.price = price
    self.carbon = carbon
    partJoules = Array(repeating: CompensatedSum(), count: partNames.count)
    lossJoules = Array(repeating: CompensatedSum(), count: plant.chain.stages.count)
    worstLoadings = Array(repeating: .withinRating, count: plant.chain.stages.count)
    storedJoulesAtStart = grid?.battery.storedJoules ?? 0
    ramp = RampMeter(windowSeconds: rampWindowSeconds)
  }

  /// What one interval was.
  public struct Interval: Sendable, Equatable {
    /// What the site drew from its feed.
    public var draw = SiteDraw()
    /// What was drawn from the grid, and what the battery did.
    public var grid = GridInterval()
    /// Outdoor temperature in the middle of the interval, in °C.
    public var outdoorCelsius = 0.0
  }

  /// Adds the next interval.
  ///
  /// - Parameters:
  ///   - startSeconds: Start of the interval, in seconds; prices, carbon, climate and events are read by it.
  ///   - length: Its length in seconds, above 0.
  ///   - partWatts: Mean power of each part of the IT load, in watts, >= 0.
  ///   - burnWatts: What power smoothing burns besides, in watts, >= 0.
  /// - Returns: What the interval was.
  @discardableResult
  public mutating func add(
    startSeconds: Double, seconds length: Double, partWatts: [Double], burnWatts: Double = 0
  ) -> Interval {
    precondition(
      partWatts.count == partNames.count, "powers of \(partWatts.count) of \(partNames.count) parts")
    precondition(length > 0, "an interval of \(length) s")
    var interval = Interval()
    interval.outdoorCelsius = climate.celsius(atSeconds: startSeconds + length / 2)
    let rackWatts = partWatts.reduce(burnWatts, +)
    interval.draw = plant.draw(rackWatts: rackWatts, outdoorCelsius: interval.outdoorCelsius)
    let feedWatts = interval.draw.feedWatts
    if let step = grid?.step(loadWatts: feedWatts, startSeconds: startSeconds, seconds: length) {
      interval.grid = step
    } else {
      interval.grid.gridWatts = feedWatts
    }
    for (index, watts) in partWatts.enumerated() { partJoules[index] += watts * length }
    burnJoules += burnWatts * length
    book(interval, startSeconds: startSeconds, seconds: length)
    return interval
  }

  private mutating func book(_ interval: Interval, startSeconds: Double, seconds length: Double) {
    seconds += length
    for (index, watts) in interval.draw.flow.lossWatts.enumerated() { lossJoules[index] += watts * length }
    for (index, loading) in interval.draw.flow.loadings.enumerated() {
      worstLoadings[index] = max(worstLoadings[index], loading)
    }
    let cooling = interval.draw.cooling
    fanJoules += cooling.fanWatts * length
    pumpJoules += cooling.pumpWatts * length
    chillerJoules += cooling.chillerWatts * length
    overheadJoules += cooling.overheadWatts * length
    unremovedJoules += cooling.unremovedWatts * length
    otherJoules += plant.otherWatts * length
    waterLitres += cooling.litresPerSecond * length
    batteryJoules += interval.grid.battery.lossWatts * length
    excessJoules += interval.grid.excessWatts * length
    let watts = interval.grid.gridWatts
    let joules = watts * length
    gridJoules += joules
    peakWatts = max(peakWatts, watts)
    distribution.add(watts: watts, seconds: length)
    ramp.add(watts: watts, seconds: length)
    if let price {
      costDollars += joules / 3.6e6 * price.mean(startSeconds: startSeconds, seconds: length)
    }
    if let carbon {
      carbonGrams += joules / 3.6e6 * carbon.mean(startSeconds: startSeconds, seconds: length)
    }
  }
}
