/// What a converter loses at a load, by the three-term law of static converters.
///
/// loss / rated = `noLoad` + `proportional` · x + `square` · x², with x the output over the rated output. The
/// first term flows while the unit is on, the second follows the current through semiconductors, the third is
/// ohmic (Schneider's definitions for UPS; the first can exceed 40 % of all losses).
public struct LossCurve: Sendable, Equatable {
  /// Loss without load, as a share of the rated output, >= 0.
  public let noLoad: Double
  /// Loss per load, as a share of the rated output at full load, >= 0.
  public let proportional: Double
  /// Loss per square of the load, as a share of the rated output at full load, >= 0.
  public let square: Double

  /// A load and the efficiency measured there.
  public struct Point: Sendable, Equatable {
    /// Output over rated output, above 0.
    public var load: Double
    /// Output over input, above 0 and at most 1.
    public var efficiency: Double

    /// A load and the efficiency measured there.
    ///
    /// - Parameters:
    ///   - load: Output over rated output, above 0.
    ///   - efficiency: Output over input, above 0 and at most 1.
    public init(load: Double, efficiency: Double) {
      self.load = load
      self.efficiency = efficiency
    }

    /// Loss over rated output.
    var loss: Double { load * (1 / efficiency - 1) }

    func check() throws(FacilityError) {
      try FacilityError.checkPositive(load, "load of a point")
      try FacilityError.checkPositive(efficiency, "efficiency at load \(load)")
      try FacilityError.check(efficiency, "efficiency at load \(load)", in: 0...1)
    }
  }

  /// A curve from its coefficients.
  ///
  /// - Parameters:
  ///   - noLoad: Loss without load over rated output, >= 0.
  ///   - proportional: Loss per load, >= 0.
  ///   - square: Loss per square of the load, >= 0.
  /// - Throws: `FacilityError` where a coefficient is negative or no number.
  public init(noLoad: Double, proportional: Double, square: Double) throws(FacilityError) {
    try FacilityError.check(noLoad, "no-load loss")
    try FacilityError.check(proportional, "proportional loss")
    try FacilityError.check(square, "square-law loss")
    self.init(checked: (noLoad, proportional, square))
  }

  /// The curve through three measured points.
  ///
  /// Efficiencies that need a negative coefficient are refused: they are certification minima or rounded
  /// figures, not the law (the 80 PLUS points are such; use an `EfficiencyCurve` for them).
  ///
  /// - Parameters:
  ///   - a: A load and its efficiency.
  ///   - b: A second load and its efficiency.
  ///   - c: A third load and its efficiency.
  /// - Throws: `FacilityError` where loads are equal, a figure is out of range or a coefficient would be
  ///   negative.
  public init(through a: Point, _ b: Point, _ c: Point) throws(FacilityError) {
    try a.check()
    try b.check()
    try c.check()
    guard a.load != b.load, b.load != c.load, a.load != c.load else {
      throw FacilityError(
        "loads of the points are \(a.load), \(b.load), \(c.load); three different loads are allowed")
    }
    let solved = Self.coefficients(a, b, c)
    // Rounding may leave a coefficient that should be 0 just below it.
    let scale = max(a.loss, b.loss, c.loss) * 1e-12
    for (value, name) in [(solved.0, "no-load"), (solved.1, "proportional"), (solved.2, "square-law")]
    where value < -scale {
      throw FacilityError(
        "the points need a \(name) loss of \(value); a law of losses with coefficients >= 0 is allowed")
    }
    self.init(checked: (max(0, solved.0), max(0, solved.1), max(0, solved.2)))
  }

  /// A converter with a fixed loss and an efficiency for the rest: input = (output + fixed) / efficiency.
  ///
  /// - Parameters:
  ///   - fixedWatts: The fixed loss in watts, >= 0.
  ///   - efficiency: Above 0 and at most 1.
  ///   - ratedWatts: Rated output in watts, above 0.
  /// - Throws: `FacilityError` where a figure is out of range.
  public init(fixedWatts: Double, efficiency: Double, ratedWatts: Double) throws(FacilityError) {
    try FacilityError.checkPositive(ratedWatts, "rated power")
    try Point(load: 1, efficiency: efficiency).check()
    try FacilityError.check(fixedWatts, "fixed loss")
    self.init(checked: (fixedWatts / (ratedWatts * efficiency), 1 / efficiency - 1, 0))
  }

  /// The same efficiency at every load.
  ///
  /// - Parameter efficiency: Above 0 and at most 1.
  /// - Throws: `FacilityError` where it is out of range.
  public init(constantEfficiency efficiency: Double) throws(FacilityError) {
    try self.init(fixedWatts: 0, efficiency: efficiency, ratedWatts: 1)
  }

  private init(checked: (Double, Double, Double)) {
    (noLoad, proportional, square) = checked
  }

  /// Newton's divided differences of the losses.
  private static func coefficients(_ a: Point, _ b: Point, _ c: Point) -> (Double, Double, Double) {
    let ab = (b.loss - a.loss) / (b.load - a.load)
    let bc = (c.loss - b.loss) / (c.load - b.load)
    let square = (bc - ab) / (c.load - a.load)
    let proportional = ab - square * (a.load + b.load)
    return (a.loss - a.load * (proportional + square * a.load), proportional, square)
  }

  /// Loss at a load.
  ///
  /// - Parameter load: Output over rated output, >= 0.
  /// - Returns: Loss over rated output.
  public func loss(atLoad load: Double) -> Double { noLoad + load * (proportional + square * load) }

  /// Input that an output takes.
  ///
  /// - Parameter output: Output over rated output, >= 0.
  /// - Returns: Input over rated output.
  public func input(forOutput output: Double) -> Double { output + loss(atLoad: output) }

  /// Efficiency at a load.
  ///
  /// - Parameter load: Output over rated output, >= 0.
  /// - Returns: Output over input, 0 without load.
  public func efficiency(atLoad load: Double) -> Double { load > 0 ? load / input(forOutput: load) : 0 }
}

extension LossCurve {
  /// A double-conversion UPS of 95 % at a quarter and 96 % at half and at full load.
  ///
  /// Schneider states 95-96 % for the Galaxy VX (medium confidence); at which loads is an assumption.
  public static let doubleConversionUPS = LossCurve(
    checked: coefficients(
      Point(load: 0.25, efficiency: 0.95), Point(load: 0.5, efficiency: 0.96),
      Point(load: 1, efficiency: 0.96)
    ))

  /// A UPS in its economy mode, of 98.5 % at a quarter, 98.9 % at half and 99 % at full load.
  ///
  /// Schneider states 98.5-99.3 % for the Galaxy VX (medium confidence); at which loads is an assumption.
  public static let economyModeUPS = LossCurve(
    checked: coefficients(
      Point(load: 0.25, efficiency: 0.985), Point(load: 0.5, efficiency: 0.989),
      Point(load: 1, efficiency: 0.99)
    ))
}
