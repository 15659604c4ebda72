/// A stretch of a trace's bytes: a line, or a field of one.
///
/// Traces are parsed as bytes where they lie: a string for each field would cost more than all the rest.
struct TraceBytes {
  let start: UnsafePointer<UInt8>
  let count: Int

  subscript(_ index: Int) -> UInt8 { start[index] }

  subscript(_ range: Range<Int>) -> TraceBytes {
    TraceBytes(start: start + range.lowerBound, count: range.count)
  }

  /// The bytes as text, shortened to fit a message.
  var quoted: String {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: min(count, 60)), as: UTF8.self)
    return count > 60 ? "'\(text)…'" : "'\(text)'"
  }

  func isEqual(to text: StaticString) -> Bool {
    guard text.utf8CodeUnitCount == count else { return false }
    for index in 0..<count where text.utf8Start[index] != start[index] { return false }
    return true
  }

  /// The bytes without spaces and tabs at either end.
  var trimmed: TraceBytes {
    var low = 0
    var high = count
    while low < high, isBlank(start[low]) { low += 1 }
    while high > low, isBlank(start[high - 1]) { high -= 1 }
    return self[low..<high]
  }

  private func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  /// The position of a byte at or after another position; ``count`` when there is none.
  func position(of byte: UInt8, from position: Int) -> Int {
    var position = position
    while position < count, start[position] != byte { position += 1 }
    return position
  }

  /// The whole number >= 0 that the bytes spell; nil when they spell none, or one above Int64.
  var wholeNumber: Int64? {
    guard count > 0, count <= 19 else { return nil }
    var value: UInt64 = 0
    for index in 0..<count {
      let digit = start[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value &* 10 &+ UInt64(digit)
    }
    return Int64(exactly: value)
  }

  /// The decimal number >= 0 that the bytes spell, times 10^places, rounded to the nearest whole number.
  ///
  /// Exact to the last digit, unlike a detour over a floating-point number, which only an exponent takes.
  /// - Returns: nil when the bytes spell no such number, or a result of 2^61 or more.
  func decimal(places: Int) -> Int64? {
    // A tenth of it, as it is asked before a digit is added.
    let limit = ArrivalGenerator.horizonNanoseconds / 10
    var value: Int64 = 0
    var index = 0
    var digits = 0
    while index < count, start[index] &- UInt8(ascii: "0") < 10 {
      guard value < limit else { return nil }
      value = value * 10 + Int64(start[index] - UInt8(ascii: "0"))
      digits += 1
      index += 1
    }
    var fraction = 0
    var roundsUp = false
    if index < count, start[index] == UInt8(ascii: ".") {
      index += 1
      while index < count, start[index] &- UInt8(ascii: "0") < 10 {
        let digit = start[index] - UInt8(ascii: "0")
        if fraction < places {
          guard value < limit else { return nil }
          value = value * 10 + Int64(digit)
          fraction += 1
        } else if fraction == places {
          roundsUp = digit >= 5
          fraction += 1
        }
        digits += 1
        index += 1
      }
    }
    guard digits > 0 else { return nil }
    guard index == count else { return exponential(places: places) }
    for _ in 0..<max(places - fraction, 0) {
      guard value < limit else { return nil }
      value *= 10
    }
    return roundsUp ? value + 1 : value
  }

  /// A number such as 1.5e-05, by way of a `Double`.
  private func exponential(places: Int) -> Int64? {
    for index in 0..<count {
      let byte = start[index]
      let isPart =
        byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
      guard isPart else { return nil }
    }
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    guard var number = Double(text), number >= 0 else { return nil }
    for _ in 0..<places { number *= 10 }
    return number < Double(ArrivalGenerator.horizonNanoseconds) ? Int64(number.rounded()) : nil
  }
}

extension TraceBytes {
  /// The instant that the bytes spell, in nanoseconds since 1970: `2023-11-16 18:15:46.6805900`, to nine decimals.
  ///
  /// A `T` may part date and time; a zone may follow, `Z` or an offset such as `+00:00`.
  /// - Returns: nil when the bytes spell no instant.
  var timestampNanoseconds: Int64? {
    guard count >= 19, self[4] == UInt8(ascii: "-"), self[7] == UInt8(ascii: "-"),
      self[10] == UInt8(ascii: " ") || self[10] == UInt8(ascii: "T"),
      self[13] == UInt8(ascii: ":"), self[16] == UInt8(ascii: ":"),
      let year = self[0..<4].wholeNumber, let month = self[5..<7].wholeNumber,
      let day = self[8..<10].wholeNumber, let hour = self[11..<13].wholeNumber,
      let minute = self[14..<16].wholeNumber, year >= 1970, (1...12).contains(month),
      day >= 1, day <= Self.daysInMonth(month, year: year), hour < 24, minute < 60
    else { return nil }
    var end = 19
    if end < count, self[end] == UInt8(ascii: ".") {
      end += 1
      while end < count, self[end] &- UInt8(ascii: "0") < 10 { end += 1 }
      guard end > 20 else { return nil }
    }
    guard let nanoseconds = self[17..<end].decimal(places: 9), nanoseconds < 60_000_000_000,
      let zoneMinutes = self[end..<count].zoneMinutes
    else { return nil }
    let minutes = (Self.daysSince1970(year: year, month: month, day: day) * 24 + hour) * 60 + minute
    let instant = (minutes - zoneMinutes).multipliedReportingOverflow(by: 60_000_000_000)
    return instant.overflow ? nil : instant.partialValue + nanoseconds
  }

  /// The minutes east of UTC that the bytes name: nothing, `Z`, or `+hh:mm`.
  private var zoneMinutes: Int64? {
    if count == 0 || count == 1 && self[0] == UInt8(ascii: "Z") { return 0 }
    guard count == 6, self[3] == UInt8(ascii: ":"), let hours = self[1..<3].wholeNumber,
      let minutes = self[4..<6].wholeNumber, hours < 24, minutes < 60
    else { return nil }
    if self[0] == UInt8(ascii: "+") { return hours * 60 + minutes }
    return self[0] == UInt8(ascii: "-") ? -(hours * 60 + minutes) : nil
  }

  private static func isLeap(_ year: Int64) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  private static func daysInMonth(_ month: Int64, year: Int64) -> Int64 {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Counts years from March, so that the leap day is a year's last; 153 days make five months.
  private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
    let marchYear = month > 2 ? year : year - 1
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
  }
}
