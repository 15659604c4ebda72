import Quantities
import Testing

@Suite("Printing quantities")
struct PrintingTests {
  @Test func largestUnitAndFourDigits() {
    #expect("\(BytesPerSecond(si: 8e12))" == "8 TB/s")
    #expect("\(Watts(si: 132_000))" == "132 kW")
    #expect("\(Watts(si: 1e9))" == "1 GW")
    #expect("\(Bytes(si: 288e9))" == "288 GB")
    #expect("\(Bytes(si: 85_899_345_920))" == "85.9 GB")
    #expect("\(Seconds(si: 2))" == "2 s")
    #expect("\(Seconds(si: 0.0125))" == "12.5 ms")
    #expect("\(Seconds(si: 3600))" == "3600 s")
    #expect("\(Seconds(si: 36_000))" == "10 h")
    #expect("\(Seconds(si: 864_000))" == "10 d")
    #expect("\(FlopsPerSecond(si: 15e15))" == "15 PFLOP/s")
    #expect("\(FlopsPerSecond(si: 989.4e12))" == "989.4 TFLOP/s")
    #expect("\(Joules(si: 0.25))" == "0.25 J")
    #expect("\(Joules(si: 3.6e9))" == "1 MWh")
    #expect("\(Hertz(si: 1.98e9))" == "1.98 GHz")
    #expect("\(PerSecond(si: 12))" == "12 /s")
    #expect("\(Ratio(si: 0.85))" == "0.85")
    #expect("\(Dollars(si: -3.5e6))" == "-3.5 M$")
    #expect("\(DollarsPerMegawattHour(dollarsPerMegawattHour: 50))" == "50 $/MWh")
    #expect("\(DollarsPerHour(dollarsPerHour: 1.69))" == "1.69 $/h")
  }

  @Test func edges() {
    #expect("\(Watts(si: 0))" == "0 W")
    #expect("\(DollarsPerHour(si: 0))" == "0 $/h")
    #expect("\(Ratio(si: 0))" == "0")
    // Rounding to four digits carries into the next unit.
    #expect("\(Watts(si: 999_960))" == "1 MW")
    #expect("\(Watts(si: 999_940))" == "999.9 kW")
    #expect("\(Bytes(si: 999.99))" == "1 kB")
    // Beyond the ends of the ladder.
    #expect("\(Watts(si: 1e30))" == "1e21 GW")
    #expect("\(Watts(si: 1.5e-9))" == "1.5e-6 mW")
    #expect("\(Bytes(si: 0.001))" == "0.001 B")
    #expect("\(Watts(si: .infinity))" == "inf mW")
  }

  /// A text reads back as the value to four digits, and prints as the same text again.
  private func checkRoundTrip<Q: Quantity>(_ kind: Q.Type, _ generator: inout Generator) throws {
    let magnitude = generator.magnitude()
    let text = "\(Q(si: magnitude))"
    let back = try Q.parse(text)
    #expect(abs(back.si - magnitude) <= 5.0001e-4 * magnitude, "\(magnitude) printed as \(text)")
    #expect("\(back)" == text)
  }

  @Test(arguments: 0..<500)
  func roundTrips(seed: UInt64) throws {
    var generator = Generator(state: seed)
    try checkRoundTrip(Bytes.self, &generator)
    try checkRoundTrip(BytesPerSecond.self, &generator)
    try checkRoundTrip(FlopsPerSecond.self, &generator)
    try checkRoundTrip(Watts.self, &generator)
    try checkRoundTrip(Joules.self, &generator)
    try checkRoundTrip(Seconds.self, &generator)
    try checkRoundTrip(Hertz.self, &generator)
    try checkRoundTrip(PerSecond.self, &generator)
    try checkRoundTrip(Dollars.self, &generator)
    try checkRoundTrip(DollarsPerMegawattHour.self, &generator)
    try checkRoundTrip(DollarsPerHour.self, &generator)
    try checkRoundTrip(Ratio.self, &generator)
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014), for magnitudes spread over forty decades.
private struct Generator {
  var state: UInt64

  mutating func magnitude() -> Double {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    z ^= z >> 31
    let mantissa = 1 + 9 * Double(z >> 11) / 9_007_199_254_740_992
    var value = mantissa
    for _ in 0..<(z % 24) { value *= 10 }
    for _ in 0..<((z / 24) % 16) { value /= 10 }
    return value
  }
}
