extension SiteEnergy {
  /// What energy went into.
  public enum PartKind: Sendable, Equatable {
    /// A part of the IT load.
    case it
    /// The burn of power smoothing, at the racks.
    case smoothing
    /// The loss of a stage of the chain.
    case conversion
    /// Fans, pumps, chillers or an overhead that is not split.
    case cooling
    /// The plant's constant load.
    case other
    /// The battery's loss.
    case battery
  }

  /// Energy of one part.
  public struct Part: Sendable, Equatable {
    /// What energy went into.
    public var kind: PartKind
    /// The part's name; of a conversion, the stage's.
    public var name: String
    /// Its energy, in joules.
    public var joules: Double
  }

  /// Energy by part: IT parts, smoothing, stages from the racks on, cooling, other load, battery.
  public var parts: [Part] {
    var parts: [Part] = []
    for (name, sum) in zip(partNames, partJoules) {
      parts.append(Part(kind: .it, name: name, joules: sum.value))
    }
    parts.append(Part(kind: .smoothing, name: "smoothing", joules: burnJoules.value))
    for (stage, sum) in zip(plant.chain.stages, lossJoules) {
      parts.append(Part(kind: .conversion, name: stage.name, joules: sum.value))
    }
    parts.append(Part(kind: .cooling, name: "fans", joules: fanJoules.value))
    parts.append(Part(kind: .cooling, name: "pumps", joules: pumpJoules.value))
    parts.append(Part(kind: .cooling, name: "chillers", joules: chillerJoules.value))
    parts.append(Part(kind: .cooling, name: "overhead", joules: overheadJoules.value))
    parts.append(Part(kind: .other, name: "other", joules: otherJoules.value))
    parts.append(Part(kind: .battery, name: "battery", joules: batteryJoules.value))
    return parts
  }

  /// Time that was added, in seconds.
  public var totalSeconds: Double { seconds.value }
  /// Energy drawn from the grid, in joules.
  public var gridEnergyJoules: Double { gridJoules.value }
  /// Energy of the racks, smoothing's burn included, in joules.
  public var itEnergyJoules: Double {
    var sum = burnJoules
    for part in partJoules { sum += part.value }
    return sum.value
  }
  /// Energy of the racks that smoothing burnt, in joules.
  public var burntEnergyJoules: Double { burnJoules.value }
  /// Rise of the energy that the battery holds, in joules.
  public var storedEnergyJoules: Double { (grid?.battery.storedJoules ?? 0) - storedJoulesAtStart }

  /// Mean draw from the grid, in watts; 0 before the first interval.
  public var meanWatts: Double { totalSeconds > 0 ? gridEnergyJoules / totalSeconds : 0 }
  /// Mean over peak of the draw from the grid, 0 to 1; 0 without a draw.
  public var loadFactor: Double { peakWatts > 0 ? meanWatts / peakWatts : 0 }

  /// The draw from the grid that is not exceeded for a share of the time.
  ///
  /// - Parameter share: 0.99 for the p99 by time, 0 to 1.
  /// - Returns: Watts, too high by 0.2 % at most.
  public func quantileWatts(_ share: Double) -> Double { min(peakWatts, distribution.quantile(share)) }

  /// Windows whose means are compared for the largest ramps, in seconds.
  public var rampWindowSeconds: Double { ramp.windowSeconds }
  /// Largest rise of the grid draw's mean from one window to the next, in watts.
  ///
  /// Windows follow one another from the first interval on; the last, begun but not full, is not compared.
  public var largestRiseWatts: Double { ramp.largestRiseWatts }
  /// Largest fall of the grid draw's mean from one window to the next, in watts.
  public var largestFallWatts: Double { ramp.largestFallWatts }

  /// Power usage effectiveness: energy from the grid over energy of the racks; 0 without any.
  ///
  /// Smoothing's burn counts as energy of the racks, where meters see it, and so makes this figure better,
  /// not worse.
  public var pue: Double { itEnergyJoules > 0 ? gridEnergyJoules / itEnergyJoules : 0 }
  /// Water usage effectiveness, in litres per kWh of the racks; 0 without any.
  public var wue: Double { itEnergyJoules > 0 ? litres / (itEnergyJoules / 3.6e6) : 0 }
  /// Water used, in litres.
  public var litres: Double { waterLitres.value }
  /// Cost of the energy from the grid, in dollars; 0 without a price.
  public var dollars: Double { costDollars.value }
  /// Carbon of the energy from the grid, in kilograms of CO2; 0 without a carbon series.
  public var carbonKilograms: Double { carbonGrams.value / 1e3 }
  /// Heat that the plant was too small to remove, in joules.
  public var unremovedHeatJoules: Double { unremovedJoules.value }
  /// Energy drawn above the limit of the policy and its events, in joules.
  public var excessEnergyJoules: Double { excessJoules.value }

  /// How far the sums are from conserving energy.
  ///
  /// |grid − parts and losses − rise of the stored energy| / grid; 0 before the first interval.
  public var conservationResidual: Double {
    guard gridEnergyJoules > 0 else { return 0 }
    var rest = gridJoules
    for part in parts { rest += -part.joules }
    rest += -storedEnergyJoules
    return abs(rest.value) / gridEnergyJoules
  }
}
