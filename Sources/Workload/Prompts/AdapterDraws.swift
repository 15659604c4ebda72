#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which adapter (LoRA) each request of a stream is for.
///
/// The r-th most popular of them has a weight of r^−skew (Zipf's law). Turns of one conversation, and samples of one
/// prompt, are for one adapter. One object: tables are not copied with what refers to them.
public final class AdapterDraws: Sendable {
  /// Adapters, in 1...``most``.
  public let count: Int
  /// The exponent of the law, in 0...10; with 0 all are equally popular.
  public let skew: Double
  /// The most adapters of a stream.
  public static let most = 100_000
  /// Shares of the first, the first two, … adapters, but for the last, whose sum is 1.
  private let cumulative: [Double]
  private let draws: RandomStreamFamily
  /// Whether requests are numbered as ``Conversations/request(_:turn:)`` does.
  private let isOfGroups: Bool

  /// Draws by the number of a request, or of its conversation or prompt where `isOfGroups`.
  ///
  /// `seed` and `name` key the draws.
  public init(count: Int, skew: Double = 1, isOfGroups: Bool = false, seed: UInt64 = 0, name: String) {
    precondition((1...Self.most).contains(count) && (0...10).contains(skew), "no adapters, or too many")
    self.count = count
    self.skew = skew
    self.isOfGroups = isOfGroups
    let weights = (1...count).map { pow(Double($0), -skew) }
    let total = weights.reduce(0, +)
    var sum = 0.0
    cumulative = weights.dropLast().map {
      sum += $0
      return sum / total
    }
    draws = RandomStreamFamily(seed: seed, "adapters." + name)
  }

  /// The adapter of a request, in 0..<count; 0 is the most popular one.
  public func adapter(ofRequest index: UInt64) -> Int {
    guard count > 1 else { return 0 }
    var stream = draws.stream(index: isOfGroups ? Conversations.conversation(of: index) : index)
    let draw = stream.uniform()
    var low = 0
    var high = cumulative.count
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] <= draw { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
