/// A sum of many numbers whose rounding does not grow with their count (Neumaier 1974).
struct CompensatedSum: Sendable, Equatable {
  private var sum = 0.0
  private var correction = 0.0

  var value: Double { sum + correction }

  static func += (a: inout CompensatedSum, b: Double) {
    let total = a.sum + b
    // What the addition lost: the low bits of the smaller summand.
    if abs(a.sum) >= abs(b) {
      a.correction += (a.sum - total) + b
    } else {
      a.correction += (b - total) + a.sum
    }
    a.sum = total
  }
}
