import Scenario

/// One of several parts of a sweep, each of which runs on a machine of its own: `2/4`.
public struct SweepShard: Sendable, Equatable, CustomStringConvertible {
  /// Which part, from 1.
  public let number: Int
  /// How many there are.
  public let count: Int

  /// A part of a sweep; nil unless 1 <= `number` <= `count`.
  public init?(number: Int, of count: Int) {
    guard count >= 1, (1...count).contains(number) else { return nil }
    self.number = number
    self.count = count
  }

  /// Reads `2/4`; nil where the text is something else, or the part is none.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]) else { return nil }
    self.init(number: number, of: count)
  }

  /// `2/4`.
  public var description: String { "\(number)/\(count)" }

  /// The points of this part: every `count`-th, since neighbours take about as long as each other.
  public func points(of points: [SweepPoint]) -> [SweepPoint] {
    points.filter { $0.index % count == number - 1 }
  }
}
