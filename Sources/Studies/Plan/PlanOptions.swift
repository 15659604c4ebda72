import CostModel
import Documents
import Hardware
import Models
import Scenario

/// Everything that a plan may try for a deployment, in a fixed order.
struct PlanOptions {
  let choices: PlanChoices
  /// The model, where the catalogue has it.
  let model: Model?
  /// Whether prompts can have a pool of their own.
  let takesPools: Bool

  /// Whether layouts for experts are worth a try: where the model is not known, they are.
  private var hasExperts: Bool { model.map { $0.transformer?.isMixtureOfExperts == true } ?? true }

  /// Ways to run it on a system at a power limit, where prompts are worked on with the answers.
  ///
  /// - Parameters:
  ///   - system: the system.
  ///   - powerLimit: the share of its power that each accelerator is held to, in (0, 1].
  ///   - isDeep: whether layouts with stages are tried, because none without fits.
  /// - Returns: every combination, in the order of the choices.
  func aggregated(on system: SystemSpecification, powerLimit: Double, isDeep: Bool) -> [PlanOption] {
    var options: [PlanOption] = []
    for precision in Self.values(choices.precisions, system) {
      for engine in Self.values(choices.engines, system) {
        for layout in layouts(on: system, isDeep: isDeep) {
          for tokens in choices.batchTokens.isEmpty ? [nil] : choices.batchTokens.map(Optional.some) {
            options += choices.batchSizes.map {
              PlanOption(
                system: system, powerLimit: powerLimit, precision: precision, engine: engine,
                layout: layout, batchSize: $0, batchTokens: tokens)
            }
          }
        }
      }
    }
    return options
  }

  /// The same with pools: of the layouts that fit, the smallest works on prompts, and the one that also answers.
  func disaggregated(from fitting: [PlanOption]) -> [PlanOption] {
    guard takesPools, choices.modes.contains(.disaggregated) else { return [] }
    let smallest = fitting.map(\.layout).min { $0.accelerators < $1.accelerators }
    return fitting.flatMap { option in
      [smallest, option.layout.accelerators == smallest?.accelerators ? nil : option.layout].compactMap {
        layout in
        guard let layout else { return nil }
        var option = option
        option.prefillLayout = layout
        option.ratio = (1, 1)
        return option
      }
    }
  }

  private static func values(_ values: [PlanValue], _ system: SystemSpecification) -> [Node?] {
    values.isEmpty ? [nil] : values.filter { $0.isFor(system) }.map { Optional($0.node) }
  }

  /// The layouts that are stated, else those that are common.
  ///
  /// Dense models share matrices among up to eight accelerators. Mixtures also spread their experts, over the accelerators of
  /// a tensor group or over attention groups of one accelerator each.
  private func layouts(on system: SystemSpecification, isDeep: Bool) -> [Parallelism] {
    if !choices.layouts.isEmpty {
      return isDeep ? [] : choices.layouts.filter { $0.isFor(system) }.map(\.parallel)
    }
    if model?.diffusion != nil { return isDeep ? [] : [Parallelism()] }
    let domain = system.domainSize
    if isDeep {
      let widest = [8, 4, 2, 1].first { $0 <= domain } ?? 1
      return [2, 4, 8].map { Parallelism(tensor: widest, pipeline: $0) }
    }
    let tensor = [1, 2, 4, 8].filter { $0 <= domain }
    var layouts = tensor.map { Parallelism(tensor: $0) }
    guard hasExperts else { return layouts }
    layouts += tensor.filter { $0 > 1 }.map { Parallelism(tensor: $0, expert: $0) }
    let wide = [2, 4, 8, 16, 32].filter { $0 <= domain }
    layouts += wide.map { Parallelism(expert: $0, attentionData: $0) }
    return layouts
  }
}
