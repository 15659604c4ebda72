import CostModel
import Documents
import Hardware
import Quantities

/// Reads `plan:`: what is asked, and what `tokenmill plan` may choose.
struct PlanReader {
  let root: Node
  let systems: SystemCatalogue
  let problems: ProblemCollector

  /// Requests that run at once where a plan names none.
  static let batchSizes = [32, 64, 128, 256, 512, 1024]
  /// Hours between failures of an accelerator: 419 unexpected interruptions in 54 days of 16,384 H100 (Llama Team, "The
  /// Llama 3 Herd of Models", 2024, table 5).
  static let acceleratorHours = 50_000.0
  /// Hours until a replica that failed is back: an assumption.
  static let repairHours = 24.0
  private static let most = 1e12

  /// The section; nil where it is wrong or there is none.
  func section() -> PlanSection? {
    guard let node = root["plan"], !node.isNull else { return nil }
    let before = problems.problems.count
    var reader = MappingReader(node, problems: problems)
    let traffic = self.traffic(reader.optional("traffic"))
    let fallback: PlanObjective = traffic == nil ? .tokensPerSecond : .dollarsPerMillionTokens
    let objective = reader.optional("objective").choice(PlanObjective.self) ?? fallback
    let budget = self.budget(reader.optional("budget"))
    let availability = self.availability(reader.optional("availability"))
    let finalists = reader.optional("finalists").int(in: 1...100) ?? 3
    let simulated = reader.optional("simulated_replicas").int(in: 1...100_000) ?? 16
    let chosen = self.systems(reader.optional("systems"))
    let limits = reader.optional("power_limits").list { $0.share() } ?? [1]
    let carbon = reader.optional("carbon_grams_per_kwh").double(in: 0...1e6)
    let common = choices(&reader, PlanChoices())
    let deploymentsField = reader.optional("deployments")
    let deployments = self.deployments(deploymentsField, common)
    reader.finish()
    let site = root["site"]
    let hasSize = ["racks", "nodes", "accelerators", "power"].contains { site?[$0]?.isNull == false }
    check(objective, carbon, node)
    if !hasSize, traffic == nil, budget.capital == nil, budget.perHour == nil {
      Field(node, problems: problems).refuse(
        "nothing bounds the site",
        allowed: "a size in 'site' (power, racks, nodes or accelerators), a budget, or the traffic to serve")
    }
    guard problems.problems.count == before, !chosen.isEmpty else { return nil }
    return PlanSection(
      objective: objective, traffic: traffic, capitalDollars: budget.capital,
      dollarsPerHour: budget.perHour, availability: availability, finalists: finalists,
      simulatedReplicas: simulated, systems: chosen, powerLimits: limits.isEmpty ? [1] : limits,
      carbonGramsPerKilowattHour: carbon, hasSize: hasSize, deployments: deployments, node: node)
  }

  /// What contradicts the rest of the scenario.
  private func check(_ objective: PlanObjective, _ carbon: Double?, _ node: Node) {
    let field = Field(node["objective"] ?? node, problems: problems)
    if objective == .carbonPerMillionTokens, carbon == nil,
      root["site"]?["facility"]?["carbon_grams_per_kwh"] == nil
    {
      field.reject(
        "nobody says how much CO2 the energy stands for",
        allowed: "with plan.carbon_grams_per_kwh or site.facility.carbon_grams_per_kwh")
    }
    if let several = root["site"]?["systems"] {
      Field(several, problems: problems).refuse(
        "a plan chooses one system for the site", hint: "name them in 'plan.systems'")
    }
  }

  private func traffic(_ field: Field) -> PlanTraffic? {
    guard var reader = field.mapping() else { return nil }
    let rate = reader.optional("rate").quantity(PerSecond.self, above: PerSecond(si: 0))
    let growthField = reader.optional("growth")
    let growth = growthField.double(in: 1e-6...Self.most)
    reader.finish()
    switch (rate, growth) {
    case (let rate?, nil): return .rate(rate.si)
    case (nil, let growth?): return .growth(growth)
    case (nil, nil):
      if !reader.has("rate"), !reader.has("growth") {
        field.refuse("the traffic has no size", allowed: "one of rate, growth")
      }
      return nil
    default:
      growthField.refuse("the traffic has two sizes", allowed: "one of rate, growth")
      return nil
    }
  }

  private func budget(_ field: Field) -> (capital: Double?, perHour: Double?) {
    guard var reader = field.mapping() else { return (nil, nil) }
    let capital = reader.optional("capital").quantity(Dollars.self, above: Dollars(si: 0))
    let perHour = reader.optional("per_hour").quantity(DollarsPerHour.self, above: DollarsPerHour(si: 0))
    reader.finish()
    if !reader.has("capital"), !reader.has("per_hour") {
      field.refuse("the budget has no amount", allowed: "capital, per_hour or both")
    }
    return (capital?.si, perHour?.dollarsPerHour)
  }

  private func availability(_ field: Field) -> PlanAvailability? {
    guard field.isPresent else { return nil }
    let hours = PlanAvailability(
      target: 0, acceleratorHours: Self.acceleratorHours, repairHours: Self.repairHours)
    func target(_ field: Field) -> Double? {
      guard let share = field.share() else { return nil }
      if share < 1 { return share }
      field.reject("nothing is always in service", allowed: "less than 100 %")
      return nil
    }
    guard field.node?.entries != nil else {
      return target(field).map {
        PlanAvailability(target: $0, acceleratorHours: hours.acceleratorHours, repairHours: hours.repairHours)
      }
    }
    guard var reader = field.mapping() else { return nil }
    let share = target(reader.required("target"))
    let zero = Seconds(si: 0)
    let between = reader.optional("accelerator_mtbf").quantity(Seconds.self, above: zero)
    let repair = reader.optional("repair").quantity(Seconds.self, above: zero)
    reader.finish()
    return share.map {
      PlanAvailability(
        target: $0, acceleratorHours: between.map { $0.si / 3600 } ?? hours.acceleratorHours,
        repairHours: repair.map { $0.si / 3600 } ?? hours.repairHours)
    }
  }

  /// The systems to choose from; the site's own where none are named.
  private func systems(_ field: Field) -> [SystemSpecification] {
    guard field.isPresent else {
      // A wrong or missing name is reported where the site is read.
      return [root["site"]?["system"]?.scalar?.text].compactMap { $0.flatMap { systems.system($0) } }
    }
    let found = field.list { systems.system($0) } ?? []
    if field.node?.elements?.isEmpty == true { field.reject("at least one system is needed") }
    for (index, system) in found.enumerated() where found[..<index].contains(system) {
      field.refuse("\(system.id) is named twice")
    }
    return found
  }
}

extension PlanReader {
  /// What is open for each deployment: what its own element says, else what holds for all.
  private func deployments(_ field: Field, _ common: PlanChoices) -> [PlanChoices] {
    let elements = root["deployments"]?.elements ?? []
    let names = elements.map { $0["name"]?.scalar?.text ?? $0["model"]?.scalar?.text ?? "" }
    var choices = Array(repeating: common, count: elements.count)
    for element in field.list() ?? [] {
      guard var reader = element.elementMapping() else { continue }
      let name = reader.required("deployment").choice(names)
      let own = self.choices(&reader, common)
      reader.finish()
      if let index = names.firstIndex(where: { $0 == name }) { choices[index] = own }
    }
    return choices
  }

  private func choices(_ reader: inout MappingReader, _ common: PlanChoices) -> PlanChoices {
    var choices = common
    let numbers = { (field: Field) -> [Int]? in
      guard let found = field.list({ $0.int(in: 1...10_000_000) }) else { return nil }
      if field.node?.elements?.isEmpty == true { field.reject("at least one number is needed") }
      return found.isEmpty ? nil : found
    }
    if let found = values(reader.optional("precisions"), "precision") { choices.precisions = found }
    if let found = values(reader.optional("engines"), "engine") { choices.engines = found }
    if let found = values(reader.optional("layouts"), "layout") {
      choices.layouts = found.compactMap { value in
        DeploymentReader.parallel(Field(value.node, problems: problems)).map {
          PlanLayout(parallel: $0, systems: value.systems)
        }
      }
    }
    if let found = numbers(reader.optional("max_batch_size")) { choices.batchSizes = found }
    if let found = numbers(reader.optional("max_batch_tokens")) { choices.batchTokens = found }
    let modes = reader.optional("modes")
    if let found = modes.list({ $0.choice(PlanMode.self) }) {
      if modes.node?.elements?.isEmpty == true { modes.reject("at least one mode is needed") }
      choices.modes = PlanMode.allCases.filter { found.contains($0) }
    }
    return choices
  }

  /// Mappings in the syntax of a deployment's own key, each with `systems` that it is for.
  private func values(_ field: Field, _ what: String) -> [PlanValue]? {
    guard let list = field.list() else { return nil }
    if list.isEmpty { field.reject("at least one \(what) is needed") }
    return list.compactMap { element in
      guard let node = element.node, let entries = node.entries else {
        element.reject("a mapping is needed, as a deployment states its \(what)")
        return nil
      }
      var value = node
      value.value = .mapping(entries.filter { $0.key != "systems" })
      let names = node["systems"].flatMap { Field($0, problems: problems).list { systems.system($0)?.id } }
      return PlanValue(node: value, systems: names ?? [])
    }
  }
}
