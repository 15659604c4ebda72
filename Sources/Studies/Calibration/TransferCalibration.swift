import CostModel
import Foundation
import Hardware
import Scenario

/// Fits how one vendor's stack differs from the architecture that its accelerators take their efficiencies from: three
/// factors an architecture, on `fit` points only.
///
/// Every evaluation simulates every point. Residuals are log ratios of throughput where all requests were there at once,
/// and of TPOT where they arrived at a rate; large ones count linearly. A prior holds each factor near 1.
public struct TransferCalibration: Sendable {
  /// What a fit of one architecture found.
  public struct Fit: Sendable {
    /// The architecture.
    public let architecture: String
    /// Its transfer.
    public let transfer: Transfer
    /// Points that were predicted.
    public let points: Int
    /// Median of |predicted / measured − 1| over all residuals before.
    public let before: Double
    /// The same after.
    public let after: Double

    /// The transfer in the form of `priors.yaml`.
    public var text: String {
      func number(_ value: Double) -> String { String(format: "%.3g", value) }
      func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }
      return "\(architecture): { from: \(transfer.source), compute: \(number(transfer.compute)), "
        + "memory: \(number(transfer.memory)), launch: \(number(transfer.launch)), source: \"fitted to \(points) "
        + "end-to-end points: median error \(percent(before)) before, \(percent(after)) after\" }\n"
    }
  }

  private let points: [BenchmarkPoint]
  private let catalogue: ScenarioCatalogue
  private let vendor: String
  private let threads: Int

  /// A fit for a vendor's accelerators; of the points those of its `fit` half count.
  public init(_ points: [BenchmarkPoint], vendor: String, with catalogue: ScenarioCatalogue, threads: Int) {
    self.points = points.filter { $0.split == "fit" }
    self.catalogue = catalogue
    self.vendor = vendor.lowercased()
    self.threads = threads
  }

  /// Fits every architecture of the vendor that has a transfer and points.
  ///
  /// - Parameter progress: called with a line for each iteration.
  /// - Returns: the fits, by name of the architecture.
  public func fits(progress: @Sendable (String) -> Void = { _ in }) async -> [Fit] {
    var fits: [Fit] = []
    for architecture in catalogue.efficiencies.transfers.keys.sorted() {
      let own = points.filter { point in
        guard
          let system = catalogue.systems.system(BenchmarkPoint.systemAliases[point.system] ?? point.system)
        else { return false }
        return system.vendor.lowercased() == vendor && system.architecture.description == architecture
      }
      if let fit = await fit(architecture, own, progress: progress) { fits.append(fit) }
    }
    return fits
  }

  private func fit(
    _ architecture: String, _ own: [BenchmarkPoint], progress: @Sendable (String) -> Void
  ) async -> Fit? {
    guard let known = catalogue.efficiencies.transfers[architecture], !own.isEmpty else { return nil }
    let source = known.source
    let (catalogue, threads) = (catalogue, threads)
    @Sendable func ratios(_ point: [Double]) async -> [Double] {
      var table = catalogue
      table.efficiencies.transfers[architecture] = Self.transfer(point, from: source)
      return Self.logRatios(await ValidationStudy(own, with: table).run(threads: threads))
    }
    let start = [log(known.compute), log(known.memory), log(known.launch)]
    let first = await ratios(start)
    guard first.count >= 3 else { return nil }
    let search = SimulatedFit(
      residuals: { point in
        await ratios(point).map { SimulatedFit.robust($0) } + point.map { Self.priorWeight * $0 }
      }, range: -2...2)
    let point = await search.minimise(from: start) { iteration, sum in
      progress("\(architecture): iteration \(iteration), sum of squares \(sum)")
    }
    return Fit(
      architecture: architecture, transfer: Self.transfer(point, from: known.source), points: first.count,
      before: Self.median(first), after: Self.median(await ratios(point)))
  }
}

extension TransferCalibration {
  /// Weight of the logarithm of each factor among the residuals: draws towards 1 what the points leave open.
  private static let priorWeight = 0.2

  private static func transfer(_ point: [Double], from source: String) -> Transfer {
    // Three digits are more than the fit knows.
    let factors = point.map { (exp($0) * 1000).rounded() / 1000 }
    return Transfer(from: source, compute: factors[0], memory: factors[1], launch: factors[2])
  }

  /// Logarithms of predicted over measured: throughput of offline points, TPOT of the others.
  private static func logRatios(_ results: [PointResult]) -> [Double] {
    results.compactMap { result in
      let column = result.point.load == .offline ? MeasuredColumn.outputTokensPerSecondPerGPU : .tpotMean
      guard let a = result.predicted?[column], let b = result.point.measured[column], a > 0, b > 0 else {
        return nil
      }
      return log(a / b)
    }
  }

  private static func median(_ ratios: [Double]) -> Double {
    let errors = ratios.map { abs(exp($0) - 1) }.sorted()
    return errors.isEmpty ? .nan : errors[errors.count / 2]
  }
}
