/// An amount of money, in United States dollars.
@frozen public struct Dollars: Quantity {
  /// The value in dollars.
  public let si: Double

  /// Makes a quantity from a value in dollars.
  @inlinable public init(si: Double) { self.si = si }

  /// What messages call the kind.
  public static var kind: String { "amount of money" }

  /// The units that text may carry.
  public static var units: [QuantityUnit] {
    [
      .printed("$", 1),
      .printed("k$", 1e3),
      .printed("M$", 1e6),
      .printed("G$", 1e9),
    ]
  }

  /// Money may be owed.
  public static var allowsNegative: Bool { true }
}

/// A price of energy.
@frozen public struct DollarsPerMegawattHour: Quantity {
  /// The value in dollars per joule.
  public let si: Double

  /// Makes a quantity from a value in dollars per joule.
  @inlinable public init(si: Double) { self.si = si }

  /// What messages call the kind.
  public static var kind: String { "energy price" }

  /// The units that text may carry.
  public static var units: [QuantityUnit] {
    [
      .printed("$/MWh", 1 / 3.6e9, from: 0),
      .read("$/kWh", 1 / 3.6e6),
    ]
  }

  /// Electricity markets do clear below zero.
  public static var allowsNegative: Bool { true }

  /// Makes a price from its usual unit.
  @inlinable public init(dollarsPerMegawattHour: Double) { self.init(si: dollarsPerMegawattHour / 3.6e9) }

  /// The price in its usual unit.
  @inlinable public var dollarsPerMegawattHour: Double { si * 3.6e9 }
}

/// A price of time: what a rented accelerator costs.
@frozen public struct DollarsPerHour: Quantity {
  /// The value in dollars per second.
  public let si: Double

  /// Makes a quantity from a value in dollars per second.
  @inlinable public init(si: Double) { self.si = si }

  /// What messages call the kind.
  public static var kind: String { "price per hour" }

  /// The units that text may carry.
  public static var units: [QuantityUnit] {
    [
      .printed("$/h", 1.0 / 3600, from: 0)
    ]
  }

  /// Makes a price from its usual unit.
  @inlinable public init(dollarsPerHour: Double) { self.init(si: dollarsPerHour / 3600) }

  /// The price in its usual unit.
  @inlinable public var dollarsPerHour: Double { si * 3600 }
}

/// A plain number that text may write as a percentage.
@frozen public struct Ratio: Quantity {
  /// The value in one.
  public let si: Double

  /// Makes a quantity from a value in one.
  @inlinable public init(si: Double) { self.si = si }

  /// What messages call the kind.
  public static var kind: String { "ratio" }

  /// The units that text may carry.
  public static var units: [QuantityUnit] {
    [
      .printed("", 1, from: 0),
      .read("%", 0.01),
    ]
  }
}
