/// An amount of data or memory; GB is 10⁹ bytes, GiB is 2³⁰.
@frozen public struct Bytes: Quantity {
  /// The value in bytes.
  public let si: Double

  /// Makes a quantity from a value in bytes.
  @inlinable public init(si: Double) { self.si = si }

  /// What messages call the kind.
  public static var kind: String { "data size" }

  /// The units that text may carry.
  public static var units: [QuantityUnit] {
    [
      .printed("B", 1),
      .printed("kB", 1e3),
      .printed("MB", 1e6),
      .printed("GB", 1e9),
      .printed("TB", 1e12),
      .printed("PB", 1e15),
      .read("KiB", 1024),
      .read("MiB", 1_048_576),
      .read("GiB", 1_073_741_824),
      .read("TiB", 1_099_511_627_776),
    ]
  }
}

/// A bandwidth, in one direction.
@frozen public struct BytesPerSecond: Quantity {
  /// The value in bytes per second.
  public let si: Double

  /// Makes a quantity from a value in bytes per second.
  @inlinable public init(si: Double) { self.si = si }

  /// What messages call the kind.
  public static var kind: String { "bandwidth" }

  /// The units that text may carry.
  public static var units: [QuantityUnit] {
    [
      .printed("B/s", 1),
      .printed("kB/s", 1e3),
      .printed("MB/s", 1e6),
      .printed("GB/s", 1e9),
      .printed("TB/s", 1e12),
      .printed("PB/s", 1e15),
      .read("KiB/s", 1024),
      .read("MiB/s", 1_048_576),
      .read("GiB/s", 1_073_741_824),
      .read("TiB/s", 1_099_511_627_776),
      .read("bit/s", 0.125),
      .read("kbit/s", 125),
      .read("Mbit/s", 125e3),
      .read("Gbit/s", 125e6),
      .read("Tbit/s", 125e9),
    ]
  }
}
