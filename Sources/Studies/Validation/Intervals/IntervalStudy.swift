import CostModel
import Foundation
import Hardware
import Scenario

/// Derives the bands that measured values lie in from the `fit` half of the points.
///
/// Residuals of a fit on its own points flatter it, so the configurations are split into parts, and the points of each
/// are predicted with numbers that were fitted to the other parts. Every point is predicted three times: as it is, with
/// the kernels of its generation of accelerators left out (what remains is transferred from other generations), and
/// without any measured kernel.
public struct IntervalStudy: Sendable {
  /// Parts that configurations are split into.
  public static let parts = 5

  /// A measured value beside its prediction.
  struct Residual: Sendable {
    var figure: PredictionIntervals.Figure
    var grounds: PredictionGrounds
    /// Natural logarithm of measured / predicted.
    var logRatio: Double
    var part: Int
  }

  private let points: [BenchmarkPoint]
  private let catalogue: ScenarioCatalogue
  private let refit: OverheadRefit?

  /// A study of the `fit` points among `points`; others are not looked at.
  ///
  /// - Parameters:
  ///   - points: measured runs.
  ///   - catalogue: what predicts them.
  ///   - refit: fits overheads to the other parts; nil takes the catalogue's as they are.
  public init(_ points: [BenchmarkPoint], with catalogue: ScenarioCatalogue, refit: OverheadRefit?) {
    self.points = points.filter { $0.split == "fit" }
    self.catalogue = catalogue
    self.refit = refit
  }

  /// Derives the bands.
  ///
  /// - Parameters:
  ///   - threads: threads to use, >= 1; the bands are the same.
  ///   - progress: called with a line for each part.
  /// - Returns: the bands; none where no point can be predicted.
  public func run(threads: Int, progress: (String) -> Void = { _ in }) async -> PredictionIntervals {
    var residuals: [Residual] = []
    for part in 0..<Self.parts {
      let own = points.filter { $0.part(of: Self.parts) == part }
      guard !own.isEmpty else { continue }
      let others = points.filter { $0.part(of: Self.parts) != part }
      let fitted = await refit?.fit(others, catalogue, threads) ?? catalogue
      let found = await Self.residuals(of: own, part: part, with: fitted, threads: threads)
      residuals += found
      progress("part \(part + 1) of \(Self.parts): \(own.count) points, \(found.count) residuals")
    }
    let configurations = Set(points.map(\.configurationKey)).count
    return Self.intervals(
      residuals, folds: refit == nil ? 0 : Self.parts,
      provenance: [
        "Measured / predicted of \(points.count) points of \(configurations) configurations of the fit half, "
          + "predicted as they are, without the kernels of their generation, and without any kernels; no test point "
          + "was looked at",
        refit == nil
          ? "Overheads were fitted to the same points"
          : "Each of \(Self.parts) parts of the configurations was predicted with overheads fitted to the others",
        "Distances from the median, in logarithms, are widened so that bands of \(Self.parts - 1) parts hold 80 % of "
          + "the remaining part",
      ])
  }

  /// Residuals of points on what was measured, on other generations' kernels, and on priors.
  private static func residuals(
    of points: [BenchmarkPoint], part: Int, with catalogue: ScenarioCatalogue, threads: Int
  ) async -> [Residual] {
    var results = await ValidationStudy(points, with: catalogue).run(threads: threads)
    func architecture(_ point: BenchmarkPoint) -> String? {
      catalogue.systems.system(BenchmarkPoint.systemAliases[point.system] ?? point.system)?.architecture
        .description
    }
    for left in Set(points.compactMap(architecture)).sorted() {
      var without = catalogue
      without.efficiencies.calibration.surfaces.removeAll { $0.architecture == left }
      let own = points.filter { architecture($0) == left }
      results += await ValidationStudy(own, with: without).run(threads: threads)
    }
    var bare = catalogue
    bare.efficiencies.calibration.surfaces = []
    results += await ValidationStudy(points, with: bare).run(threads: threads)
    return results.flatMap { residuals(of: $0, part: part) }
  }

  /// The residuals of a prediction: the mean of a latency where mean and median were measured.
  static func residuals(of result: PointResult, part: Int) -> [Residual] {
    guard let grounds = result.grounds else { return [] }
    var seen: Set<PredictionIntervals.Figure> = []
    return result.point.measured.columns.compactMap { column in
      guard let figure = column.intervalFigure, !seen.contains(figure),
        let measured = result.point.measured[column], let predicted = result.predicted?[column],
        predicted > 0
      else { return nil }
      seen.insert(figure)
      return Residual(figure: figure, grounds: grounds, logRatio: log(measured / predicted), part: part)
    }
  }
}

/// The bands of residuals.
extension IntervalStudy {
  /// Bands of all classes with rows enough, widened by what cross-validation asks for.
  static func intervals(_ residuals: [Residual], folds: Int, provenance: [String]) -> PredictionIntervals {
    var widening: [String: Double] = [:]
    var bands: [PredictionIntervals.Band] = []
    for figure in PredictionIntervals.Figure.allCases {
      let own = residuals.filter { $0.figure == figure }
      guard !own.isEmpty else { continue }
      let factor = Self.widening(own)
      widening[figure.rawValue] = factor
      bands += Self.classes(own).map { $0.band(widened: factor) }
    }
    return PredictionIntervals(provenance: provenance, folds: folds, widening: widening, bands: bands)
  }

  /// A class of residuals with its quantiles, in logarithms.
  struct Class {
    var figure: PredictionIntervals.Figure
    var framework: String?
    var load: PredictionIntervals.LoadRegion?
    var evidence: Provenance?
    var rows: Int
    var low: Double
    var median: Double
    var high: Double

    /// Five digits are more than the rows know.
    func band(widened factor: Double) -> PredictionIntervals.Band {
      func digits(_ value: Double) -> Double { (exp(value) * 1e4).rounded() / 1e4 }
      return PredictionIntervals.Band(
        figure: figure, framework: framework, load: load, evidence: evidence, rows: rows,
        low: digits(median - factor * (median - low)), high: digits(median + factor * (high - median)))
    }
  }

  /// The classes of one figure's residuals that have rows enough, narrow ones first.
  ///
  /// The class of all always is there: it is what remains where everything else is too small.
  static func classes(_ residuals: [Residual]) -> [Class] {
    let frameworks = Set(residuals.map(\.grounds.framework)).sorted().map(Optional.some)
    let loads = PredictionIntervals.LoadRegion.allCases.map(Optional.some)
    let evidence = Provenance.allCases.map(Optional.some)
    let grids: [([String?], [PredictionIntervals.LoadRegion?], [Provenance?])] = [
      (frameworks, loads, evidence), (frameworks, [nil], evidence), ([nil], loads, evidence),
      ([nil], [nil], evidence), ([nil], [nil], [nil]),
    ]
    var found: [Class] = []
    for (frameworks, loads, evidence) in grids {
      for framework in frameworks {
        for load in loads {
          for ground in evidence {
            let rows = residuals.filter {
              (framework == nil || $0.grounds.framework == framework)
                && (load == nil || $0.grounds.load == load)
                && (ground == nil || $0.grounds.evidence == ground)
            }
            let isAll = framework == nil && load == nil && ground == nil
            guard let figure = rows.first?.figure, rows.count >= PredictionIntervals.leastRows || isAll else {
              continue
            }
            let sorted = rows.map(\.logRatio).sorted()
            func quantile(_ share: Double) -> Double { ErrorStatistics.percentile(sorted, share) ?? 0 }
            found.append(
              Class(
                figure: figure, framework: framework, load: load, evidence: ground, rows: rows.count,
                low: quantile(0.1), median: quantile(0.5), high: quantile(0.9)))
          }
        }
      }
    }
    return found
  }

  /// The factor >= 1 by which bands of all parts but one must be widened to hold 80 % of the one that is left out.
  static func widening(_ residuals: [Residual]) -> Double {
    var needed: [Double] = []
    for part in Set(residuals.map(\.part)).sorted() {
      let classes = Self.classes(residuals.filter { $0.part != part })
      let bands = PredictionIntervals(
        provenance: [], folds: 0, widening: [:], bands: classes.map { $0.band(widened: 1) })
      for residual in residuals where residual.part == part {
        guard let found = narrowest(classes, of: bands, residual) else { continue }
        let distance = residual.logRatio - found.median
        let reach = distance < 0 ? found.median - found.low : found.high - found.median
        if distance == 0 { needed.append(0) } else { needed.append(abs(distance) / max(reach, 1e-9)) }
      }
    }
    return ErrorStatistics.percentile(needed.sorted(), 0.8).map { max(1, ($0 * 1000).rounded() / 1000) } ?? 1
  }

  /// The class that `PredictionIntervals` would take the band of.
  private static func narrowest(
    _ classes: [Class], of bands: PredictionIntervals, _ residual: Residual
  ) -> Class? {
    let grounds = residual.grounds
    guard
      let band = bands.band(
        residual.figure, framework: grounds.framework, load: grounds.load, evidence: grounds.evidence)
    else { return nil }
    return classes.first {
      $0.framework == band.framework && $0.load == band.load && $0.evidence == band.evidence
    }
  }
}
