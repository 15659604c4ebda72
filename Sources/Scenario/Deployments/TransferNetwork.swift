import CostModel
import Documents
import Hardware
import Models
import Quantities
import Simulation

extension HandOffDraft {
  /// Bytes of one descriptor: a page of one layer, of the narrower part where the two pools split layers differently.
  func pageBytes(from prefill: ReplicaDesign, to decode: ReplicaDesign) -> Double {
    let perToken = min(prefill.keyValueBytesPerTokenAndLayer, decode.keyValueBytesPerTokenAndLayer)
    return Double(pageTokens) * perToken
  }

  /// What one accelerator reaches with the transport on a free link, in bytes/s; nil where none is stated.
  func flowBytesPerSecond(from prefill: ReplicaDesign, to decode: ReplicaDesign) -> Double? {
    guard let transport else { return nil }
    let system = prefill.system
    func link(_ system: SystemSpecification) -> Double {
      (transport.usesScaleUp ? system.scaleUp.bandwidth : system.scaleOut.bandwidth).si
    }
    // The slower end sets the pace.
    var link = min(link(system), link(decode.system))
    if transport.stripes {
      // All adapters of a node, shared by what of the replica stands there.
      let perNode = system.node.accelerators
      link *= Double(perNode) / Double(min(prefill.parallel.accelerators, perNode))
    }
    let page = pageBytes(from: prefill, to: decode)
    // States that don't grow with the context are one piece.
    return KVTransferRate.cap(transport, pageBytes: page > 0 ? page : 1e12, linkBytesPerSecond: link)
  }
}

extension TransferDraft {
  /// Spine switches of a pod; of how many there are little depends, since flows are spread over them.
  private static let spines = 4
  /// Core switches for each spine number.
  private static let cores = 2

  /// The hand-off of a deployment with its network, once it is known where replicas stand.
  func handOff(of item: DesignedDeployment, stated: HandOffDraft, on site: ResolvedSite) -> HandOff {
    guard let prefill = item.prefill else { preconditionFailure("a hand-off without pools") }
    var handOff = prefill.handOff
    let priors = item.design.efficiencies.cacheTransfer
    // Rates of transports were measured with all that they lose on real links.
    let efficiency = stated.transport == nil ? priors.bandwidth : 1
    let (from, to) = (prefill.design.system.id, item.design.system.id)
    guard from == to, let part = site.parts.first(where: { $0.system.id == from }) else {
      field.refuse(
        "the links between \(from) and \(to) are not modelled",
        hint: "leave network out: each attention group then has a link of its own")
      return handOff
    }
    if prefill.design.parallel.context > 1 {
      field.refuse(
        "caches of prompts that groups share have no flows yet",
        hint: "leave network out, or parallel.context")
      return handOff
    }
    guard let fabric = fabric(on: part, efficiency: efficiency), let first = prefill.places?.replicas,
      let second = item.places?.replicas
    else { return handOff }
    check(fabric)
    let here = prefill.design.memory
    let there = item.design.memory
    // The end with more accelerators holds the narrower parts, of which each is a flow.
    var plan = TransferPlan(
      fabric: fabric, accelerators: (first + second).map { $0.flatMap(Array.init) },
      prefillGroups: prefill.design.parallel.attentionData, decodeGroups: item.design.parallel.attentionData,
      bytesPerToken: min(here.keyValueBytesPerToken, there.keyValueBytesPerToken),
      fixedBytes: min(here.fixedBytesPerSequence, there.fixedBytesPerSequence),
      outages: outages + leafOutages.flatMap { adapters(of: $0, fabric) })
    plan.backgrounds = backgrounds
    plan.linkEfficiency = efficiency
    plan.prefillReplicas = first.count
    if stated.overlaps { plan.streamedLayers = max(item.design.model.transformer?.layerCount ?? 1, 1) }
    if let transport = stated.transport {
      let page = stated.pageBytes(from: prefill.design, to: item.design)
      plan.flowBytesPerSecond = KVTransferRate.cap(transport, pageBytes: page > 0 ? page : 1e12)
      if transport.stripes { plan.adaptersPerFlow = fabric.nicsPerNode }
    }
    if countsCollectives {
      plan.prefillExchange = exchange(prefill.design, decoding: false)
      plan.decodeExchange = exchange(item.design, decoding: true)
      let widest = max(
        prefill.design.parallel.acceleratorsPerStage, item.design.parallel.acceleratorsPerStage)
      if way == .scaleOut, widest <= joinedElsewhere(item.design) {
        field.refuse(
          "collectives: the steps of both pools exchange inside scale-up domains or nodes, not over these links",
          allowed: "over: scale-up, or collectives: false")
      }
    }
    handOff.network = plan
    handOff.latencySeconds = priors.latencySeconds
    return handOff
  }

  /// The adapters of a leaf switch that is out of service; leaves are numbered pod by pod, in a pod by rail or by node.
  private func adapters(
    of outage: (leaf: Int, startSeconds: Double, seconds: Double?), _ fabric: FabricDescription
  ) -> [TransferPlan.LinkOutage] {
    let pod = fabric.scaleOut.tiers?.nodesPerPod ?? fabric.nodes
    var nodesPerLeaf = pod
    var leavesPerPod = fabric.nicsPerNode
    if case .fatTree(_, let nodes) = fabric.scaleOut {
      nodesPerLeaf = nodes
      leavesPerPod = (pod + nodes - 1) / nodes
    }
    let first = outage.leaf / leavesPerPod * pod
    let own = outage.leaf % leavesPerPod
    let isRail = nodesPerLeaf == pod && leavesPerPod == fabric.nicsPerNode && topology == .railOptimised
    let begin = isRail ? first : first + own * nodesPerLeaf
    let end = min(begin + nodesPerLeaf, first + pod, fabric.nodes)
    guard begin < end else {
      let pods = (fabric.nodes + pod - 1) / pod
      field.refuse(
        "there is no leaf \(outage.leaf)", allowed: "leaves 0 to \(pods * leavesPerPod - 1)")
      return []
    }
    return (begin..<end).flatMap { node in
      (isRail ? own..<(own + 1) : 0..<fabric.nicsPerNode).map { nic in
        TransferPlan.LinkOutage(
          node: node, nic: nic, startSeconds: outage.startSeconds, seconds: outage.seconds)
      }
    }
  }

  /// What steps of a design send over the links that carry transfers.
  private func exchange(_ design: ReplicaDesign, decoding: Bool) -> StepExchange {
    StepExchange(
      expertBytesPerToken: design.expertBytesPerToken(decoding: decoding),
      summedBytesPerToken: design.summedBytesPerToken,
      expertGroup: design.parallel.expert, tensorGroup: design.parallel.tensor,
      joinedElsewhere: joinedElsewhere(design))
  }

  /// Accelerators side by side that exchange over other links than those of network adapters.
  private func joinedElsewhere(_ design: ReplicaDesign) -> Int {
    let system = design.system
    if way == .scaleUp { return 1 }
    return max(system.scaleUp.topology == .none ? 1 : system.scaleUp.worldSize, system.node.accelerators)
  }

  /// What is named must be there.
  private func check(_ fabric: FabricDescription) {
    func refuseAdapter(_ node: Int?, _ nic: Int?) {
      if node ?? 0 < fabric.nodes, nic ?? 0 < fabric.nicsPerNode { return }
      field.refuse(
        "there is no adapter \(nic ?? 0) of node \(node ?? 0)",
        allowed: "nodes 0 to \(fabric.nodes - 1), adapters 0 to \(fabric.nicsPerNode - 1)")
    }
    for outage in outages { refuseAdapter(outage.node, outage.nic) }
    for background in backgrounds {
      refuseAdapter(background.node, background.nic)
      let isThere =
        switch background.tier {
        case .adapters, .leaves: true
        case .spines: fabric.scaleOut.tiers?.coresPerSpine ?? 0 > 0
        case .scaleUp: way == .scaleUp
        }
      if !isThere {
        field.refuse(
          "no transfer crosses links of the tier \(background.tier.rawValue)",
          allowed: "spines with nodes_per_pod below all nodes, scale-up with over: scale-up")
      }
    }
  }

  /// What joins the accelerators of a scale-up domain, and their path to the host where that is what joins them; nil where
  /// nothing does.
  private func scaleUp(
    _ system: SystemSpecification, efficiency: Double
  ) -> (fabric: FabricDescription.ScaleUp, hostPath: Double?)? {
    let rate = system.scaleUp.bandwidth.si * efficiency
    let domain = system.scaleUp.worldSize
    func torus(_ dimensions: Int) -> FabricDescription.ScaleUp {
      let sizes = Self.torusSizes(domain, dimensions: dimensions)
      // A dimension of two has one neighbour, the others two.
      let links = sizes.reduce(0) { $0 + ($1 == 2 ? 1 : 2) }
      return .torus(sizes: sizes, linkBytesPerSecond: rate / Double(links))
    }
    switch system.scaleUp.topology {
    case .switched: return (.switched(portBytesPerSecond: rate), nil)
    case .fullMesh: return (.mesh(linkBytesPerSecond: rate / Double(max(domain - 1, 1))), nil)
    case .ring: return (torus(1), nil)
    case .torus2D: return (torus(2), nil)
    case .torus3D: return (torus(3), nil)
    case .pcie: return (.none, rate)
    case .none:
      field.refuse("nothing joins accelerators of a scale-up domain here", allowed: Way.scaleOut.rawValue)
      return nil
    }
  }

  /// The sizes of a torus of `accelerators`: those of all its forms that add up to the least, each at least 2.
  static func torusSizes(_ accelerators: Int, dimensions: Int) -> [Int] {
    guard dimensions > 1 else { return [accelerators] }
    var best: [Int] = []
    var first = 2
    while first * first <= accelerators {
      if accelerators % first == 0 {
        let rest = torusSizes(accelerators / first, dimensions: dimensions - 1)
        let sizes = ([first] + rest).sorted()
        let isBetter = best.count < sizes.count || (best.count == sizes.count && sum(sizes) < sum(best))
        if isBetter { best = sizes }
      }
      first += 1
    }
    return best.isEmpty ? [accelerators] : best
  }

  private static func sum(_ sizes: [Int]) -> Int { sizes.reduce(0, +) }

  /// What joins the accelerators of a part of the site, at the rates that transfers reach; nil where that isn't modelled.
  private func fabric(on part: SitePart, efficiency: Double) -> FabricDescription? {
    let system = part.system
    let perNode = system.node.accelerators
    var joined = (fabric: FabricDescription.ScaleUp.none, hostPath: Double?.none)
    var domain = 1
    if way == .scaleUp {
      guard let found = scaleUp(system, efficiency: efficiency) else { return nil }
      joined = found
      domain = system.scaleUp.worldSize
    }
    let wholeNodes = (part.accelerators + perNode - 1) / perNode
    // Domains are whole: the nodes of the last one that hold nothing carry nothing.
    let perDomain = max(domain / perNode, 1)
    let nodes = (wholeNodes + perDomain - 1) / perDomain * perDomain
    let pod = min(nodesPerPod ?? nodes, nodes)
    let tiers = FabricDescription.Tiers(
      nodesPerPod: pod, spinesPerPod: Self.spines, leafOversubscription: leafOversubscription,
      coresPerSpine: pod < nodes ? Self.cores : 0, spineOversubscription: spineOversubscription)
    let description = FabricDescription(
      nodes: nodes, acceleratorsPerNode: perNode, scaleUp: joined.fabric, acceleratorsPerDomain: domain,
      hostPathBytesPerSecond: joined.hostPath, nicsPerNode: perNode,
      nicBytesPerSecond: system.scaleOut.bandwidth.si * efficiency,
      scaleOut: topology == .fatTree
        ? .fatTree(tiers, nodesPerLeaf: min(nodesPerLeaf, pod))
        : .railOptimised(tiers, crossing: crossing == .scaleUp ? .scaleUp : .spine))
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
    let overScaleUp = fabric.scaleUp != .none || fabric.hostPathBytesPerSecond != nil
    let tiers = fabric.scaleOut.tiers
    var topology = TransferDraft.Topology.railOptimised
    var nodesPerLeaf = JSONValue.null
    if case .fatTree(_, let nodes) = fabric.scaleOut {
      topology = .fatTree
      nodesPerLeaf = .int(nodes)
    }
    return .object([
      ("over", .string((overScaleUp ? TransferDraft.Way.scaleUp : .scaleOut).rawValue)),
      ("scale_up", scaleUp(fabric)), ("topology", .string(topology.rawValue)),
      ("nodes_per_leaf", nodesPerLeaf), ("nodes", .int(fabric.nodes)),
      ("nics_per_node", .int(fabric.nicsPerNode)),
      ("nic_bytes_per_second", .double(fabric.nicBytesPerSecond)),
      ("nodes_per_pod", .int(tiers?.nodesPerPod ?? 0)),
      ("leaf_oversubscription", .double(tiers?.leafOversubscription ?? 1)),
      ("spine_oversubscription", .double(tiers?.spineOversubscription ?? 1)),
      ("bytes_per_input_token_and_flow", .double(plan.bytesPerToken)),
      ("adapters_per_flow", .int(plan.adaptersPerFlow)),
      (
        "bytes_per_second_and_flow",
        plan.flowBytesPerSecond < .infinity ? .double(plan.flowBytesPerSecond) : .null
      ),
      ("streamed_layers", plan.streamedLayers.map { .int($0) } ?? .null),
      ("outages", .int(plan.outages.count)), ("background", .array(plan.backgrounds.map(background))),
      (
        "collectives",
        plan.prefillExchange == nil
          ? .null
          : .object([
            ("prefill", exchange(plan.prefillExchange)), ("decode", exchange(plan.decodeExchange)),
          ])
      ),
    ])
  }

  private static func scaleUp(_ fabric: FabricDescription) -> JSONValue {
    switch fabric.scaleUp {
    case .none:
      return fabric.hostPathBytesPerSecond.map {
        .object([("kind", .string("host")), ("link_bytes_per_second", .double($0))])
      } ?? .null
    case .switched(let rate):
      return .object([("kind", .string("switched")), ("link_bytes_per_second", .double(rate))])
    case .mesh(let rate):
      return .object([("kind", .string("full-mesh")), ("link_bytes_per_second", .double(rate))])
    case .torus(let sizes, let rate):
      return .object([
        ("kind", .string("torus")), ("sizes", .array(sizes.map { .int($0) })),
        ("link_bytes_per_second", .double(rate)),
      ])
    }
  }

  private static func background(_ traffic: BackgroundTraffic) -> JSONValue {
    .object([
      ("on", .string(traffic.tier.rawValue)), ("node", traffic.node.map { .int($0) } ?? .null),
      ("nic", traffic.nic.map { .int($0) } ?? .null), ("share", .double(traffic.share)),
      ("at_seconds", .double(traffic.startSeconds)),
      ("for_seconds", traffic.seconds.map { .double($0) } ?? .null),
    ])
  }

  private static func exchange(_ exchange: StepExchange?) -> JSONValue {
    guard let exchange else { return .null }
    return .object([
      ("expert_bytes_per_token", .double(exchange.expertBytesPerToken)),
      ("summed_bytes_per_token", .double(exchange.summedBytesPerToken)),
    ])
  }
}
