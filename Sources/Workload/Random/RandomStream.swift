#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A reproducible stream of random numbers, keyed by seed, run, name and index.
///
/// The generator is SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
/// OOPSLA 2014). What a stream draws depends on its own key only, so a new stream never shifts another, and
/// two scenarios that share a key share their draws (common random numbers).
@frozen
public struct RandomStream: Sendable, Equatable {
  @usableFromInline
  var state: UInt64

  /// A stream that starts at an explicit generator state.
  /// - Parameter state: any 64-bit word; equal words give equal streams.
  @inlinable
  public init(state: UInt64) {
    self.state = state
  }

  /// The stream of one key.
  /// - Parameters:
  ///   - seed: the seed of the scenario.
  ///   - run: the replication; replications of one seed are independent.
  ///   - name: what is drawn, such as `"arrivals"`.
  ///   - index: which of the things of that name; the n-th client, the n-th request.
  public init(seed: UInt64, run: UInt64 = 0, _ name: String, index: UInt64 = 0) {
    self = RandomStreamFamily(seed: seed, run: run, name).stream(index: index)
  }

  /// The first 64 random bits, for keys of other streams.
  public var firstWord: UInt64 {
    var copy = self
    return copy.next()
  }

  /// The next 64 random bits.
  @inlinable
  @inline(__always)
  public mutating func next() -> UInt64 {
    state &+= RandomMixer.golden
    return RandomMixer.mix(state)
  }

  /// A number uniform in the open interval (0, 1): never 0, never 1.
  ///
  /// The values are the midpoints of 2^52 equal cells, all exact in a `Double`.
  @inlinable
  @inline(__always)
  public mutating func uniform() -> Double {
    (Double(next() >> 12) + 0.5) * 0x1p-52
  }

  /// A number from the exponential distribution.
  /// - Parameter rate: events per unit of time, > 0.
  /// - Returns: a positive number of mean 1/rate, in that unit of time.
  @inlinable
  @inline(__always)
  public mutating func exponential(rate: Double) -> Double {
    -log(uniform()) / rate
  }

  /// A whole number below a bound, without bias.
  ///
  /// Lemire's method: "Fast random integer generation in an interval", ACM TOMACS 29(1), 2019.
  /// - Parameter bound: > 0.
  /// - Returns: a number in 0..<bound.
  @inlinable
  public mutating func uniformInteger(below bound: UInt64) -> UInt64 {
    precondition(bound > 0, "no whole number is below 0")
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold {
        product = next().multipliedFullWidth(by: bound)
      }
    }
    return product.high
  }

  /// A whole number uniform over a closed range, both ends included, without bias.
  @inlinable
  public mutating func uniformInteger(in range: ClosedRange<Int>) -> Int {
    let span = UInt64(bitPattern: Int64(range.upperBound &- range.lowerBound))
    let offset = span == .max ? next() : uniformInteger(below: span + 1)
    return range.lowerBound &+ Int(truncatingIfNeeded: offset)
  }
}

/// All streams of one (seed, run, name): the n-th is a couple of mixes away.
///
/// For draws that are keyed by the n-th request, whoever asks first.
@frozen
public struct RandomStreamFamily: Sendable, Equatable {
  @usableFromInline
  let key: UInt64

  /// The family of one seed, run and name; see ``RandomStream/init(seed:run:_:index:)``.
  public init(seed: UInt64, run: UInt64 = 0, _ name: String) {
    var key = RandomMixer.absorb(RandomMixer.golden, seed)
    key = RandomMixer.absorb(key, run)
    for byte in name.utf8 {
      key = RandomMixer.absorb(key, UInt64(byte))
    }
    self.key = key
  }

  /// The stream of one index, equal to `RandomStream(seed:run:name:index:)` of the same key.
  @inlinable
  @inline(__always)
  public func stream(index: UInt64) -> RandomStream {
    RandomStream(state: RandomMixer.absorb(key, index))
  }
}

/// The mixing functions behind streams and their keys.
@usableFromInline
enum RandomMixer {
  /// 2^64 divided by the golden ratio, odd: SplitMix64's increment.
  @inlinable
  @inline(__always)
  static var golden: UInt64 { 0x9e37_79b9_7f4a_7c15 }

  /// SplitMix64's finaliser (variant 13 of Stafford's): a bijection that flips half of the bits.
  @inlinable
  @inline(__always)
  static func mix(_ word: UInt64) -> UInt64 {
    let first = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    let second = (first ^ (first >> 27)) &* 0x94d0_49bb_1331_11eb
    return second ^ (second >> 31)
  }

  /// A key extended by one word.
  ///
  /// The word is mixed before it meets the key, so that keys of small words don't fall on one another.
  @inlinable
  @inline(__always)
  static func absorb(_ key: UInt64, _ word: UInt64) -> UInt64 {
    mix(key ^ mix(word &+ golden))
  }
}
