/// What is wrong with a figure or a file that describes a facility.
public struct FacilityError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The line of the text, from 1; nil where the figure did not come from a text.
  public let line: Int?
  /// What was found and what is allowed.
  public let message: String

  /// An error.
  ///
  /// - Parameters:
  ///   - message: What was found and what is allowed.
  ///   - line: The line of the text, from 1.
  public init(_ message: String, line: Int? = nil) {
    self.line = line
    self.message = message
  }

  /// The message, behind its line.
  public var description: String {
    guard let line else { return message }
    return "line \(line): \(message)"
  }

  /// Refuses a figure outside a range, or one that is no number.
  static func check(
    _ value: Double, _ name: String, in range: ClosedRange<Double> = 0...Double.greatestFiniteMagnitude
  ) throws(FacilityError) {
    guard range.contains(value) else {
      let upper = range.upperBound
      let allowed =
        upper == .greatestFiniteMagnitude
        ? "a finite number >= \(range.lowerBound)" : "\(range.lowerBound) to \(upper)"
      throw FacilityError("\(name) is \(value); \(allowed) is allowed")
    }
  }

  /// Refuses a figure that is not above 0, or no number.
  static func checkPositive(_ value: Double, _ name: String) throws(FacilityError) {
    guard value > 0, value.isFinite else {
      throw FacilityError("\(name) is \(value); a finite number above 0 is allowed")
    }
  }
}
