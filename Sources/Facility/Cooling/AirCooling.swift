/// Air handlers in the hall, a chiller, and an economiser that spares it in cold weather.
public struct AirCooling: Sendable, Equatable {
  /// Fan power of the air handlers at the design flow over design heat, >= 0.
  ///
  /// 0.05 is an assumption; fans inside servers count as IT load.
  public var fanShare = 0.05
  /// Smallest air flow over design flow, 0 to 1; fan power follows the cube of the flow.
  ///
  /// 0.4 is an assumption.
  public var minimumFlowShare = 0.4
  /// The chilled-water loop; its rise of 6 K is an assumption.
  public var chilledWater: HydraulicLoop
  /// The chiller, air-cooled unless set.
  public var chiller = Chiller(condenser: .air)
  /// Outdoor temperature up to which the economiser removes all heat, in °C.
  ///
  /// 10 °C is an assumption. Between the two temperatures the chiller's part rises linearly.
  public var economiserAllBelowCelsius = 10.0
  /// Outdoor temperature from which the economiser removes nothing, in °C.
  ///
  /// 20 °C is an assumption. The same as `economiserAllBelowCelsius` makes a threshold.
  public var economiserNoneAboveCelsius = 20.0
  /// Whether there is an economiser.
  public var hasEconomiser = true

  /// Air cooling with the default figures.
  public init() {
    chilledWater = HydraulicLoop()
    chilledWater.riseKelvin = 6
  }

  func check() throws(FacilityError) {
    try FacilityError.check(fanShare, "fan power of air handlers")
    try FacilityError.check(minimumFlowShare, "smallest air flow", in: 0...1)
    try FacilityError.check(economiserAllBelowCelsius, "economiser's lower temperature", in: -100...100)
    try FacilityError.check(
      economiserNoneAboveCelsius, "economiser's upper temperature", in: economiserAllBelowCelsius...100)
    try chilledWater.check()
    try chiller.check()
  }

  /// Share of the heat that is left to the chiller.
  private func chillerShare(_ outdoorCelsius: Double) -> Double {
    guard hasEconomiser else { return 1 }
    if outdoorCelsius <= economiserAllBelowCelsius { return 0 }
    if outdoorCelsius >= economiserNoneAboveCelsius { return 1 }
    return (outdoorCelsius - economiserAllBelowCelsius)
      / (economiserNoneAboveCelsius - economiserAllBelowCelsius)
  }

  func draw(heatWatts: Double, designHeatWatts: Double, outdoorCelsius: Double) -> CoolingDraw {
    var draw = CoolingDraw()
    guard designHeatWatts > 0 else { return draw }
    let flow = min(1, max(minimumFlowShare, heatWatts / designHeatWatts))
    draw.fanWatts = designHeatWatts * fanShare * flow * flow * flow
    draw.pumpWatts = chilledWater.pumpWatts(heatWatts: heatWatts, designHeatWatts: designHeatWatts)
    // Fans and pumps heat what they move.
    let heat = heatWatts + draw.fanWatts + draw.pumpWatts
    let load = heat * chillerShare(outdoorCelsius)
    let chilled = chiller.draw(
      loadWatts: load, designWatts: designHeatWatts * (1 + fanShare + chilledWater.designShare),
      outdoorCelsius: outdoorCelsius)
    draw.chillerWatts = chilled.watts
    draw.unremovedWatts = load - chilled.removedWatts
    // A tower that cools water without the chiller evaporates as much.
    draw.litresPerSecond = chilled.litresPerSecond + (heat - load) * chiller.litresPerKilowattHour / 3.6e6
    return draw
  }
}
