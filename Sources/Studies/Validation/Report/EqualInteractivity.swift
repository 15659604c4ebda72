import Foundation

/// Compares throughput where measured and predicted sweeps are equally fast for a user.
///
/// A sweep over the concurrency draws a curve: output tokens/s of an accelerator over interactivity (1 / TPOT).
/// Errors at equal concurrency mix both axes; a planner who must keep an interactivity reads the curve.
enum EqualInteractivity {
  /// A point of a curve.
  struct Place {
    var interactivity: Double
    var throughput: Double
  }

  /// For each point of a measured sweep, the throughput of the predicted curve at its interactivity.
  static func comparisons(_ results: [PointResult]) -> [Comparison] {
    var sweeps: [String: [PointResult]] = [:]
    var order: [String] = []
    for result in results where result.point.measured[.derivedThroughput] != nil {
      let key = result.point.configurationKey
      if sweeps[key] == nil { order.append(key) }
      sweeps[key, default: []].append(result)
    }
    return order.flatMap { compare(sweeps[$0] ?? []) }
  }

  private static func compare(_ sweep: [PointResult]) -> [Comparison] {
    guard sweep.count >= 2 else { return [] }
    let curve = sweep.compactMap { place($0.predicted) }.sorted { $0.interactivity < $1.interactivity }
    return sweep.compactMap { result -> Comparison? in
      guard let measured = place(result.point.measured) else { return nil }
      let predicted = throughput(at: measured.interactivity, on: curve)
      let reason = result.reason ?? "the predicted sweep does not reach this interactivity"
      return Comparison(
        point: result.point, column: .throughputAtEqualInteractivity, measured: measured.throughput,
        predicted: predicted, reason: predicted == nil ? reason : nil)
    }
  }

  private static func place(_ values: ColumnValues?) -> Place? {
    guard let values, let tpot = values[.tpotMean], let throughput = values[.derivedThroughput], tpot > 0
    else {
      return nil
    }
    return Place(interactivity: 1 / tpot, throughput: throughput)
  }

  /// The throughput of a curve, sorted by interactivity, between the points that enclose one; nil beyond its ends.
  static func throughput(at interactivity: Double, on curve: [Place]) -> Double? {
    guard curve.count >= 2 else { return nil }
    for (low, high) in zip(curve, curve.dropFirst())
    where low.interactivity <= interactivity && interactivity <= high.interactivity {
      // Sweeps are nearly straight in logarithms.
      let span = log(high.interactivity / low.interactivity)
      let fraction = span > 0 ? log(interactivity / low.interactivity) / span : 0
      return low.throughput * pow(high.throughput / low.throughput, fraction)
    }
    return nil
  }
}
