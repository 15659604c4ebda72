/// The columns of a CSV format of traces.
struct TraceColumns: Sendable {
  let time: StaticString
  let input: StaticString
  let output: StaticString
  /// Whether times are dates and times of day, else seconds.
  let hasTimestamps: Bool
  /// Whether rows with an answer of no tokens are requests that failed, which are left out.
  var hasFailures = false

  static let azure = TraceColumns(
    time: "TIMESTAMP", input: "ContextTokens", output: "GeneratedTokens", hasTimestamps: true)
  static let burstGPT = TraceColumns(
    time: "Timestamp", input: "Request tokens", output: "Response tokens", hasTimestamps: false,
    hasFailures: true)
  static let plain = TraceColumns(
    time: "arrival_seconds", input: "input_tokens", output: "output_tokens", hasTimestamps: false)

  var inWords: String { "\(time),\(input),\(output)" }

  /// How many of the columns' names a header has.
  func namesFound(in header: TraceBytes) -> Int {
    [time, input, output].count { position(of: $0, in: header) != nil }
  }

  /// Which field of a header has a name, from 0.
  func position(of name: StaticString, in header: TraceBytes) -> Int? {
    var start = 0
    var field = 0
    while start <= header.count {
      let end = header.position(of: UInt8(ascii: ","), from: start)
      if header[start..<end].trimmed.isEqual(to: name) { return field }
      start = end + 1
      field += 1
    }
    return nil
  }
}

/// Reads a trace of a header and rows of fields.
struct CSVTrace {
  let columns: TraceColumns
  var builder: TraceBuilder

  /// Reads the rows under a header.
  consuming func read(header: TraceLine, rows: TraceLines) throws(TraceError) -> ArrivalTrace {
    guard let time = columns.position(of: columns.time, in: header.bytes),
      let input = columns.position(of: columns.input, in: header.bytes),
      let output = columns.position(of: columns.output, in: header.bytes)
    else {
      addMissingColumns(header)
      throw builder.problems.error
    }
    let width = fieldCount(header.bytes)
    var rows = rows
    while let row = rows.next() {
      let found = fieldCount(row.bytes)
      guard found == width else {
        builder.problems.add(line: row.number, "\(found) fields; allowed: \(width), as in the header")
        continue
      }
      var fields = (time: row.bytes, input: row.bytes, output: row.bytes)
      var start = 0
      for field in 0..<width {
        let end = row.bytes.position(of: UInt8(ascii: ","), from: start)
        let bytes = row.bytes[start..<end].trimmed
        if field == time { fields.time = bytes }
        if field == input { fields.input = bytes }
        if field == output { fields.output = bytes }
        start = end + 1
      }
      append(line: row.number, time: fields.time, input: fields.input, output: fields.output)
    }
    return try builder.trace(isRelative: columns.hasTimestamps)
  }

  private mutating func append(line: Int, time: TraceBytes, input: TraceBytes, output: TraceBytes) {
    let nanoseconds = columns.hasTimestamps ? time.timestampNanoseconds : time.decimal(places: 9)
    if nanoseconds == nil {
      let allowed =
        columns.hasTimestamps
        ? "a time such as 2023-11-16 18:15:46.6805900" : "seconds from the start, 0 or more, such as 12.5"
      builder.problems.add(line: line, "\(columns.time) is \(time.quoted); allowed: \(allowed)")
    }
    if columns.hasFailures, output.wholeNumber == 0 || input.wholeNumber == 0 { return }
    let inputTokens = builder.tokens(input, line: line, name: "\(columns.input)")
    let outputTokens = builder.tokens(output, line: line, name: "\(columns.output)")
    if let nanoseconds, let inputTokens, let outputTokens {
      builder.append(line: line, nanoseconds: nanoseconds, input: inputTokens, output: outputTokens)
    }
  }

  private mutating func addMissingColumns(_ header: TraceLine) {
    for name in [columns.time, columns.input, columns.output]
    where columns.position(of: name, in: header.bytes) == nil {
      builder.problems.add(
        line: header.number,
        "column \(name) is missing from \(header.bytes.quoted); allowed: \(columns.inWords)")
    }
  }

  private func fieldCount(_ line: TraceBytes) -> Int {
    var fields = 1
    for index in 0..<line.count where line[index] == UInt8(ascii: ",") { fields += 1 }
    return fields
  }
}
