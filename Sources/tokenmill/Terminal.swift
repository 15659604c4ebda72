import Results

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One of the process's output streams.
struct Terminal: Sendable {
  let descriptor: Int32

  static let standardOutput = Terminal(descriptor: 1)
  static let standardError = Terminal(descriptor: 2)

  /// Whether a person reads along.
  var isInteractive: Bool { isatty(descriptor) == 1 && environment("TERM") != "dumb" }

  /// Colour on a terminal, unless `NO_COLOR` is set to anything (no-color.org).
  var style: TextStyle {
    TextStyle(usesColor: isInteractive && (environment("NO_COLOR") ?? "").isEmpty)
  }

  /// Whether text has to do with ASCII: on a terminal of another encoding.
  ///
  /// Files and pipes always get UTF-8, so that the same results are the same bytes.
  private var takesOnlyASCII: Bool { isatty(descriptor) == 1 && !PlainText.isUTF8(environment) }

  private func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// Writes a text; what can't be written is lost, as befits diagnostics.
  func write(_ text: String) { _ = writeAll(text) }

  /// Writes a text; throws when the reader can't take it.
  ///
  /// A reader that went away, as `head` does, is no failure: it has what it wanted.
  func writeOrThrow(_ text: String) throws(Failure) {
    let error = writeAll(text)
    guard error != 0, error != EPIPE else { return }
    throw Failure(message: "standard output: \(String(cString: strerror(error)))", status: .internalFault)
  }

  /// - Returns: 0, or the error number of the first failed write.
  private func writeAll(_ text: String) -> Int32 {
    var text = takesOnlyASCII ? PlainText.ascii(text) : text
    return text.withUTF8 { bytes in
      var written = 0
      while written < bytes.count {
        let rest = bytes.baseAddress.map { $0 + written }
        #if canImport(Glibc)
          let count = Glibc.write(descriptor, rest, bytes.count - written)
        #elseif canImport(Musl)
          let count = Musl.write(descriptor, rest, bytes.count - written)
        #else
          let count = Darwin.write(descriptor, rest, bytes.count - written)
        #endif
        if count < 0 {
          if errno == EINTR { continue }
          return errno
        }
        written += count
      }
      return 0
    }
  }
}
