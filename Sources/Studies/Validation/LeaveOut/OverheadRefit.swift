import CostModel
import Scenario

/// Fits to measured runs anew what calibration fits to whole runs.
///
/// Leaving points out shows something only where nothing was fitted to them; this is the one place that knows how the
/// numbers around the kernels are fitted.
public struct OverheadRefit: Sendable {
  /// Fits a catalogue to points with a number of threads.
  public typealias Fit = @Sendable ([BenchmarkPoint], ScenarioCatalogue, Int) async -> ScenarioCatalogue

  /// What a catalogue becomes when fitted to points.
  public let fit: Fit

  /// A way to fit.
  public init(_ fit: @escaping Fit) { self.fit = fit }

  /// Nothing is fitted.
  public static let none = OverheadRefit { _, catalogue, _ in catalogue }

  /// The frameworks' overheads, each fitted to the points of its own.
  ///
  /// - Parameters:
  ///   - every: of the configurations one in so many is fitted on, >= 1; more than 1 saves time.
  ///   - levels: levels of groups to fit, widest first.
  /// - Returns: the way to fit.
  public static func frameworks(
    every: Int = 1, levels: [OverheadGroup.Level] = OverheadGroup.Level.allCases
  ) -> OverheadRefit {
    OverheadRefit { points, catalogue, threads in
      var fitted = catalogue
      let chosen = points.filter { $0.part(of: every) == 0 }
      let study = OverheadCalibration(chosen, with: catalogue, threads: threads)
      fitted.efficiencies.overheads = await study.fit(levels: levels)
      return fitted
    }
  }
}

extension BenchmarkPoint {
  /// The part of `count` that the point's configuration belongs to, by hash, in 0..<count.
  func part(of count: Int) -> Int {
    guard count > 1 else { return 0 }
    let digits = SHA256.hex(configurationKey).prefix(8)
    return Int(digits, radix: 16).map { $0 % count } ?? 0
  }
}
