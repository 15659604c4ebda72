import Documents

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads the ranges of a sweep's axis: `{ from: 1, to: 64, step: 1 }`, `{ from: 1 req/s, to: 100 req/s, points: 9 }`.
///
/// Numbers may carry a unit, the same one in all of them.
struct SweepRange {
  let field: Field

  private struct Bound {
    let number: Double
    let unit: String
  }

  /// `from`, `from + step`, … up to `to`.
  func values() -> [Node]? {
    guard var reader = field.mapping() else { return nil }
    let (from, to) = bounds(&reader)
    let stepField = reader.required("step")
    let step = bound(stepField)
    reader.finish()
    guard let from, let to, let step, sameUnit([from, to, step]) else { return nil }
    guard step.number > 0 else {
      stepField.reject("out of range", allowed: "more than 0")
      return nil
    }
    let count = ((to.number - from.number) / step.number * (1 + 1e-12)).rounded(.down)
    guard count >= 0 else { return empty() }
    guard limited(count) else { return nil }
    return nodes((0...Int(count)).map { text(from.number + Double($0) * step.number, from.unit) })
  }

  /// `from`, `from · factor`, … up to `to`; or so many `points` from `from` to `to`.
  func logarithmicValues() -> [Node]? {
    guard var reader = field.mapping() else { return nil }
    let (from, to) = bounds(&reader)
    let factorField = reader.optional("factor")
    let factor = factorField.double()
    let pointsField = reader.optional("points")
    let points = pointsField.int(in: 2...SweepReader.maximumPoints)
    reader.finish()
    guard let from, let to, sameUnit([from, to]) else { return nil }
    guard factorField.isPresent != pointsField.isPresent else {
      field.refuse("a log_range has a factor or a number of points", allowed: "one of factor, points")
      return nil
    }
    guard from.number > 0 else {
      field.refuse("a log_range starts above 0")
      return nil
    }
    guard to.number >= from.number else { return empty() }
    if let points {
      let ratio = log(to.number / from.number) / Double(points - 1)
      let isWhole =
        from.unit.isEmpty && from.number == from.number.rounded() && to.number == to.number.rounded()
      let values = (0..<points).map { index in
        let value = index == points - 1 ? to.number : from.number * exp(ratio * Double(index))
        return text(isWhole ? value.rounded() : value, from.unit)
      }
      return nodes(values.reduce(into: []) { if $0.last != $1 { $0.append($1) } })
    }
    guard let factor else { return nil }
    guard factor > 1 else {
      factorField.reject("out of range", allowed: "more than 1")
      return nil
    }
    guard limited(log(to.number / from.number) / log(factor)) else { return nil }
    var values: [String] = []
    var value = from.number
    while value <= to.number * (1 + 1e-12) {
      values.append(text(value, from.unit))
      value *= factor
    }
    return nodes(values)
  }

  /// Values at the place of the range that they come from.
  private func nodes(_ values: [String]) -> [Node]? {
    guard let place = field.node else { return nil }
    return values.map {
      Node(
        file: place.file, line: place.line, column: place.column, path: place.path,
        value: .scalar(Node.Scalar(text: $0)))
    }
  }

  private func bounds(_ reader: inout MappingReader) -> (Bound?, Bound?) {
    let from = bound(reader.required("from"))
    return (from, bound(reader.required("to")))
  }

  private func bound(_ field: Field) -> Bound? {
    guard let text = field.string() else { return nil }
    let parts = text.split(separator: " ", maxSplits: 1)
    guard let first = parts.first, let number = Node.Scalar(text: String(first)).double else {
      field.reject("a number, with or without a unit, is needed", hint: "for example '8' or '8 req/s'")
      return nil
    }
    return Bound(number: number, unit: parts.count > 1 ? String(parts[1]) : "")
  }

  private func sameUnit(_ bounds: [Bound]) -> Bool {
    let units = bounds.map(\.unit)
    if units.allSatisfy({ $0 == units[0] }) { return true }
    field.refuse(
      "a range has one unit, not \(units.map { $0.isEmpty ? "none" : $0 }.joined(separator: ", "))")
    return false
  }

  private func limited(_ count: Double) -> Bool {
    if count < Double(SweepReader.maximumPoints) { return true }
    field.refuse("too many values", allowed: "at most \(SweepReader.maximumPoints)")
    return false
  }

  private func empty() -> [Node]? {
    field.refuse("'to' is below 'from'")
    return nil
  }

  /// Sums and products leave digits that nobody wrote: twelve significant ones stay.
  private func text(_ value: Double, _ unit: String) -> String {
    var rounded = value
    if value != 0, value.isFinite {
      let scale = pow(10, 11 - log10(abs(value)).rounded(.down))
      if scale.isFinite, scale > 0 { rounded = (value * scale).rounded() / scale }
    }
    return unit.isEmpty ? plain(rounded) : plain(rounded) + " " + unit
  }
}
