/// A physical quantity of one kind: a number in SI base units that cannot be mixed with another kind.
///
/// Formulas use the concrete structs (`Watts`, `Seconds`, …); the protocol serves the edges where text becomes
/// a quantity and back. Operators that join two kinds exist only where physics gives the result a meaning; they
/// stand in `Products.swift`.
public protocol Quantity: Comparable, Hashable, Sendable, CustomStringConvertible {
  /// What messages call the kind, in the singular without article: `bandwidth`.
  static var kind: String { get }
  /// Every unit that text may carry, in the order in which messages list them.
  static var units: [QuantityUnit] { get }
  /// Whether text may hold a negative number: true for money, false for everything physical.
  static var allowsNegative: Bool { get }
  /// The value in SI base units (B, B/s, FLOP/s, W, J, s, Hz, 1/s; money in $, $/J and $/s).
  var si: Double { get }
  /// Makes a quantity from a value in SI base units.
  init(si: Double)
}

/// One unit of a kind: its symbol, its size in SI and how text uses it.
@frozen public struct QuantityUnit: Hashable, Sendable {
  /// The symbol as written, case-sensitive: `GB/s`.
  ///
  /// Empty for a plain number.
  public let symbol: String
  /// The size of one unit in SI base units.
  public let factor: Double
  /// The smallest magnitude, in SI base units, that is printed in this unit; nil for a unit that is only read.
  public let printedFrom: Double?
  /// Whether messages list the unit; an alias is read but not advertised.
  public let isListed: Bool

  /// A unit that printing uses from one of it upwards, or from `printedFrom` (SI) where given.
  static func printed(_ symbol: String, _ factor: Double, from printedFrom: Double? = nil) -> QuantityUnit {
    QuantityUnit(symbol: symbol, factor: factor, printedFrom: printedFrom ?? factor, isListed: true)
  }

  /// A unit that is read and listed in messages, but never printed.
  static func read(_ symbol: String, _ factor: Double) -> QuantityUnit {
    QuantityUnit(symbol: symbol, factor: factor, printedFrom: nil, isListed: true)
  }

  /// A second spelling that is read, but neither listed nor printed.
  static func alias(_ symbol: String, _ factor: Double) -> QuantityUnit {
    QuantityUnit(symbol: symbol, factor: factor, printedFrom: nil, isListed: false)
  }

  /// `value` of this unit in SI base units; a unit that is a whole fraction of the base unit divides, because
  /// `3 / 1000` is correctly rounded where `3 * 0.001` need not be.
  func si(_ value: Double) -> Double {
    let inverse = (1 / factor).rounded()
    guard factor < 1, abs(factor * inverse - 1) < 1e-9 else { return value * factor }
    return value / inverse
  }
}

extension Quantity {
  /// Nothing of this kind.
  @inlinable public static var zero: Self { Self(si: 0) }

  /// Physical quantities are not negative unless the kind says otherwise.
  public static var allowsNegative: Bool { false }

  /// Orders by value.
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.si < b.si }

  /// The sum of two quantities of one kind.
  @inlinable public static func + (a: Self, b: Self) -> Self { Self(si: a.si + b.si) }

  /// The difference of two quantities of one kind; it may be negative.
  @inlinable public static func - (a: Self, b: Self) -> Self { Self(si: a.si - b.si) }

  /// Adds in place.
  @inlinable public static func += (a: inout Self, b: Self) { a = a + b }

  /// Subtracts in place.
  @inlinable public static func -= (a: inout Self, b: Self) { a = a - b }

  /// Scales by a plain number.
  @inlinable public static func * (a: Self, factor: Double) -> Self { Self(si: a.si * factor) }

  /// Scales by a plain number.
  @inlinable public static func * (factor: Double, a: Self) -> Self { Self(si: factor * a.si) }

  /// Divides by a plain number.
  @inlinable public static func / (a: Self, divisor: Double) -> Self { Self(si: a.si / divisor) }

  /// How many times `b` fits into `a`: the plain ratio of two quantities of one kind.
  @inlinable public static func / (a: Self, b: Self) -> Double { a.si / b.si }

  /// The kind with its article: `a bandwidth`, `an energy`.
  public static var kindWithArticle: String {
    let startsWithVowel = kind.first.map { "aeiou".contains($0) } ?? false
    return (startsWithVowel ? "an " : "a ") + kind
  }
}
