/// One stage between the racks and the feed: power shelves, busways, UPS, a transformer.
public struct ElectricalStage: Sendable, Equatable {
  /// How many units share the load.
  public enum Redundancy: Sendable, Equatable {
    /// One unit of the stage's rating.
    case single
    /// `needed` units of equal rating carry the stage's rating, and `spare` more run beside them.
    case nPlus(spare: Int, needed: Int)
    /// Two sides, each of the stage's rating, each with half of the load.
    case twoN

    /// Installed rating over the stage's rating.
    var installedShare: Double {
      switch self {
      case .single: 1
      case .nPlus(let spare, let needed): Double(needed + spare) / Double(needed)
      case .twoN: 2
      }
    }
  }

  /// How a load stands to the stage's ratings, better before worse.
  public enum Loading: Sendable, Comparable {
    /// Within the stage's rating: the redundant units may fail.
    case withinRating
    /// Above the stage's rating but within what is installed: a failed unit would overload the others.
    case redundancyLost
    /// Above what is installed: the breaker trips, sooner or later.
    case overloaded
  }

  /// What reports call it; no two stages of a chain have the same name.
  public let name: String
  /// The load that it is designed for, in watts at its output.
  public let ratedWatts: Double
  /// What a unit loses by the share of its own rating.
  public let curve: ConversionCurve
  /// How many units share the load.
  public let redundancy: Redundancy
  /// Whether its losses are heat in the hall, which the cooling removes.
  public let isCooled: Bool

  /// A stage.
  ///
  /// - Parameters:
  ///   - name: What reports call it.
  ///   - ratedWatts: The load that it is designed for, in watts at its output, above 0.
  ///   - curve: What a unit loses by the share of its own rating.
  ///   - redundancy: How many units share the load.
  ///   - isCooled: Whether its losses are heat that the cooling removes.
  /// - Throws: `FacilityError` where a figure is out of range.
  public init(
    name: String, ratedWatts: Double, curve: ConversionCurve, redundancy: Redundancy = .single,
    isCooled: Bool = false
  ) throws(FacilityError) {
    try FacilityError.checkPositive(ratedWatts, "rated power of \(name)")
    if case .nPlus(let spare, let needed) = redundancy, spare < 0 || needed < 1 {
      throw FacilityError(
        "\(name) has \(needed) + \(spare) units; at least 1 + 0 are allowed")
    }
    self.name = name
    self.ratedWatts = ratedWatts
    self.curve = curve
    self.redundancy = redundancy
    self.isCooled = isCooled
  }

  /// Rating of all installed units together, in watts.
  public var installedWatts: Double { ratedWatts * redundancy.installedShare }

  /// Loss at an output, each unit evaluated at its share of the load.
  ///
  /// - Parameter outputWatts: What leaves the stage, in watts, >= 0.
  /// - Returns: Watts lost in all units together.
  public func lossWatts(outputWatts: Double) -> Double {
    installedWatts * curve.loss(atLoad: outputWatts / installedWatts)
  }

  /// How an output stands to the ratings.
  ///
  /// - Parameter outputWatts: What leaves the stage, in watts.
  /// - Returns: Whether it is within the stage's rating, within what is installed, or above.
  public func loading(outputWatts: Double) -> Loading {
    if outputWatts <= ratedWatts { return .withinRating }
    return outputWatts <= installedWatts ? .redundancyLost : .overloaded
  }
}
