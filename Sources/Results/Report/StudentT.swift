import CGSL

/// Student's t distribution.
enum StudentT {
  /// The value that t exceeds with a probability of 2.5 %.
  ///
  /// - Parameter degreesOfFreedom: >= 1.
  /// - Returns: 12.7 at one degree of freedom, towards 1.96 at many.
  static func quantile975(degreesOfFreedom: Int) -> Double {
    gsl_cdf_tdist_Pinv(0.975, Double(degreesOfFreedom))
  }
}
