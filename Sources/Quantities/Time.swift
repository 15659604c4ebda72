/// A length of time.
@frozen public struct Seconds: Quantity {
  /// The value in seconds.
  public let si: Double

  /// Makes a quantity from a value in seconds.
  @inlinable public init(si: Double) { self.si = si }

  /// What messages call the kind.
  public static var kind: String { "duration" }

  /// The units that text may carry.
  public static var units: [QuantityUnit] {
    [
      .printed("ns", 1e-9),
      .printed("us", 1e-6),
      .alias("\u{B5}s", 1e-6),
      .alias("\u{3BC}s", 1e-6),
      .printed("ms", 1e-3),
      .printed("s", 1),
      .read("min", 60),
      .printed("h", 3600, from: 10_000),
      .printed("d", 86400, from: 864_000),
    ]
  }
}

/// A frequency of a clock.
@frozen public struct Hertz: Quantity {
  /// The value in hertz.
  public let si: Double

  /// Makes a quantity from a value in hertz.
  @inlinable public init(si: Double) { self.si = si }

  /// What messages call the kind.
  public static var kind: String { "frequency" }

  /// The units that text may carry.
  public static var units: [QuantityUnit] {
    [
      .printed("Hz", 1),
      .printed("kHz", 1e3),
      .printed("MHz", 1e6),
      .printed("GHz", 1e9),
    ]
  }
}

/// How often something happens: requests or tokens per second, say.
@frozen public struct PerSecond: Quantity {
  /// The value in events per second.
  public let si: Double

  /// Makes a quantity from a value in events per second.
  @inlinable public init(si: Double) { self.si = si }

  /// What messages call the kind.
  public static var kind: String { "rate" }

  /// The units that text may carry.
  public static var units: [QuantityUnit] {
    [
      .printed("/s", 1),
      .read("req/s", 1),
      .read("requests/s", 1),
      .read("tok/s", 1),
      .read("tokens/s", 1),
      .alias("request/s", 1),
      .alias("token/s", 1),
      .alias("1/s", 1),
      .read("/min", 1.0 / 60),
      .read("/h", 1.0 / 3600),
    ]
  }
}

/// A compute rate.
///
/// Dense; a multiply-add counts as two operations. `TOP/s` is read for integer formats.
@frozen public struct FlopsPerSecond: Quantity {
  /// The value in operations per second.
  public let si: Double

  /// Makes a quantity from a value in operations per second.
  @inlinable public init(si: Double) { self.si = si }

  /// What messages call the kind.
  public static var kind: String { "compute rate" }

  /// The units that text may carry.
  public static var units: [QuantityUnit] {
    [
      .printed("FLOP/s", 1),
      .printed("MFLOP/s", 1e6),
      .printed("GFLOP/s", 1e9),
      .printed("TFLOP/s", 1e12),
      .printed("PFLOP/s", 1e15),
      .printed("EFLOP/s", 1e18),
      .alias("GOP/s", 1e9),
      .alias("TOP/s", 1e12),
      .alias("POP/s", 1e15),
      .alias("EOP/s", 1e18),
    ]
  }
}
