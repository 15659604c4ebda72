import Quantities
import Testing

/// What a text reads as, in SI, or the whole message that refuses it.
private func outcome<Q: Quantity>(_ kind: Q.Type, _ text: String) -> Result<Double, QuantityError> {
  Result { () throws(QuantityError) in try Q.parse(text) }.map(\.si)
}

private func message<Q: Quantity>(_ kind: Q.Type, _ text: String) -> String {
  switch outcome(kind, text) {
  case .success(let si): "read as \(si)"
  case .failure(let error): error.description
  }
}

@Suite("Reading quantities")
struct ParsingTests {
  @Test(arguments: [
    // One gigabyte is 10⁹ bytes, one gibibyte 2³⁰.
    ("80 GB", 80_000_000_000.0), ("80 GiB", 85_899_345_920.0), ("81559 MiB", 85_520_809_984.0), ("1 B", 1),
    ("1.5 kB", 1500), ("2 PB", 2e15), ("1 TiB", 1_099_511_627_776), ("7 KiB", 7168), ("  12 MB ", 12_000_000),
    ("1e3 MB", 1e9), ("1E-1 GB", 1e8), ("+3 B", 3), ("-0 B", 0), ("12MB", 12_000_000),
    ("12   MB", 12_000_000),
  ])
  func dataSizes(text: String, bytes: Double) {
    #expect(outcome(Bytes.self, text) == .success(bytes))
  }

  @Test(arguments: [
    // 400 Gbit/s Ethernet carries 50 GB/s.
    ("400 Gbit/s", 50e9), ("8 TB/s", 8e12), ("3.35 TB/s", 3.35e12), ("1 GiB/s", 1_073_741_824),
    ("8 bit/s", 1),
    ("8TB/s", 8e12), ("1e3GB/s", 1e12),
  ])
  func bandwidths(text: String, bytesPerSecond: Double) {
    #expect(outcome(BytesPerSecond.self, text) == .success(bytesPerSecond))
  }

  @Test(arguments: [
    ("2 s", 2.0), ("200 ms", 0.2), ("3 us", 3e-6), ("3 µs", 3e-6), ("3 μs", 3e-6), ("7 ns", 7e-9),
    ("90 min", 5400),
    ("24 h", 86_400), ("7 d", 604_800), ("0 s", 0),
  ])
  func durations(text: String, seconds: Double) {
    #expect(outcome(Seconds.self, text) == .success(seconds))
  }

  @Test func otherKinds() {
    #expect(outcome(FlopsPerSecond.self, "8EFLOP/s") == .success(8e18))
    #expect(outcome(FlopsPerSecond.self, "989.4 TFLOP/s") == .success(989.4e12))
    #expect(outcome(FlopsPerSecond.self, "2 POP/s") == .success(2e15))
    #expect(outcome(Watts.self, "132 kW") == .success(132_000))
    #expect(outcome(Watts.self, "1 GW") == .success(1e9))
    #expect(outcome(Watts.self, "5 mW") == .success(0.005))
    #expect(outcome(Joules.self, "1 kWh") == .success(3_600_000))
    #expect(outcome(Joules.self, "2 MWh") == .success(7.2e9))
    #expect(outcome(Hertz.self, "1.98 GHz") == .success(1.98e9))
    #expect(outcome(PerSecond.self, "12 requests/s") == .success(12))
    #expect(outcome(PerSecond.self, "12 req/s") == .success(12))
    #expect(outcome(PerSecond.self, "12/s") == .success(12))
    #expect(outcome(PerSecond.self, "30 /min") == .success(0.5))
    #expect(outcome(Ratio.self, "0.85") == .success(0.85))
    #expect(outcome(Ratio.self, "85 %") == .success(0.85))
    #expect(outcome(Ratio.self, "85%") == .success(0.85))
    #expect(outcome(Dollars.self, "-3.5 k$") == .success(-3500))
  }

  @Test func pricesOfEnergyAndTime() throws {
    // 0.05 $/kWh is 50 $/MWh; markets do clear below zero.
    #expect(abs(try DollarsPerMegawattHour.parse("0.05 $/kWh").dollarsPerMegawattHour - 50) < 1e-12)
    #expect(abs(try DollarsPerMegawattHour.parse("-20 $/MWh").dollarsPerMegawattHour + 20) < 1e-12)
    #expect(abs(try DollarsPerHour.parse("1.69 $/h").dollarsPerHour - 1.69) < 1e-12)
  }

  private static let bandwidthUnits =
    "B/s, kB/s, MB/s, GB/s, TB/s, PB/s, KiB/s, MiB/s, GiB/s, TiB/s, bit/s, kbit/s, Mbit/s, Gbit/s, Tbit/s"

  @Test(arguments: [
    ("8", "'8' has no unit; a bandwidth needs one of \(bandwidthUnits); for example '8 GB/s'"),
    ("", "'' is empty; a bandwidth needs one of \(bandwidthUnits); for example '8 GB/s'"),
    (
      "fast",
      "'fast' does not start with a number; a bandwidth needs one of \(bandwidthUnits) after a number; "
        + "for example '8 GB/s'"
    ),
    ("8 tb/s", "'8 tb/s' has the unknown unit 'tb/s'; units are case-sensitive; did you mean TB/s?"),
    ("8 gib/s", "'8 gib/s' has the unknown unit 'gib/s'; units are case-sensitive; did you mean GiB/s?"),
    ("8 Gb/s", "'8 Gb/s' has the ambiguous unit 'Gb/s'; write Gbit/s or GB/s"),
    ("8 Gbps", "'8 Gbps' has the ambiguous unit 'Gbps'; write Gbit/s or GB/s"),
    (
      "8 GBps",
      "'8 GBps' has the unknown unit 'GBps'; a bandwidth needs one of \(bandwidthUnits); did you mean GB/s?"
    ),
    (
      "8 GB / s",
      "'8 GB / s' has the unknown unit 'GB / s'; a bandwidth needs one of \(bandwidthUnits); did you mean GB/s?"
    ),
    (
      "8 GB/sec",
      "'8 GB/sec' has the unknown unit 'GB/sec'; a bandwidth needs one of \(bandwidthUnits); did you mean GB/s?"
    ),
    (
      "8 XB/s",
      "'8 XB/s' has the unknown unit 'XB/s'; a bandwidth needs one of \(bandwidthUnits); for example '8 GB/s'"
    ),
    ("8 GB", "'8 GB' is a data size; a bandwidth is needed; for example '8 GB/s'"),
    ("8 FLOP/s", "'8 FLOP/s' is a compute rate; a bandwidth is needed; for example '8 GB/s'"),
    ("1,000 GB/s", "'1,000 GB/s' is not one number; write digits without separators and one decimal point"),
    ("1_000 GB/s", "'1_000 GB/s' is not one number; write digits without separators and one decimal point"),
    ("1 000 GB/s", "'1 000 GB/s' is not one number; write digits without separators and one decimal point"),
    ("1.2.3 GB/s", "'1.2.3 GB/s' is not one number; write digits without separators and one decimal point"),
    ("5. GB/s", "'5. GB/s' is not one number; write digits without separators and one decimal point"),
    (".5 GB/s", "'.5 GB/s' starts with a point; write the digit before it; for example '0.5 GB/s'"),
    ("nan", "'nan' is not a finite number; a bandwidth needs one of \(bandwidthUnits)"),
    ("-inf GB/s", "'-inf GB/s' is not a finite number; a bandwidth needs one of \(bandwidthUnits)"),
    ("-3 GB/s", "'-3 GB/s' is negative; a bandwidth cannot be"),
    ("1e999 GB/s", "'1e999 GB/s' is too large for a bandwidth"),
    ("1e300 TB/s", "'1e300 TB/s' is too large for a bandwidth"),
  ])
  func badBandwidths(text: String, expected: String) {
    #expect(message(BytesPerSecond.self, text) == expected)
  }

  @Test func badOtherKinds() {
    #expect(
      message(FlopsPerSecond.self, "8 GB/s")
        == "'8 GB/s' is a bandwidth; a compute rate is needed; for example '8 TFLOP/s'")
    #expect(
      message(FlopsPerSecond.self, "8 TFLOPS")
        == "'8 TFLOPS' has the unknown unit 'TFLOPS'; a compute rate needs one of FLOP/s, MFLOP/s, GFLOP/s, "
        + "TFLOP/s, PFLOP/s, EFLOP/s; did you mean TFLOP/s?")
    #expect(
      message(Watts.self, "5 mw")
        == "'5 mw' has the unknown unit 'mw'; units are case-sensitive; did you mean mW or MW?")
    #expect(message(Watts.self, "5 kWh") == "'5 kWh' is an energy; a power is needed; for example '8 kW'")
    #expect(
      message(Watts.self, "700 Watt")
        == "'700 Watt' has the unknown unit 'Watt'; a power needs one of mW, W, kW, MW, GW; did you mean W?")
    #expect(
      message(Seconds.self, "5 m")
        == "'5 m' has the unknown unit 'm'; a duration needs one of ns, us, ms, s, min, h, d; did you mean min?"
    )
    #expect(message(Bytes.self, "80 Gb") == "'80 Gb' has the ambiguous unit 'Gb'; write GB")
    #expect(message(Ratio.self, "-1") == "'-1' is negative; a ratio cannot be")
    #expect(
      message(Ratio.self, "x")
        == "'x' does not start with a number; a ratio is a plain number or carries % after a number; "
        + "for example '0.85'")
    #expect(message(Ratio.self, "3 s") == "'3 s' is a duration; a ratio is needed; for example '0.85'")
    #expect(
      message(Dollars.self, "$30") == "'$30' starts with its unit; the number comes first; for example '30 $'"
    )
    #expect(
      message(DollarsPerHour.self, "3 $/hour")
        == "'3 $/hour' has the unknown unit '$/hour'; a price per hour needs the unit $/h; did you mean $/h?")
    #expect(
      message(PerSecond.self, "12 Hz") == "'12 Hz' is a frequency; a rate is needed; for example '8 /s'")
  }
}
