@preconcurrency import CGSL

/// What samples say of the distribution that they are held to come from.
enum Statistics {
  static func mean(_ samples: [Double]) -> Double {
    samples.reduce(0, +) / Double(samples.count)
  }

  static func variance(_ samples: [Double]) -> Double {
    let centre = mean(samples)
    return samples.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(samples.count - 1)
  }

  /// The greatest distance between the samples' distribution function and a continuous one.
  static func kolmogorovDistance(_ samples: [Double], _ cdf: (Double) -> Double) -> Double {
    let sorted = samples.sorted()
    let count = Double(sorted.count)
    var distance = 0.0
    for (index, sample) in sorted.enumerated() {
      let share = cdf(sample)
      distance = max(distance, share - Double(index) / count, Double(index + 1) / count - share)
    }
    return distance
  }

  /// The distance that one sample in 10,000 of this size exceeds: √(−ln(α/2)/2)/√n (Kolmogorov's asymptote).
  static func kolmogorovCriticalDistance(samples: Int) -> Double {
    2.2252 / Double(samples).squareRoot()
  }

  /// Pearson's statistic of counts against expected counts, and the value that one in 10,000 exceeds.
  static func chiSquared(observed: [Int], expected: [Double]) -> (statistic: Double, critical: Double) {
    var statistic = 0.0
    for (count, mean) in zip(observed, expected) {
      statistic += (Double(count) - mean) * (Double(count) - mean) / mean
    }
    return (statistic, gsl_cdf_chisq_Qinv(1e-4, Double(observed.count - 1)))
  }
}
