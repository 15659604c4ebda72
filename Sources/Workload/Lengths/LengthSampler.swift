/// A length distribution with the numbers of its draws worked out.
struct LengthSampler: Sendable {
  private let shape: Shape
  private let minimum: Int
  private let maximum: Int

  private enum Shape: Sendable {
    case fixed
    case uniform
    case lognormal(logMean: Double, logStandardDeviation: Double)
    case gamma(shape: Double, scale: Double)
    case empirical(EmpiricalLengths)
  }

  /// A sampler of a distribution whose ``LengthDistribution/problems()`` are empty.
  init(_ distribution: LengthDistribution) {
    let problems = distribution.problems()
    precondition(problems.isEmpty, "not a length distribution: \(problems.joined(separator: "; "))")
    minimum = distribution.limits.lowerBound
    maximum = distribution.limits.upperBound
    switch distribution {
    case .fixed:
      shape = .fixed
    case .uniform:
      shape = .uniform
    case .lognormal(let mean, let variation, _, _):
      let parameters = LengthDistribution.lognormalParameters(mean: mean, coefficientOfVariation: variation)
      shape = .lognormal(
        logMean: parameters.logMean, logStandardDeviation: parameters.logStandardDeviation)
    case .gamma(let mean, let variation, _, _):
      let parameters = LengthDistribution.gammaParameters(mean: mean, coefficientOfVariation: variation)
      shape = .gamma(shape: parameters.shape, scale: parameters.scale)
    case .empirical(let table):
      shape = .empirical(table)
    }
  }

  /// A length in tokens.
  func draw(from stream: inout RandomStream) -> Int {
    switch shape {
    case .fixed:
      return minimum
    case .uniform:
      return stream.uniformInteger(in: minimum...maximum)
    case .lognormal(let logMean, let logStandardDeviation):
      return limited(stream.lognormal(logMean: logMean, logStandardDeviation: logStandardDeviation))
    case .gamma(let shape, let scale):
      return limited(stream.gamma(shape: shape, scale: scale))
    case .empirical(let table):
      return table.draw(from: &stream)
    }
  }

  /// The nearest whole number inside the limits; they are applied first, as the draw may be too great for an Int.
  private func limited(_ length: Double) -> Int {
    Int(min(max(length, Double(minimum)), Double(maximum)).rounded())
  }
}
