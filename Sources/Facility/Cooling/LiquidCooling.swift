/// Cold plates, coolant distribution units and dry coolers, with a trim chiller for hot days and air for the
/// rest.
///
/// The dry cooler's capacity and the air flow that a load needs follow the difference between the water's
/// return temperature and outdoor air: at `supplyCelsius - approachKelvin` it carries exactly its design load
/// at full flow, above it the trim chiller takes what is missing.
public struct LiquidCooling: Sendable, Equatable {
  /// Share of the heat that leaves by air, 0 to 1.
  ///
  /// 0.15 is OCP's MGX target for GB200 (medium confidence); Lenovo states about 0.10 for GB300.
  public var airShare = 0.15
  /// What removes the air's share.
  public var air = AirCooling()
  /// Supply temperature of the facility's water, in °C.
  ///
  /// 30 °C lies in the middle tier of 27-32 °C that operators design for (Lenovo LP2018, medium confidence);
  /// the tier of 40-45 °C needs hardly any chiller.
  public var supplyCelsius = 30.0
  /// How far outdoor air must be below the supply for the design load, in kelvin, >= 0.
  ///
  /// 8 K is an assumption: no source was found.
  public var approachKelvin = 8.0
  /// The loop between racks and coolant distribution units.
  public var technologyLoop = HydraulicLoop()
  /// The loop between coolant distribution units and dry coolers.
  public var facilityLoop = HydraulicLoop()
  /// Fan power of the dry coolers at full flow over design heat, >= 0.
  ///
  /// 0.03 is an assumption: no source was found. With the other assumptions it puts the PUE of whole sites
  /// into the range that the industry reports for liquid cooling, 1.12-1.35.
  public var dryCoolerFanShare = 0.03
  /// Smallest air flow over design flow, 0 to 1; fan power follows the cube of the flow.
  ///
  /// 0.4 is an assumption.
  public var minimumFlowShare = 0.4
  /// What helps the dry coolers on hot days; nil where nothing does.
  ///
  /// Its chilled water stays within 10 °C, where its curves hold, though warmer water would do: its power is
  /// too high rather than too low.
  public var trimChiller: Chiller? = Chiller(condenser: .air)
  /// Water that the heat rejection uses, in litres per kWh of heat, >= 0.
  ///
  /// 0 for dry coolers; 1.12 with cooling towers, 2.97 as a high case of evaporative cooling.
  public var litresPerKilowattHour = 0.0

  /// Liquid cooling with the default figures.
  public init() {}

  func check() throws(FacilityError) {
    try FacilityError.check(airShare, "share of the heat that leaves by air", in: 0...1)
    try FacilityError.check(supplyCelsius, "supply temperature", in: 0...100)
    try FacilityError.check(approachKelvin, "approach of dry coolers")
    try FacilityError.check(dryCoolerFanShare, "fan power of dry coolers")
    try FacilityError.check(minimumFlowShare, "smallest air flow of dry coolers", in: 0...1)
    try FacilityError.check(litresPerKilowattHour, "water of the heat rejection")
    try technologyLoop.check()
    try facilityLoop.check()
    try air.check()
    try trimChiller?.check()
  }

  /// Dry cooler's capacity over its design load.
  private func dryCapacityShare(_ outdoorCelsius: Double) -> Double {
    let rise = facilityLoop.riseKelvin
    return max(0, (supplyCelsius + rise - outdoorCelsius) / (approachKelvin + rise))
  }

  func draw(heatWatts: Double, designHeatWatts: Double, outdoorCelsius: Double) -> CoolingDraw {
    let airDesign = designHeatWatts * airShare
    var draw = air.draw(
      heatWatts: heatWatts * airShare, designHeatWatts: airDesign, outdoorCelsius: outdoorCelsius)
    let design = designHeatWatts - airDesign
    guard design > 0 else { return draw }
    let liquid = heatWatts * (1 - airShare)
    let pumps =
      technologyLoop.pumpWatts(heatWatts: liquid, designHeatWatts: design)
      + facilityLoop.pumpWatts(heatWatts: liquid, designHeatWatts: design)
    draw.pumpWatts += pumps
    let heat = liquid + pumps
    let rejectionDesign = design * (1 + technologyLoop.designShare + facilityLoop.designShare)
    let capacity = dryCapacityShare(outdoorCelsius)
    let dry = min(heat, rejectionDesign * capacity)
    // Fans stay at full flow on days so hot that the dry cooler can do nothing: they pass that point
    // gradually.
    let needed = capacity > 0 ? heat / (rejectionDesign * capacity) : 1
    let flow = min(1, max(minimumFlowShare, needed))
    draw.fanWatts += rejectionDesign * dryCoolerFanShare * flow * flow * flow
    draw.litresPerSecond += dry * litresPerKilowattHour / 3.6e6
    // Less than a billionth of the design is rounding, not heat for a chiller.
    guard heat - dry > rejectionDesign * 1e-9 else { return draw }
    guard let trimChiller else {
      draw.unremovedWatts += heat - dry
      return draw
    }
    let share = max(0, 1 - dryCapacityShare(trimChiller.designOutdoorCelsius))
    let trim = trimChiller.draw(
      loadWatts: heat - dry, designWatts: rejectionDesign * share, outdoorCelsius: outdoorCelsius)
    draw.chillerWatts += trim.watts
    draw.litresPerSecond += trim.litresPerSecond
    draw.unremovedWatts += heat - dry - trim.removedWatts
    return draw
  }
}
