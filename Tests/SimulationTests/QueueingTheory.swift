#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Results of queueing theory, in seconds.
///
/// Sources: L. Kleinrock, "Queueing Systems", vol. 1 (1975): M/M/1 and its percentiles section 3.2, M/M/c section 3.5,
/// Pollaczek–Khinchine section 5.7; vol. 2 (1976), section 4.4: processor sharing. M. Harchol-Balter, "Performance
/// Modeling and Design of Computer Systems" (2013), chapters 13, 14, 23 and 30, has the same in today's notation.
enum QueueingTheory {
  /// Pollaczek–Khinchine: the mean wait of M/G/1, first come first served.
  ///
  /// - Parameters:
  ///   - rate: arrivals per second.
  ///   - mean: mean service time.
  ///   - variation: coefficient of variation of the service time; 1 is M/M/1, 0 is M/D/1.
  /// - Returns: the mean time from arrival to service.
  static func meanWait(rate: Double, mean: Double, variation: Double) -> Double {
    let load = rate * mean
    return load / (1 - load) * mean * (1 + variation * variation) / 2
  }

  /// Erlang C: the probability that all `servers` of M/M/c are busy, by the recursion of Erlang B.
  static func erlangC(servers: Int, offered: Double) -> Double {
    var blocking = 1.0
    for count in 1...servers { blocking = offered * blocking / (Double(count) + offered * blocking) }
    return blocking / (1 - offered / Double(servers) * (1 - blocking))
  }

  /// The probability that a request of M/M/c waits longer than `time`.
  static func waitExceeds(_ time: Double, rate: Double, mean: Double, servers: Int) -> Double {
    erlangC(servers: servers, offered: rate * mean) * exp(-(Double(servers) / mean - rate) * time)
  }

  /// The mean wait of M/M/c.
  static func meanWait(rate: Double, mean: Double, servers: Int) -> Double {
    erlangC(servers: servers, offered: rate * mean) / (Double(servers) / mean - rate)
  }

  /// The `quantile` of the time in system of M/M/1, first come first served: it is exponential.
  static func sojournQuantile(_ quantile: Double, rate: Double, mean: Double) -> Double {
    -log(1 - quantile) / (1 / mean - rate)
  }

  /// The mean time in system of M/G/1 under processor sharing, whatever the distribution of the service time.
  static func meanSojournSharing(rate: Double, mean: Double) -> Double { mean / (1 - rate * mean) }
}

/// The mean of correlated samples and the half-width of its confidence interval, by the means of batches.
///
/// A. M. Law, "Simulation Modeling and Analysis", section 9.5.3. The first tenth is left out: the system started empty.
struct BatchMeans {
  let mean: Double
  /// Of the interval that holds the true mean with a probability of 99.9 %.
  let halfWidth: Double

  init(_ samples: [Double]) {
    let batches = 32
    // Student's t at 0.9995 with 31 degrees of freedom.
    let student = 3.633
    let size = samples.count * 9 / 10 / batches
    let start = samples.count - size * batches
    let means = (0..<batches).map { batch in
      samples[(start + batch * size)..<(start + (batch + 1) * size)].reduce(0, +) / Double(size)
    }
    let mean = means.reduce(0, +) / Double(batches)
    let variance = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(batches - 1)
    self.mean = mean
    halfWidth = student * (variance / Double(batches)).squareRoot()
  }
}
