import CostModel
import Documents
import Hardware
import Quantities
import Scenario
import Simulation

extension KnobDraft {
  /// The knob with what a resolved scenario says of its range.
  ///
  /// - Parameters:
  ///   - setting: where a person turned it; nil: as the file has it.
  ///   - scenario: the scenario at all settings.
  ///   - estimate: what is known of it there.
  ///   - systems: what the site may stand on.
  /// - Returns: the knob.
  func knob(
    setting: String?, of scenario: ResolvedScenario, _ estimate: SteadyStateEstimate,
    systems: [SystemSpecification]
  ) -> ExplorerKnob {
    let value = setting ?? stated.map(KnobTarget.text) ?? standing(in: scenario)
    let kind: ExplorerKnob.Kind
    switch shape {
    case .system:
      kind = .choice(systems.map { ExplorerKnob.Choice(value: $0.id, name: $0.name) })
    case .degree(let deployment, let isPrefill):
      let design = Self.design(scenario, deployment, isPrefill)
      let system = design?.system
      let domain = max(system?.scaleUp.worldSize ?? 1, system?.node.accelerators ?? 1)
      let most = max(Double(min(domain, 128)), stated ?? 1, setting.flatMap { Double($0) } ?? 1)
      var degrees = (0..<8).map { Double(1 << $0) }.filter { $0 <= most }
      for number in [stated, setting.flatMap { Double($0) }] {
        if let number, !degrees.contains(number) { degrees.append(number) }
      }
      kind = .choice(
        degrees.sorted().map(KnobTarget.text).map { ExplorerKnob.Choice(value: $0, name: $0) })
    default:
      kind = range(around: [stated, value.flatMap { Double($0) }].compactMap { $0 }, scenario, estimate)
    }
    return ExplorerKnob(
      id: id, name: name, unit: unit, kind: kind, value: value)
  }

  private var unit: String {
    if case .load = shape { return "x" }
    return targets.first?.unit ?? ""
  }

  /// What a value is that the file leaves open.
  private func standing(in scenario: ResolvedScenario) -> String? {
    switch shape {
    case .system: return scenario.site.parts.first?.system.id
    case .powerLimit(let deployment):
      guard let design = Self.design(scenario, deployment, false) else { return nil }
      let most = design.system.accelerator.thermalDesignPower.si
      return KnobTarget.text((design.clocks.powerLimitWatts ?? most).rounded())
    case .batch(let deployment, let isPrefill):
      guard scenario.deployments.indices.contains(deployment) else { return nil }
      let plan = scenario.deployments[deployment].plan
      let engine = isPrefill ? plan.prefill?.engine ?? plan.engine : plan.engine
      return KnobTarget.text(Double(engine.maximumBatchSize))
    default: return nil
    }
  }

  private static func design(_ scenario: ResolvedScenario, _ deployment: Int, _ isPrefill: Bool)
    -> ReplicaDesign?
  {
    guard scenario.deployments.indices.contains(deployment) else { return nil }
    let found = scenario.deployments[deployment]
    return isPrefill ? found.prefillDesign : found.design
  }

  /// Ends that hold the numbers which the knob stands at, and what lies between them is worth a look.
  private func range(
    around numbers: [Double], _ scenario: ResolvedScenario, _ estimate: SteadyStateEstimate
  ) -> ExplorerKnob.Kind {
    let middle = numbers.first ?? 1
    func held(_ low: Double, _ high: Double, isLogarithmic: Bool = true, isWhole: Bool) -> ExplorerKnob.Kind {
      let low = numbers.reduce(low) { min($0, $1) }
      let high = numbers.reduce(max(high, low)) { max($0, $1) }
      return .range(low...high, isLogarithmic: isLogarithmic && low > 0, isWhole: isWhole)
    }
    switch shape {
    case .rate:
      let full = Self.fullLoad(estimate) * (numbers.last ?? middle)
      return held(
        ExplorerKnob.rounded(full / 50, digits: 2), ExplorerKnob.rounded(full * 1.15, digits: 3),
        isWhole: false)
    case .load(let hasClients):
      let full = hasClients ? 4 : Self.fullLoad(estimate) * (numbers.last ?? middle)
      return held(
        ExplorerKnob.rounded(full / 50, digits: 2), ExplorerKnob.rounded(full * 1.15, digits: 3),
        isWhole: false)
    case .clients:
      let most = ExplorerKnob.powerOfTwo(atLeast: max(8 * middle, 64))
      return held(max(1, most / 1024), most, isWhole: true)
    case .size:
      let isWhole = targets.first?.isWhole ?? false
      return held(
        isWhole ? max(1, (middle / 8).rounded()) : ExplorerKnob.rounded(middle / 8, digits: 2),
        isWhole ? max(8, middle * 8) : ExplorerKnob.rounded(middle * 8, digits: 2), isWhole: isWhole)
    case .replicas(let deployment, let isPrefill):
      let plan =
        scenario.deployments.indices.contains(deployment) ? scenario.deployments[deployment].plan : nil
      let each = (isPrefill ? plan?.prefill?.acceleratorsPerReplica : plan?.acceleratorsPerReplica) ?? 1
      let room = Double(max(1, scenario.site.accelerators / max(each, 1)))
      return held(1, room, isLogarithmic: room > 64, isWhole: true)
    case .batch: return held(1, ExplorerKnob.powerOfTwo(atLeast: max(4 * middle, 256)), isWhole: true)
    case .powerLimit(let deployment):
      guard let design = Self.design(scenario, deployment, false) else {
        return held(middle, middle, isWhole: true)
      }
      let accelerator = design.system.accelerator
      let (idle, most) = (accelerator.idlePower.si, accelerator.thermalDesignPower.si)
      return held(
        ((idle + 0.15 * (most - idle)) / 10).rounded(.up) * 10, most, isLogarithmic: false, isWhole: true)
    case .system, .degree: return held(middle, middle, isWhole: true)
    }
  }

  /// Capacity over what is offered, of the fullest deployment.
  private static func fullLoad(_ estimate: SteadyStateEstimate) -> Double {
    let utilisation = (estimate.peak ?? estimate.mean).fullest.utilisation
    return utilisation > 0 && utilisation.isFinite ? 1 / utilisation : 4
  }
}
