import Documents
import Hardware
import Quantities
import Scenario

/// The best of the coarse search: options put together to sites that are worth an estimate at their full size.
struct PlanShortlist {
  /// An option for each deployment, on a site that may be so large.
  struct Draft: Sendable {
    var cells: [PlanCell]
    var size: PlanSize
    /// The objective's figure, or its negative where less is better; the more the better.
    var value: Double

    /// What sets it apart from others by more than a batch size.
    fileprivate var kind: String {
      cells.map { cell in
        let option = cell.option
        return [
          option.system.id, "\(option.powerLimit)", option.mode.rawValue, option.layout.text,
          option.precision?.json.flow ?? "", option.engine?.json.flow ?? "",
        ].joined(separator: " ")
      }.joined(separator: " | ")
    }
  }

  let section: PlanSection
  /// Multiple of the stated arrivals that has to be served; nil: as much as goes.
  let wanted: Double?
  let sizes: [(group: PlanSearch.Group, size: PlanSize)]

  private var most: Int { max(2 * section.finalists, 8) }

  /// The drafts, best first: that of each kind of configuration, then the best of the others.
  var drafts: [Draft] {
    let all = sizes.flatMap { item in combinations(item.group).map { draft($0, item.size) } }
    let order = all.indices.sorted { (all[$1].value, $0) < (all[$0].value, $1) }
    // What each system can do is worth knowing, whichever is best.
    var systems: [String] = []
    var kinds: [String] = []
    var chosen: [Int] = []
    for index in order where !systems.contains(all[index].cells[0].option.system.id) {
      systems.append(all[index].cells[0].option.system.id)
      kinds.append(all[index].kind)
      chosen.append(index)
    }
    for index in order where !kinds.contains(all[index].kind) {
      kinds.append(all[index].kind)
      chosen.append(index)
    }
    chosen = Array(chosen.prefix(max(most, systems.count)))
    for index in order where chosen.count < most && !chosen.contains(index) { chosen.append(index) }
    return order.filter { chosen.contains($0) }.map { all[$0] }
  }

  private func draft(_ cells: [PlanCell], _ size: PlanSize) -> Draft {
    let system = cells[0].option.system
    let perFactor = cells.reduce(0) { $0 + $1.acceleratorsPerFactor }
    let tokens = cells.reduce(0) { $0 + $1.figures.outputTokensPerSecond / $1.figures.factor }
    let joules = cells.reduce(0) {
      $0 + $1.joulesPerToken * $1.figures.outputTokensPerSecond / $1.figures.factor
    }
    let factor = Double(size.accelerators) / perFactor
    let value: Double
    switch section.objective {
    case .tokensPerSecond: value = wanted == nil ? factor * tokens : -perFactor
    case .dollarsPerMillionTokens:
      value = system.cost.perAcceleratorHour.map { -$0.dollarsPerHour * perFactor / tokens } ?? -.infinity
    case .tokensPerMegawattHour, .carbonPerMillionTokens: value = -joules / tokens
    }
    // A site that is too small for the traffic comes after all that are not.
    let isEnough = wanted.map { $0 <= factor } ?? true
    return Draft(cells: cells, size: size, value: isEnough ? value : value - 1e15)
  }

  /// The cheapest option of every deployment, and what differs from it in one deployment.
  private func combinations(_ group: PlanSearch.Group) -> [[PlanCell]] {
    let ranked = group.cells.map { cells in
      cells.enumerated().sorted {
        ($0.element.cost(section.objective), $0.offset) < ($1.element.cost(section.objective), $1.offset)
      }.map(\.element)
    }
    let best = ranked.map { $0[0] }
    var combinations = [best]
    for (deployment, cells) in ranked.enumerated() {
      for cell in cells.dropFirst() {
        var other = best
        other[deployment] = cell
        combinations.append(other)
      }
    }
    return combinations
  }
}
