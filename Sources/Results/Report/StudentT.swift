import CGSL

/// Student's t distribution.
enum StudentT {
  /// The value that t exceeds with a probability of 2.5 %.
  ///
  /// - Parameter degreesOfFreedom: >= 1.
  static func quantile975(degreesOfFreedom: Int) -> Double {
    gsl_cdf_tdist_Pinv(0.975, Double(degreesOfFreedom))
  }
}
