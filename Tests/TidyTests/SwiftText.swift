/// Swift source with comments and the insides of string literals replaced by spaces, line for line.
///
/// A scanner, not a parser: it knows line comments, nested block comments, and literals with any number of quotes and
/// hash marks. Interpolations count as text.
struct SwiftText {
  /// Code alone.
  let code: [Substring]
  /// Comments alone.
  let comments: [Substring]

  init(_ source: String) {
    var scanner = Scanner(Array(source.utf8))
    scanner.run()
    code = String(decoding: scanner.code, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    comments = String(decoding: scanner.comments, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
  }

  private struct Scanner {
    let source: [UInt8]
    var code: [UInt8] = []
    var comments: [UInt8] = []
    var position = 0

    init(_ source: [UInt8]) { self.source = source }

    mutating func run() {
      while position < source.count {
        if starts(with: "//") {
          while position < source.count, source[position] != UInt8(ascii: "\n") { take(comment: true) }
        } else if starts(with: "/*") {
          blockComment()
        } else if let delimiter = literalDelimiter() {
          literal(delimiter)
        } else {
          take(code: true)
        }
      }
    }

    private mutating func blockComment() {
      var depth = 0
      repeat {
        if starts(with: "/*") {
          depth += 1
          take(2, comment: true)
        } else if starts(with: "*/") {
          depth -= 1
          take(2, comment: true)
        } else {
          take(comment: true)
        }
      } while depth > 0 && position < source.count
    }

    /// The hash marks and quotes that a literal here begins with.
    private func literalDelimiter() -> (hashes: Int, quotes: Int)? {
      var hashes = 0
      while position + hashes < source.count, source[position + hashes] == UInt8(ascii: "#") { hashes += 1 }
      var quotes = 0
      while position + hashes + quotes < source.count, quotes < 3,
        source[position + hashes + quotes] == UInt8(ascii: "\"")
      { quotes += 1 }
      if quotes == 0 { return nil }
      return (hashes, quotes == 3 ? 3 : 1)
    }

    private mutating func literal(_ delimiter: (hashes: Int, quotes: Int)) {
      take(delimiter.hashes + delimiter.quotes, code: true)
      let quotes = [UInt8](repeating: UInt8(ascii: "\""), count: delimiter.quotes)
      let end = quotes + [UInt8](repeating: UInt8(ascii: "#"), count: delimiter.hashes)
      let escape = [UInt8(ascii: "\\")] + [UInt8](repeating: UInt8(ascii: "#"), count: delimiter.hashes)
      while position < source.count, !source[position...].starts(with: end) {
        take(source[position...].starts(with: escape) ? escape.count + 1 : 1)
      }
      take(end.count, code: true)
    }

    private func starts(with text: StaticString) -> Bool {
      text.withUTF8Buffer { source[position...].starts(with: $0) }
    }

    private mutating func take(_ count: Int = 1, code isCode: Bool = false, comment isComment: Bool = false) {
      for _ in 0..<count where position < source.count {
        let byte = source[position]
        let blank = byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " ")
        code.append(isCode ? byte : blank)
        comments.append(isComment ? byte : blank)
        position += 1
      }
    }
  }
}
