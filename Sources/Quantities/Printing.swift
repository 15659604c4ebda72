#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension Quantity {
  /// The value for a reader: `8 TB/s`, `85.9 GB`.
  ///
  /// In the largest printed unit of which there is at least one, with at most four significant digits. Reading the text back gives the value to those digits; not a
  /// number and infinity print as `nan` and `inf`, which reading refuses.
  public var description: String {
    let ladder = Self.units.filter { $0.printedFrom != nil }
    guard let smallest = ladder.first else { return "\(si)" }
    guard si.isFinite else { return joined("\(si)", smallest.symbol) }
    var index = ladder.lastIndex { abs(si) >= ($0.printedFrom ?? 0) } ?? 0
    if si == 0 { index = ladder.firstIndex { $0.factor == 1 } ?? 0 }
    // 999.96 GB rounds to 1000 GB, which is 1 TB.
    if index + 1 < ladder.count {
      let next = ladder[index + 1]
      let rounded = ladder[index].si(DecimalDigits(abs(si) / ladder[index].factor).value)
      if rounded >= (next.printedFrom ?? .infinity) { index += 1 }
    }
    let unit = ladder[index]
    let number = DecimalDigits(abs(si) / unit.factor).text
    return joined(si < 0 ? "-" + number : number, unit.symbol)
  }

  private func joined(_ number: String, _ symbol: String) -> String {
    symbol.isEmpty ? number : number + " " + symbol
  }
}

/// A non-negative number rounded to four significant decimal digits.
struct DecimalDigits {
  /// The digits as a whole number from 1000 to 9999, or 0.
  let digits: Int
  /// The power of ten of the first digit.
  let exponent: Int

  init(_ magnitude: Double) {
    guard magnitude > 0, magnitude.isFinite else {
      digits = 0
      exponent = 0
      return
    }
    var power = Int(log10(magnitude).rounded(.down))
    var scaled = Self.scale(magnitude, by: 3 - power)
    // log10 may land one off beside a power of ten, and rounding may carry into a fifth digit.
    if scaled.rounded() < 1000 {
      power -= 1
      scaled = Self.scale(magnitude, by: 3 - power)
    }
    if scaled.rounded() >= 10_000 {
      power += 1
      scaled = Self.scale(magnitude, by: 3 - power)
    }
    digits = Int(scaled.rounded())
    exponent = power
  }

  /// The number that the digits stand for.
  var value: Double { Self.scale(Double(digits), by: exponent - 3) }

  /// Plain decimals from 0.0001 up to seven places before the point; an exponent outside.
  var text: String {
    guard digits > 0 else { return "0" }
    var significant = String(digits)
    while significant.hasSuffix("0") { significant.removeLast() }
    guard exponent >= -4, exponent < 7 else {
      let fraction = significant.dropFirst()
      return significant.prefix(1) + (fraction.isEmpty ? "" : "." + fraction) + "e\(exponent)"
    }
    if exponent < 0 { return "0." + String(repeating: "0", count: -exponent - 1) + significant }
    let whole = exponent + 1
    if significant.count <= whole {
      return significant + String(repeating: "0", count: whole - significant.count)
    }
    return significant.prefix(whole) + "." + significant.dropFirst(whole)
  }

  /// Multiplies by a power of ten without leaving the range of Double on the way.
  private static func scale(_ value: Double, by power: Int) -> Double {
    if power > 300 { return value * 1e300 * pow(10, Double(power - 300)) }
    return power >= 0 ? value * pow(10, Double(power)) : value / pow(10, Double(-power))
  }
}
