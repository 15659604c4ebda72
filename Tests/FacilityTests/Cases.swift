import Testing

@testable import Facility

/// Numbers for property tests: SplitMix64, so that a seed gives the same case everywhere.
struct Cases {
  private var state: UInt64

  init(seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func number(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * Double(next() >> 11) * 0x1p-53
  }

  mutating func count(_ low: Int, _ high: Int) -> Int { low + Int(next() % UInt64(high - low + 1)) }
}

/// Whether two numbers agree within a share of the larger one.
func agree(_ a: Double, _ b: Double, within share: Double = 1e-12) -> Bool {
  abs(a - b) <= share * max(abs(a), abs(b))
}

/// The message of the error that a closure throws; empty where it throws none.
func message(_ body: () throws -> Void) -> String {
  do { try body() } catch { return "\(error)" }
  return ""
}

/// Chains and plants that tests share.
enum Sample {
  /// A busway of 99 %, a UPS and a transformer of 99 %; mechanical load bypasses the UPS.
  static func chain(ups: LossCurve, redundancy: ElectricalStage.Redundancy, watts: Double) throws
    -> ElectricalChain
  {
    let flat = try LossCurve(constantEfficiency: 0.99)
    return try ElectricalChain(
      stages: [
        ElectricalStage(name: "busway", ratedWatts: watts, curve: .losses(flat), isCooled: true),
        ElectricalStage(name: "UPS", ratedWatts: watts * 1.1, curve: .losses(ups), redundancy: redundancy),
        ElectricalStage(name: "transformer", ratedWatts: watts * 1.6, curve: .losses(flat)),
      ], mechanicalJoinsAbove: "UPS")
  }
}
