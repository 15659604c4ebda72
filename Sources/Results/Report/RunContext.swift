import CostModel
import Documents
import Facility

/// What a report says about a run beside what the simulation observed: where it ran and how it is to be reported.
public struct RunContext: Sendable {
  /// The scenario's name.
  public var scenario: String
  /// Seed of every random stream.
  public var seed: UInt64
  /// Whether the run went on until every request was done; false for a run that a horizon cut off.
  public var isDrained: Bool
  /// Where the deployments stand.
  public var site: SiteContext
  /// The deployments, in the order of their outcomes.
  public var deployments: [DeploymentContext]
  /// Which part of the run is reported as its steady window.
  public var window: WindowPolicy
  /// Published figures to print beside the run's own.
  public var references: [PublishedFigure]
  /// The configuration as it ran, defaults included.
  public var configuration: JSONValue
  /// How far measured runs lie from predictions.
  public var intervals: PredictionIntervals
  /// Where the draw was recorded, in the order of the readings; none where it was not.
  public var powerPoints: [PowerPoint] = []

  /// Creates a context; see the properties.
  public init(
    scenario: String, seed: UInt64, isDrained: Bool, site: SiteContext, deployments: [DeploymentContext],
    window: WindowPolicy = .wholeRun, references: [PublishedFigure] = [],
    configuration: JSONValue = .object([]), intervals: PredictionIntervals = .none
  ) {
    self.scenario = scenario
    self.seed = seed
    self.isDrained = isDrained
    self.site = site
    self.deployments = deployments
    self.window = window
    self.references = references
    self.configuration = configuration
    self.intervals = intervals
  }
}

/// The accelerators of one system on a site, and the figures that turn their energy into power and money.
public struct SystemContext: Sendable {
  /// Accelerators of it, in use or not, >= 1.
  public var accelerators: Int
  /// Nodes that hold them.
  public var nodes: Int
  /// Watts of an accelerator without work.
  public var acceleratorIdleWatts: Double
  /// Watts of an accelerator at its power limit, above `acceleratorIdleWatts`.
  public var acceleratorPeakWatts: Double
  /// Watts of a node without its accelerators and without work.
  public var nodeIdleWatts: Double
  /// Watts of a node without its accelerators at full work.
  public var nodePeakWatts: Double
  /// Dollars for one accelerator and one hour; nil where nobody says.
  public var dollarsPerAcceleratorHour: Double?
  /// Where a node's power beside its accelerators goes; nil where its parts aren't known.
  public var nodePower: NodePower?

  /// Creates a part of a site; see the properties.
  public init(
    accelerators: Int, nodes: Int, acceleratorIdleWatts: Double, acceleratorPeakWatts: Double,
    nodeIdleWatts: Double, nodePeakWatts: Double, dollarsPerAcceleratorHour: Double? = nil
  ) {
    precondition(accelerators >= 1, "a site without accelerators")
    self.accelerators = accelerators
    self.nodes = nodes
    self.acceleratorIdleWatts = acceleratorIdleWatts
    self.acceleratorPeakWatts = acceleratorPeakWatts
    self.nodeIdleWatts = nodeIdleWatts
    self.nodePeakWatts = nodePeakWatts
    self.dollarsPerAcceleratorHour = dollarsPerAcceleratorHour
  }
}

/// Where deployments stand: what turns IT power into power at the grid connection.
public struct SiteContext: Sendable {
  /// What stands on it, system by system, at least one.
  public var systems: [SystemContext]
  /// Racks of all of them.
  public var racks: Int
  /// Watts at the grid connection for each watt of IT power: conversion losses and cooling, >= 1.
  public var siteWattsPerITWatt: Double
  /// How the size of the site was found, one step a line.
  public var arithmetic: [String]
  /// What stands between racks and grid, in place of ``siteWattsPerITWatt``; nil where that holds.
  public var facility: SiteFacility?
  /// What capital, power and operation cost; nil where the scenario doesn't say.
  public var economics: SiteEconomics?

  /// Creates a site; see the properties.
  public init(
    systems: [SystemContext], racks: Int, siteWattsPerITWatt: Double, arithmetic: [String] = [],
    facility: SiteFacility? = nil
  ) {
    precondition(!systems.isEmpty, "a site without accelerators")
    self.systems = systems
    self.racks = racks
    self.siteWattsPerITWatt = siteWattsPerITWatt
    self.arithmetic = arithmetic
    self.facility = facility
  }

  /// Accelerators on the site, in use or not.
  public var accelerators: Int { systems.reduce(0) { $0 + $1.accelerators } }
  /// Nodes that hold them.
  public var nodes: Int { systems.reduce(0) { $0 + $1.nodes } }
}

/// What a report says about one deployment beside what it did.
public struct DeploymentContext: Sendable {
  /// The deployment's name.
  public var name: String
  /// Working copies of the model, >= 1.
  public var replicas: Int
  /// Accelerators of all replicas.
  public var accelerators: Int
  /// Those of each system of the site, by its position in ``SiteContext/systems``.
  public var acceleratorsBySystem: [Int]
  /// The position of the system that the replicas stand on, those of the prefill pool excepted.
  public var system: Int
  /// The same of the prefill pool, where there is one.
  public var prefillSystem: Int
  /// Whether a finished request stands for an image, so that token figures mean nothing.
  public var producesImages: Bool
  /// Where the costs of its operators come from.
  public var calibration: CalibrationShares
  /// What the kernels' time rests on.
  public var evidence: Provenance
  /// The serving framework by its name in scenarios; empty where none is named.
  public var framework: String
  /// Who sends its requests.
  public var load: LoadKind
  /// Seconds that a request of mean length needs from the router to the scheduler, >= 0.
  public var frontEndSeconds: Double
  /// What a reader wants to see of its configuration: a word and a value, in order.
  public var highlights: [Highlight]

  /// A line of the configuration.
  public struct Highlight: Sendable, Equatable {
    /// What it is: `precision`.
    public var label: String
    /// Its value for a reader.
    public var value: String

    /// Creates a line.
    public init(_ label: String, _ value: String) {
      self.label = label
      self.value = value
    }
  }

  /// Creates a deployment; see the properties.
  public init(
    name: String, replicas: Int, accelerators: Int, producesImages: Bool = false,
    calibration: CalibrationShares = .prior, evidence: Provenance = .prior, framework: String = "",
    load: LoadKind = .open, frontEndSeconds: Double = 0, highlights: [Highlight] = []
  ) {
    precondition(replicas >= 1 && accelerators >= 1, "a deployment without accelerators")
    self.name = name
    self.replicas = replicas
    self.accelerators = accelerators
    acceleratorsBySystem = [accelerators]
    system = 0
    prefillSystem = 0
    self.producesImages = producesImages
    self.calibration = calibration
    self.evidence = evidence
    self.framework = framework
    self.load = load
    self.frontEndSeconds = frontEndSeconds
    self.highlights = highlights
  }
}

/// Who sends a deployment's requests, and thereby whether it can be overloaded.
public enum LoadKind: Sendable, Equatable {
  /// Requests come whether others are answered or not, in at least one stream.
  case open
  /// Every client waits for its answers: what is in flight is bounded by the number of clients.
  case closedLoop
  /// All requests are there from the start.
  case offline
}

/// How much of the busy time rests on what kind of evidence; shares in 0...1 that add up to 1.
public struct CalibrationShares: Sendable, Equatable {
  /// Efficiencies measured on this accelerator and framework.
  public var measured: Double
  /// Efficiencies carried over from a related one.
  public var transferred: Double
  /// Generic efficiencies.
  public var prior: Double

  /// Creates shares that add up to 1.
  public init(measured: Double, transferred: Double, prior: Double) {
    self.measured = measured
    self.transferred = transferred
    self.prior = prior
  }

  /// Nothing was measured.
  public static let prior = CalibrationShares(measured: 0, transferred: 0, prior: 1)
}

/// A published figure that the run's own is compared with.
public struct PublishedFigure: Sendable, Equatable {
  /// The figure's path in the JSON summary: `throughput.output_tokens_per_second`.
  public var figure: String
  /// The published value, in the unit of the path.
  public var value: Double
  /// Who published it where.
  public var source: String

  /// Creates a figure.
  public init(figure: String, value: Double, source: String) {
    self.figure = figure
    self.value = value
    self.source = source
  }
}

/// Which part of a run is its steady window.
public enum WindowPolicy: Sendable, Equatable {
  /// All of it.
  case wholeRun
  /// What follows the first seconds, >= 0.
  case after(seconds: Double)
  /// What lies between two instants, as far as whole buckets of the time series do; all of the run where none does.
  case between(RunSpan)
  /// What a steady-state test on the token rate leaves: see ``SteadyWindow``.
  case automatic
}
