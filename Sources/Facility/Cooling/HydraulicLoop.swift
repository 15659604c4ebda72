/// A loop of water that carries heat, driven by pumps with variable speed.
///
/// Design power over design heat = pressure / (ρ · c · rise · pump efficiency); below it the power follows
/// the cube of the flow, and the flow follows the heat down to a minimum.
public struct HydraulicLoop: Sendable, Equatable {
  /// Rise of the water's temperature at the design load, in kelvin, above 0.
  ///
  /// 10 K is within the 7.5-12 K that OCP's guidelines recommend (medium confidence).
  public var riseKelvin = 10.0
  /// Pressure that the pumps build up at the design flow, in pascals, >= 0.
  ///
  /// 300 kPa is an assumption; a GB300 rack alone drops 16 kPa at 25 °C and 127 kPa at 45 °C (Lenovo LP2357).
  public var pressurePascals = 300_000.0
  /// Hydraulic power over electrical power, above 0 and at most 1.
  ///
  /// 0.87 as in HPE's sustain-cluster.
  public var pumpEfficiency = 0.87
  /// Smallest flow over design flow, 0 to 1.
  ///
  /// 0.6 is an assumption, since cold plates and coils need their flow; 1 makes pumps of constant speed.
  public var minimumFlowShare = 0.6

  /// A loop with the default figures.
  public init() {}

  /// Pump power at the design load over design heat.
  ///
  /// Water: 1000 kg/m³ and 4186 J/(kg K).
  public var designShare: Double { pressurePascals / (1000 * 4186 * riseKelvin * pumpEfficiency) }

  func check() throws(FacilityError) {
    try FacilityError.checkPositive(riseKelvin, "rise of a water loop")
    try FacilityError.check(pressurePascals, "pressure of a water loop")
    try FacilityError.checkPositive(pumpEfficiency, "efficiency of pumps")
    try FacilityError.check(pumpEfficiency, "efficiency of pumps", in: 0...1)
    try FacilityError.check(minimumFlowShare, "smallest flow of a water loop", in: 0...1)
  }

  /// Pump power at a heat, in watts.
  func pumpWatts(heatWatts: Double, designHeatWatts: Double) -> Double {
    let flow = min(1, max(minimumFlowShare, heatWatts / designHeatWatts))
    return designHeatWatts * designShare * flow * flow * flow
  }
}
