import Foundation
import Quantities

/// Numbers as a person reads them: few digits, groups of three, SI prefixes; what is missing is a dash.
public enum Numbers {
  /// What stands where there is no figure.
  public static let missing = "-"

  /// A plain number: `0.4321`, `12.35`, `289,712`, `17.69 M`.
  ///
  /// Four significant digits; whole numbers below ten million keep all of theirs.
  public static func text(_ value: Double?) -> String {
    guard let value, value.isFinite else { return missing }
    let magnitude = abs(value)
    if magnitude < 9_999_999.5 { return grouped(significant(value)) }
    for (limit, prefix) in [(9.9995e8, "M"), (9.9995e11, "G"), (9.9995e14, "T")] where magnitude < limit {
      let factor = prefix == "M" ? 1e6 : prefix == "G" ? 1e9 : 1e12
      return significant(value / factor) + " " + prefix
    }
    return String(format: "%.3e", value)
  }

  /// A whole number with groups of three.
  public static func text(_ value: Int64) -> String { grouped(String(value)) }

  /// A duration in seconds: `45.6 ms`.
  public static func seconds(_ value: Double?) -> String {
    value.map { Seconds(si: $0).description } ?? missing
  }

  /// A power in watts: `132 kW`.
  public static func watts(_ value: Double?) -> String { value.map { Watts(si: $0).description } ?? missing }

  /// An energy in joules: `1.2 MWh`.
  public static func joules(_ value: Double?) -> String {
    value.map { Joules(si: $0).description } ?? missing
  }

  /// An amount of dollars: `$0.1234`.
  public static func dollars(_ value: Double?) -> String { value.map { "$" + text($0) } ?? missing }

  /// A share in 0...1 as a percentage: `43.2 %`.
  public static func percent(_ share: Double?) -> String {
    guard let share, share.isFinite else { return missing }
    return String(format: "%.1f", share * 100) + " %"
  }

  /// A difference in percent with its sign: `+4.7 %`.
  public static func deviation(percent: Double?) -> String {
    guard let percent, percent.isFinite else { return missing }
    return String(format: "%+.1f", percent) + " %"
  }

  /// Four significant digits without an exponent, trailing zeros of the fraction dropped.
  private static func significant(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    let magnitude = abs(value)
    if magnitude < 1e-4 { return String(format: "%.3e", value) }
    let decimals = max(0, 3 - Int(log10(magnitude).rounded(.down)))
    var text = String(format: "%.\(decimals)f", value)
    if text.contains(".") {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
    return text
  }

  private static func grouped(_ text: String) -> String {
    let sign = text.hasPrefix("-") ? "-" : ""
    let digits = text.dropFirst(sign.count).prefix { $0.isNumber }
    let rest = text.dropFirst(sign.count + digits.count)
    var groups = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { groups += "," }
      groups.append(digit)
    }
    return sign + groups + rest
  }
}
