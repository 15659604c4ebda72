import Quantities

/// A system to serve on: an accelerator, its node, its rack and the fabrics that join them.
public struct SystemSpecification: Hashable, Sendable {
  /// The name that scenarios use: `gb300-nvl72`.
  public var id: String
  /// The name for a reader: `NVIDIA GB300 NVL72`.
  public var name: String
  /// Who makes it; empty where a scenario does not say.
  public var vendor: String
  /// The generation of the accelerator.
  public var architecture: Architecture
  /// Whether it can be bought: `shipping`, `announced` or `hypothetical`.
  public var status: String
  /// One accelerator.
  public var accelerator: AcceleratorSpecification
  /// The fabric inside a scale-up domain.
  public var scaleUp: ScaleUpFabric
  /// The network between scale-up domains.
  public var scaleOut: ScaleOutFabric
  /// The link to the host's memory; nil where not known.
  public var hostLink: HostLink?
  /// The tray or server.
  public var node: NodeSpecification
  /// The cabinet.
  public var rack: RackSpecification
  /// What it costs.
  public var cost: CostSpecification
  /// Every figure above with its source, in a fixed order.
  public var figures: [Figure]

  /// Makes one from its figures; nothing is checked.
  public init(
    id: String, name: String, vendor: String, architecture: Architecture, status: String,
    accelerator: AcceleratorSpecification, scaleUp: ScaleUpFabric, scaleOut: ScaleOutFabric,
    hostLink: HostLink? = nil, node: NodeSpecification, rack: RackSpecification, cost: CostSpecification,
    figures: [Figure]
  ) {
    self.id = id
    self.name = name
    self.vendor = vendor
    self.architecture = architecture
    self.status = status
    self.accelerator = accelerator
    self.scaleUp = scaleUp
    self.scaleOut = scaleOut
    self.hostLink = hostLink
    self.node = node
    self.rack = rack
    self.cost = cost
    self.figures = figures
  }
}

extension SystemSpecification {
  /// Nodes in a full rack; a rack that holds no whole number of nodes has one that is not full.
  public var nodesPerRack: Int { (rack.accelerators + node.accelerators - 1) / node.accelerators }

  /// The figure at a path (`accelerator.memory`); nil where the system does not state one.
  public func figure(_ path: String) -> Figure? { figures.first { $0.path == path } }
}
