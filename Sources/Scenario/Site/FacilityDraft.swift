import Documents
import Facility
import Quantities

/// What `site.facility:` says, before the size of the site is known.
struct FacilityDraft {
  let field: Field
  let cooling: CoolingPlant.Method
  let stages: [StageDraft]
  let mechanicalAbove: String?
  let climate: Climate
  let designCelsius: Double
  let startSeconds: Double
  let battery: Battery?
  let limits: LimitsReader.Limits
  let price: HourlySeries?
  let carbon: HourlySeries?
  let otherWatts: Double
  let smoothing: SmoothingPolicy?
  let echo: [(String, JSONValue)]

  /// A plant that carries racks at the design temperature.
  ///
  /// A stage without a rating gets what then leaves it, cooling the heat that then arises.
  func plant(rackWatts: Double) throws(FacilityError) -> SitePlant {
    let joint = stages.firstIndex { $0.name == mechanicalAbove }.map { $0 + 1 } ?? 0
    var watts = rackWatts
    var heat = rackWatts
    var built: [ElectricalStage] = []
    for (index, draft) in stages.enumerated() {
      if index == joint { watts += try mechanicalWatts(heat: heat) }
      let stage = try ElectricalStage(
        name: draft.name, ratedWatts: draft.ratedWatts ?? watts, curve: draft.curve,
        redundancy: draft.redundancy, isCooled: draft.isCooled)
      let loss = stage.lossWatts(outputWatts: watts)
      if draft.isCooled, index < joint { heat += loss }
      watts += loss
      built.append(stage)
    }
    return try SitePlant(
      chain: try ElectricalChain(stages: built, mechanicalJoinsAbove: mechanicalAbove),
      cooling: try CoolingPlant(method: cooling, designHeatWatts: heat), otherWatts: otherWatts)
  }

  private func mechanicalWatts(heat: Double) throws(FacilityError) -> Double {
    let plant = try CoolingPlant(method: cooling, designHeatWatts: heat)
    return plant.draw(heatWatts: heat, outdoorCelsius: designCelsius).watts + otherWatts
  }

  /// What the grid supplies for racks at the design temperature, the plant made for them.
  func gridWatts(rackWatts: Double) throws(FacilityError) -> Double {
    try plant(rackWatts: rackWatts).draw(rackWatts: rackWatts, outdoorCelsius: designCelsius).feedWatts
  }

  /// The most racks that a grid connection carries at nameplate, at most `most`; 0 where it carries none.
  func racks(gridWatts: Double, nameplateWatts: Double, most: Int) throws(FacilityError) -> Int {
    var low = 0
    var high = Int(min(Double(most), (gridWatts / nameplateWatts).rounded(.down))) + 1
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if try self.gridWatts(rackWatts: Double(middle) * nameplateWatts) <= gridWatts {
        low = middle
      } else {
        high = middle
      }
    }
    return low
  }

  /// The facility of a site, with its echo.
  func facility(rackWatts: Double, connection: Watts?) throws(FacilityError) -> (SiteFacility, JSONValue) {
    let plant = try plant(rackWatts: rackWatts)
    var policy = limits.policy
    policy.limitWatts = policy.limitWatts ?? connection?.si
    policy.restingStateOfCharge = battery?.stateOfCharge ?? policy.restingStateOfCharge
    var grid: GridController?
    if let battery {
      grid = try GridController(battery: battery, policy: policy)
    } else if policy.limitWatts != nil || limits.hasRamps || !policy.events.isEmpty {
      // One that can do nothing: limits are only watched.
      grid = try GridController(
        battery: try Battery(
          capacityJoules: 1, maximumChargeWatts: 0, maximumDischargeWatts: 0, roundTripEfficiency: 1),
        policy: policy)
    }
    var facility = SiteFacility(
      plant: plant, climate: climate, startSeconds: startSeconds, grid: grid, price: price, carbon: carbon)
    facility.designCelsius = designCelsius
    facility.smoothing = smoothing
    var members = echo
    members.append(("limits", .object(drawEcho(policy, connection) + limits.echo)))
    members.append(("electrical", .array(zip(stages, plant.chain.stages).map(stageEcho))))
    members.append(("mechanical_above", mechanicalAbove.map { .string($0) } ?? .null))
    members.append(("design_rack_watts", .double(rackWatts)))
    members.append(("design_heat_watts", .double(plant.cooling.designHeatWatts)))
    let draw = plant.draw(rackWatts: rackWatts, outdoorCelsius: designCelsius)
    members.append(("design_grid_watts", .double(draw.feedWatts)))
    return (facility, .object(members))
  }

  private func drawEcho(_ policy: GridPolicy, _ connection: Watts?) -> [(String, JSONValue)] {
    [
      ("draw_watts", .optional(policy.limitWatts)),
      (
        "draw_source",
        Settings.source(
          isStated: limits.policy.limitWatts != nil,
          connection == nil ? "none, since the site states no power" : "the site's power")
      ),
    ]
  }

  private func stageEcho(_ draft: StageDraft, _ stage: ElectricalStage) -> JSONValue {
    [
      "name": .string(stage.name), "curve": draft.curveName, "redundancy": .string(draft.redundancyName),
      "rated_watts": .double(stage.ratedWatts),
      "rated_source": Settings.source(
        isStated: draft.ratedWatts != nil, "what leaves it with all racks at nameplate, at design_celsius"),
      "cooled": .bool(stage.isCooled),
    ]
  }
}
