/// Traffic of others, at a constant rate for a time, on links of one kind.
public struct BackgroundTraffic: Sendable, Equatable {
  /// Links of one kind.
  public enum Tier: String, Sendable, CaseIterable {
    /// Network adapters, both ways.
    case adapters
    /// Between leaf and spine switches.
    case leaves
    /// Between spine and core switches.
    case spines
    /// Ports or links of scale-up domains.
    case scaleUp = "scale-up"
  }

  /// The links that it crosses.
  public var tier: Tier
  /// Adapters: of this node alone; nil: of all.
  public var node: Int?
  /// Adapters: this one of each node alone, from 0; nil: all.
  public var nic: Int?
  /// What it takes of each link's capacity, in 0...1.
  public var share: Double
  /// From when on and how long, in seconds; nil: for good.
  public var startSeconds: Double
  /// See ``startSeconds``.
  public var seconds: Double?

  /// Traffic of others; see the properties for ranges.
  public init(
    tier: Tier, node: Int? = nil, nic: Int? = nil, share: Double, startSeconds: Double = 0,
    seconds: Double? = nil
  ) {
    self.tier = tier
    self.node = node
    self.nic = nic
    self.share = share
    self.startSeconds = startSeconds
    self.seconds = seconds
  }

  /// Whether it crosses a link.
  func crosses(_ link: LinkID, of fabric: Fabric) -> Bool {
    let index = Int(link.index)
    switch tier {
    case .leaves: return fabric.leaf.contains(index)
    case .spines: return fabric.spine.contains(index)
    case .scaleUp: return fabric.scaleUp.contains(index) || fabric.hostPath.contains(index)
    case .adapters:
      guard fabric.nic.contains(index) else { return false }
      let adapter = (index - fabric.nic.first) / 2
      let each = fabric.description.nicsPerNode
      return (node ?? adapter / each) == adapter / each && (nic ?? adapter % each) == adapter % each
    }
  }
}
