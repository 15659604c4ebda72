import CostModel
import Documents
import Hardware
import Quantities
import Results
import Scenario

/// How large a site of one system may be.
struct PlanSize: Sendable {
  /// Accelerators.
  var accelerators: Int
  /// Whether that is the size that the file states, which then stays as it is.
  var isStated: Bool
}

/// Puts options together to sites.
struct PlanSizing: Sendable {
  let document: PlanDocument
  let section: PlanSection
  /// Names of the deployments.
  let names: [String]
  /// Multiple of the stated arrivals that has to be served; nil: as much as goes.
  let wanted: Double?

  /// The largest site that one may build of a system; throws why there is none.
  func size(_ system: SystemSpecification, powerLimit: Double, sample: [PlanOption]) throws(Problems)
    -> PlanSize
  {
    var most = Int.max
    var isStated = true
    func bound(_ dollars: Double?, _ price: Double?, _ key: String) throws(Problems) {
      guard let dollars else { return }
      guard let price else {
        throw Problems(
          section.node.problem("the catalogue has no \(key) of \(system.id) to set against the budget"))
      }
      let nodes = (dollars / (price * Double(system.node.accelerators)) + 1e-9).rounded(.down)
      let count = Int(min(nodes, 1e8)) * system.node.accelerators
      guard count > 0 else {
        throw Problems(section.node.problem("the budget buys no node of \(system.id)"))
      }
      if count < most { (most, isStated) = (count, false) }
    }
    try bound(section.capitalDollars, system.cost.pricePerAccelerator?.si, "price")
    try bound(section.dollarsPerHour, system.cost.perAcceleratorHour?.dollarsPerHour, "price an hour")
    guard section.hasSize else { return PlanSize(accelerators: min(most, 1_000_000), isStated: false) }
    var settings = document.site(system, powerLimit: powerLimit, accelerators: nil)
    for (index, option) in sample.enumerated() {
      settings += document.settings(option, units: 1, of: index, at: index)
    }
    let stated = try document.resolve(settings).site.accelerators
    return stated <= most
      ? PlanSize(accelerators: stated, isStated: true) : PlanSize(accelerators: most, isStated: isStated)
  }

  /// The candidate of an option for each deployment on a site that may be so large; throws why there is none.
  func candidate(_ cells: [PlanCell], within size: PlanSize) throws(Problems) -> PlanCandidate {
    guard let wanted else { return try largest(cells, within: size, isFeasible: true) }
    var scale = 1.0
    for _ in 0..<12 {
      let parts = parts(cells, factor: wanted * scale, rounding: .up)
      let needed = PlanDocument.accelerators(parts.map { ($0.option, $0.units) }, spares: parts.map(\.spares))
      if needed > size.accelerators { break }
      let made = try self.made(parts, accelerators: needed)
      if made.load.isGood(made.load.judged(at: wanted)) { return finished(made, at: wanted) }
      scale *= 1.01
    }
    return try largest(cells, within: size, isFeasible: false)
  }

  /// A candidate for the traffic that is wanted with another number of units; nil where the site is too small for it.
  func resized(_ candidate: PlanCandidate, by factor: Double, within size: PlanSize) throws(Problems)
    -> PlanCandidate?
  {
    guard let wanted else { return nil }
    let parts = candidate.parts.map { part in
      var part = part
      part.units = max(Int((Double(part.units) * factor - 1e-9).rounded(.up)), 1)
      part.spares = spares(part.option, units: part.units)
      return part
    }
    let needed = PlanDocument.accelerators(parts.map { ($0.option, $0.units) }, spares: parts.map(\.spares))
    guard needed <= size.accelerators else { return nil }
    return finished(try made(parts, accelerators: needed), at: wanted)
  }

  /// All that fits, at the highest rate that it sustains.
  private func largest(_ cells: [PlanCell], within size: PlanSize, isFeasible: Bool) throws(Problems)
    -> PlanCandidate
  {
    var cells = cells
    if cells.count == 1, Double(size.accelerators) < 8 * cells[0].option.accelerators,
      let pools = PlanDocument.pools(cells[0], on: size.accelerators)
    {
      let old = Double(cells[0].option.replicas)
      cells[0].option.ratio = pools
      cells[0].factorPerUnit *= Double(cells[0].option.replicas) / old
    }
    let perFactor = cells.reduce(0) { $0 + $1.acceleratorsPerFactor }
    var factor = Double(size.accelerators) / perFactor
    var problems: Problems?
    var tried: [Int] = []
    for _ in 0..<24 {
      var parts = parts(cells, factor: factor, rounding: .down)
      if parts.count == 1, parts[0].option.prefillLayout == nil {
        let option = parts[0].option
        let room = option.system.room(for: option.layout, on: size.accelerators)
        parts[0].units = max(room, 1)
        while parts[0].units > 1, parts[0].units + spares(option, units: parts[0].units) > room {
          parts[0].units -= 1
        }
        parts[0].spares = spares(option, units: parts[0].units)
      }
      if tried == parts.map(\.units) {
        factor *= 0.97
        continue
      }
      tried = parts.map(\.units)
      do throws(Problems) {
        var made = try self.made(parts, accelerators: size.isStated ? nil : size.accelerators)
        guard let highest = made.load.highest() else {
          throw Problems(section.node.problem("the targets are missed at any rate"))
        }
        made.isFeasible = isFeasible
        return finished(made, at: highest)
      } catch {
        problems = error
        factor *= 0.97
      }
    }
    throw problems ?? Problems(section.node.problem("nothing fits"))
  }

  private func parts(
    _ cells: [PlanCell], factor: Double, rounding: FloatingPointRoundingRule
  ) -> [PlanCandidate.Part] {
    cells.enumerated().map { index, cell in
      let exact = factor / cell.factorPerUnit
      let units = Int((exact + (rounding == .up ? -1e-9 : 1e-9) * exact).rounded(rounding))
      var part = PlanCandidate.Part(name: names[index], option: cell.option, units: max(units, 1), spares: 0)
      part.spares = spares(cell.option, units: part.units)
      if rounding == .down, part.spares > 0 {
        let kept = Double(part.units) / Double(part.units + part.spares)
        part.units = max(Int(Double(part.units) * kept), 1)
        part.spares = spares(cell.option, units: part.units)
      }
      return part
    }
  }

  private func spares(_ option: PlanOption, units: Int) -> Int {
    let own = PlanSpares.count(
      section.availability, replicas: units * option.ratio.decode, accelerators: option.layout.accelerators)
    guard let prefill = option.prefillLayout else { return own }
    return max(
      own,
      PlanSpares.count(
        section.availability, replicas: units * option.ratio.prefill, accelerators: prefill.accelerators))
  }

  private func made(_ parts: [PlanCandidate.Part], accelerators: Int?) throws(Problems) -> PlanCandidate {
    let option = parts[0].option
    var settings = document.site(option.system, powerLimit: option.powerLimit, accelerators: accelerators)
    for (index, part) in parts.enumerated() {
      settings += document.settings(part.option, units: part.units, of: index, at: index)
    }
    let scenario = try document.resolve(settings)
    let load = PlanLoad(scenario, carbon: section.carbonGramsPerKilowattHour)
    return PlanCandidate(
      parts: parts, settings: settings, accelerators: scenario.site.accelerators, racks: scenario.site.racks,
      isFeasible: true, estimated: PlanFigures.none, load: load)
  }

  private func finished(_ candidate: PlanCandidate, at factor: Double) -> PlanCandidate {
    var candidate = candidate
    candidate.estimated = candidate.load.figures(at: factor)
    return candidate
  }
}

extension PlanFigures {
  /// Those of a site that nothing is known of yet.
  static var none: PlanFigures {
    PlanFigures(
      factor: 0, arrivalsPerSecond: 0, outputTokensPerSecond: 0, accelerators: 0, acceleratorWatts: 0,
      siteWatts: 0, dollarsPerMillionTokens: nil, carbonPerMillionTokens: nil, targets: [])
  }
}
