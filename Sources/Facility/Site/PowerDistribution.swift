/// How long power was at which level, in cells of 1/512 of an octave's start: levels are known within 0.2 %.
struct PowerDistribution: Sendable, Equatable {
  private static let cellsPerOctave = 512
  /// Cells begin at 1 W and end at 2^44 W, 17 TW.
  private static let octaves = 44

  private var seconds = [Double](repeating: 0, count: octaves * cellsPerOctave)
  private var total = CompensatedSum()

  mutating func add(watts: Double, seconds length: Double) {
    seconds[Self.cell(of: watts)] += length
    total += length
  }

  /// The power that is not exceeded for a share of the time: the upper end of its cell.
  func quantile(_ share: Double) -> Double {
    let target = share * total.value
    var passed = CompensatedSum()
    for (cell, length) in seconds.enumerated() where length > 0 {
      passed += length
      if passed.value >= target * (1 - 1e-12) { return Self.upperEnd(of: cell) }
    }
    return 0
  }

  private static func cell(of watts: Double) -> Int {
    guard watts >= 1 else { return 0 }
    let octave = Int(watts.exponent)
    let within = Int((watts.significand - 1) * Double(cellsPerOctave))
    return min(octave * cellsPerOctave + within, octaves * cellsPerOctave - 1)
  }

  private static func upperEnd(of cell: Int) -> Double {
    let octave = cell / cellsPerOctave
    let within = cell % cellsPerOctave + 1
    return Double(sign: .plus, exponent: octave, significand: 1 + Double(within) / Double(cellsPerOctave))
  }
}
