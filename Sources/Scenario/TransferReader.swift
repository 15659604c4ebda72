import CostModel
import Documents
import Hardware
import Models
import Quantities
import Simulation

/// What `hand_off.network:` states.
struct TransferDraft {
  /// Which links carry caches.
  enum Way: String, CaseIterable {
    case scaleOut = "scale-out"
    case scaleUp = "scale-up"
  }

  var way = Way.scaleOut
  var leafOversubscription = 1.0
  var nodesPerPod: Int?
  var outages: [TransferPlan.LinkOutage] = []
  let field: Field
}

/// Reads `hand_off.network:`.
struct TransferReader {
  private static let most = Seconds(si: 1e10)

  /// The network; nil where none is stated.
  func read(_ field: Field) -> TransferDraft? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    var draft = TransferDraft(field: field)
    draft.way = reader.optional("over").choice(TransferDraft.Way.self) ?? .scaleOut
    draft.leafOversubscription = reader.optional("leaf_oversubscription").double(in: 0.1...100) ?? 1
    draft.nodesPerPod = reader.optional("nodes_per_pod").int(in: 1...1_000_000)
    draft.outages = reader.optional("outages").list(outage) ?? []
    reader.finish()
    return draft
  }

  private func outage(_ field: Field) -> TransferPlan.LinkOutage? {
    guard var reader = field.elementMapping() else { return nil }
    let node = reader.required("node").int(in: 0...1_000_000)
    let nic = reader.required("nic").int(in: 0...1_000)
    let at = reader.required("at").quantity(Seconds.self, in: Seconds(si: 0)...Self.most)
    let lasting = reader.optional("for")
    let seconds = lasting.quantity(Seconds.self, above: Seconds(si: 0))
    reader.finish()
    guard let node, let nic, let at, seconds != nil || !lasting.isPresent else { return nil }
    return TransferPlan.LinkOutage(node: node, nic: nic, startSeconds: at.si, seconds: seconds?.si)
  }
}

extension TransferDraft {
  /// Spine switches of a pod; of how many there are little depends, since flows are spread over them.
  private static let spines = 4
  /// Core switches for each spine number.
  private static let cores = 2

  /// The hand-off of a deployment with its network, once it is known where replicas stand.
  func handOff(of item: DesignedDeployment, overlaps: Bool, on site: ResolvedSite) -> HandOff {
    guard let prefill = item.prefill else { preconditionFailure("a hand-off without pools") }
    var handOff = prefill.handOff
    guard let fabric = fabric(on: site, efficiency: item.design.efficiencies.cacheTransfer.bandwidth),
      let first = prefill.places?.replicas, let second = item.places?.replicas
    else { return handOff }
    for outage in outages where outage.node >= fabric.nodes || outage.nic >= fabric.nicsPerNode {
      field.refuse(
        "there is no adapter \(outage.nic) of node \(outage.node)",
        allowed: "nodes 0 to \(fabric.nodes - 1), adapters 0 to \(fabric.nicsPerNode - 1)")
    }
    let here = prefill.design.memory
    let there = item.design.memory
    let layers = Double(max(item.design.model.transformer?.layerCount ?? 1, 1))
    let exposed = overlaps ? 1 / layers : 1
    // The end with more accelerators holds the narrower parts, of which each is a flow.
    handOff.network = TransferPlan(
      fabric: fabric, accelerators: (first + second).map { $0.flatMap(Array.init) },
      prefillGroups: prefill.design.parallel.attentionData, decodeGroups: item.design.parallel.attentionData,
      bytesPerToken: min(here.keyValueBytesPerToken, there.keyValueBytesPerToken) * exposed,
      fixedBytes: min(here.fixedBytesPerSequence, there.fixedBytesPerSequence) * exposed, outages: outages)
    handOff.latencySeconds = item.design.efficiencies.cacheTransfer.latencySeconds
    return handOff
  }

  /// What joins the site's accelerators, at the rates that transfers reach; nil where that isn't modelled.
  private func fabric(on site: ResolvedSite, efficiency: Double) -> FabricDescription? {
    let system = site.system
    let perNode = system.node.accelerators
    var scaleUp = FabricDescription.ScaleUp.none
    var domain = 1
    if way == .scaleUp {
      let rate = system.scaleUp.bandwidth.si * efficiency
      domain = system.scaleUp.worldSize
      switch system.scaleUp.topology {
      case .switched: scaleUp = .switched(portBytesPerSecond: rate)
      case .fullMesh: scaleUp = .mesh(linkBytesPerSecond: rate / Double(max(domain - 1, 1)))
      default:
        field.refuse(
          "transfers over a scale-up fabric of topology \(system.scaleUp.topology.rawValue) are not modelled",
          allowed: Way.scaleOut.rawValue)
        return nil
      }
    }
    let wholeNodes = (site.accelerators + perNode - 1) / perNode
    // Domains are whole: the nodes of the last one that hold nothing carry nothing.
    let perDomain = max(domain / perNode, 1)
    let nodes = (wholeNodes + perDomain - 1) / perDomain * perDomain
    let pod = min(nodesPerPod ?? nodes, nodes)
    let tiers = FabricDescription.Tiers(
      nodesPerPod: pod, spinesPerPod: Self.spines, leafOversubscription: leafOversubscription,
      coresPerSpine: pod < nodes ? Self.cores : 0)
    let description = FabricDescription(
      nodes: nodes, acceleratorsPerNode: perNode, scaleUp: scaleUp, acceleratorsPerDomain: domain,
      nicsPerNode: perNode, nicBytesPerSecond: system.scaleOut.bandwidth.si * efficiency,
      scaleOut: .railOptimised(tiers, crossing: .spine))
    if let problem = description.problem {
      field.refuse(problem)
      return nil
    }
    return description
  }
}

extension Echo {
  /// The links that transfers share.
  static func echo(_ plan: TransferPlan) -> JSONValue {
    let fabric = plan.fabric
    let overScaleUp = fabric.scaleUp != .none
    return .object([
      ("over", .string((overScaleUp ? TransferDraft.Way.scaleUp : .scaleOut).rawValue)),
      ("nodes", .int(fabric.nodes)), ("nics_per_node", .int(fabric.nicsPerNode)),
      ("nic_bytes_per_second", .double(fabric.nicBytesPerSecond)),
      ("nodes_per_pod", .int(fabric.scaleOut.tiers?.nodesPerPod ?? 0)),
      ("leaf_oversubscription", .double(fabric.scaleOut.tiers?.leafOversubscription ?? 1)),
      ("bytes_per_input_token_and_flow", .double(plan.bytesPerToken)), ("outages", .int(plan.outages.count)),
    ])
  }
}
