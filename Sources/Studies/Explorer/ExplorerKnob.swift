import Documents
import Foundation

/// Something of a scenario that a person may turn: a value of its file, or several that go together.
public struct ExplorerKnob: Sendable, Equatable {
  /// What values it takes.
  public enum Kind: Sendable, Equatable {
    /// Numbers between two ends.
    case range(ClosedRange<Double>, isLogarithmic: Bool, isWhole: Bool)
    /// One of several words.
    case choice([Choice])
  }

  /// A word that a knob may stand at.
  public struct Choice: Sendable, Equatable {
    /// The word as a scenario writes it.
    public var value: String
    /// What a person calls it.
    public var name: String
  }

  /// What settings call it: the path of its value, or `load` where several go together.
  public var id: String
  /// What a person calls it.
  public var name: String
  /// The unit of its numbers; empty where they have none.
  public var unit: String
  /// What values it takes.
  public var kind: Kind
  /// Where it stands, without its unit; nil where nothing says.
  public var value: String?

  /// The number that it stands at; nil of words.
  public var number: Double? { value.flatMap { Double($0) } }

  /// Its values for a curve: so many at most, from one end to the other; none of words.
  ///
  /// - Parameter most: how many, at least 2.
  /// - Returns: rising values, none twice.
  public func levels(_ most: Int) -> [Double] {
    guard case .range(let range, let isLogarithmic, let isWhole) = kind else { return [] }
    let steps = Double(most - 1)
    let (low, high) = (range.lowerBound, range.upperBound)
    let values = (0..<most).map { index -> Double in
      let share = Double(index) / steps
      let value = isLogarithmic ? low * Self.power(high / low, share) : low + (high - low) * share
      return isWhole ? value.rounded() : Self.rounded(value, digits: 3)
    }
    return values.reduce(into: []) { kept, value in if kept.last != value { kept.append(value) } }
  }

  /// For the page: a range has `min`, `max`, `logarithmic` and `whole`, a choice has `choices`.
  public var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("id", .string(id)), ("name", .string(name)), ("unit", .string(unit)),
      ("value", value.map { .string($0) } ?? .null),
    ]
    switch kind {
    case .range(let range, let isLogarithmic, let isWhole):
      members += [
        ("min", .double(range.lowerBound)), ("max", .double(range.upperBound)),
        ("logarithmic", .bool(isLogarithmic)), ("whole", .bool(isWhole)),
      ]
    case .choice(let choices):
      members.append(
        (
          "choices",
          .array(choices.map { ["value": .string($0.value), "name": .string($0.name)] })
        ))
    }
    return .object(members)
  }
}

extension ExplorerKnob {
  /// `base` to the power of `exponent`.
  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

  /// A number to so many significant digits.
  static func rounded(_ value: Double, digits: Int) -> Double {
    guard value != 0, value.isFinite else { return value }
    let places = digits - 1 - Int(log10(abs(value)).rounded(.down))
    // Dividing by a whole power of ten gives the double that is nearest to the decimal.
    let factor = pow(10, Double(abs(places)))
    return places >= 0 ? (value * factor).rounded() / factor : (value / factor).rounded() * factor
  }

  /// The least power of two that is not below a value.
  static func powerOfTwo(atLeast value: Double) -> Double { pow(2, log2(max(value, 1)).rounded(.up)) }
}

/// The values of a file that a knob turns.
struct KnobTarget: Sendable, Equatable {
  /// The path of the value.
  var path: String
  /// What the knob's number is multiplied by.
  var base = 1.0
  /// Whether it is a whole number, at least 1.
  var isWhole = false
  /// The unit that follows the number; empty for none.
  var unit = ""

  /// The override `path=value` for a number of the knob.
  func override(_ number: Double) -> String {
    let value = number * base
    let text = isWhole ? "\(Int(max(1, min(value, 1e15)).rounded()))" : KnobTarget.text(value)
    return path + "=" + text + (unit.isEmpty ? "" : " " + unit)
  }

  /// A number as short as it can be written.
  static func text(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }
}
