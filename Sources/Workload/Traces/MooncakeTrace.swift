/// Reads a trace of JSON lines, one flat object a request, as the Mooncake project publishes them.
///
/// Times are milliseconds from the start. `hash_ids` names the blocks of the prompt, one a whole block and one for the
/// rest; rows without it, or with an empty one, have no blocks.
struct MooncakeTrace {
  let blockTokens: Int
  var builder: TraceBuilder

  /// Reads the first line and those after it.
  consuming func read(first: TraceLine, rows: TraceLines) throws(TraceError) -> ArrivalTrace {
    var rows = rows
    var next: TraceLine? = first
    while let row = next {
      append(row)
      builder.endBlockHashes()
      next = rows.next()
    }
    return try builder.trace(isRelative: false, blockTokens: blockTokens)
  }

  private mutating func append(_ row: TraceLine) {
    let hashesBefore = builder.blockHashes.count
    var time: TraceBytes?
    var input: TraceBytes?
    var output: TraceBytes?
    var hashes: TraceBytes?
    let isObject = JSONObjectScanner(row.bytes).forEachMember { key, value in
      if key.isEqual(to: "timestamp") { time = value }
      if key.isEqual(to: "input_length") { input = value }
      if key.isEqual(to: "output_length") { output = value }
      if key.isEqual(to: "hash_ids") { hashes = value }
    }
    guard isObject else {
      builder.problems.add(line: row.number, "found \(row.bytes.quoted); allowed: one JSON object on a line")
      return
    }
    guard let time, let input, let output else {
      let missing = [("timestamp", time), ("input_length", input), ("output_length", output)]
      for (name, value) in missing where value == nil {
        builder.problems.add(
          line: row.number,
          "key \(name) is missing; allowed: timestamp, input_length, output_length, hash_ids")
      }
      return
    }
    let nanoseconds = time.decimal(places: 6)
    if nanoseconds == nil {
      builder.problems.add(
        line: row.number, "timestamp is \(time.quoted); allowed: milliseconds from the start, 0 or more")
    }
    let inputTokens = builder.tokens(input, line: row.number, name: "input_length")
    let outputTokens = builder.tokens(output, line: row.number, name: "output_length")
    guard let nanoseconds, let inputTokens, let outputTokens else { return }
    if let hashes {
      guard appendHashes(hashes, line: row.number) else { return }
      let found = builder.blockHashes.count - hashesBefore
      let whole = Int(inputTokens) / blockTokens
      let all = (Int(inputTokens) + blockTokens - 1) / blockTokens
      guard found == all || found == whole || found == 0 else {
        builder.problems.add(
          line: row.number,
          "hash_ids names \(found) blocks; allowed: \(all) of \(blockTokens) tokens for \(inputTokens) tokens"
        )
        return
      }
    }
    builder.append(line: row.number, nanoseconds: nanoseconds, input: inputTokens, output: outputTokens)
  }

  /// Adds the whole numbers of an array; notes a problem and gives false when there is anything else.
  private mutating func appendHashes(_ array: TraceBytes, line: Int) -> Bool {
    guard array[0] == UInt8(ascii: "["), array[array.count - 1] == UInt8(ascii: "]") else {
      builder.problems.add(
        line: line, "hash_ids is \(array.quoted); allowed: an array of whole numbers, 0 or more")
      return false
    }
    let items = array[1..<(array.count - 1)].trimmed
    if items.count == 0 { return true }
    var start = 0
    while start <= items.count {
      let end = items.position(of: UInt8(ascii: ","), from: start)
      let item = items[start..<end].trimmed
      guard let hash = item.wholeNumber else {
        builder.problems.add(line: line, "hash_ids has \(item.quoted); allowed: whole numbers, 0 or more")
        return false
      }
      builder.append(blockHash: UInt64(hash))
      start = end + 1
    }
    return true
  }
}

/// Finds the members of one JSON object, values as they are written.
///
/// Only as much of JSON as tells where members start and end: strings with escapes, nesting, scalars.
struct JSONObjectScanner {
  private let bytes: TraceBytes
  private var position = 0

  init(_ bytes: TraceBytes) {
    self.bytes = bytes
  }

  /// Calls with the key and the value of each member; strings lose their quotes only as keys.
  /// - Returns: false when the bytes are not one object.
  consuming func forEachMember(_ body: (TraceBytes, TraceBytes) -> Void) -> Bool {
    guard skip(UInt8(ascii: "{")) else { return false }
    if skip(UInt8(ascii: "}")) { return isAtEnd }
    repeat {
      guard let key = string(), skip(UInt8(ascii: ":")), let value = value() else { return false }
      body(key[1..<(key.count - 1)], value)
    } while skip(UInt8(ascii: ","))
    return skip(UInt8(ascii: "}")) && isAtEnd
  }

  private var isAtEnd: Bool { position == bytes.count }

  private mutating func skipBlanks() {
    while position < bytes.count,
      bytes[position] == UInt8(ascii: " ") || bytes[position] == UInt8(ascii: "\t")
    {
      position += 1
    }
  }

  /// Moves over a byte, and blanks around it; gives false, and stays, when another is there.
  private mutating func skip(_ byte: UInt8) -> Bool {
    skipBlanks()
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    skipBlanks()
    return true
  }

  /// A string with its quotes.
  private mutating func string() -> TraceBytes? {
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
    let start = position
    position += 1
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard position < bytes.count else { return nil }
    position += 1
    return bytes[start..<position]
  }

  /// A value: a string, an array or object with all in it, or a scalar.
  private mutating func value() -> TraceBytes? {
    let start = position
    var depth = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        guard string() != nil else { return nil }
        continue
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        if depth == 0 { return scalar(from: start) }
        depth -= 1
      case UInt8(ascii: ","):
        if depth == 0 { return scalar(from: start) }
      default:
        break
      }
      position += 1
    }
    return nil
  }

  /// The bytes from a position to here; nil when there are none.
  private func scalar(from start: Int) -> TraceBytes? {
    let value = bytes[start..<position].trimmed
    return value.count > 0 ? value : nil
  }
}
