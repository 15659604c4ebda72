/// Every kind, for the message that names the kind which a text does hold.
private let allKinds: [any Quantity.Type] = [
  Bytes.self, BytesPerSecond.self, FlopsPerSecond.self, Watts.self, Joules.self, Seconds.self, Hertz.self,
  PerSecond.self, Dollars.self, DollarsPerMegawattHour.self, DollarsPerHour.self, Ratio.self,
]

extension Quantity {
  /// Reads a number and its unit: `8 TB/s`, `8TB/s`, `1.5e3 W`.
  ///
  /// Spaces around the text are ignored. The number is decimal with an optional exponent; the unit is one of `units`, case-sensitive, and required
  /// unless the kind has a unit with an empty symbol. Throws an error that says what was found and what is allowed
  /// for anything else, and for values that are negative (unless `allowsNegative`) or too large for a Double.
  public static func parse(_ text: String) throws(QuantityError) -> Self {
    let trimmed = text.trimmingSpaces()
    guard !trimmed.isEmpty else {
      throw QuantityError(found: text, reason: "is empty; \(needsOneOfUnits)", hint: example("8"))
    }
    guard let (number, symbol) = splitNumber(trimmed) else { throw notANumber(trimmed) }
    guard let unit = units.first(where: { $0.symbol.unicodeScalars.elementsEqual(symbol.unicodeScalars) })
    else {
      throw wrongUnit(text: trimmed, number: number, symbol: symbol)
    }
    guard let value = Double(number), value.isFinite, unit.si(value).isFinite else {
      throw QuantityError(found: trimmed, reason: "is too large for \(kindWithArticle)")
    }
    guard value >= 0 || allowsNegative else {
      throw QuantityError(found: trimmed, reason: "is negative; \(kindWithArticle) cannot be")
    }
    // Minus zero is zero.
    return Self(si: value == 0 ? 0 : unit.si(value))
  }

  private static var needsOneOfUnits: String {
    let listed = units.filter { $0.isListed && !$0.symbol.isEmpty }.map(\.symbol)
    let plain = units.contains { $0.symbol.isEmpty }
    if plain { return "\(kindWithArticle) is a plain number or carries \(listed.joined(separator: ", "))" }
    let choice = listed.count == 1 ? "the unit " : "one of "
    return "\(kindWithArticle) needs \(choice)\(listed.joined(separator: ", "))"
  }

  /// A complete quantity with the number that was found; it shows the form and guesses no magnitude.
  private static func example(_ number: String) -> String? {
    let symbol = exampleUnit
    return "for example '\(symbol.isEmpty ? "0.85" : number + " " + symbol)'"
  }

  /// The unit of examples: the one in the middle of what is printed (GB/s, kW, …).
  private static var exampleUnit: String {
    let printed = units.filter { $0.printedFrom != nil }
    return printed.isEmpty ? "" : printed[printed.count / 2].symbol
  }

  private static func notANumber(_ text: String) -> QuantityError {
    let bare = text.drop { $0 == "+" || $0 == "-" }.lowercased()
    if ["nan", "inf", "infinity", ".nan", ".inf"].contains(where: { bare == $0 || bare.hasPrefix($0 + " ") })
    {
      return QuantityError(found: text, reason: "is not a finite number; \(needsOneOfUnits)")
    }
    if let first = text.first, "$€£".contains(first) {
      let amount = text.dropFirst().prefix { $0.isNumber || $0 == "." }
      let number = amount.isEmpty ? "3" : String(amount)
      return QuantityError(
        found: text, reason: "starts with its unit; the number comes first", hint: "for example '\(number) $'"
      )
    }
    if text.hasPrefix(".") {
      return QuantityError(
        found: text, reason: "starts with a point; write the digit before it", hint: "for example '0\(text)'")
    }
    return QuantityError(
      found: text, reason: "does not start with a number; \(needsOneOfUnits) after a number",
      hint: example("8"))
  }

  private static func wrongUnit(text: String, number: String, symbol: String) -> QuantityError {
    if symbol.isEmpty {
      return QuantityError(found: text, reason: "has no unit; \(needsOneOfUnits)", hint: example(number))
    }
    if let first = symbol.first, ",_'.".contains(first) || first.isNumber {
      return QuantityError(
        found: text, reason: "is not one number; write digits without separators and one decimal point")
    }
    if let other = allKinds.first(where: { $0.units.contains { $0.symbol == symbol && !symbol.isEmpty } }) {
      return QuantityError(
        found: text, reason: "is \(other.kindWithArticle); \(kindWithArticle) is needed", hint: example("8"))
    }
    if let spellings = bitOrByte(symbol) {
      return QuantityError(
        found: text, reason: "has the ambiguous unit '\(symbol)'", hint: "write \(spellings)")
    }
    let folded = symbol.lowercased()
    let sameLetters = units.map(\.symbol).filter { $0.lowercased() == folded }
    if !sameLetters.isEmpty {
      return QuantityError(
        found: text, reason: "has the unknown unit '\(symbol)'; units are case-sensitive",
        hint: "did you mean \(sameLetters.joined(separator: " or "))?")
    }
    let hint = knownMisspelling(symbol).map { "did you mean \($0)?" } ?? example(number)
    return QuantityError(
      found: text, reason: "has the unknown unit '\(symbol)'; \(needsOneOfUnits)", hint: hint)
  }

  /// The two readings of a lower-case `b` after a prefix (`Gb/s`: bits or bytes?), where this kind has them.
  private static func bitOrByte(_ symbol: String) -> String? {
    guard let b = symbol.firstIndex(of: "b"), !symbol[b...].hasPrefix("bit") else { return nil }
    guard symbol.distance(from: symbol.startIndex, to: b) == 1 else { return nil }
    let rest = symbol[symbol.index(after: b)...]
    let prefix = symbol[..<b]
    let known = ["\(prefix)bit/s", "\(prefix)bit", "\(prefix)B\(rest)", "\(prefix)B/s"].filter { candidate in
      units.contains { $0.symbol == candidate }
    }
    guard rest.isEmpty || rest == "/s" || rest == "ps" else { return nil }
    return known.isEmpty
      ? nil
      : known.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        .joined(separator: " or ")
  }

  /// Other people's spellings of our units: `TFLOPS`, `GBps`, `GB/sec`, `seconds`.
  private static func knownMisspelling(_ symbol: String) -> String? {
    var candidates = [symbol.filter { $0 != " " }]
    for (suffixes, unit) in Self.foreignSuffixes {
      for suffix in suffixes where symbol.hasSuffix(suffix) {
        candidates.append(symbol.dropLast(suffix.count) + unit)
      }
    }
    for (words, unit) in Self.foreignWords where words.contains(symbol.lowercased()) {
      candidates.append(unit)
    }
    return candidates.first { candidate in units.contains { $0.symbol == candidate } }
  }

  private static var foreignSuffixes: [(suffixes: [String], unit: String)] {
    [
      (["FLOPS", "FLOPs", "Flops", "flops", "FLOP", "FLOPs/s", "FLOPS/s"], "FLOP/s"),
      (["OPS", "OPs"], "OP/s"),
      (["Bps"], "B/s"), (["bps"], "bit/s"), (["/sec", "/second"], "/s"), (["/hour", "/hr"], "/h"),
      (["/minute"], "/min"),
    ]
  }

  private static var foreignWords: [(words: [String], unit: String)] {
    [
      (["sec", "secs", "second", "seconds"], "s"), (["msec", "millis", "milliseconds"], "ms"),
      (["usec", "microseconds"], "us"), (["m", "minute", "minutes", "mins"], "min"),
      (["hr", "hrs", "hour", "hours"], "h"),
      (["day", "days"], "d"), (["watt", "watts"], "W"), (["byte", "bytes"], "B"), (["percent", "pct"], "%"),
      (["usd", "dollar", "dollars"], "$"), (["usd/mwh"], "$/MWh"), (["usd/kwh"], "$/kWh"), (["usd/h"], "$/h"),
      (["rps", "qps"], "req/s"), (["tps"], "tok/s"),
    ]
  }
}

/// Splits `8.5e3 TB/s` into the number and the unit; nil when the text does not start with a decimal number.
private func splitNumber(_ text: String) -> (number: String, symbol: String)? {
  var rest = Substring(text)
  if let sign = rest.first, sign == "-" || sign == "+" { rest.removeFirst() }
  guard takeDigits(&rest) else { return nil }
  if rest.first == "." {
    var fraction = rest.dropFirst()
    if takeDigits(&fraction) { rest = fraction }
  }
  if let e = rest.first, e == "e" || e == "E" {
    // `8 EFLOP/s` without its space: an exponent is one only where digits follow.
    var exponent = rest.dropFirst()
    if let sign = exponent.first, sign == "-" || sign == "+" { exponent.removeFirst() }
    if takeDigits(&exponent) { rest = exponent }
  }
  return (String(text[..<rest.startIndex]), String(rest).trimmingSpaces())
}

private func takeDigits(_ rest: inout Substring) -> Bool {
  let digits = rest.prefix { $0.isASCII && $0.isNumber }
  rest = rest.dropFirst(digits.count)
  return !digits.isEmpty
}

extension String {
  /// The text without spaces at its two ends.
  fileprivate func trimmingSpaces() -> String {
    var slice = self[...]
    while slice.first == " " { slice.removeFirst() }
    while slice.last == " " { slice.removeLast() }
    return String(slice)
  }
}
