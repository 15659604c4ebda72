import CostModel
import Documents
import Facility
import Hardware
import Models
import Quantities
import Simulation

/// A scenario with every default filled in, every name looked up and every check passed: ready to run.
public struct ResolvedScenario: Sendable {
  /// The scenario's name.
  public var name: String
  /// Where the deployments stand.
  public var site: ResolvedSite
  /// What is deployed, in the order of the file.
  public var deployments: [ResolvedDeployment]
  /// Seed, horizon and the like.
  public var run: RunPlan
  /// Which part of the run is reported as its steady window.
  public var warmUp: WarmUp
  /// Published figures to print beside the run's own.
  public var references: [Reference]
  /// The configuration as it runs, defaults included, for echoing in results.
  public var echo: JSONValue

  /// Creates a scenario; see the properties.
  public init(
    name: String, site: ResolvedSite, deployments: [ResolvedDeployment], run: RunPlan, warmUp: WarmUp,
    references: [Reference], echo: JSONValue
  ) {
    self.name = name
    self.site = site
    self.deployments = deployments
    self.run = run
    self.warmUp = warmUp
    self.references = references
    self.echo = echo
  }
}

/// The accelerators of one system on a site.
public struct SitePart: Sendable {
  /// The system.
  public var system: SystemSpecification
  /// Accelerators.
  public var accelerators: Int
  /// Nodes that hold them, the last one perhaps partly used.
  public var nodes: Int
  /// Racks that hold those.
  public var racks: Int

  /// Accelerators that stand together: those of a scale-up domain, or of a node, which can work together over the host.
  public var domainSize: Int {
    max(system.scaleUp.topology == .none ? 1 : system.scaleUp.worldSize, system.node.accelerators)
  }

  /// Scale-up domains, the last one perhaps partly used.
  var domains: Int { (accelerators + domainSize - 1) / domainSize }

  /// Creates a part.
  public init(system: SystemSpecification, accelerators: Int, nodes: Int, racks: Int) {
    self.system = system
    self.accelerators = accelerators
    self.nodes = nodes
    self.racks = racks
  }
}

/// Everything behind one grid connection.
public struct ResolvedSite: Sendable {
  /// What stands on it, system by system, at least one.
  public var parts: [SitePart]
  /// Share of the power that conversion delivers to racks, in (0, 1]; 1 with a facility.
  public var conversionEfficiency: Double
  /// Cooling and other overhead in watts for each watt of IT power, >= 0.
  ///
  /// With a facility, everything that it takes with all racks at nameplate on the hottest day.
  public var overheadPerITWatt: Double
  /// The grid connection, where the scenario names one.
  public var powerLimit: Watts?
  /// How the size was found, one step a line.
  public var arithmetic: [String]
  /// Conversion, cooling, battery and prices in place of the two constants; nil where the scenario has none.
  public var facility: SiteFacility?
  /// Limits of power that are kept while requests are served; nil for none.
  public var capping: SiteCapping?
  /// What of the draw is recorded while requests are served; nil for nothing.
  public var metering: SiteMetering?
  /// What capital, power and operation cost; nil where the scenario doesn't say.
  public var economics: SiteEconomics?
  /// By whose books accelerators cost what they do an hour; nil: as the catalogue has it.
  public var priceBasis: PriceBasis?
  /// Racks that stand together in a row and fail or are limited together, >= 1.
  public var racksPerRow = SiteReader.racksPerRow

  /// Creates a site; see the properties.
  public init(
    parts: [SitePart], conversionEfficiency: Double,
    overheadPerITWatt: Double, powerLimit: Watts? = nil, arithmetic: [String] = []
  ) {
    self.parts = parts
    self.conversionEfficiency = conversionEfficiency
    self.overheadPerITWatt = overheadPerITWatt
    self.powerLimit = powerLimit
    self.arithmetic = arithmetic
  }

  /// Accelerators on the site.
  public var accelerators: Int { parts.reduce(0) { $0 + $1.accelerators } }
  /// Nodes that hold them.
  public var nodes: Int { parts.reduce(0) { $0 + $1.nodes } }
  /// Racks that hold those.
  public var racks: Int { parts.reduce(0) { $0 + $1.racks } }

  /// The number of the first node or rack of a part: they are numbered through the site.
  func first(_ unit: KeyPath<SitePart, Int>, ofPart part: Int) -> Int {
    parts[..<part].reduce(0) { $0 + $1[keyPath: unit] }
  }

  /// Site power for each watt of IT power at the design point: (1 + overhead) / conversion efficiency.
  public var sitePowerPerITWatt: Double { (1 + overheadPerITWatt) / conversionEfficiency }
}

/// A deployment and what it was made from.
public struct ResolvedDeployment: Sendable {
  /// What the simulation runs.
  public var plan: DeploymentPlan
  /// Model, system, precision and parallelism of its replicas.
  public var design: ReplicaDesign
  /// The same of the prefill pool, where the replicas above only decode.
  public var prefillDesign: ReplicaDesign?
  /// Whether a finished request stands for an image, not for text.
  public var producesImages: Bool
  /// Lower ones give power first under a limit whose policy goes by them.
  public var powerPriority = 0
  /// The rack on which each replica begins, those of the prefill pool first; empty where nothing asks for it.
  public var racks: [Int] = []
  /// All racks on which each replica stands, those of the prefill pool first; empty where nothing asks for them.
  public var rackShares: [[RackShare]] = []
  /// What percentiles of each stream's latencies are held to, in the order of `plan.streams`.
  public var percentileTargets: [[PercentileTarget]]

  /// Creates a deployment; see the properties.
  public init(
    plan: DeploymentPlan, design: ReplicaDesign, prefillDesign: ReplicaDesign? = nil,
    producesImages: Bool = false,
    percentileTargets: [[PercentileTarget]] = []
  ) {
    self.plan = plan
    self.design = design
    self.prefillDesign = prefillDesign
    self.producesImages = producesImages
    self.percentileTargets = percentileTargets
  }
}

/// What of a run comes before its steady window.
public enum WarmUp: Sendable, Equatable {
  /// Nothing: the window is the whole run.
  case none
  /// The first seconds.
  case seconds(Double)
  /// What a steady-state test on the token rate cuts off, at both ends.
  case automatic
}

/// A published figure that a run's own is compared with.
///
/// It never influences the run.
public struct Reference: Sendable, Equatable {
  /// The figure's path in the JSON summary, such as `throughput.output_tokens_per_second`.
  public var figure: String
  /// The published value, in the unit of the path.
  public var value: Double
  /// Who published it where.
  public var source: String

  /// Creates a reference; see the properties.
  public init(figure: String, value: Double, source: String) {
    self.figure = figure
    self.value = value
    self.source = source
  }
}
