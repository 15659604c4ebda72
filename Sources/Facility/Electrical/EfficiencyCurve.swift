/// Efficiency by load, linear between measured points, for power supplies and power shelves.
///
/// Below the first point the loss in watts of that point stays, since what a supply loses without load does
/// not go away (an assumption); above the last point its efficiency stays.
public struct EfficiencyCurve: Sendable, Equatable {
  /// The points, by ascending load.
  public let points: [LossCurve.Point]

  /// A curve through points.
  ///
  /// - Parameter points: At least two loads, ascending, with their efficiencies.
  /// - Throws: `FacilityError` where there are fewer, they do not ascend or a figure is out of range.
  public init(points: [LossCurve.Point]) throws(FacilityError) {
    guard points.count >= 2 else {
      throw FacilityError("\(points.count) points of efficiency; at least 2 are allowed")
    }
    for point in points { try point.check() }
    for (a, b) in zip(points, points.dropFirst()) where a.load >= b.load {
      throw FacilityError("load \(b.load) follows load \(a.load); ascending loads are allowed")
    }
    self.init(checked: points)
  }

  init(checked points: [LossCurve.Point]) { self.points = points }

  /// Loss at a load.
  ///
  /// - Parameter load: Output over rated output, >= 0.
  /// - Returns: Loss over rated output.
  public func loss(atLoad load: Double) -> Double {
    load <= points[0].load ? points[0].loss : load * (1 / interpolated(load) - 1)
  }

  /// Input that an output takes.
  ///
  /// - Parameter output: Output over rated output, >= 0.
  /// - Returns: Input over rated output.
  public func input(forOutput output: Double) -> Double { output + loss(atLoad: output) }

  /// Efficiency at a load.
  ///
  /// - Parameter load: Output over rated output, >= 0.
  /// - Returns: Output over input, 0 without load.
  public func efficiency(atLoad load: Double) -> Double { load > 0 ? load / input(forOutput: load) : 0 }

  private func interpolated(_ load: Double) -> Double {
    guard let above = points.firstIndex(where: { $0.load >= load }) else {
      return points[points.count - 1].efficiency
    }
    let a = points[above - 1]
    let b = points[above]
    return a.efficiency + (b.efficiency - a.efficiency) * (load - a.load) / (b.load - a.load)
  }
}

extension EfficiencyCurve {
  /// 80 PLUS Ruby, the minima at 5, 10, 20, 50 and 100 % of the rated load.
  ///
  /// Certification minima, not typical figures (high confidence; techspot.com/news/108077).
  public static let ruby = EfficiencyCurve(checked: [
    .init(load: 0.05, efficiency: 0.90), .init(load: 0.1, efficiency: 0.91),
    .init(load: 0.2, efficiency: 0.95),
    .init(load: 0.5, efficiency: 0.965), .init(load: 1, efficiency: 0.92),
  ])

  /// 80 PLUS Titanium, redundant at 230 V, the minima at 20, 50 and 100 % of the rated load.
  ///
  /// Certification minima, not typical figures (medium confidence; tex4tum/psu).
  public static let titanium = EfficiencyCurve(checked: [
    .init(load: 0.2, efficiency: 0.94), .init(load: 0.5, efficiency: 0.96), .init(load: 1, efficiency: 0.91),
  ])
}

/// What a stage loses at a load: a law of losses or a curve of efficiencies.
public enum ConversionCurve: Sendable, Equatable {
  /// The three-term law.
  case losses(LossCurve)
  /// Efficiencies at points.
  case efficiencies(EfficiencyCurve)

  /// Loss at a load.
  ///
  /// - Parameter load: Output over rated output, >= 0.
  /// - Returns: Loss over rated output.
  public func loss(atLoad load: Double) -> Double {
    switch self {
    case .losses(let curve): curve.loss(atLoad: load)
    case .efficiencies(let curve): curve.loss(atLoad: load)
    }
  }
}
