/// How an installation's accelerators, hosts and storage are joined.
///
/// Rates are bytes/s in one direction.
public struct FabricDescription: Hashable, Sendable {
  /// Trays or servers, at least 1.
  public var nodes: Int
  /// Accelerators in a node, at least 1.
  public var acceleratorsPerNode: Int
  /// What joins the accelerators of a scale-up domain.
  public var scaleUp: ScaleUp
  /// Accelerators in a scale-up domain: a whole number of nodes, or a part of one; a domain may span racks.
  public var acceleratorsPerDomain: Int
  /// Between an accelerator and its host's memory (PCIe, C2C); nil: no path to the host is modelled.
  public var hostPathBytesPerSecond: Double?
  /// Of a node's network adapter for storage and other hosts; nil: it has none.
  public var hostNICBytesPerSecond: Double?
  /// Network adapters of the compute network in a node: a multiple or a divisor of its accelerators.
  public var nicsPerNode: Int
  /// Of one such adapter.
  public var nicBytesPerSecond: Double
  /// What joins the nodes.
  public var scaleOut: ScaleOut
  /// Of the whole storage system; nil: there is none.
  public var storageBytesPerSecond: Double?

  /// Describes an installation; what can't be is told by ``problem``.
  public init(
    nodes: Int, acceleratorsPerNode: Int, scaleUp: ScaleUp, acceleratorsPerDomain: Int,
    hostPathBytesPerSecond: Double? = nil, hostNICBytesPerSecond: Double? = nil, nicsPerNode: Int = 0,
    nicBytesPerSecond: Double = 0, scaleOut: ScaleOut = .none, storageBytesPerSecond: Double? = nil
  ) {
    self.nodes = nodes
    self.acceleratorsPerNode = acceleratorsPerNode
    self.scaleUp = scaleUp
    self.acceleratorsPerDomain = acceleratorsPerDomain
    self.hostPathBytesPerSecond = hostPathBytesPerSecond
    self.hostNICBytesPerSecond = hostNICBytesPerSecond
    self.nicsPerNode = nicsPerNode
    self.nicBytesPerSecond = nicBytesPerSecond
    self.scaleOut = scaleOut
    self.storageBytesPerSecond = storageBytesPerSecond
  }

  /// What joins the accelerators of a scale-up domain.
  public enum ScaleUp: Hashable, Sendable {
    /// Nothing: what stays in a node goes through its host, else over the network.
    case none
    /// A switch that any pair crosses at full rate; each accelerator has a port to it and one from it (NVLink).
    case switched(portBytesPerSecond: Double)
    /// A link from each accelerator to each other one (Infinity Fabric).
    case mesh(linkBytesPerSecond: Double)
    /// A grid that closes in each of its one to three dimensions, a link to each neighbour (TPU, Trainium).
    ///
    /// The sizes, >= 2 each, multiply to the accelerators of a domain; one dimension is a ring.
    case torus(sizes: [Int], linkBytesPerSecond: Double)
  }

  /// What joins the nodes.
  public enum ScaleOut: Hashable, Sendable {
    /// Nothing.
    case none
    /// NIC i of every node of a pod is on the pod's leaf i.
    case railOptimised(Tiers, crossing: RailCrossing)
    /// All NICs of a node are on one leaf, which serves this many nodes.
    case fatTree(Tiers, nodesPerLeaf: Int)

    /// Its tiers; nil where there are none.
    public var tiers: Tiers? {
      switch self {
      case .none: nil
      case .railOptimised(let tiers, _), .fatTree(let tiers, _): tiers
      }
    }
  }

  /// How a flow reaches an accelerator on another rail of a pod.
  public enum RailCrossing: Hashable, Sendable {
    /// Through the spine.
    case spine
    /// First over scale-up to the accelerator of its own node that is on the right rail (NCCL's PXN).
    case scaleUp
  }

  /// Leaf, spine and core switches.
  ///
  /// Every leaf of a pod is joined to each of the pod's spines, and spine i of every pod to each core switch of
  /// group i.
  public struct Tiers: Hashable, Sendable {
    /// Nodes in a pod, at least 1; the last pod may have fewer.
    public var nodesPerPod: Int
    /// Spine switches in a pod; 0: its leaves aren't joined.
    public var spinesPerPod: Int
    /// What a full leaf's NICs can send / what it has towards the spines, > 0; 1: nothing is lost.
    public var leafOversubscription: Double
    /// Core switches that join the spines of one number; 0: pods aren't joined.
    public var coresPerSpine: Int
    /// What a spine has from its leaves / what it has towards the core, > 0.
    public var spineOversubscription: Double

    /// Describes the switches above the NICs.
    public init(
      nodesPerPod: Int, spinesPerPod: Int, leafOversubscription: Double = 1, coresPerSpine: Int = 0,
      spineOversubscription: Double = 1
    ) {
      self.nodesPerPod = nodesPerPod
      self.spinesPerPod = spinesPerPod
      self.leafOversubscription = leafOversubscription
      self.coresPerSpine = coresPerSpine
      self.spineOversubscription = spineOversubscription
    }
  }
}

extension FabricDescription {
  /// All accelerators of the installation.
  public var accelerators: Int { nodes * acceleratorsPerNode }

  /// Why no such installation can be, in words for the person who described it; nil where it can.
  public var problem: String? {
    if nodes < 1 || acceleratorsPerNode < 1 { return "an installation has at least one node and accelerator" }
    return rateProblem ?? scaleUpProblem ?? scaleOutProblem
  }

  private var rateProblem: String? {
    var rates = [hostPathBytesPerSecond, hostNICBytesPerSecond, storageBytesPerSecond].compactMap { $0 }
    switch scaleUp {
    case .none: break
    case .switched(let rate), .mesh(let rate), .torus(_, let rate): rates.append(rate)
    }
    if nicsPerNode > 0 { rates.append(nicBytesPerSecond) }
    return rates.allSatisfy { $0 > 0 && $0 < .infinity } ? nil : "a link's rate is above 0 and finite"
  }

  private var scaleUpProblem: String? {
    let domain = acceleratorsPerDomain
    if domain < 1 || (domain % acceleratorsPerNode != 0 && acceleratorsPerNode % domain != 0) {
      return "a scale-up domain of \(domain) is neither whole nodes nor a part of one"
    }
    guard case .torus(let sizes, _) = scaleUp else { return nil }
    if !(1...3).contains(sizes.count) || sizes.contains(where: { $0 < 2 }) {
      return "a torus has one to three dimensions of at least 2"
    }
    if sizes.reduce(1, *) != domain { return "the sizes of a torus multiply to its domain, \(domain)" }
    return accelerators % domain == 0 ? nil : "a torus of \(domain) is full"
  }

  private var scaleOutProblem: String? {
    if nicsPerNode < 0 { return "a node has no fewer than 0 NICs" }
    if nicsPerNode > 0 && nicsPerNode % acceleratorsPerNode != 0 && acceleratorsPerNode % nicsPerNode != 0 {
      return "\(nicsPerNode) NICs can't be shared out evenly among \(acceleratorsPerNode) accelerators"
    }
    guard let tiers = scaleOut.tiers else { return nil }
    if nicsPerNode == 0 { return "a network needs NICs" }
    if tiers.nodesPerPod < 1 || tiers.spinesPerPod < 0 || tiers.coresPerSpine < 0 {
      return "a pod has at least one node, and no fewer than 0 switches"
    }
    if !(tiers.leafOversubscription > 0 && tiers.spineOversubscription > 0) {
      return "oversubscription is above 0; 1 is none"
    }
    if case .fatTree(_, let nodesPerLeaf) = scaleOut, nodesPerLeaf < 1 || nodesPerLeaf > tiers.nodesPerPod {
      return "a leaf serves at least one node, and at most a pod"
    }
    return nil
  }
}
