extension HourlySeries {
  /// A series from CSV text.
  ///
  /// One column holds the values, an hour apart; two columns hold hours, from 0 in equal steps, and values.
  /// Empty lines and lines that begin with `#` are skipped, and the first other line may be a header.
  ///
  /// - Parameters:
  ///   - text: The text of the file.
  ///   - reading: How the series is read between its values.
  /// - Throws: `FacilityError` with the line, what was found and what is allowed.
  public init(csv text: String, reading: Reading = .linear) throws(FacilityError) {
    var rows: [Row] = []
    var isFirst = true
    var number = 0
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      number += 1
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed)
      if fields == [""] || fields[0].hasPrefix("#") { continue }
      let isHeader = isFirst && fields.allSatisfy { Double($0) == nil && !$0.isEmpty }
      isFirst = false
      guard fields.count <= 2 else {
        throw FacilityError("found \(fields.count) columns; 1 or 2 are allowed", line: number)
      }
      if isHeader { continue }
      rows.append(try Row(fields, line: number))
      if rows[0].hour == nil, rows[rows.count - 1].hour != nil {
        throw FacilityError("found 2 columns; 1 as in the lines above is allowed", line: number)
      }
      if rows[0].hour != nil, rows[rows.count - 1].hour == nil {
        throw FacilityError("found 1 column; 2 as in the lines above are allowed", line: number)
      }
    }
    guard !rows.isEmpty else {
      throw FacilityError("found no values; at least one line with a number is allowed", line: max(1, number))
    }
    try self.init(values: rows.map(\.value), stepHours: Self.step(of: rows), reading: reading)
  }

  /// One line of the text.
  private struct Row {
    var line: Int
    var hour: Double?
    var value: Double

    init(_ fields: [Substring], line: Int) throws(FacilityError) {
      var numbers: [Double] = []
      for field in fields {
        guard let number = Double(field), number.isFinite else {
          throw FacilityError("found \"\(field)\"; a finite number is allowed", line: line)
        }
        numbers.append(number)
      }
      self.line = line
      hour = numbers.count == 2 ? numbers[0] : nil
      value = numbers[numbers.count - 1]
    }
  }

  /// The step of the hours, which begin at 0 and ascend equally.
  private static func step(of rows: [Row]) throws(FacilityError) -> Double {
    guard let first = rows[0].hour else { return 1 }
    guard first == 0 else {
      throw FacilityError("found hour \(first) first; hour 0 is allowed", line: rows[0].line)
    }
    guard rows.count > 1, let step = rows[1].hour else { return 1 }
    guard step > 0 else {
      throw FacilityError("found hour \(step) after hour 0; a later hour is allowed", line: rows[1].line)
    }
    for (index, row) in rows.enumerated() {
      let expected = Double(index) * step
      guard let hour = row.hour, abs(hour - expected) <= 1e-6 * step else {
        throw FacilityError(
          "found hour \(row.hour ?? 0); hour \(expected) is allowed, \(step) h after the one before",
          line: row.line)
      }
    }
    return step
  }

  private static func trimmed(_ field: Substring) -> Substring {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    let start = field.drop(while: isSpace)
    guard let end = start.lastIndex(where: { !isSpace($0) }) else { return "" }
    return start[...end]
  }
}
