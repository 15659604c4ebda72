import CostModel
import Foundation

/// The numbers of a framework's overheads that are fitted, as logarithms: they stay positive.
enum OverheadParameters {
  /// One number.
  struct Parameter: Sendable {
    let name: String
    let path: @Sendable (inout FrameworkOverhead, Double) -> Void
    let value: @Sendable (FrameworkOverhead) -> Double
    /// What counts as nothing: seconds, or a scale.
    let least: Double
    /// Standard deviations of the logarithm that priors allow the whole framework, each class of kernels, each model,
    /// each version.
    let spreads: [Double]

    /// The one of a level's groups.
    func spread(_ level: OverheadGroup.Level) -> Double {
      switch level {
      case .framework: spreads[0]
      case .kernels: spreads[1]
      case .model, .modelOnSystem: spreads[2]
      case .version: spreads[3]
      }
    }
  }

  private static func seconds(
    _ name: String, _ path: WritableKeyPath<FrameworkOverhead, Double> & Sendable, least: Double,
    spreads: [Double]
  ) -> Parameter {
    Parameter(
      name: name, path: { $0[keyPath: path] = $1 }, value: { $0[keyPath: path] }, least: least,
      spreads: spreads
    )
  }

  private static let scale = [0.3, 0.14, 0.14, 0.1]
  private static let time = [1.5, 0.5, 0.4, 0.3]

  /// Seconds of a step of 60 layers, of which each framework's prior says how much is once a step and how much in each
  /// layer: runs of one model can't tell the two apart.
  private static let launches = Parameter(
    name: "step",
    path: { overhead, value in
      let known = overhead.stepSeconds + layers * overhead.layerSeconds
      overhead.stepSeconds = digits(overhead.stepSeconds * value / known)
      overhead.layerSeconds = digits(overhead.layerSeconds * value / known)
    },
    value: { $0.stepSeconds + layers * $0.layerSeconds }, least: 1e-6, spreads: time)

  private static let layers = 60.0

  /// All of them.
  static let all: [Parameter] = [
    launches,
    seconds("mixed_step", \.mixedStepSeconds, least: 1e-5, spreads: time),
    seconds("sequence", \.sequenceSeconds, least: 1e-8, spreads: time),
    seconds("front_end", \.frontEndSeconds, least: 1e-4, spreads: time),
    seconds("front_end_per_token", \.frontEndSecondsPerInputToken, least: 1e-8, spreads: time),
    seconds("decode.gemm", \.decode.gemm, least: 0.1, spreads: scale),
    seconds("decode.experts", \.decode.experts, least: 0.1, spreads: scale),
    seconds("decode.collective", \.decode.collective, least: 0.1, spreads: scale),
    seconds("prefill.gemm", \.prefill.gemm, least: 0.1, spreads: scale),
    seconds("prefill.experts", \.prefill.experts, least: 0.1, spreads: scale),
    seconds("prefill.elementwise", \.prefill.elementwise, least: 0.1, spreads: scale),
  ]

  /// The logarithms.
  static func point(_ overhead: FrameworkOverhead) -> [Double] {
    all.map { log(max($0.value(overhead), $0.least)) }
  }

  /// The overheads at a point, three digits each: more than a fit knows.
  ///
  /// `prior` says how launches split between a step and its layers; its own must not be 0.
  static func overhead(_ point: [Double], of prior: FrameworkOverhead) -> FrameworkOverhead {
    var overhead = prior
    for (parameter, value) in zip(all, point) { parameter.path(&overhead, digits(exp(value))) }
    return overhead
  }

  private static func digits(_ value: Double) -> Double { Double(String(format: "%.3g", value)) ?? value }
}
