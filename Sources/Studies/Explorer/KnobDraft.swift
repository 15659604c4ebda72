import Documents
import Quantities

/// A knob as the scenario's file has it, before anything is looked up.
struct KnobDraft: Sendable {
  /// What is turned, which settles the range.
  enum Shape: Sendable, Equatable {
    /// Requests each second.
    case rate
    /// Clients of a closed loop.
    case clients
    /// All arrivals at once, as a multiple of the file's.
    case load(hasClients: Bool)
    /// The system of the site.
    case system
    /// The grid connection, or racks, nodes or accelerators.
    case size
    /// A degree of parallelism of a deployment's pool.
    case degree(deployment: Int, isPrefill: Bool)
    /// Replicas of a deployment's pool.
    case replicas(deployment: Int, isPrefill: Bool)
    /// The batch limit of a deployment's pool.
    case batch(deployment: Int, isPrefill: Bool)
    /// What accelerators of a deployment are held to.
    case powerLimit(deployment: Int)
  }

  var id: String
  var name: String
  var shape: Shape
  var targets: [KnobTarget]
  /// The number in the file; nil where the file says none.
  var stated: Double?

  /// The overrides for a value.
  ///
  /// - Parameter text: a number, or a word.
  /// - Returns: texts as `--set` takes them.
  /// - Throws: that the value is neither.
  func overrides(_ text: String) throws(Problems) -> [String] {
    func wrong(_ message: String) -> Problems {
      Problems(Problem(file: "--set \(id)=\(text)", path: id, found: "'\(text)'", message: message))
    }
    if case .system = shape {
      guard !text.isEmpty, text.utf8.allSatisfy({ Self.wordCharacters.contains($0) }) else {
        throw wrong("a name is needed")
      }
      return targets.map { "\($0.path)=\(text)" }
    }
    guard let number = Double(text), number.isFinite else { throw wrong("a number is needed") }
    return targets.map { $0.override(number) }
  }

  /// What names of systems are made of: nothing that means anything in YAML.
  private static let wordCharacters = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8)
}

/// Finds what of a scenario's file can be turned.
struct KnobDrafts {
  private let root: Node

  init(_ document: Document) { root = document.root }

  /// The knobs in the order of the page: load first, then the site, then each deployment.
  var all: [KnobDraft] {
    var drafts = load + site
    let deployments = root["deployments"]?.elements ?? []
    for (index, node) in deployments.enumerated() {
      let name = node["name"]?.scalar?.text ?? node["model"]?.scalar?.text ?? ""
      drafts += self.deployment(node, index, of: deployments.count > 1 ? name : nil)
    }
    return drafts
  }

  // MARK: Load

  private var load: [KnobDraft] {
    var targets: [KnobTarget] = []
    var hasClients = false
    var alone: (name: String, shape: KnobDraft.Shape)?
    for stream in root["workload"]?.elements ?? [] {
      guard let arrivals = stream["arrivals"] else { continue }
      func rate(_ node: Node?) {
        guard let node, let text = node.scalar?.text, let rate = try? PerSecond.parse(text).si else { return }
        targets.append(KnobTarget(path: node.path, base: rate, unit: "req/s"))
      }
      switch arrivals["process"]?.scalar?.text {
      case "poisson", "gamma", "deterministic":
        rate(arrivals["rate"])
        alone = ("arrival rate", .rate)
      case "on-off":
        rate(arrivals["on_rate"])
        rate(arrivals["off_rate"])
      case "diurnal": for knot in arrivals["curve"]?.elements ?? [] { rate(knot["rate"]) }
      case "closed-loop":
        guard let node = arrivals["concurrency"], let clients = node.scalar?.int else { continue }
        targets.append(KnobTarget(path: node.path, base: Double(clients), isWhole: true))
        hasClients = true
        alone = ("clients of the closed loop", .clients)
      case "trace":
        let scale = arrivals["rate_scale"]?.scalar?.double ?? 1
        targets.append(KnobTarget(path: arrivals.path + ".rate_scale", base: scale))
      default: break
      }
    }
    guard let first = targets.first else { return [] }
    if let alone, targets.count == 1 {
      var target = first
      target.base = 1
      return [
        KnobDraft(
          id: target.path, name: alone.name, shape: alone.shape, targets: [target], stated: first.base)
      ]
    }
    return [
      KnobDraft(
        id: "load", name: "load, as a multiple of the file's", shape: .load(hasClients: hasClients),
        targets: targets, stated: 1)
    ]
  }

  // MARK: Site

  private var site: [KnobDraft] {
    guard let site = root["site"], let system = site["system"] else { return [] }
    var drafts = [
      KnobDraft(
        id: system.path, name: "system", shape: .system, targets: [KnobTarget(path: system.path)], stated: nil
      )
    ]
    if let node = site["power"], let text = node.scalar?.text, let watts = try? Watts.parse(text).si,
      watts > 0
    {
      let scale = [(1e9, "GW"), (1e6, "MW"), (1e3, "kW")].first { watts >= $0.0 } ?? (1, "W")
      drafts.append(
        KnobDraft(
          id: node.path, name: "power of the grid connection", shape: .size,
          targets: [KnobTarget(path: node.path, unit: scale.1)], stated: watts / scale.0))
    }
    for (key, name) in [("racks", "racks"), ("nodes", "nodes"), ("accelerators", "accelerators")] {
      guard let node = site[key], let count = node.scalar?.int else { continue }
      drafts.append(
        KnobDraft(
          id: node.path, name: name, shape: .size, targets: [KnobTarget(path: node.path, isWhole: true)],
          stated: Double(count)))
    }
    return drafts
  }

  // MARK: Deployments

  private func deployment(_ node: Node, _ index: Int, of name: String?) -> [KnobDraft] {
    let prefix = name.map { $0 + ": " } ?? ""
    var drafts: [KnobDraft] = []
    if let pools = node["pools"]?.elements {
      for pool in pools {
        let role = pool["role"]?.scalar?.text ?? ""
        drafts += layout(
          of: pool, index, isPrefill: role == "prefill", engine: pool["engine"] ?? node["engine"],
          prefix: prefix + role + ": ")
      }
    } else {
      drafts += layout(of: node, index, isPrefill: false, engine: node["engine"], prefix: prefix)
    }
    let path = node.path + ".power_limit"
    let stated = node["power_limit"]?.scalar.flatMap { try? Watts.parse($0.text).si }
    drafts.append(
      KnobDraft(
        id: path, name: prefix + "power limit of a GPU", shape: .powerLimit(deployment: index),
        targets: [KnobTarget(path: path, unit: "W")], stated: stated))
    return drafts
  }

  private static let degrees = [
    ("tensor", "tensor parallel"), ("pipeline", "pipeline parallel"), ("expert", "expert parallel"),
    ("attention_data", "attention groups"), ("context", "context parallel"),
  ]
  private static let batchKeys = ["max_batch_size", "max_num_seqs", "max_running_requests"]

  private func layout(
    of node: Node, _ index: Int, isPrefill: Bool, engine: Node?, prefix: String
  ) -> [KnobDraft] {
    var drafts: [KnobDraft] = []
    let parallel = node["parallel"]
    for (key, name) in Self.degrees {
      let degree = parallel?[key]?.scalar?.int
      guard degree != nil || (key == "tensor" && node["role"] == nil) else { continue }
      let path = node.path + ".parallel." + key
      drafts.append(
        KnobDraft(
          id: path, name: prefix + name, shape: .degree(deployment: index, isPrefill: isPrefill),
          targets: [KnobTarget(path: path, isWhole: true)], stated: Double(degree ?? 1)))
    }
    if let replicas = node["replicas"], let count = replicas.scalar?.int {
      drafts.append(
        KnobDraft(
          id: replicas.path, name: prefix + "replicas",
          shape: .replicas(deployment: index, isPrefill: isPrefill),
          targets: [KnobTarget(path: replicas.path, isWhole: true)], stated: Double(count)))
    }
    if let engine, engine.entries != nil {
      let stated = Self.batchKeys.first { engine[$0] != nil }
      let path = engine.path + "." + (stated ?? Self.batchKeys[0])
      drafts.append(
        KnobDraft(
          id: path, name: prefix + "batch limit", shape: .batch(deployment: index, isPrefill: isPrefill),
          targets: [KnobTarget(path: path, isWhole: true)],
          stated: stated.flatMap { engine[$0]?.scalar?.double }))
    }
    return drafts
  }
}
