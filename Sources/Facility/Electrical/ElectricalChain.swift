/// The stages from the racks to the feed, and where mechanical load joins them.
///
/// Each stage's input is the next one's output. An empty chain loses nothing; a chain of one stage with a
/// constant efficiency is a flat conversion efficiency.
public struct ElectricalChain: Sendable, Equatable {
  /// The stages, from the racks to the feed.
  public let stages: [ElectricalStage]
  /// How many stages mechanical load does not pass.
  private let bypassed: Int

  /// A chain.
  ///
  /// - Parameters:
  ///   - stages: From the racks to the feed; their names differ.
  ///   - mechanicalJoinsAbove: The stage above which (towards the feed) mechanical load joins, usually the
  ///     UPS; nil where it passes every stage, as IT load does.
  /// - Throws: `FacilityError` where two stages share a name, no stage has the name, or a stage above the
  ///   joint is said to be cooled (what cools it would have to pass it).
  public init(stages: [ElectricalStage], mechanicalJoinsAbove: String? = nil) throws(FacilityError) {
    var names: [String] = []
    for stage in stages {
      if names.contains(stage.name) {
        throw FacilityError("two stages are called '\(stage.name)'; different names are allowed")
      }
      names.append(stage.name)
    }
    var bypassed = 0
    if let name = mechanicalJoinsAbove {
      guard let index = names.firstIndex(of: name) else {
        throw FacilityError(
          "mechanical load joins above '\(name)'; one of \(names.joined(separator: ", ")) is allowed")
      }
      bypassed = index + 1
    }
    if let stage = stages[bypassed...].first(where: \.isCooled) {
      throw FacilityError(
        "'\(stage.name)' is cooled by load that passes it; stages below the joint are allowed")
    }
    self.stages = stages
    self.bypassed = bypassed
  }

  /// Power through the chain.
  public struct Flow: Sendable, Equatable {
    /// What leaves each stage towards the racks, in watts.
    public var outputWatts: [Double] = []
    /// What each stage loses, in watts.
    public var lossWatts: [Double] = []
    /// What the feed supplies, in watts.
    public var feedWatts = 0.0
    /// How each stage's output stands to its ratings.
    public var loadings: [ElectricalStage.Loading] = []
  }

  /// Power through the chain at a load.
  ///
  /// - Parameters:
  ///   - rackWatts: What the racks draw, in watts, >= 0.
  ///   - mechanicalWatts: What joins above the stage that the chain names, in watts, >= 0.
  /// - Returns: Outputs, losses and loadings of the stages, and the power drawn from the feed.
  public func flow(rackWatts: Double, mechanicalWatts: Double = 0) -> Flow {
    var flow = Flow()
    flow.outputWatts.reserveCapacity(stages.count)
    flow.lossWatts.reserveCapacity(stages.count)
    flow.loadings.reserveCapacity(stages.count)
    var watts = rackWatts
    for (index, stage) in stages.enumerated() {
      if index == bypassed { watts += mechanicalWatts }
      let loss = stage.lossWatts(outputWatts: watts)
      flow.outputWatts.append(watts)
      flow.lossWatts.append(loss)
      flow.loadings.append(stage.loading(outputWatts: watts))
      watts += loss
    }
    flow.feedWatts = bypassed == stages.count ? watts + mechanicalWatts : watts
    return flow
  }

  /// Losses that are heat in the hall.
  ///
  /// - Parameter rackWatts: What the racks draw, in watts, >= 0.
  /// - Returns: The losses of the cooled stages, in watts.
  public func cooledLossWatts(rackWatts: Double) -> Double {
    var watts = rackWatts
    var cooled = 0.0
    for stage in stages[..<bypassed] {
      let loss = stage.lossWatts(outputWatts: watts)
      if stage.isCooled { cooled += loss }
      watts += loss
    }
    return cooled
  }
}
