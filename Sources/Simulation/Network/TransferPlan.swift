/// What came over links that transfers share.
public struct TransferOutcome: Sendable, Equatable {
  /// Caches that have come.
  public var transfers: Int64 = 0
  /// Their bytes, over all accelerators.
  public var bytes = 0.0
  /// Seconds that decode replicas with room have waited for them, without the constant part of a hand-off.
  public var waitSeconds = 0.0

  /// Nothing came.
  public init() {}
}

/// KV caches that go from prefill to decode replicas over links that they share.
///
/// Each accelerator of a prefill replica's attention group sends its part to its counterparts of a decode replica's group,
/// as flows of which each gets a max-min fair share of the links on its way. A cache has come when its last flow has.
public struct TransferPlan: Sendable, Equatable {
  /// What joins the accelerators; rates are those that transfers reach.
  public var fabric: FabricDescription
  /// The accelerators of each replica, those of the prefill pool first, attention group by attention group.
  public var accelerators: [[Int]]
  /// Attention groups of a prefill replica, >= 1.
  public var prefillGroups: Int
  /// Attention groups of a decode replica, >= 1.
  public var decodeGroups: Int
  /// What one flow carries for each prompt token, and whatever its length, in bytes.
  public var bytesPerToken: Double
  /// See ``bytesPerToken``.
  public var fixedBytes: Double
  /// Links that are out of service for a time.
  public var outages: [LinkOutage]
  /// What an engine reaches with one flow on a free link, in bytes/s, > 0.
  public var flowBytesPerSecond = Double.infinity
  /// Adapters of its node that an accelerator spreads each of its flows over: 1, or all of them.
  public var adaptersPerFlow = 1
  /// Other traffic on the links.
  public var backgrounds: [BackgroundTraffic] = []
  /// Layers whose caches leave one after the other while a prompt is worked on; nil: the whole cache leaves afterwards.
  public var streamedLayers: Int?
  /// What steps of prefill replicas send over the fabric; nil: nothing, or it isn't counted.
  public var prefillExchange: StepExchange?
  /// The same of decode replicas.
  public var decodeExchange: StepExchange?
  /// What the rates of the fabric's links are of their bandwidth, in (0, 1]: steps send at all of it.
  public var linkEfficiency = 1.0
  /// Prefill replicas, which come first in ``accelerators``.
  public var prefillReplicas = 0

  /// A link or network adapter that is out of service.
  public struct LinkOutage: Sendable, Equatable {
    /// The node that it belongs to.
    public var node: Int
    /// The network adapter of the node, from 0.
    public var nic: Int
    /// From when on and how long, in seconds; nil: for good.
    public var startSeconds: Double
    /// See ``startSeconds``.
    public var seconds: Double?

    /// An outage.
    public init(node: Int, nic: Int, startSeconds: Double, seconds: Double?) {
      self.node = node
      self.nic = nic
      self.startSeconds = startSeconds
      self.seconds = seconds
    }
  }

  /// A plan; see the properties for ranges.
  public init(
    fabric: FabricDescription, accelerators: [[Int]], prefillGroups: Int, decodeGroups: Int,
    bytesPerToken: Double,
    fixedBytes: Double = 0, outages: [LinkOutage] = []
  ) {
    self.fabric = fabric
    self.accelerators = accelerators
    self.prefillGroups = prefillGroups
    self.decodeGroups = decodeGroups
    self.bytesPerToken = bytesPerToken
    self.fixedBytes = fixedBytes
    self.outages = outages
  }

  /// The accelerators of an attention group of a replica.
  func group(_ group: Int, of replica: Int, isPrefill: Bool) -> ArraySlice<Int> {
    let all = accelerators[replica]
    let size = all.count / (isPrefill ? prefillGroups : decodeGroups)
    return all[group * size..<(group + 1) * size]
  }
}
