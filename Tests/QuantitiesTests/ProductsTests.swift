import Quantities
import Testing

@Suite("Products of quantities")
struct ProductsTests {
  @Test func energyAndPower() {
    // A kilowatt for an hour is 3.6 MJ.
    #expect(Watts(si: 1000) * Seconds(si: 3600) == Joules(si: 3.6e6))
    #expect(Seconds(si: 3600) * Watts(si: 1000) == Joules(si: 3.6e6))
    #expect(Joules(si: 3.6e6) / Seconds(si: 3600) == Watts(si: 1000))
    #expect(Joules(si: 3.6e6) / Watts(si: 1000) == Seconds(si: 3600))
  }

  @Test func dataAndBandwidth() {
    // 192 GB at 8 TB/s take 24 ms.
    #expect(Bytes(si: 192e9) / BytesPerSecond(si: 8e12) == Seconds(si: 0.024))
    #expect(BytesPerSecond(si: 50e9) * Seconds(si: 2) == Bytes(si: 100e9))
    #expect(Seconds(si: 2) * BytesPerSecond(si: 50e9) == Bytes(si: 100e9))
    #expect(Bytes(si: 100e9) / Seconds(si: 2) == BytesPerSecond(si: 50e9))
  }

  @Test func compute() {
    // H100: 989.4 TFLOP/s over 3.35 TB/s has its ridge at 295 FLOP/B.
    let ridge = FlopsPerSecond(si: 989.4e12) / BytesPerSecond(si: 3.35e12)
    #expect(abs(ridge - 295.3) < 0.1)
    #expect(FlopsPerSecond(si: 1e15).time(forOperations: 2e12) == Seconds(si: 0.002))
    #expect(FlopsPerSecond(si: 1e15) * Seconds(si: 2) == 2e15)
  }

  @Test func ratesAndMoney() {
    #expect(PerSecond(si: 12) * Seconds(si: 60) == 720)
    #expect(PerSecond(720, per: Seconds(si: 60)) == PerSecond(si: 12))
    #expect(PerSecond(si: 4).period == Seconds(si: 0.25))
    #expect(Hertz(si: 2e9).period == Seconds(si: 5e-10))
    // A megawatt at 50 $/MWh costs 50 $ an hour.
    let perHour = Watts(si: 1e6) * DollarsPerMegawattHour(dollarsPerMegawattHour: 50)
    #expect(abs(perHour.dollarsPerHour - 50) < 1e-9)
    #expect(abs((perHour * Seconds(si: 86_400)).si - 1200) < 1e-9)
    #expect(abs((Joules(si: 3.6e9) * DollarsPerMegawattHour(dollarsPerMegawattHour: 50)).si - 50) < 1e-9)
    #expect(abs((Dollars(si: 50) / Joules(si: 3.6e9)).dollarsPerMegawattHour - 50) < 1e-9)
    #expect(abs((Dollars(si: 4) / Seconds(si: 7200)).dollarsPerHour - 2) < 1e-12)
  }

  @Test func arithmeticOfOneKind() {
    var total = Watts.zero
    total += Watts(si: 700)
    total -= Watts(si: 100)
    #expect(total == Watts(si: 600))
    #expect(total * 2 == Watts(si: 1200))
    #expect(2 * total == Watts(si: 1200))
    #expect(total / 3 == Watts(si: 200))
    #expect(total / Watts(si: 1200) == 0.5)
    #expect(Watts(si: 1) < Watts(si: 2))
    #expect(max(Watts(si: 1), Watts(si: 2)) == Watts(si: 2))
    #expect(Ratio(si: 0.5) * Bytes(si: 10) == Bytes(si: 5))
    #expect(MemoryLayout<Watts>.size == MemoryLayout<Double>.size)
  }
}
