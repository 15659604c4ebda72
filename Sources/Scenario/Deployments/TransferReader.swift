import Documents
import Quantities
import Simulation

/// What `hand_off.network:` states.
struct TransferDraft {
  /// Which links carry caches.
  enum Way: String, CaseIterable {
    case scaleOut = "scale-out"
    case scaleUp = "scale-up"
  }

  /// How network adapters are joined.
  enum Topology: String, CaseIterable {
    case railOptimised = "rail-optimised"
    case fatTree = "fat-tree"
  }

  /// How another rail is reached.
  enum Crossing: String, CaseIterable {
    case spine
    case scaleUp = "scale-up"
  }

  var way = Way.scaleOut
  var topology = Topology.railOptimised
  var crossing = Crossing.spine
  var nodesPerLeaf = 1
  var leafOversubscription = 1.0
  var spineOversubscription = 1.0
  var nodesPerPod: Int?
  var outages: [TransferPlan.LinkOutage] = []
  /// Leaf switches out of service: their numbers, and when.
  var leafOutages: [(leaf: Int, startSeconds: Double, seconds: Double?)] = []
  var backgrounds: [BackgroundTraffic] = []
  /// Whether what steps exchange takes its part of the links.
  var countsCollectives = false
  let field: Field
}

/// Reads `hand_off.network:`.
struct TransferReader {
  private static let most = Seconds(si: 1e10)

  /// The network; nil where none is stated.
  func read(_ field: Field, transport: KVTransferRate.Kind?) -> TransferDraft? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    var draft = TransferDraft(field: field)
    let way = reader.optional("over")
    draft.way =
      way.choice(TransferDraft.Way.self) ?? (transport?.usesScaleUp == true ? .scaleUp : .scaleOut)
    if let transport, way.isPresent, transport.usesScaleUp != (draft.way == .scaleUp) {
      way.reject(
        "\(transport.rawValue) does not move caches over these links",
        allowed: (transport.usesScaleUp ? TransferDraft.Way.scaleUp : .scaleOut).rawValue)
    }
    readTopology(&reader, &draft)
    draft.nodesPerPod = reader.optional("nodes_per_pod").int(in: 1...1_000_000)
    for outage in reader.optional("outages").list(outage) ?? [] {
      switch outage {
      case .adapter(let adapter): draft.outages.append(adapter)
      case .leaf(let leaf, let start, let seconds): draft.leafOutages.append((leaf, start, seconds))
      }
    }
    draft.backgrounds = reader.optional("background").list(background) ?? []
    draft.countsCollectives = reader.optional("collectives").bool() ?? false
    reader.finish()
    return draft
  }

  private func readTopology(_ reader: inout MappingReader, _ draft: inout TransferDraft) {
    draft.topology =
      reader.optional("topology").choice(TransferDraft.Topology.self) ?? .railOptimised
    let nodesPerLeaf =
      draft.topology == .fatTree
      ? reader.required("nodes_per_leaf") : reader.optional("nodes_per_leaf")
    draft.nodesPerLeaf = nodesPerLeaf.int(in: 1...1_000_000) ?? 1
    if draft.topology == .railOptimised, nodesPerLeaf.isPresent {
      nodesPerLeaf.reject("rails have a leaf for each adapter of a node", hint: "state topology: fat-tree")
    }
    let crossing = reader.optional("rail_crossing")
    draft.crossing = crossing.choice(TransferDraft.Crossing.self) ?? .spine
    if crossing.isPresent, draft.crossing == .scaleUp,
      draft.way == .scaleOut || draft.topology == .fatTree
    {
      crossing.reject(
        "flows change rails over scale-up links where those carry transfers, on rail-optimised networks",
        allowed: "spine, or over: scale-up")
    }
    draft.leafOversubscription = reader.optional("leaf_oversubscription").double(in: 0.1...100) ?? 1
    draft.spineOversubscription = reader.optional("spine_oversubscription").double(in: 0.1...100) ?? 1
  }

  /// What is out of service.
  private enum Outage {
    case adapter(TransferPlan.LinkOutage)
    case leaf(Int, startSeconds: Double, seconds: Double?)
  }

  private func outage(_ field: Field) -> Outage? {
    guard var reader = field.elementMapping() else { return nil }
    let leafField = reader.optional("leaf")
    let leaf = leafField.int(in: 0...1_000_000)
    let isLeaf = leafField.isPresent
    let node = (isLeaf ? reader.optional("node") : reader.required("node")).int(in: 0...1_000_000)
    let nic = (isLeaf ? reader.optional("nic") : reader.required("nic")).int(in: 0...1_000)
    let at = reader.required("at").quantity(Seconds.self, in: Seconds(si: 0)...Self.most)
    let lasting = reader.optional("for")
    let seconds = lasting.quantity(Seconds.self, above: Seconds(si: 0))
    reader.finish()
    if isLeaf, node != nil || nic != nil {
      leafField.reject("a leaf is all adapters on it", hint: "leave node and nic out")
    }
    guard let at, seconds != nil || !lasting.isPresent else { return nil }
    if let leaf { return .leaf(leaf, startSeconds: at.si, seconds: seconds?.si) }
    guard let node, let nic else { return nil }
    return .adapter(
      TransferPlan.LinkOutage(node: node, nic: nic, startSeconds: at.si, seconds: seconds?.si))
  }

  private func background(_ field: Field) -> BackgroundTraffic? {
    guard var reader = field.elementMapping() else { return nil }
    let tier = reader.required("on").choice(BackgroundTraffic.Tier.self)
    let nodeField = reader.optional("node")
    let nicField = reader.optional("nic")
    let node = nodeField.int(in: 0...1_000_000)
    let nic = nicField.int(in: 0...1_000)
    if let tier, tier != .adapters, nodeField.isPresent || nicField.isPresent {
      (nodeField.isPresent ? nodeField : nicField).reject(
        "only adapters belong to a node", hint: "leave node and nic out: all links of the tier")
    }
    let share = reader.required("share").share()
    let at = reader.optional("at")
    let start = at.quantity(Seconds.self, in: Seconds(si: 0)...Self.most)
    let lasting = reader.optional("for")
    let seconds = lasting.quantity(Seconds.self, above: Seconds(si: 0))
    reader.finish()
    guard let tier, let share, seconds != nil || !lasting.isPresent, start != nil || !at.isPresent else {
      return nil
    }
    return BackgroundTraffic(
      tier: tier, node: node, nic: nic, share: share, startSeconds: start?.si ?? 0, seconds: seconds?.si)
  }
}
