/// A chiller plant by the default curves of EnergyPlus.
///
/// The plant is taken as one machine that is just large enough for its design load at its design temperature.
public struct Chiller: Sendable, Equatable {
  /// What takes the heat from the condenser.
  public enum Condenser: Sendable, Equatable {
    /// Air: EnergyPlus's `Chiller:Electric` (BLAST form).
    ///
    /// The curves hold from 15 °C outdoors with water of 6.67 °C; a smaller lift is taken as that one.
    case air
    /// Water from a cooling tower: EnergyPlus's and DOE-2's default centrifugal chiller.
    ///
    /// Curves hold for chilled water of 5-10 °C and condenser water of 24-35 °C; outside, the nearest of
    /// these is taken.
    case water
  }

  /// What takes the heat from the condenser.
  public var condenser: Condenser
  /// Heat removed over electrical power at the reference point, above 0.
  public var ratedCOP: Double
  /// Temperature of the chilled water, in °C, 5 to 10: the curves must not be taken to warmer water.
  public var chilledWaterCelsius = 10.0
  /// How far condenser water is above outdoor air, in kelvin, >= 0; air-cooled condensers see outdoor air
  /// itself.
  ///
  /// 5 K is an assumption. Dry-bulb temperature stands for wet-bulb here, which puts the condenser too warm.
  public var condenserApproachKelvin = 5.0
  /// Outdoor temperature at which the plant still carries its design load, in °C.
  ///
  /// 40 °C is an assumption.
  public var designOutdoorCelsius = 40.0
  /// Smallest load over capacity that it runs at steadily, above 0 and at most 1; below, it cycles.
  public var minimumPartLoad: Double
  /// Water that the tower uses, in litres per kWh of heat rejected, >= 0.
  public var litresPerKilowattHour: Double

  /// A chiller with the figures of its kind.
  ///
  /// Air: COP 3.0 at 35 °C, no water. Water: COP 5.5 at 29.4 °C, 1.12 l/kWh (2.6 million gallons per MW-year,
  /// NVIDIA). The smallest part load of 0.05 bounds the BLAST curve; 0.1 for water is an assumption.
  ///
  /// - Parameter condenser: What takes the heat from the condenser.
  public init(condenser: Condenser) {
    self.condenser = condenser
    ratedCOP = condenser == .air ? 3.0 : 5.5
    minimumPartLoad = condenser == .air ? 0.05 : 0.1
    litresPerKilowattHour = condenser == .air ? 0 : 1.12
  }

  func check() throws(FacilityError) {
    try FacilityError.checkPositive(ratedCOP, "COP of a chiller")
    try FacilityError.check(chilledWaterCelsius, "chilled water's temperature", in: 5...10)
    try FacilityError.check(condenserApproachKelvin, "condenser's approach")
    try FacilityError.check(designOutdoorCelsius, "chiller's design temperature", in: -50...60)
    try FacilityError.checkPositive(minimumPartLoad, "smallest part load of a chiller")
    try FacilityError.check(minimumPartLoad, "smallest part load of a chiller", in: 0...1)
    try FacilityError.check(litresPerKilowattHour, "water of a cooling tower")
  }

  /// What the plant does at a load.
  struct Draw {
    var watts = 0.0
    var removedWatts = 0.0
    var litresPerSecond = 0.0
  }

  /// What a plant with a design load draws at a load.
  func draw(loadWatts: Double, designWatts: Double, outdoorCelsius: Double) -> Draw {
    guard designWatts > 0, loadWatts > 0 else { return Draw() }
    let nominal = designWatts / capacityShare(designOutdoorCelsius)
    let capacity = nominal * capacityShare(outdoorCelsius)
    let removed = min(loadWatts, capacity)
    let load = removed / capacity
    let watts = capacity * powerShare(load: load, outdoorCelsius) / ratedCOP
    let litres = (removed + watts) * litresPerKilowattHour / 3.6e6
    return Draw(watts: watts, removedWatts: removed, litresPerSecond: litres)
  }

  /// Temperature that the condenser curves of the water-cooled chiller are read at.
  private func condenserCelsius(_ outdoorCelsius: Double) -> Double {
    min(35, max(24, outdoorCelsius + condenserApproachKelvin))
  }

  /// Capacity over nominal capacity.
  func capacityShare(_ outdoorCelsius: Double) -> Double {
    let te = chilledWaterCelsius
    switch condenser {
    case .air:
      // Relative to 35 °C outdoors and 6.67 °C water. The curves hold down to 15 °C outdoors, and with less lift
      // than there the curve of the power turns round and would rise again.
      let lift = (min(50, outdoorCelsius) - 35) / 2.778 - (te - 6.67)
      let d = max((15 - 35) / 2.778, lift)
      return 0.944836 - 0.0570088 * d + 0.00185486 * d * d
    case .water:
      let tc = condenserCelsius(outdoorCelsius)
      let evaporator = 0.0389016 * te - 0.00021708 * te * te
      let condenser = 0.0468684 * tc - 0.00094284 * tc * tc
      return 0.257896 + evaporator + condenser - 0.00034344 * te * tc
    }
  }

  /// Power times rated COP over capacity, at a load over capacity.
  func powerShare(load: Double, _ outdoorCelsius: Double) -> Double {
    // Below the smallest part load the machine is off for part of the time.
    let x = max(load, minimumPartLoad)
    let running = load / x
    switch condenser {
    case .air:
      let a = capacityShare(outdoorCelsius)
      let fullLoad = 2.333 - 1.975 * a + 0.6121 * a * a
      return running * (0.03303 + 0.6852 * x + 0.2818 * x * x) * fullLoad
    case .water:
      let te = chilledWaterCelsius
      let tc = condenserCelsius(outdoorCelsius)
      let evaporator = -0.058212 * te + 0.00450036 * te * te
      let condenser = 0.00243 * tc + 0.000486 * tc * tc
      let temperature = 0.933884 + evaporator + condenser - 0.001215 * te * tc
      return running * (0.222903 + 0.313387 * x + 0.46371 * x * x) * temperature
    }
  }
}
