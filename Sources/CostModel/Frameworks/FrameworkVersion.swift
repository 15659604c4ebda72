/// A framework's version as far as kernels depend on it: the numbers in front, `0.11.1` of `0.11.1rc3`.
public struct FrameworkVersion: Sendable, Equatable, Comparable, CustomStringConvertible {
  /// Its numbers, the weightiest first; at least one.
  public let numbers: [Int]

  /// A version from its text; nil where that doesn't begin with a number, as that of a nightly build.
  public init?(_ text: String) {
    var numbers: [Int] = []
    for part in text.split(separator: ".", omittingEmptySubsequences: false) {
      let digits = part.prefix { $0.isASCII && $0.isNumber }
      guard let number = Int(digits) else { break }
      numbers.append(number)
      if digits.count < part.count { break }
    }
    guard !numbers.isEmpty else { return nil }
    self.numbers = numbers
  }

  /// The numbers with points between them.
  public var description: String { numbers.map(String.init).joined(separator: ".") }

  /// Whether `a` came before `b`; numbers that one lacks are 0.
  public static func < (a: FrameworkVersion, b: FrameworkVersion) -> Bool {
    for index in 0..<max(a.numbers.count, b.numbers.count) {
      let first = index < a.numbers.count ? a.numbers[index] : 0
      let second = index < b.numbers.count ? b.numbers[index] : 0
      if first != second { return first < second }
    }
    return false
  }

  /// Whether `a` came before `b`, nil being later than any.
  static func isEarlier(_ a: FrameworkVersion?, _ b: FrameworkVersion?) -> Bool {
    guard let a else { return false }
    guard let b else { return true }
    return a < b
  }
}
