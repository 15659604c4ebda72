import Documents
import Facility
import Quantities

/// A stage of the chain before its default rating is known.
struct StageDraft {
  var name: String
  var curve: ConversionCurve
  var curveName: JSONValue
  var redundancy: ElectricalStage.Redundancy
  var redundancyName: String
  /// The rating that is stated.
  var ratedWatts: Double?
  var isCooled = false

  /// A double-conversion UPS on two sides.
  static let standard = StageDraft(
    name: "ups", curve: .losses(.doubleConversionUPS), curveName: .string("double-conversion"),
    redundancy: .twoN, redundancyName: "2N")
}

/// Reads `electrical:` of a facility, from the racks to the feed.
struct StageReader {
  let problems: ProblemCollector

  private static let curves: [(name: String, curve: ConversionCurve)] = [
    ("double-conversion", .losses(.doubleConversionUPS)), ("economy", .losses(.economyModeUPS)),
    ("ruby", .efficiencies(.ruby)), ("titanium", .efficiencies(.titanium)),
  ]

  /// The stages; without the section one UPS.
  func read(_ field: Field) -> [StageDraft] {
    guard field.isPresent else { return [.standard] }
    return field.list(stage) ?? []
  }

  private func stage(_ field: Field) -> StageDraft? {
    guard var reader = field.elementMapping() else { return nil }
    let name = reader.required("name").string()
    let curve = self.curve(reader.optional("curve"))
    let redundancy = self.redundancy(reader.optional("redundancy"))
    let rated = reader.optional("rated").quantity(Watts.self, above: Watts(si: 0))
    let isCooled = reader.optional("cooled").bool()
    reader.finish()
    guard let name, let curve, let redundancy else { return nil }
    return StageDraft(
      name: name, curve: curve.curve, curveName: curve.echo, redundancy: redundancy.redundancy,
      redundancyName: redundancy.name, ratedWatts: rated?.si, isCooled: isCooled ?? false)
  }

  private func redundancy(_ field: Field) -> (redundancy: ElectricalStage.Redundancy, name: String)? {
    guard field.isPresent else { return (.single, "none") }
    let allowed = "none, 2N, or needed and spare units, such as 4+1"
    guard let text = field.string() else { return nil }
    if text == "none" { return (.single, text) }
    if text == "2N" { return (.twoN, text) }
    let units = text.split(separator: "+", omittingEmptySubsequences: false)
    if units.count == 2, units[0] == "N" {
      field.reject(
        "how many units are needed is not said", allowed: allowed, hint: "for example '4+\(units[1])'")
      return nil
    }
    guard units.count == 2, let needed = Int(units[0]), let spare = Int(units[1]), (1...10_000) ~= needed,
      (0...10_000) ~= spare
    else {
      field.reject("not a redundancy", allowed: allowed)
      return nil
    }
    return (.nPlus(spare: spare, needed: needed), text)
  }

  private func curve(_ field: Field) -> (curve: ConversionCurve, echo: JSONValue)? {
    guard let node = field.node else { return (Self.curves[0].curve, .string(Self.curves[0].name)) }
    guard node.entries != nil else {
      guard let name = field.choice(Self.curves.map(\.name)) else { return nil }
      return Self.curves.first { $0.name == name }.map { ($0.curve, .string(name)) }
    }
    guard var reader = field.mapping() else { return nil }
    let efficiencyField = reader.optional("efficiency")
    let pointsField = reader.optional("points")
    reader.finish()
    guard efficiencyField.isPresent != pointsField.isPresent else {
      field.refuse("a curve has an efficiency or points", allowed: "one of efficiency, points")
      return nil
    }
    do {
      if efficiencyField.isPresent {
        guard let efficiency = efficiencyField.share() else { return nil }
        return (
          .losses(try LossCurve(constantEfficiency: efficiency)), ["efficiency": .double(efficiency)]
        )
      }
      guard let points = points(pointsField) else { return nil }
      let echo = JSONValue.array(points.map { .array([.double($0.load), .double($0.efficiency)]) })
      return (.efficiencies(try EfficiencyCurve(points: points)), ["points": echo])
    } catch {
      field.refuse(error.message)
      return nil
    }
  }

  private func points(_ field: Field) -> [LossCurve.Point]? {
    let before = problems.problems.count
    let points = field.list { element -> LossCurve.Point? in
      guard let pair = element.list() else { return nil }
      guard pair.count == 2 else {
        element.refuse("a point has a load and an efficiency", allowed: "for example [50 %, 96 %]")
        return nil
      }
      guard let load = pair[0].share(), let efficiency = pair[1].share() else { return nil }
      return LossCurve.Point(load: load, efficiency: efficiency)
    }
    return problems.problems.count == before ? points : nil
  }
}
