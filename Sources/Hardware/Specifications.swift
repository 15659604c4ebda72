import Quantities

/// One accelerator.
public struct AcceleratorSpecification: Hashable, Sendable {
  /// What the device reports as usable.
  public var memory: Bytes
  /// The technology: `HBM3e`; nil where not known.
  public var memoryType: String?
  /// Peak, of the whole memory.
  public var memoryBandwidth: BytesPerSecond
  /// Dense peak compute rates.
  public var peakRates: PeakRates
  /// Streaming multiprocessors, compute units or cores; nil where not known.
  public var computeUnits: Int?
  /// The last-level cache; nil where not known.
  public var l2Cache: Bytes?
  /// The highest clock; nil where not known.
  public var boostClock: Hertz?
  /// The default power limit.
  public var thermalDesignPower: Watts
  /// Drawn with an engine loaded and no work.
  public var idlePower: Watts

  /// Makes one from its figures; nothing is checked.
  public init(
    memory: Bytes, memoryType: String? = nil, memoryBandwidth: BytesPerSecond, peakRates: PeakRates,
    computeUnits: Int? = nil, l2Cache: Bytes? = nil, boostClock: Hertz? = nil, thermalDesignPower: Watts,
    idlePower: Watts
  ) {
    self.memory = memory
    self.memoryType = memoryType
    self.memoryBandwidth = memoryBandwidth
    self.peakRates = peakRates
    self.computeUnits = computeUnits
    self.l2Cache = l2Cache
    self.boostClock = boostClock
    self.thermalDesignPower = thermalDesignPower
    self.idlePower = idlePower
  }
}

/// How the accelerators of a scale-up domain are joined.
public enum FabricTopology: String, CaseIterable, Hashable, Sendable {
  /// Through switches: any pair at full bandwidth.
  case switched
  /// A link between every pair: a pair has a share of the bandwidth.
  case fullMesh = "full-mesh"
  /// Each joined with two neighbours.
  case ring
  /// A grid closed in two dimensions.
  case torus2D = "torus-2d"
  /// A grid closed in three dimensions.
  case torus3D = "torus-3d"
  /// Through the host's PCI Express.
  case pcie
  /// Not joined.
  case none
}

/// The fabric that joins the accelerators of a scale-up domain.
public struct ScaleUpFabric: Hashable, Sendable {
  /// `NVLink 5`; nil where not known.
  public var technology: String?
  /// Of one accelerator in one direction, over all its links.
  public var bandwidth: BytesPerSecond
  /// Accelerators in a domain, at least 1.
  public var worldSize: Int
  /// How they are joined.
  public var topology: FabricTopology
  /// The switch chip; nil where there is none or it is not known.
  public var switchName: String?
  /// Of a small message between two accelerators; nil where not known.
  public var latency: Seconds?
  /// Whether its switches sum what accelerators send (NVLink SHARP).
  public var sumsInNetwork: Bool

  /// Makes one from its figures; nothing is checked.
  public init(
    technology: String? = nil, bandwidth: BytesPerSecond, worldSize: Int, topology: FabricTopology,
    switchName: String? = nil, latency: Seconds? = nil, sumsInNetwork: Bool = false
  ) {
    self.sumsInNetwork = sumsInNetwork
    self.technology = technology
    self.bandwidth = bandwidth
    self.worldSize = worldSize
    self.topology = topology
    self.switchName = switchName
    self.latency = latency
  }
}

/// The network that joins scale-up domains.
public struct ScaleOutFabric: Hashable, Sendable {
  /// `InfiniBand`; nil where not known.
  public var technology: String?
  /// Of one accelerator in one direction.
  public var bandwidth: BytesPerSecond
  /// The network adapter; nil where not known.
  public var nic: String?
  /// `rail optimized`; nil where not known.
  public var topology: String?
  /// Of a small message between two accelerators; nil where not known.
  public var latency: Seconds?
  /// Whether its switches sum what accelerators send (SHARP).
  public var sumsInNetwork: Bool

  /// Makes one from its figures; nothing is checked.
  public init(
    technology: String? = nil, bandwidth: BytesPerSecond, nic: String? = nil, topology: String? = nil,
    latency: Seconds? = nil, sumsInNetwork: Bool = false
  ) {
    self.sumsInNetwork = sumsInNetwork
    self.technology = technology
    self.bandwidth = bandwidth
    self.nic = nic
    self.topology = topology
    self.latency = latency
  }
}

/// The link between an accelerator and the memory of its host.
public struct HostLink: Hashable, Sendable {
  /// `PCIe 5 x16`; nil where not known.
  public var technology: String?
  /// Of one accelerator in one direction.
  public var bandwidth: BytesPerSecond

  /// Makes one from its figures; nothing is checked.
  public init(technology: String? = nil, bandwidth: BytesPerSecond) {
    self.technology = technology
    self.bandwidth = bandwidth
  }
}

/// A tray or server; its powers hold everything but the accelerators.
public struct NodeSpecification: Hashable, Sendable {
  /// Accelerators in a node, at least 1.
  public var accelerators: Int
  /// Processors; nil where not known.
  public var cpus: Int?
  /// The processor; nil where not known.
  public var cpu: String?
  /// Network adapters of the compute fabric; nil where not known.
  public var nics: Int?
  /// Of everything but the accelerators, without work.
  public var idlePower: Watts
  /// Of everything but the accelerators, at full work.
  public var peakPower: Watts
  /// What is known of where that goes.
  public var parts: [NodePart] = []
  /// What turns the feed's current into the node's; nil where not known.
  public var supply: PowerSupply?

  /// Makes one from its figures; nothing is checked.
  public init(
    accelerators: Int, cpus: Int? = nil, cpu: String? = nil, nics: Int? = nil, idlePower: Watts,
    peakPower: Watts
  ) {
    self.accelerators = accelerators
    self.cpus = cpus
    self.cpu = cpu
    self.nics = nics
    self.idlePower = idlePower
    self.peakPower = peakPower
  }
}

/// A part of a node that draws power.
public struct NodePart: Hashable, Sendable {
  /// Kinds of parts.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    case cpus, memory, nics, switches, storage, fans, pumps
  }

  /// What it is.
  public var kind: Kind
  /// Of all of them, without work.
  public var idlePower: Watts
  /// Of all of them, at full work.
  public var peakPower: Watts

  /// A part; nothing is checked.
  public init(kind: Kind, idlePower: Watts, peakPower: Watts) {
    self.kind = kind
    self.idlePower = idlePower
    self.peakPower = peakPower
  }
}

/// The power supplies of a node, or its share of the rack's power shelves.
public struct PowerSupply: Hashable, Sendable {
  /// Efficiency curves that have a name.
  public enum Curve: String, CaseIterable, Hashable, Sendable {
    case titanium, ruby, orv3
  }

  /// Installed output, redundancy included: all supplies share the load.
  public var rating: Watts
  /// Efficiency by load.
  public var curve: Curve

  /// A supply; nothing is checked.
  public init(rating: Watts, curve: Curve) {
    self.rating = rating
    self.curve = curve
  }
}

/// What takes the heat of a rack away.
public enum Cooling: String, CaseIterable, Hashable, Sendable {
  case air, liquid
}

/// A cabinet.
public struct RackSpecification: Hashable, Sendable {
  /// Accelerators in a rack, at least as many as in a node.
  public var accelerators: Int
  /// Nameplate of the full rack: what planning reserves for it.
  public var power: Watts
  /// What takes the heat away; nil where not known.
  public var cooling: Cooling?

  /// Makes one from its figures; nothing is checked.
  public init(accelerators: Int, power: Watts, cooling: Cooling? = nil) {
    self.accelerators = accelerators
    self.power = power
    self.cooling = cooling
  }
}

/// By whose books an accelerator costs what it does an hour.
public enum PriceBasis: String, Sendable, CaseIterable {
  /// Owned by a hyperscaler.
  case hyperscaler
  /// Owned by a neocloud: what the catalogue's `dollars_per_accelerator_hour` is.
  case neocloud
  /// Rented for three years.
  case rental
}

/// What a system costs, for one accelerator with its share of the node and rack.
public struct CostSpecification: Hashable, Sendable {
  /// Owned or rented, by the hour; nil where not known.
  public var perAcceleratorHour: DollarsPerHour?
  /// To buy; nil where not known.
  public var pricePerAccelerator: Dollars?
  /// Owned by a hyperscaler, by the hour; nil where not known.
  public var hyperscalerPerHour: DollarsPerHour?
  /// Rented for three years, by the hour; nil where not known.
  public var rentalPerHour: DollarsPerHour?

  /// What an accelerator costs an hour; nil where not known.
  public func perHour(_ basis: PriceBasis) -> DollarsPerHour? {
    switch basis {
    case .hyperscaler: hyperscalerPerHour
    case .neocloud: perAcceleratorHour
    case .rental: rentalPerHour
    }
  }

  /// Makes one from its figures; nothing is checked.
  public init(perAcceleratorHour: DollarsPerHour? = nil, pricePerAccelerator: Dollars? = nil) {
    self.perAcceleratorHour = perAcceleratorHour
    self.pricePerAccelerator = pricePerAccelerator
  }
}
