import Documents

extension PowerSeries {
  /// Points that a summary has at most; a store has all of them.
  static let mostPoints = 50

  /// The points with the highest peaks, each with what it drew over the whole run.
  var json: JSONValue {
    let all = points.indices.compactMap { point in itFigures(of: point).map { (point: point, it: $0) } }
    // Points with the same peak keep their order.
    let highest = all.sorted { ($1.it.peak, $0.point) < ($0.it.peak, $1.point) }.prefix(Self.mostPoints)
    return [
      "interval_seconds": .double(intervalSeconds), "intervals": .int(intervals),
      "count": .int(points.count),
      "points": .array(
        highest.map { entry in
          [
            "point": .string(points[entry.point].name), "gpus": .int(accelerators(of: entry.point)),
            "load_factor": .double(entry.it.loadFactor), "it_watts": entry.it.json,
            "gpu_watts": gpuFigures(of: entry.point)?.json ?? .null,
          ]
        }),
    ]
  }
}

extension PowerSeries.Figures {
  fileprivate var json: JSONValue {
    [
      "mean": .double(mean), "peak": .double(peak), "p99": .double(p99),
      "largest_rise": .optional(largestRise),
    ]
  }
}
