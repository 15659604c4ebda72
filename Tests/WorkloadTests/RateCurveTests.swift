import Testing
import Workload

@Suite struct RateCurveTests {
  @Test("hourly counts of a day follow the integral of the curve")
  func hourlyCounts() {
    // A trough of 1/s at 04:00 and a peak of 5/s at 16:00: mean 3/s, 259,200 requests a day.
    let curve = RateCurve(
      periodSeconds: 86_400,
      knots: [.init(seconds: 14_400, requestsPerSecond: 1), .init(seconds: 57_600, requestsPerSecond: 5)])
    #expect(curve.problems() == [])
    #expect(abs(curve.meanRequestsPerSecond - 3) < 1e-12)
    var generator = ArrivalGenerator(process: .diurnal(curve), seed: 4)
    var observed = [Int](repeating: 0, count: 48)
    while let time = generator.next(), time < 172_800_000_000_000 {
      observed[Int(time / 3_600_000_000_000)] += 1
    }
    // Each hour's mean is the rate at its middle; the rate moves by 4/12 per second and hour.
    let expected = (0..<48).map { hour -> Double in
      let after = (Double(hour % 24) + 20.5).truncatingRemainder(dividingBy: 24)
      return 3600 * (1 + min(after, 24 - after) / 3)
    }
    #expect(abs(expected[4] - 3600 * (1 + 0.5 / 3)) < 1e-6)
    let result = Statistics.chiSquared(observed: observed, expected: expected)
    #expect(result.statistic < result.critical)
  }

  @Test("within one sloping piece arrivals have the density of the rate")
  func density() {
    // From 0 to 2/s over 1,000 s, then down at once: P(T <= t) = (t/1000)².
    let curve = RateCurve(
      periodSeconds: 1000,
      knots: [.init(seconds: 0, requestsPerSecond: 0), .init(seconds: 1000.0.nextDown, requestsPerSecond: 2)])
    var generator = ArrivalGenerator(process: .diurnal(curve), requests: 50_000, seed: 2)
    var phases: [Double] = []
    while let time = generator.next() { phases.append(Double(time % 1_000_000_000_000) * 1e-9) }
    let distance = Statistics.kolmogorovDistance(phases) { $0 * $0 * 1e-6 }
    // Arrivals of one period are conditionally independent; the count per period adds a little.
    #expect(distance < Statistics.kolmogorovCriticalDistance(samples: phases.count))
  }

  @Test("steps hold their rate to the end, and a rate of 0 brings nobody")
  func steps() {
    let curve = RateCurve(periodSeconds: 30, stepsRequestsPerSecond: [0, 90, 30])
    #expect(curve.problems() == [])
    #expect(abs(curve.meanRequestsPerSecond - 40) < 1e-9)
    var generator = ArrivalGenerator(process: .diurnal(curve), requests: 120_000, seed: 6)
    var observed = [0, 0, 0]
    while let time = generator.next() { observed[Int(time % 30_000_000_000 / 10_000_000_000)] += 1 }
    #expect(observed[0] == 0)
    // Three of four in the second step: 5 sigma of 150.
    #expect(abs(observed[1] - 90_000) < 750)
  }

  @Test("a curve of one knot is a Poisson process")
  func constant() {
    let curve = RateCurve(periodSeconds: 10, knots: [.init(seconds: 3, requestsPerSecond: 4)])
    #expect(curve.meanRequestsPerSecond == 4)
    let times = ArrivalProcessTests.arrivals(.diurnal(curve), 50_000)
    // Over 12,500 s; 4 sigma of the count is 894, of the time 224 s.
    #expect(abs(Double(times.last ?? 0) * 1e-9 - 12_500) < 224)
  }

  @Test("a rate of one request in a thousand periods skips periods")
  func rare() {
    let curve = RateCurve(periodSeconds: 1, knots: [.init(seconds: 0.5, requestsPerSecond: 0.001)])
    let times = ArrivalProcessTests.arrivals(.diurnal(curve), 10_000)
    #expect(abs(Double(times.last ?? 0) * 1e-9 / 1e7 - 1) < 0.04)
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test("what can't be used is named, all of it")
  func problems() {
    #expect(
      RateCurve(periodSeconds: 0, knots: []).problems() == [
        "period_seconds is 0.0; allowed: 1e-9 to 1e9", "the rate curve has no knots; allowed: at least one",
      ])
    let curve = RateCurve(
      periodSeconds: 10,
      knots: [
        .init(seconds: 4, requestsPerSecond: 1), .init(seconds: 2, requestsPerSecond: -1),
        .init(seconds: 10, requestsPerSecond: .nan),
      ])
    #expect(
      curve.problems() == [
        "knot 1 at 2.0 s is before knot 0 at 4.0 s; allowed: knots in order of time",
        "knot 1 has requests_per_second -1.0; allowed: 0 or more",
        "knot 2 is at 10.0 s; allowed: 0 up to, but not including, the period",
        "knot 2 has requests_per_second nan; allowed: 0 or more",
      ])
    #expect(
      RateCurve(periodSeconds: 10, knots: [.init(seconds: 0, requestsPerSecond: 0)]).problems() == [
        "the rate is 0 over the whole period; allowed: some rate above 0"
      ])
  }
}
