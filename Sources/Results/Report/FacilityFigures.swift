import Facility

/// What a site's facility did over a span.
public struct FacilityFigures: Sendable, Equatable {
  /// Power usage effectiveness: energy that the site used over energy of the racks.
  ///
  /// Used is what came from the grid less what the battery stored: a battery that gives what it took before the span
  /// makes the figure no better.
  public var pue: Double
  /// Water usage effectiveness in litres for each kWh of the racks.
  public var wue: Double
  /// Mean over peak of the draw from the grid, in 0...1.
  public var loadFactor: Double
  /// Mean draw from the grid in watts.
  public var gridMean: Double
  /// Largest draw of an interval in watts.
  public var gridPeak: Double
  /// Watts that are exceeded for 1 % of the time.
  public var gridP99: Double
  /// Length of the windows that the next two compare, in seconds.
  public var rampWindowSeconds: Double
  /// Largest rise of the mean draw from one window to the next in watts; nil where no two windows are full.
  public var largestRise: Double?
  /// Largest fall likewise.
  public var largestFall: Double?
  /// Mean outdoor temperature in °C.
  public var outdoorCelsius: Double
  /// Energy of one part.
  public struct Part: Sendable, Equatable {
    /// The part's name; of a conversion, the stage's.
    public var name: String
    /// What kind of part: `it`, `conversion`, `cooling`, `other` or `battery`.
    public var kind: String
    /// Joules.
    public var joules: Double
  }
  /// Energy by part: IT, conversion from the racks on, cooling, other load, battery.
  public var parts: [Part]
  /// Energy of the racks in joules.
  public var itJoules: Double
  /// Energy from the grid in joules.
  public var gridJoules: Double
  /// Loss of the battery in joules.
  public var batteryLossJoules: Double
  /// Rise of the energy that the battery holds, in joules.
  public var batteryStoredJoules: Double
  /// Water used.
  public var waterLitres: Double
  /// Cost of the energy from the grid; nil without a price.
  public var dollars: Double?
  /// CO2 of the energy from the grid; nil where nobody says.
  public var carbonKilograms: Double?
  /// Output tokens of the span; nil where there is none.
  public var outputTokens: Int64?
  /// |grid − parts − rise of the stored energy| / grid.
  public var conservationResidual: Double
  /// How a stage stood to its ratings at worst.
  public struct Stage: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// `within_rating`, `redundancy_lost` or `overloaded`.
    public var worstLoading: String
  }
  /// The stages from the racks on.
  public var stages: [Stage]
  /// Energy drawn above the limits of the draw, in joules.
  public var excessJoules: Double
  /// Largest draw outside the limits of its change, in watts.
  public var rampExcessPeak: Double
  /// Heat that cooling was too small to remove, in joules.
  public var unremovedHeatJoules: Double

  /// What an amount is for a million output tokens; nil where there are none.
  public func perMillionTokens(_ amount: Double?) -> Double? {
    guard let amount, let outputTokens, outputTokens > 0 else { return nil }
    return amount / Double(outputTokens) * 1e6
  }

  init?(_ use: FacilityAccount.Use?, outputTokens: Int64?) {
    guard let use, use.energy.itEnergyJoules > 0 else { return nil }
    let energy = use.energy
    pue = (energy.gridEnergyJoules - energy.storedEnergyJoules) / energy.itEnergyJoules
    wue = energy.wue
    loadFactor = energy.loadFactor
    gridMean = energy.meanWatts
    gridPeak = energy.peakWatts
    gridP99 = energy.quantileWatts(0.99)
    rampWindowSeconds = energy.rampWindowSeconds
    let hasWindows = energy.totalSeconds >= 2 * energy.rampWindowSeconds
    largestRise = hasWindows ? energy.largestRiseWatts : nil
    largestFall = hasWindows ? energy.largestFallWatts : nil
    outdoorCelsius = use.celsiusSeconds / energy.totalSeconds
    let isSmoothed = energy.parts.contains { $0.kind == .smoothing && $0.joules > 0 }
    parts = energy.parts.filter { $0.kind != .smoothing || isSmoothed }.map {
      Part(name: $0.name, kind: $0.kind.text, joules: $0.joules)
    }
    itJoules = energy.itEnergyJoules
    gridJoules = energy.gridEnergyJoules
    batteryLossJoules = energy.parts.reduce(0) { $0 + ($1.kind == .battery ? $1.joules : 0) }
    batteryStoredJoules = energy.storedEnergyJoules
    waterLitres = energy.litres
    dollars = energy.price == nil ? nil : energy.dollars
    carbonKilograms = energy.carbon == nil ? nil : energy.carbonKilograms
    self.outputTokens = outputTokens
    conservationResidual = energy.conservationResidual
    stages = zip(energy.plant.chain.stages, energy.worstLoadings).map {
      Stage(name: $0.name, worstLoading: $1.text)
    }
    excessJoules = energy.excessEnergyJoules
    rampExcessPeak = use.rampExcessWatts
    unremovedHeatJoules = energy.unremovedHeatJoules
  }
}

extension SiteEnergy.PartKind {
  fileprivate var text: String {
    switch self {
    case .it: "it"
    case .smoothing: "smoothing"
    case .conversion: "conversion"
    case .cooling: "cooling"
    case .other: "other"
    case .battery: "battery"
    }
  }
}

extension ElectricalStage.Loading {
  fileprivate var text: String {
    switch self {
    case .withinRating: "within_rating"
    case .redundancyLost: "redundancy_lost"
    case .overloaded: "overloaded"
    }
  }
}
