import CostModel
import Documents
import Quantities
import Hardware
import Scenario
import Simulation
import Workload

/// A path of a scenario and the YAML that a plan puts there; empty text removes what the file has.
public struct PlanSetting: Sendable, Equatable {
  /// The path: `deployments[0].parallel`.
  public var path: String
  /// The value.
  public var value: String
}

/// A scenario file that a plan tries configurations in.
struct PlanDocument: Sendable {
  let file: ScenarioFile
  let catalogue: ScenarioCatalogue
  let options: ResolutionOptions

  private var root: Node { file.document.root }
  /// The deployments as the file states them.
  var deployments: [Node] { root["deployments"]?.elements ?? [] }

  /// The engine that a deployment states, or its decode pool.
  private func engine(of node: Node) -> Node? { node["engine"] ?? decodePool(of: node)?["engine"] }
  private func decodePool(of node: Node) -> Node? {
    node["pools"]?.elements?.first { $0["role"]?.scalar?.text == "decode" }
  }

  /// What an option with so many units sets of the deployment at `index` of the file, which is at `position` of the document.
  func settings(_ option: PlanOption, units: Int, of index: Int, at position: Int) -> [PlanSetting] {
    let prefix = "deployments[\(position)]"
    let node = deployments[index]
    var settings: [PlanSetting] = []
    func set(_ key: String, _ value: String) {
      settings.append(PlanSetting(path: "\(prefix).\(key)", value: value))
    }
    func remove(_ keys: [String]) {
      for key in keys where node[key]?.isNull == false { set(key, "") }
    }
    remove(["faults", "autoscale", "planner", "update"])
    if let precision = option.precision { set("precision", precision.json.flow) }
    let engine = option.engine ?? self.engine(of: node)
    if option.engine != nil || node["engine"] == nil, let engine { set("engine", engine.json.flow) }
    let names = ["max_batch_size", "max_num_seqs", "max_running_requests"]
    set("engine.\(names.first { engine?[$0] != nil } ?? names[0])", "\(option.batchSize)")
    if let tokens = option.batchTokens {
      let names = ["max_batch_tokens", "max_num_batched_tokens", "max_num_tokens", "chunked_prefill_size"]
      set("engine.\(names.first { engine?[$0] != nil } ?? names[0])", "\(tokens)")
    }
    if let watts = option.powerLimitWatts { set("power_limit", "\(Int(watts)) W") }
    let stated = node["router"] ?? decodePool(of: node)?["router"]
    // Routers of pools know at once what is in flight.
    let router = stated.map { $0.json.without(option.prefillLayout == nil ? nil : "view_delay").flow }
    guard let prefill = option.prefillLayout else {
      if node["pools"] != nil, let router { set("router", router) }
      remove(["pools", "hand_off"])
      set("parallel", option.layout.text)
      set("replicas", "\(units)")
      return settings
    }
    remove(["parallel", "replicas", "router"])
    func pool(_ role: String, _ replicas: Int, _ layout: Parallelism) -> String {
      "{ role: \(role), replicas: \(replicas), parallel: \(layout.text)"
        + (router.map { ", router: \($0)" } ?? "") + " }"
    }
    set(
      "pools",
      "[" + pool("prefill", units * option.ratio.prefill, prefill) + ", "
        + pool("decode", units * option.ratio.decode, option.layout) + "]")
    return settings
  }

  /// What all configurations change: the plan itself, and what would hide how a configuration does.
  private var common: [PlanSetting] {
    ["plan", "sweep", "references"].filter { root[$0]?.isNull == false }.map {
      PlanSetting(path: $0, value: "")
    }
  }

  /// The scenario with settings, checked.
  func resolve(_ settings: [PlanSetting]) throws(Problems) -> ResolvedScenario {
    try resolve(settings, in: file.document)
  }

  private func resolve(_ settings: [PlanSetting], in document: Document) throws(Problems) -> ResolvedScenario
  {
    var document = document
    for setting in common + settings {
      document = try document.setting(path: setting.path, to: setting.value)
    }
    var scenario = try file.resolve(changed: document, with: catalogue, options: options)
    for index in scenario.deployments.indices {
      for stream in scenario.deployments[index].plan.streams.indices {
        scenario.deployments[index].plan.streams[stream].arrivals.holdPeak()
      }
    }
    return scenario
  }

  /// A scenario of one deployment alone, on accelerators enough for so many units.
  func cell(_ option: PlanOption, units: Int, of index: Int) throws(Problems) -> ResolvedScenario {
    let node = deployments[index]
    let name = node["name"]?.scalar?.text ?? node["model"]?.scalar?.text
    var document = file.document
    if let entries = root.entries, deployments.count > 1 {
      let kept = entries.map { entry -> Node.Entry in
        var entry = entry
        if entry.key == "deployments" { entry.value.value = .sequence([node]) }
        if entry.key == "workload" {
          entry.value.value = .sequence(
            (entry.value.elements ?? []).filter { $0["deployment"]?.scalar?.text == name })
        }
        return entry
      }
      document.root.value = .mapping(kept)
    }
    return try resolve(
      settings(option, units: units, of: index, at: 0)
        + [model(option.system, accelerators: Self.accelerators([(option, units)])), Self.plainRun],
      in: document)
  }

  /// A scale model of the site: so many units of each deployment, on accelerators enough for them.
  func scaleModel(_ parts: [(option: PlanOption, units: Int)]) throws(Problems) -> ResolvedScenario {
    var settings: [PlanSetting] = []
    for (index, part) in parts.enumerated() {
      settings += self.settings(part.option, units: part.units, of: index, at: index)
    }
    return try resolve(
      settings + [model(parts[0].option.system, accelerators: Self.accelerators(parts)), Self.plainRun])
  }

  private func model(_ system: SystemSpecification, accelerators: Int) -> PlanSetting {
    PlanSetting(path: "site", value: "{ system: \(system.id), accelerators: \(accelerators) }")
  }

  /// A run that keeps nothing but the seed of the file.
  private static let plainRun = PlanSetting(path: "run.sample", value: "")

  /// Accelerators of whole domains for so many units of each deployment.
  static func accelerators(_ parts: [(option: PlanOption, units: Int)], spares: [Int] = []) -> Int {
    parts.enumerated().reduce(0) { sum, item in
      let (option, units) = item.element
      let system = option.system
      let more = item.offset < spares.count ? spares[item.offset] : 0
      return sum + system.accelerators(forReplicas: units * option.ratio.decode + more, of: option.layout)
        + (option.prefillLayout.map {
          system.accelerators(forReplicas: units * option.ratio.prefill + more, of: $0)
        } ?? 0)
    }
  }

  /// The site of the file with another system; `accelerators`: its size in place of the stated one.
  func site(_ system: SystemSpecification, powerLimit: Double, accelerators: Int?) -> [PlanSetting] {
    var settings = [PlanSetting(path: "site.system", value: system.id)]
    if let accelerators {
      for key in ["power", "racks", "nodes", "oversubscription"] where root["site"]?[key]?.isNull == false {
        settings.append(PlanSetting(path: "site.\(key)", value: ""))
      }
      settings.append(PlanSetting(path: "site.accelerators", value: "\(accelerators)"))
    } else if powerLimit < 1, root["site"]?["power"]?.isNull == false {
      // A rack whose accelerators are held below their power draws less than its nameplate by as much.
      let rack = system.rack.power.si
      let saved =
        Double(system.rack.accelerators) * system.accelerator.thermalDesignPower.si * (1 - powerLimit)
      let share = (rack / max(rack - saved, rack / 3) - 1) * 1e4
      settings.append(
        PlanSetting(path: "site.oversubscription", value: "\(share.rounded(.down) / 1e4)"))
    }
    return settings
  }
}

extension PlanDocument {
  /// The arrivals of the workload at a multiple of those that it states.
  func traffic(_ factor: Double, of scenario: ResolvedScenario) -> [PlanSetting] {
    var seen = Array(repeating: 0, count: deployments.count)
    let names = scenario.deployments.map(\.plan.name)
    return (root["workload"]?.elements ?? []).enumerated().flatMap { index, stream -> [PlanSetting] in
      let own = stream["deployment"]?.scalar.flatMap { names.firstIndex(of: $0.text) } ?? 0
      let streams = scenario.deployments[own].plan.streams
      guard seen[own] < streams.count else { return [] }
      let arrivals = streams[seen[own]].arrivals
      seen[own] += 1
      let path = "workload[\(index)].arrivals"
      func set(_ key: String, _ value: String) -> PlanSetting {
        PlanSetting(path: "\(path).\(key)", value: value)
      }
      switch arrivals.scaled(by: factor) {
      case .poisson(let rate) where stream["arrivals"]?["process"]?.scalar?.text == "diurnal":
        let requests = stream["arrivals"]?["requests"]?.scalar.map { ", requests: \($0.text)" } ?? ""
        return [PlanSetting(path: path, value: "{ process: poisson, rate: \(rate) /s\(requests) }")]
      case .poisson(let rate), .gamma(let rate, _), .deterministic(let rate):
        return [set("rate", "\(rate) /s")]
      case .onOff(let onRate, let offRate, _, _):
        return [set("on_rate", "\(onRate) /s"), set("off_rate", "\(offRate) /s")]
      case .trace:
        let stated = stream["arrivals"]?["rate_scale"]?.scalar?.double ?? 1
        return [set("rate_scale", "\(stated * factor)")]
      case .offline, .closedLoop, .diurnal: return []
      }
    }
  }
}

extension ArrivalProcess {
  /// Arrivals that follow a curve become Poisson ones at its highest rate, which a site is planned for.
  fileprivate mutating func holdPeak() {
    guard case .diurnal(let curve) = self else { return }
    self = .poisson(requestsPerSecond: curve.knots.map(\.requestsPerSecond).max() ?? 0)
  }
}
