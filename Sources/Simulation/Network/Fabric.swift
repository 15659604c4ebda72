/// Something that a flow goes from or to.
enum FabricEnd: Hashable, Sendable {
  case accelerator(Int)
  /// The memory of a node's host.
  case host(Int)
  case storage
}

/// The links of an installation, and the ways over them.
///
/// Links are numbered in blocks, one a kind, so that a link's number, its capacity and its name are arithmetic on
/// the description. What a switch does inside is not modelled: its ports are.
struct Fabric: Sendable {
  /// Links of one kind; each accelerator, node or switch has its own side by side.
  struct Block: Sendable {
    var first = 0
    var count = 0
    /// Of each link, in bytes/s.
    var bytesPerSecond = 0.0

    subscript(_ offset: Int) -> LinkID { LinkID(index: Int32(first + offset)) }
    func contains(_ link: Int) -> Bool { link >= first && link < first + count }
  }

  let description: FabricDescription
  /// Scale-up links: port up and down of each accelerator; or each pair's; or each accelerator's to its neighbours.
  private(set) var scaleUp = Block()
  /// To the host and from it, for each accelerator.
  private(set) var hostPath = Block()
  /// Up and down, for each NIC of each node.
  private(set) var nic = Block()
  /// Up and down, for each spine of each leaf.
  private(set) var leaf = Block()
  /// Up and down, for each core of each spine.
  private(set) var spine = Block()
  /// Up and down, for each node's host.
  private(set) var hostNIC = Block()
  /// From the storage and to it.
  private(set) var storage = Block()
  private(set) var linkCount = 0
  let leavesPerPod: Int
  let pods: Int
  private var failed: [Bool] = []
  /// Links that have failed.
  private(set) var failures = 0

  /// Lays out the links of a description without a problem.
  init(_ description: FabricDescription) {
    precondition(description.problem == nil, description.problem ?? "")
    self.description = description
    let tiers = description.scaleOut.tiers
    pods = tiers.map { (description.nodes + $0.nodesPerPod - 1) / $0.nodesPerPod } ?? 0
    switch description.scaleOut {
    case .none: leavesPerPod = 0
    case .railOptimised: leavesPerPod = description.nicsPerNode
    case .fatTree(let tiers, let nodesPerLeaf):
      leavesPerPod = (tiers.nodesPerPod + nodesPerLeaf - 1) / nodesPerLeaf
    }
    layOutScaleUp()
    layOutTiers(tiers)
    if let rate = description.hostNICBytesPerSecond { add(\.hostNIC, 2 * description.nodes, rate) }
    if let rate = description.storageBytesPerSecond { add(\.storage, 2, rate) }
    failed = Array(repeating: false, count: linkCount)
  }

  private mutating func add(_ block: WritableKeyPath<Fabric, Block>, _ count: Int, _ bytesPerSecond: Double) {
    self[keyPath: block] = Block(first: linkCount, count: count, bytesPerSecond: bytesPerSecond)
    linkCount += count
  }

  private mutating func layOutScaleUp() {
    let accelerators = description.accelerators
    let domain = description.acceleratorsPerDomain
    let domains = (accelerators + domain - 1) / domain
    switch description.scaleUp {
    case .none: break
    case .switched(let rate): add(\.scaleUp, 2 * accelerators, rate)
    case .mesh(let rate): add(\.scaleUp, domains * domain * (domain - 1), rate)
    // A dimension of 2 uses one of its two links: both would lead to the same neighbour.
    case .torus(let sizes, let rate): add(\.scaleUp, accelerators * 2 * sizes.count, rate)
    }
    if let rate = description.hostPathBytesPerSecond { add(\.hostPath, 2 * accelerators, rate) }
  }

  private mutating func layOutTiers(_ tiers: FabricDescription.Tiers?) {
    if description.nicsPerNode > 0 {
      add(\.nic, 2 * description.nodes * description.nicsPerNode, description.nicBytesPerSecond)
    }
    guard let tiers, tiers.spinesPerPod > 0 else { return }
    let down = Double(nicsPerLeaf) * description.nicBytesPerSecond
    let leafRate = down / tiers.leafOversubscription / Double(tiers.spinesPerPod)
    add(\.leaf, 2 * pods * leavesPerPod * tiers.spinesPerPod, leafRate)
    guard pods > 1, tiers.coresPerSpine > 0 else { return }
    let fromLeaves = leafRate * Double(leavesPerPod)
    add(
      \.spine, 2 * pods * tiers.spinesPerPod * tiers.coresPerSpine,
      fromLeaves / tiers.spineOversubscription / Double(tiers.coresPerSpine))
  }

  /// NICs on a full leaf.
  var nicsPerLeaf: Int {
    switch description.scaleOut {
    case .none: 0
    case .railOptimised(let tiers, _): tiers.nodesPerPod
    case .fatTree(_, let nodesPerLeaf): nodesPerLeaf * description.nicsPerNode
    }
  }

  /// All links, free of traffic, in the order of their numbers.
  func network() -> FlowNetwork {
    var network = FlowNetwork()
    for block in blocks {
      for _ in 0..<block.count { network.addLink(bytesPerSecond: block.bytesPerSecond) }
    }
    return network
  }

  var blocks: [Block] { [scaleUp, hostPath, nic, leaf, spine, hostNIC, storage] }

  /// A link's capacity when nothing fails, in bytes/s.
  func bytesPerSecond(_ link: LinkID) -> Double {
    blocks.first { $0.contains(Int(link.index)) }?.bytesPerSecond ?? 0
  }

  /// Whether routes may use a link; its capacity in a ``FlowNetwork`` is the caller's to change.
  mutating func setFailed(_ link: LinkID, _ isFailed: Bool) {
    if failed[Int(link.index)] == isFailed { return }
    failed[Int(link.index)] = isFailed
    failures += isFailed ? 1 : -1
  }
  func isAlive(_ link: LinkID) -> Bool { !failed[Int(link.index)] }

  func node(of accelerator: Int) -> Int { accelerator / description.acceleratorsPerNode }
  func domain(of accelerator: Int) -> Int { accelerator / description.acceleratorsPerDomain }

  /// The rails whose NIC an accelerator uses, by number in its node.
  func rails(of accelerator: Int) -> Range<Int> {
    let position = accelerator % description.acceleratorsPerNode
    if description.nicsPerNode >= description.acceleratorsPerNode {
      let each = description.nicsPerNode / description.acceleratorsPerNode
      return (position * each)..<((position + 1) * each)
    }
    if description.nicsPerNode == 0 { return 0..<0 }
    let sharing = description.acceleratorsPerNode / description.nicsPerNode
    return (position / sharing)..<(position / sharing + 1)
  }

  /// The first accelerator of a node that uses a rail's NIC.
  func accelerator(ofRail rail: Int, node: Int) -> Int {
    let first = node * description.acceleratorsPerNode
    if description.nicsPerNode >= description.acceleratorsPerNode {
      return first + rail / (description.nicsPerNode / description.acceleratorsPerNode)
    }
    return first + rail * (description.acceleratorsPerNode / description.nicsPerNode)
  }
}

/// The numbers of links.
extension Fabric {
  func portUp(_ accelerator: Int) -> LinkID { scaleUp[2 * accelerator] }
  func portDown(_ accelerator: Int) -> LinkID { scaleUp[2 * accelerator + 1] }

  /// Of a mesh, from one accelerator to another one of its domain.
  func pairLink(_ source: Int, _ destination: Int) -> LinkID {
    let size = description.acceleratorsPerDomain
    let from = source % size
    let to = destination % size
    return scaleUp[(domain(of: source) * size + from) * (size - 1) + (to > from ? to - 1 : to)]
  }

  /// Of a torus, from an accelerator to its next neighbour along a dimension, or its last one.
  func neighbourLink(_ accelerator: Int, dimension: Int, forward: Bool, dimensions: Int) -> LinkID {
    scaleUp[(accelerator * dimensions + dimension) * 2 + (forward ? 0 : 1)]
  }

  func toHost(_ accelerator: Int) -> LinkID { hostPath[2 * accelerator] }
  func fromHost(_ accelerator: Int) -> LinkID { hostPath[2 * accelerator + 1] }
  func nicUp(node: Int, rail: Int) -> LinkID { nic[2 * (node * description.nicsPerNode + rail)] }
  func nicDown(node: Int, rail: Int) -> LinkID { nic[2 * (node * description.nicsPerNode + rail) + 1] }

  /// From a leaf, numbered through all pods, to a spine of its pod.
  func leafUp(leaf number: Int, spine: Int) -> LinkID { leaf[2 * (number * spinesPerPod + spine)] }
  func leafDown(leaf number: Int, spine: Int) -> LinkID { leaf[2 * (number * spinesPerPod + spine) + 1] }

  /// From a spine of a pod to a core of its group.
  func spineUp(pod: Int, spine number: Int, core: Int) -> LinkID {
    spine[2 * ((pod * spinesPerPod + number) * coresPerSpine + core)]
  }
  func spineDown(pod: Int, spine number: Int, core: Int) -> LinkID {
    spine[2 * ((pod * spinesPerPod + number) * coresPerSpine + core) + 1]
  }

  func hostUp(_ node: Int) -> LinkID { hostNIC[2 * node] }
  func hostDown(_ node: Int) -> LinkID { hostNIC[2 * node + 1] }
  var storageOut: LinkID { storage[0] }
  var storageIn: LinkID { storage[1] }

  var spinesPerPod: Int { description.scaleOut.tiers?.spinesPerPod ?? 0 }
  var coresPerSpine: Int { description.scaleOut.tiers?.coresPerSpine ?? 0 }
  func pod(ofNode node: Int) -> Int { node / (description.scaleOut.tiers?.nodesPerPod ?? 1) }

  /// The leaf of a NIC, numbered through all pods.
  func leafNumber(node: Int, rail: Int) -> Int {
    let pod = pod(ofNode: node)
    guard case .fatTree(let tiers, let nodesPerLeaf) = description.scaleOut else {
      return pod * leavesPerPod + rail
    }
    return pod * leavesPerPod + node % tiers.nodesPerPod / nodesPerLeaf
  }
}
