// The products and quotients of two kinds that mean something. Anything else does not compile.

extension Watts {
  /// Power over a time is energy.
  @inlinable public static func * (power: Watts, time: Seconds) -> Joules { Joules(si: power.si * time.si) }

  /// The running cost of a power at an energy price.
  @inlinable public static func * (power: Watts, price: DollarsPerMegawattHour) -> DollarsPerHour {
    DollarsPerHour(si: power.si * price.si)
  }
}

extension Seconds {
  /// Power over a time is energy.
  @inlinable public static func * (time: Seconds, power: Watts) -> Joules { power * time }

  /// How much a bandwidth moves in a time.
  @inlinable public static func * (time: Seconds, bandwidth: BytesPerSecond) -> Bytes { bandwidth * time }

  /// How many events a rate gives in a time.
  @inlinable public static func * (time: Seconds, rate: PerSecond) -> Double { rate * time }

  /// What a rented thing costs for a time.
  @inlinable public static func * (time: Seconds, price: DollarsPerHour) -> Dollars { price * time }
}

extension Joules {
  /// The mean power of an energy spent over a time.
  @inlinable public static func / (energy: Joules, time: Seconds) -> Watts { Watts(si: energy.si / time.si) }

  /// How long a power takes to spend an energy.
  @inlinable public static func / (energy: Joules, power: Watts) -> Seconds {
    Seconds(si: energy.si / power.si)
  }

  /// What an energy costs.
  @inlinable public static func * (energy: Joules, price: DollarsPerMegawattHour) -> Dollars {
    Dollars(si: energy.si * price.si)
  }
}

extension Bytes {
  /// How long a bandwidth takes to move an amount of data.
  @inlinable public static func / (data: Bytes, bandwidth: BytesPerSecond) -> Seconds {
    Seconds(si: data.si / bandwidth.si)
  }

  /// The mean bandwidth of an amount of data moved in a time.
  @inlinable public static func / (data: Bytes, time: Seconds) -> BytesPerSecond {
    BytesPerSecond(si: data.si / time.si)
  }
}

extension BytesPerSecond {
  /// How much a bandwidth moves in a time.
  @inlinable public static func * (bandwidth: BytesPerSecond, time: Seconds) -> Bytes {
    Bytes(si: bandwidth.si * time.si)
  }
}

extension FlopsPerSecond {
  /// How many operations a compute rate does in a time.
  @inlinable public static func * (rate: FlopsPerSecond, time: Seconds) -> Double { rate.si * time.si }

  /// How long this rate takes for a number of operations.
  @inlinable public func time(forOperations operations: Double) -> Seconds { Seconds(si: operations / si) }

  /// Operations per byte at which compute and memory take equally long: the ridge of the roofline.
  @inlinable public static func / (rate: FlopsPerSecond, bandwidth: BytesPerSecond) -> Double {
    rate.si / bandwidth.si
  }
}

extension PerSecond {
  /// How many events a rate gives in a time.
  @inlinable public static func * (rate: PerSecond, time: Seconds) -> Double { rate.si * time.si }

  /// The mean rate of a number of events in a time.
  @inlinable public init(_ count: Double, per time: Seconds) { self.init(si: count / time.si) }

  /// The mean time between two events.
  @inlinable public var period: Seconds { Seconds(si: 1 / si) }
}

extension Hertz {
  /// The length of one cycle.
  @inlinable public var period: Seconds { Seconds(si: 1 / si) }
}

extension DollarsPerHour {
  /// What a rented thing costs for a time.
  @inlinable public static func * (price: DollarsPerHour, time: Seconds) -> Dollars {
    Dollars(si: price.si * time.si)
  }
}

extension DollarsPerMegawattHour {
  /// What an energy costs.
  @inlinable public static func * (price: DollarsPerMegawattHour, energy: Joules) -> Dollars {
    energy * price
  }
}

extension Dollars {
  /// The price of a time that cost an amount of money.
  @inlinable public static func / (money: Dollars, time: Seconds) -> DollarsPerHour {
    DollarsPerHour(si: money.si / time.si)
  }

  /// The price of an energy that cost an amount of money.
  @inlinable public static func / (money: Dollars, energy: Joules) -> DollarsPerMegawattHour {
    DollarsPerMegawattHour(si: money.si / energy.si)
  }
}

extension Ratio {
  /// A share of a quantity.
  @inlinable public static func * <Q: Quantity>(ratio: Ratio, quantity: Q) -> Q { quantity * ratio.si }
}
