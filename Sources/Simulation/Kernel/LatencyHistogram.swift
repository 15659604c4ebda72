import CostModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A histogram of durations in nanoseconds with cells of constant relative width, as HdrHistogram lays them out.
///
/// Exact below 256 ns, then 256 cells an octave: a percentile is within 0.2 % of the sample it stands for. Sum, count
/// and largest value are exact. Recording is O(1), and histograms of any partitions add up to the same bytes.
public struct LatencyHistogram: Sendable, Equatable {
  static let index = LogLinearIndex(bits: 8)
  /// How far a percentile may be from the sample that it stands for, relative to it.
  public static let relativeError = 1.0 / 512

  /// Counts of the cells from `base` on; what lies below and beyond is empty.
  private(set) var counts: [Int64] = []
  /// The first cell that is stored, a multiple of 256.
  private var base = 0
  /// The number of samples.
  public private(set) var count: Int64 = 0
  /// The sum of all samples, in nanoseconds.
  ///
  /// 128 bits: a day of a gigawatt site overflows 64.
  private(set) var sum: Int128 = 0
  /// The largest sample in nanoseconds, 0 when empty.
  public private(set) var maximum: Int64 = 0

  /// An empty histogram.
  public init() {}

  /// The cell that `nanoseconds` >= 0 falls into.
  @inline(__always)
  static func cell(of nanoseconds: Int64) -> Int { index.cell(of: Int(nanoseconds)) }

  /// Records a sample of `nanoseconds`.
  mutating func record(_ nanoseconds: Int64) {
    record(cell: Self.cell(of: nanoseconds), times: 1)
    sum += Int128(nanoseconds)
    if nanoseconds > maximum { maximum = nanoseconds }
  }

  /// Records `times` samples of `nanoseconds`.
  mutating func record(_ nanoseconds: Int64, times: Int64) {
    record(cell: Self.cell(of: nanoseconds), times: times)
    sum += Int128(nanoseconds) * Int128(times)
    if nanoseconds > maximum { maximum = nanoseconds }
  }

  /// Counts samples of a cell without their exact values; ``account(sum:maximum:)`` adds those.
  @inline(__always)
  mutating func record(cell: Int, times: Int64) {
    if UInt(bitPattern: cell - base) >= UInt(counts.count) { cover(cell...cell) }
    counts[cell - base] += times
    count += times
  }

  /// Adds the exact sum and the largest of samples recorded by cell.
  @inline(__always)
  mutating func account(sum: Int64, maximum: Int64) {
    self.sum += Int128(sum)
    if maximum > self.maximum { self.maximum = maximum }
  }

  /// Makes room for cells.
  private mutating func cover(_ cells: ClosedRange<Int>) {
    let first = cells.lowerBound / 256 * 256
    if counts.isEmpty { base = first }
    if first < base {
      counts.insert(contentsOf: repeatElement(0, count: base - first), at: 0)
      base = first
    }
    let end = (cells.upperBound / 256 + 1) * 256
    if end > base + counts.count {
      counts.append(contentsOf: repeatElement(0, count: end - base - counts.count))
    }
  }

  /// Adds the samples of another histogram.
  public mutating func add(_ other: LatencyHistogram) {
    guard other.count > 0 else { return }
    cover(other.base...(other.base + other.counts.count - 1))
    let offset = other.base - base
    for index in 0..<other.counts.count { counts[index + offset] += other.counts[index] }
    count += other.count
    sum += other.sum
    maximum = max(maximum, other.maximum)
  }

  /// Multiplies the number of samples; that of any first cells is within one of the product.
  mutating func scale(by scale: SampleScale) {
    var before: Int64 = 0
    var after: Int64 = 0
    for index in counts.indices {
      before += counts[index]
      let wanted = scale(before)
      counts[index] = wanted - after
      after = wanted
    }
    count = after
    sum = scale(sum)
  }

  /// The mean in seconds, nil when empty.
  public var meanSeconds: Double? {
    count == 0 ? nil : Double(sum) / Double(count) * 1e-9
  }

  /// The largest sample in seconds, nil when empty.
  public var maximumSeconds: Double? { count == 0 ? nil : Double(maximum) * 1e-9 }

  /// The smallest value that at least a fraction `quantile` of the samples does not exceed, in seconds.
  ///
  /// - Parameter quantile: in 0...1.
  /// - Returns: the middle of the cell that holds it, never above the largest sample; nil when empty.
  public func quantileSeconds(_ quantile: Double) -> Double? {
    guard count > 0 else { return nil }
    // 0.55 of 20 samples are 11, though the product of doubles is a little more.
    let rank = max(1, Int64((quantile * Double(count) * (1 - 1e-12)).rounded(.up)))
    var seen: Int64 = 0
    for index in 0..<counts.count {
      seen += counts[index]
      if seen >= rank {
        let cell = base + index
        let low = Self.index.lowerBound(of: cell)
        let middle = Double(low + Self.index.lowerBound(of: cell + 1) - 1) / 2
        return min(middle, Double(maximum)) * 1e-9
      }
    }
    return maximumSeconds
  }

  /// Occupied cells, smallest first: lower bound in nanoseconds and count.
  public var cells: [(lowerNanoseconds: Int64, count: Int64)] {
    counts.indices.lazy.filter { counts[$0] != 0 }.map {
      (Int64(Self.index.lowerBound(of: base + $0)), counts[$0])
    }
  }

  /// Whether both hold the same samples, as far as cells, sum and largest value tell.
  public static func == (a: LatencyHistogram, b: LatencyHistogram) -> Bool {
    guard a.count == b.count, a.sum == b.sum, a.maximum == b.maximum else { return false }
    return a.cells.elementsEqual(b.cells) { $0 == $1 }
  }
}
