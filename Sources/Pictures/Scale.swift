#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where values of an axis lie, and which of them are marked.
struct Scale: Sendable, Equatable {
  let low: Double
  let high: Double
  let isLogarithmic: Bool

  /// A scale that holds values with a little room around them.
  ///
  /// - Parameters:
  ///   - values: what it has to hold; those that are not finite, and on a logarithmic scale those that are not above 0, are
  ///     passed over.
  ///   - isLogarithmic: whether equal ratios are equal lengths.
  ///   - includesZero: whether a linear scale begins at 0.
  init(holding values: [Double], isLogarithmic: Bool = false, includesZero: Bool = true) {
    let usable = values.filter { $0.isFinite && (!isLogarithmic || $0 > 0) }
    self.isLogarithmic = isLogarithmic
    guard let least = usable.min(), let most = usable.max() else {
      (low, high) = isLogarithmic ? (1, 10) : (0, 1)
      return
    }
    if isLogarithmic {
      (low, high) = most > least ? (least / 1.1, most * 1.1) : (least / 2, most * 2)
    } else {
      let start = includesZero ? min(0, least) : least
      let span = max(most, includesZero ? 0 : most) - start
      (low, high) = span > 0 ? (start, start + span * 1.05) : (start, start + max(abs(start), 1))
    }
  }

  /// Share of the way from low to high; 0...1 inside.
  func position(_ value: Double) -> Double {
    isLogarithmic ? (log(max(value, low * 1e-9) / low)) / log(high / low) : (value - low) / (high - low)
  }

  /// Values to mark, at most `most` or so: 1, 2 and 5 times powers of ten.
  func ticks(_ most: Int = 6) -> [Double] {
    // Within a decade or so, round numbers mark more than powers of ten do.
    if isLogarithmic, high / low > 15 { return logarithmicTicks(most) }
    let rough = (high - low) / Double(max(1, most))
    let power = pow(10, floor(log10(rough)))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
    let first = (low / step).rounded(.up)
    let count = Int(((high / step).rounded(.down) - first).rounded())
    return count < 0 ? [] : (0...count).map { (first + Double($0)) * step }
  }

  private func logarithmicTicks(_ most: Int) -> [Double] {
    let powers = Int(floor(log10(low)))...Int(ceil(log10(high)))
    let steps: [[Double]] = [[1, 2, 5], [1, 3], [1]]
    for mantissas in steps {
      let marks = powers.flatMap { power in mantissas.map { $0 * pow(10, Double(power)) } }.filter {
        $0 >= low && $0 <= high
      }
      if marks.count <= most + 1, marks.count >= 2 { return marks }
    }
    let every = max(1, powers.count / most)
    return powers.filter { $0 % every == 0 }.map { pow(10, Double($0)) }.filter { $0 >= low && $0 <= high }
  }
}

/// A number for the mark of an axis: `1.5 k`, `20 M`, `0.002`.
func markText(_ value: Double) -> String {
  let magnitude = abs(value)
  for (factor, suffix) in [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")] where magnitude >= factor {
    return shortText(value / factor) + suffix
  }
  return shortText(value)
}

/// Three digits at most, without trailing zeros.
private func shortText(_ value: Double) -> String {
  guard value != 0 else { return "0" }
  let digits = max(0, 2 - Int(floor(log10(abs(value)))))
  let factor = pow(10, Double(min(digits, 9)))
  let rounded = (value * factor).rounded() / factor
  return rounded == rounded.rounded() && abs(rounded) < 1e9 ? "\(Int(rounded))" : "\(rounded)"
}
