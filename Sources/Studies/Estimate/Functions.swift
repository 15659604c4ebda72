#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// e to the power of `x`.
func exponential(_ x: Double) -> Double { exp(x) }

/// The natural logarithm of `x` > 0.
func logarithm(_ x: Double) -> Double { log(x) }

/// The share of a standard normal distribution below `x`.
func normalShare(below x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

/// The number below which a share in (0, 1) of a standard normal distribution lies.
///
/// P. J. Acklam's rational approximation, relative error below 1.2e-9.
func normalQuantile(_ share: Double) -> Double {
  let a = [
    -3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02,
    -3.066479806614716e+01, 2.506628277459239e+00,
  ]
  let b = [
    -5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01,
    -1.328068155288572e+01,
  ]
  let c = [
    -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00, -2.549732539343734e+00,
    4.374664141464968e+00, 2.938163982698783e+00,
  ]
  let d = [7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00]
  func polynomial(_ factors: [Double], _ x: Double) -> Double { factors.reduce(0) { $0 * x + $1 } }
  guard share >= 0.02425 else {
    let q = (-2 * log(share)).squareRoot()
    return polynomial(c, q) / (polynomial(d, q) * q + 1)
  }
  guard share <= 1 - 0.02425 else { return -normalQuantile(1 - share) }
  let q = share - 0.5
  let r = q * q
  return polynomial(a, r) * q / (polynomial(b, r) * r + 1)
}

/// The number of events at a share in (0, 1) of a Poisson distribution; a normal one's beyond a mean of 40.
func poissonQuantile(mean: Double, share: Double) -> Double {
  guard mean > 0 else { return 0 }
  guard mean < 40 else { return max((mean + mean.squareRoot() * normalQuantile(share)).rounded(), 0) }
  var term = exp(-mean)
  var sum = term
  var count = 0.0
  while sum < share, count < 200 {
    count += 1
    term *= mean / count
    sum += term
  }
  return count
}

/// Arrivals in a time in which `mean` are expected, right after one, at a share in (0, 1) of their distribution.
///
/// Gaps are sums of `regularity` equal exponential ones (Erlang): every so many-th arrival of a Poisson process counts.
func arrivalQuantile(mean: Double, share: Double, regularity: Double) -> Double {
  (poissonQuantile(mean: mean * regularity, share: share) / regularity).rounded(.down)
}

/// The probability of an arrival in a time in which `mean` are expected, whenever that begins; gaps as above.
func arrivalShare(mean: Double, regularity: Double) -> Double {
  guard regularity > 1 else { return 1 - exp(-mean) }
  // An arrival is due with the j-th event that comes, j uniform in 1...regularity.
  let events = mean * regularity
  var term = exp(-events)
  var upTo = 0.0
  var sum = 0.0
  for j in 0..<Int(regularity) {
    if j > 0 { term *= events / Double(j) }
    upTo += term
    sum += 1 - min(upTo, 1)
  }
  return sum / regularity
}

/// Where an increasing function of a number between two bounds reaches `target`, by bisection.
func bisect(_ target: Double, between low: Double, and high: Double, _ value: (Double) -> Double) -> Double {
  var low = low
  var high = high
  for _ in 0..<80 where high - low > 1e-11 * max(abs(high), abs(low)) {
    let middle = (low + high) / 2
    if value(middle) < target { low = middle } else { high = middle }
  }
  return (low + high) / 2
}

/// Points that fill (0, 1) evenly, dimension by dimension: multiples of an irrational number, modulo 1 (Kronecker).
///
/// Dimensions use powers of the plastic constant's generalisation (M. Roberts, "The unreasonable effectiveness of
/// quasirandom sequences", 2018): evaluating a distribution at them takes fewer points than drawing from it.
struct EvenPoints: Sendable {
  private let steps: [Double]

  init(dimensions: Int) {
    // The root of x^(d + 1) = x + 1.
    var root = 1.5
    for _ in 0..<60 { root = pow(1 + root, 1 / Double(dimensions + 1)) }
    steps = (1...dimensions).map { pow(1 / root, Double($0)) }
  }

  /// The coordinate of point `index` in a dimension.
  func coordinate(_ index: Int, _ dimension: Int) -> Double {
    let position = (Double(index) + 0.5) * steps[dimension]
    return min(max(position - position.rounded(.down), 1e-9), 1 - 1e-9)
  }
}
