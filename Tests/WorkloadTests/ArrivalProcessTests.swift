import Foundation
import Testing
import Workload

@Suite struct ArrivalProcessTests {
  /// The first arrivals of a process, in nanoseconds.
  static func arrivals(_ process: ArrivalProcess, _ count: Int, seed: UInt64 = 1, run: UInt64 = 0) -> [Int64]
  {
    var generator = ArrivalGenerator(process: process, requests: count, seed: seed, run: run)
    var times: [Int64] = []
    while let time = generator.next() { times.append(time) }
    return times
  }

  /// The gaps between arrivals, the first from the start of the run, in seconds.
  static func gaps(_ times: [Int64]) -> [Double] {
    zip(times, [0] + times).map { Double($0 - $1) * 1e-9 }
  }

  static let everyProcess: [ArrivalProcess] = [
    .offline(requests: 50), .poisson(requestsPerSecond: 3),
    .gamma(requestsPerSecond: 20, coefficientOfVariation: 2), .deterministic(requestsPerSecond: 7),
    .onOff(onRequestsPerSecond: 50, offRequestsPerSecond: 0, meanOnSeconds: 1, meanOffSeconds: 4),
    .diurnal(RateCurve(periodSeconds: 86_400, knots: [.init(seconds: 3_600, requestsPerSecond: 0.1)])),
    .closedLoop(concurrency: 50, thinkTimeSeconds: 1), .trace(arrivalsNanoseconds: Array(0..<50)),
  ]

  @Test("Poisson gaps have mean 1/rate and variance 1/rate²", arguments: [0.01, 5, 40_000])
  func poisson(rate: Double) {
    let gaps = Self.gaps(Self.arrivals(.poisson(requestsPerSecond: rate), 100_000))
    // 4 sigma: the mean's is 1/√n, the variance's √8/√n (fourth central moment 9).
    #expect(abs(Statistics.mean(gaps) * rate - 1) < 4 / 316.2)
    #expect(abs(Statistics.variance(gaps) * rate * rate - 1) < 4 * 8.0.squareRoot() / 316.2)
    let distance = Statistics.kolmogorovDistance(gaps) { 1 - exp(-rate * $0) }
    #expect(distance < Statistics.kolmogorovCriticalDistance(samples: gaps.count))
  }

  @Test("gamma gaps have the asked rate and coefficient of variation", arguments: [0.25, 1, 3])
  func gamma(variation: Double) {
    let process = ArrivalProcess.gamma(requestsPerSecond: 12, coefficientOfVariation: variation)
    let gaps = Self.gaps(Self.arrivals(process, 100_000))
    let squared = variation * variation
    #expect(abs(Statistics.mean(gaps) * 12 - 1) < 4 * variation / 316.2)
    // The excess kurtosis of a gamma is 6·cv², so the sample variance has relative sigma √((2 + 6cv²)/n).
    let sigma = (2 + 6 * squared).squareRoot() / 316.2
    #expect(abs(Statistics.variance(gaps) * 144 / squared - 1) < 4 * sigma)
  }

  @Test("request n of a deterministic process comes at round(n/rate), with no drift")
  func deterministic() {
    #expect(
      Self.arrivals(.deterministic(requestsPerSecond: 3), 5) == [
        0, 333_333_333, 666_666_667, 1_000_000_000, 1_333_333_333,
      ])
    let times = Self.arrivals(.deterministic(requestsPerSecond: 7), 1_000_000)
    for n in [699_999, 700_000, 999_999] {
      // Whole-number arithmetic: the nearest nanosecond to n/7 seconds.
      #expect(times[n] == (Int64(n) * 2_000_000_000 + 7) / 14)
    }
    // A tenth is no binary fraction: its 3,000,000th multiple is still exact.
    #expect(Self.arrivals(.deterministic(requestsPerSecond: 10), 300_001).last == 30_000_000_000_000)
  }

  @Test("an on–off process has the mean rate of its phases, and their burstiness")
  func onOff() {
    let onRate = 30.0, offRate = 2.0, meanOn = 2.0, meanOff = 6.0
    let process = ArrivalProcess.onOff(
      onRequestsPerSecond: onRate, offRequestsPerSecond: offRate, meanOnSeconds: meanOn,
      meanOffSeconds: meanOff)
    #expect(process.meanRequestsPerSecond == 9)
    let window = 20.0
    let windows = 20_000
    var generator = ArrivalGenerator(process: process, seed: 3)
    var counts = [Double](repeating: 0, count: windows)
    while let time = generator.next(), time < Int64(window * Double(windows) * 1e9) {
      counts[Int(Double(time) * 1e-9 / window)] += 1
    }
    // Index of dispersion of counts of a two-state MMPP: Fischer and Meier-Hellstern, "The Markov-modulated
    // Poisson process (MMPP) cookbook", Performance Evaluation 18 (1993), 149-171.
    let leaveOn = 1 / meanOn, leaveOff = 1 / meanOff
    let sum = leaveOn + leaveOff
    let limit =
      2 * (onRate - offRate) * (onRate - offRate) * leaveOn * leaveOff
      / (sum * sum * (onRate * leaveOff + offRate * leaveOn))
    let dispersion = 1 + limit * (1 - (1 - exp(-sum * window)) / (sum * window))
    let mean = Statistics.mean(counts)
    let measured = Statistics.variance(counts) / mean
    // Windows are long against the phases, so counts are close to independent and normal.
    let meanSigma = (dispersion * 9 * window / Double(windows)).squareRoot()
    #expect(abs(mean - 9 * window) < 4 * meanSigma * 1.2)
    #expect(abs(measured / dispersion - 1) < 4 * (2 / Double(windows)).squareRoot() * 1.2)
    #expect(dispersion > 30)
  }

  @Test("an on–off process of equal rates is a Poisson process")
  func onOffOfEqualRates() {
    let process = ArrivalProcess.onOff(
      onRequestsPerSecond: 5, offRequestsPerSecond: 5, meanOnSeconds: 0.3, meanOffSeconds: 0.1)
    let gaps = Self.gaps(Self.arrivals(process, 50_000))
    let distance = Statistics.kolmogorovDistance(gaps) { 1 - exp(-5 * $0) }
    #expect(distance < Statistics.kolmogorovCriticalDistance(samples: gaps.count))
  }

  @Test("an on–off process starts on as often as it is on in the long run")
  func onOffStart() {
    let process = ArrivalProcess.onOff(
      onRequestsPerSecond: 1000, offRequestsPerSecond: 0, meanOnSeconds: 1, meanOffSeconds: 3)
    var startedOn = 0
    for run: UInt64 in 0..<4000 where Self.arrivals(process, 1, run: run)[0] < 20_000_000 { startedOn += 1 }
    // A quarter, plus the 0.5 % that switch on within 20 ms from off; 4 sigma is 110.
    #expect(abs(startedOn - 1020) < 110)
  }

  @Test("offline and closed-loop requests are there at the start")
  func atStart() {
    #expect(Self.arrivals(.offline(requests: 3), 10) == [0, 0, 0])
    #expect(Self.arrivals(.offline(requests: 30), 2) == [0, 0])
    #expect(Self.arrivals(.closedLoop(concurrency: 4, thinkTimeSeconds: 9), 10) == [0, 0, 0, 0])
  }

  @Test("a trace gives its own times, and a faster one divides them")
  func trace() {
    let process = ArrivalProcess.trace(arrivalsNanoseconds: [5, 5, 1_000_000_005])
    #expect(Self.arrivals(process, 10) == [5, 5, 1_000_000_005])
    #expect(process.meanRequestsPerSecond == 2)
    #expect(
      process.scaled(by: 4) == .trace(arrivalsNanoseconds: [1, 1, 250_000_001]))
  }

  @Test("arrivals never go back, end at the limit, and repeat", arguments: everyProcess)
  func determinism(process: ArrivalProcess) {
    let times = Self.arrivals(process, 50, seed: 8)
    #expect(times.count == 50)
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(times[0] >= 0)
    #expect(times == Self.arrivals(process, 50, seed: 8))
    #expect(Array(times.prefix(20)) == Self.arrivals(process, 20, seed: 8))
  }

  @Test("seeds and runs give different arrivals; a generator of another name changes nothing")
  func independence() {
    let process = ArrivalProcess.poisson(requestsPerSecond: 10)
    let alone = Self.arrivals(process, 100)
    #expect(alone != Self.arrivals(process, 100, seed: 2))
    #expect(alone != Self.arrivals(process, 100, run: 1))
    var first = ArrivalGenerator(process: process, seed: 1)
    var second = ArrivalGenerator(process: process, seed: 1, name: "other")
    var interleaved: [Int64] = []
    var others: [Int64] = []
    for _ in 0..<100 {
      others.append(second.next() ?? -1)
      interleaved.append(first.next() ?? -1)
    }
    #expect(interleaved == alone)
    #expect(others != alone)
  }

  @Test("a rate of one request in 30 years gives one or none, and ends")
  func horizon() {
    var generator = ArrivalGenerator(process: .poisson(requestsPerSecond: 1e-9), seed: 1)
    var count = 0
    while generator.next() != nil { count += 1 }
    #expect(count < 20)
  }

  @Test("what can't be used is named, all of it")
  func problems() {
    for process in Self.everyProcess { #expect(process.problems() == []) }
    #expect(
      ArrivalProcess.poisson(requestsPerSecond: 0).problems() == [
        "requests_per_second is 0.0; allowed: 1e-9 to 1e9"
      ])
    #expect(
      ArrivalProcess.gamma(requestsPerSecond: .nan, coefficientOfVariation: -1).problems() == [
        "requests_per_second is nan; allowed: 1e-9 to 1e9",
        "coefficient_of_variation is -1.0; allowed: above 0, up to 100.0",
      ])
    #expect(
      ArrivalProcess.onOff(
        onRequestsPerSecond: 0, offRequestsPerSecond: 0, meanOnSeconds: .infinity, meanOffSeconds: 0
      ).problems() == [
        "mean_on_seconds is inf; allowed: above 0, up to 1000000000.0",
        "mean_off_seconds is 0.0; allowed: above 0, up to 1000000000.0",
        "on_requests_per_second and off_requests_per_second are both 0; allowed: at least one above 0",
      ])
    #expect(
      ArrivalProcess.closedLoop(concurrency: 0, thinkTimeSeconds: -1).problems() == [
        "concurrency is 0; allowed: 1 or more", "think_time_seconds is -1.0; allowed: 0 to 1e9",
      ])
    #expect(ArrivalProcess.offline(requests: -4).problems() == ["requests is -4; allowed: 1 or more"])
    #expect(
      ArrivalProcess.trace(arrivalsNanoseconds: []).problems() == [
        "the trace has no arrivals; allowed: at least one"
      ])
    #expect(
      ArrivalProcess.trace(arrivalsNanoseconds: [3, 2]).problems() == [
        "arrival 1 of the trace at 2 ns is before arrival 0 at 3 ns; allowed: arrivals in order of time"
      ])
  }
}
