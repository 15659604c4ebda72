import Documents

/// The records of a CSV text as RFC 4180 has them: quoted fields may hold commas, quotes (doubled) and line breaks.
struct CSVRecords {
  /// One record and the line, from 1, that it begins on.
  struct Record: Equatable {
    var line: Int
    var fields: [String]
  }

  private let bytes: [UInt8]
  private let file: String
  private let problems: ProblemCollector
  private var position = 0
  private var line = 1

  private static let quote = UInt8(ascii: "\"")
  private static let comma = UInt8(ascii: ",")
  private static let newline = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// The records of a text without its empty lines; what is wrong with one is recorded, and the record left out.
  static func read(_ text: String, file: String, problems: ProblemCollector) -> [Record] {
    var reader = CSVRecords(text, file: file, problems: problems)
    var records: [Record] = []
    while let record = reader.next() { records.append(record) }
    return records
  }

  private init(_ text: String, file: String, problems: ProblemCollector) {
    // A byte order mark is no part of the first name.
    bytes = Array((text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text).utf8)
    self.file = file
    self.problems = problems
  }

  private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func next() -> Record? {
    while let byte, byte == Self.newline || byte == Self.carriageReturn { skipLineBreak() }
    while byte != nil {
      let start = line
      if let fields = record() { return Record(line: start, fields: fields) }
    }
    return nil
  }

  private mutating func skipLineBreak() {
    if bytes[position] == Self.newline { line += 1 }
    position += 1
  }

  /// The fields up to the end of the record; nil, with the reason recorded, where one is malformed.
  private mutating func record() -> [String]? {
    let start = line
    var fields: [String] = []
    while true {
      guard let field = byte == Self.quote ? quotedField() : plainField() else {
        skipLine()
        return nil
      }
      fields.append(field)
      guard let byte else { return fields }
      switch byte {
      case Self.comma:
        position += 1
      case Self.newline, Self.carriageReturn:
        while let byte = self.byte, byte == Self.newline || byte == Self.carriageReturn { skipLineBreak() }
        return fields
      default:
        refuse(start, "text after the closing quote of a field", "a comma or the end of the line")
        skipLine()
        return nil
      }
    }
  }

  private mutating func plainField() -> String? {
    let start = position
    while let byte, byte != Self.comma, byte != Self.newline, byte != Self.carriageReturn {
      if byte == Self.quote {
        refuse(line, "a quote inside a field", "the whole field in quotes, each quote in it doubled")
        return nil
      }
      position += 1
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func quotedField() -> String? {
    let start = line
    position += 1
    var field: [UInt8] = []
    while let byte {
      if byte == Self.quote {
        position += 1
        if self.byte != Self.quote { return String(decoding: field, as: UTF8.self) }
      } else if byte == Self.newline {
        line += 1
      }
      field.append(byte)
      position += 1
    }
    refuse(start, "a quoted field is not closed", "a quote at its end")
    return nil
  }

  private mutating func skipLine() {
    while let byte, byte != Self.newline { position += 1 }
    if byte != nil { skipLineBreak() }
  }

  private func refuse(_ line: Int, _ message: String, _ allowed: String) {
    problems.record(Problem(file: file, line: line, message: message, allowed: allowed))
  }
}
