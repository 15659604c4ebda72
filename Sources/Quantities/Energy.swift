/// A power.
@frozen public struct Watts: Quantity {
  /// The value in watts.
  public let si: Double

  /// Makes a quantity from a value in watts.
  @inlinable public init(si: Double) { self.si = si }

  /// What messages call the kind.
  public static var kind: String { "power" }

  /// The units that text may carry.
  public static var units: [QuantityUnit] {
    [
      .printed("mW", 1e-3),
      .printed("W", 1),
      .printed("kW", 1e3),
      .printed("MW", 1e6),
      .printed("GW", 1e9),
    ]
  }
}

/// An energy.
@frozen public struct Joules: Quantity {
  /// The value in joules.
  public let si: Double

  /// Makes a quantity from a value in joules.
  @inlinable public init(si: Double) { self.si = si }

  /// What messages call the kind.
  public static var kind: String { "energy" }

  /// The units that text may carry.
  public static var units: [QuantityUnit] {
    [
      .printed("J", 1),
      .printed("kJ", 1e3),
      .printed("MJ", 1e6),
      .read("Wh", 3600),
      .read("kWh", 3.6e6),
      .printed("MWh", 3.6e9),
      .printed("GWh", 3.6e12),
    ]
  }
}
