import CostModel
import Documents
import Hardware
import Quantities
import Scenario

/// One way to run a deployment on a system: everything that a plan chooses but the number of replicas.
struct PlanOption: Sendable {
  let system: SystemSpecification
  /// Share of the accelerators' power that they are held to, in (0, 1].
  var powerLimit = 1.0
  /// Formats; nil: the deployment's own.
  var precision: Node?
  /// The engine; nil: the deployment's own.
  var engine: Node?
  /// The layout of a replica, of the decode pool where prompts have one of their own.
  var layout: Parallelism
  /// The layout of a replica of the prefill pool; nil: prompts are worked on where answers are.
  var prefillLayout: Parallelism?
  /// Replicas of a unit, the smallest part of a site that serves requests by itself.
  var ratio: (prefill: Int, decode: Int) = (0, 1)
  var batchSize: Int
  /// Tokens of a step; nil: the engine's own.
  var batchTokens: Int?

  var mode: PlanMode { prefillLayout == nil ? .aggregated : .disaggregated }
  /// Replicas of a unit.
  var replicas: Int { ratio.prefill + ratio.decode }
  /// Accelerators of a unit, with those that nothing else can use where replicas don't fill a domain.
  var accelerators: Double {
    Double(ratio.decode) * system.accelerators(for: layout)
      + Double(ratio.prefill) * (prefillLayout.map { system.accelerators(for: $0) } ?? 0)
  }
  /// Watts that each accelerator is held to; nil: its thermal design power.
  var powerLimitWatts: Double? {
    powerLimit < 1 ? (powerLimit * system.accelerator.thermalDesignPower.si).rounded() : nil
  }
}

extension SystemSpecification {
  /// Accelerators that work together at most: those of a scale-up domain, or of a node.
  var domainSize: Int { SitePart(system: self, accelerators: 0, nodes: 0, racks: 0).domainSize }

  /// Accelerators that a replica takes, with its part of those that its domain has left over.
  func accelerators(for layout: Parallelism) -> Double {
    let domain = domainSize
    if layout.accelerators <= domain { return Double(domain) / Double(domain / layout.accelerators) }
    let stage = layout.acceleratorsPerStage
    if stage <= domain { return Double(domain) / Double(domain / stage) * Double(layout.pipeline) }
    return Double((stage + domain - 1) / domain * domain * layout.pipeline)
  }

  /// Replicas that fit on so many accelerators.
  func room(for layout: Parallelism, on accelerators: Int) -> Int {
    let domain = domainSize
    guard layout.accelerators <= domain else {
      return Int(Double(accelerators / domain * domain) / self.accelerators(for: layout) + 1e-9)
    }
    return accelerators / domain * (domain / layout.accelerators)
      + accelerators % domain / layout.accelerators
  }

  /// Accelerators that so many replicas leave to no other ones: the last domain is shared.
  func taken(_ replicas: Int, of layout: Parallelism) -> Int {
    let domain = domainSize
    guard layout.accelerators <= domain else { return accelerators(forReplicas: replicas, of: layout) }
    let each = domain / layout.accelerators
    return replicas / each * domain + replicas % each * layout.accelerators
  }

  /// Accelerators of whole domains that hold so many replicas.
  func accelerators(forReplicas replicas: Int, of layout: Parallelism) -> Int {
    let needed = Double(replicas) * accelerators(for: layout)
    let domain = Double(domainSize)
    return Int((needed / domain - 1e-9).rounded(.up) * domain)
  }
}

extension Parallelism {
  /// The layout as a scenario states it: `{ tensor: 8 }`.
  var text: String {
    let parts = [
      ("tensor", tensor), ("pipeline", pipeline), ("expert", expert), ("attention_data", attentionData),
      ("context", context),
    ]
    let stated = parts.filter { $0.1 > 1 }.map { "\($0.0): \($0.1)" }
    return "{ \(stated.isEmpty ? "tensor: 1" : stated.joined(separator: ", ")) }"
  }

  /// The layout for a table: `TP8`, `DP8EP8`.
  var shortText: String {
    let parts = [
      ("TP", tensor), ("DP", attentionData), ("EP", expert), ("PP", pipeline), ("CP", context),
    ]
    let stated = parts.filter { $0.1 > 1 }.map { "\($0.0)\($0.1)" }
    return stated.isEmpty ? "TP1" : stated.joined()
  }
}

extension JSONValue {
  /// An object without one of its members.
  func without(_ key: String?) -> JSONValue {
    guard case .object(let members) = self else { return self }
    return .object(members.filter { $0.0 != key })
  }

  /// The value as YAML in braces, on one line: `{ framework: vllm }`.
  var flow: String {
    switch self {
    case .object(let members):
      members.isEmpty ? "{}" : "{ " + members.map { "\($0.0): \($0.1.flow)" }.joined(separator: ", ") + " }"
    case .array(let elements): "[" + elements.map(\.flow).joined(separator: ", ") + "]"
    case .string(let text) where Self.isPlain(text): text
    default: self.text(indent: 0)
    }
  }

  /// Whether a text is one in YAML without quotes.
  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, ("a"..."z").contains(first) || ("A"..."Z").contains(first)
    else { return false }
    let isWord = text.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
        || "-_./".unicodeScalars.contains($0)
    }
    return isWord && !["true", "false", "null", "yes", "no", "on", "off", "Null", "NULL"].contains(text)
  }
}
